"""`run`: what it may be given, what it refuses, and what it says about itself."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

import o2o_sim
from o2o_sim import ScenarioError, run
from o2o_sim.record.archive import tables_digest
from o2o_sim.scenario.load import content_hash, load_scenario


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Default folders of results are made where the process stands."""
    monkeypatch.chdir(tmp_path)


def test_a_run_is_written_under_its_name_seed_and_hash(tiny, tmp_path):
    result = run(tiny, seed=7, days=2)
    spec = load_scenario(tiny).model_copy(update={"seed": 7, "days": 2})
    assert str(result.folder) == f"runs/tiny-7-{content_hash(spec)[:10]}"
    assert [p.name for p in (tmp_path / "runs").iterdir()] == [result.folder.name]
    assert len(list((result.folder / "plots").glob("*.png"))) == 8


def test_out_false_writes_nothing(tiny, tmp_path):
    result = run(tiny, out=False, days=1)
    assert result.folder is None
    assert list(tmp_path.iterdir()) == []
    assert len(result.daily) == 1


def test_a_file_with_changes_and_the_spec_made_of_them_are_the_same_run(tiny):
    one = run(tiny, out=False, days=40, seed=3, overrides=["levers.rent_x=1.5"])
    spec = load_scenario(tiny, ["levers.rent_x=1.5", "days=40", "seed=3"])
    two = run(spec, out=False)
    assert tables_digest(one.frames) == tables_digest(two.frames)
    assert one.manifest["scenario"] == two.manifest["scenario"]
    assert one.manifest["content_hash"] == content_hash(spec)


def test_threads_do_not_change_the_result(tiny):
    import numba

    before = numba.get_num_threads()
    most, one = (run(tiny, out=False, days=10, threads=n) for n in (numba.config.NUMBA_NUM_THREADS, 1))
    assert tables_digest(one.frames) == tables_digest(most.frames)
    assert one.manifest["threads"] == 1
    assert numba.get_num_threads() == before


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("days", 0, "--days: must be at least 1, found 0"),
        ("days", 10**9, "--days: must be at most 20000"),
        ("seed", -1, "--seed: must be at least 0"),
        ("seed", 1.5, "--seed: must be a whole number"),
        ("engine", "turbo", "--engine: must be 'compiled' or 'python'"),
        ("threads", 0, "--threads: must be a whole number from 1 to"),
        ("threads", 10_000, "--threads: must be a whole number from 1 to"),
    ],
)
def test_values_out_of_bounds_are_located(tiny, option, value, message):
    with pytest.raises(ScenarioError) as fault:
        run(tiny, out=False, **{option: value})
    assert message in str(fault.value)


def test_a_foreign_folder_is_refused_before_anything_is_simulated(tiny, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("")
    days = []
    with pytest.raises(ScenarioError, match="not an earlier run"):
        run(tiny, out="thesis", days=5, progress=lambda *a: days.append(a))
    assert days == []


def test_an_interrupted_run_leaves_nothing(tiny, tmp_path):
    def stop(day, days, today):
        if day == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tiny, days=5, progress=stop)
    assert list(tmp_path.rglob("*")) == []


def test_progress_is_told_of_every_day_from_0(tiny):
    told = []
    run(tiny, out=False, days=3, progress=lambda *a: told.append(a))
    assert told == [(0, 3, date(2013, 1, 1)), (1, 3, date(2013, 1, 2)), (2, 3, date(2013, 1, 3))]


def test_overrides_change_a_scenario_in_memory_as_they_change_a_file(tiny):
    overrides = ["days=3", "population=100", "levers.rent_x=2"]
    found = [run(each, out=False, overrides=overrides) for each in (tiny, load_scenario(tiny))]
    assert found[0].manifest["content_hash"] == found[1].manifest["content_hash"]
    assert found[0].manifest["days"] == 3
    pd.testing.assert_frame_equal(found[0].daily, found[1].daily)


def test_plugins_can_be_refused(tiny, tmp_path):
    (tmp_path / "mine.py").write_text("")
    (tmp_path / "mine.yaml").write_text(f"extends: {tiny}\nplugins: [mine]\n")
    with pytest.raises(ScenarioError, match="plugins are refused"):
        run("mine.yaml", out=False, days=1, plugins=False)
    assert list(run("mine.yaml", out=False, days=1).manifest["plugins"]) == ["mine"]


def test_the_manifest_tells_what_ran(tiny_result):
    m = tiny_result.manifest
    assert (m["days"], m["first_day"], m["last_day"], m["seed"]) == (70, "2013-01-01", "2013-03-11", 1)
    assert m["versions"]["o2o_sim"] == o2o_sim.__version__
    assert {"python", "mesa", "numpy", "numba"} <= set(m["versions"])
    assert "shop" in m["phase_seconds"]
    assert m["consumer_days_per_second"] == 70 * 800
    assert m["decisions_per_second"] == m["decisions"] == tiny_result.daily["needs"].sum()


def test_headline_figures_by_hand():
    """A made-up run of two days in two years, small enough to add up in the head."""
    from o2o_sim.record.result import headline

    daily = pd.DataFrame(
        {
            "date": [date(2013, 12, 31), date(2014, 1, 1)],
            "needs": [10, 30],
            "turned_away": [1, 1],
            "showroomed": [0, 2],
            "subsidy_yuan": [0.0, 60.0],
            "surplus_mean": [1.0, 2.0],
            "stores_open": [2, 2],
            "vacancy": [0.0, 0.5],
            "sales/walk-in": [90.0, 60.0],
            "sales/parcel": [10.0, 20.0],
            "sales/marketplace shop": [0.0, 20.0],
            "footfall/streets": [20.0, 60.0],
            "orders/bazaar": [1, 2],
        }
    )
    outcomes = pd.DataFrame(
        {"opened": ["2013-12-31", "2013-12-31", "2014-01-01"], "outcome": ["closed", "survived", "survived"]}
    )
    manifest = {"scenario": {"residents": 40.0, "population": 4, "start": "2013-12-31"}}
    h = headline({"daily": daily, "outcomes": outcomes}, manifest)
    assert h["sales_yuan"] == 200
    assert h["share_by_channel"] == {"walk-in": 0.75, "parcel": 0.15, "marketplace shop": 0.1}
    assert h["online_share"] == 0.25
    assert h["online_share_by_year"] == {2013: 0.1, 2014: 0.4}
    assert (h["subsidy_yuan"], h["subsidy_per_order_yuan"]) == (60, 2)
    assert (h["vacancy_first"], h["vacancy_last"]) == (0, 0.5)
    assert (h["stores_at_start"], h["stores_opened"], h["stores_closed"]) == (2, 1, 1)
    assert h["yearly_exit_rate"] == pytest.approx(1 / (4 / 365.25))
    assert h["showrooming_share"] == h["turned_away_share"] == 0.25
    assert h["surplus_mean"] == 1.75


def test_headline_agrees_with_the_recorder(tiny_model, tiny_result):
    from o2o_sim.record.result import ONLINE, online_channels

    assert ONLINE == tiny_model.recorder.online == online_channels(tiny_result.manifest)
    h = tiny_result.headline()
    assert h["sales_yuan"] == pytest.approx(tiny_result.daily["sales_yuan"].sum())
    assert sum(h["share_by_channel"].values()) == pytest.approx(1)
    assert h["stores_at_start"] + h["stores_opened"] == len(tiny_result.outcomes)
