"""The board of offers: what is on offer, who sees which offer, and how long people expect to queue.

`post` puts up a table of offers; `world` is what the shopping loop reads of it; `share_orders` and
`expect_queues` belong to the phase `serve`. Lists and travel are worked out again only where an offer came, went
or moved, or where travel changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as Date

import numpy as np
from numpy.typing import NDArray

from ..city.build import City
from ..city.transport import Reach
from ..scenario.schema import Spec
from ..streams import exponential, extend, high_half, low_half, name_bits, pair_bits, stream
from .binding import Shopping
from .consumers import Population
from .day import Purchases
from .expected import Expected, Needs, expected_sales
from .ledger import OUTSIDE_SELLERS
from .lists import Lists, best_sides, build_lists, tiles_of
from .offers import EVERYWHERE, Table, same_places
from .records import Scales, Today, World

Floats = NDArray[np.float64]


def unseen_disutility(spec: Spec, category: str) -> float:
    """Utils lost by buying a category unseen; less where products are alike."""
    c = spec.categories[category]
    return spec.consumers.touch_weight * c.touch * (1 - 0.5 * c.standardised)


class Board:
    """The offers of the day and what follows from where they are.

    `table` are the offers; `queue` (float64[stores], minutes) how long people expect to wait in each shop;
    `capacity` (float64[stores], real people a day, 0: no limit or nobody can walk in) and `servers`
    (float64[stores]) are those of the shops; `reach_x` and `touch` (float64[categories]) how far people go for a
    category relative to their radius and what they lose by not seeing it, in utils; `local_sellers` gives, for the
    rows of a marketplace's parcels, the weights and rows of the local shops that share their orders with outside
    sellers, who weigh 1.
    """

    def __init__(self, spec: Spec, city: City, population: Population, seed: int):
        self.spec, self.city, self.population, self.seed = spec, city, population, seed
        self.queue: Floats = np.zeros(0)
        self.capacity: Floats = np.zeros(0)
        self.servers: Floats = np.zeros(0)
        self.reach_x: Floats = np.zeros(0)
        self.touch: Floats = np.zeros(0)
        self.local_sellers: dict[int, tuple[Floats, NDArray[np.uint32]]] = {}
        self._own_queue: Floats = np.zeros(0)
        self._table: Table | None = None
        self._reach: Reach | None = None
        self._reach_date: Date | None = None
        self._reach_min = 0.0
        self._place_of_cell = np.zeros(0, np.int32)
        often = np.array([1.0 / c.every_days for c in spec.categories.values()])
        sides = best_sides(population.columns.record["home"], city.grid.cells, often)
        self.tiles = tiles_of(city.grid, sides)

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

    def travel_changed(self) -> None:
        """Minutes on the way are not what they were: a metro line opened."""
        self._reach_date = None

    # -- publish --------------------------------------------------------------------------------------------
    def post(
        self, table: Table, date: Date, capacity: Floats, servers: Floats, crowding: Sequence[float]
    ) -> None:
        """Put up offers in place of those before. `capacity` and `servers` have an entry per store; `crowding` is
        each platform's number of outside sellers relative to the first day."""
        self.queue = np.concatenate([self.queue, np.zeros(len(capacity) - len(self.queue))])
        stays = same_places(self._table, table) and self._reach_date is not None
        table.lists = self.table.lists if stays else self._lists(table, date, len(capacity))
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

    def _lists(self, table: Table, date: Date, stores: int) -> Lists:
        """Travel from every place that has an offer, and from that who sees what."""
        spec, cells = self.spec, self.city.grid.cells
        categories = list(spec.categories.values())
        limit = np.array([spec.consumers.radius_max_min * c.reach_x for c in categories])
        delivery = np.array([c.delivery_reach_min for c in categories])
        reaches = table.columns["reach"][np.isfinite(table.columns["reach"])]
        furthest = float(max(limit.max(), delivery.max(), reaches.max()))
        if self._reach_date is None or furthest > self._reach_min:
            self._reach, self._reach_date, self._reach_min = None, date, furthest
            self._place_of_cell = np.full(cells, -1, np.int32)
        at = np.unique(table.columns["cell"][table.columns["cell"] >= 0])
        if self._reach is None and not len(at):
            at = np.zeros(1, np.int32)  # no shop anywhere: travel from any place will do
        fresh = at[self._place_of_cell[at] < 0]
        if len(fresh):
            known = 0 if self._reach is None else len(self._reach.start) - 1
            found = self.city.travel.minutes_from(fresh, self._reach_min, date)
            self._place_of_cell[fresh] = known + np.arange(len(fresh))
            self._reach = found if self._reach is None else self._reach.joined(found)
        assert self._reach is not None
        return build_lists(
            table,
            self._reach,
            self._place_of_cell,
            self.tiles,
            len(categories),
            max(1, stores),
            limit,
            delivery,
        )

    def _local_sellers(self, crowding: Sequence[float]) -> dict[int, tuple[Floats, NDArray[np.uint32]]]:
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

    # -- shop -----------------------------------------------------------------------------------------------
    def world(self, today: Today) -> World:
        """All that the shopping loop reads."""
        table, people, rule = self.table, self.population.columns, self.spec.consumers
        lists = table.lists
        assert lists is not None
        scales = Scales(
            rule.familiarity_weight,
            rule.loyalty_weight,
            rule.work_anchor,
            rule.radius_max_min,
            max(1, len(self.capacity)),
            lists.delivered,
            lists.everywhere,
            lists.followers,
        )
        return World(
            people.record,
            people.familiarity,
            people.favourite,
            people.loyalty,
            people.extra,
            table.columns,
            lists.start,
            lists.offer,
            lists.nearest,
            lists.first,
            lists.minutes,
            lists.tiles.tile,
            lists.tiles.slot,
            lists.tiles.slots,
            self.reach_x,
            self.touch,
            scales,
            today,
        )

    def expected_sales(
        self, shopping: Shopping, today: Today, needs: Needs, columns: np.ndarray | None, workday: bool | None
    ) -> Expected:
        """What `needs` are expected to buy of the offers put up, without drawing (O2OModel.expected_sales)."""
        world = self.world(today)
        world = world if columns is None else world._replace(offers=columns)
        if workday is not None:
            world = world._replace(today=today._replace(workday=float(workday)))
        return expected_sales(shopping, world, self.table, self.local_sellers, needs)

    # -- serve ----------------------------------------------------------------------------------------------
    def share_orders(self, purchases: Purchases, day: int) -> None:
        """Who sells what was ordered on a marketplace: a logit among local shops and the outside sellers, with a
        draw per (order, seller), so that a shop that leaves moves only its own buyers."""
        for row, (weights, shops) in self.local_sellers.items():
            self._find_sellers(purchases, day, row, weights, shops)

    def _find_sellers(
        self, purchases: Purchases, day: int, row: int, weights: Floats, shops: NDArray[np.uint32]
    ) -> None:
        picks, keys = purchases.picks, self.table.columns["key"]
        orders = np.flatnonzero(picks == row)
        if not len(orders):
            return
        ids = self.population.id[purchases.consumer[orders]].astype(np.uint64)
        outside = name_bits("outside sellers")
        with np.errstate(over="ignore"):
            key = extend(extend(stream(self.seed, "seller", day), ids), keys[row])
            low, high = low_half(key), high_half(key)
            best = exponential(pair_bits(low, high, low_half(outside), high_half(outside))).astype(float)
            for weight, shop in zip(weights, shops):
                bits = pair_bits(low, high, low_half(keys[shop]), high_half(keys[shop]))
                time = exponential(bits) / weight
                picks[orders[time < best]] = shop
                best = np.minimum(best, time)

    def inside(self, purchases: Purchases) -> NDArray[np.int64]:
        """The shop in which each consumer queues and is served (number + 1, int64[n]), 0 for who does so in none."""
        return np.where(self.table.queued, self.table.columns["store"], 0)[purchases.picks]

    def expect_queues(self, here: np.ndarray, capacity: Floats) -> None:
        """Mean wait in an M/M/c queue by the approximation of Sakasegawa (1977), smoothed over days. `here`
        (int64[stores]) is how many consumers stand in each shop, `capacity` (float64[stores]) how many it can serve
        in a day, both in simulated consumers."""
        rules, servers = self.spec.stores, self.servers
        busy = np.minimum(here / capacity, 0.98)
        wait = rules.service_min * busy ** (np.sqrt(2 * (servers + 1)) - 1) / (servers * (1 - busy))
        wait = np.rint(wait * 1024) / 1024  # so that the last bit of a power function moves no choice
        a = rules.queue_smoothing
        self.queue = (1 - a) * self.queue + a * np.where(here > 0, wait, 0.0)
