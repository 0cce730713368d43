"""Databases that were broken on purpose: each check names what is wrong, and the remedy mends it."""

import pytest
from tests import daemon_role

from retrato.app.doctor.checks import CHECKS, Needs
from retrato.app.doctor.finding import Level
from retrato.storage.location import open_store
from retrato.store import migrations, rpc, sample
from retrato.store.mapping import HostMapping
from retrato.store.rpc import Exposure

IN_THE_DATABASE = [check.id for check in CHECKS.values() if check.needs is not Needs.NOTHING]
EVERYTHING = "create policy everything on personas using (true)"
NOWHERE = "postgresql://retrato:geheim@127.0.0.1:1/none"


def levels(findings):
    return [finding.level for finding in findings]


@pytest.fixture
async def role(connection):
    """Makes roles with a password like their name, and takes them away."""
    made = []

    async def make(name, *grants):
        await connection.execute(f"create role \"{name}\" login password '{name}'")
        made.append(name)
        for grant in grants:
            await connection.execute(f'grant {grant} to "{name}"')

    yield make
    for name in made:
        await connection.execute(f'drop owned by "{name}"; drop role "{name}"')


def as_role(dsn, name):
    return f"postgresql://{name}:{name}@{dsn.rpartition('@')[2]}"


async def test_fresh_installation_is_in_order_but_for_who_draws(look):
    findings = await look(*IN_THE_DATABASE)

    assert [one.words for one in findings if one.level is not Level.OK] == [
        "no replica is running: nothing is drawn"
    ]


async def test_database_that_is_away_is_said_once_and_stays_secret(look):
    findings = await look(*IN_THE_DATABASE, database_url=NOWHERE)

    assert levels(findings) == [Level.FAIL] + [Level.SKIP] * (len(IN_THE_DATABASE) - 1)
    assert not [one for one in findings if "geheim" in one.words]


async def test_database_that_was_never_migrated_is_said(look, bare_dsn):
    await sample.create_host_tables(bare_dsn)

    findings = await look("migrated", "triggers", "listen", database_url=bare_dsn)

    assert levels(findings) == [Level.FAIL, Level.SKIP, Level.OK]
    assert (findings[0].words, findings[0].remedy) == ("schema retrato is not installed", "run `retrato migrate`")


async def test_wrong_database_is_said(look, bare_dsn):
    [finding] = await look("migrated", database_url=bare_dsn)

    assert (finding.level, finding.words) == (Level.FAIL, "schema retrato is not installed")


async def test_mapping_that_does_not_fit_any_more_is_said(look, connection):
    await connection.execute("alter table personas rename column avatar_image_url to picture")

    [finding] = await look("migrated")

    assert finding.level is Level.FAIL
    assert "other host tables" in finding.words


async def test_disabled_trigger_is_named_and_the_remedy_enables_it(look, connection):
    await connection.execute("alter table personas disable trigger retrato_on_insert")

    [broken] = await look("triggers")
    await connection.execute(broken.remedy)
    mended = await look("triggers")

    assert broken.level is Level.FAIL
    assert 'retrato_on_insert on "public"."personas" is disabled' in broken.words
    assert levels(mended) == [Level.OK]


async def test_missing_trigger_is_named_and_migrating_mends_it(look, connection, dsn):
    await connection.execute("drop trigger retrato_on_update on personas")

    [broken] = await look("triggers")
    await migrations.apply(dsn)
    mended = await look("triggers")

    assert (broken.level, levels(mended)) == (Level.FAIL, [Level.OK])
    assert "retrato_on_update" in broken.words


async def test_pooler_in_transaction_mode_is_told_in_plain_words(look, pooled_dsn):
    listen, prepared = await look("listen", "prepared-statements", database_url=pooled_dsn)

    assert (listen.level, prepared.level) == (Level.FAIL, Level.WARN)
    assert "pooler in transaction mode" in listen.words
    assert "RETRATO_LISTEN_DATABASE_URL" in listen.remedy
    assert "RETRATO_STATEMENT_CACHE_SIZE=0" in prepared.remedy


async def test_direct_connection_beside_the_pooler_hears(look, dsn, pooled_dsn):
    findings = await look(
        *IN_THE_DATABASE, database_url=pooled_dsn, listen_database_url=dsn, statement_cache_size=0
    )

    assert [one.words for one in findings if one.level is not Level.OK] == [
        "no replica is running: nothing is drawn"
    ]


async def test_listening_at_another_database_is_told(look, bare_dsn):
    [finding] = await look("listen", listen_database_url=bare_dsn)

    assert finding.level is Level.FAIL
    assert "another database" in finding.words


