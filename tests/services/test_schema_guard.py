"""Whether the schema still serves this release is looked at when there is a reason to, and ends the claiming."""

import pytest
from service_fakes import FakePipeline, until

from retrato.domain.errors import NotMigratedError, StoreUnavailableError
from retrato.services.schema_guard import SchemaGuard

TOO_NEW = NotMigratedError("the schema is too new, for the test")


class Schema:
    """What the guard looks at; each item of ``answers`` is raised once, in order."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.looks = 0

    async def look(self):
        self.looks += 1
        if self.answers:
            raise self.answers.pop(0)


async def test_idle_replica_looks_only_when_its_connection_is_new(replica, running, logged):
    schema = Schema()
    one = replica(poll_s=0.01, guard=SchemaGuard(schema.look))

    async with running(one, ["dispatcher", "keeper", "listener"]):
        await until(one.listener.connected.is_set)
        await until(lambda: schema.looks)
        claims = one.jobs.calls.count("claim")
        await until(lambda: one.jobs.calls.count("claim") > claims + 10)

    assert schema.looks == 1


async def test_migrating_is_heard_and_looked_at_before_the_next_claim(replica, running, connection):
    schema = Schema()
    one = replica(poll_s=60, guard=SchemaGuard(schema.look))

    async with running(one, ["dispatcher", "keeper", "listener"]):
        await until(lambda: schema.looks == 1)
        await connection.execute("select pg_notify('retrato', 'migrated')")
        await until(lambda: schema.looks == 2)


async def test_what_is_in_hand_is_finished_and_nothing_more_is_claimed(replica, running, company, count, logged):
    schema = Schema()
    one = replica(concurrency=1, guard=SchemaGuard(schema.look), pipeline=FakePipeline(gate_open=False))
    await company(2)

    async with running(one):
        await until(lambda: one.pipeline.begun)
        schema.answers = [TOO_NEW]
        one.guard.doubt()
        one.pipeline.gate.set()
        await until(one.guard.refused.is_set)
        await until(one.holdings.drained.is_set)

    assert await count("retrato.avatars") == 1
    assert await count("retrato.jobs") == 1
    assert one.guard.reason is TOO_NEW
    assert [line["reason"] for line in logged if line["event"] == "schema.refused"] == [str(TOO_NEW)]


@pytest.mark.parametrize("statement", ["claim", "heartbeat"])
async def test_statement_that_finds_its_function_gone_ends_the_claiming(replica, running, statement, company):
    one = replica()
    one.jobs.gone.add(statement)
    await company(1)

    async with running(one):
        await until(one.guard.refused.is_set)

    assert "claim" in one.jobs.calls


async def test_database_that_is_away_is_asked_again():
    schema = Schema(StoreUnavailableError("away for the test"))
    guard = SchemaGuard(schema.look)
    guard.doubt()

    with pytest.raises(StoreUnavailableError):
        await guard.require()
    await guard.require()
    await guard.require()

    assert schema.looks == 2
