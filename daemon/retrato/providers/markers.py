"""
The words by which an answer tells what is wrong, whichever server says them (facts as of 2026-11).

They are read before the status, because one status means different things: 403 is a bad key here, a refused prompt
or an empty account there. Words for machines count nearly everywhere. Words for people count only under the
statuses that carry such news, and only as whole phrases: an error that merely mentions a credit, or the safety of
something, is none of that.
"""

import re
from typing import NamedTuple

from retrato.domain.errors import (
    BusyError,
    CheckerError,
    DownError,
    GoneError,
    LoadingError,
    MisconfiguredError,
    OutOfCreditError,
    ProviderError,
    RefusedError,
)
from retrato.providers.words import Words, plain


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_SUCCESS = frozenset(range(200, 300))
_TROUBLE = frozenset(range(500, 600))
_TELLING = _SUCCESS | {400, 403, 422}
_FIXED = frozenset({401, 402, 404, 410})
"""Statuses that mean the same everywhere."""

_REFUSED_CODE = _any(
    "contentpolicy",
    "policyviolation",
    "responsibleai",
    "contentfilter",
    "contentmoderat",
    "moderation(blocked|error|failed|refused)?$",
    "moderated$",
    "nsfw",
    "safety(error|violation|blocked|filter|system)",
    "imagesafety",
    "prohibitedcontent",
    "imagerecitation",
    "(unsafe|sensitive)content",
    "^(safety|refusal|flagged|flaggedinput|e005|3030)$",
)
_REFUSED_IN_PROSE = _any(
    "policyviolation",
    "moderationblocked",
    "^contentfilter(ed)?$",
    "^nsfwcontent",
    "^e005$",
    "safety(error|violation)",
    "imagesafety",
)
"""Fewer than the codes: in prose such a word may as well name a field that somebody got wrong."""
_BROKEN_CHECKER = _any(
    "unavailable", "timeout", "unsupported", "invalid", "unknown", "disabled", "notfound", "missing"
)
"""A checker that does not work has refused nothing."""
_CHECK = _any(
    "safety (?:system|filter|checker|polic|guideline|reason|check)",
    "content (?:moderation|polic|filter|checker|management polic|guideline)",
    "(?:image|prompt|input|output) moderation",
    "moderation (?:system|filter|polic)",
    "usage polic",
    "nsfw",
    "(?:unsafe|sensitive|prohibited|explicit) content",
    "guardrail",
).pattern
_STRUCK = (
    r"\b(?:reject|refus|block|flagg|filtered|declin|violat|disallow|prohibit|detect|contain|trigger|denied"
    r"|not allowed)"
)
_REFUSED_PHRASE = _any(
    rf"(?:{_CHECK})[^.;]{{0,80}}{_STRUCK}",
    rf"{_STRUCK}[^.;]{{0,80}}\b(?:{_CHECK})",
    r"\b(?:rejected|blocked|flagged|refused|declined) by (?:our |the )?moderation",
    r"\b(?:input|output|prompt|content|image|picture|request)s?\b[^.;]{0,30}(?:was|were|been|is|are) flagged",
    r"\b(?:content|request|prompt|image) moderated\b",
)
_REFUSING = _TELLING | {451, 500, 502}
_ACCOUNT_BLOCKED = re.compile(
    r"\b(?:resource|account|organi[sz]ation|subscription|api[ -]?key|team|project|user)\b[^.;]{0,30}"
    r"(?:is|was|been|are) (?:temporarily |permanently )?"
    r"(?:blocked|suspended|banned|disabled|deactivated|terminated)"
)
"""Azure blocks a whole resource for days because of what it refused before: no prompt of ours is at fault."""
_OF_THE_PICTURE = re.compile("nsfw")

