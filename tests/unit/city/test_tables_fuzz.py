"""Tables of a city in which something was changed: a city, or a ScenarioError whose every problem names a file."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from fuzzing import fuzz
from hypothesis import given
from hypothesis import strategies as st

from o2o_sim.city.build import build_city
from o2o_sim.city.survey import survey
from o2o_sim.errors import ScenarioError
from o2o_sim.scenario import load_scenario
from o2o_sim.scenario.textfile import printable

TOWN = """\
population: 100
residents: 36_000
categories: {food: {every_days: 3, ticket_yuan: 45, gross_margin: 0.25}}
cohorts: {all: {share: 1}}
stores: {formats: {market: {demand_share: {food: 1}, area_m2: 800, sales_per_m2_year_yuan: 15000}}}
platforms: {tuan: {kind: local_services}}
"""
MAP = {
    "zones": "name,lon,lat,population,income,jobs\nA,119.28,26.05,12000,30000,500\nB,119.30,26.07,15000,40000,0\nC,119.32,26.09,9000,35000,70\n",
    "circles": "name,lon,lat,class,floorspace_m2\nCentre,119.29,26.07,Major,60000\nEast,119.31,26.08,,\n",
    "stores": "name,lon,lat,category,format,area_m2,circle,chain,rent,sales,quality,opens,integration\n"
    "S1,119.285,26.06,food,market,900,,,55,900000,0.5,1999-05-01,social\nS2,119.305,26.075,,market,700,East,Ace,,,,2013-01-10,\n",
}  # fmt: skip
TABLE = {
    "zones": "name,population\n1,12000\n2,15000\n3,9000\n",
    "stores": "name,category,format,area_m2\nS1,food,market,900\nS2,food,market,700\n",
    "travel": "from,to,minutes\n1,S1,5\n1,S2,12\n2,S1,9\n2,S2,4\n3,S1,15\n3,S2,11\n",
}
CELLS = [
    "", " ", "0", "-1", "1e300", "1e-300", "NaN", "inf", "12,000", "12.000,5", "1_000", "0x10", "١٢", "½", "-", "#REF!", "=1+1", "true", "A", "S1", "East",
    "streets", "上海", "\u202ex", "\x1b[31m", "\u200b", "a\nb", 'a"b', "x" * 5000, "x" * 140_000, "2013-02-30", "9999-12-31", "180", "-180", "90", "85", "1e15",
    "social+social", "social+nothing", "+",
]  # fmt: skip
HEADS = [
    "name",
    "lon",
    "lat",
    "x",
    "y",
    "population",
    "from",
    "to",
    "minutes",
    "km",
    "category",
    "opens",
    "circle",
]
where = st.tuples(st.integers(0, 50), st.integers(0, 50))
changes = st.tuples(st.just("cell"), where, st.sampled_from(CELLS) | st.text(max_size=6))
changes |= st.tuples(st.just("head"), where, st.sampled_from(HEADS))
changes |= st.tuples(
    st.sampled_from(["row away", "row twice", "row short", "column away", "column twice"]), where, st.just("")
)
WAYS = st.sampled_from(["utf-8"] * 8 + ["utf-8-sig", "utf-16", "latin-1", "gbk"])
MARKS = st.sampled_from([",", ",", ",", ",", ",", ",", ";", "\t"])
ENDS = st.sampled_from(["\n", "\n", "\r\n", "\r"])


def change(rows: list[list[str]], how: str, place: tuple[int, int], said: str) -> None:
    """Change one thing of a table."""
    row, column = place[0] % len(rows), place[1] % len(rows[0])
    if how == "cell" and column < len(rows[row]):
        rows[row][column] = said
    elif how == "head":
        rows[0][column] = said
    elif how == "row away" and len(rows) > 1:
        del rows[row]
    elif how == "row twice":
        rows.append(list(rows[row]))
    elif how == "row short":
        del rows[row][-1:]
    elif how == "column away":
        rows[:] = [one[:column] + one[column + 1 :] for one in rows]
    elif how == "column twice":
        rows[:] = [[*one, *one[column : column + 1]] for one in rows]


def attempt(folder: Path, tables: dict[str, str | bytes]) -> None:
    for name, content in tables.items():
        (folder / f"{name}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    files = ", ".join(f"{name}: {name}.csv" for name in tables)
    (folder / "town.yaml").write_text(f"{TOWN}city: {{cell_m: 1000, import: {{{files}}}}}\n")
    try:
        spec = load_scenario(folder / "town.yaml")
        city = build_city(spec.city, spec._origin, 1, survey(spec), spec.limits.cells)
        assert abs(city.residents.sum() - 1) < 1e-9  # shares
    except ScenarioError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.message
            assert problem.file
            assert printable(problem.message) == problem.message


@pytest.fixture(scope="module")
def folder(tmp_path_factory: Any) -> Path:
    return tmp_path_factory.mktemp("tables")


@fuzz("Tables of a city")
@given(
    town=st.sampled_from([MAP, TABLE]),
    which=st.integers(0, 2),
    changed=st.lists(changes, min_size=1, max_size=3),
    way=WAYS,
    mark=MARKS,
    end=ENDS,
)
def test_good_tables_of_which_something_was_changed(folder, town, which, changed, way, mark, end):
    name = list(town)[which]
    rows = list(csv.reader(io.StringIO(town[name])))
    for one in changed:
        if rows and rows[0]:
            change(rows, *one)
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=mark, lineterminator=end).writerows(rows)
    attempt(folder, {**town, name: out.getvalue().encode(way, "replace")})


@fuzz("Tables of a city")
@given(
    town=st.sampled_from([MAP, TABLE]),
    which=st.integers(0, 2),
    content=st.binary(max_size=80) | st.text(max_size=80),
)
def test_tables_of_any_bytes(folder, town, which, content):
    name = list(town)[which]
    content = content.encode("utf-8", "replace") if isinstance(content, str) else content
    attempt(folder, {**town, name: content})
    attempt(folder, {**town, name: town[name].encode() + content})
