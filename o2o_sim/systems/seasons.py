"""Seasons, in which people need more or less: they move the days of needs, and the size of purchases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from ..market.needs import LAST_DAY
from ..market.offers import Offer
from ..streams import uniforms
from .base import System

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel
    from ..scenario.schema import Spec

A_YEAR = (date(2013, 1, 1), date(2013, 12, 31))
"""Any year without a 29 February: seasons come again every year."""


class Seasons(System):
    """Parts of the year with more or fewer needs, or larger or smaller purchases.

    Needs come at the season's rate from its first day on: what is left of everybody's wait is cut (or
    stretched) in proportion, as if it had been a wait at that rate from where it stands. A season that begins
    and ends leaves the rate as it was.
    """

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.usual_days = model.habits.every_days.copy()
        self.demand_x = np.ones(len(self.usual_days))
        self.ticket_x = np.ones(len(self.usual_days))
        self._means: dict[tuple[date, date], np.ndarray] = {}
        self._mean(*A_YEAR)

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return bool(spec.calendar.seasons)

    def on(self, day: date) -> tuple[np.ndarray, np.ndarray]:
        """(how often, how large) purchases are on a day, relative to the usual, float64[categories] each;
        seasons at the same time multiply."""
        often, large = np.ones_like(self.demand_x), np.ones_like(self.ticket_x)
        today = f"{day:%m-%d}"
        for s in self.model.spec.calendar.seasons.values():
            within = s.first <= today <= s.last if s.first <= s.last else today >= s.first or today <= s.last
            if within:
                mine = [
                    n for c, n in self.model.category_number.items() if not s.categories or c in s.categories
                ]
                often[mine] *= s.demand_x
                large[mine] *= s.ticket_x
        return often, large

    def expected_x(self, store: Store, days: Sequence[date]) -> float:
        share = np.zeros(len(self.demand_x))
        for category, part in store.floor.items():
            share[self.model.category_number[category]] = part
        return float(self._mean(days[0], days[-1]) @ share / (self._mean(A_YEAR[0], A_YEAR[-1]) @ share))

    def _mean(self, first: date, last: date) -> np.ndarray:
        """What is bought in some days as a multiple of the usual: float64[categories], worked out once for all stores."""
        if (first, last) not in self._means:
            days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
            self._means = {
                A_YEAR: self._means.get(A_YEAR, np.ones(len(self.demand_x))),
                (first, last): np.mean([often * large for often, large in map(self.on, days)], axis=0),
            }
        return self._means[first, last]

    def morning(self) -> None:
        m = self.model
        often, large = self.on(m.date)
        if not np.array_equal(large, self.ticket_x):
            self.ticket_x, m.offers_changed = large, True
        if np.array_equal(often, self.demand_x):
            return
        for c in np.flatnonzero(often != self.demand_x):
            self._rescale(int(c), self.demand_x[c] / often[c])
        self.demand_x = often
        m.habits = m.habits._replace(every_days=self.usual_days / often)

    def _rescale(self, category: int, times: float) -> None:
        """Multiply what is left of the waits. A need of day d is felt at some time of that day, its own
        draw."""
        m, due = self.model, self.model.consumers.due
        left = np.maximum(due[:, category].astype(np.int64) - m.day, 0)
        time = uniforms(m.seed_number, "turn of season", m.day, m.consumers.id, category)
        due[:, category] = np.minimum(m.day + np.floor((left + time) * times), LAST_DAY)

    def amend(self, rows: list[Offer]) -> list[Offer]:
        if (self.ticket_x == 1).all():
            return rows
        return [self._larger(r, float(self.ticket_x[r.category])) for r in rows]

    @staticmethod
    def _larger(r: Offer, x: float) -> Offer:
        """A larger purchase of the same: price, goods and all shares of the price grow, what an order costs
        does not."""
        if x == 1:
            return r
        grows = ("price", "usual", "discount", "goods", "spoilage", "commission", "advertising")
        return replace(r, **{name: getattr(r, name) * x for name in grows})

    def figures(self) -> dict[str, float]:
        """How often things are needed as the month ends, relative to the usual."""
        names = self.model.category_number
        return {f"season_demand_x/{c}": float(self.demand_x[k]) for c, k in names.items()}
