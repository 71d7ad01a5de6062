"""What people do on a day and at a month's end, and what the rest of the city hears of it: sums.

Publishing, serving, booking and deciding happen in one place. Everything that is done for each consumer alone is a
method here, which is handed what it needs of the city and returns sums over people or, where an order of people
matters, arrays in the order of the records. So the people of one city may stand in several processes (shards/shoppers.py),
and no result depends on how many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date as Date
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..city.build import City
from ..scenario.people import FieldSpec
from ..scenario.schema import Spec
from ..streams import stream, uniforms
from . import needs
from .binding import Shopping
from .board import Board, Sellers
from .consumers import Population, layout_of, populate
from .day import Purchases
from .expected import Expected, Needs, expected_sales
from .needs import Habits
from .offers import AT_PLACE, Table
from .records import Scales, Today, World
from .sellers import Rivals, share_orders
from .shopping import BLOCK
from .sight import Sight

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Notice(NamedTuple):
    """What is posted when offers have changed: the `table`, the `date`, how many `stores` there are, the Board's
    `sellers`, `reach_x` and `touch`."""

    table: Table
    date: Date
    stores: int
    sellers: Sellers
    reach_x: Floats
    touch: Floats

    @classmethod
    def of(cls, board: Board, date: Date) -> Notice:
        """What a board shows."""
        return cls(board.table, date, len(board.capacity), board.local_sellers, board.reach_x, board.touch)


class Morning(NamedTuple):
    """What changes from day to day: the `day`'s number, what kind of day it is (`today`, `is_free`; `next_free` is
    the number of the next free day, to which needs are put off with the chances `plan_ahead`: float64[categories]), and
    by row of the table the minutes that people expect to `queue`."""

    day: int
    today: Today
    is_free: bool
    next_free: int
    plan_ahead: Floats
    queue: Floats


class Shoppers(Protocol):
    """All people of a city, wherever they stand. The methods of a day are called in this order: `publish` if offers
    have changed, `shop`, `queue_up`, `turns`, `last_served` and `leave` if a shop is full, `count`, `learn`.

    `population` are their records, `purchases` their needs of the day and what became of them (only the sums of it, if
    they stand in other processes), and `inside` (int64[needs]) the shop in which each queues (number + 1,
    0 for none)."""

    population: Population
    inside: Ints

    @property
    def purchases(self) -> Purchases:
        """The needs of the day last simulated."""
        ...

    def ask(self, question: Callable[..., Any], *given: Any) -> list[Any]:
        """What `question(shoppers, *given)` returns of each part of the people, in the order of the records."""
        ...

    def incomes(self, step: int) -> NDArray[np.float32]:
        """Everybody's `income` in records number 0, step, 2 * step, ..."""
        ...

    def count_users(self) -> Ints:
        """How many have a smartphone, pay by phone, are members of each platform: int64[2 + platforms]."""
        ...

    def travel_changed(self) -> None:
        """Minutes on the way are not what they were."""
        ...

    def publish(self, notice: Notice) -> None:
        """Offers have changed: see who sees which."""
        ...

    def shop(self, morning: Morning) -> int:
        """Everybody whose need is due chooses; returns how many needs that were."""
        ...

    def queue_up(self) -> Ints:
        """Local sellers get their share of a marketplace's orders, and everybody goes where she bought: how many
        queue in each shop, int64[1 + stores] (the first is for no shop)."""
        ...

    def turns(self, full: NDArray[np.bool_]) -> Ints:
        """Of those who queue in a full shop (`full`: bool[1 + stores]) how many have numbers in each of the PARTS equal parts
        from 0 to 1, by which their turns go: int64[full shops, PARTS]."""
        ...

    def last_served(self, part: Ints) -> tuple[Ints, Floats]:
        """Of those whose number lies in that part (int64[full shops]) in which it is decided who is served, in the order of
        their needs: which of the full shops they are in, and their numbers. All in later parts are turned away."""
        ...

    def leave(self, unserved: NDArray[np.bool_]) -> None:
        """These of those that `last_served` told of (bool[k]) are turned away."""
        ...

    def count(self) -> None:
        """Add up what was bought: `purchases` has its sums from now on."""
        ...

    def learn(self, habits: Habits, social: NDArray[np.bool_]) -> None:
        """Everybody makes of her purchases what she makes of them. `social` (bool[1 + stores]) says which stores
        (number + 1) have an account to follow."""
        ...

    def adopt(self, hazard: Floats, differences: Floats, keys: NDArray[np.uint64]) -> None:
        """A month of adoption (needs.adopt)."""
        ...

    def expected_sales(
        self, today: Today, wanted: Needs, columns: np.ndarray | None, workday: bool | None
    ) -> Expected:
        """What people are expected to buy of the offers last posted, without drawing (O2OModel.expected_sales)."""
        ...


