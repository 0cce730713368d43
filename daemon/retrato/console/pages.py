"""The pages: each works without scripts, and with them changes while it is open."""

from urllib.parse import urlencode

from aiohttp import web
from yarl import URL

from retrato.console.desk import Receipt, Result
from retrato.console.gate import OPEN, Gate, RefusedError, check_site
from retrato.console.hall import Hall
from retrato.console.outlook import Hindrance
from retrato.console.own_pages import FIRST, own_page
from retrato.console.scenes import scene_of
from retrato.console.texts import LANGUAGES
from retrato.console.views import render
from retrato.console.visitor import LANGUAGE_COOKIE, LANGUAGE_S, language_of, wants_fragment
from retrato.console.words import RESULTS
from retrato.domain.errors import NotFoundError
from retrato.store.requests import Wish

MOST_CHOSEN = 500
"""So many personas may be named in one order."""

_MOST_NUMBER = 1_000_000_000


class Pages:
    """Handlers of all HTML pages."""

    def __init__(self, hall: Hall, gate: Gate) -> None:
        self._hall = hall
        self._gate = gate
        self._read_only = gate.house.read_only

    async def scene(self, request: web.Request) -> web.Response:
        """``/empresas``, ``/empresas/{id}``, ``/personas/{id}``, ``/providers``."""
        tag = language_of(request)
        scene = scene_of(request.rel_url, tag, read_only=self._read_only)
        if scene is None:
            raise NotFoundError("there is no such page")
        pieces = await scene.look(self._hall.desk)
        return self._page(request, scene.template, pieces=pieces.html, orders=pieces.orders, **pieces.values)

    async def force(self, request: web.Request) -> web.Response:
        """``GET /empresas/{id}/force``: what Forçar would cost; ``persona`` limits it to some."""
        company = await self._hall.desk.company(request.match_info["id"])
        chosen = _chosen(request.query.getall("persona", []))
        if len(chosen) == 1:
            card = await self._hall.desk.reads.persona(chosen[0])
            personas, name = int(card.ready), card.name
        else:
            counts = await self._hall.desk.counts(company.id)
            personas, name = len(chosen) or counts.drawable, None
        cost_usd, leg = self._hall.desk.price(personas)
        time_s = await self._hall.desk.remaining(company.id, personas)
        return self._page(
            request,
            "force.html",
            company=company,
            chosen=chosen,
            name=name,
            personas=personas,
            cost_usd=cost_usd,
            leg=leg,
            time_s=None if isinstance(time_s, Hindrance) else time_s,
            hindrance=time_s if isinstance(time_s, Hindrance) else None,
            budget_usd=self._hall.desk.terms.monthly_budget_usd,
        )

    async def order(self, request: web.Request) -> web.StreamResponse:
        """``POST /empresas/{id}/{run,force,retry}``: order for the company, or for the personas in the form."""
        company = await self._hall.desk.company(request.match_info["id"])
        wish = {"run": Wish.MISSING, "force": Wish.ALL, "retry": Wish.FAILED}[request.match_info["what"]]
        form = await request.post()
        chosen = _chosen([value for value in form.getall("persona", []) if isinstance(value, str)])
        if chosen:
            receipt = await self._hall.desk.order_for(chosen, wish)
        else:
            receipt = await self._hall.desk.order(company.id, wish)
        return self._answered(request, receipt, f"/empresas/{company.id}")

    async def order_one(self, request: web.Request) -> web.StreamResponse:
        """``POST /personas/{id}/{run,force}``: order for one persona."""
        card = await self._hall.desk.reads.persona(request.match_info["id"])
        wish = {"run": Wish.MISSING, "force": Wish.ALL}[request.match_info["what"]]
        receipt = await self._hall.desk.order_for([card.persona_id], wish)
        return self._answered(request, receipt, f"/personas/{card.persona_id}")

    async def restore(self, request: web.Request) -> web.StreamResponse:
        """``POST /personas/{id}/restore``: bring the form's ``version`` back."""
        card = await self._hall.desk.reads.persona(request.match_info["id"])
        version = str((await request.post()).get("version", ""))
        if not self._hall.desk.can_restore or not (version.isascii() and version.isdigit() and len(version) < 9):  # noqa: PLR2004
            raise NotFoundError("there is no such version")
        await self._hall.desk.restore(card.persona_id, int(version))
        return self._told(request, f"/personas/{card.persona_id}", "restored")

    async def root(self, _request: web.Request) -> web.StreamResponse:
        """``/`` leads to the companies."""
        raise web.HTTPSeeOther(FIRST)

    async def language(self, request: web.Request) -> web.StreamResponse:
        """``/language/{tag}?back=…``: remember the language."""
        tag = request.match_info["tag"]
        if tag not in LANGUAGES:
            raise NotFoundError("there is no such language")
        response = web.HTTPSeeOther(own_page(request.query.get("back", "")))
        response.set_cookie(LANGUAGE_COOKIE, tag, max_age=LANGUAGE_S, httponly=True, samesite="Strict")
        raise response

    async def login_page(self, request: web.Request) -> web.Response:
        """``GET /login``."""
        return self._login_page(request, own_page(request.query.get("back", "")))

    async def login(self, request: web.Request) -> web.StreamResponse:
        """``POST /login``: the token becomes a cookie."""
        # The token itself shows that no other site has sent this.
        check_site(request)
        form = await request.post()
        back = own_page(str(form.get("back", "")))
        if not self._gate.try_token(request, str(form.get("token", "")).strip()):
            return self._login_page(request, back, status=401, problem="wrong")
        response = web.HTTPSeeOther(back)
        self._gate.log_in(request, response)
        raise response

    async def logout(self, request: web.Request) -> web.StreamResponse:
        """``POST /logout``: the login ends, wherever its cookie is."""
        response = web.HTTPSeeOther("/login")
        await self._gate.log_out(request, response)
        raise response

    def _login_page(
        self, request: web.Request, back: str, *, status: int = 200, problem: str = ""
    ) -> web.Response:
        if self._gate.keyring is None:
            raise RefusedError(403, "closed", "this console has no token: set RETRATO_CONSOLE_TOKEN")
        return self._page(request, "login.html", status=status, problem=problem, back=back)

    def _answered(self, request: web.Request, receipt: Receipt, page: str) -> web.StreamResponse:
        return self._told(request, page, receipt.result.value, receipt.enqueued)

    def _told(self, request: web.Request, page: str, result: str, enqueued: int = 0) -> web.StreamResponse:
        """Say what became of an order: into the open page, or on the page that comes next."""
        self._hall.live.poke()
        if wants_fragment(request):
            return _html(render(language_of(request), "_notice.html", result=result, enqueued=enqueued))
        raise web.HTTPSeeOther(URL.build(path=page, query={"told": result, "n": str(enqueued)}))

    def _page(self, request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
        return page(request, self._gate, template, status=status, **values)


def page(request: web.Request, gate: Gate, template: str, *, status: int = 200, **values: object) -> web.Response:
    """A whole page with its frame: navigation, languages, what the last order led to."""
    told = request.query.get("told", "")
    here = request.rel_url.without_query_params("told", "n")
    html = render(
        language_of(request),
        template,
        here=str(here),
        and_back=urlencode({"back": str(here)}),
        section=next((part for part in here.parts[1:2] if part), ""),
        told=told if told in RESULTS or told == Result.ACCEPTED else "",
        told_number=_number(request.query.get("n", "")),
        read_only=gate.house.read_only,
        logged_in=gate.is_known(request),
        **values,
    )
    return _html(html, status=status)


def routes(pages: Pages) -> list[web.RouteDef]:
    """Where each page is found."""
    return [
        web.get("/", pages.root),
        web.get("/empresas", pages.scene),
        web.get("/empresas/{id}", pages.scene),
        web.get("/empresas/{id}/force", pages.force),
        web.post("/empresas/{id}/{what:run|force|retry}", pages.order),
        web.get("/personas/{id}", pages.scene),
        web.post("/personas/{id}/{what:run|force}", pages.order_one),
        web.post("/personas/{id}/restore", pages.restore),
        web.get("/providers", pages.scene),
        web.get("/language/{tag}", pages.language, name=f"{OPEN}language"),
        web.get("/login", pages.login_page, name=f"{OPEN}login_page"),
        web.post("/login", pages.login, name=f"{OPEN}login"),
        web.post("/logout", pages.logout, name=f"{OPEN}logout"),
    ]


def _html(text: str, *, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


def _chosen(persona_ids: list[str]) -> list[str]:
    chosen = list(dict.fromkeys(persona_ids))
    if len(chosen) > MOST_CHOSEN:
        raise RefusedError(400, "too_many", f"at most {MOST_CHOSEN} personas at once")
    return chosen


def _number(text: str) -> int:
    return min(int(text), _MOST_NUMBER) if text.isascii() and text.isdigit() and len(text) < 12 else 0  # noqa: PLR2004
