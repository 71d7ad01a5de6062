"""An e-commerce platform: its offers, its logistics, its subsidies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np

from ..market.consumers import ONLINE, member_bit
from ..market.ledger import COURIERS, INVESTORS, OUTSIDE_SELLERS, OVERHEADS, PLATFORM
from ..market.offers import EVERYWHERE, Offer
from ..scenario.blocks.timeline import begin_later
from ..streams import name_bits
from ..units import FEN_PER_YUAN, fen
from .register import Placed
from .tours import TOUR, round_km

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.platforms import Platform as PlatformSpec


class Platform(Placed, mesa.Agent):
    """One platform. `number` counts from 0; `subsidy_yuan` is what it pays per order now (before the lever);
    `drops_a_day` the parcels it brought per day last month (real people's), on which its courier cost per
    drop depends; `sellers` the number of outside sellers, relative to the first day; `spent_fen` its
    subsidies of this month and `paid_fen` those of all months before; `has_left` whether it has left the
    market, or has not begun yet (`timeline`); `began` the day of its beginning."""

    model: O2OModel

    def __init__(self, model: O2OModel, name: str, number: int, spec: PlatformSpec, policy: Any):
        super().__init__(model)
        self.name, self.number, self.spec, self.policy = name, number, spec, policy
        self.account = model.ledger.open(name, PLATFORM)
        self.commission = spec.commission
        self.subsidy_yuan = 0.0
        self.spent_fen = 0
        self.paid_fen = 0
        self.sellers = 1.0
        self.drops_a_day = 0.0
        self.added_yuan = 0.0
        self.is_broke = False
        self.has_left = name in begin_later(model.spec)
        self.began = 0
        self.members = 0.0
        model.ledger.book("owners", INVESTORS, self.account, np.int64(fen(spec.cash_yuan)))

    @property
    def ships(self) -> bool:
        return self.spec.kind != "local_services"

    @property
    def cash_yuan(self) -> float:
        return self.model.ledger.cash(self.account) / FEN_PER_YUAN

    def carries(self, category: str) -> bool:
        """Whether it deals in a category."""
        if self.has_left:
            return False
        c = self.model.spec.categories[category]
        listed = not self.spec.categories or category in self.spec.categories
        return listed and (c.shippable or not self.ships)

    def years(self) -> float:
        """Since the first day, or since it began."""
        return (self.model.day - self.began) / 365.25

    def trust(self) -> float:
        """Utility of its good name: in a straight line, or towards its ceiling.

        With a ceiling it is the logistic curve (Verhulst 1838) that starts where trust does, with the slope
        that `trust_growth` says there, halfway between its two ends: with r = trust_ceiling - trust,
        trust + r * (2 / (1 + exp(-2 * growth * years / r)) - 1)."""
        spec, grown = self.spec, self.spec.trust_growth * self.years()
        if spec.trust_ceiling is None:
            return spec.trust + grown
        room = spec.trust_ceiling - spec.trust
        return spec.trust + (room * math.tanh(grown / room) if room else 0.0)

    def subsidy_for(self, price: float) -> float:
        """Subsidy on an order of a price, yuan: what the policy pays, times the lever, within its share."""
        if self.subsidy_yuan <= 0 or self.is_broke or not self.is_subsidising():
            return 0.0
        return min(
            self.subsidy_yuan * self.model.spec.levers.subsidy_x, self.spec.subsidy.largest_share * price
        )

    def is_subsidising(self) -> bool:
        """Within the dates, the month's budget and what it will spend in all."""
        rule, today = self.spec.subsidy, self.model.date
        on = (rule.start is None or today >= rule.start) and (rule.end is None or today < rule.end)
        most = fen(rule.until_spent_yuan) if rule.until_spent_yuan is not None else None
        within = most is None or self.paid_fen + self.spent_fen < most
        return on and within and self.spent_fen < fen(rule.budget_yuan_month)

    @property
    def orders(self) -> int:
        """Simulated orders of the month so far, through whatever channel."""
        return self.model.recorder.order_count(self)

    def days(self) -> float:
        """The delivery promise: a factor a year, down to what is the least."""
        parcel = self.spec.parcel
        return max(parcel.days * parcel.days_yearly_x ** self.years(), min(parcel.days_least, parcel.days))

    def parcel_cost(self, category: str) -> float:
        """Cost of bringing one parcel to a door, yuan: line haul, and a courier's round that gets shorter per
        drop the denser the drops are: TOUR * sqrt(area / drops) km each, never more than a trip of its own;
        or as the scenario's `rounds` say (tours.py)."""
        parcel, spec = self.spec.parcel, self.model.spec
        if parcel.rounds is not None:
            km = round_km(self)
        else:
            km = min(
                TOUR * math.sqrt(self.model.area_km2 / max(self.drops_a_day, 1.0)), self.model.typical_km
            )
        cost = parcel.per_order_yuan + parcel.per_km_yuan * km
        weight = spec.categories[category].parcel_weight_x
        return float(cost * weight * parcel.cost_yearly_x ** self.years() * spec.levers.logistics_x)

    def parcel_terms(self, category: str) -> dict[str, Any]:
        """What every parcel through this platform has in common, regardless of the seller."""
        spec, c = self.model.spec, self.model.spec.categories[category]
        price = c.ticket_yuan * c.online_price_x * self.spec.price_x
        cost = self.parcel_cost(category)
        fee = cost * self.spec.parcel.fee_share
        return {
            "price": price,
            "platform": self.number,
            "needs": int(ONLINE | member_bit(self.number)),
            "subsidy": self.subsidy_for(price),
            "fee": fee,
            "delivery": cost,
            "commission": self.commission * price,
            "advertising": self.advertising_share() * price,
            "appeal": c.online_appeal + self.trust(),
            "wait": c.wait_utils(self.days()),
            "days": self.days(),
            "unseen": self.model.unseen_disutility(category),
            "payment": spec.consumers.payment_friction,
            "spoilage": 0.0,
            "cell": -1,
        }

    def advertising_share(self) -> float:
        """What sellers bid for attention, as a share of sales; it grows as they crowd."""
        if self.spec.kind != "marketplace":
            return 0.0
        return min(self.spec.advertising_share * self.sellers**self.spec.crowding_elasticity, 0.9)

    def publish(self) -> list[Offer]:
        """Its parcels, one offer a category."""
        if not self.ships:
            return []
        own = self.spec.kind == "self_operated"
        rows = []
        for category, number in self.model.category_number.items():
            if not self.carries(category):
                continue
            c, terms = self.model.spec.categories[category], self.parcel_terms(category)
            if own:
                terms |= {"commission": 0.0, "advertising": 0.0}
                goods = terms["price"] * (1 - self.spec.gross_margin)
            else:
                goods = c.ticket_yuan * (1 - c.gross_margin)
            rows.append(
                Offer(
                    key=name_bits(f"platform {self.name} | parcel | {category}"),
                    maker=self.name,
                    channel="parcel",
                    category=number,
                    usual=c.ticket_yuan,
                    price_weight=c.price_weight,
                    seller=self.account if own else OUTSIDE_SELLERS,
                    goods=goods,
                    seen=EVERYWHERE,
                    **terms,
                )
            )
        return rows

    def leave(self) -> None:
        """A platform stays unless its investors give up. Raises ValueError, which says what can be done instead."""
        raise ValueError(
            f"{self.name} cannot be removed: platforms.{self.name}.funding says when a platform leaves the market"
        )

    def pay_month(self) -> None:
        """Local fixed cost and hub, for the size of the city; investors fill the till while they are
        patient."""
        if self.has_left:
            return
        millions = self.model.spec.residents / 1e6
        book, levers = self.model.ledger.book, self.model.spec.levers
        book("overheads", self.account, OVERHEADS, np.int64(fen(self.spec.fixed_yuan_month * millions)))
        if self.ships:
            hub = self.spec.parcel.hub_yuan_month * millions * levers.logistics_x
            book("delivery", self.account, COURIERS, np.int64(fen(hub)))
        if self.cash_yuan < 0:
            more = min(-self.cash_yuan, self.spec.patience_yuan - self.added_yuan)
            if more > 0:
                book("owners", INVESTORS, self.account, np.int64(fen(more)))
                self.added_yuan += more
        self.is_broke = self.cash_yuan < -0.01
