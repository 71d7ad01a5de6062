"""Sweeps: the tidy table and its means, and the studies that are shipped."""

from __future__ import annotations

import warnings
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.scenario.load import load_scenario
from o2o_sim.studies.job import execute
from o2o_sim.studies.points import load_study
from o2o_sim.studies.study import load_results
from o2o_sim.studies.sweeps import points_of, sweep

SHIPPED = Path(__file__).parents[3] / "experiments" / "studies"

TWO_BY_TWO = """
name: Two by two
question: What then?
factors:
  rent: {label: rents (x base), keys: [levers.rent_x], values: [1, 2]}
  days: [20, 30]
replicates: 2
metrics: [sales_yuan, {name: last orders, series: orders/*, first: 2013-02-01, last: 2013-02-28}]
"""


@pytest.fixture(autouse=True)
def strict():
    """A warning of pandas or numpy is a fault here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture
def study(town):
    """Writes a study of the town; returns its path."""

    def study(text, name="asked.yaml"):
        path = town.with_name(name)
        path.write_text(f"base: town.yaml\n{text}", encoding="utf-8")
        return path

    return study


def hundreds(job):
    """Sales are 100 * rent + days + seed; orders of two platforms are the seed and twice the seed."""
    sales = 100 * job.spec.levers.rent_x + job.spec.days + job.seed
    orders = [(date(2013, 2, 1), f"orders/{p}", k * float(job.seed)) for k, p in ((1, "a"), (2, "b"))]
    months = pd.DataFrame(orders, columns=["month", "series", "value"])
    return {"metrics": {"sales_yuan": sales}, "monthly": months}


# -- tables -------------------------------------------------------------------------------------------------
def test_the_table_is_tidy(study, pretend):
    pretend.answer, pretend.backwards = hundreds, True
    found = sweep(study(TWO_BY_TWO), work=pretend.work())
    runs = pd.read_parquet(found.results.folder / "runs.parquet")
    shown = ["point", "replicate", "seed", "status", "rent", "days", "sales_yuan", "last orders"]
    assert runs[shown].to_numpy().tolist() == [
        [0, 0, 1, "ok", 1, 20, 121, 3],
        [0, 1, 2, "ok", 1, 20, 122, 6],
        [1, 0, 1, "ok", 1, 30, 131, 3],
        [1, 1, 2, "ok", 1, 30, 132, 6],
        [2, 0, 1, "ok", 2, 20, 221, 3],
        [2, 1, 2, "ok", 2, 20, 222, 6],
        [3, 0, 1, "ok", 2, 30, 231, 3],
        [3, 1, 2, "ok", 2, 30, 232, 6],
    ]
    assert list(runs.columns[:8]) == ["point", "replicate", "seed", "key", "status", "error", "rent", "days"]
    about = load_results(found.results.folder).about
    assert (about["kind"], about["name"], about["question"]) == ("sweep", "Two by two", "What then?")
    assert about["labels"]["rent"] == "rents (x base)"
    assert found.results.folder.name.startswith("sweep-asked-")


def test_the_summary_has_a_mean_and_its_interval_for_every_point_and_metric(study, pretend):
    pretend.answer = hundreds
    found = sweep(study(TWO_BY_TWO), replicates=3, work=pretend.work())
    summary = pd.read_csv(found.results.folder / "summary.csv")
    assert list(summary.columns) == ["point", "rent", "days", "metric", "mean", "low", "high", "n"]
    assert summary["metric"].tolist() == ["sales_yuan", "last orders"] * 4
    row = summary.iloc[4]
    # Sales of 221, 222 and 223: standard error 1 / sqrt(3), t(0.975, 2) = 4.302653.
    assert row[["point", "rent", "days", "mean", "n"]].tolist() == [2, 2, 20, 222, 3]
    assert [row["low"], row["high"]] == pytest.approx([222 - 2.4841377, 222 + 2.4841377])


def test_failed_runs_are_in_the_table_and_not_in_the_means(study, pretend):
    def answer(job):
        if job.seed == 2 or (job.spec.days == 30 and job.spec.levers.rent_x == 2):
            raise ValueError("no money")
        return hundreds(job)

    pretend.answer = answer
    found = sweep(study(TWO_BY_TWO), work=pretend.work())
    assert len(found.results.runs) == 8
    assert len(found.results.failures) == 5
    means = found.summary()
    assert means.loc[means["metric"] == "sales_yuan", "mean"].tolist() == [121, 131, 221]
    assert set(means["n"]) == {1}


def test_when_every_run_fails_the_first_reason_is_told(study, pretend):
    def answer(job):
        raise ValueError(f"no money with {job.seed}")

    pretend.answer = answer
    with pytest.raises(ScenarioError, match=r"none of 8 runs succeeded(.|\n)*ValueError: no money with 1"):
        sweep(study(TWO_BY_TWO), work=pretend.work())


def test_factors_of_every_kind_have_a_column(study, pretend):
    text = """
