"""What was sold, by groups of offers: through which channel, of which category, in which circle, on which platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..market.offers import AT_PLACE, Table

if TYPE_CHECKING:
    from ..model import O2OModel

MOST_CIRCLES = 1 << 24
"""More circles than there can be: offers are sorted by a number that holds the circle's."""

Ints = NDArray[np.int64]
Group = tuple[str, int, int, int]
"""Channel, and numbers of category, circle and platform (-1: none)."""


class Rows:
    """The rows of a table as the record sums them up, worked out once per table: `spent` (int64[rows], fen) is what one
    purchase takes in, with `channel`, `category` and `circle` (int64[rows], -1 for none) of each."""

    def __init__(self, model: O2OModel, table: Table):
        c = table.columns
        number = {name: k for k, name in enumerate(model.circles)}
        of_store = np.array([-1, *(number[s.circle.name] for s in model.stores)], np.int64)
        self.spent: Ints = table.fen["price"] - table.fen["discount"] + table.fen["fee"]
        self.channel, self.category = c["channel"].astype(np.int64), c["category"].astype(np.int64)
        self.circle = of_store[c["store"]]
        self.platform = c["platform"].astype(np.int64)
        self.visited = np.flatnonzero((c["store"] > 0) & (table.seen == AT_PLACE))
        """Rows that one goes to a shop for."""
        self.paid = np.flatnonzero(c["price"] > 0)
        code = ((self.channel * 64 + self.category) * MOST_CIRCLES + self.circle + 1) * 64 + self.platform
        self._order = np.argsort(code, kind="stable")
        codes, self._first = np.unique(code[self._order], return_index=True)
        self.groups = [self._group(model.channels, int(code)) for code in codes]

    @staticmethod
    def _group(channels: list[str], code: int) -> Group:
        rest, platform = divmod(code, 64)
        rest, place = divmod(rest, MOST_CIRCLES)
        channel, category = divmod(rest, 64)
        return channels[channel], category, place - 1, platform - 1

    def by_group(self, bought: Ints) -> Ints:
        """Purchases and fen (int64[2, cohorts, groups]) of what was `bought` (int64[cohorts, rows])."""
        ordered = bought[:, self._order]
        both = np.stack([ordered, ordered * self.spent[self._order]])
        return np.add.reduceat(both, self._first, axis=2)


class MonthSales:
    """The sales of a month so far, by group."""

    def __init__(self) -> None:
        self._known: dict[Group, Ints] = {}
        self._rows: Rows | None = None
        self._sums: Ints | None = None

    def add(self, rows: Rows, bought: Ints) -> None:
        """Add what was bought on a day, of the rows of its table."""
        if rows is not self._rows or self._sums is None:
            self._settle()
            self._rows, self._sums = rows, np.zeros((2, len(bought), len(rows.groups)), np.int64)
        self._sums += rows.by_group(bought)

    def by_group(self) -> dict[Group, Ints]:
        """Purchases and fen by cohort (int64[2, cohorts]) of each group of which anything was bought."""
        self._settle()
        return self._known

    def clear(self) -> None:
        """Begin a new month."""
        self._known, self._sums = {}, None

    def _settle(self) -> None:
        """Hand the sums of a table over to those of the tables before."""
        if self._rows is None or self._sums is None:
            return
        for k in np.flatnonzero(self._sums[0].any(axis=0)):
            sums, group = self._sums[:, :, k], self._rows.groups[k]
            self._known[group] = self._known[group] + sums if group in self._known else sums.copy()
        self._sums = None
