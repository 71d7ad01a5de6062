"""What a study keeps of one run."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.modes import BUILT_IN
from o2o_sim.record import metrics as module
from o2o_sim.record import outcomes
from o2o_sim.record.metrics import (
    HEADLINE,
    METRICS,
    Window,
    family_of,
    gini,
    label_of,
    metrics,
    monthly,
    stores,
    window_value,
)
from o2o_sim.record.result import RunResult
from o2o_sim.studies.run import run
from o2o_sim.systems.franchise import CHANNEL as BRAND_ONLINE

MALL = "万/达.1"
JANUARY, FEBRUARY = date(2014, 1, 31), date(2014, 2, 28)


# -- a run on paper -----------------------------------------------------------------------------------------
def fate(number, category, circle, outcome, opened="2014-01-30", changed="2014-01-30"):
    return (number, f"shop {number}", category, "row", circle, outcome, "", "", opened, changed)


@pytest.fixture
def paper() -> RunResult:
    """Four days, 100 consumers for 1000 residents, seven stores, four circles and the streets."""
    daily = {
        "date": [date(2014, 1, 30) + timedelta(days=k) for k in range(4)],
        "needs": [10, 30, 20, 0],
        "turned_away": [1, 0, 0, 0],
        "showroomed": [0, 2, 0, 0],
        "subsidy_yuan": [0.5, 0.5, 1.0, 1.0],
        "surplus_mean": [-1.0, -2.0, 3.0, 0.0],
        "stores_open": [7, 7, 6, 5],
        "vacancy": [0.1, 0.3, 0.2, 0.4],
        "sales/walk-in": [100.0] * 4,
        "sales/parcel": [0.0, 100.0, 0.0, 0.0],
        f"footfall/{MALL}": [10.0, 20.0, 30.0, 40.0],
        "footfall/B": [20.0] * 4,
        "footfall/late": [0.0, 0.0, 0.0, 90.0],
        "footfall/never": [0.0] * 4,
        "footfall/streets": [100.0] * 4,
        "orders/tuan": [1, 2, 3, 0],
        "orders/ok.com/x": [0, 0, 0, 0],
    }
    fates = [
        fate(0, "food", MALL, "survived"),
        fate(1, "food", MALL, "integrated"),
        fate(2, "toys/x", "streets", "showroom"),
        fate(3, "toys/x", "streets", "moved online"),
        fate(4, "toys/x", MALL, "closed", changed="2014-02-01"),
        fate(5, "food", "streets", "closed", changed="2014-02-02"),
        fate(6, "food", "late", "survived", opened="2014-01-31"),
    ]
    december = date(2013, 12, 31)
    books = [
        (december, 0, "row", 999.0, 99.0, 31, 31),
        (JANUARY, 0, "row", 100.0, -10.0, 62, 0),
        (JANUARY, 1, "row", 300.0, 30.0, 93, 0),
        (JANUARY, 6, "hall", 0.0, -5.0, 0, 0),
    ]
    goods = [
        ("food", "walk-in", 60.0),
        ("food", "parcel", 20.0),
        ("food", "walk-in", 20.0),
        ("food", "without", 9.0),
    ]
    circles = [
        (december, "B", 10, 0.9, 999.0),
        (JANUARY, MALL, 30, 0.1, 100.0),
        (JANUARY, "B", 10, 0.5, 200.0),
        (JANUARY, "streets", 100, 0.5, 50.0),
    ]
    city = {
        "month": [december, JANUARY],
        "smartphone": [0.5, 0.6],
        "members/tuan": [0.3, 0.2],
        "cash_yuan/tuan": [5.0, -0.02],
        "members/ok.com/x": [0.0, 0.1],
        "cash_yuan/ok.com/x": [-7.0, 0.0],
    }
    paid = [(JANUARY, "platform", "tuan", "subsidy", {"spent this month (yuan)": 0.1})] * 3
    events = [*paid, (JANUARY, "store", "tuan", "adopt social", {})]
    frames = {
        "daily": pd.DataFrame(daily),
        "outcomes": pd.DataFrame(fates, columns=outcomes.COLUMNS),
        "stores_monthly": pd.DataFrame(
            books,
            columns=["month", "store", "format", "revenue_yuan", "profit_yuan", "visits", "turned_away"],
        ).assign(circle=MALL, state="open", rent_yuan=[-20.0, -50.0, -150.0, 0.0]),
        "sales_monthly": pd.DataFrame(goods, columns=["category", "channel", "sales_yuan"]),
        "circles_monthly": pd.DataFrame(
            circles, columns=["month", "circle", "units", "vacancy", "rent_yuan_m2_month"]
        ).assign(let=1),
        "city_monthly": pd.DataFrame(city),
        "events": pd.DataFrame(
            [(d, k, w, what, "", json.dumps(f)) for d, k, w, what, f in events],
            columns=["date", "kind", "who", "decision", "reason", "figures"],
        ),
    }
    scenario = {
        "start": "2014-01-30",
        "residents": 1000,
        "population": 100,
        "categories": {"toys/x": {}, "food": {}, "unsold": {}},
        "stores": {"formats": {"row": {}, "hall": {}, "kiosk": {}}},
        "circles": {
            MALL: {"opens": None},
            "B": {},
            "late": {"opens": "2014-02-02"},
            "never": {"opens": "2015-01-01"},
        },
    }
    return RunResult(None, {"scenario": scenario}, frames)


def test_headline_is_flat(paper):
    m = metrics(paper)
    assert m["sales_yuan"] == 500
    assert m["share_by_channel/parcel"] == m["online_share"] == m["online_share/2014"] == pytest.approx(0.2)
    assert m["sales_by_channel_yuan/walk-in"] == 400
    assert m["sales_by_channel_yuan/app delivery"] == 0, "a channel that nobody used is there, too"
    assert m["surplus_mean"] == pytest.approx(-10 / 60)
    assert (m["vacancy_first"], m["vacancy_last"]) == (0.1, 0.4)


def test_stores_by_outcome(paper):
    m = metrics(paper)
    counts = {o: m[f"stores_{o}"] for o in ("survived", "integrated", "showroom", "moved_online", "closed")}
    assert counts == {"survived": 2, "integrated": 1, "showroom": 1, "moved_online": 1, "closed": 2}
    shares = [m[f"share_{f}"] for f in ("survived", "integrated", "closed")]
    assert shares == pytest.approx([2 / 7, 3 / 7, 2 / 7])
    assert m["closed_after_days"] == 2.5


def test_stores_by_category_and_circle(paper):
    m = metrics(paper)

    def row(by):
        return [m[f"stores_{f}/{by}"] for f in ("survived", "integrated", "closed")]

    assert row("category/food") == [2, 1, 1]
    assert row("category/toys/x") == [0, 2, 1]
    assert row("category/unsold") == [0, 0, 0]
    assert row(f"circle/{MALL}") == [1, 1, 1]
    assert row("circle/streets") == [0, 2, 1]
    assert row("circle/late") == [1, 0, 0]


def test_stores_by_format(paper):
    m = metrics(paper)

    def of(metric):
        return [m[f"{metric}/format/{name}"] for name in ("row", "hall", "kiosk")]

    nan = pytest.approx(math.nan, nan_ok=True)
    assert of("stores_closed_share") == [2 / 7, nan, nan]
    assert of("integrated_share") == [3 / 7, nan, nan]
    # Four lived the four days, one three of them; one closed on the third day, one on the fourth.
    assert of("life_days") == [pytest.approx((4 * 4 + 2 + 3 + 3) / 7), nan, nan]
    assert of("sales_yuan_month") == [pytest.approx(1399 / 3), 0, nan]
    assert of("profit_yuan_month") == [pytest.approx(119 / 3), -5, nan]
    assert of("profit_margin") == [pytest.approx(119 / 1399), nan, nan]
    assert of("visits_day") == [2, 0, nan], "186 visitors in three months of 31 days"
    assert of("turned_away_share") == [pytest.approx(31 / 186), nan, nan]


def test_channels_of_a_category(paper):
    m = metrics(paper)
    assert m["sales_share/food/walk-in"] == 0.8 and m["sales_share/food/parcel"] == 0.2
    assert m["sales_share/food/app delivery"] == 0 and math.isnan(m["sales_share/unsold/parcel"])
    assert "sales_share/food/without" not in m


def test_sales_of_who_has_not_traded_yet_do_not_count(paper):
    assert metrics(paper)["gini_sales"] == 0.25, "100 and 300; the third opened that evening"


def test_circles(paper):
    m = metrics(paper)
    assert m["circle_footfall_day"] == 30, "270 visitors in 4 + 4 + 1 days of open circles"
    flow = [m[f"circle_footfall_day/{c}"] for c in (MALL, "B", "late", "streets")]
    assert flow == [25, 20, 90, 100]
    assert m["circle_vacancy_last"] == pytest.approx(8 / 40)
    assert m["circle_rent_yuan_m2_month_last"] == 125
    assert m[f"circle_rent_yuan_m2_month_last/{MALL}"] == 100
    assert m["circle_vacancy_last/streets"] == 0.5
    for name in ("footfall_day/never", "vacancy_last/never", "vacancy_last/late"):
        assert math.isnan(m[f"circle_{name}"])


def test_landlords(paper):
    """The mall's books: 20 in December, of whose units nothing is known, 50 and 150 in January with 29 empty units."""
    m = metrics(paper)
    assert m["landlord_income_yuan"] == m[f"landlord_income_yuan/{MALL}"] == 220
    assert m["vacancy_cost_yuan"] == m[f"vacancy_cost_yuan/{MALL}"] == 29 * 100
    assert m["landlord_income_yuan/B"] == m["vacancy_cost_yuan/B"] == 0


