"""Towns whose shops begin at prices of their own and ask the best answer to one another's, until nobody
moves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from o2o_sim import O2OModel, load_scenario

HERE = Path(__file__).parent
YUAN = 100.0
"""What the theories' unit of money is in these towns."""
REST = 1e-3
"""Prices that move by less in a month, in units of money, are at rest."""


@dataclass(frozen=True)
class Settled:
    """What came of it, per shop in the theories' units: `start`, the prices of the first day; `price`; and
    over the last `months`: `share` of all choices, going without among them; `profit` per choice of anybody,
    after rent. `surplus` (utils) is the mean of the best value and its draw, `choices` how many there
    were."""

    start: np.ndarray
    price: np.ndarray
    share: np.ndarray
    profit: np.ndarray
    surplus: float
    choices: int


def settled(file: str, *said: str, months: int = 18, counted: int = 6) -> Settled:
    """Run a town for so many months, and count the last of them."""
    model = O2OModel(load_scenario(HERE / file, [*said, f"days={31 * months}"]))
    choices, surplus = 0, 0.0
    start = now = before = prices(model)
    assert start.max() > 1.5 * start.min(), "so that prices have to meet"
    while len(model.stores[0].months) < months:
        counts = len(model.stores[0].months) >= months - counted
        model.step()
        if counts:
            choices += len(model.purchases.picks)
            surplus += float(model.purchases.surplus.sum())
        if model.date.day == 1:
            before, now = now, prices(model)
    assert np.abs(now - before).max() < REST, f"prices still move: {before}, {now}"
    last = [s.months[-counted:] for s in model.stores]
    customers = np.array([sum(m.customers for m in months) for months in last])
    profit = np.array([sum(m.profit for m in months) for months in last]) / 100 / YUAN
    return Settled(start, now, customers / choices, profit / choices, surplus / choices, choices)


def began(town: Settled) -> str:
    """What the prices were on the first day, for a row's note."""
    return f"prices begin at {town.start.min():.3g} and {town.start.max():.3g}"


def prices(model: O2OModel) -> np.ndarray:
    """What each shop asks for the goods, in the theories' units."""
    goods = model.spec.categories["goods"].ticket_yuan / YUAN
    return np.array([goods * s.format.markup_x * s.price_x for s in model.stores])
