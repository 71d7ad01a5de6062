"""When a store leaves, and what it becomes."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from ..agents.owner import purse
from ..agents.store import ONLINE_ONLY, OPEN
from ..market.ledger import LINE
from ..streams import uniforms
from .alternatives import IN_WORDS, KIND, Alternative, alternatives
from .decisions import Decision, View
from .integration import contribution_margin
from .reasons import main_cause, why_gave_up, why_insolvent
from .worth import Stake

if TYPE_CHECKING:
    from ..agents.store import Store

FIXED = tuple(LINE[n] for n in ("rent", "wages", "overheads"))
THINKS, DOUBTS, GOES = range(3)
"""Which draw of an owner's month is for what."""


class Leaving:
    """Base: the two questions that a store's policy asks once a month. Each is answered with a decision that ends the
    store as it is, or None; `figures` are those of the month, to which more may be added.

    `each_branch` says that the shops of a chain that decides for all of them are asked one by one; otherwise its
    head office decides which of them leaves."""

    each_branch = False

    def must(self, store: Store, view: View, figures: dict[str, Any]) -> Decision | None:
        """Asked first: whether it has to leave."""
        return None

    def wants(self, store: Store, view: View, figures: dict[str, Any]) -> Decision | None:
        """Asked when it has books to look at and has given up what did not pay: whether it leaves of its own will."""
        return None

    def wants_early(self, store: Store, view: View, figures: dict[str, Any]) -> Decision | None:
        """Asked in place of that while it has fewer months of books than it looks back on, in this run."""
        return None


class Patience(Leaving):
    """Whoever has lost money for `patience_months` in a row gives up; who is out of cash and credit is insolvent."""

    def must(self, store: Store, view: View, figures: dict[str, Any]) -> Decision | None:
        if store.cash_yuan < -store.credit_yuan:
            return Decision("close", "insolvent: " + main_cause(store, view), figures=figures)
        return None

    def wants(self, store: Store, view: View, figures: dict[str, Any]) -> Decision | None:
        if store.losses >= view.spec.stores.satisficing.patience_months and figures["margin"] < 0:
            return self.give_up(store, view, figures)
        return None

    def give_up(self, store: Store, view: View, figures: dict[str, Any]) -> Decision:
        """After long losses: a showroom, an online shop, or nothing."""
        months = store.months[-view.spec.stores.satisficing.patience_months :]
        margin = contribution_margin(months)
        fixed = -sum(int(m.lines[list(FIXED)].sum()) for m in months) / len(months) / 100
        held = [view.modes[name] for name in store.modes]
        channels = {mode.channel for mode in view.modes.values() if mode.outlives_shop}
        online = sum(m.sales_by_channel.get(c, 0) for m in months for c in channels) / len(months) / 100
        looked = sum(m.looked_only for m in months) / max(1, sum(m.visits for m in months))
        figures |= {"online sales (yuan/month)": round(online, 2), "share who only looked": round(looked, 4)}
        if any(mode.outlives_shop for mode in held):
            if store.state != ONLINE_ONLY and online * margin > 0.1 * fixed:
                return Decision(
                    "move online",
                    "its online sales carry a smaller shop: " + main_cause(store, view),
                    figures=figures,
                )
            revenue = sum(m.revenue for m in months) / len(months) / 100
            if (
                store.state == OPEN
                and looked > 0.15
                and any(mode.is_online for mode in held)
                and revenue * margin > 0.6 * fixed
            ):
                return Decision("showroom", "people look here and buy online", figures=figures)
        return Decision("close", "gave up: " + main_cause(store, view), figures=figures)


class Staying(Leaving):
    """Never: of a head office that is asked for everything else."""


