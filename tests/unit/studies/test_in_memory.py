"""Studies of scenarios, models and metrics that lie in memory, with real runs in a very small city."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

import o2o_sim as o2o
from o2o_sim.errors import ScenarioError
from o2o_sim.studies.points import load_study
from o2o_sim.studies.sweeps import points_of


class Generous(o2o.O2OModel):
    """Pays twice the wages."""

    def wage_yuan(self) -> float:
        return 2 * super().wage_yuan()


def wages(result) -> float:
    """Paid by all stores, in yuan."""
    return -float(result.stores_monthly["wages_yuan"].sum())


@pytest.fixture
def spec(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return o2o.load_scenario(tiny, ["population=60", "days=40"])


@pytest.fixture
def here():
    return o2o.Work(workers=0)


def text_of(found) -> str:
    console = Console(file=io.StringIO(), width=110)
    for part in found.tables():
        console.print(part)
    return console.file.getvalue()


def test_a_class_of_model_and_a_metric_of_ones_own_are_compared(spec, here):
    dear = o2o.Variant(spec, ["levers.rent_x=2"], name="<dear>")
    found = o2o.compare(
        [spec, o2o.Variant(spec, model=Generous), dear], replicates=2, metrics={"wages": wages}, work=here
    )
    assert found.names == ["tiny", "Generous", "<dear>"]
    assert found.results.failures.empty
    usual, generous, _ = (found.values(name, "wages") for name in found.names)
    assert generous == pytest.approx(2 * usual) and (usual != 0).all()
    assert "wages  " in text_of(found)
    assert found.table("Generous").iloc[0]["metric"] == "wages"
    assert list(found.pictures()) == ["difference_Generous", "difference_<dear>"]
    assert "Wages" in [t.get_text() for t in found.picture("difference_Generous").axes[0].texts]
    page = found._repr_html_()
    assert "&lt;dear&gt; against tiny" in page and "<dear>" not in page
    assert found.results.folder.name in page


def test_two_scenarios_of_one_file_get_names_of_their_own(spec, here):
    dear = o2o.load_scenario(spec, ["levers.rent_x=2"])
    assert o2o.compare([spec, dear], replicates=1, work=here).names == ["tiny", "tiny (2)"]


def test_a_model_from_a_function(spec, here):
    made = []

    def make(spec, seed):
        made.append(seed)
        return o2o.O2OModel(spec, seed)

    found = o2o.replicate(o2o.Variant(spec, model=make), seeds=[5, 3], work=here)
    assert made == [5, 3] and found.name == "make"
    assert (
        o2o.run(spec, model=make, seed=5, out=False).headline()["sales_yuan"] == found.values("sales_yuan")[0]
    )


def test_a_study_in_memory_makes_the_runs_of_its_file(spec, tiny, tmp_path):
    values = np.linspace(1, 2, 3)
    (tmp_path / "study.yaml").write_text(
        f"base: {tiny}\nset: {{population: 60, days: 40}}\nfactors: {{levers.rent_x: [1.0, 1.5, 2.0]}}\n"
    )
    ways = (
        load_study("study.yaml"),
        load_study("study.yaml", base=tiny),
        load_study({"base": spec, "factors": {"levers.rent_x": values}}),
        load_study(
            {"base": str(tiny), "set": {"population": 60, "days": 40}, "factors": {"levers.rent_x": values}}
        ),
    )
    specs = [[p.spec for p in points_of(study)] for study in ways]
    assert specs[0] == specs[1] == specs[2] == specs[3]
    assert [s.levers.rent_x for s in specs[0]] == [1, 1.5, 2]


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ({"factors": {"levers.rnt_x": [1]}}, r"factors.levers.rnt_x: is not a key here(.|\n)*levers.rent_x"),
        ({"factors": {"levers.rent_x": [1]}, "replicates": 0}, "replicates: must be at least 1"),
        (
            {"factors": {"levers.rent_x": [1]}, "metrics": ["wagges"]},
            r"metric 'wagges'\n  did you mean wages",
        ),
        ({"factors": {"wages": {"keys": ["levers.rent_x"], "values": [1]}}}, "called 'wages' already"),
    ],
)
def test_what_is_wrong_with_a_study_in_memory_is_said_with_its_key(spec, here, study, message, tmp_path):
    with pytest.raises(ScenarioError, match=message):
        o2o.sweep({"base": spec, **study}, metrics={"wages": wages}, work=here)
    assert not (tmp_path / "runs").exists()


def test_a_metric_of_ones_own_in_every_kind_of_study(spec, here):
    own = {"wages": wages}
    varied = {"levers.rent_x": [1, 3]}
    study = {
        "base": o2o.Variant(spec, model=Generous),
        "factors": varied,
        "replicates": 2,
        "metrics": ["wages"],
    }
    swept = o2o.sweep(study, metrics=own, work=here, report=True)
    usual = o2o.sweep(study, base=spec, metrics=own, work=here)
    assert swept.summary()["mean"].tolist() == pytest.approx((2 * usual.summary()["mean"]).tolist())
    assert "response_levers.rent_x" in swept.pictures() and "wages" in text_of(swept)

    ranged = {"levers.rent_x": {"low": 1, "high": 3}}
    goal = {"seek": "smallest", "factor": "levers.rent_x", "metric": "wages", "at_least": 0, "replicates": 3}
    found = o2o.find({"base": spec, "factors": ranged, "find": goal}, metrics=own, work=here)
    assert found.goal.found == 1 and "wages" in found._repr_html_()

    both = [spec, o2o.load_scenario(spec, ["levers.rent_x=3"])]
    explained = o2o.explain(*both, replicates=2, metrics=own, work=here)
    assert explained.metrics[0] == "wages" and explained.means("wages")[0] == usual.summary()["mean"][0]
    with pytest.raises(ScenarioError, match="another class of model"):
        o2o.explain(spec, o2o.Variant(both[1], model=Generous), work=here)


def test_a_metric_that_fails_is_a_failed_run(spec, here):
    def picky(result):
        if result.manifest["seed"] == 2:
            raise ValueError("not with this one")
        return 1.0

    found = o2o.replicate(spec, seeds=range(1, 4), metrics={"picky": picky}, work=here)
    assert found.results.failures["seed"].tolist() == [2]
    assert "ValueError: not with this one" in found.results.failures["error"][0]
    assert found.interval("picky").n == 2


@pytest.mark.slow
def test_worker_processes_are_given_models_and_metrics_of_a_module(spec, here):
    work = o2o.Work(workers=1)
    scenario = o2o.Variant(spec, model=Generous)
    there, same = (
        o2o.replicate(scenario, replicates=2, metrics={"wages": wages}, work=w) for w in (work, here)
    )
    assert there.values("wages").tolist() == same.values("wages").tolist()


def test_a_class_without_a_scenario_says_what_is_missing(here):
    with pytest.raises(ScenarioError, match=r"Variant\(scenario, model=...\)"):
        o2o.replicate(Generous, work=here)
