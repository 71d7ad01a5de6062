"""Sensitivity studies of formulas whose measures are known, and of a small simulation."""

from __future__ import annotations

from io import StringIO

import numpy as np
import pandas as pd
import pytest
from formulas import CLASSROOM, LEVERS, FormulaWork, quick_scenario, study
from rich.console import Console

from o2o_sim.errors import ScenarioError
from o2o_sim.show.tables_search import sensitivity_tables
from o2o_sim.studies.designs import Factor, saltelli
from o2o_sim.studies.indices import sobol_indices
from o2o_sim.studies.screening import sensitivity

THREE = """
factors:
  levers.subsidy_x: {low: 0, high: 2}
  levers.rent_x: {low: 1, high: 3, label: rents}
  levers.logistics_x: {low: 2, high: 6}
replicates: 1
"""


@pytest.fixture(autouse=True)
def salib():
    pytest.importorskip("SALib")


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("o2o_sim.studies.points.load_scenario", quick_scenario)
    monkeypatch.setattr("o2o_sim.record.archive.flush", lambda path: None)


def ishigami(levers, noise):
    """Of x, y, z from -pi to pi (Ishigami & Homma 1990), which the levers are in straight lines."""
    x, y, z = (
        np.pi * (levers.subsidy_x - 1),
        np.pi * (levers.rent_x - 2),
        np.pi * (levers.logistics_x - 4) / 2,
    )
    value = np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)
    return {"stores_closed": value, "sales_yuan": 1e9 * levers.rent_x}


def text_of(found):
    console = Console(file=StringIO(), width=100, highlight=False)
    for part in sensitivity_tables(found):
        console.print(part)
    return console.file.getvalue()


def column(table, metric, name):
    return table[table["metric"] == metric].set_index("factor")[name]


# -- known answers ------------------------------------------------------------------------------------------
def test_sobol_indices_of_a_study_are_those_of_the_function(tmp_path, quick):
    text = THREE + "metrics: [stores_closed, sales_yuan]\nsensitivity: {method: sobol, base_points: 64}"
    found = sensitivity(study(tmp_path, text), out=tmp_path / "out", work=FormulaWork(ishigami))
    assert found.morris is None and found.held == {}
    first = column(found.sobol, "stores_closed", "first")
    total = column(found.sobol, "stores_closed", "total")
    assert first[list(LEVERS)].to_list() == pytest.approx([0.314, 0.442, 0], abs=0.2)
    assert total[list(LEVERS)].to_list() == pytest.approx([0.558, 0.442, 0.244], abs=0.2)
    cube = [Factor(name, low=-np.pi, high=np.pi) for name in LEVERS]
    points, unit = saltelli(cube, 64, 1)
    x, y, z = np.array([list(p.values()) for p in points]).T
    direct = sobol_indices(cube, unit, np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x), 1)
    for name in ("first", "total", "total_low", "total_high"):
        assert column(found.sobol, "stores_closed", name).to_numpy() == pytest.approx(direct[name], abs=1e-3)
    assert column(found.sobol, "sales_yuan", "total").to_list() == pytest.approx([0, 1, 0], abs=0.02)
    written = pd.read_csv(tmp_path / "out" / "sobol.csv")
    assert len(written) == 6 and written["noise_share"].isna().all()
    for metric in ("stores_closed", "sales_yuan"):
        assert (tmp_path / "out" / "plots" / f"sobol_{metric}.png").stat().st_size > 5000
    said = text_of(found)
    assert said.startswith("levers.subsidy_x matters most for stores closed: it has a part in ")
    assert "sales (yuan)" in said and "rents (100 %)" in said


def straight(levers, noise):
    """Rents matter most, then logistics; subsidies not at all. Seeds shift every run alike."""
    value = 10 * levers.rent_x - 1 * levers.logistics_x + 3 * noise[0]
    return {
        "stores_closed": value,
        "sales_yuan": 100.0 * levers.logistics_x,
        "closed_after_days": float("nan"),
    }