class HasRule(Protocol):
    """Who knows how people choose: the plugins of a scenario."""

    def rule(self) -> tuple[Callable, dict[str, FieldSpec]]:
        """The choice rule, and the extra fields of consumers."""
        ...


class Gather(Protocol):
    """Draws the people of a city, wherever they are to stand."""

    def __call__(self, spec: Spec, city: City, seed: int, extensions: HasRule, stores: list[str]) -> Shoppers:
        """All people. `extensions` has the choice rule and its fields, `stores` is the growing list of their names."""
        ...


def gather(
    spec: Spec, city: City, seed: int, extensions: HasRule, stores: list[str], part: Part | None = None
) -> LocalShoppers:
    """All people of a city in this process, or one `part` of them."""
    rule, fields = extensions.rule()
    population = populate(spec, city, seed, fields, stores, part.cells if part else None)
    layout = layout_of(fields, len(spec.categories))
    shopping = Shopping(rule, tuple(fields), layout, compiled=spec.engine == "compiled")
    if part is None:
        part = Part(np.bincount(population.home, minlength=city.grid.cells), range(city.grid.cells))
    return LocalShoppers(spec, city, seed, population, shopping, part)


class Part(NamedTuple):
    """A part of the people of a city: `lived_in` (int64[cells]) says how many of all live in each cell; those in
    `cells` belong to it."""

    lived_in: Ints
    cells: range

    @property
    def first(self) -> int:
        """The number of its first record among those of all, which stand in the order of cells."""
        return int(self.lived_in[: self.cells.start].sum())


PARTS = 32
"""Parts of the numbers by which turns go; in one of them it is decided who in a full shop is served last."""


class _Turns(NamedTuple):
    """Those in full shops: their `need` (row of the purchases), which of the full shops, their number and its part."""

    need: NDArray[np.intp]
    shop: Ints
    turn: Floats
    part: Ints


