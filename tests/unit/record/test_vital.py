"""How shops live: the figures of real venues, of shops made up with known truth, and of a run."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from o2o_sim.record import vital
from o2o_sim.record.vital import Lives, from_months, joined, of_run

TEXAS = Path(__file__).parents[3] / "experiments" / "validation" / "data" / "texas_venue_months.parquet"


def month(k: int) -> str:
    return f"{2014 + k // 12}-{k % 12 + 1:02}"


def lives(
    sales, *, gone=None, newcomer=None, group=None, site=None, known=None, empty=None, first=None, last=None
) -> Lives:
    """Shops whose sales are said, NaN where they did not trade."""
    sales = np.asarray(sales, float)
    there = ~np.isnan(sales)
    n, months = sales.shape
    first = there.argmax(axis=1) if first is None else np.asarray(first)
    last = months - 1 - there[:, ::-1].argmax(axis=1) if last is None else np.asarray(last)

    def each(values, otherwise, kind):
        return np.asarray(otherwise if values is None else values, kind)

    return Lives(
        sales,
        first,
        last,
        each(gone, last < months - 1, bool),
        each(newcomer, first > 0, bool),
        each(group, np.full(n, ""), str),
        each(site, np.arange(n), np.int64),
        months if known is None else known,
        empty,
    )


# -- real venues --------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def texas() -> Lives:
    table = pd.read_parquet(TEXAS)
    return from_months(
        table, shop="venue", site="site", month="month", sales="receipts_usd", unknown=3, watched=2
    )


def test_the_figures_of_the_texan_venues_are_those_of_their_notes(texas):
    """experiments/validation/data/README.md, as it rounds them."""
    found = vital.statistics(texas)
    told = {
        "sales_change_month": 0.167,
        "sales_change_year": 0.121,
        "exit_slope": -0.298,
        "exit_slope_se": 0.038,
        "entry_rate": 0.135,
        "exit_rate": 0.094,
        **dict(zip([f"entrant_survival_{k}" for k in vital.AGES], (0.961, 0.902, 0.867, 0.804, 0.750))),
        **dict(zip([f"taken_again_{k}" for k in vital.WAITS], (0.132, 0.175, 0.230, 0.311))),
    }
    assert {name: found[name] for name in told} == pytest.approx(told, abs=0.0006)
    assert found["sales_spread"] == pytest.approx(1.50, abs=0.005)
    risks = vital.risks(texas)
    assert len(risks) == 3389
    deciles = [0.156, 0.162, 0.103, 0.091, 0.077, 0.080, 0.080, 0.056, 0.047, 0.038]
    assert vital.exits_by(risks, "decile")["rate"].tolist() == pytest.approx(deciles, abs=0.0006)
    fifths = [0.167, 0.074, 0.071, 0.049, 0.086]
    assert vital.exits_by(risks, "fifth")["rate"].tolist() == pytest.approx(fifths, abs=0.0006)
    assert list(vital.ramp_up(texas).values()) == pytest.approx([-0.02, 0.0, 0.01, -0.02, -0.02], abs=0.006)


# -- shops with known truth ---------------------------------------------------------------------------------
@pytest.mark.parametrize("sd, groups", [(0.05, 1), (0.17, 4)])
def test_changes_are_told_beyond_what_all_of_a_trade_share(sd, groups):
    rng = np.random.default_rng(1)
    n, months = 400, 36
    group = np.arange(n) % groups
    season = rng.normal(0, 1, (groups, months))
    walk = np.cumsum(rng.normal(0, sd, (n, months)), axis=1)
    found = lives(np.exp(10 + season[group] + walk), group=group)
    assert vital.robust_sd(vital.monthly_changes(found)) == pytest.approx(sd, rel=0.05)
    # The mean of 12 months of a random walk less that of the 12 before: sd * sqrt((2 * 144 + 1) / 36).
    year = sd * math.sqrt((2 * 144 + 1) / 36)
    assert vital.robust_sd(vital.yearly_changes(found)) == pytest.approx(year, rel=0.1)


def test_what_the_shops_of_one_city_share_is_no_change_of_their_own():
    rng = np.random.default_rng(6)
    one, other = (lives(np.exp(rng.normal(0, 0.1, (20, 30)) + rng.normal(0, 1, 30))) for _ in range(2))
    both = vital.monthly_changes(joined([one, other]))
    apart = np.concatenate([vital.monthly_changes(one), vital.monthly_changes(other)])
    assert sorted(both) == pytest.approx(sorted(apart))
    assert vital.robust_sd(both) == pytest.approx(0.1 * math.sqrt(2), rel=0.1)


def test_trades_of_few_shops_do_not_count_their_own_median_off():
    rng = np.random.default_rng(2)
    few = lives(np.exp(rng.normal(size=(vital.LEAST - 1, 30))))
    assert len(vital.monthly_changes(few)) == len(vital.yearly_changes(few)) == 0
    assert math.isnan(vital.robust_sd(vital.monthly_changes(few)))


@pytest.mark.parametrize("slope", [-1.0, -0.3, 0.5])
def test_the_slope_of_exits_is_found_within_trades_that_differ(slope):
    """Trades whose shops are larger and close more often would turn the sign of a slope over all."""
    rng = np.random.default_rng(3)
    n = 6000
    group = rng.integers(0, 5, n)
    size = rng.normal(0, 1.2, n)
    gone = rng.random(n) < 1 / (1 + np.exp(3.2 - 0.8 * group - slope * size))
    sales = np.exp(8 + 2 * group + size)[:, None] * np.ones(24)
    last = np.where(gone, rng.integers(12, 23, n), 23)
    sales[np.arange(24) > last[:, None]] = np.nan
    b, se = vital.exit_slope(vital.risks(lives(sales, gone=gone, group=group)))
    assert abs(b - slope) < 3 * se and se < 0.06


def test_a_trade_of_which_nobody_leaves_tells_nothing_of_the_slope():
    rng = np.random.default_rng(5)
    sales = np.exp(rng.normal(8, 1, 400))[:, None] * np.ones(24)
    sales[::9, 14:] = np.nan
    some = vital.risks(lives(sales))
    both = vital.risks(lives(np.vstack([sales, np.full((30, 24), 5.0)]), group=np.repeat([0, 1], [400, 30])))
    assert vital.exit_slope(both) == pytest.approx(vital.exit_slope(some))


def test_a_slope_without_exits_is_unknown():
    assert math.isnan(vital.exit_slope(vital.risks(lives(np.full((50, 24), 7.0))))[0])
    assert math.isnan(vital.exit_slope(vital.risks(lives(np.full((50, 23), 7.0))))[0])


def test_deciles_and_fifths_are_those_within_a_trade():
    n = 100
    group = np.arange(n) % 2
    sales = (1 + np.arange(n) // 2)[:, None] * np.where(group, 1000, 1)[:, None] * np.ones(24)
    sales[:, 6:12] *= np.linspace(2, 1, n)[:, None]
    sales[80:, 14:] = np.nan
    found = vital.risks(lives(sales, group=group))
    assert found.groupby(["group", "decile"]).size().tolist() == [5] * 20
    assert vital.exits_by(found, "decile")["gone"].tolist() == [0] * 8 + [10, 10]
    assert vital.exits_by(found, "fifth")["gone"].tolist() == [20, 0, 0, 0, 0]
    assert vital.share_from_worst_trend(found) == 1.0
    assert math.isnan(vital.share_from_worst_trend(found[~found["gone"]]))


@pytest.mark.parametrize(
    "last, in_risk, gone", [(10, False, None), (11, True, True), (23, True, True), (24, True, False)]
)
def test_an_exit_is_one_at_the_years_end_or_in_the_twelve_months_after(last, in_risk, gone):
    sales = np.ones((1, 30))
    sales[:, last + 1 :] = np.nan
    found = vital.risks(lives(sales))
    assert found["gone"].tolist() == ([gone] if in_risk else [])


@pytest.mark.parametrize("hazard", [0.01, 0.05])
def test_the_survival_of_newcomers_is_that_of_their_hazard_whenever_they_came(hazard):
    rng = np.random.default_rng(4)
    n, months = 8000, 40
    first = rng.integers(0, months - 1, n)
    length = rng.geometric(hazard, n)
    gone = first + length - 1 < months - 1
    last = np.minimum(first + length - 1, months - 1)
    at = np.arange(months)
    sales = np.where((at >= first[:, None]) & (at <= last[:, None]), 1.0, np.nan)
    found = vital.survival(lives(sales, gone=gone))
    for age, value in found.items():
        assert value == pytest.approx((1 - hazard) ** age, abs=0.02)
    late = lives(sales[:, :10][first < 9], first=first[first < 9], last=np.minimum(last, 9)[first < 9])
    assert math.isnan(vital.survival(late)[24])


def test_rates_are_those_of_whole_years_over_who_was_there_before():
    sales = np.ones((10, 24))
    sales[0, 5:] = np.nan  # left in the first year
    sales[1, 15:] = np.nan
    sales[2, :12] = np.nan  # came in the second
    assert vital.rates(lives(sales)) == (1 / 8, 1 / 8)
    assert all(math.isnan(x) for x in vital.rates(lives(sales[:, :23])))


@pytest.mark.parametrize("wait, taken", [(1, 0.0), (3, 1.0), (6, 1.0), (12, 1.0)])
def test_a_single_unit_is_taken_by_who_comes_next(wait, taken):
    sales = np.ones((2, 30))
    sales[0, 8:] = np.nan
    sales[1, :10] = np.nan
    assert vital.taken_again(lives(sales, site=[0, 0]))[wait] == taken
    assert vital.taken_again(lives(sales, site=[0, 1]))[wait] == 0.0


def test_of_many_empty_units_each_is_as_likely_to_be_taken():
    sales = np.ones((4, 30))
    sales[0, 8:] = np.nan  # one leaves at the end of month 7, when three others stand empty
    sales[1, :8] = np.nan  # two come in month 8
    sales[2, :8] = np.nan
    sales[3, :10] = np.nan  # one more in month 10
    empty = np.full((1, 30), 3.0)
    empty[0, 7], empty[0, 8:10], empty[0, 10:] = 2, 2, 1
    found = vital.taken_again(lives(sales, site=[0, 0, 0, 0], empty=empty))
    # Month 8: two of the four; month 10: one of the two that were left.
    assert found == pytest.approx({1: 0.5, 3: 1 - 0.5 * (1 - 1 / 3), 6: 2 / 3, 12: 2 / 3})


def test_closings_are_counted_in_months_of_which_they_are_known():
    sales = np.ones((6, 26))
    for shop, last in enumerate((3, 3, 3, 9, 24)):
        sales[shop, last + 1 :] = np.nan
    found = lives(sales, known=24)
    assert vital.closings(found).sum() == 4
    assert vital.peak(found) == pytest.approx(3 / (4 / 24))
    assert math.isnan(vital.peak(lives(np.ones((3, 24)))))


# -- tables -------------------------------------------------------------------------------------------------
def test_a_table_of_months_is_read_whatever_its_order():
    rows = [("a", "x", month(k), 5.0, "bar") for k in range(10)]
    rows += [("b", "x", month(k), 0.0 if k == 12 else 3.0, "cafe") for k in range(11, 20)]
    table = pd.DataFrame(rows, columns=["shop", "site", "month", "sales", "trade"])
    names = {"shop": "shop", "site": "site", "month": "month", "sales": "sales"}
    found = from_months(table.sample(frac=1, random_state=1), **names, group="trade")
    assert (found.first.tolist(), found.last.tolist()) == ([0, 11], [9, 19])
    assert (found.gone.tolist(), found.newcomer.tolist()) == ([True, False], [False, True])
    assert found.group.tolist() == ["bar", "cafe"] and found.site.tolist() == [0, 0]
    assert np.isnan(found.sales[1, 12]) and found.known == 19
    assert from_months(table, **names, unknown=11).gone.tolist() == [False, False]
    assert from_months(table, **names, watched=12).newcomer.tolist() == [False, False]


@pytest.mark.parametrize(
    "change, said",
    [({"unknown": 0}, "must be 1 or more"), ({"watched": 0}, "must be 1 or more"), ({}, "no row has sales")],
)
def test_a_table_that_tells_nothing_is_refused(change, said):
    table = pd.DataFrame({"shop": ["a"], "site": ["x"], "month": ["2014-01"], "sales": [0.0]})
    with pytest.raises(ValueError, match=said):
        from_months(table, shop="shop", site="site", month="month", sales="sales", **change)


def run_on_paper() -> dict[str, pd.DataFrame]:
    """Three months of five stores: one stays, one closes, two go on online only, one is founded."""
    ends = [date(2014, 1, 31), date(2014, 2, 28), date(2014, 3, 31)]
    books = [(m, 0, "row", "mall", "open", 100.0) for m in ends]
    books += [(m, 1, "row", "mall", "showroom", 50.0) for m in ends[:2]]
    books += [(ends[0], 2, "hall", "streets", "open", 70.0)]
    books += [(m, 2, "hall", "streets", "online only", 60.0) for m in ends[1:]]
    books += [(m, 4, "hall", "streets", "open", 9.0) for m in ends]
    books += [(ends[1], 3, "row", "mall", "open", 0.0), (ends[2], 3, "row", "mall", "open", 0.0)]
    columns = ["month", "store", "format", "circle", "state", "revenue_yuan"]
    stores = [(0, "survived", "2014-01-01"), (1, "closed", "2014-01-01"), (2, "moved online", "2014-01-01"),
              (3, "survived", "2014-02-28"), (4, "moved online", "2014-01-01")]  # fmt: skip
    circles = [(m, "mall", 10, let) for m, let in zip(ends, (2, 2, 2))]
    return {
        "outcomes": pd.DataFrame(stores, columns=["store", "outcome", "opened"]).assign(
            name=lambda t: [f"shop {k}" for k in t["store"]]
        ),
        "stores_monthly": pd.DataFrame(books, columns=columns),
        "circles_monthly": pd.DataFrame(circles, columns=["month", "circle", "units", "let"]),
        "daily": pd.DataFrame({"date": [date(2014, 1, 1), date(2014, 3, 31)]}),
        "events": pd.DataFrame([("entry", "shop 3", "{}")], columns=["kind", "who", "figures"]),
    }


def test_a_store_lives_while_it_holds_its_unit():
    found = of_run(run_on_paper())
    assert found.first.tolist() == [0, 0, 0, 2, 0]
    assert found.last.tolist() == [2, 1, 0, 2, 2]
    assert found.gone.tolist() == [False, True, True, False, True]
    assert found.newcomer.tolist() == [False, False, False, True, False]
    assert found.group.tolist() == ["row", "row", "hall", "row", "hall"] and found.site.tolist() == [
        0,
        0,
        1,
        0,
        1,
    ]
    assert found.empty.tolist() == [[8, 8, 8], [0, 0, 0]]
    assert found.sales[3, 2] == 0


@pytest.mark.parametrize("before, site", [("shop 1", [0, 1, 2, 1, 3]), ("", [0, 1, 2, 3, 4])])
def test_a_unit_is_known_by_who_was_there_before(before, site):
    frames = run_on_paper()
    frames["events"]["figures"] = [json.dumps({"tenant before": before})]
    found = of_run(frames)
    assert found.empty is None and found.site.tolist() == site
    assert joined([found, found]).site.tolist() == [*site, *(k + 1 + max(site) for k in site)]


def test_runs_are_joined_with_sites_of_their_own():
    one = of_run(run_on_paper())
    both = joined([one, one])
    assert len(both) == 10 and both.site.tolist() == [0, 0, 1, 0, 1, 2, 2, 3, 2, 3]
    assert both.empty.shape == (4, 3) and both.group.tolist() == one.group.tolist() * 2
    with pytest.raises(ValueError, match="equally many months"):
        joined([one, lives(np.ones((1, 7)))])
    with pytest.raises(ValueError, match="at least one run"):
        joined([])


def test_a_run_of_no_month_has_no_lives(tiny_result):
    frames = {**tiny_result.frames, "stores_monthly": pd.DataFrame()}
    assert len(of_run(frames)) == 0
    assert all(math.isnan(x) for x in vital.statistics(of_run(frames)).values())
    found = of_run(tiny_result.frames)
    assert len(found) > 10 and found.months == 2
    assert np.nansum(found.sales) == pytest.approx(tiny_result.stores_monthly["revenue_yuan"].sum())
