"""Where people live and work and what they earn: synthesised from centres, or spread from imported zones.

Shares are multiples of 2**-40 that sum to exactly 1, so sums over cells are exact in any order and no two
versions of NumPy can place a person differently. Exponentials come from `streams.exp` (same bits anywhere).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from .. import streams
from .grid import Grid

Floats = NDArray[np.float64]
UNITS = 1 << 40  # shares are counted in units of 2**-40
_INCOME_STEPS = 2.0**20  # relative incomes are multiples of 2**-20


def apportion(weights: Floats, units: int = UNITS) -> NDArray[np.int64]:
    """Split `units` in proportion to non-negative weights, by largest remainders: the parts sum exactly.

    Equal remainders go to the lower index; a weight of zero gets nothing. Weights all zero: ValueError.
    """
    total = math.fsum(weights)
    if not total > 0:
        raise ValueError("nothing to apportion by: all weights are zero")
    quota = weights / total * float(units)
    parts = np.floor(quota).astype(np.int64)
    missing = units - int(parts.sum())
    if missing < 0:  # only by the rounding of the quotas themselves, and then by a unit or so
        parts[np.argmax(parts)] += missing
    else:
        order = np.argsort(parts - quota, kind="stable")
        parts[order[:missing]] += 1
    return parts


def shares(weights: Floats) -> Floats:
    """Shares in proportion to the weights, multiples of 2**-40 that sum to exactly 1."""
    return apportion(weights) / float(UNITS)


def around(grid: Grid, land: NDArray[np.bool_], centres: Floats, weights: Floats, spread_m: Floats) -> Floats:
    """float64[cells] that sums to 1: density falling as exp(-distance / spread) from each centre.

    Clark (1951), "Urban population densities", J. Royal Statistical Society A 114. `centres` float64[n, 2]
    in metres; `weights` float64[n] are the people of each centre, whatever its spread. None on water.
    """
    points = grid.centres()
    density = np.zeros(grid.cells)
    for (x, y), weight, spread in zip(centres, weights, spread_m):
        dx, dy = points[:, 0] - x, points[:, 1] - y
        # Past 40 spreads there is nobody; the cut also keeps exp within its domain.
        fall = streams.exp(-np.minimum(np.sqrt(dx * dx + dy * dy) / spread, 40.0)) * land
        density += weight * fall / math.fsum(fall)
    return density / math.fsum(density)


def mixed(first: Floats, second: Floats, share_of_second: float) -> Floats:
    """Shares (sum exactly 1) of which `share_of_second` lies as `second` does and the rest as `first`."""
    return shares((1 - share_of_second) * first + share_of_second * second)


def evenly(land: NDArray[np.bool_]) -> Floats:
    """float64[cells] that sums to 1: the same for every cell of land."""
    return land / float(np.count_nonzero(land))


def income_field(
    grid: Grid, residents: Floats, centre: Floats, centre_x: float, spread_m: float, noise: float,
    noise_m: float, seed: int,
) -> Floats:  # fmt: skip
    """float64[cells]: relative income, mean 1 over residents.

    1 + (centre_x - 1) exp(-distance / spread), times exp(noise z) with z a smooth standard-normal-like field.
    """
    points = grid.centres()
    dx, dy = points[:, 0] - centre[0], points[:, 1] - centre[1]
    fall = streams.exp(-np.minimum(np.sqrt(dx * dx + dy * dy) / spread_m, 40.0))
    gradient = 1.0 + (centre_x - 1.0) * fall
    return mean_one(gradient * streams.exp(noise * smooth_noise(points, noise_m, seed)), residents)


def smooth_noise(points: Floats, scale_m: float, seed: int) -> Floats:
    """float64[n]: mean 0, variance 1 everywhere, alike within `scale_m` metres and unlike beyond.

    Keyed uniform draws on a lattice of step `scale_m`, blended smoothly between its corners ("value noise").
    A draw belongs to a point of the lattice, so a finer grid samples the same field.
    """
    scaled = points / scale_m
    corner = np.floor(scaled)
    part = scaled - corner
    blend = part * part * (3.0 - 2.0 * part)
    value, weight2 = np.zeros(len(points)), np.zeros(len(points))
    for east in (0, 1):
        for north in (0, 1):
            i, j = corner[:, 0].astype(np.uint64) + east, corner[:, 1].astype(np.uint64) + north
            who = (i.astype(np.uint64) << np.uint64(32)) | j.astype(np.uint64)
            draw = streams.uniforms(seed, "city income", 0, who) - 0.5
            wx = blend[:, 0] if east else 1.0 - blend[:, 0]
            wy = blend[:, 1] if north else 1.0 - blend[:, 1]
            value += wx * wy * draw
            weight2 += wx * wx * wy * wy
    return value * np.sqrt(12.0) / np.sqrt(weight2)  # a uniform draw has variance 1/12


def mean_one(relative: Floats, residents: Floats) -> Floats:
    """Scaled to a mean of 1 over residents (to 1e-6: incomes are positive multiples of 2**-20)."""
    mean = math.fsum(relative * residents)
    return np.maximum(np.rint(relative / mean * _INCOME_STEPS), 1.0) / _INCOME_STEPS


def zone_cells(
    grid: Grid, land: NDArray[np.bool_], x_m: Floats, y_m: Floats
) -> list[tuple[NDArray[np.int64], Floats]]:
    """For each zone the cells its people are spread over, and their weights.

    We know zones by their centroids only. The weight falls as 1 - (d / R)**2 and reaches zero at R, the
    distance of the nearest other centroid (at least one cell): half of it at 0.7 R. If no land lies within R,
    everybody is put on the nearest land.
    """
    zones = np.column_stack([x_m, y_m])
    ground = np.flatnonzero(land)
    points = grid.centres()[ground]
    tree = cKDTree(points)
    reach = np.full(len(zones), grid.cell_m)
    if len(zones) > 1:
        nearest = cKDTree(zones).query(zones, k=2)[1]
        # Of two zones at one place the tree may name either first; the other one is at distance 0 anyway.
        other = np.where(nearest[:, 0] == np.arange(len(zones)), nearest[:, 1], nearest[:, 0])
        gap = zones - zones[other]
        reach = np.maximum(reach, np.sqrt(gap[:, 0] * gap[:, 0] + gap[:, 1] * gap[:, 1]))
    spread = []
    for zone, radius in zip(zones, reach):
        near = np.array(sorted(tree.query_ball_point(zone, radius * 1.001)), dtype=np.int64)
        off = points[near] - zone
        weight = 1.0 - (off[:, 0] * off[:, 0] + off[:, 1] * off[:, 1]) / (radius * radius)
        inside = weight > 0
        near, weight = near[inside], weight[inside]
        if not len(near):
            off = points - zone
            near = np.array([np.argmin(off[:, 0] * off[:, 0] + off[:, 1] * off[:, 1])])
            weight = np.ones(1)
        spread.append((ground[near], weight))
    return spread


def spread_zones(
    cells: Sequence[tuple[NDArray[np.int64], Floats]], amount: Floats, size: int
) -> NDArray[np.int64]:
    """int64[size]: units of 2**-40 per cell, UNITS in all; every zone keeps its share of `amount` exactly."""
    units = np.zeros(size, dtype=np.int64)
    for (where, weight), mass in zip(cells, apportion(amount)):
        units[where] += apportion(weight, int(mass))
    return units


def zone_income(
    cells: Sequence[tuple[NDArray[np.int64], Floats]], people: Floats, income: Floats, size: int
) -> Floats:
    """float64[size]: mean income of the people each cell has from its zones, else the mean of all."""
    count, total = np.zeros(size), np.zeros(size)
    for (where, weight), persons, earned in zip(cells, people, income):
        part = weight / math.fsum(weight) * persons
        count[where] += part
        total[where] += part * earned
    mean = math.fsum(people * income) / math.fsum(people)
    return np.divide(total, count, out=np.full(size, mean), where=count > 0)
