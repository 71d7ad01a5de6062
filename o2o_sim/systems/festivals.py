"""Festivals, for which people wait. They move the days on which needs come, and the terms of offers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from ..market.consumers import member_bit
from ..market.needs import LAST_DAY
from ..market.offers import Offer
from ..streams import uniforms
from ..units import fen
from .base import System
from .seasons import Seasons

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..model import O2OModel
    from ..scenario.blocks.festivals import Festival
    from ..scenario.schema import Spec

DAYS_KNOWN = 20_400
"""Festivals are known for the longest run there can be and a year more, whenever this run ends: people wait for one
that the run does not see, and a run that is over may be gone on with."""


@dataclass
class Held:
    """One festival of one year: `first` is its day number, `categories` those on offer, and which of the
    platforms that take part carry each."""

    name: str
    spec: Festival
    first: int
    carriers: dict[int, list[Platform]] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """The first day without its terms."""
        return self.first + self.spec.days

    @property
    def clear(self) -> int:
        """The first day on which parcels are in time again."""
        return self.end + (self.spec.congested_days if self.spec.delay_days > 0 else 0)


class Festivals(System):
    """Days on which platforms sell for less.

    Members of a platform that takes part hold a share of their needs back for it, and meet a share of later
    ones on the day. Nothing is gained or lost by that: a need met m days early (or w days late) is followed
    by the next one m days later (or w days sooner) than it would otherwise be. `moved[person, category]` says
    by how many days the next need must still be set right: positive after a need that was brought forward,
    negative after one that waited.
    """

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.moved = np.zeros(model.consumers.due.shape, np.int32)
        self.waits_until = np.full(
            self.moved.shape, -1, np.int32
        )  # day of the festival that a need waited for last
        self.plan_ahead, self.every_days = model.habits.plan_ahead, model.habits.every_days
        self.held = [h for name, f in model.spec.calendar.festivals.items() for h in self._days_of(name, f)]
        self.counts: dict[str, float] = {}
        self.punctual = {mode.channel for mode in model.modes.values() if not mode.is_online}
        """Channels of no parcels: what a store nearby brings at once is never late."""

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return bool(spec.calendar.festivals)

    def _days_of(self, name: str, f: Festival) -> list[Held]:
        """All its days of and around the run, in order."""
        m = self.model
        start = m.spec.start
        days = list(f.dates)
        if f.every_year is not None:
            years = range(start.year - 1, start.year + DAYS_KNOWN // 365 + 1)
            days += [date.fromisoformat(f"{year:04}-{f.every_year}") for year in years if 1 <= year <= 9999]
        joins = [p for p in m.platforms if not f.platforms or p.name in f.platforms]
        carriers = {
            number: found
            for category, number in m.category_number.items()
            if (not f.categories or category in f.categories)
            and (found := [p for p in joins if p.carries(category)])
        }
        firsts = sorted({(day - start).days for day in days})
        held = [Held(name, f, first, carriers) for first in firsts if first <= DAYS_KNOWN]
        return [h for h in held if h.clear >= 0]

    # -- needs ----------------------------------------------------------------------------------------------
    def morning(self) -> None:
        m, today = self.model, self.model.day
        if m.date.day == 1 or not today:
            self.counts = {}
        m.habits = m.habits._replace(plan_ahead=self.plan_ahead)
        if m.habits.every_days is not self.every_days:
            # A season turns this morning and has moved all needs; what waits for a festival goes on waiting
            # for it.
            self.every_days, waits = m.habits.every_days, self.waits_until >= today
            m.consumers.due[waits] = self.waits_until[waits]
        for h in self.held:
            if h.first - h.spec.held_days <= today < h.first:
                self._hold_back(h)
            elif h.first == today:
                self._pull_forward(h)
                self._nobody_puts_off(h)
                self._tell(h)
            # Every day of its terms: a platform that pays may have come to the end of its budget.
            if h.first <= today < h.end or today in (h.end, h.clear):
                m.offers_changed = True

    def _members(self, carriers: list[Platform]) -> np.ndarray:
        """Who is a member of one of these platforms: bool[n]."""
        bits = np.uint32(0)
        for p in carriers:
            bits |= member_bit(p.number)
        return (self.model.consumers.access & bits) != 0

    def _waits(self, h: Held, category: int, who: np.ndarray) -> np.ndarray:
        """Who of these (rows) waits with such a need; of one mind on every day before one festival."""
        ids = self.model.consumers.id[who]
        draw = uniforms(self.model.seed_number, "wait for " + h.name, h.first, ids, category)
        return draw < h.spec.held_back

    def _hold_back(self, h: Held) -> None:
        """Needs that would be met today wait, if the wait is no longer than what usually lies between two."""
        m, due, wait = self.model, self.model.consumers.due, h.first - self.model.day
        for c, carriers in h.carriers.items():
            if wait > m.habits.every_days[c] or h.spec.held_back == 0:
                continue
            who = np.flatnonzero((due[:, c] <= m.day) & self._members(carriers))
            who = who[self._waits(h, c, who)]
            due[who, c] = self.waits_until[who, c] = h.first
            self.moved[who, c] -= wait
            self._count("needs_held_back/" + h.name, len(who) * m.expansion_factor)

    def _pull_forward(self, h: Held) -> None:
        """Later needs are met today."""
        m, due = self.model, self.model.consumers.due
        if h.spec.pulled_forward == 0:
            return
        for c, carriers in h.carriers.items():
            away = due[:, c].astype(np.int32) - m.day
            who = np.flatnonzero((away > 0) & (away <= h.spec.pulled_days) & self._members(carriers))
            draw = uniforms(m.seed_number, "pulled forward by " + h.name, m.day, m.consumers.id[who], c)
            who = who[draw < h.spec.pulled_forward]
            self.moved[who, c] += away[who]
            due[who, c] = m.day
            self._count("needs_pulled_forward/" + h.name, len(who) * m.expansion_factor)

    def _nobody_puts_off(self, h: Held) -> None:
        """Consumers who buy at the festival do not put the purchase off to the weekend. All others do, by
        the draws by which they always do (`needs.find_due`), which is then not asked again today."""
        m, due = self.model, self.model.consumers.due
        if m.is_free_day:
            return
        plan_ahead = m.habits.plan_ahead.copy()
        for c, carriers in h.carriers.items():
            if plan_ahead[c] == 0:
                continue
            who = np.flatnonzero((due[:, c] <= m.day) & (self.moved[:, c] == 0))
            stays = self._members(carriers)[who] & self._waits(h, c, who)
            draw = uniforms(m.seed_number, "put off", m.day, m.consumers.id[who], c)
            due[who[~stays & (draw < plan_ahead[c])], c] = m.next_free_day
            plan_ahead[c] = 0.0
        m.habits = m.habits._replace(plan_ahead=plan_ahead)

    def after_learning(self) -> None:
        """The next need comes where it would have come had the last one been met when it was felt."""
        if not self.moved.any():
            return
        m, due = self.model, self.model.consumers.due
        consumer, category = m.purchases.consumer.astype(np.int64), m.purchases.category.astype(np.int64)
        shift = self.moved[consumer, category]
        k = np.flatnonzero((shift != 0) & m.purchases.served)
        at = consumer[k], category[k]
        wanted = due[at].astype(np.int32) + shift[k]
        due[at] = np.clip(wanted, m.day + 1, LAST_DAY)
        # What cannot be made good at once, because it lies in the past, is made good after the next need.
        self.moved[at] = np.minimum(wanted - (m.day + 1), 0)

    # -- terms ----------------------------------------------------------------------------------------------
    def amend(self, rows: list[Offer]) -> list[Offer]:
        today = self.model.day
        for h in self.held:
            if not h.first <= today < h.clear:
                continue
            concerned = {(p.number, c) for c, carriers in h.carriers.items() for p in carriers}
            rows = [self._terms(h, r) if (r.platform, r.category) in concerned else r for r in rows]
        return rows

    def _terms(self, h: Held, r: Offer) -> Offer:
        """An offer at the festival's terms (on its days), and late (from its first day until streets are
        clear)."""
        m, p = self.model, self.model.platforms[r.platform]
        if h.spec.delay_days > 0 and p.ships and r.channel not in self.punctual:
            more, category = h.spec.delay_days, list(m.spec.categories.values())[r.category]
            r = replace(r, days=r.days + more, wait=r.wait + category.wait_utils(more, after=r.days))
        pays = r.price - r.discount - r.subsidy
        if m.day >= h.end or pays <= 0:
            return r
        if h.spec.paid_by == "platform":
            if p.is_broke or p.spent_fen >= fen(p.spec.subsidy.budget_yuan_month):
                return r
            return replace(r, subsidy=r.subsidy + min(h.spec.discount * m.spec.levers.subsidy_x, 1.0) * pays)
        less = h.spec.discount * pays
        kept = 1 - less / (r.price - r.discount)
        return replace(
            r, discount=r.discount + less, commission=r.commission * kept, advertising=r.advertising * kept
        )

    # -- what it tells --------------------------------------------------------------------------------------
    def _count(self, what: str, much: float) -> None:
        self.counts[what] = self.counts.get(what, 0.0) + much

    def _tell(self, h: Held) -> None:
        for p in dict.fromkeys(p for carriers in h.carriers.values() for p in carriers):
            self.model.log(p.name, "platform", "festival", h.name, discount=h.spec.discount, days=h.spec.days)

    def after_sales(self) -> None:
        m = self.model
        on = [h for h in self.held if h.first <= m.day < h.end]
        if not on:
            return
        t = m.table
        spent = m.purchases.bought.sum(axis=0) * (t.fen["price"] - t.fen["discount"] + t.fen["fee"])
        category = t.columns["category"].astype(np.int64)
        for h in on:
            for c, carriers in h.carriers.items():
                rows = (category == c) & np.isin(t.platform, [p.number for p in carriers])
                self._count("festival_sales_yuan/" + h.name, float(spent[rows].sum()) / 100)

    def figures(self) -> dict[str, float]:
        """Of the month: sales on the days of each festival, and (people's) needs that it moved."""
        kinds = ("festival_sales_yuan", "needs_held_back", "needs_pulled_forward")
        names = (f"{kind}/{name}" for kind in kinds for name in self.model.spec.calendar.festivals)
        return {name: self.counts.get(name, 0.0) for name in names}


def at_terms_of_the_day(model: O2OModel, rows: list[Offer]) -> list[Offer]:
    """New offers of a system that is asked after seasons and festivals, as these would have amended them."""
    for system in model.systems:
        if isinstance(system, (Seasons, Festivals)):
            rows = system.amend(rows)
    return rows
