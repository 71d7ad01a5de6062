"""Chains that decide for all their shops."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..agents.store import OPEN, SHOWROOM, Month, Store
from ..modes import Holding
from ..policies.decisions import KEEP, Decision, StorePolicy, View
from ..policies.leaving import Leaving, Patience, Staying
from ..policies.store import PATIENCE
from ..streams import name_bits, uniforms
from .base import System

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.schema import Spec

CAN_BECOME = {"showroom": (OPEN,), "move online": (OPEN, SHOWROOM)}
"""In which states a shop can do what its chain decides for its worst one."""


class Chains(System):
    """Puts a head office over the shops of every chain; each shop then does what its head office decides."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        rules = model.spec.stores.chains_decide
        assert rules is not None
        self.rules = rules
        self.offices: dict[str, HeadOffice] = {}
        self.known = 0
        self._meet_new()

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.stores.chains_decide is not None

    def bills(self) -> None:
        self._meet_new()

    def _meet_new(self) -> None:
        """Stores that have come since."""
        for store in self.model.stores[self.known :]:
            if store.chain and (not self.rules.formats or store.format_name in self.rules.formats):
                office = self.offices.setdefault(
                    store.chain, HeadOffice(self.model, store.chain, store.policy)
                )
                office.shops.append(store)
                store.policy = Branch(store.policy, office)
        self.known = len(self.model.stores)

    def month_end(self) -> None:
        for office in self.offices.values():
            office.plan = None
            for shop in office.shops:
                shop.together = 1

    def figures(self) -> dict[str, float]:
        """Chains that still have a shop, and shops per chain."""
        sizes = [sum(s.is_trading for s in office.shops) for office in self.offices.values()]
        sizes = [n for n in sizes if n]
        return {"chains": len(sizes), "shops_per_chain": sum(sizes) / len(sizes) if sizes else 0.0}


class Branch(StorePolicy):
    """The policy of a shop whose chain decides. `inner` is what it would do alone."""

    def __init__(self, inner: Any, office: HeadOffice):
        self.inner, self.office = inner, office
        self.matches_prices = getattr(inner, "matches_prices", False)

    def review(self, store: Store, view: View, chance: float) -> Decision:
        return self.office.decision_for(store, view)