async def test_listening_where_nobody_answers_is_told(look):
    [finding] = await look("listen", listen_database_url=NOWHERE)

    assert finding.level is Level.FAIL
    assert "geheim" not in finding.words


async def test_role_without_rights_is_told_what_it_lacks_and_how_to_get_it(look, connection, dsn, role):
    await role("poor", "usage on schema retrato", "select on all tables in schema retrato")

    [finding] = await look("rights", database_url=as_role(dsn, "poor"))

    assert finding.level is Level.FAIL
    assert finding.words.startswith("the role poor lacks: update on retrato.jobs; delete on retrato.jobs; ")
    assert "retrato migrate --roles poor" in finding.remedy


async def test_daemons_role_lacks_nothing(look, dsn):
    await daemon_role.make(dsn)

    findings = await look(*IN_THE_DATABASE, database_url=daemon_role.as_role(dsn))

    assert [one.words for one in findings if one.level is not Level.OK] == [
        "no replica is running: nothing is drawn"
    ]


@pytest.mark.parametrize(
    ("policy", "level"),
    [
        (None, Level.FAIL),
        ("create policy active on personas to {role} using (status = 'active')", Level.WARN),
        ("create policy everything on personas to {role} using (true)", Level.OK),
        (EVERYTHING, Level.OK),
        ("create policy others on personas to pg_monitor using (true)", Level.FAIL),
        ("create policy writing on personas for insert to {role} with check (true)", Level.FAIL),
        (f"{EVERYTHING}; create policy less on personas as restrictive using (status = 'active')", Level.WARN),
    ],
)
async def test_row_level_security_that_hides_rows_is_told(look, connection, dsn, policy, level):
    await daemon_role.make(dsn)
    await connection.execute("alter table personas enable row level security")
    if policy is not None:
        await connection.execute(policy.format(role=daemon_role.ROLE))

    [finding] = await look("row-security", database_url=daemon_role.as_role(dsn))

    assert finding.level is level


async def test_row_level_security_is_mended_by_the_roles_file(look, connection, dsn):
    await connection.execute("alter table personas enable row level security")
    await daemon_role.make(dsn)

    [finding] = await look("row-security", database_url=daemon_role.as_role(dsn))

    assert finding.level is Level.OK


@pytest.mark.parametrize(
    ("grant", "told"),
    [
        ("update on personas", "anon may raise the flag, and"),
        ("update (regenerate_avatar) on personas", "anon may raise the flag, and"),
        ("insert on personas", "anon may insert personas, and"),
        ("insert, update on personas", "anon may raise the flag and insert personas, and"),
    ],
)
async def test_anonymous_role_that_may_spend_money_is_named(look, role, grant, told):
    await role("anon", grant)

    [finding] = await look("strangers")

    assert finding.level is Level.WARN
    assert finding.words.startswith(told)
    assert "RETRATO_MONTHLY_BUDGET_USD" in finding.remedy


async def test_remedy_for_a_raised_flag_works(look, connection, role):
    await role("anon", "update on personas")
    before = await look("strangers")

    await connection.execute("revoke update (regenerate_avatar) on personas from anon")
    alone = await look("strangers")
    await connection.execute("revoke update on personas from anon; grant update (full_name) on personas to anon")
    after = await look("strangers")

    assert [levels(one) for one in (before, alone, after)] == [[Level.WARN], [Level.WARN], [Level.OK]]


async def test_what_policies_forbid_is_not_told_of_an_anonymous_role(look, connection, role):
    await role("anon", "insert, update on personas")
    await connection.execute("alter table personas enable row level security")
    closed = await look("strangers")
    await connection.execute("create policy readers on personas for select using (true)")
    readable = await look("strangers")
    await connection.execute("create policy writers on personas for update to anon using (true)")
    writable = await look("strangers")

    assert (levels(closed), levels(readable)) == ([Level.OK], [Level.OK])
    assert writable[0].words.startswith("anon may raise the flag, and")


async def test_everybody_and_functions_that_were_given_away_are_named(look, connection, role):
    await role("authenticated")
    await connection.execute("grant update on personas to public; grant usage on schema retrato to authenticated")
    await connection.execute("grant execute on function retrato.request to authenticated")

    findings = await look("strangers")

    assert [one.words.partition(",")[0] for one in findings] == [
        "authenticated may raise the flag and call retrato.request()",
        "everybody (public) may raise the flag",
    ]