def test_platforms(paper):
    m = metrics(paper)
    assert (m["members/tuan"], m["members_peak/tuan"]) == (0.2, 0.3)
    assert m["orders_day/tuan"] == 15, "6 orders in 4 days, each of 10 people"
    assert m["subsidy_yuan/tuan"] == pytest.approx(0.3) and m["subsidy_yuan/ok.com/x"] == 0
    assert m["cash_yuan/tuan"] == -0.02
    assert (m["platform_solvent/tuan"], m["platform_solvent/ok.com/x"]) == (0, 1)


def test_a_run_that_closes_no_month(paper):
    for name in ("stores_monthly", "circles_monthly", "city_monthly", "sales_monthly"):
        paper.frames[name] = pd.DataFrame()
    paper.frames["events"] = paper.frames["events"].iloc[:0]
    m = metrics(paper)
    for name in (
        "gini_sales", "circle_vacancy_last", "circle_vacancy_last/B", "members/tuan", "cash_yuan/tuan",
        "subsidy_yuan/tuan", "platform_solvent/tuan", "profit_margin/format/row", "sales_share/food/parcel",
    ):  # fmt: skip
        assert math.isnan(m[name]), name
    assert m["circle_footfall_day"] == 30
    assert "vacancy/B" not in set(monthly(paper)["series"])


