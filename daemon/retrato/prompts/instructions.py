"""What instructs a language model, told from what describes a person: such a sentence is no description."""

import re

_INSTRUCTION = re.compile(
    r"\b(?:ignor(?:e|a|ar|em|ez|iere)|disregard|desconsider\w+|forget|esquec\w+|olvid\w+|override|jailbreak"
    r"|instruc\w+|instrucoes|prompt\w*|system|sistema:|assistant|chatbot|language model|modelo de linguagem"
    r"|you(?: are|'re|r (?:task|job|role|goal)| must| should| will| can| have to| need to|r name)"
    r"|must|act as|acts? like|pretend|role-?play|respond\w*|reply|answer\w*|do not|don't"
    r"|voce (?:e|esta|deve|vai|nao|sera|tem que|precisa)|deve(?:ra)? (?:sempre|responder|desenhar|gerar)|aja "
    r"como|finja"
    r"|responda\w*|tu es|(?:tu )?eres|usted (?:es|debe)|debes|actua como|finge|vous (?:etes|devez)|tu dois"
    r"|du bist|sie sind|devi|sei un[ao]?"
    r"|(?:draw|paint|render|generate|create|show|depict|desenh[ea]|pinte|ger[ea]|mostre|crie|dibuj[ae]|genera|muestra"
    r"|dessine|zeichne)(?= (?:a|an|the|um|uma|o|un|una|me|her|him|ein|eine|une|nude|naked)\b))\b"
    r"|[a-z]://|\bwww\.|[<>{}`$\\]|\b(?:def|import|function|select|drop table)\b \w|[=;]\s*$|<\||\[/?inst"
    r"|^\s*(?:user|system|assistant|human)\s*:"
)


def is_instruction(folded_text: str) -> bool:
    """Whether a sentence, in lower case without accents, has what instructions, addresses or code have."""
    return _INSTRUCTION.search(folded_text) is not None