_IN_PROSE = _any(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b", r"\b[a-z.]*(?:error|violation)\b", r"\be\d{3,4}\b")
"""Words for machines amid prose: content_policy_violation, litellm.ContentPolicyViolationError, E005."""


class _News(NamedTuple):
    """*code* counts but under the statuses *silent*, *phrase* only under *telling*."""

    error: type[ProviderError]
    code: re.Pattern[str]
    silent: frozenset[int]
    phrase: re.Pattern[str]
    telling: frozenset[int]


_NEWS = (
    _News(
        OutOfCreditError,
        _any(
            "^insufficient(quota|credits?|balance|funds?)",
            "^billing.*(limitreached|limitexceeded|notactive)",
            "spend(ing)?limit(reached|exceeded)",
            "budget(exceeded|exhausted)",
            "^paymentrequired",
            "^(outof|no|exhausted)(credits?|balance|funds)$",
            "creditsexhausted",
            "^quotaexhausted",
            "^3036$",
        ),
        frozenset(),
        _any(
            r"insufficient[ _](?:credit|balance|fund|quota)",
            "(?:exhausted|insufficient) balance",
            r"out of credits?\b",
            r"not enough credits?\b",
            "no (?:more )?credits? (?:left|remain|available)",
            "credits? (?:are|is|have been|has been) (?:depleted|exhausted|used up)",
            "(?:depleted|exceeded) your (?:monthly |included )*credits",
            "used (?:all|up)[^.;]{0,30}(?:credits|free allocation)",
            "monthly (?:spending|spend) limit",
            "billing (?:hard |soft )?limit",
            "(?:add|enter|provide|need|requires?) (?:a |your )?(?:valid )?payment method",
            "pre-?paid credits are required",
            "pay-as-you-?go is not enabled",
            "inference prohibited",
            "user is locked",
            "budget (?:has been |was |is )?exceeded",
            "exceeded (?:your |the |its )?(?:monthly |key )*budget",
            "top up your (?:balance|account)",
            # OpenAI's sentence for an empty account, which Gemini uses for a rate limit.
            r"exceeded your current quota(?!.*(?:ai\.google\.dev|generativelanguage|retry in))",
        ),
        _TELLING | {402, 429},
    ),
    _News(
        MisconfiguredError,
        _any(
            "^(invalid|expired)(apikey|key|token|credentials|authentication)",
            "^apikey(invalid|expired|notfound)",
            "^auth(entication)?error$",
            "^(unauthorized|authentication|permissiondenied|forbidden|accessdenied|keyexpired)$",
            "^unauthenticated",
            "^tokennotfoundindb$",
            "modelaccessdenied$",
            "^(missing|no)apikey$",
            "^10000$",
        ),
        _TROUBLE | {402, 404, 410, 429},
        _any(
            "(?:incorrect|invalid|missing|expired|unknown|no) (?:api[ -]?key|access token|authentication token)",
            "api[ -]?key (?:is )?(?:not valid|invalid|expired|missing|not found|required)",
            r"\bnot authenticated\b",
            "authentication (?:is )?(?:required|error|failed)",
            "invalid (?:username or password|credentials)",
        ),
        _TELLING,
    ),
    _News(
        GoneError,
        _any(
            "^(model|deployment|engine)not(found|supported|available)",
            "^(unknown|no|invalid)(such)?model$",
            "^(5007|3042)$",
        ),
        _TROUBLE | {401, 402, 429},
        _any(
            r"\bmodel\b[^.;]{0,60}(?:does not exist|not found|is not served|not supported by|no longer supported)",
            "no such model",
            "unknown model",
            "model mismatch",
            "not supported by any provider",
        ),
        _SUCCESS | {400, 422},
    ),
    _News(
        BusyError,
        _any(
            "ratelimit(ed|error|exceeded|reached)$",
            "^toomanyrequests",
            "^concurren(cy|trequests?)limit",
            "^throttl",
            "^resourceexhausted$",
            "^queuefull$",
            "^3040$",
        ),
        _FIXED,
        _any(
            "rate limit (?:exceeded|reached|hit)",
            "(?:exceeded|reached|hit) (?:the |your )?rate limit",
            "too many (?:concurrent )?requests",
            "request was throttled",
            "being rate limited",
            "concurrent requests limit",
            "error code: 1015",
        ),
        _TELLING,
    ),
    _News(
        LoadingError,
        _any("^estimatedtime$", "^(model)?(is)?loading$", "^model(notready|warmingup)", "^coldstart$"),
        _FIXED,
        _any(
            r"\b(?:is|still) (?:currently |being )?load(?:ing|ed)\b",
            "service not ready",
            "warming up",
            "cold start",
        ),
        _SUCCESS | _TROUBLE | {409, 425},
    ),
    _News(
        DownError,
        _any(
            "^(server|internal|internalserver)(error)?$",
            "^(provider|service)?(overloaded|unavailable)(error)?$",
            "^(timeout|badgateway)$",
        ),
        frozenset(range(300, 600)),
        _any("(?!)"),
        frozenset(),
    ),
)
"""In the order in which they go before each other."""


def refusal_in(words: Words) -> type[ProviderError] | None:
    """`RefusedError` where the prompt was refused, `MisconfiguredError` where the account is blocked."""
    if words.status in _TELLING | {401} and _ACCOUNT_BLOCKED.search(words.said):
        return MisconfiguredError
    for marks, said in ((words.marks, words.said), (words.upstream_marks, words.upstream_said)):
        if words.status not in {401, 402} and any(
            _REFUSED_CODE.search(mark) and not _BROKEN_CHECKER.search(mark) for mark in marks
        ):
            return RefusedError
        if words.status in _REFUSING and (_REFUSED_PHRASE.search(said) or _has_code(_REFUSED_IN_PROSE, said)):
            return RefusedError
    return None


def news_in(words: Words) -> type[ProviderError] | None:
    """What else *words* tell better than their status: money, key, model, pace, loading."""
    for news in _NEWS:
        if words.status not in news.silent and any(map(news.code.search, words.marks)):
            return news.error
        if words.status in news.telling and (news.phrase.search(words.said) or _has_code(news.code, words.said)):
            return news.error
    return None


def failure_in(words: Words) -> type[ProviderError]:
    """
    What an accepted order failed of, by the provider's *words* about it.

    A checker of finished pictures is often wrong ("NSFW content detected. Try running it again", replicate), so
    that one gets its new seed.
    """
    if refusal_in(words) is RefusedError:
        is_checked = any(map(_OF_THE_PICTURE.search, (words.said, *words.marks)))
        return CheckerError if is_checked else RefusedError
    return OutOfCreditError if news_in(words) is OutOfCreditError else DownError


def _has_code(code: re.Pattern[str], said: str) -> bool:
    return any(code.search(plain(word)) for word in _IN_PROSE.findall(said))
