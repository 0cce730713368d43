"""Who may ask: the providers' checks of the key."""

from retrato.simulator.exchange import Exchange, reject


def check_hugging_face(exchange: Exchange) -> None:
    """``Authorization: Bearer hf_…``, as the router wants it."""
    key = exchange.credential("Bearer")
    if key is None or not key.startswith("hf_") or not exchange.world.is_accepted("huggingface", key):
        raise reject("hf_401")


def check_fal(exchange: Exchange) -> None:
    """``Authorization: Key …``, as fal's own hosts want it; a Bearer token is as good as none."""
    key = exchange.credential("Key")
    if key is None or not exchange.world.is_accepted("fal", key):
        raise reject("fal_401")


def check_pollinations(exchange: Exchange) -> None:
    """``Authorization: Bearer sk_…|pk_…`` or ``?key=…``."""
    key = exchange.credential("Bearer") or exchange.request.query.get("key")
    if not key:
        raise reject("poll_401")
    if not key.startswith(("sk_", "pk_")) or not exchange.world.is_accepted("pollinations", key):
        raise reject("poll_401_key")


def check_openai(exchange: Exchange) -> None:
    """``Authorization: Bearer …`` of any form: self-hosted servers choose their own."""
    key = exchange.credential("Bearer")
    if key is None or not exchange.world.is_accepted("openai", key):
        raise reject("openai_401")
