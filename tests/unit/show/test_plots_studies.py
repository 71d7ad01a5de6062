"""The pictures of comparisons and sweeps: which of them are drawn, and that nobody is warned of any."""

from __future__ import annotations

import json
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest

from o2o_sim.show import plots_studies
from o2o_sim.show.plots_studies import draw
from o2o_sim.studies.comparison import compare
from o2o_sim.studies.sweeps import sweep


@pytest.fixture(autouse=True)
def strict():
    """A warning is a fault here, and no figure is left open."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("error", RuntimeWarning)
        yield
    assert plt.get_fignums() == []


@pytest.fixture
def swept(town, pretend):
    """Carries out a study whose stores close with rents and integrate with subsidies."""

    def answer(job):
        noise = 0.01 * np.random.default_rng(job.seed).random()
        closed, integrated = 0.1 * job.spec.levers.rent_x + noise, 0.05 * job.spec.levers.subsidy_x
        shares = {
            "share_closed": closed,
            "share_integrated": integrated,
            "share_survived": 1 - closed - integrated,
        }
        return {"metrics": shares | {"sales_yuan": 1e9 * noise}}

    pretend.answer = answer

    def swept(text):
        path = town.with_name("asked.yaml")
        path.write_text(f"base: town.yaml\n{text}", encoding="utf-8")
        return sweep(path, work=pretend.work())

    return swept


def draw_all(found):
    return found.draw(found.results.folder)


@pytest.fixture
def called(monkeypatch):
    """Instead of drawing, notes with what a picture would have been drawn."""
    calls = {}

    def note(name):
        def picture(runs, *arguments, **options):
            calls.setdefault(name, []).append((arguments, options))
            return plt.figure(figsize=(1, 1))

        monkeypatch.setattr(plots_studies, name, picture)

    for name in ("outcome_map", "heat_map", "response_curves"):
        note(name)
    return calls


def names(files):
    return {file.stem for file in files}


RENT = "rent: {keys: [levers.rent_x], values: [1, 2, 3], label: rents (x base)}"
SUBSIDY = "subsidy: {keys: [levers.subsidy_x], values: [1, 2, 3]}"
COST = "cost: {keys: [levers.logistics_x], values: [1, 2]}"
REPLY = "reply: {cases: {none: {days: 5}, 'as much [b]': {days: 6}}}"


def test_all_pictures_of_a_sweep_are_drawn(swept):
    text = f"factors: {{{RENT}, {SUBSIDY}, {COST}}}\nmetrics: [share_closed, sales_yuan]\nreplicates: 2\n"
    found = swept(text + "report: {base: {rent: 1, subsidy: 1, cost: 1}}\n")
    files = found.draw(found.results.folder)
    assert names(files) == {
        "outcome_map",
        "response_rent",
        "response_subsidy",
        "response_cost",
        "heat_share_closed",
        "heat_sales_yuan",
    }
    assert set(files) == set((found.results.folder / "plots").iterdir())
    for file in files:
        assert plt.imread(file).std() > 0, file.name


def test_factors_without_numbers_have_heat_maps_and_no_outcome_map(swept):
    text = f"factors: {{{RENT}, {REPLY}}}\nmetrics: [share_closed]\nreplicates: 2\nreport: {{x: rent, y: reply}}\n"
    assert names(draw_all(swept(text))) == {"response_rent", "response_reply", "heat_share_closed"}


def test_policies_and_worlds_are_drawn(swept):
    text = """