async def test_wrapper_that_was_given_to_everybody_is_named_and_the_remedy_closes_it(look, dsn, connection, role):
    await role("anon")
    await rpc.apply(dsn, Exposure("public", ["anon"]))

    [broken] = await look("strangers")
    await connection.execute(broken.remedy.partition(";")[0])
    mended = await look("strangers")

    assert broken.words.startswith(
        "anon may call public.request(persona_ids text[], force boolean) and public.req"
    )
    assert (broken.level, levels(mended)) == (Level.WARN, [Level.OK])


async def test_few_connections_are_told_before_there_are_none(look, connection):
    name = await connection.fetchval("select current_database()")
    await connection.execute(f"alter role retrato connection limit 9; alter database {name} connection limit 8")
    try:
        [finding] = await look("connections")
    finally:
        await connection.execute("alter role retrato connection limit -1")

    assert finding.level in {Level.WARN, Level.FAIL}


@pytest.mark.parametrize(
    ("setting", "check", "level"),
    [
        ("default_transaction_isolation to 'serializable'", "isolation", Level.WARN),
        ("default_transaction_read_only to on", "database", Level.FAIL),
    ],
)
async def test_unsuitable_defaults_are_told(look, connection, setting, check, level):
    name = await connection.fetchval("select current_database()")
    await connection.execute(f"alter database {name} set {setting}")

    findings = await look(check)

    assert findings[-1].level is level


async def test_clocks_that_disagree_are_told(look, monkeypatch):
    monkeypatch.setattr("retrato.app.doctor.server.time.time", lambda: 1_000_000_000.0)

    [finding] = await look("clock")

    assert finding.level is Level.WARN
    assert "ahead" in finding.words


async def test_paused_failed_and_dead_work_is_told(look, connection, dsn):
    await sample.insert_company(dsn, personas=3)
    await connection.execute("update retrato.jobs set state = 'failed'")
    await connection.execute("select retrato.pause('leg', 'fal', 'the bill')")
    await connection.execute(
        "insert into retrato.replicas (id, lock_key, locks, version) values (gen_random_uuid(), 1, false, '0.0.1')"
    )

    paused, failed, *replicas = await look("paused", "failed", "replicas")

    assert "fal is paused" in paused.words
    assert "the bill" in paused.words
    assert failed.words == "3 personas have failed"
    assert [one.level for one in replicas] == [Level.OK, Level.WARN, Level.WARN]
    assert "0.0.1" in replicas[1].words


@pytest.mark.parametrize(("hours", "level"), [(0, Level.OK), (2, Level.WARN)])
async def test_replicas_of_two_releases_are_told_and_warned_of_when_it_lasts(look, connection, hours, level):
    await connection.execute(
        """
        insert into retrato.replicas (id, lock_key, locks, version, started_at)
        select gen_random_uuid(), 1, true, release, now() - make_interval(hours => $1)
        from unnest(array['0.0.1', '0.0.2']) as release
        """,
        hours,
    )

    _, releases = await look("replicas")

    assert releases.level is level
    assert "0.0.1, 0.0.2" in releases.words


@pytest.mark.parametrize(
    ("serves_from", "level", "words"),
    [(1, Level.WARN, "schema 9999"), (9999, Level.FAIL, "install the release that has migrated")],
)
async def test_schema_of_a_newer_release_is_told(look, connection, serves_from, level, words):
    await connection.execute(
        "insert into retrato.migrations (number, name, sha256) values (9999, '9999_next', '')"
    )
    await connection.execute("update retrato.installation set serves_from = $1", serves_from)

    [finding] = await look("migrated")

    assert finding.level is level
    assert words in finding.words


@pytest.mark.parametrize(("spent", "level"), [(1, Level.OK), (9, Level.WARN), (10, Level.FAIL)])
async def test_budget_that_is_spent_is_told(look, connection, spent, level):
    await connection.execute(
        "insert into retrato.budget (month, spent_usd) values (date_trunc('month', now() at time zone 'UTC'), $1)",
        spent,
    )

    [finding] = await look("budget", monthly_budget_usd=10)

    assert finding.level is level


async def test_store_in_which_another_database_collects_is_told(look, tmp_path):
    store = open_store((tmp_path / "pictures").as_uri(), public_url="")

    [nobodys] = await look("pictures", storage_url=(tmp_path / "pictures").as_uri())
    await store.set_owner("another database")
    [theirs] = await look("pictures", storage_url=(tmp_path / "pictures").as_uri())

    assert levels([nobodys, theirs]) == [Level.OK, Level.FAIL]
    assert "removes those of this one" in theirs.words


