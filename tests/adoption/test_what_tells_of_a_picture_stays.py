"""
Rows beside a picture that the application writes anew: what Retrato wrote there stays, as does what is theirs.

Pages filter on what tells of a picture (``ativo``), and what is wrong there is as bad as a picture that is gone.
"""

import json

import pytest
from tests.adoption.hosts import CRM, SINGLE, A, B, C
from tests.adoption.places import opened, words_beside
from tests.adoption.variants import FRESH, case
from tests.store.support import connected

from retrato.store import migrations

TABLE = {A: "personas_avatares", B: "avatares_personas", C: "personas_avatares"}
# What an application writes that prepares new prompts and knows nothing of the picture that is there.
PREPARED = {
    A: """
        prompt_usado = 'a new prompt', servico_usado = 'pending_fal_ai', versao = '1', ativo = false,
        metadados = '{"prompt_generation": {"model": "x"}}'
    """,
    B: """
        prompt_usado = 'a new prompt', servico_usado = 'nano_banana', versao = 7, ativo = false,
        metadados = '{"prompt_generation": {"model": "x"}}'
    """,
    C: """
        prompt_usado = 'a new prompt', avatar_service = 'pending_fal_ai', generation_service = 'gemini',
        avatar_seed = null, generated_at = null
    """,
}
OURS = {
    A: (
        *("avatar_url", "avatar_thumbnail_url", "avatar_local_path", "avatar_thumbnail_local_path"),
        *("servico_usado", "ativo"),
    ),
    B: ("avatar_url", "avatar_thumbnail_url", "servico_usado", "versao", "ativo"),
    C: (
        *("avatar_url", "avatar_thumb_path", "avatar_local_path"),
        *("avatar_service", "generation_service", "avatar_seed"),
    ),
}
OWN = "https://cdn.example/upload.jpg"
DICEBEAR = "https://api.dicebear.com/7.x/avataaars/svg?seed=Ana"


@pytest.fixture(params=[case(A), case(B), case(C)])
def host(request):
    return request.param


@pytest.fixture
def variant():
    return FRESH


@pytest.fixture
async def drawn(place):
    """A persona with its first picture."""
    await place.insert()
    return await place.draw()


class Beside:
    """The rows of one persona in the table of avatars."""

    def __init__(self, place, persona_id):
        self.place = place
        self.persona_id = persona_id
        self.table = TABLE[place.host]
        self.where = f"persona_id = $1::text::{place.host.key_type}"

    async def rows(self):
        rows = await self.place.connection.fetch(
            f"select to_jsonb(t) as row from {self.table} t where {self.where} order by id", self.persona_id
        )
        return [json.loads(row["row"]) for row in rows]

    async def row(self):
        [row] = await self.rows()
        return row

    async def update(self, changes, more=""):
        await self.place.connection.execute(
            f"update {self.table} set {changes} where {self.where} {more}", self.persona_id
        )

    async def replace(self, **columns):
        """The row is thrown away, and another one inserted."""
        row = {"persona_id": self.persona_id, **columns}
        async with self.place.connection.transaction():
            await self.place.connection.execute(f"delete from {self.table} where {self.where}", self.persona_id)
            await self.place.connection.execute(
                f"insert into {self.table} ({', '.join(row)}) "
                f"select {', '.join(row)} from jsonb_populate_record(null::{self.table}, $1)",
                json.dumps(row),
            )


@pytest.fixture
def beside(place, drawn):
    return Beside(place, drawn.persona_id)


def ours(host, row):
    entry = (row.get("metadados") or {}).get("flux_generation")
    return {column: row[column] for column in OURS[host]} | {"flux_generation": entry}


async def test_prompts_that_are_written_anew_leave_what_tells_of_the_picture(host, beside):
    before = await beside.row()

    await beside.update(PREPARED[host])

    after = await beside.row()
    assert ours(host, after) == ours(host, before)
    assert after["prompt_usado"] == "a new prompt"
    assert after.get("generated_at") == before.get("generated_at")
    if host is not C:
        assert after["metadados"]["prompt_generation"] == {"model": "x"}


@pytest.mark.parametrize("url", ["avatar_url", "''", f"'{DICEBEAR}'", "null"])
@pytest.mark.parametrize("host", [case(A), case(C)])
async def test_prompts_that_come_with_an_address_that_is_none_leave_the_picture(host, beside, url):
    before = await beside.row()

    await beside.update(f"{PREPARED[host]}, avatar_url = {url}, avatar_local_path = {url}")

    assert ours(host, await beside.row()) == ours(host, before)


