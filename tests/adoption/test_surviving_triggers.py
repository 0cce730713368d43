"""No statement of the application fails because of Retrato, whatever became of its columns or of our schema."""

import pytest
from tests.store.support import Application, connected, insert_company, queued

# What an application's migration may do while the triggers are those of the shape before it.
CHANGES = {
    "name renamed": "alter table personas rename column full_name to display_name",
    "name retyped": "alter table personas alter column full_name type text",
    "name's domain": "create domain label as text; alter table personas alter column full_name type label",
    "company renamed": "alter table personas rename column empresa_id to tenant_id",
    "company retyped": "alter table personas drop constraint personas_empresa_id_fkey, "
    "alter column empresa_id type text",
    "status dropped": "alter table personas drop column status",
    "status an enum": "create type standing as enum ('active', 'inactive', 'archived'); "
    "alter table personas drop constraint personas_status_check, alter column status drop default; "
    "alter table personas alter column status type standing using status::standing",
    "address dropped": "alter table personas drop column avatar_image_url",
    "time retyped": "alter table personas alter column avatar_image_generated_at type text",
    "flag dropped": "alter table personas drop column regenerate_avatar",
    "flag retyped": "alter table personas alter column regenerate_avatar drop default, "
    "alter column regenerate_avatar type text, alter column regenerate_avatar set default 'false'",
    "key renamed": "alter table personas rename column id to persona_key",
    "key retyped": "alter table personas_avatares drop constraint personas_avatares_persona_id_fkey; "
    "alter table personas alter column id type text",
    "table renamed": "alter table personas rename to people",
    "table moved": "create schema elsewhere; alter table personas set schema elsewhere",
    "row beside renamed": "alter table personas_avatares rename column prompt_usado to prompt_text",
    "row beside retyped": "alter table personas_avatares alter column avatar_url type varchar(2000)",
    "row beside dropped": "drop table personas_avatares cascade",
    "queue dropped": "drop table retrato.jobs cascade",
    "versions dropped": "drop table retrato.avatars cascade",
    "looks dropped": "drop table retrato.looks cascade",
    "function dropped": "drop function retrato.enqueue cascade",
    "function raises": "create or replace function "
    "retrato.enqueue(persona_ids text[], empresa_ids text[], lane smallint, force boolean) "
    "returns integer language plpgsql as $$ begin raise exception 'broken'; end $$",
    "function divides": "create or replace function "
    "retrato.free_round(lane smallint, empresa_id text, next bigint) "
    "returns bigint language sql as $$ select 1 / 0 $$",
    "schema dropped": "drop schema retrato cascade",
}
TABLE = "select c.oid::regclass::text from pg_class c where relname in ('personas', 'people') and relkind = 'r'"
COLUMNS = "select array_agg(attname::text) from pg_attribute where attrelid = to_regclass($1) and not attisdropped"


class Owner:
    """An application that knows its own columns, whatever they are called now."""

    def __init__(self, connection, empresa_id):
        self.connection, self.empresa_id = connection, empresa_id
        self.told = []
        connection.add_log_listener(self._hear)

    def _hear(self, _connection, message):
        if message.severity == "WARNING":
            self.told.append(message.message)

    async def look(self):
        self.table = await self.connection.fetchval(TABLE)
        columns = await self.connection.fetchval(COLUMNS, self.table)
        self.name = next(name for name in ("full_name", "display_name") if name in columns)
        self.company = next(name for name in ("empresa_id", "tenant_id") if name in columns)
        self.key = next(name for name in ("id", "persona_key") if name in columns)
        self.flag = "regenerate_avatar" if "regenerate_avatar" in columns else None
        self.address = "avatar_image_url" if "avatar_image_url" in columns else None

    def into(self, code, name):
        return (
            f"insert into {self.table} (persona_code, {self.name}, role, {self.company}) "
            f"values ('{code}', '{name}', 'CEO', '{self.empresa_id}')"
        )

    async def work(self):
        """All kinds of statements that reach a trigger of ours, on a session that has used them before."""
        await self.look()
        run = self.connection.execute
        upsert = f"on conflict (persona_code) do update set {self.name} = excluded.{self.name}"
        await run(self.into("new", "Bia"))
        await run(self.into("old", "Eva") + f" {upsert}")
        await run(self.into("new", "Bia Reis") + f" {upsert}")
        await self.connection.copy_records_to_table(
            self.table.rpartition(".")[2],
            schema_name=self.table.rpartition(".")[0] or None,
            records=[("copied", "Ida", "CEO")],
            columns=["persona_code", self.name, "role"],
        )
        await run(f"update {self.table} set {self.name} = 'Named' where persona_code = 'placeholder'")
        if self.flag:
            await run(f"update {self.table} set {self.flag} = 'true'")
        if self.address:
            await run(f"update {self.table} set {self.address} = 'https://api.dicebear.com/7.x/a.svg'")
        if await self.connection.fetchval("select to_regclass('personas_avatares') is not null"):
            await run("update personas_avatares set avatar_url = null")
            await run("update personas_avatares set updated_at = now()")
            await run(
                f"insert into personas_avatares (persona_id) select {self.key}::text::uuid from {self.table} p "
                f"where not exists (select from personas_avatares a where a.persona_id::text = p.{self.key}::text)"
            )
        await run(f"delete from {self.table} where persona_code = 'new'")
        await run(f"truncate {self.table} cascade")


