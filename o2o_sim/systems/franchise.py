"""Brands that live by their dealers and open an online shop beside them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..agents.store import Store
from ..market.consumers import ONLINE
from ..market.ledger import CAPITAL, INVESTORS, LINE, OVERHEADS, SUPPLIERS
from ..market.offers import EVERYWHERE, Offer
from ..streams import name_bits
from ..units import FEN_PER_YUAN, fen
from .base import System
from .festivals import at_terms_of_the_day

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..model import O2OModel
    from ..scenario.blocks.franchise import Brand
    from ..scenario.schema import Spec

CHANNEL = "brand online"
MARGIN = ("goods", "spoilage", "commission", "advertising", "handling", "delivery")
"""What is taken off the price, less the discount and with the fee, to get what an order leaves."""


def shares_of(amount: int, weights: np.ndarray) -> np.ndarray:
    """Split whole fen in proportion to weights (int64[n], at least one above 0); the parts add up exactly."""
    total = int(weights.sum())
    ends = np.array([amount * int(w) // total for w in np.cumsum(weights)], dtype=np.int64)
    return np.diff(ends, prepend=np.int64(0))


class Franchisor:
    """One brand: its dealers, its online shop and its books.

    `account` is its ledger account; `quality` the mean of its dealers' on the first day; `range_[category]`
    their share of the shops' floor in a category then, which stands for how wide its range is beside
    everybody's. `margin_fen` (int64[1 + stores]) is what this month's online orders left, by the dealer
    nearest to the buyer, by store number + 1 (0: none is left)."""

    def __init__(self, model: O2OModel, name: str, spec: Brand):
        self.model, self.name, self.spec = model, name, spec
        self.account = model.ledger.open(name, SUPPLIERS)
        model.ledger.book("owners", INVESTORS, self.account, np.int64(fen(spec.cash_yuan)))
        self.platform: Platform | None = next((p for p in model.platforms if p.name == spec.platform), None)
        first = self.dealers
        self.quality = sum(s.quality for s in first) / len(first) if first else 0.0
        self.markup_x = first[0].format.markup_x if first else 1.0
        self.range_ = self._range(first)
        self.margin_fen = np.zeros(1, np.int64)
        self.sales_fen = 0
        self.told = {"online_sales": 0, "credit": 0}
        self.was_on = False
        self.nearest = np.zeros(model.city.grid.cells, np.int64)

    @property
    def audience(self) -> str:
        return f"knows {self.name}"

    @property
    def dealers(self) -> list[Store]:
        """Its dealers that still have a shop."""
        names = (self.spec.dealers,)
        return [s for s in self.model.stores if s.is_here and (s.format_name in names or s.chain in names)]

    @property
    def is_on(self) -> bool:
        """Whether it sells online: never again when its marketplace has left."""
        if self.platform is not None and self.platform.has_left:
            return False
        return bool(self.range_) and (self.spec.start is None or self.model.date >= self.spec.start)

    def _range(self, dealers: list[Store]) -> dict[str, float]:
        """Share of the floor by category, of those that a parcel can carry."""
        spec, found = self.model.spec, {}
        for c in spec.categories:
            floor = sum(s.area_m2 * s.floor.get(c, 0.0) for s in self.model.stores)
            mine = sum(s.area_m2 * s.floor.get(c, 0.0) for s in dealers)
            fits = self.platform is None or self.platform.carries(c)
            if mine > 0 and spec.categories[c].shippable and fits:
                found[c] = mine / floor
        return found

    # -- the online shop -------------------------------------------------------------------------------------
    def offers(self) -> list[Offer]:
        """Its parcels, each twice under one key: for everybody who can order, and a little better for who
        knows it from a dealer nearby. Its range adds the log of its share to the appeal that all of online
        has, as floor does among shops: as much more online, if every brand did so, as there is already."""
        model, found = self.model, []
        known = model.audiences.bit(self.audience) if self.spec.known_appeal > 0 else 0
        for category, share in self.range_.items():
            c, terms = model.spec.categories[category], self._terms(category)
            terms["appeal"] += (
                self.quality + self.spec.appeal + model.spec.stores.size_weight * math.log(share)
            )
            offer = Offer(
                key=name_bits(f"brand {self.name} | {CHANNEL} | {category}"),
                maker=self.name,
                channel=CHANNEL,
                category=model.category_number[category],
                usual=c.ticket_yuan,
                price_weight=c.price_weight,
                seller=self.account,
                # What dealers pay for the same goods holds the brand's mark-up; to itself they cost less.
                goods=c.ticket_yuan * (1 - c.gross_margin) / (1 + self.spec.supply_markup),
                quality=self.quality,
                seen=EVERYWHERE,
                **terms,
            )
            found.append(offer)
            if known:
                better = offer.appeal + self.spec.known_appeal
                found.append(replace(offer, needs=offer.needs | known, appeal=better))
        return found

    def _terms(self, category: str) -> dict[str, Any]:
        """Price, parcel and trust: those of its marketplace, or of its own site."""
        spec, c = self.model.spec, self.model.spec.categories[category]
        price = c.ticket_yuan * self.markup_x * self.spec.online_price_x
        if self.platform is not None:
            p = self.platform
            return p.parcel_terms(category) | {
                "price": price,
                "subsidy": p.subsidy_for(price),
                "commission": p.commission * price,
                "advertising": p.advertising_share() * price,
            }
        cost = self.spec.parcel_yuan * c.parcel_weight_x * spec.levers.logistics_x
        return {
            "price": price,
            "needs": int(ONLINE),
            "fee": cost * self.spec.fee_share,
            "delivery": cost,
            "appeal": c.online_appeal + self.spec.trust,
            "wait": c.wait_utils(self.spec.days),
            "days": self.spec.days,
            "unseen": self.model.unseen_disutility(category),
            "payment": spec.consumers.payment_friction,
        }

    # -- territories -----------------------------------------------------------------------------------------
    def map_territories(self) -> None:
        """The dealer nearest to every cell, as the crow flies; and who knows the brand, because she lives
        near a dealer or one of them is her favourite shop."""
        model, dealers = self.model, self.dealers
        homes = model.consumers.home
        if self.spec.known_appeal > 0:
            model.audiences.leave(self.audience, np.ones(len(homes), np.bool_))
        self.nearest = np.zeros(model.city.grid.cells, np.int64)
        if not dealers:
            return
        at = model.city.grid.centres() / 1000
        there = at[[s.cell for s in dealers]]
        km = np.sqrt(((at[:, None, :] - there[None, :, :]) ** 2).sum(axis=2))
        self.nearest = 1 + np.array([s.number for s in dealers])[km.argmin(axis=1)]
        if self.spec.known_appeal > 0:
            near = km.min(axis=1)[homes] <= self.spec.near_km
            numbers = [s.number for s in dealers]
            goes_there = np.isin(model.consumers.favourite, numbers).any(axis=1)
            model.audiences.join(self.audience, near | goes_there)

    # -- money -----------------------------------------------------------------------------------------------
    def count_orders(self) -> None:
        """What today's online orders left, by the territory of the buyer's home."""
        model, t = self.model, self.model.table
        new = 1 + len(model.stores) - len(self.margin_fen)
        self.margin_fen = np.concatenate([self.margin_fen, np.zeros(new, np.int64)])
        mine = t.seller == self.account
        if not mine.any():
            return
        order = np.flatnonzero(mine[model.purchases.picks] & model.purchases.served)
        row, money = model.purchases.picks[order], t.fen
        paid = money["price"] - money["discount"] + money["fee"]
        left = paid - sum(money[name] for name in MARGIN)
        home = model.consumers.home[model.purchases.consumer[order]]
        np.add.at(self.margin_fen, self.nearest[home], left[row])
        self.sales_fen += int(paid[row].sum())

    def bills(self) -> None:
        """The mark-up on what dealers bought, the online shop's upkeep, and the dealers' part of its
        margin."""
        model, spec = self.model, self.spec
        book, books = model.ledger.book, model.ledger.books
        accounts = np.array([s.account for s in self.dealers], dtype=np.int64)
        bought = -int(books[LINE["cost of goods"], accounts].sum())
        supplied = round(bought * spec.supply_markup / (1 + spec.supply_markup))
        book("cost of goods", SUPPLIERS, self.account, np.int64(supplied))
        if not self.is_on:
            self.told = dict.fromkeys(self.told, 0)
            return
        book("overheads", self.account, OVERHEADS, np.int64(fen(spec.fixed_yuan_month)))
        credit = self.credits()
        self.told = {"online_sales": self.sales_fen, "credit": int(credit.sum())}
        if credit.any():
            book("transfers", self.account, accounts, credit)
            model.log(
                self.name,
                "platform",
                "credit dealers",
                spec.share,
                **{
                    "online sales (yuan)": self.sales_fen / 100,
                    "online margin (yuan)": int(self.margin_fen.sum()) / 100,
                    "credited (yuan)": self.told["credit"] / 100,
                    "dealers": len(accounts),
                },
            )
        self.sales_fen = 0
        self.margin_fen[:] = 0

    def credits(self) -> np.ndarray:
        """Fen for every dealer (int64[dealers]): its part of the month's online margin, if there is any."""
        dealers, rule = self.dealers, self.spec.share
        none = np.zeros(len(dealers), np.int64)
        if rule == "none" or not dealers:
            return none
        if rule == "by_territory":
            own = np.maximum(self.margin_fen[[s.number + 1 for s in dealers]], 0)
            return np.floor(own * self.spec.credit).astype(np.int64)
        pool = math.floor(max(int(self.margin_fen.sum()), 0) * self.spec.credit)
        if rule == "equal":
            return shares_of(pool, np.ones(len(dealers), np.int64))
        books = self.model.ledger.books[LINE["sales"]]
        sales = np.maximum(books[[s.account for s in dealers]], 0)
        return shares_of(pool, sales) if sales.any() else none

    def figures(self) -> dict[str, float]:
        """The brand's and the mean dealer's month, in yuan."""
        books, dealers = self.model.ledger.books[:, self.account], self.dealers
        months = [s.months[-1] for s in dealers if s.months]
        n = max(len(months), 1) * FEN_PER_YUAN
        return {
            f"brand_profit_yuan/{self.name}": float(books.sum() - books[CAPITAL]) / FEN_PER_YUAN,
            f"brand_online_sales_yuan/{self.name}": self.told["online_sales"] / FEN_PER_YUAN,
            f"brand_credit_yuan/{self.name}": self.told["credit"] / FEN_PER_YUAN,
            f"dealers/{self.name}": float(len(dealers)),
            f"dealer_sales_yuan/{self.name}": sum(m.revenue for m in months) / n,
            f"dealer_profit_yuan/{self.name}": sum(m.profit for m in months) / n,
        }


