"""A platform's display at the till of partner stores: visitors order its wider range on the spot."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..market.ledger import PROVIDERS
from ..market.offers import AT_PLACE, EVERYWHERE
from ..units import FEN_PER_YUAN, fen
from .base import System
from .member_data import drawn, join_members

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..agents.store import Store
    from ..market.offers import Offer, Table
    from ..model import O2OModel
    from ..scenario.blocks.till import Till
    from ..scenario.schema import Spec

CHANNEL = "till display"


class Tills(System):
    """The goods of a platform, ordered in a shop round the corner and brought to the door like any parcel.

    One goes there for it, needs no telephone and no membership, and pays at the till; who orders becomes a
    member. All displays show the goods that the platform also sells at home, so they share its draw: a
    display is another way to the same parcel, and ten of them are no ten chances. A display shows a part of
    the range; what attracts in proportion to its size is worth log(size) in utils (Ben-Akiva & Lerman 1985,
    ch. 9). The store gets a share of the price, and the visit."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.on: list[tuple[Platform, Till]] = [
            (p, p.spec.till) for p in model.platforms if p.spec.till is not None
        ]
        self.rows = np.zeros(0, np.bool_)
        """Which rows of the offer table are displays."""
        self.orders = {p.name: 0 for p, _ in self.on}
        self.through = {p.name: 0 for p, _ in self.on}
        self.won = {p.name: 0 for p, _ in self.on}
        self.paid_fen = {p.name: 0 for p, _ in self.on}

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(p.till for p in spec.platforms.values())

    def morning(self) -> None:
        if any(rule.start == self.model.date for _, rule in self.on):
            self.model.offers_changed = True

    def displays(self, p: Platform, rule: Till) -> list[Store]:
        """The stores that have one now."""
        if p.is_broke or (rule.start is not None and self.model.date < rule.start):
            return []
        takes_part = drawn(self.model, f"till display of {p.name}", rule.share)
        return [
            s
            for s in self.model.stores
            if s.is_here and s.format_name in rule.formats and takes_part[s.number] and s.owner in (None, p)
        ]

    def amend(self, rows: list[Offer]) -> list[Offer]:
        """Every parcel of the platform, once more at each display."""
        names, more = list(self.model.spec.categories), []
        for p, rule in self.on:
            stores = self.displays(p, rule)
            for o in rows:
                if o.seen != EVERYWHERE or o.platform != p.number or o.store >= 0 or o.channel != "parcel":
                    continue
                if rule.categories and names[o.category] not in rule.categories:
                    continue
                for s in stores:
                    shown = replace(
                        o,
                        key=s.key(f"{CHANNEL} of {p.name}", names[o.category]),
                        maker=s.name,
                        channel=CHANNEL,
                        store=s.number,
                        cell=s.cell,
                        seen=AT_PLACE,
                        needs=0,
                        payment=0.0,
                        appeal=o.appeal + rule.appeal + math.log(rule.range_share),
                    )
                    more.append(shown)
        return [*rows, *more]

    def published(self, table: Table) -> None:
        """Displays take the draw of the parcel that they show."""
        c = table.columns
        number = {name: k for k, name in enumerate(table.channels)}
        self.rows = c["channel"] == number.get(CHANNEL, -1)
        for row in np.flatnonzero((c["channel"] == number.get("parcel", -1)) & (table.seen == EVERYWHERE)):
            same = (c["platform"] == c["platform"][row]) & (c["category"] == c["category"][row])
            c["key"][self.rows & same] = c["key"][row]

    def after_choice(self) -> None:
        """Nobody has goods in her hands at a display: who came to order there does not order by telephone for
        having seen them. (The shopping loop takes everyone who walked to an offer to have the goods before
        her.)"""
        model = self.model
        seen_first = np.flatnonzero(self.rows[model.purchases.visited])
        model.purchases.picks[seen_first] = model.purchases.visited[seen_first]
        model.purchases.visited[seen_first] = 0

    def after_sales(self) -> None:
        """The store's share of every order at its till."""
        model = self.model
        t = model.table
        count = model.purchases.bought.sum(axis=0)
        for p, rule in self.on:
            if model.date.day == 1:
                self.orders[p.name] = self.through[p.name] = self.won[p.name] = self.paid_fen[p.name] = 0
            theirs = t.platform == p.number
            rows = np.flatnonzero(self.rows & theirs & (count > 0))
            each = np.rint(rule.commission * t.fen["price"][rows]).astype(np.int64)
            accounts = np.array([s.account for s in model.stores], dtype=np.int64)
            model.ledger.book("transfers", p.account, accounts[t.store[rows]], count[rows] * each)
            self.paid_fen[p.name] += int((count[rows] * each).sum())
            self.orders[p.name] += int(count[rows].sum())
            self.through[p.name] += int(count[theirs].sum())

    def after_learning(self) -> None:
        """Who has ordered at a till is a member. What was sold there are the platform's sales, not the
        store's."""
        model = self.model
        if CHANNEL in model.channels:
            sold = model.channels.index(CHANNEL)
            model.month.channel_sales[:, sold] = model.month.channel_margin[:, sold] = 0
        for p, _ in self.on:
            mine = self.rows & (model.table.platform == p.number)
            if mine.any():
                ordered = np.flatnonzero(mine[model.purchases.picks] & model.purchases.served)
                self.won[p.name] += join_members(model, p, model.purchases.consumer[ordered])

    def bills(self) -> None:
        """The platform pays for its displays."""
        for p, rule in self.on:
            cost = fen(rule.display_yuan_month) * len(self.displays(p, rule))
            self.model.ledger.book("integration", p.account, PROVIDERS, np.int64(cost))

    def visits_a_day(self, rule: Till) -> float:
        """People who came to stores of the formats, display or not, per day of the month."""
        model = self.model
        numbers = [s.number for s in model.stores if s.format_name in rule.formats]
        return float(model.month.visits[numbers].sum()) * model.expansion_factor / self.days()

    def days(self) -> int:
        """Days of the month so far; a run may begin within one."""
        return min(self.model.date.day, self.model.day + 1)

    def figures(self) -> dict[str, float]:
        """Per platform, of the month: people's orders at tills; members won there; yuan paid to the stores;
        and its lead: orders through it less visits to the stores of these formats, a day."""
        found: dict[str, float] = {}
        each, days = self.model.expansion_factor, self.days()
        for p, rule in self.on:
            found |= {
                f"till_orders/{p.name}": self.orders[p.name] * each,
                f"till_won/{p.name}": self.won[p.name] * each,
                f"till_paid_yuan/{p.name}": self.paid_fen[p.name] / FEN_PER_YUAN,
                f"till_lead/{p.name}": self.through[p.name] * each / days - self.visits_a_day(rule),
            }
        return found