def test_a_city_without_stores_and_circles(paper):
    paper.frames["outcomes"] = paper.frames["outcomes"].iloc[:0]
    daily = paper.frames["daily"]
    paper.frames["daily"] = daily[[c for c in daily if not c.startswith("footfall/")]]
    paper.frames["circles_monthly"] = pd.DataFrame()
    m = metrics(paper)
    assert m["stores_closed"] == 0
    for name in ("share_closed", "closed_after_days", "circle_footfall_day", "circle_vacancy_last"):
        assert math.isnan(m[name])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5, 5, 5], 0),
        ([300, 100], 0.25),
        ([0, 1, 0], 2 / 3),
        ([1, 2, 3, 4], 0.25),
        ([], None),
        ([0, 0], None),
    ],
)
def test_gini(values, expected):
    found = gini(np.array(values))
    assert math.isnan(found) if expected is None else found == pytest.approx(expected)


# -- months on paper ----------------------------------------------------------------------------------------
def series(table: pd.DataFrame, name: str) -> dict[str, float]:
    rows = table[table["series"] == name]
    return {month.isoformat(): value for month, value in zip(rows["month"], rows["value"])}


def test_months_are_means_per_day(paper):
    table = monthly(paper)
    assert list(table.columns) == ["month", "series", "value"]
    assert series(table, "orders/tuan") == {"2014-01-01": 1.5, "2014-02-01": 1.5}
    assert series(table, f"footfall/{MALL}") == {"2014-01-01": 15, "2014-02-01": 35}
    assert series(table, "vacancy") == pytest.approx({"2014-01-01": 0.2, "2014-02-01": 0.3})
    assert series(table, "stores_open") == {"2014-01-01": 7, "2014-02-01": 5.5}
    assert series(table, "sales/coupon") == {"2014-01-01": 0, "2014-02-01": 0}


def test_surplus_is_per_need(paper):
    assert series(monthly(paper), "surplus_mean") == {"2014-01-01": -1.75, "2014-02-01": 3}


def test_months_of_city_and_circles(paper):
    table = monthly(paper)
    assert series(table, "cash_yuan/tuan") == {"2013-12-01": 5, "2014-01-01": -0.02}
    assert series(table, "rent_yuan_m2_month/B") == {"2013-12-01": 999, "2014-01-01": 200}
    assert series(table, f"vacancy/{MALL}") == {"2014-01-01": 0.1}, "no row before it opened"


def test_months_are_sorted_and_plain(paper):
    table = monthly(paper)
    assert type(table["month"].iloc[0]) is date
    assert table["value"].dtype == np.float64
    keys = list(zip(table["series"], table["month"]))
    assert keys == sorted(set(keys))


