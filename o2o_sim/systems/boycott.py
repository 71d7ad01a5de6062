"""Shops that refuse to deal with a platform as long as enough others do."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from ..market.ledger import PROVIDERS
from ..market.offers import EVERYWHERE, FOLLOWERS, Offer
from ..policies.integration import options
from ..policies.store import NeverIntegrate
from ..streams import uniforms
from ..units import fen
from .base import System

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..agents.store import Store
    from ..model import O2OModel
    from ..policies.decisions import View
    from ..scenario.blocks.boycott import Boycott
    from ..scenario.schema import Spec

LEAST_THRESHOLD = 1e-9
"""Who has not begun it wants to see at least somebody else in it."""


class Boycotts(System):
    """All boycotts of the scenario."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.boycotts = [OneBoycott(model, name, spec) for name, spec in model.spec.boycott.items()]

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return bool(spec.boycott)

    def morning(self) -> None:
        for b in self.boycotts:
            b.begin()

    def amend(self, rows: list[Offer]) -> list[Offer]:
        for b in self.boycotts:
            rows = b.amend(rows)
        return rows

    def after_choice(self) -> None:
        for b in self.boycotts:
            b.refuse_looking()

    def allows(self, store: Store, mode: str, platform: Any) -> bool:
        return not any(b.forbids(store, platform) for b in self.boycotts)

    def month_end(self) -> None:
        for b in self.boycotts:
            b.reconsider()

    def figures(self) -> dict[str, float]:
        """Of each boycott: the share of the shops asked that are in it, the share of the floor space of its
        goods, what the platform sold of them in the month, and how many people could not order from it on the
        floor."""
        return {name: value for b in self.boycotts for name, value in b.figures().items()}


