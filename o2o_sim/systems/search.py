"""Newcomers who look at a few empty places each, with savings, and without knowing any of the places well."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from ..agents.lease import leases_of
from ..agents.sites import free_name, street_cells
from ..policies.prospects import Market, belongs, units_carried
from ..streams import name_bits, uniforms
from ..units import FEN_PER_YUAN, MONTHS_A_YEAR, month_of, rent_begins
from .base import System

if TYPE_CHECKING:
    from ..agents.circle import Circle
    from ..agents.store import Store
    from ..market.offers import Offer
    from ..model import O2OModel
    from ..scenario.blocks.search import Search as Rules
    from ..scenario.schema import Spec

FIRST_YEAR = 12
REMEMBERED = 1 - 1 / 60
"""What is left of the experience of earlier newcomers after a month: that of the last five years or so counts."""
FIRST_LESSONS = 5.0
"""So many newcomers who sold what is usual, and fared as the books promised, weigh as much as what people think at
first."""
TRADE, SAVINGS = 0, 1
"""What a newcomer's first draws are for."""


@dataclass
class Place:
    """An empty unit: where it is, since which month (numbered as by `units.month_of`), and who was there before, empty
    if nobody was during the run."""

    circle: Circle
    cell: int
    since: int
    before: str = ""


@dataclass(frozen=True)
class Newcomer:
    """Somebody who thinks of opening a shop: a trade, savings in months of its usual fixed cost, and bits of its own."""

    format_name: str
    savings_months: float
    bits: np.uint64


@dataclass
class Lessons:
    """How newcomers of some years fared: `open_` are those of less than a year, by store number, with the margin that
    others' books promised; `total` is the sum of what the others earned in their first year less that, in years of usual
    sales, and `count` that of what they sold; both fade."""

    open_: dict[int, float] = field(default_factory=dict)
    total: float = 0.0
    count: float = 0.0

    @property
    def mean(self) -> float:
        """By how much newcomers' margins differ from what books promise: negative where who has stayed is better than who
        comes."""
        return self.total / (self.count + FIRST_LESSONS)

    def learn(self, stores: list[Store]) -> None:
        """A month more: hear of who has left, and of who has been there for a year."""
        self.total, self.count = REMEMBERED * self.total, REMEMBERED * self.count
        for number, promised in list(self.open_.items()):
            store = stores[number]
            if store.is_here and len(store.months) < FIRST_YEAR:
                continue
            del self.open_[number]
            revenue = sum([m.revenue for m in store.months])
            weight = revenue / FEN_PER_YUAN / (FIRST_YEAR * store.usual_sales_yuan())
            if revenue > 0:
                self.total += weight * (sum([m.profit for m in store.months]) / revenue - promised)
                self.count += weight


