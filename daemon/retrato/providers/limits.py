"""How fast each leg may be asked where its provider says so: defaults for new accounts, over all replicas."""

from collections.abc import Mapping

from retrato.domain.attempt import LegLimits

_NONE = LegLimits()

# Limits that come back as 429 with a stated wait need no entry: the breaker keeps them. An entry stands where
# a call over the limit is not answered so, or where being turned away costs more than waiting.
LIMITS: Mapping[str, LegLimits] = {
    # New accounts run 2 requests at once, growing to 40 with what was bought; more wait in the queue, where
    # they use up our time (fal.ai/docs FAQ and concurrency-limits, 2026-11). Both routes count together.
    "fal/queue": LegLimits(at_once=2),
    "fal/run": LegLimits(at_once=2, shared_with="fal/queue"),
    # 600 predictions a minute with a payment method (replicate docs, 2026-08).
    "huggingface/replicate": LegLimits(interval_s=0.1),
    # Bronze accounts: 10 pictures a minute, 3 at once (wavespeed.ai/docs account-levels, 2026-08). Whether
    # they also hold behind Hugging Face's own account is not known.
    "huggingface/wavespeed": LegLimits(interval_s=6, at_once=3),
    # Accounts that never paid run one generation at a time (enter.pollinations.ai/src, 2026-10).
    "pollinations/gen": LegLimits(at_once=1),
    # One request per address in the queue; 30 to 45 s between two were seen in 2026, and growing.
    "pollinations/legacy": LegLimits(interval_s=60, at_once=1),
    # One graphics card draws one picture at a time, and who waits inside uses up our time (assumed).
    "openai/compatible": LegLimits(at_once=1),
    "openai/localai": LegLimits(at_once=1),
}


def limits_for(leg: str) -> LegLimits:
    """The limits of *leg* by default; none where it is not listed."""
    return LIMITS.get(leg, _NONE)
