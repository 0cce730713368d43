"""The table of all cases, printed when the session ends."""

from dataclasses import dataclass, field

_HEAD = ("case", "lost", "doubled", "paid twice", "recovery s", "limit s", "remark")


@dataclass(slots=True)
class Report:
    """Rows of text, one a case."""

    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(
        self,
        case: str,
        *,
        lost: int | None = None,
        doubled: int | None = None,
        paid_twice: int | None = None,
        recovery_s: float | None = None,
        limit_s: float | None = None,
        remark: str = "",
    ) -> None:
        """Keep a row; what was not looked at is left open."""
        seconds = ("" if recovery_s is None else f"{recovery_s:.2f}", "" if limit_s is None else f"{limit_s:g}")
        counts = ("" if count is None else str(count) for count in (lost, doubled, paid_twice))
        self.rows.append((case, *counts, *seconds, remark))

    def lines(self) -> list[str]:
        """The whole table, columns aligned."""
        table = [_HEAD, *self.rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(_HEAD))]
        return [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
        ]
