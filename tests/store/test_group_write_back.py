"""The write-back of many at once: few transactions, and nobody's trouble becomes anybody else's."""

import asyncio
import random
from contextlib import asynccontextmanager

import pytest
from tests import daemon_role
from tests.store.support import blocked, claim_all, claim_one, failing, finished_for, new_replica, state_of

from retrato.domain.errors import ConfigError, StoreUnavailableError
from retrato.store.avatars import Avatars, Outcome
from retrato.store.database import Database


@pytest.fixture
def drawn(app, jobs):
    """Insert so many personas, and draw them all up to the write-back."""

    async def insert(count):
        await app.insert_many(count)
        return [finished_for(job) for job in await claim_all(jobs)]

    return insert


@pytest.fixture
async def ddl(app):
    """Change the host's tables for the length of one test."""
    undo = []

    async def change(statement, undone_by):
        await app.connection.execute(statement)
        undo.append(undone_by)

    yield change
    for statement in reversed(undo):
        await app.connection.execute(statement)


@asynccontextmanager
async def opened(database):
    await database.open()
    yield database
    await database.close()


class Unreliable(Database):
    """Carries out a write-back and then loses the reply, or does not reach the server, as often as it is told."""

    lost_replies = 0
    outages = 0

    @asynccontextmanager
    async def connection(self, **options):
        if self.outages:
            self.outages -= 1
            raise StoreUnavailableError("away for the test")
        async with super().connection(**options) as connection:
            yield connection
        if self.lost_replies:
            self.lost_replies -= 1
            raise StoreUnavailableError("the reply was lost for the test")


@pytest.fixture
async def unreliable(dsn):
    async with opened(Unreliable(daemon_role.product(dsn))) as database:
        yield database


class HeldUp(Database):
    """So many groups get no connection until it is over."""

    def __init__(self, dsn):
        super().__init__(dsn)
        self.groups = 0
        self.over = asyncio.Event()

    @asynccontextmanager
    async def connection(self, **options):
        if self.groups:
            self.groups -= 1
            await self.over.wait()
        async with super().connection(**options) as connection:
            yield connection


@pytest.fixture
async def held_up(dsn):
    async with opened(HeldUp(daemon_role.product(dsn))) as database:
        yield database


async def write_all(avatars, group):
    return await asyncio.gather(*(failing(avatars.write(finished)) for finished in group))


async def transactions(connection):
    """How many transactions have written the versions that are there."""
    return await connection.fetchval("select count(distinct xmin::text) from retrato.avatars")


async def written(connection):
    return await connection.fetchval("select count(*) from retrato.avatars")


@asynccontextmanager
async def stuck(app, other_app, avatars, finished):
    """In this block a group of one has its transaction open and waits for the job's row. Gives its task."""
    async with app.connection.transaction():
        await app.connection.execute(
            "select from retrato.jobs where persona_id = $1 for update", finished.persona_id
        )
        leader = asyncio.create_task(failing(avatars.write(finished)))
        await blocked(other_app.connection)
        yield leader


