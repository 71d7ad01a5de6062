"""China 2011-2018: what is read off a run, the estimation, the curves beside it, and the verdict."""

from __future__ import annotations

from datetime import date

import china
import growth_curves
import numpy as np
import pandas as pd
import pytest

from o2o_sim.record.result import RunResult
from o2o_sim.scenario.load import load_scenario
from o2o_sim.studies.job import key_of

YEARS = china.FIT_YEARS + china.AHEAD


def yearly(shares) -> pd.DataFrame:
    """A table of `by_year` with these online shares."""
    return pd.DataFrame({"year": YEARS, "online": np.asarray(shares, float), "access": 0.6, "shoppers": 0.4})


def test_by_year_counts_all_that_a_parcel_brought():
    months = [date(2011, 11, 30), date(2011, 12, 31), date(2012, 1, 31)]
    sales = pd.DataFrame(
        [(months[0], "parcel", 10.0), (months[0], "walk-in", 50.0), (months[0], "without", 900.0),
         (months[1], "marketplace shop", 20.0), (months[1], "coupon", 20.0), (months[2], "walk-in", 5.0)],
        columns=["month", "channel", "sales_yuan"],
    )  # fmt: skip
    city = pd.DataFrame({"month": months, "smartphone": [0.4, 0.5, 0.8], "members/bazaar": [0.1, 0.2, 0.4]})
    found = china.by_year(RunResult(None, {}, {"sales_monthly": sales, "city_monthly": city}))
    assert found["year"].tolist() == [2011, 2012]
    assert found["online"].tolist() == [30.0, 0.0]
    assert found["access"].tolist() == [0.5, 0.8] and found["shoppers"].tolist() == [0.4, 0.5]


def test_a_run_is_made_once(tmp_path, monkeypatch):
    monkeypatch.setattr(china, "KEPT", tmp_path / "there")
    spec = load_scenario(china.SMALL, ["population=100", "days=31"])
    first = china.simulate(spec, 3)
    monkeypatch.setattr(china, "run", lambda *a, **k: pytest.fail("run again"))
    pd.testing.assert_frame_equal(china.simulate(spec, 3), first)
    with pytest.raises(pytest.fail.Exception):
        china.simulate(spec, 4)


def test_computed_figures_are_what_their_sources_say():
    assert china.published()[2014] == pytest.approx(100 * 2.7898 / 26.2, abs=0.06)
    goods = china.published("physical_goods_online_share_pct")
    assert china.published()[2017] == pytest.approx(goods[2017] * 7.18 / 5.48, abs=0.006)
    assert china.published()[2018] == pytest.approx(100 * 9.0 / (41.1649 / 1.08), abs=0.06)
    assert set(china.published()) == set(YEARS) and all(goods[y] < china.published()[y] for y in china.AHEAD)


def test_the_scenario_has_the_best_numbers():
    best = china.fitted()[0]
    there = load_scenario(china.SCENARIO)
    assert key_of(there, 1) == key_of(load_scenario(china.SCENARIO, china.overrides(best)), 1)
    assert key_of(there, 1) != key_of(load_scenario(china.SCENARIO, china.overrides(best + 0.005)), 1)
    assert there.start.year == YEARS[0] and there.days == (date(2019, 1, 1) - there.start).days


TRUE = np.array([4.3, 0.1, 0.9])
SLOPES = np.array([[0.11, 0.0, 0.0], [0.11, 0.05, -0.02], [0.1, 0.1, -0.05], [0.1, 0.2, -0.12]])
"""Changes of the logarithms of shares per step of each number, in a world that is not simulated."""


def shares_there(values, seeds=()):
    steps = (np.asarray(values) - TRUE) / [f.step for f in china.FREE]
    return china.figures(china.FIT_YEARS) * np.exp(SLOPES @ steps)


def test_estimate_finds_the_numbers_that_made_the_figures(monkeypatch):
    monkeypatch.setattr(china, "share_of", shares_there)
    best, slopes = china.estimate()
    assert np.abs(best - TRUE) / [f.step for f in china.FREE] == pytest.approx(0, abs=0.2)
    expected = SLOPES * china.figures(china.FIT_YEARS)[:, None]
    assert slopes == pytest.approx(expected, rel=0.2, abs=0.05)


