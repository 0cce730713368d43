"""Checks of the image providers. Only questions that are free; nothing is ever drawn."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

from retrato.app.doctor.finding import Finding, fail, ok, warn
from retrato.app.doctor.patient import Patient
from retrato.app.legs import LegAvailabilityReader, account_keys
from retrato.domain.errors import GoneError, MisconfiguredError, OutOfCreditError, ProviderError
from retrato.providers.access import Access
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.registry import build_providers, key_remedy
from retrato.version import VERSION

_ANSWER_WITHIN_S = 10.0
_INFERENCE = "inference.serverless.write"
"""What a fine-grained token of Hugging Face must be allowed (huggingface.co/settings/tokens, 2026-08)."""
_LITTLE_LEFT_USD = 1.0
_MOSTLY_SPENT = 0.8

_Ask = Callable[[ProvidersConfig, Http], Awaitable[Finding]]


async def check_providers(patient: Patient) -> list[Finding]:
    """There is somebody to ask, and the keys that are needed are there."""
    config = patient.providers
    left_out = [name for name in patient.settings.providers if name not in config.providers]
    findings = [warn(f"{name} is left out: there is no key", key_remedy(name)) for name in left_out]
    if not config.providers:
        return [*findings, fail("there is no provider to ask", "set a key, see docs/providers.md")]
    return [*findings, ok(f"asked in this order: {', '.join(config.providers)}")]


async def check_keys(patient: Patient) -> list[Finding]:
    """Each key is taken by its provider."""
    config = patient.providers
    async with Http(version=VERSION, timeout_s=_ANSWER_WITHIN_S) as http:
        return [await _asked(name, config, http) for name in config.providers]


async def check_models(patient: Patient) -> list[Finding]:
    """Each provider has a way to the model that is wanted."""
    config = patient.providers
    findings = []
    async with Http(version=VERSION, timeout_s=_ANSWER_WITHIN_S) as http:
        for provider in build_providers(config, http):
            try:
                legs = await provider.legs()
            except GoneError as exc:
                findings.append(fail(str(exc), "choose a model that is served; see docs/providers.md"))
            except ProviderError as exc:
                findings.append(warn(f"{provider.name}: {exc}", "try again later"))
            else:
                findings.append(ok(f"{provider.name}: {', '.join(leg.name for leg in legs)}"))
            finally:
                await provider.close()
    return findings


async def check_legs(patient: Patient) -> list[Finding]:
    """A leg can draw now, or nobody waits for one."""
    status = patient.database.status
    async with Http(version=VERSION, timeout_s=_ANSWER_WITHIN_S) as http:
        providers = build_providers(patient.providers, http)
        availability = LegAvailabilityReader(
            providers,
            status,
            patient.database.control,
            keys=await account_keys(patient.settings, status),
            monthly_budget_usd=patient.settings.monthly_budget_usd,
        )
        try:
            legs = await availability.read()
        finally:
            for provider in providers:
                await provider.close()
    available = [leg.leg for leg in legs if leg.unavailable_because is None]
    waiting = 0 if available else await status.waiting()
    hindered = [
        (fail if waiting else warn)(
            f"{leg.leg}: {leg.unavailable_because}"
            + (f"; {waiting} jobs wait, and no leg can draw" if waiting else ""),
            leg.remedy or "see the checks `keys` and `models`",
        )
        for leg in legs
        if leg.unavailable_because is not None
    ]
    return [*hindered, ok(f"available: {', '.join(available)}")] if available else hindered


async def check_budget(patient: Patient) -> list[Finding]:
    """There is money left in this month, where there is a limit."""
    limit_usd = patient.settings.monthly_budget_usd
    spent_usd = sum(cost.cost_usd for cost in await patient.database.status.costs())
    if limit_usd is None:
        return [ok(f"${spent_usd:.2f} spent this month; no limit is set (RETRATO_MONTHLY_BUDGET_USD)")]
    budget = await patient.database.status.budget()
    taken_usd = budget.spent_usd + budget.reserved_usd if budget is not None else 0.0
    words = f"${taken_usd:.2f} of ${limit_usd:.2f} spent or set aside this month"
    remedy = "raise RETRATO_MONTHLY_BUDGET_USD, or wait for the next month (UTC)"
    if taken_usd >= limit_usd:
        return [fail(f"{words}: nothing that costs money is drawn any more", remedy)]
    return [warn(words, remedy) if taken_usd >= _MOSTLY_SPENT * limit_usd else ok(words)]


async def _asked(name: str, config: ProvidersConfig, http: Http) -> Finding:
    if name not in _FREE_QUESTIONS:
        return ok(f"{name}: the key is there; it has no free question to try it with")
    try:
        return await _FREE_QUESTIONS[name](config, http)
    except MisconfiguredError as exc:
        if exc.status in {401, 403}:
            return fail(f"{name} does not take the key: {exc}", key_remedy(name))
        return warn(f"{name}: the key could not be tried: {exc}", "look at the provider's status page")
    except OutOfCreditError as exc:
        return fail(f"{name}: {exc}", "top the account up")
    except ProviderError as exc:
        return warn(f"{name}: the key could not be tried: {exc}", "try again later; it may be the network")


async def _ask_huggingface(config: ProvidersConfig, http: Http) -> Finding:
    access = _access(http, "huggingface/whoami", config.huggingface_hub_url, config.huggingface_key)
    reply = access.checked(await access.look("/api/whoami-v2", timeout_s=_ANSWER_WITHIN_S))
    token = reply.fields().get("auth")
    if isinstance(token, dict) and "fineGrained" in json.dumps(token) and _INFERENCE not in json.dumps(token):
        return fail(
            "huggingface: the token is valid, but it may not call Inference Providers",
            "give it that permission on huggingface.co/settings/tokens",
        )
    return ok("huggingface takes the key")


async def _ask_openai(config: ProvidersConfig, http: Http) -> Finding:
    if config.openai_key is None:
        return ok("openai: asked without a key")
    access = _access(http, "openai/models", config.openai_base_url, config.openai_key)
    access.checked(await access.look("/models", timeout_s=_ANSWER_WITHIN_S))
    return ok("openai takes the key")


async def _ask_pollinations(config: ProvidersConfig, http: Http) -> Finding:
    [provider] = build_providers(replace(config, providers=("pollinations",)), http)
    left_usd = await provider.credit_left()
    if left_usd is None:
        return ok("pollinations: asked without a key, a picture a minute")
    words = f"pollinations takes the key; ${left_usd:.2f} of credit left"
    return warn(words, "top the account up at enter.pollinations.ai") if left_usd < _LITTLE_LEFT_USD else ok(words)


_FREE_QUESTIONS: dict[str, _Ask] = {
    "huggingface": _ask_huggingface,
    "openai": _ask_openai,
    "pollinations": _ask_pollinations,
}


def _access(http: Http, leg: str, base_url: str, key: str | None) -> Access:
    return Access(http=http, leg=leg, base_url=base_url, headers={"Authorization": f"Bearer {key}"})