class LocalShoppers:
    """A part of the people of a city, or all, in this process (see Shoppers)."""

    def __init__(
        self,
        spec: Spec,
        city: City,
        seed: int,
        population: Population,
        shopping: Shopping,
        part: Part,
    ):
        self.spec, self.seed, self.population, self.shopping = spec, seed, population, shopping
        self.part = part
        self.sight = Sight(spec, city, part.lived_in)
        self.purchases = Purchases()
        self.inside: Ints = np.zeros(0, np.int64)
        self._notice: Notice | None = None
        self._rivals = Rivals.of({}, 0)
        self._morning: Morning | None = None
        none = np.zeros(0, np.int64)
        self._turns = _Turns(none, none, np.zeros(0), none)
        self._samples: dict[int, NDArray[np.intp]] = {}

    @property
    def notice(self) -> Notice:
        """What was posted last. Raises RuntimeError before the first day's phase `publish`."""
        if self._notice is None:
            raise RuntimeError("there are no offers before the first day's phase `publish`")
        return self._notice

    @property
    def morning(self) -> Morning:
        """The day that is. Raises RuntimeError before the first day's phase `shop`."""
        if self._morning is None:
            raise RuntimeError("there is no day before the first day's phase `shop`")
        return self._morning

    def ask(self, question: Callable[..., Any], *given: Any) -> list[Any]:
        return [question(self, *given)]

    def sample(self, drawn: int) -> NDArray[np.intp]:
        """The records of those whose ids are below `drawn`: a random sample, for everything about somebody is drawn by
        id."""
        if drawn not in self._samples:
            self._samples[drawn] = np.flatnonzero(self.population.id < drawn)
        return self._samples[drawn]

    def incomes(self, step: int) -> NDArray[np.float32]:
        return self.population.income[-self.part.first % step :: step]

    def count_users(self) -> Ints:
        return needs.count_users(self.population.access, len(self.spec.platforms))

    # -- publish --------------------------------------------------------------------------------------------
    def travel_changed(self) -> None:
        self.sight.travel_changed()

    def publish(self, notice: Notice) -> None:
        self._notice = notice
        self._rivals = Rivals.of(notice.sellers, len(notice.table))
        self.sight.look_at(notice.table, notice.date, notice.stores)

    # -- shop -----------------------------------------------------------------------------------------------
    def shop(self, morning: Morning) -> int:
        self._morning = morning
        self.notice.table.columns["queue"] = morning.queue
        people, day = self.population.columns, morning.day
        consumer, category = needs.find_due(
            people.record,
            people.due,
            day,
            morning.is_free,
            morning.next_free,
            morning.plan_ahead,
            stream(self.seed, "put off", day),
        )
        n = len(consumer)
        starts = needs.blocks_of(consumer, len(people.record), BLOCK)
        picks, visited, surplus = self.shopping.day(
            self.world(morning.today), consumer, category, self.seed, day
        )
        self.purchases = Purchases(
            needs=n,
            consumer=consumer,
            category=category,
            starts=starts,
            picks=picks,
            visited=visited,
            surplus=surplus,
        )
        return n

    def world(self, today: Today) -> World:
        """All that the shopping loop reads."""
        (table, _, stores, _, reach_x, touch), people = self.notice, self.population.columns
        rule, lists = self.spec.consumers, table.lists
        assert lists is not None
        scales = Scales(
            rule.familiarity_weight,
            rule.loyalty_weight,
            rule.work_anchor,
            rule.radius_max_min,
            max(1, stores),
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
            reach_x,
            touch,
            scales,
            today,
        )

    # -- serve ----------------------------------------------------------------------------------------------
    def queue_up(self) -> Ints:
        table, purchases = self.notice.table, self.purchases
        draws = stream(self.seed, "seller", self.morning.day)
        share_orders(
            self._rivals, table.columns["key"], self.population.id, purchases.consumer, purchases.picks, draws
        )
        self.inside = np.where(table.queued, table.columns["store"], 0)[purchases.picks]
        purchases.served = np.ones(len(purchases), np.bool_)
        return np.bincount(self.inside, minlength=self.notice.stores + 1)

    def turns(self, full: NDArray[np.bool_]) -> Ints:
        k = np.flatnonzero(full[self.inside])
        who = self.population.id[self.purchases.consumer[k]]
        turn = uniforms(self.seed, "turn", self.morning.day, who, 0)
        shop = (np.cumsum(full) - 1)[self.inside[k]]
        self._turns = _Turns(k, shop, turn, (turn * PARTS).astype(np.int64))
        shops = int(np.count_nonzero(full))
        return np.bincount(shop * PARTS + self._turns.part, minlength=shops * PARTS).reshape(shops, PARTS)

    def last_served(self, part: Ints) -> tuple[Ints, Floats]:
        need, shop, turn, mine = self._turns
        self.purchases.served[need[mine > part[shop]]] = False
        k = np.flatnonzero(mine == part[shop])
        self._turns = _Turns(need[k], shop[k], turn[k], mine[k])
        return shop[k], turn[k]

    def leave(self, unserved: NDArray[np.bool_]) -> None:
        self.purchases.served[self._turns.need[unserved]] = False

    # -- settle and learn -----------------------------------------------------------------------------------
    def count(self) -> None:
        at_place = self.notice.table.seen == AT_PLACE
        self.purchases.count(at_place, self.population.cohort, len(self.spec.cohorts))

    def learn(self, habits: Habits, social: NDArray[np.bool_]) -> None:
        columns, people, purchases = self.notice.table.columns, self.population.columns, self.purchases
        needs.learn_all(
            people.record,
            people.familiarity,
            people.favourite,
            people.loyalty,
            people.price_level,
            people.due,
            habits,
            purchases.consumer,
            purchases.category,
            purchases.picks,
            purchases.served,
            purchases.starts,
            columns["store"],
            columns["platform"],
            self.notice.table.paid,
            social,
            self.morning.day,
            stream(self.seed, "learn", self.morning.day),
        )

    def adopt(self, hazard: Floats, differences: Floats, keys: NDArray[np.uint64]) -> None:
        needs.adopt(self.population.columns.record, hazard, differences, keys)

    def expected_sales(
        self, today: Today, wanted: Needs, columns: np.ndarray | None, workday: bool | None
    ) -> Expected:
        world = self.world(today)
        world = world if columns is None else world._replace(offers=columns)
        if workday is not None:
            world = world._replace(today=today._replace(workday=float(workday)))
        return expected_sales(self.shopping, world, self.notice.table, self.notice.sellers, wanted)
