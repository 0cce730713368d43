"""Settings, store, port and providers, broken on purpose; nothing here costs money."""

import socket

import pytest
from aiohttp import web
from tests.storage.s3_servers import BUCKET, as_supabase, unruly, without_headers

from retrato.app.doctor.finding import Level

KEY = "hf_a_key_that_is_long_enough"
TOKEN = "0123456789abcdef"


@pytest.fixture
async def hub():
    """A provider that knows one key, and counts what it was asked."""
    asked, answer = [], {"name": "ana", "auth": {"accessToken": {"role": "write"}}}

    async def whoami(request):
        asked.append(request.method + " " + request.path)
        if request.headers["Authorization"] != f"Bearer {KEY}":
            return web.json_response({"error": "Invalid username or password."}, status=401)
        return web.json_response(answer)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", whoami)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    yield {"url": f"http://127.0.0.1:{port}", "asked": asked, "answer": answer}
    await runner.cleanup()


async def test_settings_are_told_with_their_origin_and_without_secrets(look, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", KEY)
    monkeypatch.setenv("RETRATO_DATABASE_URL", "postgresql://u:geheim@h/db")
    (tmp_path / ".env").write_text("RETRATO_CONCURRENCY=7\n")
    (tmp_path / "retrato.toml").write_text("lease_seconds = 40\nconcurrency = 3\n")

    words = [one.words for one in await look("settings")]

    assert "RETRATO_CONCURRENCY = 7 (.env or .env.local)" in words
    assert "RETRATO_LEASE_SECONDS = 40.0 (retrato.toml)" in words
    assert "RETRATO_HUGGINGFACE_API_KEY = [secret] (environment)" in words
    assert not [one for one in words if KEY in one or "geheim" in one]


@pytest.mark.parametrize("name", ["RETRATO_DATABASE_URL", "RETRATO_LISTEN_DATABASE_URL"])
@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:ge@heim@h/db",
        "postgresql://u@h/db?password=geheim",
        "postgresql://u:ge/heim@h/db",
        "password=geheim",
    ],
)
async def test_password_that_breaks_its_address_is_not_told(look, monkeypatch, name, address):
    monkeypatch.setenv(name, address)

    words = [one.words for one in await look("settings")]

    assert any(one.startswith(f"{name} = ") for one in words)
    assert not [one for one in words if "heim" in one]


async def test_misspelt_names_are_told_wherever_they_stand(look, tmp_path):
    (tmp_path / ".env").write_text("RETRATO_CONCURENCY=7\n")
    (tmp_path / "retrato.toml").write_text("poll_second = 3\n")

    findings = await look("unknown-names", environ={"RETRATO_PACE": "1", "RETRATO_PACE_SECONDS": "1"})

    assert [one.words.partition(" is ")[0] for one in findings] == [
        "RETRATO_CONCURENCY",
        "RETRATO_PACE",
        "poll_second in retrato.toml",
    ]
    assert {one.level for one in findings} == {Level.WARN}


@pytest.mark.parametrize(
    ("environ", "storage_url", "level"),
    [
        ({}, None, Level.OK),
        ({"INVOCATION_ID": "1"}, None, Level.OK),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, None, Level.WARN),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "s3://bucket/prefix", Level.OK),
    ],
)
async def test_folder_in_kubernetes_is_worth_a_look(look, environ, storage_url, level):
    [finding] = await look("surroundings", environ=environ, storage_url=storage_url)

    assert finding.level is level


