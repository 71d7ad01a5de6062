"""Owners of a circle invest together: paying by phone for parking and goods, and one points card."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from ..market.consumers import PAYS_BY_PHONE
from ..market.ledger import PROVIDERS
from ..market.offers import AT_PLACE, Offer
from ..policies.integration import SETUP_MONTHS, contribution_margin
from ..streams import uniforms
from ..units import fen
from .base import System

if TYPE_CHECKING:
    from ..agents.circle import Circle
    from ..agents.store import Store
    from ..model import O2OModel
    from ..scenario.blocks.smart import SmartCircle
    from ..scenario.schema import Spec

PAYS = int(PAYS_BY_PHONE)


def on_terms(rows: list[Offer], needs: int, change: Callable[[Offer], Offer | None]) -> list[Offer]:
    """The offers, and beside each one that `change` changes a second set of terms for those who have `needs`.

    An offer that asks for `needs` already is changed itself. If terms of that key and needs are there from
    elsewhere, they are changed in their own turn and not set up twice."""
    there = {(int(r.key), r.needs) for r in rows}
    found = []
    for row in rows:
        new = change(row)
        if new is not None and row.needs & needs == needs:
            found.append(new)
            continue
        found.append(row)
        terms = (int(row.key), row.needs | needs)
        if new is not None and terms not in there:
            there.add(terms)
            found.append(replace(new, needs=row.needs | needs))
    return found


# -- smart circles -------------------------------------------------------------------------------------------
@dataclass
class District:
    """A circle whose owners may invest: `members` are months of membership by store number, `left` who gave
    up."""

    circle: Circle
    rules: SmartCircle
    members: dict[int, int] = field(default_factory=dict)
    left: dict[int, bool] = field(default_factory=dict)
    is_live: bool = False
    paid_fen: int = 0
    month_fen: int = 0

    @property
    def card(self) -> str:
        """The audience of those who hold its card."""
        return "card of " + self.circle.name

    @property
    def owners(self) -> list[Store]:
        return [s for s in self.circle.tenants if s.is_here]

    def joined(self) -> float:
        """Share of the owners in the circle who are members."""
        owners = self.owners
        return sum(s.number in self.members for s in owners) / len(owners) if owners else 0.0


class SmartCircles(System):
    """Owners of a circle invest in paying by phone for parking and goods, if enough others do (Granovetter
    1978).

    Once it is live, who pays by phone saves minutes at member shops, worth what the usual person loses by a
    minute of travel; and may take the common card, which gives points at all of them. The points cost the
    shop that is paid."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.districts = [
            District(model.circles[name], c.smart)
            for name, c in model.spec.circles.items()
            if c.smart is not None
        ]
        for d in self.districts:
            model.audiences.bit(d.card)

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(c.smart is not None for c in spec.circles.values())

    # -- owners ----------------------------------------------------------------------------------------------
    def _draw(self, store: Store, what: int) -> float:
        bits = np.full(1, store.bits)
        return float(uniforms(self.model.seed_number, "owner of a smart circle", 0, bits, what)[0])

    def is_founder(self, store: Store, rules: SmartCircle) -> bool:
        """Whether its owner joins whatever the others do."""
        return self._draw(store, 0) < rules.founders

    def threshold(self, store: Store, rules: SmartCircle) -> float:
        """The share of owners that its owner wants to see in it: normal, as in Granovetter (1978)."""
        if self.is_founder(store, rules):
            return -math.inf
        return rules.threshold_mean + rules.threshold_spread * float(ndtri(self._draw(store, 1)))

    def part_yuan(self, d: District) -> float:
        """What one owner pays of the investment."""
        return d.rules.investment_yuan / max(d.circle.units, 1)

    def can_gain(self, store: Store, d: District) -> bool:
        """Whether an owner hopes for more than it costs, and has the cash; as for other ways of
        integrating."""
        if not store.months:
            return False
        months = store.months[-3:]
        sales = sum(m.revenue for m in months) / len(months) / 100
        hoped = d.rules.hoped_lift * sales * contribution_margin(months)
        part, fee = self.part_yuan(d), d.rules.fee_yuan_month
        affordable = store.cash_yuan + store.credit_yuan / 2 >= part + 2 * fee
        return affordable and hoped >= fee + part / SETUP_MONTHS

    def _join(self, store: Store, d: District, share: float) -> None:
        part = fen(self.part_yuan(d))
        # Later owners pay the landlord back, who has advanced what was missing.
        self.model.ledger.book(
            "integration", store.account, d.circle.account if d.is_live else PROVIDERS, np.int64(part)
        )
        d.members[store.number] = 0
        d.month_fen += part
        d.paid_fen += 0 if d.is_live else part
        reason = "founder" if self.is_founder(store, d.rules) else "enough others joined"
        self.model.log(
            store.name, "store", "join smart circle", reason,
            **{"share of owners who joined": round(share, 4), "investment (yuan)": part / 100},
        )  # fmt: skip

    def _go_live(self, d: District, share: float) -> None:
        rest = max(0, fen(d.rules.investment_yuan) - d.paid_fen)
        self.model.ledger.book("integration", d.circle.account, PROVIDERS, np.int64(rest))
        d.is_live = True
        self.model.log(
            d.circle.name, "landlord", "smart circle goes live", "enough owners joined",
            **{"share of owners who joined": round(share, 4), "advanced by the landlord (yuan)": rest / 100},
        )  # fmt: skip

    def _give_up(self, d: District) -> None:
        """Who has waited too long for it to go live leaves, and what it paid is lost."""
        for store in d.owners:
            if d.members.get(store.number, -1) >= d.rules.patience_months:
                del d.members[store.number]
                d.left[store.number] = True
                lost = self.part_yuan(d) + d.rules.patience_months * d.rules.fee_yuan_month
                self.model.log(
                    store.name, "store", "leave smart circle", "it never went live",
                    **{"lost (yuan)": round(lost, 2)},
                )  # fmt: skip

    def morning(self) -> None:
        if self.model.date.day == 1:
            for d in self.districts:
                d.month_fen = 0

    def bills(self) -> None:
        for d in self.districts:
            fee = fen(d.rules.fee_yuan_month)
            for store in d.owners:
                if store.number in d.members:
                    self.model.ledger.book("integration", store.account, PROVIDERS, np.int64(fee))
                    d.members[store.number] += 1
                    d.month_fen += fee

    def month_end(self) -> None:
        for d in self.districts:
            if not d.circle.is_open or (d.rules.start is not None and self.model.date < d.rules.start):
                continue
            # All look at the same share, so that the order of owners does not matter.
            share = d.joined()
            for store in d.owners:
                if store.number in d.members or store.number in d.left:
                    continue
                if self.threshold(store, d.rules) <= share and self.can_gain(store, d):
                    self._join(store, d, share)
            share = d.joined()
            if d.is_live:
                continue
            if d.members and share >= d.rules.owners_needed:
                self._go_live(d, share)
            else:
                self._give_up(d)

    # -- customers -------------------------------------------------------------------------------------------
    def amend(self, rows: list[Offer]) -> list[Offer]:
        per_minute = self.model.spec.consumers.value_of_time.median
        for d in self.districts:
            if not d.is_live:
                continue
            rules = d.rules
            saved = per_minute * (rules.parking_min + rules.till_min)
            here = {s.number: s.account for s in d.owners if s.number in d.members}

            def faster(row: Offer, here: dict[int, int] = here, saved: float = saved) -> Offer | None:
                mine = row.seen == AT_PLACE and row.store in here
                return replace(row, appeal=row.appeal + saved) if mine else None

            def with_points(
                row: Offer, here: dict[int, int] = here, rules: SmartCircle = rules
            ) -> Offer | None:
                # What somebody else sells on the floor, as at a platform's till, gives no points.
                mine = row.seen == AT_PLACE and here.get(row.store, -1) == row.seller
                if not mine or not row.needs & PAYS:
                    return None
                points = min(rules.points_share * row.price, max(row.price - row.discount - row.subsidy, 0.0))
                return replace(row, appeal=row.appeal + rules.card_appeal, discount=row.discount + points)

            rows = on_terms(rows, PAYS, faster)
            rows = on_terms(rows, self.model.audiences.bit(d.card), with_points)
        return rows

    def after_sales(self) -> None:
        """Buyers at member shops who pay by phone take the card."""
        m, t = self.model, self.model.table
        for d in self.districts:
            if not d.is_live or d.rules.card_rate == 0:
                continue
            member = np.zeros(len(m.stores) + 1, np.bool_)
            member[[s.number + 1 for s in d.owners if s.number in d.members]] = True
            sold_here = member[t.columns["store"]] & (t.seen == AT_PLACE)
            buyer = m.purchases.consumer[sold_here[m.purchases.picks] & m.purchases.served]
            buyer = buyer[(m.consumers.access[buyer] & PAYS_BY_PHONE) != 0]
            chance = uniforms(m.seed_number, d.card, m.day, m.consumers.id[buyer])
            m.audiences.join(d.card, buyer[chance < d.rules.card_rate])

    def figures(self) -> dict[str, float]:
        """By circle: share of owners who joined, whether it is live, what owners paid this month, share of
        consumers with its card, and the month's mean profit of its owners, of all and of those who are
        founders by nature (before it begins, too, so that runs with and without it can be compared on the
        same shops)."""
        found: dict[str, float] = {}
        for d in self.districts:
            name = d.circle.name
            trading = [s for s in d.owners if s.months]
            founders = [s for s in trading if self.is_founder(s, d.rules)]
            found |= {
                f"smart_joined/{name}": d.joined(),
                f"smart_live/{name}": float(d.is_live),
                f"smart_paid_yuan/{name}": d.month_fen / 100,
                f"smart_cards/{name}": float(self.model.audiences.of(d.card).mean()),
                f"smart_profit_yuan/{name}": _mean_profit(trading),
                f"smart_founders_profit_yuan/{name}": _mean_profit(founders),
            }
        return found


def _mean_profit(stores: list[Store]) -> float:
    """Mean profit of last month in yuan; NaN for no stores."""
    return sum(s.months[-1].profit for s in stores) / len(stores) / 100 if stores else math.nan
