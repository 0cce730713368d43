"""``retrato doctor`` as people and machines call it."""

import json

import pytest

from retrato.store import sample

pytestmark = pytest.mark.timeout(180)  # real processes, on machines that have other work too


async def test_doctor_finds_everything_in_order_beside_a_daemon(shell):
    async with shell.daemon() as daemon:
        await daemon.said("listener.connected")

        done = await shell.run("doctor", "--json")

    told = done.json()
    assert (done.code, told["ready"]) == (0, True)
    assert {one["id"]: one["level"] for one in told["findings"] if one["level"] == "fail"} == {}
    assert {one["id"] for one in told["findings"]} >= {"database", "listen", "triggers", "storage", "keys"}


ALL = {"RETRATO_PROVIDERS": "huggingface,openai,pollinations", "OPENAI_API_KEY": "sk-simulated"}


def keys_of(done):
    """The findings on keys: word of the provider → level."""
    return {one["words"].partition(" ")[0].rstrip(":"): one["level"] for one in done.json()["findings"]}


async def test_keys_are_tried_on_the_providers(shell, simulator):
    good = await shell.run("doctor", "keys", "--json", **ALL)
    simulator.world.script("hub.whoami", ["hf_whoami_read_only"])
    read_only = await shell.run("doctor", "keys", "--json", **ALL)
    simulator.world.script("hub.whoami", ["hf_401"])
    simulator.world.script("openai.models", ["openai_401"])
    bad = await shell.run("doctor", "keys", "--json", **ALL)

    assert (good.code, keys_of(good)) == (0, {"huggingface": "ok", "openai": "ok", "pollinations": "ok"})
    assert (read_only.code, keys_of(read_only)["huggingface"]) == (1, "fail")
    assert "huggingface.co/settings/tokens" in read_only.out
    assert keys_of(bad) == {"huggingface": "fail", "openai": "fail", "pollinations": "ok"}
    assert simulator.world.ledger.orders() == []


async def test_doctor_draws_nothing_and_orders_nothing(shell, simulator, connection, insert):
    await insert("Ana")

    await shell.run("doctor")

    assert simulator.world.ledger.orders() == []
    assert await connection.fetchval("select count(*) from retrato.attempts") == 0


async def test_what_must_be_done_ends_with_1_and_says_how(shell, connection):
    await connection.execute("alter table personas disable trigger retrato_on_insert")

    done = await shell.run("doctor", "triggers", "paused")

    assert done.code == 1
    assert "fail  triggers" in done.out
    assert 'alter table "public"."personas" enable trigger retrato_on_insert' in done.out
    assert "ok    paused" in done.out
    assert "1 to be done." in done.err


async def test_what_is_only_worth_a_look_ends_with_0(shell):
    await shell.run("queue", "pause")

    done = await shell.run("doctor", "paused")

    assert done.code == 0
    assert "Ready; 1 worth a look." in done.err


async def test_schema_that_is_missing_and_database_that_is_away_are_findings(shell, bare_dsn):
    await sample.create_host_tables(bare_dsn)

    bare = await shell.run("doctor", "migrated", "--json", RETRATO_DATABASE_URL=bare_dsn)
    away = await shell.run(
        "doctor", "database", "--json", RETRATO_DATABASE_URL="postgresql://retrato:geheim@127.0.0.1:1/none"
    )

    assert (bare.code, away.code) == (1, 1)
    assert bare.json()["findings"][0]["remedy"] == "run `retrato migrate`"
    assert "geheim" not in away.out + away.err


async def test_no_secret_is_printed(shell, dsn):
    password = dsn.partition("@")[0].rpartition(":")[2]

    done = await shell.run("doctor")

    assert "RETRATO_DATABASE_URL" in done.out
    assert password not in done.out + done.err
    assert "hf_a_key_for_the_simulator" not in done.out + done.err


async def test_checks_are_listed_and_unknown_ones_are_refused(shell):
    listed = await shell.run("doctor", "--list-checks", RETRATO_DATABASE_URL=None)
    in_json = await shell.run("doctor", "--list-checks", "--json", RETRATO_DATABASE_URL=None)
    unknown = await shell.run("doctor", "horoscope")

    names = [line.split()[0] for line in listed.out.splitlines()]
    assert names == [one["id"] for one in json.loads(in_json.out)["checks"]]
    assert (listed.code, unknown.code) == (0, 2)
    assert "horoscope" in unknown.err


async def test_daemon_behind_a_pooler_says_that_it_is_deaf_and_draws(shell, pooled_dsn, insert, until):
    pooled = {"RETRATO_DATABASE_URL": pooled_dsn, "RETRATO_STATEMENT_CACHE_SIZE": "0"}
    async with shell.daemon(RETRATO_POLL_SECONDS="60", **pooled) as daemon:
        deaf = await daemon.said("listener.deaf")
        await insert("Ana")
        await until("select count(*) from retrato.avatars")
        code = await daemon.stop()

    assert "RETRATO_LISTEN_DATABASE_URL" in deaf["remedy"]
    assert len(daemon.events("listener.deaf")) == 1
    assert code == 0
