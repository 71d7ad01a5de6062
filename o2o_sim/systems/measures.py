"""Monthly series that cost something to count, and are made only where a scenario asks for them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..market.ledger import LINE
from ..market.offers import AT_PLACE
from .base import System

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.schema import Spec

LOYAL = 0.5
"""Who is at least so loyal to her favourite counts as a loyal customer of it."""

OWN = frozenset({"loyalty", "attention", "circles"})
"""The measures of this file."""


class Measures(System):
    """Counts, and changes nothing. What is undefined in a month, such as a share of nothing, is NaN.

    `loyalty`: `loyal/FORMAT` is the mean number of loyal customers (real people) of its trading stores;
    `repeat/FORMAT` the share of its purchases by people whose favourite of the category the store was before
    they came. `attention`: `advertising_share/PLATFORM` is what sellers on a marketplace paid it for
    attention over their sales there, `rent_share` what shops paid in rent over their revenue
    (`rent_share/FORMAT`: those of one format), `advertising_to_rent/PLATFORM` the one over the other.
    `circles`: `circle_share/COHORT` is the share of what a cohort spent that was spent on the spot in shops
    of business circles.
    """

    def __init__(self, model: O2OModel):
        super().__init__(model)
        spec = model.spec
        self.asked = set(spec.measures)
        self.again = self.bought = self.advertising = self.sales = np.zeros(0, np.int64)
        self.in_circles = self.spent = np.zeros(0, np.int64)
        self.formats = {name: k for k, name in enumerate(spec.stores.formats)}
        self.clear()

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return not OWN.isdisjoint(spec.measures)

    def clear(self) -> None:
        """A new month."""
        spec = self.model.spec
        self.again, self.bought = np.zeros((2, len(self.formats)), np.int64)
        self.advertising, self.sales = np.zeros((2, len(spec.platforms) + 1), np.int64)
        self.in_circles, self.spent = np.zeros((2, len(spec.cohorts)), np.int64)

    # -- every day -----------------------------------------------------------------------------------------
    def after_sales(self) -> None:
        if "loyalty" in self.asked:
            self._count_repeats()
        m, t = self.model, self.model.table
        if "attention" in self.asked:
            count, platform = m.purchases.bought.sum(axis=0), t.columns["platform"]
            np.add.at(self.advertising, platform, count * t.fen["advertising"])
            np.add.at(self.sales, platform, count * (t.fen["price"] - t.fen["discount"]))
        if "circles" in self.asked:
            paid = m.purchases.bought * (t.fen["price"] - t.fen["discount"] - t.fen["subsidy"] + t.fen["fee"])
            in_circle = np.array([False, *(not s.circle.is_street for s in m.stores)])
            there = in_circle[t.columns["store"]] & (t.seen == AT_PLACE)
            self.spent += paid.sum(axis=1)
            self.in_circles += paid[:, there].sum(axis=1)

    def _count_repeats(self) -> None:
        """Who bought where it was her favourite already; learning comes later in the day."""
        m, t = self.model, self.model.table
        consumer, category = m.purchases.consumer, m.purchases.category
        store = t.store[m.purchases.picks]
        k = np.flatnonzero(m.purchases.served & (store >= 0))
        store = store[k]
        form = np.array([self.formats[s.format_name] for s in m.stores], np.int64)[store]
        again = m.consumers.columns.favourite[consumer[k], category[k]] == store
        self.bought += np.bincount(form, minlength=len(self.formats))
        self.again += np.bincount(form[again], minlength=len(self.formats))

    # -- every month ---------------------------------------------------------------------------------------
    def figures(self) -> dict[str, float]:
        found: dict[str, float] = {}
        if "loyalty" in self.asked:
            loyal, trading = self._loyal(), np.zeros(len(self.formats))
            for s in self.model.stores:
                trading[self.formats[s.format_name]] += s.is_trading
            for name, k in self.formats.items():
                found[f"loyal/{name}"] = _over(loyal[k], trading[k])
                found[f"repeat/{name}"] = _over(self.again[k], self.bought[k])
        if "attention" in self.asked:
            found |= self._attention()
        if "circles" in self.asked:
            for k, name in enumerate(self.model.spec.cohorts):
                found[f"circle_share/{name}"] = _over(self.in_circles[k], self.spent[k])
        self.clear()
        return found

    def _loyal(self) -> np.ndarray:
        """Loyal customers of all trading stores, real people by format; who is loyal to one store for two
        kinds of need is one customer of it."""
        m = self.model
        people = m.consumers.columns
        is_loyal = (people.loyalty >= np.float32(LOYAL)) & (people.favourite >= 0)
        of_store = np.zeros(len(m.stores), np.int64)
        for c in range(is_loyal.shape[1]):
            who = is_loyal[:, c].copy()
            for e in range(c):
                who &= ~(is_loyal[:, e] & (people.favourite[:, e] == people.favourite[:, c]))
            of_store += np.bincount(people.favourite[who, c], minlength=len(of_store))
        found = np.zeros(len(self.formats))
        for s in m.stores:
            if s.is_trading:
                found[self.formats[s.format_name]] += of_store[s.number] * m.expansion_factor
        return found

    def _attention(self) -> dict[str, float]:
        """What sellers pay to be seen: online in advertising, in the street in rent."""
        m = self.model
        found: dict[str, float] = {}
        books = m.ledger.books
        accounts = np.array([s.account for s in m.stores], np.int64)
        form = np.array([self.formats[s.format_name] for s in m.stores], np.int64)
        lines = [LINE[n] for n in ("sales", "subsidy received", "delivery fees")]
        revenue = books[lines][:, accounts].sum(axis=0)
        rent = -books[LINE["rent"], accounts]
        found["rent_share"] = _over(rent.sum(), revenue.sum())
        for name, k in self.formats.items():
            found[f"rent_share/{name}"] = _over(rent[form == k].sum(), revenue[form == k].sum())
        for p in m.platforms:
            if p.spec.kind == "marketplace":
                share = _over(self.advertising[p.number + 1], self.sales[p.number + 1])
                found[f"advertising_share/{p.name}"] = share
                found[f"advertising_to_rent/{p.name}"] = _over(share, found["rent_share"])
        return found


def _over(part: float, whole: float) -> float:
    return float(part / whole) if whole else math.nan