class HeadOffice:
    """What decides for the shops of one chain, once a month, with the policy that they had.

    It looks at its usual shop: the mean of all their books, cash and traits, so that what pays for the usual
    shop, at its part of shared costs, pays for the chain. Its neighbours are all shops of the category, in
    the whole city. Money stays with each shop, but the chain answers for all: one in the red is not insolvent
    while together they are not. `plan` is what it decided this month: a decision by store number."""

    def __init__(self, model: O2OModel, name: str, policy: Any):
        self.model, self.name, self.policy = model, name, policy
        self.bits = name_bits("chain " + name)
        self.shops: list[Store] = []
        self.plan: dict[int, Decision] | None = None
        self.price_direction = 1.0

    def decision_for(self, store: Store, view: View) -> Decision:
        """What one of its shops shall do this month."""
        if self.plan is None:
            self.plan = self.decide(view)
        return self.plan.get(store.number, KEEP)

    def decide(self, view: View) -> dict[int, Decision]:
        """One decision for all of its shops, and the closing of the worst one if that has long lost money."""
        shops = [s for s in self.shops if s.is_trading and s.months]
        if not shops:
            return {}
        chance = float(uniforms(self.model.seed_number, "review", self.model.day, np.full(1, self.bits))[0])
        usual = self.usual_shop(shops, view)
        leaving = view.leaving or PATIENCE
        seen = replace(view, leaving=Staying()) if leaving.each_branch else view
        head: Decision = self.policy.review(usual, seen, chance)
        self.price_direction = usual.price_direction
        figures = head.figures | {"shops of the chain": len(shops)}
        head = replace(head, reason=f"its chain: {head.reason}" if head.reason else "", figures=figures)
        worst = min(shops, key=lambda s: (_margin(s, view), s.name))
        plan: dict[int, Decision] = {}
        if head.kind == "close" and usual.cash_yuan < -usual.credit_yuan:
            return {s.number: head for s in shops}
        if head.kind in ("close", "showroom", "move online"):
            # Who has left its unit cannot come back to it, and its unit may be let.
            able = [s for s in shops if s.state in CAN_BECOME.get(head.kind, (s.state,))]
            return {min(able, key=lambda s: (_margin(s, view), s.name)).number: head} if able else {}
        for s in shops:
            plan[s.number] = self._for_one(s, head, usual, view)
        patience = view.spec.stores.satisficing.patience_months
        if not hasattr(self.policy, "look_back"):
            pass  # a rule of a plugin's that does not look at its books: its head office decides all
        elif leaving.each_branch:
            plan |= self._who_leave(shops, leaving, view)
        elif isinstance(leaving, Patience) and worst.losses >= patience and _margin(worst, view) < 0:
            plan[worst.number] = leaving.give_up(worst, view, self.policy.look_back(worst, view))
        if head.kind == "adopt":
            together = [s for s in shops if plan[s.number].kind == "adopt"]
            for s in together:
                s.together = len(together) + sum(head.mode in o.modes for o in shops)
        return plan

    def _who_leave(self, shops: list[Store], leaving: Leaving, view: View) -> dict[int, Decision]:
        """The shops that the chain leaves or turns into something else, each with its decision."""
        found = {}
        for s in shops:
            figures = self.policy.look_back(s, view)
            ended = leaving.must(s, view, figures) or leaving.wants(s, view, figures)
            if ended is not None:
                found[s.number] = ended
        return found

    def _for_one(self, s: Store, head: Decision, usual: SimpleNamespace, view: View) -> Decision:
        """What the head's decision means for one shop: adopt what it lacks, quit what it holds."""
        if head.kind == "adopt":
            return head if self._may(s, head.mode, head.platform, view) else KEEP
        if head.kind == "quit":
            return head if head.mode in s.modes else KEEP
        if head.kind in ("price", "invest"):
            return head if s.state in (OPEN, SHOWROOM) else KEEP
        for mode, holding in usual.modes.items():
            if self._may(s, mode, holding.platform, view):
                return Decision(
                    "adopt", "its chain has it", mode, holding.platform, figures=dict(head.figures)
                )
        return head

    def _may(self, s: Store, mode: str, platform: Any, view: View) -> bool:
        return mode not in s.modes and all(system.allows(s, mode, platform) for system in view.systems)

    def usual_shop(self, shops: list[Store], view: View) -> SimpleNamespace:
        """The mean of its shops, as a policy sees a store. It holds the modes that at least half of them
        hold."""
        n, first = len(shops), shops[0]
        months = _mean_months(shops)
        losses = 0
        while losses < len(months) and months[-1 - losses].profit < 0:
            losses += 1
        modes: dict[str, Holding] = {}
        for mode in dict.fromkeys(m for s in shops for m in s.modes):
            held = [s.modes[mode] for s in shops if mode in s.modes]
            if 2 * len(held) >= n:
                modes[mode] = _mean_holding(held)

        def mean(what: str) -> float:
            return sum(getattr(s, what) for s in shops) / n

        def fit(mode: str) -> float:
            return sum(s.fit(mode) for s in shops) / n

        def sharers(mode: str) -> int:
            return n if view.modes[mode].settings.shared_by_chain else 1

        return SimpleNamespace(
            name=self.name,
            model=self.model,
            bits=self.bits,
            number=first.number,
            run_by=first.run_by,
            chain=self.name,
            owner=first.owner,
            cash_yuan=mean("cash_yuan"),
            credit_yuan=mean("credit_yuan"),
            months=months,
            losses=losses,
            modes=modes,
            skill=mean("skill"),
            price_x=mean("price_x"),
            cost_x=mean("cost_x"),
            showroom_income=mean("showroom_income"),
            price_direction=self.price_direction,
            floor_m2=mean("floor_m2"),
            area_m2=mean("area_m2"),
            cell=first.cell,
            policy=self.policy,
            account=first.account,
            category=first.category,
            floor=first.floor,
            format=first.format,
            format_name=first.format_name,
            # No circle is called so: its neighbours are those of the whole city.
            circle=SimpleNamespace(name="", is_street=True),
            state=next((k for k in (OPEN, SHOWROOM) if any(s.state == k for s in shops)), first.state),
            is_here=any(s.is_here for s in shops),
            is_trading=True,
            usual_sales_yuan=lambda: sum(s.usual_sales_yuan() for s in shops) / n,
            fit=fit,
            sharers=sharers,
        )


def _margin(store: Store, view: View) -> float:
    """Profit on sales over the months that it remembers; -1 without sales."""
    months = store.months[-view.spec.stores.satisficing.memory_months :]
    revenue = sum(m.revenue for m in months)
    return sum(m.profit for m in months) / revenue if revenue > 0 else -1.0


def _mean_months(shops: list[Store]) -> list[Month]:
    """The mean books of the shops, month by month; a shop counts from its opening."""
    found = []
    for back in range(max(len(s.months) for s in shops), 0, -1):
        there = [s.months[-back] for s in shops if len(s.months) >= back]
        n = len(there)
        channels = dict.fromkeys(c for m in there for c in m.sales_by_channel)
        found.append(
            Month(
                lines=np.rint(sum(m.lines for m in there) / n).astype(np.int64),
                sales_by_channel={
                    c: round(sum(m.sales_by_channel.get(c, 0) for m in there) / n) for c in channels
                },
                **{
                    k: round(sum(getattr(m, k) for m in there) / n)
                    for k in ("customers", "visits", "looked_only", "turned_away")
                },
            )
        )
    return found


def _mean_holding(held: list[Holding]) -> Holding:
    """A mode as the usual shop has it: the longest time anybody has had it, what it brings on average."""
    months = max(h.months for h in held)
    brought = []
    for back in range(months, 0, -1):
        there = [h.contribution_fen[-back] for h in held if len(h.contribution_fen) >= back]
        brought.append(round(sum(there) / len(there)) if there else 0)
    return Holding(held[0].since, held[0].platform, months, brought)
