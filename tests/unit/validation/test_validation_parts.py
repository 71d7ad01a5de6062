"""What the validation reads off tables made by hand, and what it writes."""

from __future__ import annotations

import math
from datetime import date

import closing
import five_shops
import gradients
import numpy as np
import pandas as pd
import pytest
import validate
from kept_tables import made_once
from results import Result, table
from scipy.stats import chi2

from o2o_sim.record.logit import logit
from o2o_sim.record.result import RunResult

MONTHS = [date(2013, 1, 31), date(2013, 2, 28), date(2013, 3, 31), date(2013, 4, 30)]


def result(**frames: pd.DataFrame) -> RunResult:
    scenario = {
        "cohorts": {"60s": {}, "90s": {}, "80s": {}, "00s": {}},
        "residents": 2000,
        "population": 1000,
        "categories": {"clothing": {"shippable": True}, "fresh food": {"shippable": False}},
    }
    return RunResult(None, {"scenario": scenario}, frames)


# -- who closes ---------------------------------------------------------------------------------------------
def street(n: int = 20, gone: dict[int, str] | None = None, fate: str = "closed") -> RunResult:
    """n shops over four months; revenue of shop k is 100 k + 100 a month, rent 20; `gone` are dates of
    leaving."""
    left = gone or {}
    books = [
        {
            "month": m,
            "store": k,
            "format": "row",
            "state": "open",
            "revenue_yuan": 100.0 * (k + 1),
            "rent_yuan": -20.0,
        }
        for m in MONTHS
        for k in range(n)
        if left.get(k, "9999") >= m.isoformat()
    ]
    fates = [
        {"store": k, "outcome": fate if k in left else "survived", "changed": left.get(k, "2013-01-01")}
        for k in range(n)
    ]
    return result(stores_monthly=pd.DataFrame(books), outcomes=pd.DataFrame(fates))


def test_exits_are_counted_after_the_window():
    found = closing.risks(street(gone={0: "2013-02-28", 1: "2013-03-31", 5: "2013-04-30"}), months=2)
    assert 0 not in set(found["store"]), "gone with the window's last evening"
    assert set(found.loc[found["gone"], "store"]) == {1, 5}
    assert len(found) == 19 and set(found["window"]) == {0}
    assert found.set_index("store").loc[3, "rent_share"] == pytest.approx(40 / 800)


@pytest.mark.parametrize(("fate", "leaves"), [("closed", True), ("moved online", True), ("showroom", False)])
def test_what_counts_as_leaving(fate, leaves):
    found = closing.risks(street(gone={4: "2013-03-31"}, fate=fate), months=2).set_index("store")
    assert found.loc[4, "gone"] == leaves


def test_deciles_are_of_revenue_and_windows_follow_one_another():
    found = closing.risks(street(), months=1)
    assert set(found["window"]) == {0, 1, 2}
    first = found[found["window"] == 0].sort_values("revenue_yuan")
    assert first["decile"].tolist() == [d for d in range(1, 11) for _ in range(2)]
    rates = closing.by_decile(closing.risks(street(gone={1: "2013-03-31"}), months=2))
    assert rates["stores"].sum() == 20 and rates["gone"].tolist() == [1] + [0] * 9
    assert rates["rate"].iloc[0] == 0.5


def test_who_came_in_the_middle_of_a_window_is_not_in_it():
    r = street()
    books = r.frames["stores_monthly"]
    r.frames["stores_monthly"] = books[(books["store"] != 7) | (books["month"] > MONTHS[0])]
    assert 7 not in set(closing.risks(r, months=2)["store"])


def test_too_short_a_run_has_no_windows():
    assert not len(closing.risks(street(), months=3))


def test_slope_gives_back_what_exits_were_drawn_with():
    rng = np.random.default_rng(5)
    size, window = rng.normal(20, 1.5, 3000), rng.integers(0, 3, 3000)
    level = np.array([-2.0, -1.0, -99.0])[window]  # nobody leaves in the third window
    p = 1 / (1 + np.exp(-(level - 0.5 * (size - 20))))
    found = pd.DataFrame(
        {"run": 0, "window": window, "revenue_yuan": 2.0**size, "gone": rng.random(3000) < p}
    )
    b, se = closing.slope(found)
    assert abs(b + 0.5) < 2 * se < 0.2


