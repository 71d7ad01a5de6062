"""Draws, ground, people and ways as docs/ODD.md describes them (4, 5, 7.1), written from that page.

Nothing of `o2o_sim` is imported here or in the other modules `odd_*`: they are a second, slow implementation
of the same model. What they are given is the scenario with its defaults filled in, by the names of element 8
of the page. The variables that they keep have the names of element 2."""

from __future__ import annotations

import hashlib
import math
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

M = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
NORMAL = NormalDist()


# -- element 4, stochasticity --------------------------------------------------------------------------------
def mix(x: int) -> int:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014)."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & M
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & M
    return x ^ (x >> 31)


def extend(key: int, part: int) -> int:
    return mix(((key ^ mix((part + GOLDEN) & M)) + GOLDEN) & M)


def hash64(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def stream(seed: int, process: str, day: int) -> int:
    return extend(extend(mix((seed + GOLDEN) & M), hash64(process)), day)


def uniform(key: int) -> float:
    return ((key >> 32) + 0.5) / 2**32


def draw(seed: int, process: str, day: int, *parts: int) -> float:
    """The uniform of a process, its key extended by all parts in turn."""
    key = stream(seed, process, day)
    for part in parts:
        key = extend(key, int(part))
    return uniform(key)


def normal(u: float) -> float:
    return NORMAL.inv_cdf(u)


def clipped(x: float) -> float:
    return min(max(x, 0.05), 20.0)


# -- element 5, consumers ------------------------------------------------------------------------------------
def person(spec: Any, city: Any, i: int) -> dict[str, Any]:
    """Consumer i as she is on the first day."""

    def u(process: str) -> float:
        return draw(spec.seed, process, 0, 0, i)

    def cell_of(u: float, shares: np.ndarray) -> int:
        return int(np.searchsorted(np.cumsum(shares), u, side="right"))

    names = list(spec.cohorts)
    shares = np.array([c.share for c in spec.cohorts.values()])
    number = cell_of(u("cohort"), shares / shares.sum())
    cohort, c = spec.cohorts[names[number]], spec.consumers
    home = cell_of(u("home"), city.residents)
    s = c.income_spread
    income = city.income[home] * cohort.income_x * math.exp(s * normal(u("income")) - s * s / 2)

    def trait(name: str, of: Any) -> float:
        return of.median * math.exp(of.spread * normal(u(name)))

    literacy = min(max(cohort.literacy + 0.15 * normal(u("literacy")), 0.0), 1.0)
    smartphone = u("smartphone") < cohort.smartphone_start
    works = u("works") < cohort.works
    f32 = lambda x: float(np.float32(x))  # noqa: E731 - as the type of the state variable says
    members = [
        smartphone and u(f"member {name}") < p.members_start * literacy for name, p in spec.platforms.items()
    ]
    return {
        "id": i,
        "home": home,
        "work": cell_of(u("work"), city.jobs) if works else -1,
        "cohort": number,
        "income": f32(income),
        "price_sensitivity": f32(
            trait("price sensitivity", c.price_sensitivity) * clipped(income) ** c.price_sensitivity_income
        ),
        "value_of_time": f32(trait("value of time", c.value_of_time)),
        "radius": f32(min(trait("radius", c.radius_min) * cohort.radius_x, c.radius_max_min)),
        "literacy": f32(literacy),
        "access": int(smartphone)
        + 2 * int(smartphone and u("phone payment") < cohort.pays_by_phone_start)
        + sum(4 << p for p, m in enumerate(members) if m),
        "familiarity": [0.0]
        + [
            f32(min(1.0, c.habit_start * literacy * 2 * u(f"habit {name}"))) if m else 0.0
            for name, m in zip(spec.platforms, members)
        ],
        "due": [
            int(min(draw(spec.seed, "first need", 0, k, i) * mean_wait(x, income), 32000))
            for k, x in enumerate(spec.categories.values())
        ],
    }


def mean_wait(category: Any, income: float) -> float:
    """Mean days between two needs of a category."""
    return category.every_days / clipped(income) ** category.income_elasticity


def size(spec: Any) -> tuple[int, int]:
    """Cells from west to east, and from south to north."""
    c = spec.city
    return math.ceil(1000 * c.width_km / c.cell_m), math.ceil(1000 * c.height_km / c.cell_m)


# -- element 5, the ground -----------------------------------------------------------------------------------
class City:
    """Shares of residents and jobs, and relative incomes, by cell, of a synthesised city."""

    def __init__(self, spec: Any) -> None:
        c = spec.city
        self.nx, self.ny = size(spec)
        self.cell_km = c.cell_m / 1000
        cells = np.arange(self.nx * self.ny)
        self.x, self.y = ((k + 0.5) * self.cell_km for k in (cells % self.nx, cells // self.nx))
        centres = [k for k in c.centres.values() if k is not None]
        land = self.land = dry(spec, self.x, self.y)

        def around(x: float) -> np.ndarray:
            total = np.zeros(len(cells))
            for k in centres:
                f = np.exp(-np.minimum(self.far(k) / (k.spread_km * x), 40)) * land
                total += k.weight * f / f.sum()
            return total / total.sum()

        residents = (1 - c.background) * around(1.0) + c.background * land / land.sum()
        jobs = (1 - c.jobs_at_homes) * around(c.jobs_spread_x) + c.jobs_at_homes * residents
        self.residents, self.jobs = exact(residents), exact(jobs)
        self.income = self._income(c.income, max(centres, key=lambda k: k.weight), spec.seed)

    def far(self, place: Any) -> np.ndarray:
        return np.hypot(self.x - place.x_km, self.y - place.y_km)

    def _income(self, rules: Any, heaviest: Any, seed: int) -> np.ndarray:
        z = np.array([noise(seed, x / rules.noise_km, y / rules.noise_km) for x, y in zip(self.x, self.y)])
        income = 1 + (rules.centre_x - 1) * np.exp(-np.minimum(self.far(heaviest) / rules.spread_km, 40))
        income *= np.exp(rules.noise * z)
        return np.round(income / (income * self.residents).sum() * 2**20) / 2**20

    def cell_at(self, place: Any) -> int:
        return int(place.y_km // self.cell_km) * self.nx + int(place.x_km // self.cell_km)

    def curve(self) -> np.ndarray:
        """The cells in Z-order (Morton 1966)."""

        def code(cell: int) -> int:
            x, y = cell % self.nx, cell // self.nx
            return sum(((x >> b & 1) << 2 * b) | ((y >> b & 1) << 2 * b + 1) for b in range(16))

        return np.array(sorted(range(self.nx * self.ny), key=code))


def dry(spec: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which cells are land: those whose middle is further than half its width from the middle of the
    river."""
    land = np.ones(len(x), bool)
    river = spec.city.river
    for a, b in zip(river.points_km, river.points_km[1:]) if river is not None else ():
        dx, dy = b[0] - a[0], b[1] - a[1]
        t = np.clip(((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy), 0, 1)
        land &= np.hypot(x - a[0] - t * dx, y - a[1] - t * dy) > river.width_m / 2000
    return land


def exact(shares: np.ndarray) -> np.ndarray:
    """Multiples of 2^-40 that sum to 1, by largest remainders."""
    parts = shares / shares.sum() * 2**40
    whole = np.floor(parts)
    missing = int(2**40 - whole.sum())
    whole[np.argsort(-(parts - whole), kind="stable")[:missing]] += 1
    return whole / 2**40


def noise(seed: int, x: float, y: float) -> float:
    """Smooth noise of mean 0 and variance 1 at a point, in steps of the lattice."""
    total = squares = 0.0
    for dx in (0, 1):
        for dy in (0, 1):
            t, w = (x - math.floor(x), y - math.floor(y)), 1.0
            for d, k in zip((dx, dy), t):
                s = k * k * (3 - 2 * k)
                w *= s if d else 1 - s
            point = ((math.floor(x) + dx) << 32) + math.floor(y) + dy
            total += w * (draw(seed, "city income", 0, 0, point) - 0.5)
            squares += w * w
    return total / math.sqrt(squares) * math.sqrt(12)


# -- 7.1 -----------------------------------------------------------------------------------------------------
class Ways:
    """One-way minutes between cells, with the metro lines that have opened by a date."""

    def __init__(self, spec: Any, city: City, date: Any) -> None:
        c, self.river = spec.city, spec.city.river
        self.access, self.cell_m, self.kmh = c.access_min, c.cell_m, c.street_kmh
        self.at = list(zip(city.x.tolist(), city.y.tolist()))
        ends: list[tuple[int, int, float]] = []
        for a, land in enumerate(city.land):
            x, y = a % city.nx, a // city.nx
            for dx, dy in ((1, 0), (0, 1), (1, 1), (-1, 1)):
                b = a + dy * city.nx + dx
                if (
                    land
                    and 0 <= x + dx < city.nx
                    and y + dy < city.ny
                    and city.land[b]
                    and not self.cut(a, b)
                ):
                    ends.append((a, b, math.hypot(dx, dy) * c.cell_m * 0.06 / c.street_kmh))
        for bridge in self.river.bridges_km if self.river is not None else ():
            near = sorted(np.flatnonzero(city.land), key=lambda k: math.dist(self.at[k], bridge))
            other = next(k for k in near if self.cut(near[0], k))
            km = math.dist(self.at[near[0]], self.at[other])
            ends.append((int(near[0]), int(other), km * 60 / c.street_kmh))
        node = len(self.at)
        for line in (c.metro or {}).values():
            if line is None or (line.opens is not None and line.opens > date):
                continue
            for k, (x, y) in enumerate(line.stations_km):
                cell = int(y // city.cell_km) * city.nx + int(x // city.cell_km)
                ends.append((cell, node, line.wait_min / 2))
                if k:
                    ends.append((node - 1, node, math.dist(line.stations_km[k - 1], (x, y)) * 60 / line.kmh))
                node += 1
        a, b, w = zip(*ends)
        w = np.round(np.array(w) * 2**20) / 2**20
        self.graph = coo_matrix((w, (a, b)), shape=(node, node)).tocsr()
        self.known: dict[int, np.ndarray] = {}

    def cut(self, a: int, b: int) -> bool:
        """Whether the straight line between two cells meets the middle of the river."""
        if self.river is None:
            return False
        p, q = self.at[a], self.at[b]
        return any(meet(p, q, r, s) for r, s in zip(self.river.points_km, self.river.points_km[1:]))

    def minutes(self, a: int, b: int) -> float:
        if a not in self.known:
            far = self.access + dijkstra(self.graph, directed=False, indices=a)
            far[a] = self.access + 0.5214 * self.cell_m * 0.06 / self.kmh
            self.known[a] = np.round(far * 64) / 64
        return float(self.known[a][b])


def meet(p: Any, q: Any, r: Any, s: Any) -> bool:
    """Whether two pieces of straight lines meet; touching counts."""

    def side(a: Any, b: Any, c: Any) -> float:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    if side(r, s, p) * side(r, s, q) > 0 or side(p, q, r) * side(p, q, s) > 0:
        return False
    return all(max(p[k], q[k]) >= min(r[k], s[k]) and min(p[k], q[k]) <= max(r[k], s[k]) for k in (0, 1))
