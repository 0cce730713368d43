"""
Take the pictures of the console in docs/images/ (`make pictures`): every page and state, on a demo of its own.

Needs Debian's chromium. The demo draws with the simulator; some personas are then failed, forced and left waiting
by SQL, as replicas and applications would.
"""

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from playwright.async_api import Browser, Page, async_playwright

from retrato.embedded.server import EmbeddedPostgres

_WIDE = {"width": 1280, "height": 860}
_PHONE = {"width": 375, "height": 780}
_PATIENCE_S = 120
_COMPANIES = ("Aurora Energia", "Casa Verde Alimentos", "Norte Logística", "Clínica São Lucas")


@dataclass(frozen=True)
class _Demo:
    """Where the demo is found: the link that logs in, its console, its company, its data."""

    link: str
    url: str
    empresa_id: str
    folder: Path


async def main(folder: Path) -> None:
    """Write the pictures into *folder*."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is missing (Debian: apt install chromium)")
    with tempfile.TemporaryDirectory(prefix="retrato-console-") as data:
        async with _running_demo(data) as demo, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            await _take(browser, folder, demo)
            await browser.close()


async def _take(browser: Browser, folder: Path, demo: "_Demo") -> None:
    url, empresa = demo.url, demo.empresa_id
    company = f"{url}/empresas/{empresa}"
    page = await _open(browser, demo, scheme="light")
    await _shoot(page, folder / "console-drawing.jpg")
    await page.locator(".card.is-ready").nth(23).wait_for(timeout=_PATIENCE_S * 1000)
    # The demo's own server, shared.
    with EmbeddedPostgres(demo.folder) as server:
        connection = await asyncpg.connect(server.dsn)
        await _trouble(connection, empresa)
        await connection.close()
    for scheme in ("light", "dark"):
        page = await _open(browser, demo, scheme=scheme)
        await _shoot(page, folder / f"console-company-{scheme}.jpg")
        await page.locator("a.apart").click()
        await page.locator("dialog[open]").wait_for()
        await _shoot(page, folder / f"console-force-{scheme}.jpg")
        for name, path in (
            ("companies", "/empresas"),
            ("providers", "/providers"),
            ("nobody", f"/empresas/{empresa}?q=zzz"),
            ("missing", "/empresas/nowhere"),
        ):
            await page.goto(url + path)
            await _shoot(page, folder / f"console-{name}-{scheme}.jpg")
        await page.goto(company)
        await page.locator(".card", has_text="v2").locator(".portrait").first.click()
        await _shoot(page, folder / f"console-persona-{scheme}.jpg", whole=True)
    page = await _open(browser, demo, scheme="light")
    await page.goto(f"{url}/empresas?q=nova")
    await page.locator(".company a").click()
    await page.locator("#empty h2").wait_for()
    await _shoot(page, folder / "console-empty.jpg")
    await page.goto(company)
    await page.wait_for_timeout(1500)  # the pictures are there
    await page.context.set_offline(True)
    await page.locator("#connection:not([hidden])").wait_for()
    await _shoot(page, folder / "console-lost.jpg")
    page = await _open(browser, demo, scheme="light", viewport=_PHONE)
    await _shoot(page, folder / "console-phone.jpg")
    page = await _open(browser, demo, scheme="light", language="en-US")
    for box in await page.locator(".choose input").all():
        if await page.locator(".choose input:checked").count() < 3:  # noqa: PLR2004 - a few are enough to show
            await box.check(force=True)
    await _shoot(page, folder / "console-english.jpg")


async def _trouble(connection: "asyncpg.Connection[asyncpg.Record]", empresa: str) -> None:
    """One of every state beside those that are ready, several versions, and a few other companies."""
    await connection.execute("select retrato.pause('all')")
    for name in _COMPANIES:
        other = await connection.fetchval(
            "insert into empresas (codigo, nome, descricao) values (upper(left(md5($1), 6)), $1, '') returning id",
            name,
        )
        await connection.execute(
            "insert into personas (persona_code, full_name, role, empresa_id)"
            " select left(md5($2::text || n), 8), 'Pessoa ' || n, 'Analista', $1 from generate_series(1, 12) n",
            other,
            name,
        )
    await connection.execute("insert into empresas (codigo, nome, descricao) values ('NOVA', 'Nova Empresa', '')")
    ids = [
        row["persona_id"]
        for row in await connection.fetch(
            "select persona_id from retrato.persona_status where empresa_id = $1 order by name", empresa
        )
    ]
    await connection.execute("select retrato.request($1::text[], true)", ids[2:7])
    await connection.execute(
        "update retrato.jobs set state = 'failed', last_fault = 'refused', last_error = '422: content policy'"
        " where persona_id = $1",
        ids[2],
    )
    await connection.execute(
        "update retrato.jobs set attempts = 2, delayed = true, run_at = now() + interval '8 min',"
        " last_fault = 'transient', last_error = '503: out of capacity' where persona_id = $1",
        ids[4],
    )
    await connection.execute(
        "insert into personas (persona_code, full_name, role, empresa_id)"
        " values ('X1', '[A GERAR]', 'Estagiária', $1)",
        await connection.fetchval("select $1::text::uuid", empresa),
    )
    await connection.execute("select retrato.resume('all')")


async def _open(
    browser: Browser, demo: _Demo, *, scheme: str, language: str = "pt-BR", viewport: dict[str, int] | None = None
) -> Page:
    context = await browser.new_context(
        viewport=viewport or _WIDE,  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        locale=language,
        timezone_id="America/Sao_Paulo",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(demo.link)
    await page.wait_for_url(f"{demo.url}/empresas/{demo.empresa_id}")
    return page


async def _shoot(page: Page, target: Path, *, whole: bool = False) -> None:
    await page.wait_for_timeout(900)  # the first live event, and pictures being decoded
    await page.screenshot(path=target, full_page=whole, type="jpeg", quality=80)
    print(target)  # noqa: T201


@asynccontextmanager
async def _running_demo(data: str) -> AsyncIterator[_Demo]:
    """A demo of 24 personas that keeps running."""
    ours = ("RETRATO_", "HUGGINGFACE_", "HF_", "POLLINATIONS_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("retrato"), "demo", "--personas", "24", "--pace", "0.7",
        env={**environment, "RETRATO_DATA_DIR": data, "RETRATO_CONSOLE_PORT": "0"},
        cwd=data,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while not (
                found := re.search(
                    rb"(http://\S+)/login\?back=/empresas/([^#]+)#\S+", await process.stderr.readline()
                )
            ):
                pass
        reader = asyncio.create_task(process.stderr.read())
        await asyncio.sleep(7)  # some are drawn, most are not
        yield _Demo(found[0].decode(), found[1].decode(), found[2].decode(), Path(data))
        process.terminate()
        await process.wait()
        await reader
    finally:
        if process.returncode is None:
            process.kill()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
