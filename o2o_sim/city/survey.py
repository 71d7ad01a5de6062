"""What the files of an imported city say, read and checked against the rest of its scenario before anything is
built. `o2o-sim check` looks as far as this; a model goes on and builds the city (build.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import Problem, ScenarioError
from ..scenario.checks import mode_fault, problem_of
from ..scenario.circles import STREETS
from ..scenario.faults import hint_for
from ..scenario.naming import unknown_chains, unknown_circles
from ..scenario.places import dotted
from ..scenario.shape import closest
from ..scenario.size import FromFiles, too_large
from .build import folder_of, located
from .imported import Imported, modes_of, read_city
from .places import MAX_PROBLEMS, Table
from .series import series_of

if TYPE_CHECKING:
    from ..scenario.schema import Spec

USUAL_UNIT_M2 = 5000.0


def survey(spec: Spec) -> Imported | None:
    """The files of a scenario's city; None if it is synthesised.

    Raises ScenarioError for whatever is wrong in a file or does not fit the scenario (a format that it does not
    have), with the row and the column, and for a city that would become too large (scenario/size.py)."""
    # A Spec that was changed in memory, as by `run --days`, has not been checked since.
    _refuse(spec, None)
    series_of(spec)  # what drivers read is wrong now or never
    if spec.city.import_ is None:
        return None
    try:
        found = read_city(spec.city, lambda key: folder_of(spec._origin, key), spec.limits.cells)
    except ScenarioError as fault:
        raise located(fault, spec._origin) from None
    if problems := [
        *_circles(spec, found),
        *_classes(spec, found),
        *_names(spec, found),
        *_stores(spec, found),
        *_reach(spec, found),
    ]:
        raise ScenarioError(problems[:MAX_PROBLEMS])
    _refuse(spec, found)
    return found


def units_of(spec: Spec, floorspace_m2: float | None) -> int:
    """How many units to let the floor space of an imported circle makes."""
    per_unit = spec.imported_circles.m2_per_unit
    return max(1, round((floorspace_m2 or per_unit) / per_unit))


def names_of_circles(found: Imported | None) -> list[str]:
    """The circles that a file places, in its order."""
    return [] if found is None or found.circle_rows is None else found.circle_rows.table.columns["name"]


# -- size ---------------------------------------------------------------------------------------------------
def _refuse(spec: Spec, found: Imported | None) -> None:
    files = None if found is None else _sizes(spec, found)
    problems = []
    for fault in too_large(spec, files):
        problem = spec.problem_at(fault.key, fault.message, fault.hint)
        problems.append(_row_to_blame(spec, found, dotted(fault.key), problem))
    if problems:
        raise ScenarioError(problems)


def _sizes(spec: Spec, found: Imported) -> FromFiles:
    shops = 0 if found.store_rows is None else len(found.store_rows.x)
    units = sum(_units(spec, found)) if found.circle_rows is not None else 0
    return FromFiles(found.grid.cells, shops, units, found.ways)


def _units(spec: Spec, found: Imported) -> list[int]:
    """The units of every circle of the file; 0 of those that the scenario itself describes."""
    assert found.circle_rows is not None
    columns = found.circle_rows.table.columns
    names = columns["name"]
    floors = columns.get("floorspace_m2", [None] * len(names))
    return [0 if name in spec.circles else units_of(spec, m2) for name, m2 in zip(names, floors)]


def _row_to_blame(spec: Spec, found: Imported | None, key: str, problem: Problem) -> Problem:
    """Where units are too many, the circle with the most floor space, unless the scenario makes units too
    small."""
    if key != "imported_circles.m2_per_unit" or found is None or found.circle_rows is None:
        return problem
    if spec.imported_circles.m2_per_unit < USUAL_UNIT_M2 / 10:
        return problem
    units = _units(spec, found)
    row = units.index(max(units))
    table = found.circle_rows.table
    floor = table.columns["floorspace_m2"][row]
    said = (
        f"column 'floorspace_m2': {floor:,.10g} m2 are {max(units):,} units of imported_circles.m2_per_unit"
    )
    return table.problem(row, f"{said}; {problem.message}", problem.hint)


# -- what does not fit the scenario --------------------------------------------------------------------------
def _circles(spec: Spec, found: Imported) -> Iterator[Problem]:
    names = names_of_circles(found)
    if STREETS in names:
        assert found.circle_rows is not None
        said = f"column 'name': '{STREETS}' is the name of the street shops"
        yield found.circle_rows.table.problem(names.index(STREETS), said, "Call the circle otherwise.")
    for name, circle in spec.circles.items():
        if not circle.is_placed and name not in names:
            near = closest(name, names)
            hint = f"did you mean {near}?" if near else "give x_km and y_km, or a row of city.import.circles"
            said = "has no place: no row of city.import.circles has this name"
            yield spec.problem_at(("circles", name), said, hint)


def _classes(spec: Spec, found: Imported) -> Iterator[Problem]:
    """No class of circle is spelled in one way in the file and in another in the scenario."""
    rows = found.circle_rows
    classes = sorted({said for said in rows.table.columns.get("class", ()) if said}) if rows else []
    for key in ("rent_by_class", "appeal_by_class"):
        given = getattr(spec.imported_circles, key)
        for said in given:
            near = None if said in classes else closest(said, classes)
            if near and near not in given:
                message = f"no circle of the file is of the class '{said}'"
                yield spec.problem_at(("imported_circles", key, said), message, f"did you mean {near}?")


def _names(spec: Spec, found: Imported) -> Iterator[Problem]:
    """Circles and chains that the scenario names are its own, or those of the files."""
    circles = [*spec.circles, *names_of_circles(found)]
    chains = [] if found.store_rows is None else found.store_rows.table.columns.get("chain", [])
    of_file = sorted({chain for chain in chains if chain})
    for fault in (*unknown_circles(spec, circles), *unknown_chains(spec, circles, of_file)):
        yield problem_of(spec, fault)


def _reach(spec: Spec, found: Imported) -> Iterator[Problem]:
    """Somebody goes as far as the shortest trip of a travel table, which may be in seconds or metres."""
    furthest = spec.consumers.radius_max_min * max(c.reach_x for c in spec.categories.values())
    if found.travel is not None and found.travel.shortest_min > furthest:
        said = f"its shortest trip takes {found.travel.shortest_min:,.4g} min, and nobody goes further than {furthest:,.4g}"
        hint = "are these seconds, or metres? Otherwise raise consumers.radius_max_min"
        yield spec.problem_at("city.import.travel", said, hint)


def _stores(spec: Spec, found: Imported) -> Iterator[Problem]:
    if found.store_rows is None:
        return
    table = found.store_rows.table
    formats, categories = list(spec.stores.formats), list(spec.categories)
    circles = [*spec.circles, *names_of_circles(found)]
    for column, known in (("format", formats), ("category", categories), ("circle", circles)):
        for row, said in enumerate(table.columns.get(column, ())):
            if said is not None and said not in known:
                yield table.problem(
                    row, f"column '{column}': there is no {column} '{said}'", hint_for(said, known)
                )
    for row, name in enumerate(table.columns["name"]):
        if name in spec.stores.named:
            said = f"column 'name': '{name}' is placed by hand, too, under stores.named"
            yield table.problem(row, said, "Call one of them otherwise.")
    yield from _openings(spec, table)
    yield from _integration(spec, table)


def _openings(spec: Spec, table: Table) -> Iterator[Problem]:
    """A store opens in a circle that is there."""
    circles = table.columns.get("circle", [None] * len(table.lines))
    days = table.columns.get("opens", [None] * len(table.lines))
    for row, (name, day) in enumerate(zip(circles, days)):
        there = spec.circles[name].opens if name in spec.circles else None
        if there is not None and there > (day or spec.start):
            said = f"column 'circle': '{name}' opens on {there} only"
            yield table.problem(row, said, "Let the store open then, or later: column opens.")


def _integration(spec: Spec, table: Table) -> Iterator[Problem]:
    """The ways of integrating are known, and there is a platform for those that need one."""
    columns = table.columns
    categories = columns.get("category", [None] * len(table.lines))
    for row, said in enumerate(columns.get("integration", ())):
        form = spec.stores.formats.get(columns["format"][row])
        sells = [categories[row]] if categories[row] else list(form.demand_share) if form else []
        for mode in modes_of(said):
            if fault := mode_fault(spec, mode, sells):
                yield table.problem(row, f"column 'integration': {fault.message}", fault.hint)


__all__ = ["names_of_circles", "survey", "units_of"]
