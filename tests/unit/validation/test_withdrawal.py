"""What the part on the end of subsidies reads off days made by hand, and one tiny run."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
import withdrawal
from withdrawal import BEGIN, LAST, STOP, WEEK

from o2o_sim.studies.statistics import Interval

START = date(2013, 12, 1)


def days(value=lambda d: 10.0) -> pd.DataFrame:
    """A table of days in which `tuan` has `value(day)` orders, `kuai` half of that, and each is paid 4
    yuan."""
    dates = [START + timedelta(days=k) for k in range((LAST - START).days + 1)]
    tuan = [value(d) for d in dates]
    return pd.DataFrame({"date": dates, "tuan": tuan, "kuai": [x / 2 for x in tuan], "subsidy": 4.0})


def test_the_best_week_is_seven_days_of_the_war():
    first = date(2014, 3, 5)

    def orders(d):
        if d < BEGIN or d >= STOP:
            return 1000.0  # not of the war
        return 70.0 if first <= d < first + timedelta(days=7) else 90.0 if d == date(2014, 2, 1) else 10.0

    t = days(orders)
    assert withdrawal.best_week(t, t["tuan"]) == (70.0, first)


def test_the_best_week_may_begin_with_the_war():
    t = days(lambda d: 20.0 if BEGIN <= d < BEGIN + timedelta(days=7) else 10.0)
    assert withdrawal.best_week(t, t["tuan"]) == (20.0, BEGIN)


def test_what_is_left_is_of_the_week_from_the_stop_on():
    assert [d.isoformat() for d in WEEK] == ["2014-05-17", "2014-05-23"], "the source is of 22 and 23 May"
    t = days(lambda d: 53.0 if d < STOP else 30.0 if d <= WEEK[1] else 1.0)
    assert withdrawal.left(t, withdrawal.both(t), *WEEK) == pytest.approx(3.0 / 5.3)
    assert withdrawal.left(t, t["kuai"], *withdrawal.JUNE) == pytest.approx(1 / 53)
    assert withdrawal.both(t).iloc[0] == pytest.approx(53 * 1.5)


@pytest.mark.parametrize(
    ("low", "high", "passed"),
    [(0.50, 0.60, True), (0.47, 0.66, True), (0.45, 0.60, False), (0.60, 0.68, False), (0.3, 0.9, False)],
)
def test_the_bar_is_for_the_whole_interval(low, high, passed):
    assert withdrawal.within(Interval((low + high) / 2, low, high, 10)) == passed


def test_the_table_is_of_both_platforms_and_of_pairs(monkeypatch):
    war = days(lambda d: 100.0 if d < STOP else 57.0)
    monkeypatch.setattr(withdrawal, "runs", lambda quick=False: ((war, days()), (war, days())))
    rows = withdrawal.results()
    assert [r.value for r in rows] == pytest.approx([0.57, 0.57, 0.57, 0.57, 0.10, 47 / 90])
    assert [r.passed for r in rows] == [True] + 5 * [None]
    assert {r.kind for r in rows} == {"predicted"}
    text = withdrawal.details()
    assert "| 2 | 2014-01-10 | 1.00 | 4.00 | 0.570 |" in text and "cannot be shown" in text


def test_a_run_is_made_once(monkeypatch, tmp_path):
    monkeypatch.setattr(withdrawal, "LAST", date(2013, 12, 20))
    monkeypatch.setattr(withdrawal, "BEGIN", date(2013, 12, 8))
    monkeypatch.setattr(withdrawal, "KEPT", tmp_path / "kept")
    size = ("population=300", "start=2013-12-01", "stores.formats.restaurant row.modes=[partnership]",
            "platforms.tuan.subsidy.start=2013-12-10")  # fmt: skip
    found = withdrawal.orders(3, size)
    assert len(found) == 20 and found["date"].iloc[0] == START and found["tuan"].sum() > 0
    paid = found[found["subsidy"] > 0]
    assert len(paid) and paid["date"].min() >= date(2013, 12, 10) and paid["subsidy"].max() <= 4.0
    monkeypatch.setattr(withdrawal, "run", None)
    pd.testing.assert_frame_equal(withdrawal.orders(3, size), found)
    with pytest.raises(TypeError):
        withdrawal.orders(4, size)
