"""The ground of a simulation: `build_city` makes a `City` from its scenario, synthesised or imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import ScenarioError
from ..scenario.city import CentreSpec, CitySpec, PlaceSpec
from ..scenario.places import Origin, dotted
from . import census
from .grid import Grid, Projection
from .imported import Imported, ImportedCircle, ImportedStore, read_city
from .river import River
from .shared import ways
from .transport import Metro, Travel
from .travel_table import TableTravel

MAX_CELLS = 250_000
_DEFAULT_KM = 16.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class City:
    """Where everything happens. Arrays have one entry per cell of `grid` and cannot be written to.

    `residents` and `jobs` (float64) are shares that sum to exactly 1; `income` (float64) is relative, with
    mean 1 over residents; `land` is False in the river. `circles` and `stores` are the imported ones only.
    `river` and `metro` are kept in metres for drawing; `projection` is None unless imported in degrees.
    """

    grid: Grid
    residents: Floats
    income: Floats
    jobs: Floats
    land: NDArray[np.bool_]
    travel: Travel
    circles: dict[str, ImportedCircle] = field(default_factory=dict)
    stores: list[ImportedStore] = field(default_factory=list)
    river: River | None = None
    metro: dict[str, Metro] = field(default_factory=dict)
    projection: Projection | None = None

    def opening(self, on: date) -> list[ImportedStore]:
        """The stores of the file that open on a day."""
        return [store for store in self.stores if store.opens == on]

    def locate(self, place: PlaceSpec, key: str = "", origin: Origin | None = None) -> tuple[float, float]:
        """(x, y) in metres from the south-west corner of a place in the scenario.

        `key` is its dotted path, and `origin` tells where that is written, for the ScenarioError raised if the
        place is off the map, has no coordinates, has degrees in a city without them, or any in a city whose
        travel times are a table.
        """
        try:
            return self._locate(place, key)
        except ScenarioError as fault:
            raise located(fault, origin) from None

    def _locate(self, place: PlaceSpec, key: str) -> tuple[float, float]:
        if place.is_placed and isinstance(self.travel, TableTravel):
            raise ScenarioError(
                "is placed on a map, but the city has only a travel table",
                key=key,
                hint="Name it in the files of city.import.",
            )
        if place.x_km is not None and place.y_km is not None:
            return _on_map(self.grid, None, [place.x_km * 1000, place.y_km * 1000], key)
        if place.lon is None:
            raise ScenarioError("has no place", key=key, hint="Give x_km and y_km.")
        return _on_map(self.grid, self.projection, [place.lon, place.lat], key, degrees=True)

    def cell_at(self, x_m: float, y_m: float) -> int:
        """The cell of a point in metres, or the nearest land if that cell is water."""
        return nearest_land(self.grid, self.land, x_m, y_m)


def build_city(
    spec: CitySpec,
    origin: Origin | Path | str | None = None,
    seed: int = 0,
    imported: Imported | None = None,
    most_cells: int = MAX_CELLS,
) -> City:
    """Build the city a scenario describes.

    `origin` tells where the scenario's paths start and where its keys were written; or it is just the folder
    (or the file) they start from, by default the working directory. `seed` draws the noise of incomes; `imported` is
    what the files say, if they were read already (`survey`). The map has at most `most_cells` cells.
    Raises ScenarioError for files that cannot be read and for things that are off the map.
    """
    try:
        return _build(spec, origin, seed, imported, most_cells)
    except ScenarioError as fault:
        raise located(fault, origin) from None


def located(fault: ScenarioError, origin: Origin | Path | str | None) -> ScenarioError:
    """The same fault, with problems that know only their key shown where the scenario wrote it."""
    if not isinstance(origin, Origin):
        return fault
    return ScenarioError(
        [p if p.file or not p.key else origin.problem_at(p.key, p.message, p.hint) for p in fault.problems]
    )


def _build(
    spec: CitySpec,
    origin: Origin | Path | str | None,
    seed: int,
    imported: Imported | None,
    most_cells: int,
) -> City:
    if imported is None and spec.import_ is not None:
        imported = read_city(spec, lambda key: folder_of(origin, key), most_cells)
    grid = imported.grid if imported else _synthetic_grid(spec)
    projection = imported.projection if imported else None
    if grid.cells > most_cells:
        raise ScenarioError(
            f"the map would have {grid.nx:,} x {grid.ny:,} cells; the limit is {most_cells:,}",
            key="city.cell_m",
            hint="Enlarge cell_m, make the map smaller, or raise limits.cells.",
        )
    river = _river(spec, projection)
    land = np.ones(grid.cells, dtype=bool) if river is None else ~river.water(grid)
    if not land.any():
        raise ScenarioError("the river covers the whole map", key="city.river.width_m")
    if imported:
        residents, income, jobs = _import_people(spec, imported, land)
        circles, stores = imported.put_on(land)
    else:
        residents, income, jobs = _synthesise_people(spec, grid, land, seed)
        circles, stores = {}, []
    metro = _metro(spec, grid, projection)
    entrances = {
        name: np.array([nearest_land(grid, land, x, y) for x, y in line.stations])
        for name, line in metro.items()
    }
    if imported and imported.travel is not None:
        travel: Travel = imported.travel
    else:
        travel = ways(spec, grid, land, river, metro, entrances)
    for array in (residents, income, jobs, land):
        array.setflags(write=False)
    return City(grid, residents, income, jobs, land, travel, circles, stores, river, metro, projection)


def nearest_land(grid: Grid, land: NDArray[np.bool_], x_m: float, y_m: float) -> int:
    """The cell of a point in metres, or the nearest land if that cell is water."""
    cell = grid.cell_of(x_m, y_m)
    if land[cell]:
        return cell
    off = grid.centres() - (x_m, y_m)
    return int(np.argmin(np.where(land, off[:, 0] * off[:, 0] + off[:, 1] * off[:, 1], np.inf)))


def folder_of(origin: Origin | Path | str | None, key: str) -> Path:
    """The folder where a relative path given at `key` starts."""
    if isinstance(origin, Origin):
        return origin.folder_of(key)
    path = Path(origin) if origin is not None else Path()
    return path.parent if path.is_file() else path


def _synthetic_grid(spec: CitySpec) -> Grid:
    """The map of a synthesised city: as many whole cells as cover it."""
    width, height = (1000 * (km or _DEFAULT_KM) for km in (spec.width_km, spec.height_km))
    return Grid(int(np.ceil(width / spec.cell_m)), int(np.ceil(height / spec.cell_m)), spec.cell_m)


def _synthesise_people(
    spec: CitySpec, grid: Grid, land: NDArray[np.bool_], seed: int
) -> tuple[Floats, Floats, Floats]:
    """Residents, income and jobs around the centres of the scenario."""
    middle = CentreSpec(x_km=grid.width_m / 2000, y_km=grid.height_m / 2000)
    named = spec.centres or {"centre": middle}
    places = np.array(
        [
            _on_map(grid, None, [c.x_km * 1000, c.y_km * 1000], dotted(("city", "centres", n)))
            for n, c in named.items()
        ]
    )
    weights = np.array([c.weight for c in named.values()])
    spread = np.array([c.spread_km * 1000 for c in named.values()])
    homes = census.around(grid, land, places, weights, spread)
    residents = census.mixed(homes, census.evenly(land), spec.background)
    work = census.around(grid, land, places, weights, spread * spec.jobs_spread_x)
    jobs = census.mixed(work, residents, spec.jobs_at_homes)
    rule = spec.income
    income = census.income_field(
        grid, residents, places[np.argmax(weights)], rule.centre_x, rule.spread_km * 1000, rule.noise,
        rule.noise_km * 1000, seed,
    )  # fmt: skip
    return residents, income, jobs


def _import_people(
    spec: CitySpec, imported: Imported, land: NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats]:
    """Residents, income and jobs from the zones; jobs from circles' floor space if zones do not tell."""
    grid, rule = imported.grid, spec.import_
    assert rule is not None
    cells = census.zone_cells(grid, land, imported.zone_x, imported.zone_y)
    residents = census.spread_zones(cells, imported.people, grid.cells) / float(census.UNITS)
    if imported.income is None:
        income = np.ones(grid.cells)
    else:
        earned = census.zone_income(cells, imported.people, imported.income, grid.cells)
        income = census.mean_one(earned, residents)
    if imported.jobs is not None:
        jobs = census.spread_zones(cells, imported.jobs, grid.cells) / float(census.UNITS)
    elif imported.circle_rows and imported.travel is None:
        places, floor = imported.job_centres()
        work = census.around(grid, land, places, floor, np.full(len(floor), rule.jobs_spread_km * 1000))
        jobs = census.mixed(work, residents, spec.jobs_at_homes)
    else:
        jobs = residents.copy()
    return residents, income, jobs