class Search(System):
    """Newcomers search (Stigler 1961, Journal of Political Economy 69, 213-225, for goods; here for places).

    Each month some people think of opening a shop, of a format drawn in proportion to the shops that the city's demand
    could carry. Each looks at some empty places at which the format may stand, and expects there what sitting tenants of
    the format earn at the rent that is asked, less by how much newcomers have earned less than such books promised, with an
    error of its own for each place. It takes the best, if that promises the margin that newcomers want and savings suffice for
    deposit and the first month; so more come where shops earn more. Who takes the best of several is mostly one who
    expects too much, and who has stayed is better than who comes: both are what newcomers learn from each other."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        rules = model.spec.entry.search
        assert rules is not None
        self.rules: Rules = rules
        self.lessons = Lessons()
        self.places: list[Place] = []
        self.homes: dict[int, tuple[str, int]] = {}
        weights = [units_carried(model, name) for name in model.spec.stores.formats]
        self.chances = np.cumsum(weights) / max(sum(weights), 1e-9)
        self._see_empty()

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.entry.search is not None

    # -- empty places --------------------------------------------------------------------------------------------
    def _see_empty(self) -> list[Place]:
        """Bring the list of empty places up to date; returns those that have just been left."""
        model, today = self.model, month_of(self.model.date)
        now = {s.number: (s.circle.name, s.cell) for s in model.stores if s.is_here}
        left = [
            Place(model.circles[name], cell, today, model.stores[number].name)
            for number, (name, cell) in self.homes.items()
            if now.get(number) != (name, cell)
        ]
        self.homes = now
        self.places += left
        for circle in model.circles.values():
            here = [p for p in self.places if p.circle is circle]
            # Units that stores took otherwise, of circles that were shut, and that were there from the first day.
            gone = here[: max(len(here) - circle.vacant, 0)]
            self.places = [p for p in self.places if not any(p is g for g in gone)]
            more = circle.vacant - len(here)
            if more > 0:
                cells = (
                    street_cells(model, more, "empty street unit", model.day)
                    if circle.is_street
                    else [circle.cell] * more
                )
                self.places += [Place(circle, int(cell), today) for cell in cells]
        return [p for p in left if any(p is q for q in self.places)]

    # -- who comes -----------------------------------------------------------------------------------------------
    def month_end(self) -> None:
        self.lessons.learn(self.model.stores)
        left, market = self._see_empty(), Market(self.model)
        for place in left:
            who = self._newcomer("successor of " + place.before)
            if _draw(self.model, "a successor looks", who) < self.rules.successor:
                self._decide(who, [place], market)
        for k in range(self._how_many()):
            who = self._newcomer(f"newcomer {k + 1}")
            form = self.model.spec.stores.formats[who.format_name]
            self._decide(who, self._some([p for p in self.places if belongs(form, p.circle)], who), market)
        self.homes = {s.number: (s.circle.name, s.cell) for s in self.model.stores if s.is_here}

    def _how_many(self) -> int:
        """How many think of opening a shop this month: the rate, rounded up or down by chance."""
        units = sum(c.units for c in self.model.circles.values() if c.is_open)
        u = uniforms(self.model.seed_number, "how many newcomers", self.model.day, 0)[0]
        return int(self.rules.rate_yearly / MONTHS_A_YEAR * units + u)

    def _newcomer(self, name: str) -> Newcomer:
        bits = name_bits(name)
        trade, wealth = (
            float(uniforms(self.model.seed_number, "newcomers", self.model.day, np.full(1, bits), what)[0])
            for what in (TRADE, SAVINGS)
        )
        formats = list(self.model.spec.stores.formats)
        chosen = int(np.searchsorted(self.chances, trade, side="right"))
        savings = self.rules.savings_months * math.exp(self.rules.savings_spread * float(ndtri(wealth)))
        return Newcomer(formats[min(chosen, len(formats) - 1)], savings, bits)

    def _some(self, places: list[Place], who: Newcomer) -> list[Place]:
        """The places that a newcomer looks at, each as likely as the others."""
        rest, found = list(places), list[Place]()
        for k in range(min(self.rules.looks, len(rest))):
            found.append(
                rest.pop(int(_draw(self.model, "places that a newcomer looks at", who, k) * len(rest)))
            )
        return found

    def _decide(self, who: Newcomer, places: list[Place], market: Market) -> None:
        """A newcomer takes the best of the places it has looked at, or none."""
        believed = []
        for k, place in enumerate(places):
            if belongs(self.model.spec.stores.formats[who.format_name], place.circle):
                error = float(ndtri(_draw(self.model, "what a newcomer makes of a place", who, k)))
                margin = market.prospect_at(who.format_name, place.circle).margin + self.lessons.mean
                believed.append((margin + self.rules.margin_noise * error, k))
        if not believed or max(believed)[0] < self.model.spec.entry.margin_wanted:
            return
        margin, k = max(believed)
        self._open(who, places[k], margin, len(places), market)

    def _open(self, who: Newcomer, place: Place, margin: float, looked: int, market: Market) -> None:
        model, circle = self.model, place.circle
        level = circle.rent_yuan_m2(place.cell)
        cost = market.fixed_cost_yuan(who.format_name, level)
        leases = leases_of(model.spec, circle.name)
        deposit = leases.deposit_months * market.rent_yuan(who.format_name, level) if leases else 0.0
        if who.savings_months * cost < deposit + cost:
            return
        expected = market.prospect_at(who.format_name, circle).margin
        number = 1 + sum(s.opened == model.date and s.circle is circle for s in model.stores)
        name = free_name(model, f"{who.format_name} {circle.name} {number} ({model.date:%Y-%m})")
        store = model.open_store(
            name, who.format_name, circle, place.cell, cash_yuan=who.savings_months * cost
        )
        if store.run_by is not None:
            store.run_by.hopes(store, margin * store.usual_sales_yuan())
        self.lessons.open_[store.number] = expected
        market.add_floor(store)
        self.places = [p for p in self.places if p is not place]
        model.log(
            name,
            "entry",
            "open",
            "expects to earn enough here",
            **{
                "margin expected": round(margin, 4),
                "margin that tenants' books promise": round(expected, 4),
                "rent (yuan/m2/month)": round(level, 4),
                "places looked at": looked,
                "months that the place was empty": month_of(model.date) - place.since,
                "tenant before": place.before,
            },
        )

    def figures(self) -> dict[str, float]:
        """`newcomers_margin`: by how much newcomers' margins differ from what others' books promised them."""
        return {"newcomers_margin": self.lessons.mean}

    # -- the first months of a new shop --------------------------------------------------------------------------
    def amend(self, rows: list[Offer]) -> list[Offer]:
        if self.rules.ramp_utils == 0:
            return rows
        today = month_of(self.model.date)
        for row in rows:
            if row.store >= 0:
                row.appeal -= self.lacks(self.model.stores[row.store], today)
        return rows

    def lacks(self, store: Store, today: int) -> float:
        """Appeal that a store lacks in a month because it is new; stores of the first day lack none."""
        if store.opened <= self.model.spec.start:
            return 0.0
        age = today - rent_begins(store.opened)
        return self.rules.ramp_utils * max(1 - max(age, 0) / self.rules.ramp_months, 0.0)


def _draw(model: O2OModel, process: str, who: Newcomer, what: int = 0) -> float:
    """A newcomer's own draw of the month."""
    return float(uniforms(model.seed_number, process, model.day, np.full(1, who.bits), what)[0])


def newcomers_hope(model: O2OModel) -> float:
    """By how much the margin that a newcomer expects of the best place it has looked at differs from what others' books
    promise: what people have learnt, and the mean of the largest of its errors (Blom 1958). 0 without a search."""
    search = next((s for s in model.systems if isinstance(s, Search)), None)
    if search is None:
        return 0.0
    n = search.rules.looks
    return search.lessons.mean + search.rules.margin_noise * float(ndtri((n - 0.375) / (n + 0.25)))
