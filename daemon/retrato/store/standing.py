"""How the database's schema and this release stand to each other: behind, the same, or ahead (decision 0012)."""

from dataclasses import dataclass

from retrato.domain.errors import NotMigratedError
from retrato.store.database import Connection
from retrato.store.queries import query


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    Numbers of migrations.

    Attributes:
        release: the newest that this release carries.
        schema: the newest that ran in the database; 0 where nothing is installed.
        serves_from: the newest of the oldest release that the schema serves; 0 = it does not say.
        detached: whether the triggers are out of the way of the application's own migrations.

    """

    release: int
    schema: int
    serves_from: int
    detached: bool = False

    @classmethod
    async def read(cls, connection: Connection, *, release: int) -> "Standing":
        """How the database stands to the code that carries migrations up to *release*."""
        if await connection.fetchval("select to_regclass('retrato.migrations')") is None:
            return cls(release=release, schema=0, serves_from=0)
        row = await connection.fetchrow(query("schema_standing"))
        assert row is not None
        return cls(release=release, **dict(row))

    def __str__(self) -> str:
        ours = "up to date" if self.schema == self.release else f"this release knows {self.release}"
        return f"schema {self.schema} ({ours})"

    @property
    def is_ahead(self) -> bool:
        """Whether a newer release has migrated: its functions and triggers are none of our business."""
        return self.schema > self.release

    @property
    def serves_us(self) -> bool:
        """Whether nothing was taken away that this release needs."""
        return self.serves_from <= self.release

    def require(self) -> None:
        """
        Let pass what this release can work on.

        Raises:
            NotMigratedError: the schema is older than this release, or does not serve it any more.

        """
        if self.detached:
            raise NotMigratedError(
                "Retrato is detached from the application's tables, so that their owner can migrate them: run "
                "`retrato migrate --attach` when that is done"
            )
        if self.schema < self.release:
            raise NotMigratedError(
                f"the database is at schema {self.schema}, and this release needs {self.release}: "
                "run `retrato migrate`"
            )
        if not self.serves_us:
            raise NotMigratedError(
                f"the database is at schema {self.schema}, which serves releases from schema {self.serves_from} "
                f"on, and this one knows {self.release}: install the release that has migrated the database"
            )
