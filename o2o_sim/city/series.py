"""How something moves through the years, relative to the first day: at a rate, or as a file says."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ScenarioError
from ..scenario.blocks.drivers import Driver, each
from .places import Column, read_table

if TYPE_CHECKING:
    from ..scenario.schema import Spec

Key = tuple[str | int, ...]
DAYS_A_YEAR = 365.25
VALUE = "value"


@dataclass(frozen=True)
class Series:
    """A quantity by day. `days` are days of the calendar (ordinal numbers) with known `values`, in order; of a
    rate there are none. `start` is the first day of the run."""

    start: int
    yearly: float = 0.0
    days: tuple[int, ...] = ()
    values: tuple[float, ...] = ()

    def x(self, day: Date) -> float:
        """The factor on the level of the first day: in a straight line between known days, and level before
        the first and after the last of them."""
        on = day.toordinal()
        if not self.days:
            return float((1 + self.yearly) ** ((on - self.start) / DAYS_A_YEAR))
        now, then = np.interp([on, self.start], self.days, self.values)
        return float(now / then)

    def highest(self, last: Date) -> float:
        """The largest factor until a day."""
        at = [Date.fromordinal(d) for d in self.days if self.start < d < last.toordinal()]
        return max(1.0, self.x(last), *(self.x(day) for day in at))


def series_of(spec: Spec) -> dict[Key, Series]:
    """The series of every driver of a scenario, by its key.

    Raises ScenarioError for files that cannot be read, with the row and column of everything that is wrong."""
    found: dict[Key, Series] = {}
    problems = []
    for key, driver in each(spec):
        try:
            found[key] = _read(spec, key, driver)
        except ScenarioError as fault:
            problems += fault.problems
    if problems:
        raise ScenarioError(problems)
    return found


def _read(spec: Spec, key: Key, driver: Driver) -> Series:
    start = spec.start.toordinal()
    if not driver.file:
        return Series(start, driver.yearly)
    at = (*key, "file")
    folder = spec._origin.folder_of(at) if spec._origin is not None else Path()
    column = driver.column or VALUE
    wanted = {
        "date": Column(("date",), date=True, required=True),
        VALUE: Column((column,), above=0.0, high=1e12, required=True, hint="above 0, in any unit"),
    }
    table = read_table(
        folder / driver.file, ".".join(map(str, at)), wanted, {}, placed=False, unique=("date",)
    )
    days = [day.toordinal() for day in table.columns["date"]]
    for row, (before, day) in enumerate(itertools.pairwise(days)):
        if day < before:
            said = "column 'date': is earlier than the row before"
            raise ScenarioError(table.problem(row + 1, said, "Sort the rows by date."))
    return Series(start, 0.0, tuple(days), tuple(map(float, table.columns[VALUE])))


__all__ = ["Series", "series_of"]