class Franchise(System):
    """Brands whose dealers are stores of the city, and their online shops. What a shop sells online is lost
    to its own dealers or to others; `share` says who of the dealers gets a part of it."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.franchisors = [Franchisor(model, name, spec) for name, spec in model.spec.franchise.items()]
        for house in self.franchisors:
            house.map_territories()

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return bool(spec.franchise)

    def morning(self) -> None:
        for house in self.franchisors:
            if house.is_on and not house.was_on:
                house.was_on = self.model.offers_changed = True
                where = house.spec.platform or "a site of its own"
                self.model.log(
                    house.name, "platform", "go online", f"on {where}",
                    **{"dealers": len(house.dealers), "price relative to theirs": house.spec.online_price_x},
                )  # fmt: skip

    def amend(self, rows: list[Offer]) -> list[Offer]:
        found = [offer for house in self.franchisors if house.is_on for offer in house.offers()]
        return [*rows, *at_terms_of_the_day(self.model, found)]

    def after_sales(self) -> None:
        for house in self.franchisors:
            house.count_orders()

    def bills(self) -> None:
        for house in self.franchisors:
            house.bills()

    def month_end(self) -> None:
        """Dealers may have come or gone."""
        for house in self.franchisors:
            house.map_territories()

    def figures(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for house in self.franchisors:
            found |= house.figures()
        return found