def test_allowed_sets_fit_about_as_well_and_keep_to_the_bounds():
    figures = china.figures(china.FIT_YEARS)
    sets = china.allowed(TRUE, figures, SLOPES * figures[:, None], n=200)
    assert all((sets[:, k] >= f.low).all() and (sets[:, k] <= f.high).all() for k, f in enumerate(china.FREE))
    off = np.array([shares_there(v) - figures for v in sets])
    assert np.sqrt((off**2).mean()) < china.NOISE
    which, mean, sd = china.PRIOR
    assert sets[:, which].mean() == pytest.approx(mean, abs=sd) and sets[:, which].std() < 1.3 * sd
    assert len(np.unique(sets[:, 0])) > 190


@pytest.mark.parametrize("name", growth_curves.CURVES)
def test_curves_give_back_what_they_made(name):
    formula, start, _ = growth_curves.CURVES[name]
    shares = formula(np.arange(8.0), *start)
    assert growth_curves.through(name, list(shares[:4]), 8)[1] == pytest.approx(shares, rel=0.02)


def test_one_more_is_students_interval():
    low, high = china.one_more(np.array([[1.0], [3.0]]))
    assert (low[0] + high[0]) / 2 == 2
    assert high[0] - 2 == pytest.approx(12.706 * np.sqrt(2) * np.sqrt(1.5), rel=1e-3)


def test_futures_move_with_the_numbers_and_the_luck():
    best = china.fitted()[0]
    seeds = np.array([china.figures(YEARS) * x for x in (0.9, 1.1)])
    still = np.array([seeds[0]] * 3)
    assert np.unique(np.round(china.futures(seeds, still)[1][:, 0] / seeds[0, 0], 9)) == pytest.approx(
        [1, 11 / 9]
    )
    sets, found = china.futures(seeds[:1], still * np.array([[1.1], [1.0], [1.0]]))
    steps = (sets[:, 0] - best[0]) / china.FREE[0].step
    assert found[:, -1] == pytest.approx(seeds[0, -1] * 1.1**steps)


def verdicts(ours) -> dict[str, str]:
    around = [yearly(np.asarray(ours) + d) for d in (-0.2, 0.0, 0.2)]
    return {r.name: r.verdict for r in china.of_tables(around, [around[0]] * len(china.FREE))}


def test_a_model_that_is_right_passes_and_one_that_is_not_misses():
    error = "mean absolute error 2015-2018, percentage points"
    right = verdicts(china.figures(YEARS))
    assert right[error] == "pass" and right["online share 2018, %, best numbers"] == "pass"
    wrong = verdicts(china.figures(YEARS) + np.array([0, 0, 0, 0, 5, 5, 5, 5]))
    assert wrong[error] == "miss"
    assert all(wrong[f"online share {y}, %, {what}"] == "miss"
               for y in china.AHEAD for what in ("best numbers", "allowed numbers"))  # fmt: skip
    assert {v for name, v in wrong.items() if name.endswith(tuple(f"{y}, %" for y in china.FIT_YEARS))} == {
        "reported"
    }
    above = china.curve("logistic")[1]
    assert (above[4:] > china.figures(china.AHEAD)).all()
    assert [verdicts(above + d)[error] for d in (-0.01, 0.01)] == ["pass", "miss"]


def test_the_page_and_the_picture(tmp_path, monkeypatch):
    seeds = [yearly(china.figures(YEARS) * x) for x in (0.97, 1.0, 1.03)]
    monkeypatch.setattr(china, "runs", lambda quick=False: (seeds, [seeds[0]] * len(china.FREE)))
    monkeypatch.setattr(china, "PICTURE", tmp_path / "china.png")
    page = china.details()
    assert (
        "| model, best numbers | 4.3 | 6.3 | 7.8 | 10.6 | 12.9 | 15.5 | 19.6 | 23.6 | 0.00 |"
        in page.replace("19.7", "19.6")
    )
    assert "the model has 60 % of people online" in page and all(
        f"| {name} |" in page for name in china.CURVES
    )
    china.picture()
    assert (tmp_path / "china.png").stat().st_size > 10_000
