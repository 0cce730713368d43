"""
The real queue beside its model (queue_model.py): the same steps in any order, and never a difference.

`make test` plays a fixed selection. For a long look at ever new plays, and for the shortest play that shows a
difference:

    QUEUE_MODEL_EXAMPLES=3000 .venv/bin/pytest tests/store/test_queue_model.py
"""

import asyncio
import itertools
import os
from contextlib import asynccontextmanager, contextmanager

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests import daemon_role
from tests.store.queue_model import EVERYTHING, MOST_ATTEMPTS, MOST_TAKEOVERS, Claim, Face, Model
from tests.store.support import BID, Application, connected, finished_for, insert_company, new_replica

from retrato.domain.errors import LeaseLostError, PausedError
from retrato.domain.job import Job
from retrato.store.attempts import AttemptLog
from retrato.store.avatars import Avatars
from retrato.store.control import Control, Scope
from retrato.store.database import Database
from retrato.store.requests import Requests, Wish

EXAMPLES = int(os.environ.get("QUEUE_MODEL_EXAMPLES", "0"))
SETTINGS = settings(
    derandomize=not EXAMPLES,
    max_examples=EXAMPLES or 80,
    stateful_step_count=50,
    phases=tuple(Phase) if EXAMPLES else (Phase.generate,),
    report_multiple_bugs=False,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
COMPANIES = ("one", "two")
MOST_PERSONAS = 3
LATER_S = 3600.0
_STATUS = {True: "active", False: "inactive"}

STANDING = """
select
    p.id::text as persona_id,
    s.state,
    p.regenerate_avatar as flag,
    array(
        select a.image_url from retrato.avatars a where a.persona_id = s.persona_id order by a.version
    ) as pictures,
    p.avatar_image_url as picture,
    coalesce((select j.attempts from retrato.jobs j where j.persona_id = s.persona_id), 0) as attempts
from personas p
join retrato.persona_status s on s.persona_id = p.id::text
"""
BROKEN = """
select persona_id, 'job without a persona' as what from retrato.jobs j
where not exists (select from personas p where p.id::text = j.persona_id)
union all
select persona_id, 'running and not leased, or leased and not running' from retrato.jobs
where (state = 'running') <> (token is not null and replica_id is not null and lease_until is not null)
union all
select persona_id, 'asked for, and nobody will draw it' from retrato.persona_status s
join personas p on p.id::text = s.persona_id
where s.ready and (s.state = 'missing' or p.regenerate_avatar)
    and not exists (select from retrato.jobs j where j.persona_id = s.persona_id)
union all
select persona_id, 'versions with a gap' from retrato.avatars group by persona_id having max(version) <> count(*)
"""
CLEAN = """
delete from empresas;
delete from retrato.jobs;
delete from retrato.avatars;
delete from retrato.attempts;
delete from retrato.replicas;
delete from retrato.pauses;
"""


class Real:
    """The real queue: a database, the application, and an event loop to ask them on."""

    def __init__(self, runner, connection, database):
        self.run = runner.run
        self.app = Application(connection, "")
        self.database = database
        self.avatars = Avatars(database)
        self.attempts = AttemptLog(database)
        self.requests = Requests(database)
        self.control = Control(database)
        self.companies = {}

    def clean(self):
        self.run(self.app.connection.execute(CLEAN))
        self.companies = {name: self.run(insert_company(self.app.connection)) for name in COMPANIES}

    def fetch(self, sql):
        return self.run(self.app.connection.fetch(sql))

    def execute(self, sql, *args):
        self.run(self.app.connection.execute(sql, *args))


@pytest.fixture
def real(reused_dsn):
    @asynccontextmanager
    async def opened():
        database = Database(daemon_role.product(reused_dsn))
        async with connected(reused_dsn) as connection:
            await database.open()
            yield connection, database
            await database.close()

    @contextmanager
    def on(runner):
        resources = opened()
        connection, database = runner.run(resources.__aenter__())
        yield Real(runner, connection, database)
        runner.run(resources.__aexit__(None, None, None))

    with asyncio.Runner() as runner, on(runner) as real:
        yield real


class Queue(RuleBasedStateMachine):
    """
    One step at the real queue and at the model, the answers compared; then all that can be seen.

    Claims are never thrown away: whoever was overtaken comes back with them, at any time (*old*).
    """

    personas = Bundle("personas")

    def __init__(self, real):
        super().__init__()
        self.real = real
        self.real.clean()
        self.model = Model()
        self.numbers = itertools.count(1)
        self.replicas = {name: new_replica(real.database) for name in ("A", "B")}
        self.lives = dict.fromkeys(self.replicas, 0)
        self.held: dict[str, list[Job]] = {}
        self.claims: dict[str, list[tuple[Job, int]]] = {}

    def name_of(self, replica):
        """A replica that has died and come back is another one."""
        return f"{replica}{self.lives[replica]}"

    # The application.

    @initialize(target=personas)
    def begin_with_some(self):
        return multiple(*(self.insert_one(company, ready=True, flag=False) for company in COMPANIES))

    @precondition(lambda self: len(self.model.faces) < MOST_PERSONAS)
    @rule(target=personas, company=st.sampled_from(COMPANIES), ready=st.booleans(), flag=st.booleans())
    def insert(self, company, ready, flag):
        return self.insert_one(company, ready=ready, flag=flag)

    def insert_one(self, company, *, ready, flag):
        persona_id = self.real.run(
            self.real.app.insert(
                id=f"00000000-0000-4000-8000-{next(self.numbers):012}",
                empresa_id=self.real.companies[company],
                status=_STATUS[ready],
                regenerate_avatar=flag,
            )
        )
        self.model.insert(persona_id, Face(company=company, ready=ready, flag=flag))
        return persona_id

    @rule(persona_id=personas, ready=st.booleans())
    def set_ready(self, persona_id, ready):
        self.real.run(self.real.app.update(persona_id, status=_STATUS[ready]))
        self.model.set_ready(persona_id, ready=ready)

    @rule(persona_id=personas, up=st.booleans())
    def set_flag(self, persona_id, up):
        self.real.run(self.real.app.update(persona_id, regenerate_avatar=up))
        self.model.set_flag(persona_id, up=up)

    @rule(persona_id=consumes(personas))
    def delete(self, persona_id):
        """Whoever still draws it writes nothing any more."""
        self.real.run(self.real.app.delete(persona_id))
        self.model.delete(persona_id)
        for job, version in self.claims.get(persona_id, []):
            self._finish(job, version)

    # People.

    @rule(company=st.sampled_from(COMPANIES), force=st.booleans())
    def request(self, company, force):
        wish = Wish.ALL if force else Wish.MISSING
        asked = self.real.run(self.real.requests.for_company(self.real.companies[company], wish))

        assert asked == self.model.request(company, force=force)

    @rule(persona_id=personas)
    def cancel(self, persona_id):
        assert self.real.run(self.real.control.cancel_personas([persona_id])) == self.model.cancel(persona_id)

    @precondition(lambda self: not self.model.paused)
    @rule(what=st.sampled_from((EVERYTHING, *COMPANIES)))
    def pause(self, what):
        assert self.real.run(self.real.control.pause(*self._scope(what)))
        self.model.paused = what

    @precondition(lambda self: self.model.paused)
    @rule()
    def resume(self):
        assert self.real.run(self.real.control.resume(*self._scope(self.model.paused)))
        self.model.paused = None

    def _scope(self, what):
        return (Scope.ALL, "") if what == EVERYTHING else (Scope.EMPRESA, self.real.companies[what])

    # Replicas.

    @rule(replica=st.sampled_from("AB"), company=st.sampled_from((None, *COMPANIES)))
    def claim(self, replica, company):
        possible = self.model.claimable(company)

        jobs = self._claim(replica, company)

        assert [job.persona_id for job in jobs] == sorted(possible)
        for job in jobs:
            self.model.claim(_claim(job), self.name_of(replica))
            version = 1 + len(self.model.faces[job.persona_id].pictures)
            self.claims.setdefault(job.persona_id, []).append((job, version))
        self.held.setdefault(self.name_of(replica), []).extend(jobs)

    def in_hand(self, persona_id, *, old):
        """
        A claim of this persona, and the version that is drawn for it: the first that there was, or one that holds.

        None where there was none and can be none.
        """
        claims = self.claims.get(persona_id, [])
        if not claims or not (old or self.model.owned(_claim(claims[-1][0]))):
            self.claim("A", None)
        claims = self.claims.get(persona_id, [(None, None)])
        return claims[0] if old else claims[-1]

    def _claim(self, replica, company):
        """
        All that may start now, by id: who comes first is not the model's business.

        As dispatchers do, twice before giving up: the first claim may only have put into the index what is due.
        """

        async def claim():
            jobs, empty = [], 0
            while empty < 2:
                claimed = await self.replicas[replica].claim(
                    2 * MOST_PERSONAS, pace_s=0, empresa_id=company and self.real.companies[company]
                )
                jobs += claimed.jobs
                empty = 0 if claimed.jobs else empty + 1
            return sorted(jobs, key=lambda job: job.persona_id)

        return self.real.run(claim())

    @rule(replica=st.sampled_from("AB"), persona_id=personas, late=st.booleans())
    def beat_and_take_over(self, replica, persona_id, late):
        """The keeper's round: keep what is in hand, look for the dead. A lease ends before it or in between."""
        held = {job.token: job for job in self.held.get(self.name_of(replica), [])}
        if not late:
            self._let_lease_end(persona_id)

        kept = self.real.run(
            self.replicas[replica].heartbeat(
                {token: job.persona_id for token, job in held.items()}, lock_key=1, locks=False, version="test"
            )
        )
        assert kept.owned == {token for token, job in held.items() if self.model.keep(_claim(job))}

        if late:
            self._let_lease_end(persona_id)
        taken = self.real.run(
            self.replicas[replica].take_over(held=held, silence_s=0, most_takeovers=MOST_TAKEOVERS)
        )
        assert set(taken) == self.model.take_over(self.name_of(replica))

    def _let_lease_end(self, persona_id):
        self.real.execute(
            "update retrato.jobs set lease_until = now() - interval '1 second' "
            "where persona_id = $1 and state = 'running'",
            persona_id,
        )
        self.model.expire(persona_id)

    @rule(replica=st.sampled_from("AB"))
    def die_and_start_anew(self, replica):
        self.lives[replica] += 1
        self.replicas[replica] = new_replica(self.real.database)

    @rule(persona_id=personas, old=st.booleans(), forced=st.booleans())
    def finish(self, persona_id, old, forced):
        """The picture is there; *forced*: in the last moment somebody asks for another one."""
        job, version = self.in_hand(persona_id, old=old)
        if forced:
            self.set_flag(persona_id, up=True)
        if job is not None:
            self._finish(job, version)

    def _finish(self, job, version):
        finished = finished_for(job, version=version)

        outcome = self.real.run(self.real.avatars.write(finished))

        assert outcome is self.model.finish(_claim(job), finished.image_url)

    @rule(persona_id=personas, old=st.booleans())
    def call_and_fail(self, persona_id, old):
        job, _ = self.in_hand(persona_id, old=old)
        if job is None:
            return
        self._begin_call(job)
        state = self.real.run(
            self.replicas["A"].retry(
                job, most_attempts=MOST_ATTEMPTS, delay_s=LATER_S, fault="transient", error="HTTP 500"
            )
        )

        assert state == self.model.retry(_claim(job))

    def _begin_call(self, job):
        """No paid call is begun for a job that is not ours, or is paused."""
        begun = self.real.run(_outcome(self.real.attempts.begin(job, BID)))

        if self.model.owned(_claim(job)) is None:
            assert isinstance(begun, LeaseLostError)
        elif self.model.is_paused(self.model.faces[job.persona_id].company):
            assert isinstance(begun, PausedError)
        else:
            assert isinstance(begun, int)

    @rule(persona_id=personas, old=st.booleans(), later=st.booleans())
    def release(self, persona_id, old, later):
        job, _ = self.in_hand(persona_id, old=old)
        if job is not None:
            released = self.real.run(self.replicas["A"].release(job, delay_s=LATER_S if later else 0))

            assert released == self.model.release(_claim(job), later=later)

    @rule(persona_id=personas, old=st.booleans())
    def drop(self, persona_id, old):
        job, _ = self.in_hand(persona_id, old=old)
        if job is not None:
            assert self.real.run(self.replicas["A"].drop(job)) == self.model.drop(_claim(job))

    @rule()
    def come_due(self):
        self.real.execute(
            "update retrato.jobs set run_at = now() - interval '1 second' "
            "where state = 'queued' and delayed and run_at < 'infinity'"
        )
        self.model.come_due()

    # What can be seen.

    @invariant()
    def everybody_stands_where_the_model_says(self):
        seen = {row["persona_id"]: tuple(row)[1:] for row in self.real.fetch(STANDING)}

        assert seen == {
            persona_id: (
                face.state,
                face.flag,
                face.pictures,
                face.pictures[-1] if face.pictures else None,
                face.work.attempts if face.work is not None else 0,
            )
            for persona_id, face in self.model.faces.items()
        }

    @invariant()
    def nothing_is_broken(self):
        assert self.real.fetch(BROKEN) == []

    def teardown(self):
        """In the end, when nothing stands in the way, everybody who was asked for is drawn."""
        if self.model.paused:
            self.resume()
        self.die_and_start_anew("A")
        for persona_id in self.model.faces:
            self.beat_and_take_over("A", persona_id, late=False)
        self.come_due()
        while jobs := self._claim("A", None):
            for job in jobs:
                self.real.run(
                    self.real.avatars.write(
                        finished_for(job, version=1 + len(self.model.faces[job.persona_id].pictures))
                    )
                )
        standing = self.real.fetch(STANDING)
        assert {row["state"] for row in standing} <= {"ready", "failed", "waiting"}


def _claim(job):
    return Claim(persona_id=job.persona_id, token=job.token, generation=job.generation)


async def _outcome(work):
    try:
        return await work
    except (LeaseLostError, PausedError) as exc:
        return exc


@pytest.mark.timeout(0 if EXAMPLES else 180)
def test_the_queue_does_what_its_model_does(real):
    run_state_machine_as_test(lambda: Queue(real), settings=SETTINGS)


def test_forcar_on_a_persona_that_was_set_aside_in_mid_drawing_is_answered_when_it_is_back(real):
    play = Queue(real)
    persona_id = play.insert_one("one", ready=True, flag=False)
    play.claim("A", None)

    play.set_ready(persona_id, ready=False)
    play.set_flag(persona_id, up=True)
    play.finish(persona_id, old=False, forced=False)
    play.set_ready(persona_id, ready=True)

    play.everybody_stands_where_the_model_says()
    play.nothing_is_broken()
    assert play.model.faces[persona_id].state == "queued"