async def _version(connection, image_key: str) -> None:
    await connection.execute(
        """
        insert into retrato.avatars (
            persona_id, version, empresa_id, token, generation, image_key, thumbnail_key, image_url, thumbnail_url,
            sha256, image_bytes, width, height, provider, leg, model, prompt, attempts, took_s
        )
        select $1, 1, 'e', coalesce(max(token), 0) + 1, 1, $1, $1, '', '', '', 1, 1, 1, '', '', '', '', 1, 1
        from retrato.avatars
        """,
        image_key,
    )


async def test_store_that_has_lost_its_mark_is_told_with_the_command_that_confirms_a_new_one(
    look, connection, tmp_path
):
    await _version(connection, "e/p/v1-1-0123456789abcdef.jpg")

    [lost] = await look("pictures", storage_url=(tmp_path / "unmounted").as_uri())

    assert lost.level is Level.FAIL
    assert "nothing is drawn" in lost.words
    assert "retrato gc --yes" in lost.remedy


async def test_pictures_that_are_missing_are_told_though_the_mark_is_there(look, connection, tmp_path):
    store = open_store((tmp_path / "pictures").as_uri(), public_url="")
    for number in range(4):
        key = f"e/p{number}/v1-1-0123456789abcdef.jpg"
        await _version(connection, key)
        if number:
            await store.put(key, b"picture")

    [unmarked, missing] = await look("pictures", storage_url=(tmp_path / "pictures").as_uri())

    assert levels([unmarked, missing]) == [Level.OK, Level.FAIL]
    assert "1 of 4 pictures" in missing.words


async def insert_personas(connection, count):
    """Personas of an hour ago."""
    await connection.execute(
        "with company as (insert into empresas (codigo, nome, descricao) values ('A', 'ARVA', '-') returning id) "
        "insert into personas (persona_code, full_name, role, empresa_id, created_at) "
        "select 'P' || n, 'Ana', 'CEO', id, now() - interval '1 hour' "
        "from company, generate_series(1, $1::integer) n",
        count,
    )


async def test_addresses_with_another_prefix_are_counted_and_the_command_is_named(look, connection):
    await insert_personas(connection, 1)
    persona_id = await connection.fetchval("select id::text from personas")
    key = f"e/{persona_id}/v1-1-0123456789abcdef.jpg"
    await connection.execute("insert into retrato.public_urls (url) values ('https://old.example')")
    await connection.execute("update personas set avatar_image_url = 'https://old.example/' || $1", key)

    [found] = await look("addresses", public_url="https://new.example")
    [followed] = await look("addresses", public_url="https://old.example/")

    assert (found.level, "1 rows" in found.words) == (Level.WARN, True)
    assert "retrato readdress" in found.remedy
    assert followed.level is Level.OK


@pytest.mark.parametrize(
    ("prompted", "told", "level"),
    [(3, "name", Level.WARN), (3, "prompt", Level.OK), (1, "name", Level.OK), (1, "prompt", Level.WARN)],
)
async def test_ready_when_fits_what_the_application_does_with_its_prompts(
    look, dsn, connection, prompted, told, level
):
    await migrations.apply(dsn, HostMapping(ready_when=told))
    await insert_personas(connection, 4)
    await connection.execute(
        "insert into personas_avatares (persona_id, prompt_image) "
        "select id, 'A portrait' from personas order by persona_code limit $1",
        prompted,
    )

    findings = await look("ready-when", ready_when=told)

    assert [one.level for one in findings] == [level]
    assert f"{prompted} of 4 personas have a ready prompt" in findings[0].words
    assert f"for {prompted} it was written after the persona" in findings[0].words


async def test_table_that_does_not_take_an_avatar_is_told_before_one_is_paid_for(look, connection, dsn):
    await sample.insert_company(dsn, personas=1)
    [before] = await look("writing")
    await connection.execute("alter table personas add constraint local check (avatar_image_url not like 'http%')")

    [after] = await look("writing")

    assert levels([before, after]) == [Level.OK, Level.FAIL]
    assert "rolled back" in before.words
    assert '"local"' in after.words


async def test_long_public_address_that_a_column_does_not_hold_is_told(look, connection):
    await connection.execute("alter table personas_avatares alter avatar_thumbnail_url type varchar(200)")

    [fits] = await look("writing")
    [long] = await look("writing", public_url=f"https://cdn.example/{'x' * 150}")

    assert levels([fits, long]) == [Level.OK, Level.FAIL]
    assert "holds 200 characters" in long.words


async def test_short_timeout_of_statements_is_told(look, connection):
    name = await connection.fetchval("select current_database()")
    [before] = await look("timeouts")
    await connection.execute(f"alter database {name} set statement_timeout to '2s'")

    [after] = await look("timeouts")

    assert levels([before, after]) == [Level.OK, Level.WARN]
    assert "statement_timeout is 2 s" in after.words
