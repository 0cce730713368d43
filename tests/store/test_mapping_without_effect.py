"""A mapping that can have no effect is a mistake, and is refused by name."""

import pytest
from tests.store.support import connected

from retrato.domain.errors import ConfigError
from retrato.settings import load
from retrato.store import migrations
from retrato.store.mapping import HostMapping

PERSONAS = """
create table personas (
    id bigint generated always as identity primary key,
    name text,
    notes text,
    photo text,
    extra jsonb,
    made_at timestamptz,
    status text,
    here boolean
)
"""
AVATARES = "create table personas_avatares (persona_id bigint, avatar_url text, metadados jsonb)"
BARE = "create table faces (owner_no bigint, note text)"


async def plan(bare_dsn, mapping, *tables):
    async with connected(bare_dsn) as connection:
        for table in (PERSONAS, *tables):
            await connection.execute(table)
        return await migrations.plan(connection, mapping)


@pytest.mark.parametrize(
    ("mapping", "tables", "named"),
    [
        (HostMapping(avatares="faces"), (), "faces"),
        (HostMapping(empresas="crm.accounts"), (), "crm.accounts"),
        (HostMapping(preset="b"), (), "avatares_personas"),
        (HostMapping(preset="a"), (), "personas_avatares"),
        (HostMapping(preset="single", avatares="personas_avatares"), (AVATARES,), "preset"),
        (HostMapping(avatares_columns={"gender": "sex"}), (), "avatares_columns"),
        (HostMapping(avatares_columns={"gender": ""}), (), "avatares_columns"),
        (HostMapping(avatares="", avatares_columns={"persona_id": "owner_no"}), (BARE,), "avatares_columns"),
        (HostMapping(avatares="faces"), (BARE,), "persona_id"),
        (HostMapping(columns={"metadata": "notes"}), (), "metadata"),
        (HostMapping(columns={"metadata": "extra"}), (AVATARES,), "metadata"),
        (HostMapping(columns={"created_at": "notes"}), (), "created_at"),
        (HostMapping(columns={"avatar_url": "photo", "thumbnail_url": "photo"}), (), "photo"),
        (HostMapping(columns={"avatar_url": "name"}), (), "name"),
        (HostMapping(columns={"status": "extra"}), (), "status"),
        (HostMapping(columns={"active": "made_at"}), (), "active"),
        (HostMapping(columns={"deleted": "extra"}), (), "deleted"),
        (HostMapping(columns={"status": "here"}, inactive_words=("I",)), (), "inactive_words"),
        (HostMapping(columns={"status": ""}, inactive_words=("I",)), (), "inactive_words"),
        (HostMapping(columns={"role": "nowhere"}), (), "nowhere"),
    ],
)
async def test_mapping_without_effect_is_refused_by_name(bare_dsn, mapping, tables, named):
    with pytest.raises(ConfigError, match=named):
        await plan(bare_dsn, mapping, *tables)


@pytest.mark.parametrize(
    ("mapping", "tables"),
    [
        (HostMapping(), ()),
        (HostMapping(avatares="", empresas=""), ()),
        (HostMapping(columns={"metadata": "extra", "created_at": "made_at", "deleted": "made_at"}), ()),
        (HostMapping(columns={"metadata": "", "thumbnail_url": ""}), (AVATARES,)),
        (HostMapping(preset="a"), (AVATARES,)),
        (HostMapping(preset="single"), (AVATARES,)),
        (HostMapping(columns={"status": "here"}), ()),
        (HostMapping(inactive_words=("I",)), ()),
    ],
)
async def test_mapping_with_an_effect_is_taken(bare_dsn, mapping, tables):
    assert await plan(bare_dsn, mapping, *tables)


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ('[host]\npersnas = "crm.people"', "persnas"),
        ('[host]\nready_when = "prompt"', "RETRATO_READY_WHEN"),
        ("[host]\nregenerate_on_change = true", "RETRATO_REGENERATE_ON_CHANGE"),
        ('[host]\nplaceholder_pictures = ["cdn.example/x"]', "RETRATO_PLACEHOLDER_PICTURES"),
        ('[host.empresas_columns]\nnaem = "x"', "naem"),
        ('[host.columns]\nnaem = "x"', "naem"),
        ('[host.avatares_columns]\nnaem = "x"', "naem"),
        ('[host]\ninactive_words = [""]', "inactive_words"),
    ],
)
def test_key_that_means_nothing_is_refused_by_name(tmp_path, monkeypatch, toml, named):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "retrato.toml").write_text(toml, encoding="utf-8")

    with pytest.raises(ConfigError, match=named):
        load()
