"""What moves around the city by itself: incomes, wages, prices, people, phones."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..city.series import Series, series_of
from ..levers import drift, raw
from ..market.consumers import NOBODY, ONLINE
from ..market.needs import LAST_DAY
from ..market.tourists import Stay, cells_around, stays
from ..scenario.blocks.drivers import SINGLE
from ..streams import uniforms
from .base import System
from .seasons import Seasons

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.schema import Spec


class _Zone(NamedTuple):
    """A part of the city: how its number of people moves, and which consumers live there (bool[consumers])."""

    series: Series
    inside: np.ndarray


class Drivers(System):
    """The world around the market moves on the first morning of each month.

    - Real incomes: needs come more often by the category's `income_elasticity`, and prices matter less by
      `consumers.price_sensitivity_income`; `income` stays relative to the mean of the day.
    - Wages: `stores.wage_yuan_month`, besides `stores.wage_growth`.
    - Prices: `categories.*.ticket_yuan`, and with it what goods cost and what stores usually sell.
    - Residents: nobody is drawn anew. Each consumer stands for more people; in a part of the city that grows beside
      the rest her needs come more often, by as much as there are more people like her.
    - Tourists: people of their own (market/tourists.py), of whom as many need something as are there.
    - Phones: the chance of adoption is what brings the share of owners to where it should be.

    Every purchase still moves whole fen between accounts, and no draw of anybody else changes."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        said = model.spec.drivers
        assert said is not None
        found = series_of(model.spec)
        self.series: dict[str, Series] = {
            name: found["drivers", name] for name in SINGLE if ("drivers", name) in found
        }
        self.x = dict.fromkeys(self.series, 1.0)
        self.residents = model.spec.residents
        self.first_phones = float(model.users[0])
        self.shops = len(model.stores)
        self.zones = [_Zone(found["drivers", "zones", name], self._living(name)) for name in said.zones]
        self.stays: list[Stay] = list(stays(model.spec, model.city))
        self.often: np.ndarray | None = None
        """How often each consumer's needs come, relative to the usual (float64[consumers]); None: all alike."""
        self.here = np.zeros(0, np.bool_)
        if self.stays:
            self._visit(first=True)
        self._weigh()

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.drivers is not None

    def _living(self, name: str) -> np.ndarray:
        spec, city = self.model.spec, self.model.city
        assert spec.drivers is not None
        zone = spec.drivers.zones[name]
        inside = np.zeros(city.grid.cells, np.bool_)
        inside[cells_around(city, zone, zone.radius_km, f"drivers.zones.{name}", spec)] = True
        people = self.model.consumers
        return inside[people.home] & (people.id < spec.population)

    # -- every morning --------------------------------------------------------------------------------------
    def morning(self) -> None:
        m = self.model
        self._newcomers()
        if m.date.day > 1 or not m.day:
            return
        for name, series in self.series.items():
            x = series.x(m.date)
            if x != self.x[name]:
                move = getattr(self, f"_{name}", None)
                if move is not None:
                    move(x / self.x[name])
                self.x[name] = x
        self._weigh()
        if self.stays:
            self._visit()

    def _newcomers(self) -> None:
        """What a file says that a new store sells is in prices of the first day."""
        m = self.model
        if "prices" in self.x and len(m.stores) > self.shops:
            of_file = {s.name for s in m.city.opening(m.date) if s.sales_yuan_year is not None}
            for store in m.stores[self.shops :]:
                if store.name in of_file:
                    store.sales_per_m2_year_yuan *= self.x["prices"]
        self.shops = len(m.stores)

    def _income(self, ratio: float) -> None:
        m = self.model
        more = ratio**m.habits.elasticity
        m.habits = m.habits._replace(every_days=m.habits.every_days / more)
        for system in m.systems:
            if isinstance(system, Seasons):
                system.usual_days = system.usual_days / more
        record = m.consumers.columns.record
        record["price_sensitivity"] *= np.float32(ratio**m.spec.consumers.price_sensitivity_income)

    def _wages(self, ratio: float) -> None:
        self._scale("stores.wage_yuan_month", ratio)

    def _prices(self, ratio: float) -> None:
        m = self.model
        for name in m.spec.categories:
            self._scale(f"categories.{name}.ticket_yuan", ratio)
            m.demand_yuan[name] *= ratio
        for name in m.spec.stores.formats:
            self._scale(f"stores.formats.{name}.sales_per_m2_year_yuan", ratio)
        for store in m.stores:
            store.sales_per_m2_year_yuan *= ratio

    def _scale(self, key: str, ratio: float) -> None:
        what = raw(self.model.spec, key)
        drift(self.model, what, what.value * ratio)

    # -- people ---------------------------------------------------------------------------------------------
    def _weigh(self) -> None:
        """How many people there are, and how often the needs of those in each part of the city come."""
        m = self.model
        if "residents" not in self.series and not self.zones:
            return
        mean = self._often_by_zone() if self.zones else 1.0
        people = self.residents * self.x.get("residents", 1.0) * mean
        people = max(people, float(m.spec.population))  # a consumer stands for one person at least
        if people != m.spec.residents:
            drift(m, raw(m.spec, "residents"), people)
            m.expansion_factor = people / m.spec.population

    def _often_by_zone(self) -> float:
        """Set how often needs come in each part of the city; returns by how much the whole city has grown by that."""
        m = self.model
        mine = m.consumers.id < m.spec.population
        weight = np.ones(len(mine))
        for zone in self.zones:
            weight[zone.inside] *= zone.series.x(m.date)
        mean = float(weight[mine].mean())
        self.often = np.where(mine, weight / mean, 1.0)
        return mean

    def _visit(self, *, first: bool = False) -> None:
        """Let as many visitors be there as there are this month; others take their places after a month."""
        m = self.model
        people, ids = m.consumers.columns, m.consumers.id
        here = np.zeros(len(ids), np.bool_)
        often = np.ones(len(ids)) if self.often is None else self.often
        for stay in self.stays:
            number = round(stay.spec.people * stay.series.x(m.date) / m.expansion_factor)
            here |= (ids >= stay.first) & (ids < stay.first + min(number, stay.records))
            often[(ids >= stay.first) & (ids < stay.first + stay.records)] = stay.spec.needs_x
        self.often = often
        visitors = ids >= m.spec.population
        come = here if first else here & ~self.here
        for category in range(people.due.shape[1]):
            mean = m.habits.every_days[category] / often[come]
            wait = uniforms(m.seed_number, "first need of tourists", m.day, ids[come], category) * mean
            people.due[come, category] = np.minimum(m.day + np.floor(wait), LAST_DAY)
        people.due[visitors & ~here] = LAST_DAY
        people.favourite[visitors], people.loyalty[visitors] = NOBODY, 0.0
        people.record["follows"][visitors] = NOBODY
        self.here = here

    def after_learning(self) -> None:
        """The next need comes sooner where there are more people than when they were drawn."""
        m = self.model
        if self.often is None or not len(m.purchases.consumer):
            return
        consumer, category = m.purchases.consumer.astype(np.int64), m.purchases.category.astype(np.int64)
        k = np.flatnonzero((self.often[consumer] != 1) & m.purchases.served)
        if not len(k):
            return
        who, what = consumer[k], category[k]
        wait = (m.consumers.due[who, what].astype(np.int64) - m.day) / self.often[who]
        ids = m.consumers.id[who].astype(np.uint64) * np.uint64(m.consumers.due.shape[1]) + what.astype(
            np.uint64
        )
        part = uniforms(m.seed_number, "needs by place", m.day, ids)
        m.consumers.due[who, what] = np.clip(m.day + np.floor(wait + part), m.day + 1, LAST_DAY)

    # -- phones ---------------------------------------------------------------------------------------------
    def hazards(self, hazard: np.ndarray) -> None:
        """The chance of somebody of literacy 1 to get a smartphone this month: that by which as many get one
        as are missing. Nobody gives hers back."""
        if "phones" not in self.series:
            return
        m = self.model
        record = m.consumers.columns.record
        without = record["access"] & ONLINE == 0
        wanted = min(self.first_phones * self.series["phones"].x(_next_month(m.date)), 1.0)
        missing = wanted * m.spec.population - m.users[0] * m.spec.population
        able = float(record["literacy"][without].sum(dtype=np.float64))
        hazard[:, 0] = min(max(missing, 0.0) / able, 1.0) if able else 0.0

    def figures(self) -> dict[str, float]:
        """How much each driver has moved, relative to the first day; people by part of the city; visitors."""
        m = self.model
        found = {f"driver/{name}": x for name, x in self.x.items()}
        found["residents"] = float(m.spec.residents)
        for stay in self.stays:
            ids = m.consumers.id[self.here]
            there = ((ids >= stay.first) & (ids < stay.first + stay.records)).sum()
            found[f"tourists/{stay.name}"] = float(there) * m.expansion_factor
        return found


def _next_month(day: date) -> date:
    """The first day of the month after that of a day."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