class OneBoycott:
    """One boycott: who is asked, who is in it, and what it does to the platform.

    `members` are the numbers of the stores that are in it. Each store has a threshold drawn for its name: the
    share of the others asked that it wants to see in it (Granovetter 1978); those who begin it have none.
    What the platform promises raises the threshold, a fine for breaking ranks lowers that rise for who is in
    it."""

    def __init__(self, model: O2OModel, name: str, rules: Boycott):
        self.model, self.name, self.rules = model, name, rules
        self.platform: Platform = next(p for p in model.platforms if p.name == rules.platform)
        self.account = model.ledger.open("association " + name, PROVIDERS)
        self.members: set[int] = set()
        self.has_begun = self.has_ended = False
        self.months = self.refused = 0
        self.asking: Store | None = None

    # -- who is in it ----------------------------------------------------------------------------------------
    def asked(self) -> list[Store]:
        """The shops that are asked: those that trade, less those that the platform owns."""
        r = self.rules
        return [
            s
            for s in self.model.stores
            if s.is_here
            and (not r.formats or s.format_name in r.formats)
            and (not r.categories or s.category in r.categories)
            and (not r.circles or s.circle.name in r.circles)
            and s.owner is not self.platform
        ]

    def threshold(self, store: Store) -> float:
        """Share of the others that it wants to see, before any temptation; 0 for who begins it."""
        u = uniforms(self.model.seed_number, f"boycott {self.name}", 0, np.full(1, store.bits), 0)[0]
        if u < self.rules.share:
            return 0.0
        v = uniforms(self.model.seed_number, f"boycott {self.name}", 0, np.full(1, store.bits), 1)[0]
        drawn = self.rules.threshold_mean + self.rules.threshold_spread * float(ndtri(v))
        return max(drawn, LEAST_THRESHOLD)

    def promised(self, store: Store, view: View) -> tuple[float, float]:
        """What the platform's best mode promises it, less its cost, and its sales: yuan a month."""
        months = store.months[-view.spec.stores.satisficing.memory_months :]
        sales = sum(m.revenue for m in months) / 100 / max(len(months), 1)
        if sales <= 0 or isinstance(getattr(store.policy, "inner", store.policy), NeverIntegrate):
            return 0.0, max(sales, 0.0)
        held = [h for h in store.modes.values() if h.platform is self.platform and h.contribution_fen]
        if held:
            return max(sum(h.contribution_fen[-1] for h in held) / 100, 0.0), sales
        self.asking = store  # so that it may dream of what it forbids itself
        found = [o.gain - o.cost for o in options(store, view) if o.platform is self.platform]
        self.asking = None
        return max([0.0, *found]), sales

    def begin(self) -> None:
        """On its first day: those who begin it whatever others do."""
        if self.has_begun or (self.rules.starts is not None and self.model.date < self.rules.starts):
            return
        self.has_begun = True
        asked = self.asked()
        for store in asked:
            if self.threshold(store) == 0:
                self._join(store, "begins it", {})
        self._tell("boycott begins", "called by an association", asked=len(asked), members=len(self.members))
        self.model.offers_changed = True

    def reconsider(self) -> None:
        """At a month's end every shop asked looks at the others, all at once."""
        if not self.has_begun or self.has_ended:
            return
        view, asked = self.model.view, self.asked()
        here = {s.number for s in asked}
        self.members &= here
        inside = frozenset(self.members)
        for store in asked:
            member = store.number in inside
            others = (len(inside) - member) / max(len(asked) - 1, 1)
            gain, sales = self.promised(store, view)
            spared = self.rules.fine_yuan / self.rules.fine_months if member else 0.0
            tempted = max(gain - spared, 0.0) / sales if sales > 0 else 0.0
            wanted = self.threshold(store) + self.rules.temptation * tempted
            figures = {
                "share of others in it": round(others, 4),
                "share of others it wants": round(wanted, 4),
                "promised by the platform (yuan/month)": round(gain, 2),
            }
            if member and others < wanted:
                self._leave(store, figures)
            elif not member and others >= wanted:
                self._join(store, "enough others are in it", figures)
        self.months += 1
        if self.months >= self.rules.wait_months and self.share() < self.rules.ends_below:
            self._end()

    def _join(self, store: Store, reason: str, figures: dict[str, Any]) -> None:
        self.members.add(store.number)
        for mode in [m for m, h in store.modes.items() if h.platform is self.platform]:
            store.quit(mode)
            figures = figures | {"gives up": mode}
        self.model.log(store.name, "store", f"join boycott {self.name}", reason, **figures)

    def _leave(self, store: Store, figures: dict[str, Any]) -> None:
        self.members.discard(store.number)
        fine = fen(self.rules.fine_yuan)
        self.model.ledger.book("transfers", store.account, self.account, np.int64(fine))
        enough = figures["share of others in it"] >= self.threshold(store)
        self.model.log(
            store.name,
            "store",
            f"break boycott {self.name}",
            "tempted" if enough else "too few others are in it",
            **figures,
            **{"fine (yuan)": fine / 100},
        )

    def _end(self) -> None:
        self._tell("boycott ends", "too few are in it", share=round(self.share(), 4), months=self.months)
        self.members.clear()
        self.has_ended = True

    def _tell(self, decision: str, reason: str, **figures: Any) -> None:
        self.model.log(self.platform.name, "platform", f"{decision}: {self.name}", reason, **figures)

    def forbids(self, store: Store, platform: Any) -> bool:
        return store.number in self.members and platform is self.platform and store is not self.asking

    # -- what it does ----------------------------------------------------------------------------------------
    def share(self) -> float:
        """Share of the shops asked that are in it."""
        asked = self.asked()
        return sum(s.number in self.members for s in asked) / len(asked) if asked else 0.0

    def floor_share(self) -> dict[str, float]:
        """Share of the town's floor space of each category of goods at issue that is in it."""
        mine: dict[str, float] = {}
        all_: dict[str, float] = {}
        for s in self.model.stores:
            if not s.is_here:
                continue
            for c, share in s.floor.items():
                if self.rules.categories and c not in self.rules.categories:
                    continue
                area = share * s.floor_m2
                all_[c] = all_.get(c, 0.0) + area
                mine[c] = mine.get(c, 0.0) + area * (s.number in self.members)
        return {c: mine[c] / all_[c] for c in all_ if all_[c] > 0}

    def amend(self, rows: list[Offer]) -> list[Offer]:
        """With the platform's parcels of the goods at issue changed; b is the share of the floor space that
        boycotts.

        The doubt about the unseen grows by `unseen_disutility_growth` times b: who orders from home knows less of goods
        that she can see nowhere in town. And a share `range_share` of the range goes with these shops. Appeal
        is the log of how much there is to choose from, so it changes by log(1 - range_share * b)."""
        if not self.members:
            return rows
        names = list(self.model.category_number)
        lost = self.floor_share()
        found = []
        for row in rows:
            b = lost.get(names[row.category], 0.0)
            if b and row.platform == self.platform.number and row.seen in (EVERYWHERE, FOLLOWERS):
                # A plugin's channel may give the same offers again, so they are not changed themselves.
                row = replace(
                    row,
                    unseen=row.unseen * (1 + self.rules.unseen_disutility_growth * b),
                    appeal=row.appeal + math.log(1 - self.rules.range_share * b),
                )
            found.append(row)
        return found

    def refuse_looking(self) -> None:
        """Who has looked in one of the shops cannot order from the platform there: she buys what she came
        for.

        On her way in she thought it the best she could have; that another platform might tempt her now in its
        place is left out."""
        m, t = self.model, self.model.table
        if not self.members or not self.rules.refuses_looking:
            return
        shut = np.zeros(len(m.stores) + 1, np.bool_)
        shut[[number + 1 for number in sorted(self.members)]] = True
        looked = np.flatnonzero(m.purchases.visited)
        platform = t.columns["platform"][m.purchases.picks[looked]]
        caught = looked[
            shut[t.columns["store"][m.purchases.visited[looked]]] & (platform == self.platform.number + 1)
        ]
        self.refused += len(caught)
        m.purchases.picks[caught], m.purchases.visited[caught] = m.purchases.visited[caught], 0

    def figures(self) -> dict[str, float]:
        view, goods = self.model.view, self.rules.categories or list(self.model.category_number)
        sold = sum(view.orders.get((self.platform.name, c), 0.0) for c in goods) / 100 if view else 0.0
        floors = self.floor_share()
        refused, self.refused = self.refused, 0
        return {
            f"boycott_share/{self.name}": self.share(),
            f"boycott_floor/{self.name}": sum(floors.values()) / len(floors) if floors else 0.0,
            f"boycotted_sales_yuan/{self.name}": sold,
            f"boycott_refused/{self.name}": refused * self.model.expansion_factor,
        }
