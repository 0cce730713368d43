"""Databases in other encodings than UTF-8, the whole way: moving in, names, prompts, errors, metadata."""

import json
import re
from dataclasses import replace

import pytest
from tests import daemon_role
from tests.store.support import BID, claim_one, connected, finished_for, new_replica

from retrato.domain.errors import ConfigError
from retrato.domain.faults import Fault
from retrato.store import migrations
from retrato.store.attempts import AttemptLog
from retrato.store.avatars import Avatars, Outcome
from retrato.store.control import Control, Scope
from retrato.store.database import Database
from retrato.store.encoding import codec_of
from retrato.store.host import Host
from retrato.store.personas import Personas
from retrato.store.queries import read, sql_folder
from retrato.store.rights import backlog_role_sql, roles_sql

NAMES = {
    "LATIN1": "João Conceição",
    "LATIN9": "João Conceição, 5 €",
    "LATIN2": "Łukasz Dvořák",
    "WIN1252": "João “Zé” Conceição, 5 €",
    "WIN1250": "Łukasz Dvořák",
    "WIN1251": "Анна Каренина",
    "KOI8R": "Анна Каренина",
    "ISO_8859_7": "Ελένη",
    "EUC_JP": "田中ゆき",
    "EUC_KR": "김민지",
    "EUC_CN": "王小明",
    "UTF8": "João 田中 🙂",
}
STRANGE = "the model said: 田中 → João 🙂 “no” Łukasz Ελένη"
TABLES = """
create table empresas (id int primary key, nome text);
create table personas (id int primary key, full_name text, empresa_id int);
create table personas_avatares (persona_id int, avatar_url text, metadados jsonb, prompt_usado text);
"""


@pytest.fixture
async def database_in(postgres):
    """Makes databases in an encoding, and takes them away."""
    made = []

    async def make(encoding):
        name = f"encoding_{encoding.lower()}"
        async with connected(postgres.dsn) as connection:
            await connection.execute(f"drop database if exists {name} with (force)")
            await connection.execute(
                f"create database {name} encoding '{encoding}' locale_provider libc locale 'C' template template0"
            )
        made.append(name)
        return postgres.dsn_for(name)

    yield make
    async with connected(postgres.dsn) as connection:
        for name in made:
            await connection.execute(f"drop database {name} with (force)")


def fits(text, encoding):
    return text if encoding == "UTF8" else text.encode(codec_of(encoding), "replace").decode(codec_of(encoding))


@pytest.mark.parametrize(("encoding", "name"), NAMES.items(), ids=NAMES)
async def test_persona_is_drawn_in_this_encoding(database_in, encoding, name):
    dsn = await database_in(encoding)
    async with connected(dsn) as owner:
        await owner.execute(TABLES)
    await migrations.apply(dsn)
    await migrations.apply(dsn)
    database = Database(dsn)
    await database.open()
    try:
        async with connected(dsn) as owner:
            await owner.execute("insert into empresas values (1, $1)", name)
            await owner.execute("insert into personas values (1, $1, 1)", name)
            host = await Host.read(owner)
            jobs = new_replica(database)
            job = await claim_one(jobs)
            draft = await Personas(database, host).read(job.persona_id)
            log = AttemptLog(database)
            bid = replace(BID, order=replace(BID.order, prompt=STRANGE))
            await log.fail(await log.begin(job, bid), fault=Fault.TRANSIENT, error=STRANGE, cost_usd=None)
            await jobs.retry(job, most_attempts=3, delay_s=0, fault="transient", error=STRANGE)
            await Control(database).pause(Scope.EMPRESA, "another", reason=STRANGE)
            said = await owner.fetchrow(
                "select j.last_error, t.error, p.reason from retrato.jobs j, retrato.attempts t, retrato.pauses p"
            )
            await owner.execute("select retrato.cancel(array['1']); select retrato.request(array['1'])")
            metadata = {"flux_generation": {"prompt": STRANGE, "→": [1.5, None]}}
            finished = finished_for(await claim_one(jobs), prompt=STRANGE, metadados=metadata)
            outcome = await Avatars(database).write(finished)

            avatar = await owner.fetchrow("select * from retrato.avatars")
            metadata = json.loads(await owner.fetchval("select metadados from personas_avatares"))
            assert (draft.persona.name, draft.persona.empresa_name, outcome) == (name, name, Outcome.WRITTEN)
            assert avatar["prompt"] == fits(STRANGE, encoding)
            assert metadata["flux_generation"]["prompt"] == fits(
                finished.metadados["flux_generation"]["prompt"], encoding
            )
            assert set(said) == {fits(STRANGE, encoding)}
    finally:
        await database.close()


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "MULE_INTERNAL", "EUC_TW"])
async def test_encoding_of_which_nobody_knows_what_it_says_is_refused_by_name(database_in, encoding):
    dsn = await database_in(encoding)

    with pytest.raises(ConfigError, match=encoding):
        await migrations.apply(dsn)
    with pytest.raises(ConfigError, match=encoding):
        await Database(dsn).open()


async def test_all_that_is_sent_is_ascii(connection):
    host = await Host.read(connection)
    files = [path.relative_to(sql_folder()) for path in sql_folder().rglob("*.sql") if "sample" not in path.parts]
    steps = await migrations.plan(connection)

    sent = {str(name): read(str(name)) for name in files if name.name != "schema.snapshot.sql"}
    sent |= {step.words: step.sql for step in steps}
    sent |= {"roles": roles_sql(host, daemon_role.ROLE), "backlog": backlog_role_sql("backlog")}

    assert len(sent) > 100
    assert [name for name, sql in sent.items() if not sql.isascii()] == []
    assert re.search("Forcar", sent["triggers/30_on_update.sql"])
