"""The tables of comparisons and sweeps: numbers as people read them, in 100 columns, and names as they
are."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from o2o_sim.record.metrics import HEADLINE, METRICS, label_of
from o2o_sim.show.tables_studies import (
    MOST_NAMED,
    comparison_tables,
    kind_of,
    sweep_tables,
)
from o2o_sim.show.wording import written, written_interval
from o2o_sim.studies.comparison import compare
from o2o_sim.studies.sweeps import sweep

ODD = "[bold]odd[/bold] [x]"
LONG = "a_name_that_nobody_should_give_to_anything_because_it_fits_no_table"


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    monkeypatch.setattr("o2o_sim.show.plots_studies.comparison_pictures", lambda comparison: {})


def shown(parts, width=100):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    for part in parts:
        console.print(part)
    return console.file.getvalue()


def flat(text):
    return " ".join(text.split())


# -- kinds of metrics --------------------------------------------------------------------------------------
def test_every_metric_has_a_kind():
    assert kind_of("stores_closed/category/toys") == "count"
    assert kind_of("members/tuan") == "share"
    assert kind_of("platform_solvent/tuan") == "flag"
    assert kind_of("orders left to tuan") == "index"
    for name, metric in METRICS.items():
        assert kind_of(name) == metric.kind


# -- compare ------------------------------------------------------------------------------------------------
def compared(town, pretend, names=("town", "dear"), **how):
    files = [town.with_name(f"{name}.yaml") for name in names]
    for k, file in enumerate(files):
        if file != town:
            file.write_text(f"extends: town.yaml\nlevers: {{rent_x: {k + 1}}}\n")
    return compare(files, work=pretend.work(), **how)


def test_marks_are_where_intervals_leave_out_0(town, pretend):
    def answer(job):
        sure = 5.0 * (job.spec.levers.rent_x - 1) * (1 + 0.01 * job.seed)
        unsure = (job.spec.levers.rent_x - 1) * (-1) ** job.seed
        return {"metrics": {"stores_closed": 10 + sure, "stores_survived": 10 + unsure}}

    pretend.answer = answer
    lines = shown(comparison_tables(compared(town, pretend, replicates=5))).splitlines()
    row = {
        name: flat(next(line for line in lines if line.startswith(name)))
        for name in ("stores closed", "stores survived")
    }
    assert row["stores closed"] == "stores closed 10.0 15.2 +5.150 [+5.052, +5.248] *"
    assert row["stores survived"] == "stores survived 10.0 9.80 -0.2 [-1.6, +1.2]"


def test_stores_are_counted_by_category_and_circle(town, pretend):
    def answer(job):
        more = job.spec.levers.rent_x - 1
        metrics = {f"stores_{fate}/{by}/{name}": 4.0 for fate in ("survived", "integrated", "closed")
                   for by, name in (("category", "toys"), ("category", ODD), ("circle", "old town"))}  # fmt: skip
        return {"metrics": metrics | {f"stores_closed/category/{ODD}": 4 + 3 * more}}

    pretend.answer = answer
    text = shown(comparison_tables(compared(town, pretend, replicates=2)))
    assert "stores, by category: difference [95 %]" in text
    assert "stores, by circle: difference [95 %]" in text
    rows = {flat(line) for line in text.splitlines()}
    assert f"{ODD} 0 0 +3.00 *" in rows
    assert {"toys 0 0 0", "old town 0 0 0"} <= rows


def test_names_are_no_markup_and_no_line_is_too_long(town, pretend):
    """Also of scenarios, stores, circles and errors; and no figure is cut off."""

    def answer(job):
        if job.seed == 3:
            raise ValueError(f"{ODD} {LONG * 3}")
        rng = np.random.default_rng([job.seed, int(job.spec.levers.rent_x)])
        fates = {
            f"shop {ODD} {LONG} {k}": ("closed", f"because {ODD}") if rng.random() < 0.5 else "survived"
            for k in range(40)
        }
        shops = pretend.shops(fates).assign(circle=f"{ODD}")
        places = {
            f"stores_{fate}/circle/{name}": float(rng.integers(99))
            for fate in ("survived", "integrated", "closed")
            for name in (LONG, ODD)
        }
        return {"metrics": {"sales_yuan": 1e9 * rng.random(), **places}, "stores": shops}

    pretend.answer = answer
    names = (f"{LONG}_1[red]", f"{LONG}_2[bold]")
    town.with_name(f"{names[0]}.yaml").write_text("extends: town.yaml\n")
    found = compared(town, pretend, names, replicates=3)
    text = shown(comparison_tables(found))
    assert max(map(len, text.splitlines())) <= 100
    for name in (*names, f"because {ODD}", f"ValueError: {ODD}"):
        assert flat(name) in flat(text)
    interval = written_interval(found.difference(names[1], "sales_yuan"), "yuan")
    assert interval in text and interval.startswith(("+", "-"))
    more = len(found.changed[found.changed["seed"] == 1]) - MOST_NAMED
    assert more <= 0 or f"and {more} more; all of them" in flat(text)


def test_only_so_many_stores_are_named(town, pretend):
    pretend.answer = lambda job: {
        "stores": pretend.shops(
            {f"shop {k}": ("closed", "integrated")[int(job.spec.levers.rent_x) - 1] for k in range(50)}
        )
    }
    text = shown(comparison_tables(compared(town, pretend, replicates=2)))
    assert text.count("(old town): closed -> integrated") == MOST_NAMED
    assert "and 30 more; all of them, for every seed, in stores_changed.csv" in text
    assert "50.0 stores of a city fare otherwise (95 %: 50.0 to 50.0): closed -> integrated 50.0." in text


# -- sweep --------------------------------------------------------------------------------------------------
def swept(town, pretend, text, **how):
    path = town.with_name("asked.yaml")
    path.write_text(f"base: town.yaml\n{text}", encoding="utf-8")
    return sweep(path, work=pretend.work(), **how)


def rows_of(text):
    lines = text.splitlines()
    rule = next(k for k, line in enumerate(lines) if line.startswith("───"))
    return [line.split() for line in lines[rule + 1 : lines.index("", rule)]]


def test_a_row_for_every_point(town, pretend):
    pretend.answer = lambda job: {
        "metrics": {"sales_yuan": 1e6 * job.spec.days, "online_share": 0.1 * job.seed}
    }
    text = """
