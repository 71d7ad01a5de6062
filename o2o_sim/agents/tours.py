"""How far a courier goes per drop: tours through finitely many doors, and rounds from a hub."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.blocks.rounds import Rounds
    from .platform import Platform

TOUR = 0.7124
"""Length of a long tour over sqrt(drops * area) (Beardwood, Halton & Hammersley 1959; value by
simulation)."""
EDGE = 0.90
"""What the edge of the area adds to it, over sqrt(drops). Without an edge a tour nears its limit like 1 /
drops (on a torus; Percus & Martin 1996), so that what is left falls with the ratio of edge to area, 1 /
sqrt(drops). The number was fitted to the six tours of 10 to 500 drops in analytic_reference_values.csv; it
misses none by more than half a per cent."""
SHORT_TOURS = (0.0, 0.0, 1.0428, 1.5642, 1.892, 2.126, 2.312, 2.471, 2.620, 2.744)
"""Mean length of the shortest closed tour through 0 to 9 random points of a unit square. Two and three points
are two and three times the mean distance (Ghosh 1951); the others are exact tours of 8,000 to 200,000 draws
each (standard errors below 0.004)."""


def tour_length(drops: float) -> float:
    """Mean length of the shortest closed tour through so many random points of a unit square; between whole
    numbers of a few points, a straight line."""
    if drops >= len(SHORT_TOURS):
        return TOUR * (1 + EDGE / math.sqrt(drops)) * math.sqrt(drops)
    k = int(drops)
    ends = (*SHORT_TOURS, TOUR * (1 + EDGE / math.sqrt(10)) * math.sqrt(10))
    return ends[k] + (drops - k) * (ends[k + 1] - ends[k])


def km_per_drop(drops_a_day: float, area_km2: float, rounds: Rounds, hub_km: float) -> float:
    """Kilometres per parcel. As many rounds as needed share the drops and the area; a round is the way to its
    part and back and a tour of the doors there (the line-haul and tour of Daganzo 1984).

    Less than one drop a day still means a trip for each.
    """
    drops = max(drops_a_day, 1.0)
    each = drops / max(1.0, drops / rounds.drops_per_round)
    area = area_km2 * each / drops
    return (2 * hub_km * rounds.hub_speed_x + tour_length(each) * math.sqrt(area)) / each


def way_to_hub(model: O2OModel, rounds: Rounds, name: str) -> float:
    """Mean way from a platform's hub to the people, km: as the scenario says, from the hub's place in
    straight lines, or that from the middle of the city."""
    if rounds.hub_km is not None:
        return rounds.hub_km
    if not rounds.is_placed:
        return model.typical_km
    x, y = model.city.locate(rounds, f"platforms.{name}.parcel.rounds", model.spec._origin)
    off = model.city.grid.centres() - (x, y)
    return float((model.city.residents * np.sqrt((off * off).sum(axis=1))).sum()) / 1000


def round_km(platform: Platform) -> float:
    """Kilometres per parcel of a platform whose scenario says how its rounds are."""
    rounds, model = platform.spec.parcel.rounds, platform.model
    assert rounds is not None
    hub_km = way_to_hub(model, rounds, platform.name)
    return km_per_drop(platform.drops_a_day, model.area_km2, rounds, hub_km)
