"""How places on the plane are measured: ways, neighbours, pairs, and what chance and the best spread would
give.

A firm's place is the number of its cell, row by row; ways are in cells.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.stats import rankdata

SIDE = 21
"""Cells of a side."""
NEAR = 3 / 41 * SIDE
"""Local rivals are nearer than this: 3 units (Ottino-Loeffler et al. 2017, figure 5) of the 41 of the
library's plane."""
OWN_CELL = 0.5214
"""Way to a firm in one's own cell (Ghosh 1951; o2o_sim/city/transport.py)."""


def between(a, b) -> np.ndarray:
    """Way from cell to cell in cells, by eight directions; 0 within one."""
    (ya, xa), (yb, xb) = np.divmod(a, SIDE), np.divmod(b, SIDE)
    dx, dy = np.abs(xa - xb), np.abs(ya - yb)
    return np.maximum(dx, dy) + (np.sqrt(2) - 1) * np.minimum(dx, dy)


def ways(cells: np.ndarray) -> np.ndarray:
    """Between all firms of a round; infinite to itself."""
    d = between(cells[:, None], cells[None, :])
    np.fill_diagonal(d, np.inf)
    return d


def next_rival(cells: np.ndarray) -> np.ndarray:
    return ways(cells).min(axis=1)


def pairwise(cells: np.ndarray) -> float:
    """Mean distance of two firms."""
    return float(ways(cells)[~np.eye(len(cells), dtype=bool)].mean())


def to_centre(cells: np.ndarray) -> float:
    return float(between(cells, SIDE * SIDE // 2).mean())


def in_duopoly(cells: np.ndarray) -> np.ndarray:
    """Which firms are near exactly one other that is near to no third."""
    close = ways(cells) < NEAR
    rivals = close.sum(axis=1)
    return (rivals == 1) & ((close @ rivals) == 1)


def duopolies(cells: np.ndarray) -> float:
    return float(in_duopoly(cells).mean())


def next_firm(cells: np.ndarray) -> float:
    """Mean way of a resident to the next firm."""
    d = between(np.arange(SIDE * SIDE)[:, None], cells[None, :])
    return float(np.where(d == 0, OWN_CELL, d).min(axis=1).mean())


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's; nan where one of them does not vary."""
    a, b = rankdata(np.round(a, 9)), rankdata(np.round(b, 9))
    return float(np.corrcoef(a, b)[0, 1]) if np.ptp(a) and np.ptp(b) else float("nan")


@cache
def chance(firms: int, draws: int = 2000) -> dict[str, float]:
    """The same measures of firms scattered at random, and the shortest mean way to the next firm that was
    found: the best of five searches that move one firm at a time to the best cell until no move helps."""
    rng = np.random.default_rng(firms)
    scattered = rng.integers(0, SIDE * SIDE, (draws, firms))
    found = {m.__name__: float(np.mean([m(c) for c in scattered])) for m in (pairwise, to_centre, duopolies)}
    found["next_rival"] = float(np.mean([next_rival(c).mean() for c in scattered]))
    found["next_firm"] = float(np.mean([next_firm(c) for c in scattered[:200]]))
    return found | {"best": min(settle(c) for c in scattered[:5])}


def settle(cells: np.ndarray) -> float:
    every = between(np.arange(SIDE * SIDE)[:, None], np.arange(SIDE * SIDE)[None, :])
    every = np.where(every == 0, OWN_CELL, every)
    cells, best = cells.copy(), np.inf
    while True:
        for k in range(len(cells)):
            others = np.delete(cells, k)
            so_far = every[:, others].min(axis=1) if len(others) else np.full(len(every), np.inf)
            cells[k] = np.minimum(every, so_far[:, None]).mean(axis=0).argmin()
        now = float(every[:, cells].min(axis=1).mean())
        if now >= best:
            return best
        best = now
