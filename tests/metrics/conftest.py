"""A replica whose parts count into one `Metrics`, and the numbers as they are scraped."""

import pytest
from tests.metrics.scraping import Numbers
from tests.services.service_fakes import Replica
from tests.tools import needs

from retrato.metrics.metrics import Metrics
from retrato.store import sample
from retrato.store.host import Host


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def numbers(metrics):
    """Read *metrics* by name and labels."""
    return Numbers(metrics)


@pytest.fixture
async def replica(database, dsn, metrics):
    """Build a replica that counts into *metrics*; keyword arguments are those of ``service_fakes.Replica``."""
    async with database.connection() as opened:
        host = await Host.read(opened)

    def build(**options) -> Replica:
        one = Replica(database, host, dsn, **options)
        for part in (one.worker, one.dispatcher, one.keeper, one.listener):
            part._metrics = metrics
        metrics.jobs.expect(["fake"])
        metrics.jobs.watch(drawing=one.holdings.drawing, in_hand=one.holdings.__len__)
        metrics.hearing.watch(one.listener.connected.is_set)
        return one

    return build


@pytest.fixture
def company(dsn):
    """Insert the sample company with so many personas, as an application does; returns its id."""

    async def insert(personas: int = 1) -> str:
        return await sample.insert_company(dsn, personas=personas)

    return insert


@pytest.fixture
def promtool():
    """Path of Prometheus's own checker."""
    return needs("promtool", untested="alerts and dashboard")