factors:
  levers.rent_x: [0.5, 2]
  a: {keys: [landlords.policy], values: [fixed]}
  n: {cases: {2: {days: 2}, 3: {days: 3}}}
policies: {soft: {}, "hard [b]": {levers.subsidy_x: 2}}
metrics: [sales_yuan]
replicates: 1
"""
    found = sweep(study(text), work=pretend.work())
    runs = found.results.runs
    assert found.factors == ["levers.rent_x", "a", "n", "policy"]
    assert sorted(set(runs["levers.rent_x"])) == [0.5, 2]
    assert set(runs["a"]) == {"fixed"}
    assert runs["n"].tolist() == [2, 2, 3, 3] * 2
    assert set(runs["policy"]) == {"soft", "hard [b]"}
    assert {j.spec.landlords.policy for j in pretend.done} == {"fixed"}
    assert found.labels["policy"] == "policy"


def test_a_factor_of_true_and_false(study, pretend):
    text = "factors: {a: {keys: [categories.clothing.shippable], values: [true, false]}}\nreplicates: 1\n"
    found = sweep(study(text), work=pretend.work())
    assert found.results.runs["a"].tolist() == [True, False]
    assert [j.spec.categories["clothing"].shippable for j in pretend.done] == [True, False]


# -- runs ---------------------------------------------------------------------------------------------------
def test_points_that_differ_in_nothing_are_run_once_and_counted_as_often(study, pretend):
    text = "factors: {a: {keys: [days], values: [5, 6]}, b: {keys: [days], values: [7, 8]}}\nreplicates: 3\n"
    pretend.answer = hundreds
    found = sweep(study(text), work=pretend.work())
    assert len(pretend.done) == 6
    assert len(found.results.runs) == 12


def test_asking_again_repeats_no_run(study, pretend):
    path = study(TWO_BY_TWO)
    first = sweep(path, work=pretend.work())
    assert len(pretend.done) == 8
    more = sweep(path, replicates=3, work=pretend.work())
    assert [j.seed for j in pretend.done[8:]] == [3] * 4
    assert more.results.folder == first.results.folder
    # What is written elsewhere in the study changes no run.
    path.write_text(path.read_text().replace("Two by two", "2 x 2").replace("rents (x base)", "rents"))
    assert sweep(path, work=pretend.work()).labels["rent"] == "rents"
    assert len(pretend.done) == 12


def test_parts_of_a_study_come_together(study, pretend):
    path = study(TWO_BY_TWO)
    pretend.answer = hundreds
    assert sweep(path, work=pretend.work(shard=(2, 2))) is None
    assert len(pretend.done) == 4
    found = sweep(path, work=pretend.work(shard=(1, 2)))
    assert len({j.key for j in pretend.done}) == len(pretend.done) == 8
    assert found.results.runs["sales_yuan"].sum() == 1412


def test_overrides_change_the_study(study, pretend):
    sweep(
        study(TWO_BY_TWO),
        overrides=["replicates=1", "factors.rent.values=[4]", "set.levers.subsidy_x=3"],
        work=pretend.work(),
    )
    assert [(j.spec.levers.rent_x, j.spec.days, j.spec.levers.subsidy_x) for j in pretend.done] == [
        (4, 20, 3),
        (4, 30, 3),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("factors: {levers.rent_y: [1]}", r"asked.yaml:2:\d+: factors.levers.rent_y: is not a key here"),
        ("factors: {days: [1]}\nmetrics: [sale_yuan]", r"asked.yaml:3:11: metrics.0: there is no metric 'sale_yuan'"),
        ("set: {plugins: [mine]}\nfactors: {days: [1]}", r"plugin 'mine' is named here, but plugins are refused"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_run(study, pretend, tmp_path, text, message):
    with pytest.raises(ScenarioError, match=message):
        sweep(study(text), work=pretend.work(plugins=False))
    assert pretend.done == []
    assert not (tmp_path / "runs").exists()


def test_a_member_that_no_run_has_shows_afterwards_and_the_runs_are_kept(study, pretend):
    pretend.answer = lambda job: {"metrics": {"members/tuan": 0.2}}
    path = study("factors: {days: [1]}\nmetrics: [members/tuann]\nreplicates: 2\n")
    with pytest.raises(
        ScenarioError, match=r"asked.yaml:3:11: metrics.0: .*'members/tuann'.*kept(.|\n)*members/tuan\?"
    ):
        sweep(path, work=pretend.work())
    path.write_text(path.read_text().replace("tuann", "tuan"))
    assert sweep(path, work=pretend.work()).summary()["mean"].tolist() == [0.2]
    assert len(pretend.done) == 2


def test_a_window_over_months_that_are_not_simulated_is_undefined(study, pretend):
    pretend.answer = hundreds
    found = sweep(study(TWO_BY_TWO.replace("2013-02", "2014-02")), work=pretend.work())
    means = found.summary().set_index("metric").loc["last orders", "mean"]
    assert np.isnan(means).all()


# -- the studies that are shipped ---------------------------------------------------------------------------
TINY = ["set.population=300", "set.days=40", "replicates=1"]
FEWER = {
    "levers": [
        "factors.subsidy.values=[0,10]",
        "factors.rent.values=[1.7]",
        "factors.logistics.values=[0.5]",
    ],
    "circles": [
        "factors.radius.cases.14=null",
        "factors.radius.cases.28=null",
        "factors.circles.cases.3=null",
        "factors.circles.cases.5=null",
    ],
    "subsidy_replies": ["factors.burn.values=[4]", "factors.reply.cases.none=null"],
}


@pytest.mark.parametrize("name", FEWER)
def test_a_shipped_study_runs(name, pretend, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pretend, "_content", execute)
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # of Mesa
        found = sweep(SHIPPED / f"{name}.yaml", overrides=[*TINY, *FEWER[name]], work=pretend.work())
    assert found.results.failures.empty
    assert len(pretend.done) == 2
    assert set(found.metrics) <= set(found.results.runs.columns)
    assert len({j.key for j in pretend.done}) == 2
    assert found.study.question


def test_all_points_of_the_shipped_studies_can_be_simulated():
    files = sorted(SHIPPED.glob("*.yaml"))
    assert {f.stem for f in files} == set(FEWER)
    for file in files:
        study = load_study(file)
        found = points_of(study)
        sizes = [len(f.values or f.cases) for f in study.factor_specs().values()]
        assert len(found) == np.prod(sizes) > 10
        said = study.report.base
        if said:  # the star of the outcome map stands at the base scenario
            base = load_scenario(study.base_path, [f"population={study.set['population']}"])
            (at,) = [p.spec for p in found if p.factors == said]
            assert at.levers == base.levers
            assert {n: p.subsidy for n, p in at.platforms.items()} == {
                n: p.subsidy for n, p in base.platforms.items()
            }
