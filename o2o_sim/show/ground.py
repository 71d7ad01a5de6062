"""What the picture of a city shows and no table of a run keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..city.grid import Grid
    from ..city.river import River
    from ..city.transport import Metro
    from ..model import O2OModel

MOST_NAMES = 25


@dataclass(frozen=True)
class Ground:
    """What stands and lies where. `residents` (float64) and `land` (bool) are by cell; `stores` are the cells
    of the shops by their numbers, `places` (name, cell) the largest circles, the largest first."""

    grid: Grid
    residents: np.ndarray
    land: np.ndarray
    river: River | None
    metro: dict[str, Metro]
    stores: dict[int, int]
    places: list[tuple[str, int]]

    @classmethod
    def of(cls, model: O2OModel) -> Ground:
        """That of a model."""
        city = model.city
        stores = {int(s.number): int(s.cell) for s in model.stores}
        circles = sorted((c for c in model.circles.values() if not c.is_street), key=lambda c: -c.units)
        places = [(c.name, int(c.cell)) for c in circles[:MOST_NAMES]]
        return cls(city.grid, city.residents, city.land, city.river, city.metro, stores, places)