def _river(spec: CitySpec, projection: Projection | None) -> River | None:
    """The river in metres."""
    if spec.river is None:
        return None
    r = spec.river
    course, _ = _points(projection, r.points_km, r.points_lonlat, ("city", "river", "points"))
    bridges, key = _points(projection, r.bridges_km, r.bridges_lonlat, ("city", "river", "bridges"))
    return River(course, bridges, r.width_m, key)


def _metro(spec: CitySpec, grid: Grid, projection: Projection | None) -> dict[str, Metro]:
    """The metro lines in metres; a station off the map is a ScenarioError."""
    lines = {}
    for name, line in (spec.metro or {}).items():
        path = ("city", "metro", name, "stations")
        stations, key = _points(projection, line.stations_km, line.stations_lonlat, path)
        for number, station in enumerate(stations):
            _on_map(grid, None, station, f"{key}.{number}")
        lines[name] = Metro(stations, line.kmh, line.wait_min, line.opens)
    return lines


def _points(
    projection: Projection | None, km: list, lonlat: list, path: tuple[str, ...]
) -> tuple[Floats, str]:
    """float64[n, 2] in metres from points given in km or in degrees, and the key that gave them."""
    key = dotted((*path[:-1], f"{path[-1]}_{'lonlat' if lonlat else 'km'}"))
    if not lonlat:
        return np.array(km, dtype=float).reshape(-1, 2) * 1000, key
    if projection is None:
        raise _no_degrees(key)
    degrees = np.array(lonlat, dtype=float).reshape(-1, 2)
    return np.column_stack(projection.to_m(degrees[:, 0], degrees[:, 1])), key


def _on_map(
    grid: Grid, projection: Projection | None, point: Sequence, key: str, degrees: bool = False
) -> tuple[float, float]:
    """A point in metres (or degrees) as (x, y) metres; a ScenarioError if it is off the map."""
    if degrees and projection is None:
        raise _no_degrees(key)
    x, y = projection.to_m(*point) if degrees and projection is not None else point
    if not grid.contains(x, y):
        size = f"{grid.width_m / 1000:g} x {grid.height_m / 1000:g} km"
        raise ScenarioError(f"lies at {x / 1000:g}, {y / 1000:g} km, off the map of {size}", key=key)
    return float(x), float(y)


def _no_degrees(key: str) -> ScenarioError:
    return ScenarioError(
        "is given in degrees, but the city has none",
        key=key,
        hint="Give kilometres from the south-west corner.",
    )
