"""
The auditor: reads the database and the providers' ledger when all is quiet, and says what was lost or paid twice.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.system.application import Application

from retrato.simulator.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """
    What the auditor found.

    Attributes:
        lost: personas that are ready to be drawn and have neither an avatar nor a failure that was said aloud.
        doubled: personas with more versions than requests, with more than one current picture or not the newest,
            and pictures that two versions name.
        paid_twice: pictures that the providers charge for beyond one per version.
        unexplained: those of them for which no attempt has to answer whose replica died, or lost its connection,
            before it could note the provider's id of the request.
        failed: personas that failed aloud.
        missing_pictures: pictures that a version names and the store does not have.

    """

    lost: int
    doubled: int
    paid_twice: int
    unexplained: int
    failed: int
    missing_pictures: int


class Auditor:
    """Audits one database, one ledger and one folder of pictures."""

    def __init__(self, application: Application, ledger: Ledger, pictures: Path) -> None:
        self._application = application
        self._ledger = ledger
        self._pictures = pictures

    async def audit(self, *, requests: int = 1) -> Findings:
        """Look at everything, when all is quiet; every persona was asked for *requests* times at most."""
        paid_twice = await self._paid_twice()
        return Findings(
            lost=await self._count(
                "select count(*) from retrato.persona_status where ready and state not in ('ready', 'failed')"
            ),
            doubled=await self._doubled(requests),
            paid_twice=paid_twice.total(),
            unexplained=(paid_twice - await self._unheard()).total(),
            failed=await self._count("select count(*) from retrato.persona_status where state = 'failed'"),
            missing_pictures=await self._missing_pictures(),
        )

    async def _doubled(self, requests: int) -> int:
        return await self._count(
            """
            select
                (
                    select count(*)
                    from (select from retrato.avatars group by persona_id having count(*) > $1) too_many
                )
                + (
                    select count(*)
                    from (select from personas_avatares group by persona_id having count(*) > 1) current_pictures
                )
                + (
                    select count(*)
                    from (select from retrato.avatars group by image_key having count(*) > 1) shared
                )
                + (
                    select count(*)
                    from retrato.persona_status s
                    join personas p on p.id::text = s.persona_id
                    left join personas_avatares a on a.persona_id = p.id
                    where
                        s.version is not null
                        and (p.avatar_image_url, a.avatar_url) is distinct from (s.avatar_url, s.avatar_url)
                )
            """,
            requests,
        )

    async def _paid_twice(self) -> Counter[str]:
        """By persona: bills beyond one, and beyond versions. A bill is known by its prompt and seed."""
        bills = Counter((bill.prompt, bill.seed) for bill in self._ledger.bills)
        orders = await self._application.fetch(
            "select distinct persona_id, ordered ->> 'prompt' as prompt, seed from retrato.attempts"
        )
        delivered: Counter[str] = Counter()
        for order in orders:
            delivered[order["persona_id"]] += bills.pop((order["prompt"], order["seed"]), 0)
        assert not bills, f"pictures that no attempt ordered: {bills}"
        versions = await self._by_persona("select persona_id from retrato.avatars")
        return delivered - Counter({persona: max(1, versions[persona]) for persona in delivered})

    async def _unheard(self) -> Counter[str]:
        """By persona: attempts that ended without anybody knowing whether the provider has taken the order."""
        return await self._by_persona(
            """
            select persona_id from retrato.attempts
            where request_id is null and (state = 'sending' or fault = 'unknown_outcome')
            """
        )

    async def _by_persona(self, sql: str) -> Counter[str]:
        return Counter(row["persona_id"] for row in await self._application.fetch(sql))

    async def _missing_pictures(self) -> int:
        """Versions whose pictures are not in the store."""
        rows = await self._application.fetch(
            "select image_key as key from retrato.avatars union all select thumbnail_key from retrato.avatars"
        )
        return sum(not (self._pictures / row["key"]).is_file() for row in rows)

    async def _count(self, sql: str, *args: object) -> int:
        return int(await self._application.value(sql, *args))