def test_morris_finds_the_effects_of_a_straight_line(tmp_path, quick):
    text = THREE.replace("replicates: 1", "replicates: 6") + (
        "metrics: [stores_closed, sales_yuan]\nsensitivity: {method: morris, trajectories: 8}"
    )
    found = sensitivity(study(tmp_path, text), out=tmp_path / "out", work=FormulaWork(straight))
    assert found.sobol is None
    assert column(found.morris, "stores_closed", "mu").to_list() == pytest.approx([0, 20, -4], abs=1e-4)
    assert column(found.morris, "stores_closed", "mu_star").to_list() == pytest.approx([0, 20, 4], abs=1e-4)
    assert column(found.morris, "sales_yuan", "mu").to_list() == pytest.approx([0, 0, 400], abs=1e-2)
    runs = found.results.runs
    points = runs.groupby("point")["stores_closed"].mean().var()
    seeds = runs.groupby("replicate")["stores_closed"].mean().var()
    assert column(found.morris, "stores_closed", "noise_share").to_numpy() == pytest.approx(
        seeds / (seeds + points)
    )
    assert (column(found.morris, "sales_yuan", "noise_share") < 1e-9).all()
    assert (tmp_path / "out" / "plots" / "morris_stores_closed.png").stat().st_size > 5000
    said = text_of(found)
    assert said.startswith("rents has the largest effect on stores closed: 20.0 over its range, on average.")
    assert "of the variance of single runs is chance" in said


def test_both_gives_indices_to_those_that_were_kept(tmp_path, quick):
    """By the first metric that the study names; the third factor rests in the middle of its range."""
    text = (
        THREE
        + "metrics: [stores_closed, sales_yuan]\nsensitivity: {method: both, trajectories: 4, base_points: 16, keep: 1}"
    )
    work = FormulaWork(straight)
    path = study(tmp_path, text)
    found = sensitivity(path, out=tmp_path / "out", work=work)
    assert found.held == {"levers.subsidy_x": 1, "levers.logistics_x": 4}
    assert list(found.sobol["factor"]) == ["levers.rent_x"] * 2
    assert len(found.results.runs) == 4 * 4 + 16 * 3
    assert column(found.sobol, "stores_closed", "total").to_list() == pytest.approx([1], abs=0.05)
    assert "The indices hold with levers.subsidy_x = 1.0, levers.logistics_x = 4.0." in text_of(found)
    again = FormulaWork(straight)
    assert sensitivity(path, out=tmp_path / "out", work=again).sobol.equals(found.sobol)
    assert again.fake.done == []
    turned = sensitivity(
        path,
        out=tmp_path / "out",
        overrides=["metrics=[sales_yuan, stores_closed]"],
        work=FormulaWork(straight),
    )
    assert list(turned.sobol["factor"]) == ["levers.logistics_x"] * 2


def test_lists_of_numbers_are_ordered_and_single_values_held(tmp_path, quick):
    text = """
factors:
  levers.subsidy_x: [1.5]
  levers.rent_x: [3, 1, 4, 2]
  levers.logistics_x: {low: 0, high: 1}
metrics: [stores_closed]
replicates: 1
sensitivity: {method: both, trajectories: 6, base_points: 4, keep: 5}
"""
    found = sensitivity(study(tmp_path, text), out=tmp_path / "out", work=FormulaWork(straight))
    assert found.held == {"levers.subsidy_x": 1.5}
    assert (found.results.runs["levers.subsidy_x"] == 1.5).all()
    # A Morris step is two thirds of the axis, which is two of the four values on.
    assert column(found.morris, "stores_closed", "mu").to_list() == pytest.approx([30, -1])