@pytest.fixture
def secrets(tmp_path):
    """A secrets directory with one of our files and one of somebody else's; returns how to change the modes."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name in ("huggingface_api_key", "password_of_another_service"):
        (folder / name).write_text(KEY)
        (folder / name).chmod(0o644)

    def modes(folder_mode, file_mode):
        folder.chmod(folder_mode)
        (folder / "huggingface_api_key").chmod(file_mode)
        return {"CREDENTIALS_DIRECTORY": str(folder)}

    return modes


@pytest.mark.parametrize(
    ("folder", "file", "level"),
    [
        (0o755, 0o600, Level.OK),
        (0o755, 0o400, Level.OK),
        (0o755, 0o644, Level.WARN),
        (0o755, 0o640, Level.WARN),
        (0o755, 0o604, Level.WARN),
        (0o700, 0o644, Level.OK),
        (0o750, 0o604, Level.OK),
    ],
)
async def test_secret_that_others_can_read_is_told(look, secrets, folder, file, level, monkeypatch):
    monkeypatch.setattr("retrato.app.doctor.secrecy.surroundings", lambda _: None)  # tests may run in a container

    [finding] = await look("credentials", environ=secrets(folder, file))

    assert finding.level is level
    assert KEY not in finding.words
    assert level is Level.OK or "huggingface_api_key" in finding.remedy


@pytest.mark.parametrize("mount", [{"INVOCATION_ID": "1"}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}])
async def test_mounts_of_systemd_and_kubernetes_are_nobody_elses(look, secrets, mount):
    [finding] = await look("credentials", environ={**secrets(0o755, 0o444), **mount})

    assert finding.level is Level.OK


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({}, Level.OK),
        ({"console_host": "::1"}, Level.OK),
        ({"console_host": "0.0.0.0"}, Level.WARN),  # noqa: S104
        ({"console_host": "0.0.0.0", "console_token": "a" * 32}, Level.FAIL),  # noqa: S104
        ({"console_host": "0.0.0.0", "console_token": "1212121212121212"}, Level.FAIL),  # noqa: S104
        ({"console_host": "192.0.2.1", "console_token": TOKEN}, Level.WARN),
        ({"console_host": "192.0.2.1", "console_token": TOKEN, "public_url": "https://a.example"}, Level.OK),
    ],
)
async def test_console_that_is_open_to_others_is_told(look, settings, level):
    [finding] = await look("console", **settings)

    assert finding.level is level
    assert settings.get("console_token", "-") not in finding.words.split()


async def test_what_systemd_gives_is_told(look, tmp_path):
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials/huggingface_api_key").write_text(KEY)
    given = {"INVOCATION_ID": "1", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}

    [finding] = await look(
        "surroundings", environ={**given, "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    )
    [gone] = await look("surroundings", environ={**given, "CREDENTIALS_DIRECTORY": str(tmp_path / "gone")})

    assert finding.level is Level.OK
    assert finding.words == (f"under systemd, 1 credentials in {tmp_path}/credentials, a watchdog that waits 60 s")
    assert gone.level is Level.WARN


async def test_store_is_tried_and_left_empty(look, tmp_path):
    [finding] = await look("storage", storage_url=(tmp_path / "pictures").as_uri())

    assert finding.level is Level.OK
    assert [path for path in (tmp_path / "pictures").rglob("*") if path.is_file()] == []


async def test_bucket_is_tried_and_its_habits_are_told(look, moto, monkeypatch):
    async with unruly(moto) as proxy:
        for name, value in proxy.server.environment.items():
            monkeypatch.setenv(name, value)
        [heeding] = await look("storage", storage_url=f"s3://{BUCKET}/doctor")
        proxy.habit = as_supabase
        [ignoring] = await look("storage", storage_url=f"s3://{BUCKET}/doctor")
        proxy.habit = without_headers
        findings = await look("storage", storage_url=f"s3://{BUCKET}/doctor")

    assert (heeding.level, ignoring.level) == (Level.OK, Level.OK)
    assert "is refused" in heeding.words
    assert "is ignored" in ignoring.words
    assert [one.level for one in findings] == [Level.OK, Level.WARN]


async def test_store_that_does_not_answer_is_told(look, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    monkeypatch.setenv("AWS_REGION", "us-east-1")

    [finding] = await look("storage", storage_url="s3://bucket/prefix")

    assert finding.level is Level.FAIL


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({"public_url": "https://avatars.example.com/x"}, Level.OK),
        ({"public_url": "/avatars"}, Level.OK),
        ({"public_url": "avatars.example.com"}, Level.FAIL),
        ({"public_url": "ftp://avatars.example.com"}, Level.FAIL),
        ({"public_url": "http://localhost:3001/avatars"}, Level.WARN),
        ({"console_port": 3001}, Level.WARN),
        ({"console_port": 3001, "console_host": "avatars.example.com"}, Level.OK),
        ({"console_port": 0, "console_host": "avatars.example.com"}, Level.WARN),
    ],
)
async def test_addresses_that_lead_nowhere_are_told(look, settings, level):
    [finding] = await look("public-url", **settings)

    assert finding.level is level


async def test_port_of_somebody_else_is_told(look):
    with socket.create_server(("127.0.0.1", 0)) as other:
        [finding] = await look("port", console_port=other.getsockname()[1])

    assert finding.level is Level.WARN
    assert "RETRATO_CONSOLE_PORT" in finding.remedy


async def test_ports_of_our_own_daemon_are_no_trouble(look):
    async def healthz(_request):
        return web.json_response({"status": "alive"})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    console, metrics = (address[1] for address in runner.addresses)
    try:
        findings = await look("port", console_port=console, metrics_port=metrics)
    finally:
        await runner.cleanup()

    assert [one.words for one in findings] == [
        f"port {console}: a daemon answers",
        f"port {metrics}: a daemon answers",
    ]


async def test_little_room_on_the_disk_is_told(look, monkeypatch):
    usage = type("Usage", (), {"free": 50_000_000})
    monkeypatch.setattr("retrato.app.doctor.storage.shutil.disk_usage", lambda _: usage)

    [finding] = await look("disk")

    assert finding.level is Level.FAIL
    assert "RETRATO_STORAGE_URL" in finding.remedy


async def test_provider_without_its_key_is_told_and_how_to_set_it(look):
    findings = await look("providers")

    assert [one.level for one in findings] == [Level.WARN, Level.OK]
    assert "HUGGINGFACE_API_KEY" in findings[0].remedy


async def test_key_that_is_taken_is_tried_without_ordering_anything(look, hub):
    [finding] = await look(
        "keys", providers=("huggingface",), huggingface_api_key=KEY, huggingface_hub_url=hub["url"]
    )

    assert finding.level is Level.OK
    assert hub["asked"] == ["GET /api/whoami-v2"]


async def test_key_that_is_not_taken_is_told_and_never_shown(look, hub):
    theirs = "hf_somebody_elses_key"

    [finding] = await look(
        "keys", providers=("huggingface",), huggingface_api_key=theirs, huggingface_hub_url=hub["url"]
    )

    assert finding.level is Level.FAIL
    assert theirs not in finding.words + finding.remedy
    assert "HUGGINGFACE_API_KEY" in finding.remedy


async def test_token_without_the_permission_to_draw_is_told(look, hub):
    scoped = {"scoped": [{"permissions": ["repo.content.read"]}]}
    hub["answer"]["auth"] = {"accessToken": {"role": "fineGrained", "fineGrained": scoped}}
    asked = {"providers": ("huggingface",), "huggingface_api_key": KEY, "huggingface_hub_url": hub["url"]}

    [without] = await look("keys", **asked)
    scoped["scoped"].append({"permissions": ["inference.serverless.write"]})
    [with_it] = await look("keys", **asked)

    assert (without.level, with_it.level) == (Level.FAIL, Level.OK)


async def test_hub_that_is_away_is_no_fault_of_the_key(look):
    [finding] = await look(
        "keys", providers=("huggingface",), huggingface_api_key=KEY, huggingface_hub_url="http://127.0.0.1:1"
    )

    assert finding.level is Level.WARN


async def test_other_providers_are_asked_free_questions_only(look, hub):
    findings = await look(
        "keys",
        providers=("openai", "pollinations", "fal"),
        openai_api_key=KEY,
        openai_base_url=f"{hub['url']}/v1",
        pollinations_api_key="sk_somebody_elses",
        pollinations_url=hub["url"],
        fal_key="id:secret",
    )

    assert [one.level for one in findings] == [Level.OK, Level.FAIL, Level.OK]
    assert hub["asked"] == ["GET /v1/models", "GET /account/balance"]


async def test_model_that_nobody_serves_is_told(look, hub):
    hub["answer"]["inferenceProviderMapping"] = {}

    [finding] = await look(
        "models",
        providers=("huggingface",),
        huggingface_api_key=KEY,
        huggingface_hub_url=hub["url"],
        huggingface_model="nobody/serves-this",
    )

    assert finding.level is not Level.OK
