"""Where new street shops stand, and what a new shop is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..streams import uniforms

if TYPE_CHECKING:
    from ..model import O2OModel


def street_cells(model: O2OModel, n: int, process: str, day: int = 0, *, apart: bool = False) -> np.ndarray:
    """Places for street shops: where people live and work; if `apart`, each in a part of the city of its own.

    For that the cells are walked along a curve that keeps neighbours together (Morton 1966), and the people
    met on the way are cut into n equal parts, with one shop in each. Long-standing shops of a kind shun one
    another; drawn one by one they would bunch, and the first year's closures would be the making of that
    draw."""
    order = _curve(model.city.grid.nx, model.city.grid.ny)
    weight = np.cumsum((model.city.residents + model.city.jobs)[order])
    u = uniforms(model.seed_number, process, day, np.arange(max(n, 1)))[:n]
    part = (np.arange(n) + u) / max(n, 1) if apart else u
    return order[np.searchsorted(weight / weight[-1], part, side="right")]


def _curve(nx: int, ny: int) -> np.ndarray:
    """The cells of a grid along the Z-order curve."""
    y, x = np.divmod(np.arange(nx * ny), nx)
    code = np.zeros(nx * ny, np.int64)
    for bit in range(max(nx, ny).bit_length()):
        code |= ((x >> bit) & 1) << (2 * bit) | ((y >> bit) & 1) << (2 * bit + 1)
    return np.argsort(code, kind="stable")


def free_name(model: O2OModel, name: str) -> str:
    """The name, or with a number behind it if a store has it: in the month in which a circle opens, its first
    tenants and who takes a unit at the month's end are counted anew."""
    found, k = name, 1
    while model.has_store(found):
        k += 1
        found = f"{name} no. {k}"
    return found
