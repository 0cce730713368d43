"""
Which rows the application has taken out of use, as SQL over a persona's row.

What a column says is read from its text, whatever its type is: booleans, numbers, enums and words alike. A column
that says nothing holds nobody back.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retrato.store.patterns import quoted_texts

if TYPE_CHECKING:
    from retrato.store.host import Host

# Patterns of LIKE, many times faster than a regular expression with as many words. Most are beginnings: inativo,
# inativas, suspended, suspenso. A letter that is no ASCII is any: this text is sent to databases of any encoding.
_INACTIVE = (
    *(
        "false",
        "inativ%",
        "inactiv%",
        "desativ%",
        "desactiv%",
        "deactiv%",
        "disabled",
        "desabilit%",
        "deshabilit%",
    ),
    *(
        "inabilit%",
        "inhabilit%",
        "arquivad%",
        "archived",
        "archivad%",
        "exclu%d_",
        "exclu%d_s",
        "deleted",
        "deletad%",
    ),
    *(
        "soft_deleted",
        "softdeleted",
        "removed",
        "removid%",
        "apagad%",
        "eliminad%",
        "borrad%",
        "suspended",
        "suspens_",
    ),
    *("suspens_s", "suspendid%", "blocked", "bloquead%", "banned", "banid%", "banead%", "cancelled", "canceled"),
    *("cancelad%", "terminated", "desligad%", "demitid%", "despedid%", "encerrad%", "retired", "aposentad%"),
    *(
        "jubilad%",
        "dismissed",
        "trashed",
        "baja",
        "de baja",
        "dad_ de baja",
        "not_active",
        "n_o_ativ%",
        "no_activ%",
    ),
)
# Also in columns of texts and numbers: S/N, sim/não, 0/1.
_NO = ("false", "f", "0", "n", "no", "n_o", "na_o", "off")
# Nothing has happened yet: a time that is none, or never comes.
_NEVER = (*_NO, "infinity", "")


def inactive(host: "Host", texts: Sequence[tuple[str, str]]) -> str:
    """
    Whether a row is out of use, with built-in operators alone and never null.

    *texts*: field of ``mapping.INACTIVE`` and, as SQL, the text of one of its columns, null where it is empty.
    """
    own = [_exactly(word.strip().lower()) for word in host.mapping.inactive_words]
    told = {"status": (*_INACTIVE, *own), "active": (*_INACTIVE, *_NO), "deleted": _NEVER}
    conditions = []
    for field, text in texts:
        is_one = f"lower(coalesce({text}, '')) collate \"C\" like any ({quoted_texts(told[field])})"
        conditions.append(f"not {is_one}" if field == "deleted" else is_one)
    return f"({' or '.join(conditions)})" if conditions else "false"


def _exactly(word: str) -> str:
    """The pattern that is true of this word alone."""
    return word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