@pytest.mark.parametrize("columns", [(), ("metadados",), ("ativo",), ("metadados", "ativo")])
async def test_row_that_is_thrown_away_and_inserted_again_tells_of_the_picture(host, beside, columns):
    before = await beside.row()
    prepared = {
        A: {"servico_usado": "pending_fal_ai", "prompt_usado": "new"},
        B: {"servico_usado": "nano_banana", "prompt_usado": "new", "avatar_url": "", "versao": 1},
        C: {"avatar_service": "pending", "prompt_usado": "new"},
    }[host]
    theirs = {"metadados": {"prompt_generation": {"model": "x"}}, "ativo": False}
    prepared |= {column: theirs[column] for column in columns if column in before}

    await beside.replace(**prepared)

    after = await beside.row()
    told = dict(ours(host, after))
    entry, was = told.pop("flux_generation"), ours(host, before)
    if host is not C:
        assert (entry["version"], entry["seed_used"]) == (1, was["flux_generation"]["seed_used"])
        assert entry["sha256"] == "ab" * 32
        assert ("prompt_generation" in after["metadados"]) == ("metadados" in columns)
    was.pop("flux_generation")
    assert told == was
    assert after["prompt_usado"] == "new"
    assert host is not C or after["generated_at"] is not None


@pytest.mark.parametrize("host", [case(A)])
@pytest.mark.parametrize("active", ["excluded.ativo", "false"], ids=["as it was proposed", "as it is written"])
@pytest.mark.parametrize("prompt", ["a new prompt", "the same prompt"])
async def test_upsert_leaves_what_tells_of_the_picture(host, beside, active, prompt):
    await beside.update("prompt_usado = 'the same prompt'")
    before = await beside.row()

    await beside.place.connection.execute(
        f"""
        insert into personas_avatares (persona_id, prompt_usado, servico_usado, versao, ativo, metadados)
        values ($1::text::uuid, $2, 'pending_fal_ai', '1', false, '{{"prompt_generation": {{"model": "x"}}}}')
        on conflict (persona_id) do update
        set
            prompt_usado = excluded.prompt_usado, servico_usado = excluded.servico_usado,
            versao = excluded.versao, ativo = {active}, metadados = excluded.metadados
        """,
        beside.persona_id,
        prompt,
    )

    after = await beside.row()
    assert ours(host, after) == ours(host, before)
    assert after["prompt_usado"] == prompt
    assert set(after["metadados"]) == {"prompt_generation", "flux_generation"}


@pytest.mark.parametrize("host", [case(A), case(B)])
@pytest.mark.parametrize(
    "written", ["null", "'null'", "'{}'", """'{"own": 1}'""", """'{"flux_generation": null}'"""]
)
async def test_metadata_that_are_written_whole_keep_our_entry(host, beside, written):
    before = await beside.row()

    await beside.update(f"metadados = {written}")

    after = await beside.row()
    assert ours(host, after) == ours(host, before)
    assert after["metadados"].get("own") == (1 if "own" in written else None)


@pytest.mark.parametrize("host", [case(A), case(C)])
async def test_address_of_an_earlier_version_makes_room_for_the_newest(host, place, beside, drawn):
    old = await beside.row()
    await place.force(drawn.persona_id)
    second = await place.draw()
    new = await beside.row()
    thumbnail = "avatar_thumbnail_url" if host is A else "avatar_thumb_path"

    await beside.update(f"avatar_url = '{old['avatar_url']}'")
    alone = await beside.row()
    await beside.update(f"{thumbnail} = '{old[thumbnail]}', {PREPARED[host]}")
    together = await beside.row()
    del old["id"]
    await beside.replace(**old)
    replaced = await beside.row()

    assert new["avatar_url"] == second.image_url
    assert ours(host, alone) == ours(host, new)
    assert ours(host, together) == ours(host, new)
    assert replaced["avatar_url"] == replaced["avatar_local_path"] == second.image_url
    assert replaced[thumbnail] == second.thumbnail_url


