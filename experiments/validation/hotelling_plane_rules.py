"""Firms that look one step around: at the four cells beside theirs, and at a price one step up and down.

The rule follows the NetLogo library's model "Hotelling's Law" (Ottino, Stonedahl & Wilensky 2009), written
anew: a firm works out how many would buy from it where it stands and on the cells to its north, east, south
and west, all else being equal, and goes where that is most; then what it would take at its price, a step more
and a step less, and asks what brings most. Who gains nothing stays; in a tie between ways the one that was
drawn first wins. There all firms act at once; here they act one after the other, in an order drawn for the
day, and price at the new place. (Two firms that meet in one cell at one price and act at once see the same
and do the same for ever.)

What people would buy is `model.expected_sales`, with the firm's offer put out of reach and its offer on the
trial cell in its place. Trial offers stand in the table of offers under a condition that nobody in this town
meets (a smartphone)."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from o2o_sim.plugin import KEEP, ONLINE, Needs, StorePolicy, System, name_bits, uniforms

AROUND = ((0, 1), (1, 0), (0, -1), (-1, 0))
"""A step north, east, south, west."""
STEP = 0.1
"""Of a price, relative to the first one: half of what a cell costs to cross (hotelling_plane.yaml)."""
LOWEST = STEP
GAIN = 1e-9
"""Relative gain below which sums differ by their last bits only."""


class Keep(StorePolicy):
    """Nothing is decided at the month's end."""

    def review(self, store, view, chance):
        return KEEP


class Round(NamedTuple):
    """A day, by firm: cell, price relative to the first one, share of all purchases expected."""

    cell: np.ndarray
    price_x: np.ndarray
    share: np.ndarray


class Game(System):
    """Firms choose place and price; `rounds` keeps the days so far."""

    moves = True
    prices = True

    def __init__(self, model):
        super().__init__(model)
        home = model.consumers.columns.record["home"]
        cells, first = np.unique(home, return_index=True)
        if len(cells) < model.city.grid.cells:
            raise ValueError("some cells have nobody; enlarge `population`")
        self.needs = Needs(
            first.astype(np.int64), np.zeros(len(first), np.int64), np.full(len(first), 1 / len(first))
        )
        self.wide, self.high = model.city.grid.nx, model.city.grid.ny
        self.rounds: list[Round] = []

    # -- the offers of a day ------------------------------------------------------------------------------
    def morning(self):
        if self.model.day:
            return
        draw = uniforms(self.model.seed_number, "where a firm starts", 0, np.arange(len(self.model.stores)))
        for store, u in zip(self.model.stores, draw):
            store.cell = int(u * self.wide * self.high)
        self.model.offers_changed = True

    def beside(self, cell: int) -> list[int]:
        """The cells a step away in each direction; -1 beyond the edge."""
        y, x = divmod(cell, self.wide)
        inside = [(x + dx, y + dy) for dx, dy in AROUND]
        return [b * self.wide + a if 0 <= a < self.wide and 0 <= b < self.high else -1 for a, b in inside]

    def amend(self, rows):
        if not self.moves:
            return rows
        trials = [
            replace(own, key=name_bits(f"{own.maker} tries {k}"), cell=cell, needs=int(ONLINE))
            for own in rows
            if own.store >= 0
            for k, cell in enumerate(self.beside(own.cell))
            if cell >= 0
        ]
        return [*rows, *trials]

    # -- what the firms do --------------------------------------------------------------------------------
    def after_choice(self):
        """One firm after the other, in an order drawn for the day, takes a step and then a price."""
        model, stores, table = self.model, self.model.stores, self.model.table
        assert table is not None
        own, trials = self.rows(table)
        now = table.columns.copy()
        share = self.sold(now)[own]
        self.rounds.append(
            Round(np.array([s.cell for s in stores]), np.array([s.price_x for s in stores]), share)
        )
        for k in np.argsort(uniforms(model.seed_number, "whose turn", model.day, np.arange(len(stores)))):
            here, sells = own[k], self.sold(now)[own[k]]
            if self.moves:
                drawn = np.argsort(
                    uniforms(model.seed_number, "which way first", model.day, np.arange(4), int(k))
                )
                here, sells = self.step(now, here, sells, [trials[k][j] for j in drawn])
            if self.prices:
                stores[k].price_x = self.price(now, here, sells, stores[k].price_x)
            stores[k].cell = int(now["cell"][here])

    def after_learning(self):
        self.model.offers_changed = True

    def step(self, now, here, sells, ways):
        """The row of the best of its cells, put in the place of the row `here`, and what share it sells
        there."""
        best, most = here, sells * (1 + GAIN)
        for there in ways:
            if there >= 0:
                now["needs"][here], now["needs"][there] = ONLINE, 0
                if (found := self.sold(now)[there]) > most:
                    best, most = there, found
                now["needs"][there] = ONLINE
        now["needs"][best] = 0
        return best, sells if best == here else most

    def price(self, now, here, sells, price_x):
        """The best of its prices, relative to the first one."""
        asked, best, most = now["price"][here], price_x, price_x * sells * (1 + GAIN)
        for other in (round(price_x + STEP, 6), round(price_x - STEP, 6)):
            if other >= LOWEST - GAIN:
                now["price"][here] = asked * other / price_x
                if (found := other * self.sold(now)[here]) > most:
                    best, most = other, found
        now["price"][here] = asked * best / price_x
        return best

    def rows(self, table):
        """Rows of the firms' offers, and of their trials by direction (-1 beyond the edge)."""
        numbers = {int(key): r for r, key in enumerate(table.columns["key"])}
        own = [numbers[int(s.key("walk-in", s.category))] for s in self.model.stores]
        trials = [
            [numbers.get(int(name_bits(f"{s.name} tries {k}")), -1) for k in range(4)]
            for s in self.model.stores
        ]
        return np.array(own), trials

    def sold(self, columns):
        """Share of all purchases, by row."""
        return self.model.expected_sales(self.needs, columns=columns).purchases

    def figures(self):
        last = self.rounds[-1]
        return {"mean_price_x": float(last.price_x.mean()), "largest_share": float(last.share.max())}


class MovesOnly(Game):
    """Prices stay what they were."""

    prices = False


class PricesOnly(Game):
    """Firms stay where they started."""

    moves = False