async def steps(count):
    """Let every task that can go on do so, *count* times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_fifty_at_once_are_one_or_two_transactions(app, drawn, avatars):
    group = await drawn(50)

    outcomes = await write_all(avatars, group)

    assert outcomes == [Outcome.WRITTEN] * 50
    assert await transactions(app.connection) <= 2


async def test_each_of_many_gets_its_own_picture_and_row(app, drawn, avatars):
    group = await drawn(200)

    await write_all(avatars, group)

    urls = {finished.persona_id: finished.image_url for finished in group}
    rows = await app.connection.fetch("select id::text, avatar_image_url from personas")
    details = await app.connection.fetch("select persona_id::text as id, avatar_url from personas_avatares")
    assert {row["id"]: row["avatar_image_url"] for row in rows} == urls
    assert {row["id"]: row["avatar_url"] for row in details} == urls
    assert await app.connection.fetchval("select count(*) from retrato.jobs") == 0


async def test_one_that_comes_alone_waits_for_nobody(app, drawn, avatars):
    [finished] = await drawn(1)

    assert await avatars.write(finished) is Outcome.WRITTEN


async def test_picture_that_the_application_refuses_spoils_no_other(app, ddl, drawn, avatars):
    poisoned, *others = await drawn(20)
    await ddl(
        "alter table personas add constraint never_this "
        f"check (avatar_image_url is distinct from '{poisoned.image_url}')",
        "alter table personas drop constraint never_this",
    )

    outcomes = await asyncio.gather(
        *(avatars.write(finished) for finished in (poisoned, *others)), return_exceptions=True
    )

    assert isinstance(outcomes[0], ConfigError)
    assert "never_this" in str(outcomes[0])
    assert "Failing row" not in str(outcomes[0]), "the row is the application's, and this is logged"
    assert outcomes[1:] == [Outcome.WRITTEN] * 19


async def test_row_that_we_may_not_write_spoils_no_other(app, ddl, drawn, avatars):
    forbidden, *others = await drawn(20)
    await ddl(
        "create function forbid() returns trigger language plpgsql as $$ begin "
        "raise insufficient_privilege using message = 'policy'; end $$",
        "drop function forbid() cascade",
    )
    await ddl(
        "create trigger forbid before update on personas for each row "
        f"when (old.id = '{forbidden.persona_id}') execute function forbid()",
        "drop trigger if exists forbid on personas",
    )

    outcomes = await asyncio.gather(
        *(avatars.write(finished) for finished in (*others, forbidden)), return_exceptions=True
    )

    assert isinstance(outcomes[-1], ConfigError)
    assert outcomes[:-1] == [Outcome.WRITTEN] * 19


async def test_text_that_no_database_stores_spoils_no_other(drawn, jobs, app, avatars):
    others = await drawn(5)
    await app.insert()
    unstorable = finished_for(await claim_one(jobs), prompt="half a \x00 prompt")

    outcomes = await asyncio.gather(
        *(avatars.write(finished) for finished in (unstorable, *others)), return_exceptions=True
    )

    assert isinstance(outcomes[0], ConfigError)
    assert outcomes[1:] == [Outcome.WRITTEN] * 5


async def test_row_that_an_application_holds_holds_nobody_up(app, drawn, avatars):
    held, *others = await drawn(20)
    async with app.connection.transaction():
        await app.update(held.persona_id, role="CEO")

        outcomes = await write_all(avatars, [held, *others])

    assert isinstance(outcomes[0], StoreUnavailableError)
    assert outcomes[1:] == [Outcome.WRITTEN] * 19
    assert await avatars.write(held) is Outcome.WRITTEN


async def test_row_that_becomes_free_soon_is_written_after_all(app, other_app, drawn, avatars):
    held, *others = await drawn(3)
    async with asyncio.TaskGroup() as group, app.connection.transaction():
        await app.update(held.persona_id, role="CEO")
        writing = group.create_task(write_all(avatars, [held, *others]))
        await blocked(other_app.connection)

    assert writing.result() == [Outcome.WRITTEN] * 3
    assert (await app.persona(held.persona_id))["role"] == "CEO"


async def test_forcar_of_one_queues_that_one_again_and_no_other(app, drawn, avatars):
    again, *others = await drawn(10)
    await app.raise_flag(again.persona_id)

    outcomes = await write_all(avatars, [again, *others])

    flags = await app.connection.fetch("select id::text from personas where regenerate_avatar")
    assert outcomes == [Outcome.ASKED_AGAIN] + [Outcome.WRITTEN] * 9
    assert [row["id"] for row in flags] == [again.persona_id]


async def test_stale_fence_among_good_ones_writes_nothing(app, drawn, avatars):
    stale, *others = await drawn(10)
    await app.connection.execute(
        "update retrato.jobs set token = token + 1000 where persona_id = $1", stale.persona_id
    )

    outcomes = await write_all(avatars, [stale, *others])

    assert outcomes == [Outcome.LOST] + [Outcome.WRITTEN] * 9
    assert (await app.persona(stale.persona_id))["avatar_image_url"] is None


@pytest.mark.parametrize("order", [1, -1], ids=["zombie first", "owner first"])
async def test_of_zombie_and_owner_at_once_only_the_owner_writes(app, jobs, avatars, database, order):
    persona_id = await app.insert()
    zombie = finished_for(await claim_one(jobs))
    await app.connection.execute("update retrato.jobs set lease_until = now() - interval '1 second'")
    heir = new_replica(database)
    await heir.take_over(held=[], silence_s=0, most_takeovers=3)
    owner = finished_for(await claim_one(heir))

    outcomes = await write_all(avatars, [zombie, owner][::order])

    lost, kept = outcomes[::order]
    assert lost in {Outcome.LOST, Outcome.GONE}  # the latter when the owner is done already
    assert kept is Outcome.WRITTEN
    assert await written(app.connection) == 1
    assert (await app.persona(persona_id))["avatar_image_url"] == owner.image_url


async def test_persona_that_was_deleted_spoils_no_other(app, drawn, avatars):
    gone, *others = await drawn(5)
    await app.delete(gone.persona_id)

    outcomes = await write_all(avatars, [gone, *others])

    assert outcomes == [Outcome.GONE] + [Outcome.WRITTEN] * 4


async def test_those_who_come_meanwhile_are_the_next_group(app, other_app, drawn, avatars):
    first, *others = await drawn(30)
    async with stuck(app, other_app, avatars, first) as leader:
        following = asyncio.create_task(write_all(avatars, others))
        await asyncio.sleep(0)

    assert await leader is Outcome.WRITTEN
    assert await following == [Outcome.WRITTEN] * 29
    assert await transactions(app.connection) == 2


async def test_others_are_written_when_the_one_who_writes_for_all_is_cancelled(app, other_app, drawn, avatars):
    first, *others = await drawn(10)
    async with stuck(app, other_app, avatars, first) as leader:
        following = asyncio.create_task(write_all(avatars, others))
        await asyncio.sleep(0)

        leader.cancel()
        outcomes = await following

    assert outcomes == [Outcome.WRITTEN] * 9
    assert leader.cancelled()
    assert await avatars.write(first) is Outcome.WRITTEN


async def test_others_are_written_when_one_who_waits_is_cancelled(app, other_app, drawn, avatars):
    first, impatient, *others = await drawn(10)
    async with stuck(app, other_app, avatars, first) as leader:
        waiting = asyncio.create_task(avatars.write(impatient))
        following = asyncio.create_task(write_all(avatars, others))
        await asyncio.sleep(0)

        waiting.cancel()
        await asyncio.wait([waiting])

    assert await leader is Outcome.WRITTEN
    assert await following == [Outcome.WRITTEN] * 8
    assert await avatars.write(impatient) is Outcome.WRITTEN


async def test_many_who_come_meanwhile_are_not_kept_waiting(drawn, held_up):
    first, *others = await drawn(41)
    avatars = Avatars(held_up)
    held_up.groups = 1
    leader = asyncio.create_task(avatars.write(first))
    await steps(5)

    outcomes = await write_all(avatars, others)

    assert outcomes == [Outcome.WRITTEN] * 40
    assert not leader.done()
    held_up.over.set()
    assert await leader is Outcome.WRITTEN


async def test_there_are_never_more_than_two_groups_at_once(app, drawn, held_up):
    group = await drawn(121)
    avatars = Avatars(held_up)
    held_up.groups = 2
    tasks = []
    for start, end in ((0, 1), (1, 41), (41, 81), (81, 121)):
        tasks += [asyncio.create_task(avatars.write(finished)) for finished in group[start:end]]
        await steps(5)
    await asyncio.sleep(0.2)

    assert await written(app.connection) == 0
    held_up.over.set()
    assert await asyncio.gather(*tasks) == [Outcome.WRITTEN] * 121
    assert await transactions(app.connection) == 4


@pytest.mark.parametrize("seed", range(5))
async def test_nobody_is_forgotten_whoever_is_cancelled_whenever(app, drawn, avatars, seed):
    rng = random.Random(seed)
    group = await drawn(200)

    async def come(finished):
        await asyncio.sleep(rng.random() * 0.1)
        cutting.create_task(cut(asyncio.current_task()))
        return await avatars.write(finished)

    async def cut(task):
        await steps(rng.randrange(10))
        await asyncio.sleep(rng.choice([0, 0, 0.002, 0.005, 1]))
        task.cancel()

    async with asyncio.timeout(20), asyncio.TaskGroup() as cutting:
        outcomes = await asyncio.gather(*map(come, group), return_exceptions=True)

    finished = [outcome for outcome in outcomes if not isinstance(outcome, asyncio.CancelledError)]
    assert 0 < len(finished) < 200
    assert set(finished) == {Outcome.WRITTEN}
    assert await write_all(avatars, group) == [Outcome.WRITTEN] * 200
    assert await written(app.connection) == 200


async def test_one_who_is_cancelled_while_others_write_for_it_spoils_nothing(app, other_app, drawn, avatars):
    group = await drawn(10)
    async with app.connection.transaction():
        await app.connection.execute(
            "select from retrato.jobs where persona_id = $1 for update", group[0].persona_id
        )
        tasks = [asyncio.create_task(avatars.write(finished)) for finished in group]
        await blocked(other_app.connection)

        tasks[1].cancel()
        await asyncio.wait([tasks[1]])

    outcomes = await asyncio.gather(tasks[0], *tasks[2:], return_exceptions=True)
    assert outcomes == [Outcome.WRITTEN] * 9
    assert await avatars.write(group[1]) is Outcome.WRITTEN
    assert await written(app.connection) == 10


async def test_server_that_ends_the_groups_session_costs_nobody_a_picture(app, other_app, drawn, avatars):
    first, *others = await drawn(10)
    async with app.connection.transaction():
        await app.connection.execute("select from retrato.jobs where persona_id = $1 for update", first.persona_id)
        writing = asyncio.create_task(write_all(avatars, [first, *others]))
        await blocked(other_app.connection)
        await other_app.connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0"
        )

    outcomes = await writing
    repeated = await write_all(avatars, [first, *others])

    assert {Outcome.WRITTEN} == {outcome for outcome in outcomes if not isinstance(outcome, StoreUnavailableError)}
    assert repeated == [Outcome.WRITTEN] * 10
    assert await written(app.connection) == 10


async def test_database_that_is_away_for_the_group_is_asked_by_each_alone(app, drawn, unreliable):
    group = await drawn(10)
    unreliable.outages = 1

    outcomes = await write_all(Avatars(unreliable), group)

    assert outcomes == [Outcome.WRITTEN] * 10


async def test_database_that_stays_away_is_said_to_each(app, drawn, unreliable):
    group = await drawn(10)
    avatars = Avatars(unreliable)
    unreliable.outages = 11  # for the group, and for each alone

    outcomes = await write_all(avatars, group)

    assert {type(outcome) for outcome in outcomes} == {StoreUnavailableError}
    assert await write_all(avatars, group) == [Outcome.WRITTEN] * 10


async def test_group_whose_reply_was_lost_is_found_by_its_fences(app, drawn, unreliable):
    group = await drawn(10)
    unreliable.lost_replies = 1

    outcomes = await write_all(Avatars(unreliable), group)

    assert outcomes == [Outcome.WRITTEN] * 10
    assert await written(app.connection) == 10


async def test_two_replicas_at_once_write_each_version_once(app, drawn, database):
    group = await drawn(40)

    outcomes = await asyncio.gather(*(write_all(Avatars(database), group) for _ in range(2)))

    assert {outcome for one in outcomes for outcome in one} == {Outcome.WRITTEN}
    assert await written(app.connection) == 40
    assert await state_of(app.connection, group[0].persona_id) == "ready"
