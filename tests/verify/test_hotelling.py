"""Two shops that begin at prices of 0.5 and 1.5 at the ends of a line, where the way costs t per length and
tastes count for little (Hotelling 1929, "Stability in competition"; with costs of their own, p = t + (2 c +
the other's c) / 3).

The shops stand half a cell within the ends, at the same distance from them, which changes no price
(d'Aspremont, Gabszewicz and Thisse 1979, "On Hotelling's 'Stability in competition'")."""

from __future__ import annotations

import math
from functools import cache

from .prices import Settled, began, settled
from .rows import Row, assert_passed

LINE = ("Hotelling linear cost, ends fixed", "t=1,c=0,L=1")
CELLS, PEOPLE = 100, 20_000
DEARER = 0.6
"""What the goods cost the second shop, as a multiple of the category's usual cost of 0.5: c = 0.3."""


@cache
def line(cost_x: float) -> Settled:
    return settled("hotelling.yaml", f"stores.formats.dear.cost_x={cost_x}")


def judged(
    cost_x: float, prices: tuple[float, float], share: float, profit: float | None, note: str
) -> list[Row]:
    town, found = line(cost_x), []
    for k, p in enumerate(prices):
        allowed, why = 1 / CELLS * p, "one cell of 100"
        found.append(Row(*LINE, f"p_{k + 1}{note}", p, float(town.price[k]), allowed, why, began(town)))
    # People are the same every day, and nearly all of them always go the same way.
    se = math.sqrt(share * (1 - share) / PEOPLE)
    whose = "of simulated choices; s.e. of who lives where"
    found.append(Row(*LINE, f"share_1{note}", share, float(town.share[0]), 3 * se, "3 s.e.", whose))
    if profit is not None:
        allowed = 3 * se * prices[0]
        found.append(Row(*LINE, f"profit_1{note}", profit, float(town.profit[0]), allowed, "3 s.e.", whose))
    return found


def alike() -> list[Row]:
    return judged(0.0, (1.0, 1.0), 0.5, 0.5, "")


def unlike() -> list[Row]:
    return judged(DEARER, (1.1, 1.2), 0.55, None, ", c=(0,0.3)")


def rows() -> list[Row]:
    return [*alike(), *unlike()]


def test_shops_alike():
    assert_passed(*alike())


def test_a_shop_that_buys_dearer():
    assert_passed(*unlike())
