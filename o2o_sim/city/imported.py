"""An imported city before it is laid on the ground: its files read, checked, and put on one map."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import ScenarioError
from ..scenario.city import CitySpec, ImportSpec
from .grid import Grid, Projection
from .places import CIRCLES, STORES, TRAVEL, ZONES, Table, outside, read_table
from .travel_table import TableTravel, diagram, read_ways

Floats = NDArray[np.float64]
STORE_COLUMNS = tuple(name for name in STORES if name not in ("name", "x", "y", "lon", "lat"))


def modes_of(said: str | None) -> tuple[str, ...]:
    """The ways of integrating that a field of the column `integration` names: social+partnership."""
    return tuple(mode.strip() for mode in said.split("+")) if said else ()


@dataclass(frozen=True)
class ImportedCircle:
    """A business circle from a file: its place in metres, its cell, and its class and floor area if given."""

    cell: int
    x_m: float
    y_m: float
    cls: str | None = None
    floorspace_m2: float | None = None


@dataclass(frozen=True)
class ImportedStore:
    """A store from a file; what the file does not say is None. `opens` is the day on which it opened, or will
    open; `modes` are the ways of integrating it holds then; `row` is its row of the table.

    That its category, format and circle exist is for `survey` to check, which knows the scenario.
    """

    name: str
    cell: int
    x_m: float
    y_m: float
    format: str
    row: int
    area_m2: float | None = None
    category: str | None = None
    circle: str | None = None
    chain: str | None = None
    rent_yuan_m2_month: float | None = None
    sales_yuan_year: float | None = None
    quality: float | None = None
    cost_x: float | None = None
    opens: date | None = None
    modes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Placed:
    """A table and its places in metres on the map (float64[rows])."""

    table: Table
    x: Floats
    y: Floats


@dataclass(frozen=True)
class Imported:
    """The files of a city on one map. `people`, `income`, `jobs` are float64[zones]; None if not given.

    `travel` holds the travel times if a table gives them; the map is then a diagram without distances.
    """

    grid: Grid
    projection: Projection | None
    zone_x: Floats
    zone_y: Floats
    people: Floats
    income: Floats | None
    jobs: Floats | None
    circle_rows: _Placed | None
    store_rows: _Placed | None
    travel: TableTravel | None = None
    ways: int = 0
    """How many trips the travel table gives."""

    def job_centres(self) -> tuple[Floats, Floats]:
        """Places float64[circles, 2] and floor areas of the circles; all count alike if none is given."""
        assert self.circle_rows is not None
        rows = self.circle_rows
        floor = np.ones(len(rows.x))
        if "floorspace_m2" in rows.table.columns:
            given = np.nan_to_num(rows.table.numbers("floorspace_m2"))
            floor = given if given.any() else floor
        return np.column_stack([rows.x, rows.y]), floor

    def put_on(self, land: NDArray[np.bool_]) -> tuple[dict[str, ImportedCircle], list[ImportedStore]]:
        """Circles and stores with their cells; those that fall in the water stand on the nearest land."""
        circles, stores = {}, []
        if self.circle_rows is not None:
            table, cells = self.circle_rows.table, self._cells(self.circle_rows, land)
            none = [None] * len(cells)
            classes = table.columns.get("class", none)
            floors = table.columns.get("floorspace_m2", none)
            for i, name in enumerate(table.columns["name"]):
                x, y = float(self.circle_rows.x[i]), float(self.circle_rows.y[i])
                circles[name] = ImportedCircle(cells[i], x, y, classes[i], floors[i])
        if self.store_rows is not None:
            table, cells = self.store_rows.table, self._cells(self.store_rows, land)
            x_m, y_m = self.store_rows.x.tolist(), self.store_rows.y.tolist()
            for i, name in enumerate(table.columns["name"]):
                said = {
                    column: table.columns[column][i] for column in STORE_COLUMNS if column in table.columns
                }
                modes = modes_of(said.pop("integration", None))
                stores.append(ImportedStore(name, cells[i], x_m[i], y_m[i], row=i, modes=modes, **said))
        return circles, stores

    def _cells(self, rows: _Placed, land: NDArray[np.bool_]) -> list[int]:
        cells = self.grid.cell_of(rows.x, rows.y)
        wet = np.flatnonzero(~land[cells])
        if len(wet):
            ground = np.flatnonzero(land)
            points = self.grid.centres()[ground]
            for i in wet:
                dx, dy = points[:, 0] - rows.x[i], points[:, 1] - rows.y[i]
                cells[i] = ground[np.argmin(dx * dx + dy * dy)]
        return cells.tolist()


def read_city(spec: CitySpec, folder_of: Callable[[str], Path], most_cells: int) -> Imported:
    """Read the files named under `city.import` and lay out the map around the zones.

    `folder_of` tells the folder where the path given at a key starts.

    The map is `width_km` x `height_km` around the middle of the zones, or as large as the zones and their
    margin, but not of more than `most_cells`. Raises ScenarioError for everything that is wrong in a file, or lies
    off the map.
    """
    rule = spec.import_
    assert rule is not None
    renamed: dict[str, str] = {ours: theirs for ours, theirs in rule.columns.items()}  # noqa: C416
    by_table = rule.travel is not None
    tables = [
        read_table(
            folder_of(f"city.import.{kind}") / name,
            f"city.import.{kind}",
            wanted,
            renamed,
            placed=not by_table,
        )
        for kind, name, wanted in (
            ("zones", rule.zones, ZONES),
            ("circles", rule.circles, CIRCLES),
            ("stores", rule.stores, STORES),
        )
        if name is not None
    ]
    zones, ways = tables[0], None
    if rule.travel is not None:
        key = "city.import.travel"
        ways = read_table(
            folder_of(key) / rule.travel, key, TRAVEL, renamed, placed=False, unique=("from", "to")
        )
    _agree(rule, tables, ways)
    if not zones.numbers("population").any():
        raise ScenarioError(zones.problem(0, "column 'population': nobody lives in any zone"))
    if "jobs" in zones.columns and not zones.numbers("jobs").any():
        raise ScenarioError(zones.problem(0, "column 'jobs': there are none in any zone"))
    projection, travel = None, None
    if ways is not None:
        grid, placed, travel = _arrange(spec, tables, ways)
    else:
        grid, projection, west, south = _lay_out(spec, zones)
        _fits(spec, zones, grid, projection, most_cells)
        placed = [_place(t, grid, projection, west, south) for t in tables]
    others = {p.table.key: p for p in placed[1:]}
    return Imported(
        grid=grid,
        projection=projection,
        zone_x=placed[0].x,
        zone_y=placed[0].y,
        people=zones.numbers("population"),
        income=zones.numbers("income") if "income" in zones.columns else None,
        jobs=zones.numbers("jobs") if "jobs" in zones.columns else None,
        circle_rows=others.get("city.import.circles"),
        store_rows=others.get("city.import.stores"),
        travel=travel,
        ways=len(ways.lines) if ways is not None else 0,
    )


def _agree(rule: ImportSpec, tables: list[Table], ways: Table | None) -> None:
    """All files give places alike, and every renamed column is in one of them."""
    for table in tables[1:] if ways is None else ():
        if table.in_degrees != tables[0].in_degrees:
            ours, theirs = (("lon, lat" if t.in_degrees else "x, y") for t in (table, tables[0]))
            raise ScenarioError(
                f"gives places as {ours}, but the zones as {theirs}",
                file=str(table.file),
                line=1,
                key=table.key,
                hint="Use the same coordinates in all files.",
            )
    tables = [*tables, ways] if ways is not None else tables
    for name, theirs in rule.columns.items():
        if not any(name in t.used for t in tables):
            raise ScenarioError(
                f"no file has the column '{theirs}'",
                key=f"city.import.columns.{name}",
                hint=f"It must be in {', '.join(t.file.name for t in tables)}.",
            )


def _arrange(spec: CitySpec, tables: list[Table], ways: Table) -> tuple[Grid, list[_Placed], TableTravel]:
    """A cell for each zone, circle and store, in the order of the files, and the travel times between
    them."""
    sizes = [len(t.lines) for t in tables]
    grid = diagram(sum(sizes), spec.cell_m)
    first, placed = 0, []
    named: dict[str, dict[str, int]] = {"zones": {}, "circles": {}, "stores": {}}
    reached = set(ways.columns["to"])
    for table, size in zip(tables, sizes):
        cells = np.arange(first, first + size)
        if "circle" in table.columns:  # a store that no row names stands in its circle
            for k, (name, circle) in enumerate(zip(table.columns["name"], table.columns["circle"])):
                if name not in reached and circle in named["circles"]:
                    cells[k] = named["circles"][circle]
                    reached.add(name)
        placed.append(_Placed(table, *grid.centre_of(cells)))
        named[table.key.rpartition(".")[2]] = dict(zip(table.columns["name"], cells.tolist()))
        first += size
    origin, to, minutes = read_ways(ways, named, reached, spec.street_kmh, spec.access_min)
    return grid, placed, TableTravel(grid, origin, to, minutes, spec.street_kmh, spec.access_min)


def _lay_out(spec: CitySpec, zones: Table) -> tuple[Grid, Projection | None, float, float]:
    """The grid, the projection, and the south-west corner (metres; 0, 0 if the projection has it)."""
    assert spec.import_ is not None
    flat = None
    if zones.in_degrees:
        lon, lat = zones.numbers("lon"), zones.numbers("lat")
        flat = Projection(math.fsum(lon) / len(lon), math.fsum(lat) / len(lat))
        x, y = flat.to_m(lon, lat)
    else:
        x, y = zones.numbers("x"), zones.numbers("y")
    corner, count = [], []
    for values, km in ((x, spec.width_km), (y, spec.height_km)):
        low, high = float(values.min()), float(values.max())
        size = 1000 * km if km is not None else high - low + 2000 * spec.import_.margin_km
        n = max(1, math.ceil(size / spec.cell_m))
        count.append(n)
        corner.append(round((low + high) / 2 - n * spec.cell_m / 2, 3))
    grid = Grid(count[0], count[1], spec.cell_m)
    if flat is None:
        return grid, None, corner[0], corner[1]
    return grid, Projection(flat.lon0, flat.lat0, corner[0], corner[1]), 0.0, 0.0


def _fits(spec: CitySpec, zones: Table, grid: Grid, projection: Projection | None, most_cells: int) -> None:
    """Refuse a map of too many cells, and name the zone that lies furthest from the others."""
    if grid.cells <= most_cells or (spec.width_km is not None and spec.height_km is not None):
        return
    said = f"the map would have {grid.nx:,} x {grid.ny:,} cells; the limit is {most_cells:,}"
    hint = "Enlarge city.cell_m, make the map smaller, or raise limits.cells."
    if projection is None:
        x, y = zones.numbers("x"), zones.numbers("y")
    else:
        x, y = projection.to_m(zones.numbers("lon"), zones.numbers("lat"))
    off = np.hypot(x - np.median(x), y - np.median(y)) / 1000
    row = int(np.argmax(off))
    place = "lon, lat" if zones.in_degrees else "x, y"
    far = f"columns {place}: '{zones.columns['name'][row]}' lies {off[row]:,.0f} km from the middle of the zones"
    raise ScenarioError(zones.problem(row, f"{far}: {said}", f"Correct the place. {hint}"))


def _place(table: Table, grid: Grid, projection: Projection | None, west: float, south: float) -> _Placed:
    """The table's places in metres on the map; a ScenarioError for those that are off it."""
    if projection is not None:
        x, y = projection.to_m(table.numbers("lon"), table.numbers("lat"))
    else:
        x, y = table.numbers("x") - west, table.numbers("y") - south
    outside(table, grid.contains(x, y))
    return _Placed(table, x, y)
