"""An alliance of shops that share one service provider: catalogue, couriers, card."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import modes
from ..agents.tours import TOUR
from ..market.crowds import Crowds
from ..market.ledger import CAPITAL, COURIERS, INVESTORS, OVERHEADS, PROVIDERS
from ..streams import uniforms
from ..units import FEN_PER_YUAN, fen
from .base import System

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..market.offers import Offer
    from ..model import O2OModel
    from ..policies.decisions import Decision
    from ..scenario.schema import Spec

MODE, CHANNEL = modes.Alliance.name, modes.Alliance.channel
SHOWS_CARD = ("walk-in", modes.Partnership.channel, CHANNEL)
"""Where a customer can show the card: at the counter and in the catalogue, not on somebody else's
platform."""
CARD = "alliance card"


class Alliance(System):
    """The service provider of an alliance, and what it does for the shops that hold the mode `alliance`.

    It takes their price per month and order and the customer's delivery fee, and pays for its catalogue, for
    taking orders, and for couriers, whose way per order gets shorter as orders grow denser (`ways_km`).
    `members` are its shops. It leaves for good after months of loss, or without cash; then they lose the
    mode."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        spec = model.spec.provider
        assert spec is not None
        self.spec = spec
        self.account = model.ledger.open("service provider", PROVIDERS)
        self.has_left = False
        self.losses = 0
        self.orders, self.couriers_fen = 0, 0  # of simulated people, and in fen, this month so far
        self.crowds = Crowds()
        self.orders_a_day, self.courier_yuan = 0.0, 0.0  # of real people, and yuan an order, last month
        model.ledger.book("owners", INVESTORS, self.account, np.int64(fen(spec.cash_yuan)))

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return spec.provider is not None

    @property
    def is_open(self) -> bool:
        """Whether it has begun (with the mode, or with members from the first day) and not left."""
        return not self.has_left and (self._may_join or bool(self.members))

    @property
    def _may_join(self) -> bool:
        """Whether the mode can be taken up by now."""
        start = self.model.modes[MODE].settings.start
        return start is None or self.model.date >= start

    @property
    def members(self) -> list[Store]:
        return [s for s in self.model.stores if s.is_trading and MODE in s.modes]

    # -- what it is worth and what it costs ------------------------------------------------------------------
    def catalogue_appeal(self) -> float:
        """Utility of one catalogue for many shops (utils): grows with the log of their number and of the
        categories that they sell, because people look where there is more to find (Huff 1964, for a list)."""
        members = self.members
        sold = {c for s in members for c in s.floor}
        number, variety = math.log(max(len(members), 1)), math.log(max(len(sold), 1))
        return self.spec.catalogue_weight * number + self.spec.variety_weight * variety

    def ways_km(self, orders: float) -> float:
        """Couriers' ways in a day with so many orders: in every round TOUR * sqrt(area * its orders) km
        (Beardwood, Halton & Hammersley 1959), and in all never more than if each order were brought alone."""
        rounds = TOUR * math.sqrt(self.model.area_km2 * orders * self.spec.rounds_day)
        return min(rounds, self.spec.longest_km * orders)

    def couriers_yuan(self, orders: float) -> float:
        """What the couriers of a day with so many orders cost the provider."""
        spec = self.spec
        return (
            spec.drop_yuan * orders + spec.km_yuan * self.ways_km(orders)
        ) * self.model.spec.levers.logistics_x

    # -- offers ----------------------------------------------------------------------------------------------
    def amend(self, rows: list[Offer]) -> list[Offer]:
        """Put the catalogue and the courier into the members' offers; the same once more, and better, for who
        shows the card (one key: the better terms, not a second chance)."""
        members = {s.number for s in self.members}
        if self.has_left or not members:
            return rows
        more, found = self.catalogue_appeal(), []
        card = self.model.audiences.bit(CARD) if self.spec.card_appeal > 0 else 0
        for r in rows:
            if r.channel == CHANNEL:
                # The courier is paid by the round, not by the order (`after_sales`).
                r = replace(r, appeal=r.appeal + more, carrier=self.account, delivery=0.0)
            found.append(r)
            if card and r.store in members and r.channel in SHOWS_CARD:
                found.append(replace(r, needs=r.needs | card, appeal=r.appeal + self.spec.card_appeal))
        return found

    def allows(self, store: Store, mode: str, platform: Any) -> bool:
        return mode != MODE or (self.is_open and self._may_join)

    # -- people ----------------------------------------------------------------------------------------------
    def after_learning(self) -> None:
        """Some of today's customers of members take the card."""
        model, t = self.model, self.model.table
        if self.has_left or self.spec.card_appeal == 0 or not (members := self.members):
            return
        # Rows by store number + 1; 0 is for offers of no store.
        mine = np.zeros(len(model.stores) + 1, np.bool_)
        mine[[s.number + 1 for s in members]] = True
        channel = np.array([name in SHOWS_CARD for name in t.channels])
        row = mine[t.columns["store"].astype(np.int64)] & channel[t.columns["channel"].astype(np.int64)]
        who = model.purchases.consumer[row[model.purchases.picks] & model.purchases.served]
        u = uniforms(model.seed_number, "take the alliance's card", model.day, model.consumers.id[who])
        model.audiences.join(CARD, who[u < self.spec.card_taken])

    # -- money -----------------------------------------------------------------------------------------------
    def after_sales(self) -> None:
        """The members have paid providers per order; this one gets it, and pays for taking and bringing
        them."""
        model, t = self.model, self.model.table
        if CHANNEL not in t.channels:
            return
        count = model.purchases.bought.sum(axis=0) * (t.columns["channel"] == t.channels.index(CHANNEL))
        orders = int(count.sum())
        others, _ = self.crowds.meet(np.array([orders]), model.expansion_factor, np.ones(1))
        if not orders:
            return
        # Ways get shorter with the orders of all people on such a day, of which these are a sample.
        real, together = orders * model.expansion_factor, orders + float(others[0])
        couriers = fen(self.couriers_yuan(together) * (real / together))
        self.orders, self.couriers_fen = self.orders + orders, self.couriers_fen + couriers
        book = model.ledger.book
        book("handling", PROVIDERS, self.account, np.int64((count * t.fen["handling"]).sum()))
        book("overheads", self.account, OVERHEADS, np.int64(fen(self.spec.order_cost_yuan * real)))
        book("delivery", self.account, COURIERS, np.int64(couriers))

    def bills(self) -> None:
        """The members have paid for the month."""
        if not self.is_open:
            return
        book = self.model.ledger.book
        paid = sum(fen(s.mode_cost_yuan(MODE)) for s in self.members)
        book("integration", PROVIDERS, self.account, np.int64(paid))
        book("overheads", self.account, OVERHEADS, np.int64(fen(self.spec.fixed_yuan_month)))

    def decided(self, store: Store, decision: Decision) -> None:
        """Who joins has paid for it."""
        if decision.kind == "adopt" and decision.mode == MODE:
            setup = fen(store.setup_cost_yuan(MODE))
            self.model.ledger.book("integration", PROVIDERS, self.account, np.int64(setup))

    def profit_yuan(self) -> float:
        """Of the month that is not closed yet, without capital."""
        books = self.model.ledger.books[:, self.account]
        return float(books.sum() - books[CAPITAL]) / FEN_PER_YUAN

    def cash_yuan(self) -> float:
        return self.model.ledger.cash(self.account) / FEN_PER_YUAN

    def month_end(self) -> None:
        """How dense its orders were, whether it pays, and whether it stays."""
        model = self.model
        real = self.orders * model.expansion_factor
        self.orders_a_day = real / min(model.date.day, model.day + 1)
        self.courier_yuan = self.couriers_fen / FEN_PER_YUAN / real if real else 0.0
        self.orders, self.couriers_fen = 0, 0
        if not self.is_open:
            return
        profit = self.profit_yuan()
        self.losses = self.losses + 1 if profit < 0 else 0
        if self.cash_yuan() < 0:
            self.leave("out of cash", profit)
        elif self.losses >= self.spec.patience_months:
            self.leave("long losses", profit)

    def leave(self, reason: str, profit: float) -> None:
        """Close down; the members lose the mode, its investors get or bear what is left."""
        model, members = self.model, self.members
        model.log(
            "service provider", "platform", "leave", reason,
            **{
                "profit (yuan/month)": round(profit, 2), "cash (yuan)": round(self.cash_yuan(), 2),
                "months of loss": self.losses, "shops in the alliance": len(members),
                "orders a day": round(self.orders_a_day, 2),
            },
        )  # fmt: skip
        for store in members:
            store.quit(MODE)
            model.log(store.name, "store", f"quit {MODE}", "the service provider left")
        rest = model.ledger.cash(self.account)
        model.ledger.book("owners", self.account, INVESTORS, np.int64(rest))
        self.has_left = True

    def figures(self) -> dict[str, float]:
        """Its size, what a delivery costs it, and its money (yuan, of the month)."""
        holders = float(self.model.audiences.of(CARD).mean()) if self.spec.card_appeal > 0 else 0.0
        return {
            "alliance_shops": float(len(self.members)),
            "alliance_orders_day": self.orders_a_day,
            "alliance_card_share": holders,
            "alliance_courier_yuan_order": self.courier_yuan,
            "provider_profit_yuan": self.profit_yuan(),
            "provider_cash_yuan": self.cash_yuan(),
            "provider_left": float(self.has_left),
        }