name: My study
factors: {levers.rent_x: [0.5, 1, 1.23456], days: [5, 6]}
metrics: [sales_yuan, online_share]
replicates: 3
"""
    out = shown(sweep_tables(swept(town, pretend, text)))
    assert out.startswith("My study: 6 points, 18 runs; means")
    # Whole numbers stay whole, others are cut to four figures.
    assert rows_of(out) == [
        [rent, str(days), f"{days}.00", "M", "20.0", "%"] for rent in ("0.5", "1", "1.235") for days in (5, 6)
    ]
    assert flat(out).endswith("Every run in runs.parquet, means with intervals in summary.csv, all of it in")


def test_what_does_not_fit_is_named_below(town, pretend):
    text = """
factors:
  a: {keys: [levers.rent_x], values: [1]}
  b: {keys: [levers.subsidy_x], values: [1]}
  c: {keys: [levers.logistics_x], values: [1]}
  d: {keys: [days], values: [5]}
  e: {keys: [population], values: [500]}
  f: {label: the last factor, keys: [residents], values: [50000]}
replicates: 1
"""
    out = shown(sweep_tables(swept(town, pretend, text)))
    (row,) = rows_of(out)
    assert row[:8] == ["1", "1", "1", "5", "500", "0", "0", "%"]
    assert "Not shown: the last factor, " in flat(out)
    hidden = flat(out).partition("Not shown: the last factor, ")[2].partition(".")[0].split(", ")
    assert hidden == [label_of(m) for m in HEADLINE[len(HEADLINE) - len(hidden) :]]
    assert len(hidden) + len([x for x in row if x != "%"]) == 5 + len(HEADLINE)
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("width", [200, 80, 60, 40])
def test_what_is_shown_in_narrow_terminals_is_whole(town, pretend, width):
    pretend.answer = lambda job: {"metrics": dict.fromkeys(HEADLINE, 1234.5 * job.spec.days)}
    out = shown(sweep_tables(swept(town, pretend, "factors: {days: [1, 2]}\nreplicates: 1\n")), width)
    assert max(map(len, out.splitlines())) <= width
    values = [[written(1234.5 * days, kind_of(m)).split() for m in HEADLINE] for days in (1, 2)]
    whole = [[str(days), *(word for words in row for word in words)] for days, row in zip((1, 2), values)]
    rows = rows_of(out)
    assert rows == [full[: len(row)] for full, row in zip(whole, rows)]
    assert len(rows[0]) > width // 20
    assert ("Not shown" in out) == (width < 200)


def test_of_very_many_points_the_first_and_last_are_shown(town, pretend):
    text = (
        "factors: {days: {low: 1, high: 40, whole: true, levels: 40}}\nmetrics: [sales_yuan]\nreplicates: 1\n"
    )
    pretend.answer = lambda job: {"metrics": {"sales_yuan": job.spec.days}}
    rows = rows_of(shown(sweep_tables(swept(town, pretend, text))))
    assert [row[0] for row in rows] == [*map(str, range(1, 13)), "...", *map(str, range(29, 41))]


def test_texts_long_names_and_brackets_fit(town, pretend):
    text = f"""
