"""What a day's shopping produced, and what stores count of it during a month besides money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from . import exact, needs
from .growing import Growing
from .offers import MOST_CHANNELS, Table

Ints = NDArray[np.int64]


def _none() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(eq=False)
class DaySums:
    """What became of the needs of one day, added up over consumers; all count simulated ones.

    `needs` is how many needs were due. The phase `settle` counts the others: `bought` (int64[cohorts, rows of the
    table]) purchases, `turned_away` (int64[rows]) consumers turned away, `came` (int64[rows]) consumers who came to the
    offer's shop, whether they bought, only looked, or were turned away; `looked` (int64[rows]) those who only looked at
    the offer there, and `ordered` (int64[rows]) those who ordered it after that; `worth` (as exact.py
    has it) the sum of what their choices are worth to them, in utils."""

    needs: int = 0
    bought: Ints = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    turned_away: Ints = field(default_factory=_none)
    came: Ints = field(default_factory=_none)
    looked: Ints = field(default_factory=_none)
    ordered: Ints = field(default_factory=_none)
    worth: Ints = field(default_factory=exact.nothing)

    def sums(self) -> DaySums:
        """These sums without anything else."""
        return DaySums(**{part.name: getattr(self, part.name) for part in fields(DaySums)})

    def add(self, others: DaySums) -> None:
        """Add the sums of other consumers, of the same day and table."""
        for part in fields(DaySums):
            setattr(self, part.name, getattr(self, part.name) + getattr(others, part.name))


@dataclass(eq=False)
class Purchases(DaySums):
    """The needs of one day and what became of them, one by one and in sums. `len()` is their number n; they stand in
    the order of the consumers' records, and of categories within a consumer.

    The phase `shop` makes it:
    `consumer` (uint32[n], rows of the population) and `category` (uint8[n]) say whose need of what it is;
    `starts` (int64[blocks + 1]) where each block of consumers begins among the needs;
    `picks` (uint32[n]) is the row of the offer table that was chosen, 0 where nothing could be;
    `visited` (uint32[n]) the row of the offer looked at in a shop first by consumers who then ordered another
    one on the spot, else 0;
    `surplus` (float32[n], utils) the best value with its draw.

    The phase `serve` completes it: `served` (bool[n]) is False where a full shop turned the consumer away.
    `picks` may be another row afterwards, where a local shop sells what was ordered on a marketplace.

    The phase `settle` adds it up (see DaySums).
    """

    consumer: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    category: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    starts: Ints = field(default_factory=lambda: np.zeros(1, np.int64))
    picks: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    visited: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    surplus: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    served: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))

    def __len__(self) -> int:
        return len(self.consumer)

    def count(self, at_place: NDArray[np.bool_], cohort: np.ndarray, cohorts: int) -> None:
        """Fill the sums. `at_place` (bool[rows]) says which offers one goes to, `cohort`
        (uint8[population]) is everybody's, `cohorts` their number."""
        self.bought, self.turned_away, self.came = needs.tally(
            self.consumer, self.picks, self.visited, self.served, at_place, cohort, cohorts, len(at_place)
        )
        seen_first = np.flatnonzero(self.visited)
        self.looked = np.bincount(self.visited[seen_first], minlength=len(at_place))
        self.ordered = np.bincount(self.picks[seen_first], minlength=len(at_place))
        self.worth = exact.parts(self.surplus)


class MonthBooks:
    """What stores count during a month besides money: int64 arrays with a row per store.

    `channel_sales[store, channel]` and `channel_margin[store, channel]` are in fen (the margin is what is left
    after all that grows with the order), the others in simulated consumers.
    """

    NAMES = ("channel_sales", "channel_margin", "customers", "visits", "looked_only", "turned_away")
    channel_sales: Growing = Growing(MOST_CHANNELS)
    channel_margin: Growing = Growing(MOST_CHANNELS)
    customers: Growing = Growing()
    visits: Growing = Growing()
    looked_only: Growing = Growing()
    turned_away: Growing = Growing()

    def __init__(self) -> None:
        self._stores = 0

    def __len__(self) -> int:
        return self._stores

    def grow(self) -> None:
        """One more store."""
        self._stores += 1

    def clear(self) -> None:
        """Begin a new month."""
        for name in self.NAMES:
            getattr(self, name)[:] = 0

    def add(self, day: DaySums, table: Table, rows: Ints, received: Ints, money: Mapping[str, Ints]) -> None:
        """Add a day that is counted. `rows` (int64[k]) are the rows of the table that were bought, `received`
        (int64[k], fen) what their sellers got for them, `money` the other amounts of these rows by kind."""
        number = day.bought.sum(axis=0)[rows]
        sellers, channel = table.columns["store"][rows], table.columns["channel"][rows].astype(np.int64)
        costs = ("goods", "spoilage", "commission", "advertising", "handling")
        margin = received - sum(money[k] for k in costs)
        brings = table.carrier[rows] == table.seller[rows]
        margin = margin + np.where(brings, money["fee"] - money["delivery"], 0)
        own = np.flatnonzero(sellers)
        store = sellers[own].astype(np.int64) - 1
        cell = store * MOST_CHANNELS + channel[own]
        np.add.at(self.channel_sales.reshape(-1), cell, received[own])
        np.add.at(self.channel_margin.reshape(-1), cell, margin[own])
        np.add.at(self.customers, store, number[own])
        everyone = table.columns["store"].astype(np.int64)
        counted = {"visits": day.came, "turned_away": day.turned_away, "looked_only": day.looked}
        for name, count in counted.items():
            sums = np.bincount(everyone, count, 1 + len(self.customers))  # exact: far below 2**53
            getattr(self, name)[:] += sums[1:].astype(np.int64)