@pytest.fixture
async def app(connection):
    """The application on a database of this test's own: what it does to its tables is not undone."""
    return Application(connection, await insert_company(connection))


@pytest.fixture
async def owner(app):
    """An application whose session has used every trigger."""
    await app.connection.execute("alter table personas alter column empresa_id drop not null")
    owner = Owner(app.connection, app.empresa_id)
    await owner.look()
    await app.insert("Ana", persona_code="old")
    await app.insert("[A GERAR]", persona_code="placeholder")
    async with app.connection.transaction():
        await owner.work()
    assert not owner.told
    await app.insert("Ana", persona_code="old")
    await app.insert("[A GERAR]", persona_code="placeholder")
    await app.connection.execute("insert into personas_avatares (persona_id) select id from personas")
    return owner


@pytest.mark.parametrize("change", CHANGES)
async def test_application_works_on_after_it_has_changed_its_tables_or_somebody_ours(owner, change):
    await owner.connection.execute("drop view retrato.persona_status")  # it alone may be in the way of the change
    await owner.connection.execute(CHANGES[change])

    await owner.work()

    assert await owner.connection.fetchval(f"select count(*) from {owner.table}") == 0


async def test_lock_of_ours_that_is_not_had_in_time_costs_the_application_nothing(app, dsn):
    owner = Owner(app.connection, app.empresa_id)
    await owner.look()
    flagged = await app.insert("Ana", persona_code="old")
    await app.connection.execute("set lock_timeout = '50ms'")

    async with connected(dsn) as other, other.transaction():
        await other.execute("lock table retrato.jobs in access exclusive mode")
        await app.insert("Bia")
        await app.raise_flag(flagged)
        await app.delete(flagged)

    assert await app.connection.fetchval("select count(*) from personas") == 1
    assert len(owner.told) == 3


async def test_warning_is_given_once_in_a_transaction(app):
    owner = Owner(app.connection, app.empresa_id)
    await owner.look()
    await app.connection.execute("drop view retrato.persona_status")
    await app.connection.execute("alter table personas rename column status to standing")

    async with app.connection.transaction():
        for _ in range(3):
            await app.insert("Ana")

    assert len(owner.told) == 1
    assert "Retrato leaves this to its sweep" in owner.told[0]


async def test_trigger_that_travelled_with_a_renamed_table_does_nothing_for_the_table_in_its_place(app):
    await app.insert("Ana")
    await app.connection.execute(
        "alter table personas rename to former; create table public.personas (like former including all)"
    )
    await app.connection.execute("delete from former; truncate former cascade")

    assert await app.connection.fetchval("select count(*) from retrato.jobs") == 1


async def test_session_that_used_a_trigger_before_a_column_was_retyped_queues_on(app):
    placeholder = await app.insert("[A GERAR]")
    drawn = await app.insert("Ana")
    await app.connection.execute("drop view retrato.persona_status; delete from retrato.jobs")
    owner = Owner(app.connection, app.empresa_id)
    await app.connection.execute(
        "alter table personas alter column full_name type text, alter column status type text"
    )

    await app.update(placeholder, full_name="Bia")
    await app.raise_flag(drawn)
    new = await app.insert("Eva")

    assert set(await queued(app.connection)) == {placeholder, drawn, new}
    assert not owner.told
