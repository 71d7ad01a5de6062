"""The board of offers: what is on offer, who shares whose orders, and how long people expect to queue.

`post` puts up a table of offers, `show_queues` what people expect of queues; `expect_queues` belongs to the phase
`serve`. Who sees which offer is worked out beside the people who look (sight.py)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..scenario.schema import Spec
from .crowds import Crowds, cases
from .ledger import OUTSIDE_SELLERS
from .offers import EVERYWHERE, Table

Floats = NDArray[np.float64]
Sellers = dict[int, tuple[Floats, NDArray[np.uint32]]]
"""For rows of a marketplace's parcels, the weights and rows of the local shops that share their orders with outside
sellers, who weigh 1."""


def unseen_disutility(spec: Spec, category: str) -> float:
    """Utils lost by buying a category unseen; less where products are alike."""
    c = spec.categories[category]
    return spec.consumers.touch_weight * c.touch * (1 - 0.5 * c.standardised)


class Board:
    """The offers of the day and what follows from where they are.

    `table` are the offers; `queue` (float64[stores], minutes) how long people expect to wait in each shop;
    `capacity` (float64[stores], real people a day, 0: no limit or nobody can walk in) and `servers`
    (float64[stores]) are those of the shops; `reach_x` and `touch` (float64[categories]) how far people go for a
    category relative to their radius and what they lose by not seeing it, in utils; `local_sellers` are the Sellers of
    the table; `crowd` (float64[stores, k]) how many people may be in each shop today, `chance` (float64[k]) how likely
    each of these cases is, `others` (float64[stores]) the mean of those who are there besides the consumers.
    """

    def __init__(self, spec: Spec):
        self.spec = spec
        self.queue: Floats = np.zeros(0)
        self.capacity: Floats = np.zeros(0)
        self.servers: Floats = np.zeros(0)
        self.reach_x: Floats = np.zeros(0)
        self.touch: Floats = np.zeros(0)
        self.local_sellers: Sellers = {}
        self.crowd: Floats = np.zeros((0, 1))
        self.chance: Floats = np.ones(1)
        self.others: Floats = np.zeros(0)
        self._crowds = Crowds()
        self._own_queue: Floats = np.zeros(0)
        self._table: Table | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been put up yet."""
        return self._table is None

    @property
    def table(self) -> Table:
        """The offers last put up. Raises RuntimeError before the first day's phase `publish`."""
        if self._table is None:
            raise RuntimeError("there are no offers before the first day's phase `publish`")
        return self._table

    # -- publish --------------------------------------------------------------------------------------------
    def post(self, table: Table, capacity: Floats, servers: Floats, crowding: Sequence[float]) -> None:
        """Put up offers in place of those before. `capacity` and `servers` have an entry per store; `crowding` is
        each platform's number of outside sellers relative to the first day."""
        self.queue = np.concatenate([self.queue, np.zeros(len(capacity) - len(self.queue))])
        self._table, self.capacity, self.servers = table, capacity, servers
        self._own_queue = table.columns["queue"].copy()
        self.local_sellers = self._local_sellers(crowding)
        categories = self.spec.categories
        self.reach_x = np.array([c.reach_x for c in categories.values()])
        self.touch = np.array([unseen_disutility(self.spec, name) for name in categories])

    def show_queues(self) -> None:
        """Add what people expect of queues in shops to the minutes that offers themselves say."""
        columns = self.table.columns
        expected = np.concatenate([[0.0], self.queue])[columns["store"]]
        columns["queue"] = self._own_queue + np.where(self.table.queued, expected, 0.0)

    def _local_sellers(self, crowding: Sequence[float]) -> Sellers:
        """Platform row -> (weights, rows of the local shops on that marketplace)."""
        table, found = self.table, {}
        c = table.columns
        shops = np.flatnonzero((table.order_share > 0) & (c["store"] > 0))
        if not len(shops):
            return {}
        theirs = (table.seen == EVERYWHERE) & (c["platform"] > 0) & (table.seller == OUTSIDE_SELLERS)
        for row in np.flatnonzero(theirs):
            same = (c["platform"][shops] == c["platform"][row]) & (c["category"][shops] == c["category"][row])
            mine = shops[same]
            if len(mine):
                crowded = crowding[int(c["platform"][row]) - 1]
                base = table.order_share[mine]
                weight = base * np.exp(np.minimum(c["appeal"][mine] - c["appeal"][row], 5.0)) / crowded
                found[int(row)] = (weight, mine.astype(np.uint32))
        return found

    # -- serve ----------------------------------------------------------------------------------------------
    def meet(self, here: np.ndarray, each: float) -> None:
        """Say how many people are in the shops in which `here` (int64[stores]) consumers stand, who are `each` people."""
        self.others, spread = self._crowds.meet(here, each, self.capacity)
        self.crowd, self.chance = cases(here, self.others, spread)

    @property
    def room(self) -> Floats:
        """How many people a shop can serve today: float64[stores], above 0."""
        return np.maximum(self.capacity, 1e-9)

    def served_share(self) -> Floats:
        """The chance of a customer to be served today: float64[stores]."""
        share = np.minimum(1.0, self.room[:, None] / np.maximum(self.crowd, 1e-9))
        return (share * self.chance).sum(axis=1)

    def expect_queues(self) -> None:
        """Mean wait in an M/M/c queue by the approximation of Sakasegawa (1977), smoothed over days."""
        rules, servers = self.spec.stores, self.servers[:, None]
        busy = np.minimum(self.crowd / self.room[:, None], 0.98)
        wait = rules.service_min * busy ** (np.sqrt(2 * (servers + 1)) - 1) / (servers * (1 - busy))
        wait = (wait * self.chance).sum(axis=1)
        wait = np.rint(wait * 1024) / 1024  # so that the last bit of a power function moves no choice
        a = rules.queue_smoothing
        self.queue = (1 - a) * self.queue + a * wait
