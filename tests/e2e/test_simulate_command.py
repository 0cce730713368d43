"""``retrato simulate``: a daemon that is given what it prints, and nothing else, draws with it."""

import asyncio
import shlex
import subprocess
from contextlib import asynccontextmanager

import pytest
from tests import daemon_role
from tests.e2e.processes import Shell

pytestmark = pytest.mark.timeout(180)  # real processes, on machines that have other work too

LAST = "RETRATO_OPENAI_API_KEY="
PROVIDERS = ("huggingface", "pollinations", "fal", "openai")


@pytest.fixture
def shell(tmp_path, dsn):
    """A shell that knows no provider's address and no key."""
    return Shell(tmp_path, daemon_role.product(dsn), None, HUGGINGFACE_API_KEY="")


@asynccontextmanager
async def simulating(shell, *words):
    """A running ``retrato simulate``, and what it has printed."""
    process = await shell._start("simulate", "--port", "0", *words, extra={})
    try:
        lines = []
        async with asyncio.timeout(60):
            while not lines or LAST not in lines[-1]:
                lines.append((await process.stdout.readline()).decode())
        yield "".join(lines)
    finally:
        process.terminate()
        await process.communicate()
    assert process.returncode == 0


def _after_pasting(lines):
    """What programs find in the environment of a shell into which *lines* were pasted."""
    told = subprocess.run(["bash", "-c", f"{lines}\nenv"], capture_output=True, text=True, check=True, env={})
    return dict(line.split("=", 1) for line in told.stdout.splitlines() if line.startswith("RETRATO_"))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_daemon_draws_with_what_it_prints_in_a_file(shell, empresa, insert, provider):
    await insert("Ana")
    async with simulating(shell) as printed:
        (shell.folder / ".env").write_text(printed)

        done = await shell.run("generate", f"--empresaId={empresa}", "--json", RETRATO_PROVIDERS=provider)

    assert (done.code, [one["provider"] for one in done.json()["drawn"]]) == (0, [provider]), done.err


async def test_pasted_into_a_shell_it_reaches_the_daemon(shell, empresa, insert):
    await insert("Ana")
    async with simulating(shell, "--export") as printed:
        settings = _after_pasting(printed)

        done = await shell.run("generate", f"--empresaId={empresa}", "--json", **settings)

    assert (done.code, len(done.json()["drawn"])) == (0, 1), done.err


async def test_keys_are_those_that_the_scenario_accepts(shell, empresa, insert):
    await insert("Ana")
    (shell.folder / "strict.toml").write_text('[keys]\nhuggingface = ["hf_a$b"]\nopenai = []\n')
    async with simulating(shell, "--scenario", "strict.toml") as printed:
        named = dict(word.split("=", 1) for word in shlex.split(printed))

        (shell.folder / ".env").write_text(printed)
        done = await shell.run("generate", f"--empresaId={empresa}", "--json", RETRATO_PROVIDERS="huggingface")

    assert named["RETRATO_HUGGINGFACE_API_KEY"] == "hf_a$b"
    assert (done.code, len(done.json()["drawn"])) == (0, 1), done.err
