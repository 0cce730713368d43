"""The words that ``words.py`` looks for, each table from the special to the general."""

HAIR = {
    "platinum": "platinum", "dark[ -]brown": "dark brown", "deep brown": "dark brown",
    "espresso": "dark brown", "chocolate": "dark brown", "light[ -]brown": "light brown",
    "chestnut": "brown", "auburn": "auburn", "copper": "red", "ginger": "red", "redhead": "red", "red": "red",
    "sandy": "blond", "golden": "blond", "honey": "blond", "blond": "blond", "brunette": "brown",
    "brown": "brown", "jet": "black", "raven": "black", "black": "black", "dark": "dark brown",
}  # fmt: skip
GREY = {"white": "white", "silver": "grey", "gr[ea]y": "grey", "gr[ea]ying": "grey", "salt": "grey"}
STYLES = {
    "bald": "bald", "shaved head": "bald", "buzz": "buzz", "crew cut": "buzz", "cropped": "buzz",
    "afro": "afro", "coily": "afro", "locs": "long", "twists": "afro", "curls": "afro",
    "bun": "bun", "updo": "bun", "braid": "bun", "ponytail": "ponytail", "with a fringe": "fringe",
    "pixie": "pixie", "bob": "bob", "pompadour": "quiff", "quiff": "quiff", "slicked": "slick",
    "swept": "slick", "side[ -]part": "parted", "undercut": "quiff",
    "receding": "receding", "thinning": "receding",
}  # fmt: skip
EYES = {
    "dark[ -]brown": "dark", "hazel": "hazel", "amber": "hazel", "honey": "hazel", "green": "green",
    "blue": "blue", "gr[ea]y": "grey", "black": "dark", "dark": "dark", "brown": "brown",
}  # fmt: skip
SKIN = {
    "porcelain": (0, 0), "very fair": (0, 0), "pale": (0, 1), "fair": (0, 1), "light[ -]brown": (4, 5),
    "medium[ -]brown": (5, 6), "dark[ -]brown": (7, 8), "deep[ -]brown": (7, 9), "rich[ -]brown": (7, 8),
    "very dark": (8, 9), "light": (1, 2), "olive": (3, 4), "tan": (3, 5), "tanned": (3, 5),
    "bronze": (4, 6), "golden": (3, 4), "beige": (2, 3), "medium": (3, 4), "brown": (5, 7), "dark": (7, 9),
    "deep": (8, 9), "ebony": (8, 9), "black": (7, 9), "white": (0, 2),
}  # fmt: skip
"""Ranges of tones in ``palette.SKIN``."""
ORIGINS = {
    "nordic": (0, 0), "scandinavian": (0, 0), "swedish": (0, 0), "norwegian": (0, 0), "irish": (0, 0),
    "southeast asian": (3, 5), "east asian": (1, 3), "south asian": (4, 7), "japanese": (1, 2),
    "chinese": (1, 3), "korean": (1, 2), "indian": (4, 7), "asian": (1, 3), "afro": (6, 9),
    "african": (7, 9), "nigerian": (7, 9), "angolan": (7, 9), "mozambican": (7, 9), "kenyan": (7, 9),
    "black (?:wo)?man": (7, 9), "latina": (3, 5), "latino": (3, 5), "latin": (3, 5), "hispanic": (3, 5),
    "mexican": (3, 5), "middle eastern": (3, 5), "arab": (3, 5), "mediterranean": (2, 4),
    "indigenous": (4, 6), "mixed": (4, 6), "pard[oa]": (4, 6), "brazilian": (1, 7), "portuguese": (1, 4),
    "italian": (1, 4), "spanish": (1, 4), "german": (0, 2), "french": (0, 3), "british": (0, 2),
    "caucasian": (0, 2), "european": (0, 2), "white (?:wo)?man": (0, 2),
}  # fmt: skip
BEARDS = {
    "clean[ -]shaven": "none", "stubble": "stubble", "goatee": "goatee", "mou?stache": "moustache",
    "beard": "full", "bearded": "full",
}  # fmt: skip
GARMENTS = {
    "roll[ -]neck": "turtleneck", "turtleneck": "turtleneck", "lab coat": "blazer", "suit": "suit",
    "blazer": "blazer", "jacket": "blazer", "hoodie": "crew", "sweater": "crew", "jumper": "crew",
    "cardigan": "blazer", "blouse": "open", "dress": "open", "t-shirt": "crew", "polo": "shirt",
    "shirt": "shirt", "top": "crew", "business clothes": "blazer", "vest": "suit", "clothes": "shirt",
}  # fmt: skip
CLOTH = {
    "navy": "navy", "charcoal": "charcoal", "light[ -]blue": "light blue", "dark[ -]green": "dark green",
    "light[ -]gr[ea]y": "grey", "gr[ea]y": "grey", "black": "black", "white": "white", "beige": "beige",
    "burgundy": "burgundy", "blue": "blue", "green": "green", "red": "red", "pink": "pink",
    "yellow": "mustard", "mustard": "mustard", "purple": "plum", "brown": "brown", "teal": "teal",
    "orange": "rust", "rust": "rust",
}  # fmt: skip
SMILES = {
    "laughing": 1.0, "broad smile": 1.0, "big smile": 1.0, "bright smile": 0.95, "half smile": 0.5,
    "warm,? natural smile": 0.9, "smile": 0.75, "smiling": 0.75, "friendly": 0.7, "serious": 0.1,
    "thoughtful": 0.25, "neutral": 0.2, "calm": 0.35, "composed": 0.35, "confident": 0.5,
    "relaxed": 0.5, "kind": 0.6, "warm": 0.6,
}  # fmt: skip