def test_slope_within_formats_compares_like_with_like():
    """Large formats leave more often, but of one format the small ones do."""
    rng = np.random.default_rng(6)
    big = rng.random(4000) < 0.5
    own = rng.normal(0, 1, 4000)
    p = 1 / (1 + np.exp(-(-3 + 2.0 * big - 0.6 * own)))
    found = pd.DataFrame(
        {
            "window": 0,
            "revenue_yuan": 2.0 ** (20 + 6 * big + own),
            "gone": rng.random(4000) < p,
            "format": np.where(big, "hall", "row"),
        }
    )
    assert closing.slope(found)[0] > 0
    b, se = closing.slope(found, within_format=True)
    assert abs(b + 0.6) < 2 * se


# -- who buys online ----------------------------------------------------------------------------------------
def sales() -> pd.DataFrame:
    rows = [
        ("parcel", "clothing", "90s", 30),
        ("walk-in", "clothing", "90s", 70),
        ("marketplace shop", "clothing", "80s", 20),
        ("walk-in", "clothing", "80s", 80),
        ("parcel", "clothing", "60s", 5),
        ("walk-in", "clothing", "60s", 95),
        ("without", "clothing", "60s", 500),
        ("walk-in", "fresh food", "60s", 40),
        ("parcel", "clothing", "00s", 9),
    ]
    return pd.DataFrame(rows, columns=["channel", "category", "cohort", "purchases"]).assign(month=MONTHS[0])


def test_online_shares_are_of_purchases():
    r = result(sales_monthly=sales())
    assert gradients.online_by_category(r) == {"clothing": pytest.approx(64 / 309), "fresh food": 0.0}
    t = gradients.online_by_age(r, "clothing")
    assert t["cohort"].tolist() == ["90s", "80s", "60s"], "youngest first, without children"
    assert t["share"].tolist() == [0.3, 0.2, 0.05] and t["n"].tolist() == [100, 100, 100]
    assert gradients.age_slope(r, "clothing") == pytest.approx(logit([30, 20, 5], [0, 1, 2], [100] * 3)[0][1])
    assert gradients.online_by_category(r, 2014) == {}


def test_the_survey_is_read_as_it_stands():
    all_ = gradients.survey("electronics")
    assert all_.mean == pytest.approx(89 / 363) and (all_.low, all_.high) == pytest.approx(
        (0.204, 0.292), abs=1e-3
    )
    ages = gradients.survey_by_age("clothing")
    assert ages["n"].sum() == 384 and ages["share"].iloc[-1] == pytest.approx(3 / 71)
    b, se = gradients.survey_slope("electronics")
    assert b < -3 * se < 0


def test_rent_on_sales_is_of_open_stores():
    books = pd.DataFrame({"state": ["open", "open", "online-only"], "format": ["row"] * 3,
                          "rent_yuan": [-10.0, -30.0, -99.0], "revenue_yuan": [100.0, 300.0, 1.0]})  # fmt: skip
    assert gradients.rent_on_sales(result(stores_monthly=books)) == {"row": pytest.approx(0.1)}


def test_looking_first():
    daily = pd.DataFrame({"showroomed": [2, 2], "footfall/streets": [40.0, 60.0]})
    books = pd.DataFrame(
        {"category": ["clothing", "fresh food"], "looked_only": [8.0, 0.0], "visits": [20.0, 80.0]}
    )
    found = gradients.looked_first(result(daily=daily, stores_monthly=books, sales_monthly=sales()))
    assert found == {"visits": 0.08, "visits to shops of what can be ordered": 0.4, "online orders": 4 / 64}


# -- the five shops -----------------------------------------------------------------------------------------
def test_the_survey_has_813_purchases():
    seen = five_shops.survey()
    assert seen.counts.shape == (19, 5) and seen.counts.sum() == 813
    assert seen.alternatives == ("E01", "E02", "E03", "E04", "E07") and seen.area_m2[0].tolist()[-1] == 200