factors:
  size:
    label: "{ODD} which has quite a long name"
    cases: {{"{ODD}": {{days: 5}}, {LONG}: {{days: 6}}}}
  levers.logistics_x: {{low: 0.333333333, high: 0.666666666, levels: 3}}
policies: {{"{ODD}": {{}}, b: {{levers.rent_x: 3}}}}
metrics: ["sales_by_channel_yuan/{ODD}", "stores_closed/category/{LONG}", online_share, cash_yuan/tuan, vacancy_last]
replicates: 1
"""
    pretend.answer = lambda job: {
        "metrics": {
            f"sales_by_channel_yuan/{ODD}": -1.23e9,
            f"stores_closed/category/{LONG}": 1.0,
            "cash_yuan/tuan": -4.56e9,
        }
    }
    out = shown(sweep_tables(swept(town, pretend, text)))
    assert max(map(len, out.splitlines())) <= 100
    assert out.count(ODD) >= 6  # in the cells of a factor and of the policies
    assert out.count("-1.23 bn") == 12  # no number is broken in two, or left out without a word
    assert "cash of platform, tuan (yuan)" in flat(out.partition("Not shown: ")[2])
    assert "0.3333" in out


def test_failed_points_are_left_out_and_told_of(town, pretend):
    def answer(job):
        if job.spec.days == 5:
            raise ValueError(f"{ODD} is broken")
        return {}

    pretend.answer = answer
    out = shown(sweep_tables(swept(town, pretend, "factors: {days: [5, 6]}\nreplicates: 3\n")))
    assert [row[0] for row in rows_of(out)] == ["6"]
    assert f"3 of 6 runs failed; the others are what is shown:\n  3 x ValueError: {ODD} is broken" in out


@pytest.mark.faults("Shares beyond 0 to 100 %")
@pytest.mark.parametrize(
    ("estimate", "shown"),
    [(1.33, "100"), (-0.2, "0"), (0.42, "42"), (1e9, "100")],
    ids=["above", "below", "inside", "far"],
)
def test_a_share_of_a_variance_is_shown_between_nothing_and_all(estimate, shown):
    from o2o_sim.show.tables_search import _part

    assert _part(estimate).split()[0].rstrip("%") == shown