policies: {soft: {}, "hard [b] $x$_1": {levers.rent_x: 3}}
worlds: {as it is: {}, cheap: {levers.logistics_x: 0.5}}
metrics: [share_closed, "stores_closed/category/a $b$ [c]"]
replicates: 2
"""
    assert names(draw_all(swept(text.replace(', "stores_closed/category/a $b$ [c]"', "")))) == {
        "response_policy", "response_world", "heat_share_closed",
    }  # fmt: skip


def test_one_factor_has_a_curve_only(swept):
    assert names(draw_all(swept(f"factors: {{{RENT}}}\nmetrics: [share_closed]\nreplicates: 1\n"))) == {
        "response_rent"
    }


def test_the_report_chooses_the_axes(swept, called):
    text = f"factors: {{{RENT}, {SUBSIDY}, {COST}}}\nmetrics: [share_closed, sales_yuan]\nreplicates: 1\n"
    report = {
        "x": "cost",
        "y": "rent",
        "panel": "subsidy",
        "metrics": ["sales_yuan"],
        "base": {"cost": 1, "rent": 2},
    }
    draw_all(swept(text + f"report: {json.dumps(report)}\n"))
    (((x, y, panel, _), options),) = called["outcome_map"]
    assert (x, y, panel, options["base"]) == ("cost", "rent", "subsidy", {"cost": 1, "rent": 2})
    (((x, y, metric, _), options),) = called["heat_map"]
    assert (x, y, metric, options["panel"]) == ("cost", "rent", "sales_yuan", "subsidy")
    drawn = {arguments[0]: (arguments[1], options["by"]) for arguments, options in called["response_curves"]}
    assert drawn == {
        "rent": (["sales_yuan"], "cost"),
        "subsidy": (["sales_yuan"], "cost"),
        "cost": (["sales_yuan"], "rent"),
    }


@pytest.mark.parametrize(
    ("factors", "report", "axes"),
    [
        ([RENT, SUBSIDY, COST], "{}", ("rent", "subsidy", "cost")),
        ([RENT, SUBSIDY], "{}", ("rent", "subsidy", None)),
        ([RENT, SUBSIDY, COST], "{y: rent}", ("subsidy", "rent", "cost")),
        # Factors of numbers go before others, so that there is a map.
        ([REPLY, RENT, SUBSIDY], "{}", ("rent", "subsidy", "reply")),
        # A factor that does not vary spans nothing.
        (["fixed: {keys: [days], values: [5]}", RENT, SUBSIDY], "{x: fixed}", ("rent", "subsidy", None)),
    ],
)
def test_without_a_report_the_first_factors_span_the_map(swept, called, factors, report, axes):
    draw_all(
        swept(
            f"factors: {{{', '.join(factors)}}}\nmetrics: [share_closed]\nreplicates: 1\nreport: {report}\n"
        )
    )
    assert called["outcome_map"][0][0][:3] == axes


def test_a_star_needs_a_place_on_both_axes(swept, called):
    draw_all(swept(f"factors: {{{RENT}, {SUBSIDY}}}\nreplicates: 1\nreport: {{base: {{rent: 1}}}}\n"))
    assert called["outcome_map"][0][1]["base"] is None


def test_failed_runs_do_not_keep_others_from_being_drawn(swept, pretend):
    usual = pretend.answer

    def answer(job):
        if job.spec.levers.rent_x == 3 and job.spec.levers.subsidy_x == 2:
            raise ValueError
        return usual(job)

    pretend.answer = answer
    text = f"factors: {{{RENT}, {SUBSIDY}}}\nmetrics: [share_closed]\nreplicates: 2\n"
    assert "outcome_map" in names(draw_all(swept(text)))


def test_a_comparison_has_a_picture_for_every_other_scenario(town, pretend):
    pretend.answer = lambda job: {"metrics": {"sales_yuan": job.seed * job.spec.levers.rent_x}}
    for k, name in enumerate(("a [b] $x$_", "c")):
        town.with_name(f"{name}.yaml").write_text(f"extends: town.yaml\nlevers: {{rent_x: {k + 2}}}\n")
    files = [town, town.with_name("a [b] $x$_.yaml"), town.with_name("c.yaml")]
    found = compare(files, replicates=2, work=pretend.work())
    folder = found.results.folder / "plots"
    assert {p.name for p in folder.iterdir()} == {"difference_a__b___x__.png", "difference_c.png"}
    # Drawn again they replace those that are there.
    assert set(found.draw(found.results.folder)) == set(folder.iterdir())


def test_a_picture_that_fails_is_told_of_and_loses_no_other(tmp_path):
    def fail():
        plt.figure()
        raise ZeroDivisionError("by zero")

    with pytest.warns(
        RuntimeWarning, match=r"the picture bad.png could not be drawn: ZeroDivisionError: by zero"
    ):
        files = draw({"bad": fail, "a/good one": lambda: plt.figure(figsize=(1, 1))}, tmp_path / "plots")
    assert [p.name for p in (tmp_path / "plots").iterdir()] == ["a_good_one.png"]
    assert names(files) == {"a_good_one"}