# -- what is in the way -------------------------------------------------------------------------------------
def test_a_metric_without_a_value_everywhere_is_left_out_unless_it_is_the_first(tmp_path, quick):
    text = THREE + "sensitivity: {method: morris, trajectories: 2}\nmetrics: "
    path = study(tmp_path, text + "[stores_closed, closed_after_days]")
    found = sensitivity(path, out=tmp_path / "out", work=FormulaWork(straight))
    assert found.metrics == ["stores_closed"] and found.undefined == {"closed_after_days": 8}
    assert set(found.morris["metric"]) == {"stores_closed"}
    assert "median life of closed stores (days) is left out: it has no value in 8 of 8 runs" in text_of(found)
    path = study(tmp_path, text + "[closed_after_days, stores_closed]")
    with pytest.raises(
        ScenarioError, match=r"asked.yaml:\d+:\d+: metrics.0: 'closed_after_days' has no value"
    ):
        sensitivity(path, out=tmp_path / "out", work=FormulaWork(straight))


@pytest.mark.parametrize("method", ["morris", "sobol", "both"])
def test_failed_runs_are_counted_and_end_it(tmp_path, quick, method):
    def some_fail(levers, noise):
        return None if levers.rent_x > 2.5 else straight(levers, noise)

    text = (
        THREE
        + f"metrics: [stores_closed]\nsensitivity: {{method: {method}, trajectories: 2, base_points: 4}}"
    )
    with pytest.raises(ScenarioError, match=r"\d+ of (8|20) runs have no result"):
        sensitivity(study(tmp_path, text), out=tmp_path / "out", work=FormulaWork(some_fail))


WRONG = {
    "factors.levers.rent_x: has no order": "factors: {levers.rent_x: {cases: {low: {}, high: {levers.rent_x: 2}}}}",
    "policies: has no order": "policies: {a: {}, b: {levers.rent_x: 2}}",
    "there is no factor that varies": "factors: {levers.rent_x: [2]}",
}


@pytest.mark.parametrize("message", WRONG)
def test_factors_that_are_no_numbers_are_refused(tmp_path, message):
    with pytest.raises(ScenarioError, match=rf"asked.yaml.*{message}"):
        sensitivity(study(tmp_path, WRONG[message]), out=tmp_path / "out", work=FormulaWork(straight))
    assert not (tmp_path / "out").exists()


def test_a_metric_that_does_not_exist_is_shown_where_it_is_named(tmp_path, quick):
    text = THREE + "metrics: [stores_closed, stores_close]\nsensitivity: {method: morris, trajectories: 2}"
    with pytest.raises(ScenarioError, match=r"metrics.1: there is no metric 'stores_close'"):
        sensitivity(study(tmp_path, text), out=tmp_path / "out", work=FormulaWork(straight))


def test_one_method_is_done_in_shards_and_both_are_not(tmp_path, quick):
    path, out = study(tmp_path, THREE + "metrics: [stores_closed]"), tmp_path / "out"
    with pytest.raises(ScenarioError, match="--shard: cannot be used here"):
        sensitivity(path, out=out, work=FormulaWork(straight, shard=(1, 2)))
    small = ["sensitivity.method=sobol", "sensitivity.base_points=4"]
    works = [FormulaWork(straight, shard=(k, 2)) for k in (1, 2)]
    assert sensitivity(path, out=out, overrides=small, work=works[0]) is None
    assert len(sensitivity(path, out=out, overrides=small, work=works[1]).sobol) == 3
    assert [len(w.fake.done) for w in works] == [10, 10]


# -- for real -----------------------------------------------------------------------------------------------
def test_the_screening_of_a_simulation(tmp_path):
    text = """
set: {population: 200, days: 20}
factors:
  levers.logistics_x: {low: 0.5, high: 8}
  levers.subsidy_x: {low: 0, high: 2}
metrics: [online_share, sales_yuan]
replicates: 1
sensitivity: {method: morris, trajectories: 2}
"""
    found = sensitivity(study(tmp_path, text, CLASSROOM), out=tmp_path / "out", work=FormulaWork())
    assert found.results.failures.empty and len(found.results.runs) == 6
    assert column(found.morris, "online_share", "mu")["levers.logistics_x"] < 0
    assert (tmp_path / "out" / "plots" / "morris_online_share.png").is_file()
