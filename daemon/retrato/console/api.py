"""The JSON API: the same power as the pages. ``/api/openapi.json`` describes it."""

import json
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from retrato.console import api_models as m
from retrato.console.desk import CompanySight, LegSight
from retrato.console.gate import RefusedError
from retrato.console.hall import Hall
from retrato.console.openapi import document
from retrato.console.scenes import company_behind, company_cursor, place_cursor, place_of
from retrato.console.views import picture
from retrato.domain.errors import NotFoundError
from retrato.store.console_rows import Card, Version
from retrato.store.requests import Wish

_Given = TypeVar("_Given", bound=BaseModel)
_LISTS = {"state", "personas"}


class Api:
    """Handlers of everything below ``/api``."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    async def describe(self, _request: web.Request) -> web.Response:
        """``GET /api/openapi.json``."""
        return web.json_response(document(can_restore=self._hall.desk.can_restore))

    async def companies(self, request: web.Request) -> web.Response:
        """``GET /api/empresas``."""
        asked = _query(request, m.CompaniesQuery)
        page = await self._hall.desk.reads.companies(
            text=asked.q, behind=company_behind(asked.after), limit=asked.limit
        )
        sights = await self._hall.desk.sights(page.companies)
        items = [_company(sight) for sight in sights]
        return _json(m.CompaniesOut(items=items, next=company_cursor(page.companies[-1]) if page.more else None))

    async def company(self, request: web.Request) -> web.Response:
        """``GET /api/empresas/{empresa_id}``."""
        company = await self._hall.desk.company(_key(request, "empresa_id"))
        return _json(_company(await self._hall.desk.sight(company)))

    async def personas(self, request: web.Request) -> web.Response:
        """``GET /api/empresas/{empresa_id}/personas``."""
        asked = _query(request, m.PersonasQuery)
        company = await self._hall.desk.company(_key(request, "empresa_id"))
        page = await self._hall.desk.reads.gallery(
            company.id, text=asked.q, states=asked.state, place=place_of(asked.at), limit=asked.limit
        )
        return _json(
            m.PersonasOut(
                items=[_persona(card) for card in page.cards],
                next=place_cursor(page.behind) if page.behind is not None else None,
                previous=place_cursor(page.before) if page.before is not None else None,
            )
        )

    async def generate(self, request: web.Request) -> web.Response:
        """``POST /api/empresas/{empresa_id}/generate``."""
        wanted = await _body(request, m.Generate)
        if wanted.is_forced and wanted.retry_failed:
            raise RefusedError(400, "wrong_request", "force and retry_failed exclude each other")
        if wanted.persona_id is not None and wanted.persona_ids is not None:
            raise RefusedError(400, "wrong_request", "personaId and persona_ids exclude each other")
        company = await self._hall.desk.company(_key(request, "empresa_id"))
        await self._require_company(wanted.empresa_id, company.id)
        if wanted.persona_id is not None:
            card = await self._hall.desk.reads.persona(wanted.persona_id)
            await self._require_company(company.id, card.empresa_id)
            wanted.persona_ids = [card.persona_id]
        wish = Wish.ALL if wanted.is_forced else Wish.FAILED if wanted.retry_failed else Wish.MISSING
        if wanted.persona_ids is not None:
            receipt = await self._hall.desk.order_for(list(dict.fromkeys(wanted.persona_ids)), wish)
        else:
            receipt = await self._hall.desk.order(company.id, wish)
        self._hall.live.poke()
        return _json(m.Ordered.model_validate(receipt))

    async def persona(self, request: web.Request) -> web.Response:
        """``GET /api/personas/{persona_id}``."""
        sight = await self._hall.desk.persona(_key(request, "persona_id"))
        return _json(
            m.PersonaDetail(
                persona=_persona(sight.card),
                versions=[_version(version) for version in sight.versions],
                calls=[m.CallOut.model_validate(call) for call in sight.calls],
            )
        )

    async def generate_one(self, request: web.Request) -> web.Response:
        """``POST /api/personas/{persona_id}/generate``."""
        wanted = await _body(request, m.GenerateOne)
        card = await self._hall.desk.reads.persona(_key(request, "persona_id"))
        await self._require_company(wanted.empresa_id, card.empresa_id)
        if wanted.persona_id is not None:
            named = await self._hall.desk.reads.persona(wanted.persona_id)
            if named.persona_id != card.persona_id:
                raise RefusedError(400, "wrong_request", "personaId names another persona than the address")
        receipt = await self._hall.desk.order_for(
            [card.persona_id], Wish.ALL if wanted.is_forced else Wish.MISSING
        )
        self._hall.live.poke()
        return _json(m.Ordered.model_validate(receipt))

    async def _require_company(self, named: str | None, empresa_id: str) -> None:
        """Refuse a body that speaks of another company than the address: one of the two is a mistake."""
        if named is not None and (await self._hall.desk.company(named)).id != empresa_id:
            raise RefusedError(400, "wrong_request", "the body names another company than the address")

    async def restore(self, request: web.Request) -> web.Response:
        """``POST /api/personas/{persona_id}/restore``."""
        wanted = await _body(request, m.Restore)
        card = await self._hall.desk.reads.persona(_key(request, "persona_id"))
        if not self._hall.desk.can_restore:
            raise NotFoundError("versions cannot be restored here")
        await self._hall.desk.restore(card.persona_id, wanted.version)
        self._hall.live.poke()
        return _json(m.Restored(version=wanted.version))

    async def providers(self, request: web.Request) -> web.Response:
        """``GET /api/providers``."""
        asked = _query(request, m.ProvidersQuery)
        shop = await self._hall.desk.workshop(tuple(asked.personas))
        return _json(
            m.ProvidersOut(
                legs=[_leg(leg) for leg in shop.legs],
                replicas=[
                    m.ReplicaOut(
                        replica_id=one.replica_id,
                        version=one.version,
                        listens=one.locks,
                        started_at=one.started_at,
                        silent_s=one.silent_s,
                        running=one.running,
                    )
                    for one in shop.replicas
                ],
                spent_usd=shop.spent_usd,
                monthly_budget_usd=shop.budget_usd,
            )
        )


def routes(api: Api) -> list[web.RouteDef]:
    """Where each answer is found."""
    return [
        web.get("/api/openapi.json", api.describe),
        web.get("/api/empresas", api.companies),
        web.get("/api/empresas/{empresa_id}", api.company),
        web.get("/api/empresas/{empresa_id}/personas", api.personas),
        web.post("/api/empresas/{empresa_id}/generate", api.generate),
        web.get("/api/personas/{persona_id}", api.persona),
        web.post("/api/personas/{persona_id}/generate", api.generate_one),
        web.post("/api/personas/{persona_id}/restore", api.restore),
        web.get("/api/providers", api.providers),
    ]


def _key(request: web.Request, name: str) -> str:
    return request.match_info[name]


def _query(request: web.Request, model: type[_Given]) -> _Given:
    values = {
        name: request.query.getall(name) if name in _LISTS else request.query[name]
        for name in request.query
        if name in model.model_fields
    }
    return _validated(model, values)


async def _body(request: web.Request, model: type[_Given]) -> _Given:
    """The body as *model*; an empty one is an empty object."""
    try:
        text = await request.text()
        values = json.loads(text) if text.strip() else {}
    except (ValueError, LookupError, RecursionError):
        raise RefusedError(400, "wrong_request", "the body is no JSON") from None
    return _validated(model, values)


def _validated(model: type[_Given], values: Any) -> _Given:
    try:
        return model.model_validate(values)
    except ValidationError as exc:
        wrong = "; ".join(
            f"{'.'.join(map(str, error['loc'])) or 'body'}: {error['msg']}" for error in exc.errors()[:10]
        )
        raise RefusedError(400, "wrong_request", wrong) from None


def _json(answer: BaseModel) -> web.Response:
    return web.Response(text=answer.model_dump_json(), content_type="application/json")


def _company(sight: CompanySight) -> m.CompanyOut:
    return m.CompanyOut(
        id=sight.company.id,
        name=sight.company.name,
        states=dict(sight.counts.states),
        total=sight.counts.total,
        drawable=sight.counts.drawable,
        cost_usd=sight.cost.cost_usd,
        pictures_of_unknown_cost=sight.cost.of_unknown_cost,
        remaining_s=sight.remaining if isinstance(sight.remaining, float) else None,
    )


def _persona(card: Card) -> m.PersonaOut:
    return m.PersonaOut(
        persona_id=card.persona_id,
        empresa_id=card.empresa_id,
        name=card.name,
        role=card.role,
        state=card.state,
        ready=card.ready,
        version=card.version,
        provider=card.provider,
        picture=picture(card, large=True),
        thumbnail=picture(card),
        generated_at=card.generated_at,
        attempts=card.attempts,
        last_fault=card.last_fault,
        last_error=card.last_error,
        run_at=card.run_at,
    )


def _version(version: Version) -> m.VersionOut:
    fields = {name: getattr(version, name) for name in m.VersionOut.model_fields if hasattr(version, name)}
    return m.VersionOut(
        **fields,
        picture=f"/avatars/{version.image_key}",
        thumbnail=f"/avatars/{version.thumbnail_key}",
    )


def _leg(leg: LegSight) -> m.LegOut:
    record = leg.record
    return m.LegOut(
        leg=leg.info.leg,
        model=leg.info.model,
        in_use=leg.in_use,
        key_present=leg.info.key_present,
        price_usd=leg.info.price_usd,
        state=record.state if record is not None else None,
        closed=record is not None and record.closed,
        suspended_until=record.suspended_until if record is not None else None,
        opens_in_s=record.opens_in_s if record is not None and record.closed else None,
        last_fault=record.last_fault if record is not None else None,
        succeeded_at=record.succeeded_at if record is not None else None,
        succeeded_24h=record.succeeded_24h if record is not None else 0,
        failed_24h=record.failed_24h if record is not None else 0,
        median_s=record.median_s if record is not None else None,
        p95_s=record.p95_s if record is not None else None,
        month_usd=record.month_usd if record is not None else 0.0,
        outlooks=[m.OutlookOut.model_validate(outlook) for outlook in leg.outlooks],
    )