async def test_picture_of_the_applications_own_stays_with_all_that_it_says_of_it(host, beside):
    own = {
        A: "servico_usado = 'upload', metadados = '{\"upload\": true}', ativo = false, avatar_local_path = null",
        B: "servico_usado = 'midjourney', metadados = '{\"upload\": true}', versao = 9",
        C: "avatar_service = 'upload', avatar_seed = null, generated_at = null, avatar_local_path = null",
    }[host]

    await beside.update(f"avatar_url = '{OWN}', {own}")
    after = await beside.row()
    await beside.update(PREPARED[host])
    again = await beside.row()

    assert after["avatar_url"] == again["avatar_url"] == OWN
    assert host is C or after["metadados"] == {"upload": True}
    assert after.get("avatar_local_path") is None
    assert {A: "upload", B: "midjourney", C: None}[host] == after.get("servico_usado")
    assert host is C or "flux_generation" not in again["metadados"]
    assert again["prompt_usado"] == "a new prompt"


@pytest.mark.parametrize("host", [case(A), case(B)])
async def test_row_that_is_made_inactive_and_nothing_else_stays_so(host, beside):
    await beside.update("ativo = false")
    hidden = await beside.row()
    await beside.update(PREPARED[host])
    prepared = await beside.row()
    await beside.update("ativo = true")

    assert not hidden["ativo"]
    assert not prepared["ativo"]
    assert "flux_generation" in prepared["metadados"]
    assert (await beside.row())["ativo"]


@pytest.mark.parametrize("host", [case(A), case(C)])
async def test_address_that_is_taken_away_and_nothing_else_stays_away(host, beside):
    await beside.update("avatar_url = null, avatar_local_path = null")
    await beside.update(PREPARED[host])

    assert (await beside.row())["avatar_url"] is None
    assert (await beside.row())["avatar_local_path"] is None


@pytest.mark.parametrize("host", [case(A)])
async def test_copies_that_the_application_makes_of_our_picture_stay(host, beside):
    local = {"avatar_local_path": "/avatars/a/b.jpg", "avatar_thumbnail_local_path": "/avatars/a/b_thumb.jpg"}
    changes = ", ".join(f"{column} = '{value}'" for column, value in local.items())
    await beside.update(f"{changes}, metadados = metadados || '{{\"local_storage\": {{}}}}'")
    before = await beside.row()

    await beside.update(PREPARED[host])

    after = await beside.row()
    assert {column: after[column] for column in local} == local
    assert ours(host, after) == ours(host, before)


async def test_picture_that_is_drawn_anew_is_told_of_after_all_that(host, place, beside, drawn):
    await beside.update(PREPARED[host])
    await place.force(drawn.persona_id)

    second = await place.draw(seed=7, service="fal_flux-2", provider="fal", model="fal-ai/flux-2")

    row = next(row for row in await beside.rows() if row.get("ativo", True))
    assert row["avatar_url"] == second.image_url
    if host is C:
        assert (row["avatar_service"], row["avatar_seed"]) == ("fal_flux-2", 7)
    else:
        assert row["servico_usado"] == ("fal_flux-2" if host is A else "custom")
        assert row["metadados"]["flux_generation"]["version"] == 2
        assert "prompt_generation" in row["metadados"]


@pytest.mark.parametrize("host", [case(A), case(B), case(C)])
async def test_restored_version_is_told_of_too(host, place, beside, drawn):
    await place.force(drawn.persona_id)
    await place.draw(seed=7, service="fal_flux-2", provider="fal", model="fal-ai/flux-2")

    assert await place.database_value("select retrato.restore($1, 1)", drawn.persona_id) == 3
    row = next(row for row in await beside.rows() if row.get("ativo", True))
    await beside.update(PREPARED[host], more="and " + ("ativo" if host is not C else "true"))

    after = next(row for row in await beside.rows() if row.get("ativo", True))
    assert row["avatar_url"] == after["avatar_url"] == drawn.image_url
    assert ours(host, after) == ours(host, row)


@pytest.mark.parametrize("host", [case(B)])
async def test_rows_of_earlier_versions_stay_what_they_are_where_all_are_written(host, place, beside, drawn):
    await place.force(drawn.persona_id)
    await place.draw()
    before = await beside.rows()

    await beside.update(PREPARED[host])
    prepared = await beside.rows()
    await beside.update("ativo = true, metadados = null")

    assert [row["ativo"] for row in before] == [False, True]
    assert [ours(host, row) for row in prepared] == [ours(host, row) for row in before]
    assert [ours(host, row) for row in await beside.rows()] == [ours(host, row) for row in before]