class OptionValue(Leaving):
    """Whoever believes that going on is worth less than leaving, with the right to leave later counted, leaves
    (policies/worth.py); each other state that it could turn into is valued by the same formula.

    An owner thinks about it with the chance `choice.attention` a month, and errs by a logistic draw of scale
    `choice.doubt`: what leaving seems worth to him is off by so much of the shop's usual sales. He may have to leave for
    private reasons, and has to when cash and credit are gone. A chain has the cash and credit of all its shops, the
    return that it asks of capital in place of what an owner could earn elsewhere, no private reasons, and keeps of a
    closed branch the customers who go to its sister shops."""

    each_branch = True

    def must(self, store: Store, view: View, figures: dict[str, Any]) -> Decision | None:
        owner = store.run_by
        assert owner is not None
        cash, credit = purse(store)
        if cash < -credit and store.cash_yuan < -store.credit_yuan:
            cause = why_insolvent(store, view, -credit - cash, figures)
            return Decision("close", "insolvent: " + cause, figures=figures)
        if _draw(store, GOES) < owner.goes_away(store):
            age = owner.age(store)
            figures |= {"the owner's age (years)": round(age or 0.0, 1)}
            retires = owner.retires(store) > owner.rules.private.yearly
            return Decision("close", "private: " + ("retires" if retires else "leaves"), figures=figures)
        return None

    def wants(self, store: Store, view: View, figures: dict[str, Any]) -> Decision | None:
        owner = store.run_by
        assert owner is not None
        stake = stake_of(store)
        figures |= {
            "profit believed (yuan/month)": round(stake.profit, 2),
            "profit below which it leaves (yuan/month)": round(stake.critical, 2),
        }
        if _draw(store, THINKS) >= owner.rules.choice.attention:
            return None
        u = _draw(store, DOUBTS)
        doubt = owner.rules.choice.doubt * store.usual_sales_yuan() * math.log(u / (1 - u))
        stake = self.with_sisters(stake, store, view, doubt)
        ways: list[tuple[float, Alternative | None]] = [(stake.critical, None)]
        for way in alternatives(store, view):
            worth = replace(stake, profit=way.profit, spread=way.belief.ahead(stake.discount)).flow
            ways.append((stake.critical_for(worth - stake.rate * way.cost), way))
        critical, best = max(ways, key=lambda found: found[0])
        if best is not None and best.state == OPEN and store.state != OPEN:
            doubt = (
                0.0  # it comes back for what the shop is worth, not because leaving seems worth more today
            )
        if stake.profit >= critical + doubt:
            return None
        figures |= {
            "what leaving is worth (yuan/month)": round(stake.forgone, 2),
            "spread of the profit ahead (yuan/month)": round(stake.spread, 2),
            "doubt (yuan/month)": round(doubt, 2),
        }
        if best is None:
            cause = why_gave_up(store, view, critical + doubt - stake.profit, doubt, figures)
            return Decision("close", f"gave up: {cause}", figures=figures)
        owner.plan = best
        figures |= {
            "profit believed there (yuan/month)": round(best.profit, 2),
            "cost of turning into it (yuan)": round(best.cost, 2),
        }
        return Decision(KIND[best.state], IN_WORDS[best.state], figures=figures)

    def wants_early(self, store: Store, view: View, figures: dict[str, Any]) -> Decision | None:
        """Sitting tenants knew their shops before the run began, and newcomers know how little they know."""
        return self.wants(store, view, figures)

    def with_sisters(self, stake: Stake, store: Store, view: View, doubt: float) -> Stake:
        """With what the customers of a closed branch bring sister shops nearby, which is worth the same for ever. It is only
        worked out where it could make it leave."""
        owner = store.run_by
        assert owner is not None
        if not store.chain or not store.is_here or not store.months:
            return stake
        months = store.months[-6:]
        kept = sum(m.revenue for m in months) / len(months) / 100 * max(contribution_margin(months), 0.0)
        if stake.profit >= stake.critical + kept + doubt:
            return stake
        near = view.rivals(store, km=owner.rules.choice.sisters_km)
        sisters = {s.number for s in store.model.chains[store.chain] if s.is_here}
        floor = {r.number: store.model.stores[r.number].floor_m2 for r in near}
        theirs = sum(m2 for number, m2 in floor.items() if number in sisters)
        if not theirs:
            return stake
        gain = kept * theirs / (sum(floor.values()) + store.floor_m2)
        return replace(stake, leaving=stake.leaving + gain / stake.discount)


def stake_of(store: Store) -> Stake:
    """What is at stake for a store's owner today, as it is."""
    owner = store.run_by
    assert owner is not None
    lease, later = store.leaving_yuan(), store.leaving_yuan(store.model.date + timedelta(days=30))
    stock = owner.rules.choice.stock_months * store.usual_sales_yuan() * (store.floor_m2 / store.area_m2)
    return Stake(
        profit=owner.profit(store),
        spread=owner.belief.ahead(owner.discount),
        discount=owner.discount,
        leaving=owner.earns_outside(store) / owner.discount + stock - lease,
        waiting=lease - later,
        hazard=owner.goes_away(store),
    )


def _draw(store: Store, what: int) -> float:
    """A draw of the store's own for this month."""
    model = store.model
    return float(uniforms(model.seed_number, "owner decides", model.day, np.full(1, store.bits), what)[0])