def test_stores_is_the_table_of_outcomes(paper):
    paper.frames["outcomes"] = paper.frames["outcomes"].iloc[::-1]
    table = stores(paper)
    assert list(table.columns) == outcomes.COLUMNS
    assert table["store"].dtype == np.int64 and list(table["store"]) == list(range(7))
    assert all(isinstance(v, str) for c in outcomes.COLUMNS[1:] for v in table[c])
    empty = paper.frames["outcomes"].iloc[:0]
    assert stores(RunResult(None, {}, {"outcomes": empty})).dtypes.equals(table.dtypes)


# -- windows ------------------------------------------------------------------------------------------------
@pytest.fixture
def months() -> pd.DataFrame:
    rows = [
        (date(2014, k, 1), name, value * k)
        for k in range(1, 7)
        for name, value in (
            ("orders/tuan", 1.0),
            ("orders/kuai", 10.0),
            ("odd*", 7.0),
            ("odder", 1.0),
            ("nil", 0.0),
        )
    ]
    return pd.DataFrame(rows, columns=["month", "series", "value"])


def value_of(months, name, first, last, *over):
    spans = [date(2014, *day) for day in (first, last, *over)]
    return window_value(months, Window("w", name, *spans))


def test_a_month_is_inside_by_its_first_day(months):
    assert value_of(months, "orders/tuan", (2, 1), (4, 1)) == 3
    assert value_of(months, "orders/tuan", (2, 2), (4, 30)) == 3.5, "February began before"
    assert value_of(months, "orders/tuan", (2, 1), (3, 31)) == 2.5


def test_one_span_over_another(months):
    assert value_of(months, "orders/tuan", (5, 1), (6, 30), (1, 1), (1, 31)) == 5.5
    assert math.isnan(value_of(months, "nil", (5, 1), (6, 30), (1, 1), (1, 31)))


def test_a_star_adds_up(months):
    assert value_of(months, "orders/*", (2, 1), (3, 1)) == 27.5
    assert value_of(months, "odd*", (1, 1), (1, 31)) == 7, "a series may be called so"


def test_no_such_months(months):
    assert math.isnan(value_of(months, "orders/tuan", (7, 1), (9, 1)))
    assert math.isnan(value_of(months, "orders/tuan", (1, 1), (2, 1), (7, 1), (9, 1)))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("orders/tuam", "orders/tuan"), ("order/*", r"orders/\*"), ("Orders/kuai", "orders/kuai")],
)
def test_an_unknown_series(months, wrong, right):
    with pytest.raises(ScenarioError, match=f"did you mean {right}"):
        value_of(months, wrong, (1, 1), (2, 1))


def test_a_series_like_no_other(months):
    with pytest.raises(ScenarioError, match="no monthly series rainfall"):
        value_of(months, "rainfall", (1, 1), (2, 1))


def test_impossible_windows():
    days = date(2014, 2, 1), date(2014, 1, 1)
    for spans in (days, (*days[::-1], *days), (*days[::-1], days[0])):
        with pytest.raises(ScenarioError, match="window w"):
            Window("w", "orders/tuan", *spans)


def test_months_may_be_timestamps(months):
    stamped = months.assign(month=pd.to_datetime(months["month"]))
    assert value_of(stamped, "orders/*", (2, 1), (3, 1)) == 27.5


# -- the catalogue ------------------------------------------------------------------------------------------
def test_labels():
    assert label_of("stores_closed/category/clothing") == "stores closed, clothing"
    assert label_of("stores_closed/category/toys/x") == "stores closed, toys/x"
    assert label_of("stores_closed") == "stores closed"
    assert label_of("sales_yuan") == METRICS["sales_yuan"].label == "sales (yuan)"
    assert label_of("cash_yuan/ok.com/x") == "cash of platform, ok.com/x (yuan)"
    assert label_of("surplus_mean") == "consumer surplus per need (utils)"
    assert label_of("online_share/2013") == "online share, 2013"
    assert label_of("my window") == "my window"


def test_labels_tell_metrics_apart():
    whole = [name for name in METRICS if "/" not in name]
    assert len({label_of(name) for name in whole}) == len(whole)


def test_the_headline_is_there(paper):
    assert set(HEADLINE) <= set(metrics(paper)) & set(METRICS)


def test_names_agree_with_where_they_are_made():
    assert module.OUTCOMES == outcomes.OUTCOMES
    assert set(module.CHANNELS) == {"walk-in", "parcel", BRAND_ONLINE, *(mode.channel for mode in BUILT_IN)}