@pytest.mark.parametrize("host", [case(B)])
async def test_row_for_a_new_prompt_beside_the_active_one_stays_as_it_is(host, beside):
    await beside.place.connection.execute(
        """
        insert into avatares_personas (persona_id, avatar_url, prompt_usado, ativo, servico_usado)
        values ($1::text::bigint, '', 'new', false, 'nano_banana')
        """,
        beside.persona_id,
    )

    first, second = await beside.rows()
    assert (first["ativo"], second["ativo"], second["servico_usado"]) == (True, False, "nano_banana")


@pytest.mark.parametrize("host", [case(C), case(SINGLE), case(CRM)])
@pytest.mark.parametrize("written", ["null", "'null'", "'{}'", """'{"own": 1}'"""])
async def test_metadata_of_the_personas_own_table_keep_our_entry(host, place, drawn, written):
    column = {C: "metadata", SINGLE: "avatar_metadata", CRM: '"order"'}[host]
    [before] = await place.shown(drawn.persona_id)

    await place.connection.execute(
        f"update {host.people} set {column} = {written} where {host.where()}", drawn.persona_id
    )

    [after] = await place.shown(drawn.persona_id)
    assert words_beside(after)["flux_generation"] == words_beside(before)["flux_generation"]
    assert after["avatar_url"] == drawn.image_url
    assert words_beside(after).get("own") == (1 if "own" in written else None)


@pytest.mark.parametrize("host", [case(C), case(SINGLE), case(CRM)])
async def test_team_that_is_written_with_the_address_that_was_read_before_shows_the_newest(host, place, drawn):
    column = {C: "metadata", SINGLE: "avatar_metadata", CRM: '"order"'}[host]
    url = "photo" if host is CRM else "avatar_url"
    await place.force(drawn.persona_id)
    second = await place.draw()
    statement = f"update {host.people} set {url} = $2{{}} where {host.where()}"

    await place.connection.execute(statement.format(""), drawn.persona_id, drawn.image_url)
    [alone] = await place.shown(drawn.persona_id)
    whole = statement.format(f""", {column} = '{{"origem": "chat"}}'""")
    await place.connection.execute(whole, drawn.persona_id, drawn.image_url)
    [together] = await place.shown(drawn.persona_id)
    await place.connection.execute(whole, drawn.persona_id, OWN)
    [own] = await place.shown(drawn.persona_id)

    assert alone["avatar_url"] == together["avatar_url"] == second.image_url
    assert words_beside(together)["origem"] == "chat"
    assert words_beside(together)["flux_generation"]["version"] == 2
    assert own["avatar_url"] == OWN
    assert words_beside(own) == {"origem": "chat"}


@pytest.mark.parametrize("host", [case(A)])
async def test_prompt_of_the_applications_own_stays_where_ours_was(host, place, drawn):
    await place.connection.execute(
        """
        update personas
        set avatar_image_prompt = 'theirs', avatar_image_url = null, avatar_image_generated_at = null
        where id = $1::text::uuid
        """,
        drawn.persona_id,
    )

    row = await place.connection.fetchrow("select * from personas where id = $1::text::uuid", drawn.persona_id)
    assert (row["avatar_image_prompt"], row["avatar_image_url"]) == ("theirs", drawn.image_url)
    assert row["avatar_image_generated_at"] is not None


@pytest.mark.parametrize("host", [case(A), case(B), case(C)])
async def test_our_own_writes_do_not_call_the_triggers_that_put_back(host, bare):
    await migrations.apply(bare.dsn, host.mapping)
    async with connected(bare.dsn) as owner:
        for function in ("on_avatar_cover", "on_personas_cover"):
            await owner.execute(
                f"create or replace function retrato.{function}() returns trigger language plpgsql "
                "as $$ begin if current_setting('retrato.writes', true) = 'true' then raise exception 'called'; "
                "end if; return new; end $$"
            )

    async with opened(host, bare) as place:
        persona_id = await place.insert()
        first = await place.draw()
        await place.force(persona_id)
        await place.draw()
        restored = await place.database_value("select retrato.restore($1, 1)", persona_id)
        [row] = await place.shown(persona_id)

    assert (row["avatar_url"], restored) == (first.image_url, 3)
