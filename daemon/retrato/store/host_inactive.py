"""
Which rows the application has taken out of use, as SQL over a persona's row.

What a column says is read from its text, whatever its type is: booleans, numbers, enums and words alike. A column
that says nothing holds nobody back.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retrato.store.patterns import literal, quoted_text

if TYPE_CHECKING:
    from retrato.store.host import Host

# Beginnings of Portuguese and Spanish words that end with o or a, in the singular or the plural. What is no ASCII
# is told apart by not being it: a text like this one is sent to databases of any encoding.
_BEGINNINGS = (
    *("inativ", "inactiv", "desativad", "desactivad", "desabilitad", "deshabilitad", "inabilitad", "inhabilitad"),
    *("arquivad", "archivad", "exclui?[^ -~]{0,3}d", "deletad", "removid", "apagad", "eliminad", "borrad"),
    *("suspens", "suspendid", "bloquead", "cancelad", "banid", "banead", "desligad", "demitid", "despedid"),
    *("encerrad", "aposentad", "jubilad", "n(ao|a?[^ -~]{1,2}o|o)[-_ ]?ac?tiv"),
)
_WORDS = (
    *("inactive", "deactivated", "disabled", "archived", "deleted", "removed", "suspended", "blocked", "banned"),
    *("cancell?ed", "terminated", "retired", "dismissed", "trashed", "soft[-_ ]?deleted", "not[-_ ]?active"),
    *("baja", "de baja", "dad[oa] de baja"),
)
_INACTIVE = f"({'|'.join(_BEGINNINGS)})[oa]s?|{'|'.join(_WORDS)}|false"
# Also in columns of texts and numbers: S/N, sim/não, 0/1.
_NO = "false|f|0|n|no|nao|na?[^ -~]{1,2}o|off"
# Nothing has happened yet: a time that is none, or never comes.
_NEVER = f"{_NO}|infinity|"


def inactive(host: "Host", texts: Sequence[tuple[str, str]]) -> str:
    """
    Whether a row is out of use, with built-in operators alone and never null.

    *texts*: field of ``mapping.INACTIVE`` and, as SQL, the text of one of its columns, null where it is empty.
    """
    own = "".join(f"|{literal(word)}" for word in host.mapping.inactive_words)
    told = {
        "status": ("~*", _INACTIVE + own),
        "active": ("~*", f"{_INACTIVE}|{_NO}"),
        "deleted": ("!~*", _NEVER),
    }
    conditions = []
    for field, text in texts:
        operator, words = told[field]
        pattern = quoted_text(rf"^\s*({words})\s*$")
        conditions.append(f"coalesce({text}, '') {operator} {pattern}")
    return f"({' or '.join(conditions)})" if conditions else "false"