# -- actual runs --------------------------------------------------------------------------------------------
HARD = (
    "residents=100000", "levers.rent_x=2.5", "stores.cash_months=1", "stores.credit_months=0",
    "stores.satisficing.patience_months=1", "platforms.bazaar.subsidy.per_order_yuan=5",
)  # fmt: skip


@pytest.fixture(scope="module")
def hard(tiny) -> RunResult:
    """Four whole months in which most stores close and one platform pays towards orders."""
    return run(tiny, out=False, days=120, overrides=HARD)


@pytest.fixture(params=["usual", "hard"])
def actual(request, tiny_result, hard) -> RunResult:
    return {"usual": tiny_result, "hard": hard}[request.param]


def test_every_metric_is_in_the_catalogue(actual):
    m = metrics(actual)
    assert all(family_of(name) for name in m)
    assert {family_of(name) for name in m} == set(METRICS)
    assert all(type(value) is float for value in m.values())


def test_counts_add_up(actual):
    m, size = metrics(actual), len(actual.outcomes)
    fates = [m[f"stores_{o.replace(' ', '_')}"] for o in outcomes.OUTCOMES]
    assert sum(fates) == size == m["stores_at_start"] + m["stores_opened"]
    assert m["share_survived"] + m["share_integrated"] + m["share_closed"] == pytest.approx(1)
    whole = {"survived": fates[0], "integrated": sum(fates[1:4]), "closed": fates[4]}
    for by in ("category", "circle"):
        for name, count in whole.items():
            assert sum(v for k, v in m.items() if k.startswith(f"stores_{name}/{by}/")) == count
    assert sum(v for k, v in m.items() if k.startswith("share_by_channel/")) == pytest.approx(1)


def test_the_hard_run_is_one(hard):
    m = metrics(hard)
    assert m["stores_closed"] > 10 and 0 < m["closed_after_days"] < 120 and 0 < m["gini_sales"] < 1


def test_subsidies_of_whole_months_add_up(hard):
    m = metrics(hard)
    assert m["subsidy_yuan"] == pytest.approx(m["subsidy_yuan/bazaar"])
    assert m["subsidy_yuan/bazaar"] > 0 == m["subsidy_yuan/tuan"]


def test_orders_are_of_the_last_thirty_days(hard):
    last = hard.daily["orders/bazaar"].to_numpy()[-30:]
    assert metrics(hard)["orders_day/bazaar"] == pytest.approx(last.sum() / 30 * 100000 / 800)


def test_footfall_of_circles_is_that_of_the_days(actual):
    """Thaihot opens inside the run; two others after it."""
    m, daily = metrics(actual), actual.daily
    days = len(daily) - 40  # 1 January to 9 February it was not there
    assert m["circle_footfall_day/Thaihot"] == pytest.approx(daily["footfall/Thaihot"].sum() / days)
    assert math.isnan(m["circle_footfall_day/South Bank"])
    assert math.isnan(m["circle_vacancy_last/South Bank"])


def test_months_hold_every_series(actual):
    table = monthly(actual)
    wanted = set(actual.daily.columns) - {"date"} | set(actual.city_monthly.columns) - {"month"}
    assert wanted < set(table["series"])
    assert not table["value"].isna().any()
    sales = series(table, "sales_yuan")
    for month, rows in actual.daily.groupby([d.replace(day=1).isoformat() for d in actual.daily["date"]]):
        assert sales[month] == pytest.approx(rows["sales_yuan"].mean())


def test_the_order_of_rows_changes_nothing(actual, paper):
    for result in (actual, paper):
        mixed = {name: frame.sample(frac=1, random_state=3) for name, frame in result.frames.items()}
        other = RunResult(None, result.manifest, mixed)
        before, after = metrics(result), metrics(other)
        assert list(before) == list(after)
        np.testing.assert_array_equal(list(before.values()), list(after.values()))
        pd.testing.assert_frame_equal(monthly(result), monthly(other))
        pd.testing.assert_frame_equal(stores(result), stores(other))


def test_runs_of_one_scenario_have_the_same_names(tiny, hard):
    """Also if other channels come up in them, and the scenario lists its groups in another order."""
    other = run(tiny, out=False, days=120, seed=5, overrides=[*HARD, "levers.rent_x=1"])
    for group in ("categories", "circles", "platforms"):
        listed = other.manifest["scenario"][group]
        other.manifest["scenario"][group] = dict(reversed(listed.items()))
    assert set(other.daily.columns) != set(hard.daily.columns)
    other.frames["daily"] = other.daily[other.daily.columns[::-1]]
    assert list(metrics(other)) == list(metrics(hard))
    assert set(monthly(other)["series"]) == set(monthly(hard)["series"])
