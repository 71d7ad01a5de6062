"""Customers beyond the city, who buy from its shops on a marketplace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..modes import Marketplace
from .base import System

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.schema import Spec


class Beyond(System):
    """A shop on a marketplace is seen by the platform's customers elsewhere, too: `beyond_x` times as many as in the city.

    They order as those of the city do: when these order more, because parcels are cheaper, quicker or subsidised, so do
    they. Of what is ordered there, a shop of the city has the share that it has here: the same logit among sellers,
    by its quality, its floor and its skill, against outside sellers and the others of the city (market/board.py). It is the
    expectation, without a draw, booked day by day in whole fen: sales and delivery fees come from an account for customers
    elsewhere, and goods, commission, advertising, handling and delivery are paid as for an order of the city. They are
    no sales of the city: its tables of sales, its online share and its parcels do not count them, the books of stores
    and the ledger do. Their platform pays them no subsidy out of this city's money."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.times = model.modes[Marketplace.name].settings.beyond_x
        self.customers = self.open_account("customers elsewhere", "consumers")
        self.sold_fen, self.orders = 0, 0.0

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return getattr(spec.modes, Marketplace.name).beyond_x > 0

    def after_sales(self) -> None:
        model, t = self.model, self.model.table
        if model.date.day == 1:
            self.sold_fen, self.orders = 0, 0.0
        count = model.purchases.bought.sum(axis=0)
        for row, (weights, shops) in model.board.local_sellers.items():
            here = count[row] + count[shops].sum()
            self._sell(shops, self.times * here * weights / (1 + weights.sum()), t.platform[row])

    def _sell(self, shops: np.ndarray, orders: np.ndarray, platform: int) -> None:
        """Book so many orders (simulated ones, float64) of the rows of shops on a platform."""
        model, t = self.model, self.model.table
        money = {name: np.rint(t.fen[name][shops] * orders).astype(np.int64) for name in t.fen}
        seller, carrier = t.seller[shops], t.carrier[shops]
        owner = model.platforms[int(platform)].account
        received = money["price"] - money["discount"]
        model.ledger.book("sales", self.customers, seller, received)
        model.ledger.book_terms(self.customers, seller, carrier, owner, money)
        costs = ("goods", "spoilage", "commission", "advertising", "handling")
        margin = received - sum(money[name] for name in costs)
        margin = margin + np.where(carrier == seller, money["fee"] - money["delivery"], 0)
        where = (t.store[shops], model.channels.index(Marketplace.channel))
        np.add.at(model.month.channel_sales, where, received)
        np.add.at(model.month.channel_margin, where, margin)
        self.sold_fen += int(received.sum())
        self.orders += float(orders.sum())

    def figures(self) -> dict[str, float]:
        """A month: what customers elsewhere paid the city's shops for goods, in yuan, and their orders, in people's."""
        return {
            "beyond_sales_yuan": self.sold_fen / 100,
            "beyond_orders": self.orders * self.model.expansion_factor,
        }
