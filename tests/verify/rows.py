"""What a row of docs/verification.md is: a value of theory, what the model makes of it, and how far that may
be.

Each module `test_*.py` here has a function `rows()`, which runs the model and returns its rows. Its tests
judge the same rows, so the page says what the tests say."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE / "analytic_reference_values.csv"


@dataclass(frozen=True)
class Row:
    """One figure of the theory beside the model's.

    `test` and `config` are those of analytic_reference_values.csv, to the letter, or new ones for a figure
    that the file has not. `quantity` is what is compared where a row of the file has several figures.
    `allowed` is the largest difference that passes, in the units of the figure; `tolerance` says in words
    where it is from."""

    test: str
    config: str
    quantity: str
    reference: float
    found: float
    allowed: float
    tolerance: str
    note: str = ""

    @property
    def passed(self) -> bool:
        return math.isfinite(self.found) and abs(self.found - self.reference) <= self.allowed

    def __str__(self) -> str:
        return (
            f"{self.test}, {self.config}, {self.quantity}: {self.found:.6g}"
            f" beside {self.reference:.6g} (+-{self.allowed:.3g}, {self.tolerance})"
        )


@dataclass(frozen=True)
class NotReached:
    """A row that the model cannot be brought to, and why in one line."""

    test: str
    config: str
    why: str


def published() -> list[dict[str, str]]:
    """The rows of analytic_reference_values.csv: `test`, `config`, `reference_value`, `tolerance`."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def assert_passed(*rows: Row) -> None:
    """Fail with every row that misses."""
    assert rows, "there is something to judge"
    misses = [str(row) for row in rows if not row.passed]
    assert not misses, "\n".join(misses)
