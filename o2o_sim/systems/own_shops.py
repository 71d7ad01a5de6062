"""Platforms that open shops of their own beside their best-selling partners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..market.ledger import OVERHEADS, OWNERS
from ..modes import Holding
from ..units import FEN_PER_YUAN, fen
from .acquire import CAPITAL, Owner, owners_mode

if TYPE_CHECKING:
    from ..agents.platform import Platform
    from ..agents.store import Store
    from ..market.offers import Table
    from ..model import O2OModel
    from ..scenario.blocks.own_shops import OwnShops as OwnShopsSpec
    from ..scenario.schema import Spec


class OwnShops(Owner):
    """A platform sees what its partners sell through it, and opens its own shop beside the best of them.

    Every few months it takes the partner with the highest sales through it since it last looked, where a unit
    beside is empty and it has not opened yet, and opens a shop in the same circle (in the streets: in the
    same cell), with the category that sold best there, at its own price. It pays fit-out and capital, and all
    profit is its own. The shop decides as others of its format do."""

    def __init__(self, model: O2OModel):
        super().__init__(model)
        self.rules: list[tuple[Platform, OwnShopsSpec]] = [
            (p, p.spec.own_shops) for p in model.platforms if p.spec.own_shops is not None
        ]
        self.watched = {p.name: 0 for p, _ in self.rules}
        self.opened = {p.name: 0 for p, _ in self.rules}
        self.rows: dict[str, np.ndarray] = {}
        self.beside: dict[str, set[int]] = {p.name: set() for p, _ in self.rules}
        categories = len(model.category_number)
        self.sold = {p.name: np.zeros((0, categories), np.int64) for p, _ in self.rules}
        """Fen that each store (row) has sold in each category through the platform since it last looked."""

    @staticmethod
    def wanted(spec: Spec) -> bool:
        return any(p.own_shops for p in spec.platforms.values())

    def published(self, table: Table) -> None:
        """Which rows sell what through whom; found once, because this holds until offers change."""
        c = table.columns
        self.rows = {
            p.name: np.flatnonzero((c["platform"] == p.number + 1) & (c["store"] > 0)) for p, _ in self.rules
        }

    def after_sales(self) -> None:
        model = self.model
        price, c = model.table.fen["price"], model.table.columns
        for p, rule in self.rules:
            if rule.start is not None and model.date < rule.start:
                continue
            more = len(model.stores) - len(self.sold[p.name])
            if more:
                sold = self.sold[p.name]
                self.sold[p.name] = np.concatenate([sold, np.zeros((more, sold.shape[1]), np.int64)])
            rows = self.rows[p.name]
            worth = model.purchases.bought[:, rows].sum(axis=0) * price[rows]
            where = (c["store"][rows].astype(np.int64) - 1, c["category"][rows].astype(np.int64))
            np.add.at(self.sold[p.name], where, worth)

    def month_end(self) -> None:
        for p, rule in self.rules:
            if rule.start is not None and self.model.date < rule.start:
                continue
            self.watched[p.name] += 1
            if (
                self.watched[p.name] % rule.every_months == 0
                and self.opened[p.name] < rule.limit
                and not p.is_broke
            ):
                self._open(p, rule)
                self.sold[p.name][:] = 0
        super().month_end()

    def _best(self, p: Platform, rule: OwnShopsSpec) -> Store | None:
        """The partner that sold most through it, among those that it can open beside."""
        sold = self.sold[p.name].sum(axis=1)
        found = [
            s
            for s in self.model.stores[: len(sold)]
            if s.is_here and s.owner is not p and sold[s.number] > 0 and s.number not in self.beside[p.name]
            and (not rule.formats or s.format_name in rule.formats)
            and s.circle.vacant > 0
        ]  # fmt: skip
        return min(found, key=lambda s: (-sold[s.number], s.name), default=None)

    def _open(self, p: Platform, rule: OwnShopsSpec) -> None:
        model = self.model
        partner = self._best(p, rule)
        if partner is None:
            return
        sold = self.sold[p.name][partner.number]
        best = max(partner.floor, key=lambda c: sold[model.category_number[c]])
        area = partner.area_m2 * rule.area_x
        fit_out = area * rule.fit_out_yuan_m2
        capital = model.spec.stores.cash_months * partner.fixed_cost_yuan() * rule.area_x
        if p.cash_yuan < fit_out + capital:
            model.log(p.name, "platform", "open no shop", "no cash", partner=partner.name)
            return
        form = rule.format or partner.format_name
        quality = model.spec.stores.formats[form].quality + rule.quality
        number = self.opened[p.name] + 1
        shop = model.open_store(
            f"{p.name} shop {number}",
            form,
            partner.circle,
            partner.cell,
            area_m2=area,
            quality=quality,
            skill=1.0,
            chain=f"{p.name} shops",
            cash_yuan=capital,
            category=best if rule.best_only else "",
        )
        shop.price_x = rule.price_x
        # The store's capital came from "owners", as everybody's does; the platform is the owner that pays it.
        model.ledger.book("owners", p.account, OWNERS, np.int64(fen(capital)))
        model.ledger.book("overheads", p.account, OVERHEADS, np.int64(fen(fit_out)))
        self.own(shop, p, 1.0, True)
        self.before[shop.number] = int(model.ledger.books[CAPITAL, shop.account])
        mode = owners_mode(model, p)
        if mode is not None and any(p.carries(c) for c in shop.floor):
            shop.modes[mode] = Holding(model.date, p)
        self.opened[p.name] = number
        self.beside[p.name].add(partner.number)
        model.log(
            p.name, "platform", "open own shop", "beside its best-selling partner", shop=shop.name,
            partner=partner.name,
            sells=", ".join(shop.floor), **{"sales seen (yuan)": float(sold.sum()) / FEN_PER_YUAN},
        )  # fmt: skip

    def figures(self) -> dict[str, float]:
        """Per platform: how many shops of its own trade, and what it had of them this month in yuan."""
        found: dict[str, float] = {}
        for p, _ in self.rules:
            trading = sum(self.model.stores[n].owner is p for n in self.share)
            found[f"own_shops/{p.name}"] = float(trading)
            found[f"own_shops_yuan/{p.name}"] = self.received.get(p.name, 0) / FEN_PER_YUAN
        return found
