"""Tables as other programs and strangers write them: each becomes the city that is meant, or is refused with the
file, the line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.model import O2OModel
from o2o_sim.scenario import load_scenario

TOWN = """\
days: 3
population: 100
residents: 36_000
categories:
  food: {every_days: 3, ticket_yuan: 45, gross_margin: 0.25}
  clothes: {every_days: 30, ticket_yuan: 300, gross_margin: 0.5}
cohorts: {all: {share: 1}}
stores:
  formats:
    market: {demand_share: {food: 1}, area_m2: 800, sales_per_m2_year_yuan: 15000, in_circles: 0.5}
    boutique: {demand_share: {clothes: 1}, area_m2: 300, sales_per_m2_year_yuan: 20000, in_circles: 0.8}
"""
ZONES = "name,lon,lat,population\nA,119.28,26.05,12000\nB,119.30,26.07,15000\nC,119.32,26.09,9000\n"
CIRCLES = "name,lon,lat,class,floorspace_m2\nCentre,119.29,26.07,Major,60000\nEast,119.31,26.08,Local,20000\n"
STORES = "name,lon,lat,category,format,area_m2,circle,chain\nS1,119.285,26.06,food,market,900,,\nS2,119.305,26.075,food,market,700,East,Ace\n"
FLAT = "name,population\n1,12000\n2,15000\n3,9000\n"
SHOPS = "name,category,format,area_m2\nS1,food,market,900\nS2,food,market,700\n"
TRAVEL = "from,to,minutes\n1,S1,5\n1,S2,12\n2,S1,9\n2,S2,4\n3,S1,15\n3,S2,11\n"
ROW = "A,119.28,26.05,12000"


def build(folder: Path, more: str = "", **tables: str | bytes) -> O2OModel:
    """The model of a town with these tables."""
    for name, table in tables.items():
        (folder / f"{name}.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    files = ", ".join(f"{name}: {name}.csv" for name in tables)
    if "city:" not in more:
        more += f"\ncity: {{cell_m: 500, import: {{{files}}}}}\n"
    (folder / "town.yaml").write_text(TOWN + more)
    return O2OModel(load_scenario(folder / "town.yaml"))


def zones(old: str, new: str) -> dict[str, str | bytes]:
    assert old in ZONES
    return {"zones": ZONES.replace(old, new)}


def by_table(old: str = "", new: str = "", *, shops: str = SHOPS) -> dict[str, str | bytes]:
    assert old in TRAVEL
    return {"zones": FLAT, "stores": shops, "travel": TRAVEL.replace(old, new)}


FINE = {
    "four tables": {"zones": ZONES, "circles": CIRCLES, "stores": STORES},
    "mark of UTF-8": {"zones": b"\xef\xbb\xbf" + ZONES.replace("A,", "上海,").encode()},
    "old Mac": {"zones": ZONES.replace("\n", "\r")},
    "Windows, empty rows": {"zones": ZONES.replace("\n", "\r\n") + ",,,\r\n\r\n"},
    "south and west": zones("119.", "-119.") | {"zones": ZONES.replace("119.", "-70.").replace("26.", "-33.")},
    "inch sign": zones("A,", 'Flat 12" A,'),
    "E notation": zones("12000", "1.2E+04"),
    "one zone": {"zones": f"name,lon,lat,population\n{ROW}\n"},
    "households": zones("population", "households"),
    "spaces": zones(ROW, " A , 119.28 , 26.05 , 12000 "),
    "one store": {"zones": ZONES, "stores": STORES[: STORES.index("S2")]},
    "one way only": by_table("1,S1,5", "1,S1,5\nS1,1,25".replace("S1,1,25", "2,1,25")),
    "all at one point": {"zones": ZONES.replace("119.30", "119.28").replace("119.32", "119.28")},
    "other columns": {"zones": "Notes,id," + ZONES.replace("\n", "\nx,1,").removesuffix("x,1,")},
}  # fmt: skip


@pytest.mark.faults("Tables of a city")
@pytest.mark.parametrize("tables", FINE.values(), ids=FINE)
def test_tables_that_are_only_unusual(tmp_path, tables):
    model = build(tmp_path, **tables)
    assert len(model.stores) > 0
    model.step()


WRONG: dict[str, tuple[dict[str, str | bytes], str]] = {
    "GBK": ({"zones": ZONES.replace("A,", "上海,").encode("gbk")}, r"zones\.csv:2: .*not UTF-8"),
    "UTF-16": ({"zones": ZONES.encode("utf-16")}, r"zones\.csv:1: .*not UTF-8"),
    "Windows-1252": ({"zones": ZONES.replace("B,", "Bär,").encode("latin-1")}, r"zones\.csv:3: .*not UTF-8"),
    "semicolons": ({"zones": ZONES.replace(",", ";")}, r"zones\.csv:1: .*columns with ';' between them"),
    "tabs": ({"zones": ZONES.replace(",", "\t")}, r"zones\.csv:1: .*columns with tabs between them"),
    "hint for Excel": ({"zones": "sep=,\n" + ZONES}, r"zones\.csv:1: .*a line for Excel"),
    "workbook": ({"zones": b"PK\x03\x04" + bytes(100)}, r"zones\.csv: .*a workbook"),
    "NUL": (zones("A,", "A\0,"), r"zones\.csv:2: .*NUL"),
    "empty": ({"zones": ""}, r"zones\.csv: .*is empty"),
    "blank": ({"zones": "\n\n , \n"}, r"zones\.csv.* (is empty|missing)"),
    "column names only": ({"zones": ZONES, "stores": STORES.partition("\n")[0]}, r"stores\.csv:1: .*no rows"),
    "swapped": ({"zones": ZONES.replace("lon,lat", "lat,lon")}, r"zones\.csv:2: .*'lat': 119.28 is above 85\n.*swapped\?"),
    "one row swapped": (zones("119.30,26.07", "26.07,84.3"), r"zones\.csv:3: .*'B' lies .* km from the middle"),
    "metres as degrees": (zones("119.28,26.05", "-13358.3,6711567.7"), r"zones\.csv:2: .*'lon': -13358.3 is below -180"),
    "degrees, minutes, seconds": (zones("119.28", "119°16'48\"\"E"), r"zones\.csv:2: .*is not a number"),
    "thousands": (zones("12000", '"12,000"'), r"zones\.csv:2: .*'12,000' is not a number\n.*without separators"),
    "no-break space": (zones("12000", "12\xa0000"), r"zones\.csv:2: .*is not a number"),
    "money": (zones("12000", "$41000"), r"zones\.csv:2: .*is not a number"),
    "percent": (zones("12000", "45%"), r"zones\.csv:2: .*is not a number"),
    "top-coded": (zones("12000", '"250,000+"'), r"zones\.csv:2: .*is not a number"),
    "digits of Arabic": (zones("12000", "١٢"), r"zones\.csv:2: .*is not a number"),
    "not a number": (zones("12000", "NaN"), r"zones\.csv:2: .*not a finite number"),
    "infinite": (zones("12000", "-inf"), r"zones\.csv:2: .*not a finite number"),
    "far too large": (zones("12000", "1e300"), r"zones\.csv:2: .*too large"),
    "census's mark for unknown": (zones("12000", "-666666666"), r"zones\.csv:2: .*is below 0"),
    "nobody": (zones("12000\nB,119.30,26.07,15000\nC,119.32,26.09,9000", "0"), r"zones\.csv:2: .*nobody lives"),
    "title above": ({"zones": "Population by ward, 2013\n" + ZONES}, r"zones\.csv:1: .*'name or zone' is missing"),
    "capitals": (zones("name,lon", "Name,lon"), r"zones\.csv:1: .*missing.*\n.*\{name: Name\}"),
    "invisible characters": (zones("name,", "\u200bname,"), r"zones\.csv:1: .*'name or zone' is missing"),
    "column twice": (zones("name,lon", "name,name,lon"), r"zones\.csv:1: .*'name' is there twice"),
    "row too short": (zones(ROW, "A,119.28,26.05"), r"zones\.csv:2: .*3 fields where the header has 4"),
    "row too long": (zones(ROW, ROW + ",x"), r"zones\.csv:2: .*5 fields where the header has 4"),
    "open quotation mark": (zones("A,", '"A,'), r"zones\.csv:2: .*not well-formed CSV"),
    "huge field": (zones("A,", "A" * 200_000 + ","), r"zones\.csv:.*not well-formed CSV"),
    "same name twice": (zones("B,", "A,"), r"zones\.csv:3: .*'A' is already on line 2"),
    "ids of Excel": (zones("A,", "6.08101E+09,") | {"zones": ZONES.replace("A,", "6.1E+09,").replace("B,", "6.1E+09,")},
                     r"zones\.csv:3: .*already on line 2"),
    "no floor": ({"zones": ZONES, "stores": STORES.replace("900", "n/a")}, r"stores\.csv:2: .*'area_m2': 'n/a' is not a number"),
    "floor of 0": ({"zones": ZONES, "stores": STORES.replace("900", "0")}, r"stores\.csv:2: .*must be above 0"),
    "format unknown": ({"zones": ZONES, "stores": STORES.replace("market,900", "kiosk,900")}, r"stores\.csv:2: .*no format 'kiosk'"),
    "category unknown": ({"zones": ZONES, "stores": STORES.replace("food,market,900", "meat,market,900")}, r"stores\.csv:2: .*no category"),
    "circle unknown": ({"zones": ZONES, "stores": STORES.replace("East", "West")}, r"stores\.csv:3: .*no circle 'West'"),
    "store in the next town": ({"zones": ZONES, "stores": STORES.replace("119.285", "119.9")}, r"stores\.csv:2: .*'S1' lies outside the city"),
    "circle called streets": ({"zones": ZONES, "circles": CIRCLES.replace("East", "streets")}, r"circles\.csv:3: .*the name of the street shops"),
    "blank minutes": (by_table("2,S2,4", "2,S2,"), r"travel\.csv:5: .*'minutes' is empty"),
    "NaN minutes": (by_table("2,S2,4", "2,S2,NaN"), r"travel\.csv:5: .*not a finite number"),
    "negative minutes": (by_table("2,S2,4", "2,S2,-1"), r"travel\.csv:5: .*is below 0"),
    "wide": ({"zones": FLAT, "stores": SHOPS, "travel": "zone,S1,S2\n1,5,12\n2,9,4\n3,15,11\n"}, r"travel\.csv:1: .*'from' is missing"),
    "pair twice": (by_table("1,S1,5", "1,S1,5\n1,S1,6"), r"travel\.csv:3: .*already on line 2"),
    "zone unknown": (by_table("3,S2,11", "4,S2,11"), r"travel\.csv:7: .*no zone is called '4'"),
    "store unknown": (by_table("3,S2,11", "3,S9,11"), r"travel\.csv:7: .*is called 'S9'"),
    "total row": ({"zones": FLAT + "Total,36000\n", "stores": SHOPS, "travel": TRAVEL}, r"travel\.csv:2: .*no row is about the zone 'Total'"),
    "seconds": ({"zones": FLAT, "stores": SHOPS, "travel": "from,to,minutes\n1,S1,300\n2,S2,720\n3,S1,900\n"}, r"town\.yaml:\d+:\d+: city\.import\.travel: .*\n(.*\n)*.*are these seconds"),
}  # fmt: skip


@pytest.mark.faults("Tables of a city")
@pytest.mark.parametrize(("tables", "said"), WRONG.values(), ids=WRONG)
def test_tables_that_cannot_be_meant(tmp_path, tables, said):
    with pytest.raises(ScenarioError, match=said) as refused:
        build(tmp_path, **tables)
    assert all(problem.file for problem in refused.value.problems)
    assert str(refused.value).isprintable() or "\n" in str(refused.value)


SAID: dict[str, tuple[str, str]] = {
    "bought": ("platforms: {tuan: {kind: local_services, acquire: {Mall: {date: 2013-01-02}}}}", r":\d+:\d+: .*no chain or circle 'Mall'"),
    "boycotted": ("platforms: {tuan: {kind: local_services}}\nboycott: {b: {platform: tuan, circles: [Mall], starts: 2013-01-02}}",
                  r":\d+:\d+: .*no circle 'Mall'"),
    "spoken for": ("messages: {news: {senders: {circles: [Centr]}, cohorts: [all]}}", r":\d+:\d+: .*no circle 'Centr'\n(.*\n)*.*did you mean Centre"),
    "chain spoken for": ("messages: {news: {senders: {chains: [Aces]}, cohorts: [all]}}", r":\d+:\d+: .*no chain 'Aces'\n(.*\n)*.*did you mean Ace"),
    "class": ("imported_circles: {rent_by_class: {Majors: 9, Regional: 8}}", r":\d+:\d+: .*class 'Majors'\n(.*\n)*.*did you mean Major"),
    "class of appeal": ("imported_circles: {appeal_by_class: {local: 1}}", r":\d+:\d+: .*class 'local'\n(.*\n)*.*did you mean Local"),
    "stood in": ("messages: {}\ncircles: {Center: {units: 9, rent_yuan_m2_month: 9}}", r":\d+:\d+: circles\.Center: has no place"),
}  # fmt: skip


@pytest.mark.faults("Tables of a city")
@pytest.mark.parametrize(("more", "said"), SAID.values(), ids=SAID)
def test_names_of_a_scenario_that_no_file_has(tmp_path, more, said):
    with pytest.raises(ScenarioError, match=r"town\.yaml" + said):
        build(tmp_path, more, zones=ZONES, circles=CIRCLES, stores=STORES)


def test_names_of_a_scenario_that_a_file_has(tmp_path):
    more = (
        "platforms: {tuan: {kind: local_services, acquire: {Ace: {date: 2013-01-02}}}}\n"
        "boycott: {b: {platform: tuan, circles: [Centre, streets], starts: 2013-01-02}}\n"
        "messages: {news: {senders: {circles: [East], chains: [Ace]}, cohorts: [all]}}"
    )
    build(tmp_path, more, zones=ZONES, circles=CIRCLES, stores=STORES)


@pytest.mark.faults("Tables of a city")
@pytest.mark.parametrize("place", ["x_km: 1, y_km: 1", "lon: 119.3, lat: 26.06"])
def test_a_place_in_a_city_that_has_none_is_shown_where_it_is_written(tmp_path, place):
    more = f"stores:\n  named: {{Mine: {{format: market, {place}}}}}\n"
    text = more.replace("stores:\n", "")
    (tmp_path / "more.yaml").write_text("")
    with pytest.raises(ScenarioError, match=r"town\.yaml:\d+:\d+: stores\.named\.Mine: .*travel table"):
        build(tmp_path, text, **by_table())