def test_agreement_is_pearsons_and_tells_a_difference():
    p = np.array([[0.5, 0.3, 0.2], [0.7, 0.298, 0.002]])
    square, freedom, chance = five_shops.agreement(np.array([[60.0, 25.0, 15.0], [70.0, 29.0, 1.0]]), p)
    by_hand = 100 / 50 + 25 / 30 + 25 / 20
    assert freedom == 3 and square == pytest.approx(by_hand) and chance == pytest.approx(chi2.sf(by_hand, 3))
    rng = np.random.default_rng(1)
    fair = [
        five_shops.agreement(np.array([rng.multinomial(2000, q) for q in p], float), p)[2] for _ in range(200)
    ]
    assert 0.01 < (np.array(fair) < 0.05).mean() < 0.10
    shifted = np.array([[0.45, 0.35, 0.2], [0.7, 0.298, 0.002]]) * 2000
    assert five_shops.agreement(shifted, p)[2] < 1e-3


@pytest.mark.slow
def test_the_simulated_city_buys_where_the_estimates_say(monkeypatch):
    """With the full form, estimated once; two of a thousand fair cities fail."""
    seen = five_shops.survey()
    free, held = five_shops.FORMS["+ K, K_KKr; spread estimated"]
    fit = five_shops.estimate(seen, free, fixed=held)
    monkeypatch.setattr(five_shops, "best", lambda: ("", fit))
    counts = five_shops.simulated.__wrapped__(7)
    assert counts.sum() == 38_000
    assert five_shops.agreement(counts, fit.predict(seen))[2] > 0.002
    alike = fit.predict(seen).mean(axis=0, keepdims=True).repeat(19, axis=0)
    assert five_shops.agreement(counts, alike)[2] < 1e-9


# -- the page -----------------------------------------------------------------------------------------------
def test_a_table_says_everything_of_a_result():
    rows = [Result("a", "fitted", "3 seeds", 0.12345, (0.1, 0.2), "0.15", True),
            Result("b", "predicted", "1 run", math.nan, (-math.inf, 1.0), "none", None, "a note"),
            Result("c", "checked", "9", 2.0, None, "1", False, "another", 1)]  # fmt: skip
    lines = table(rows).splitlines()
    assert lines[2] == "| a | fitted | 3 seeds | 0.123 | 0.100 to 0.200 | 0.15 | pass |"
    assert lines[3] == "| b (1) | predicted | 1 run | - | - to 1.000 | none | reported |"
    assert lines[4] == "| c (2) | checked | 9 | 2.0 |  | 1 | miss |"
    assert lines[6] == "(1) a note" and lines[-1] == "(2) another"
    assert rows[1].as_json()["value"] is None and rows[1].as_json()["interval"] == [None, 1.0]


def test_the_page_keeps_other_parts_and_counts_all(monkeypatch):
    monkeypatch.setattr(validate, "PARTS", ("closing", "gradients"))
    hit = Result("a hit", "predicted", "1", 1.0, None, "1", True).as_json()
    miss = Result("a miss", "fitted", "1", 1.0, None, "2", False).as_json()
    figures = {"closing": [hit, hit | {"passed": None}], "gradients": [miss, hit]}
    page = validate.written({"gradients": "## Two\\1\n\nstale words", "closing": "## One\n\nkept"}, figures)
    blocks = validate.sections(page)
    assert list(blocks) == ["closing", "gradients"] and blocks["closing"] == "## One\n\nkept"
    again = validate.written(blocks | {"gradients": "## Two\\1\n\nnew"}, figures)
    assert (
        "stale words" not in again
        and "kept" in again
        and validate.sections(again)["gradients"].endswith("new")
    )
    assert "| [One](#closing) | 1 of 1 pass |  |  | 1 |" in again
    assert "| [Two\\1](#gradients) | 1 of 1 pass |  | 0 of 1 pass |  |" in again
    assert "- a miss (gradients, fitted)" in again and "a hit (" not in again


def test_every_part_can_be_called():
    for part in validate.PARTS:
        module = validate.importlib.import_module(part)
        assert callable(module.results) and module.__doc__


def test_a_table_that_could_not_be_made_is_not_kept(tmp_path):
    file = tmp_path / "there" / "one.csv"

    def stopped():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_once(file, stopped)
    assert not file.exists()
    made = pd.DataFrame({"year": [2011], "share": [0.1]})
    pd.testing.assert_frame_equal(made_once(file, lambda: made), made)
    pd.testing.assert_frame_equal(made_once(file, stopped), made)
    assert [f.name for f in file.parent.iterdir()] == ["one.csv"]
