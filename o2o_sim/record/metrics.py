"""What a study keeps of one run: its numbers, its stores in a line each, and its months.

Money is in yuan of the whole city; metrics count real people's visits and orders, months count as the tables
do that they come from. Names of categories, circles, platforms and channels are texts of the user's own:
whatever follows a family's name and a slash is one of them."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..errors import ScenarioError
from ..scenario.circles import STREETS
from ..scenario.shape import closest
from .metrics_groups import by_format, landlords, sales_shares
from .result import RunResult, columns_of, headline, people_each
from .vital import AGES, RAMP, WAITS, of_run, statistics

Frames = Mapping[str, pd.DataFrame]
Kind = Literal["share", "count", "yuan", "utils", "days", "rate", "index", "flag"]

# These two stand where they are made, too; to import them from there would load the compiler.
OUTCOMES = ("survived", "integrated", "showroom", "moved online", "closed")
CHANNELS = (
    "walk-in",
    "coupon",
    "social delivery",
    "app delivery",
    "parcel",
    "marketplace shop",
    "group deal",
    "alliance delivery",
    "warehouse delivery",
    "brand online",
)
"""Channels that every city has, even one that nobody has used; a plugin's ways of integrating add theirs."""

FATE = dict(zip(OUTCOMES, ("survived", "integrated", "integrated", "integrated", "closed")))
"""The outcomes in three: a showroom and a shop that moved online count as integrated."""
KEYS = {
    "daily": ["date"],
    "outcomes": ["store"],
    "stores_monthly": ["month", "store"],
    "circles_monthly": ["month", "circle"],
    "city_monthly": ["month"],
}
LAST_DAYS = 30
FEN = 0.01


# -- the catalogue ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Metric:
    """A family of metrics. `name` says in words what it counts, `meaning` defines it; `kind` says how to
    write it: a share or flag lies between 0 and 1, a count is whole, a rate is so many a day."""

    name: str
    unit: str
    kind: Kind
    meaning: str

    @property
    def label(self) -> str:
        """Its name, with the unit where the name does not say it."""
        return self.name + self._unit()

    def label_for(self, member: str) -> str:
        """The label of one member of the family, such as one category."""
        return f"{self.name}, {member}{self._unit()}"

    def _unit(self) -> str:
        return "" if self.kind in ("share", "count", "index", "flag") else f" ({self.unit})"


# fmt: off
METRICS: dict[str, Metric] = {
    "sales_yuan": Metric("sales", "yuan", "yuan", "price less the shop's discount plus the delivery fee"),
    "sales_by_channel_yuan": Metric("sales by channel", "yuan", "yuan", "sales through one channel"),
    "share_by_channel": Metric("share of sales", "share", "share", "share of sales through one channel"),
    "online_share": Metric("online share", "share", "share",
        "share of sales that a parcel brought, regardless of the seller; /YEAR: of one calendar year"),
    "subsidy_yuan": Metric("subsidies", "yuan", "yuan",
        "what platforms paid towards orders; /PLATFORM: of one, in the months that the run has closed"),
    "subsidy_per_order_yuan": Metric("subsidy per order", "yuan", "yuan",
        "subsidies over all orders through platforms"),
    "vacancy_first": Metric("share of units empty at first", "share", "share",
        "units without a tenant, of all units in open circles and streets, on the first day"),
    "vacancy_last": Metric("share of units empty at last", "share", "share", "the same on the last day"),
    "stores_at_start": Metric("stores at the start", "stores", "count", "stores of the first day"),
    "stores_opened": Metric("stores opened", "stores", "count", "stores that opened later"),
    "stores_survived": Metric("stores survived", "stores", "count", "open on the last day as plain shops"),
    "stores_integrated": Metric("stores integrated", "stores", "count",
        "open on the last day with at least one way of integrating with online"),
    "stores_showroom": Metric("stores turned showroom", "stores", "count", "showrooms on the last day"),
    "stores_moved_online": Metric("stores moved online", "stores", "count",
        "have left their unit and sell online only"),
    "stores_closed": Metric("stores closed", "stores", "count", "gone by the last day"),
    "yearly_exit_rate": Metric("closures per store and year", "1/year", "share",
        "closures over the years that all stores together were open"),
    "share_survived": Metric("share of stores survived", "share", "share",
        "stores survived, of all that ever existed"),
    "share_integrated": Metric("share of stores integrated in any way", "share", "share",
        "stores integrated, turned showroom or moved online, of all that ever existed"),
    "share_closed": Metric("share of stores closed", "share", "share",
        "stores closed, of all that ever existed"),
    "stores_survived/category": Metric("stores survived", "stores", "count", "those of one category"),
    "stores_integrated/category": Metric("stores integrated in any way", "stores", "count",
        "those of one category, showrooms and those moved online among them"),
    "stores_closed/category": Metric("stores closed", "stores", "count", "those of one category"),
    "stores_survived/circle": Metric("stores survived", "stores", "count", "those of one circle"),
    "stores_integrated/circle": Metric("stores integrated in any way", "stores", "count",
        "those of one circle, showrooms and those moved online from there among them"),
    "stores_closed/circle": Metric("stores closed", "stores", "count", "those of one circle"),
    "stores_closed_share/format": Metric("share of stores closed", "share", "share", "those of one format"),
    "integrated_share/format": Metric("share of stores integrated in any way", "share", "share",
        "those of one format"),
    "life_days/format": Metric("mean life of stores", "days", "days",
        "those of one format: from the opening, or the first day of the run, to the closure or the last evening"),
    "sales_yuan_month/format": Metric("sales of a store in a month", "yuan/month", "yuan",
        "mean over the trading stores of one format and the months that the run has closed"),
    "profit_yuan_month/format": Metric("profit of a store in a month", "yuan/month", "yuan",
        "likewise; all but what owners put in and take out"),
    "profit_margin/format": Metric("profit on sales", "share", "share",
        "of all stores of one format and all months that the run has closed together"),
    "visits_day/format": Metric("visitors of a store", "people/day", "rate",
        "mean over the trading stores of one format and the days of the months that the run has closed"),
    "turned_away_share/format": Metric("share of visitors turned away", "share", "share",
        "visitors who found a store of one format full, of all its visitors"),
    "sales_share": Metric("share of sales in a category", "share", "share",
        "CATEGORY/CHANNEL: what one channel had of one category's sales, in the months that the run has closed"),
    "closed_after_days": Metric("median life of closed stores", "days", "days",
        "from the opening, or the first day of the run, to the closure; undefined if none closed"),
    "gini_sales": Metric("Gini coefficient of store sales", "index", "index",
        "inequality (Gini 1912) of revenue between stores that traded in the last month that the run has"
        " closed: 0 if all are alike"),
    "showrooming_share": Metric("share of visitors who only looked", "share", "share",
        "visitors who tried in the shop and bought the parcel, of all visitors"),
    "turned_away_share": Metric("share of visitors turned away", "share", "share",
        "visitors who found the shop full, of all visitors"),
    "surplus_mean": Metric("consumer surplus per need", "utils", "utils",
        "mean log-sum that a need met with (Small & Rosen 1981); only differences mean anything"),
    "circle_footfall_day": Metric("visitors of an open circle", "people/day", "rate",
        "visitors per day and circle while it was open, without the streets; /CIRCLE: of one"),
    "circle_vacancy_last": Metric("share of units empty in circles", "share", "share",
        "in the last month that the run has closed, without the streets; /CIRCLE: of one"),
    "circle_rent_yuan_m2_month_last": Metric("rent in circles", "yuan/m2/month", "yuan",
        "rent level after the last month that the run has closed: mean weighted by units, without the streets;"
        " /CIRCLE: of one"),
    "landlord_income_yuan": Metric("rents received", "yuan", "yuan",
        "what landlords received from stores in the months that the run has closed; /CIRCLE: those of one"),
    "vacancy_cost_yuan": Metric("rents that empty units would have brought", "yuan", "yuan",
        "empty units at the mean rent that stores of the circle paid in the month, in the months that the run has"
        " closed; /CIRCLE: those of one"),
    "members": Metric("members, share of consumers", "share", "share",
        "members of a platform after the last month that the run has closed"),
    "members_peak": Metric("most members, share of consumers", "share", "share",
        "the most that a platform had after any month"),
    "cash_yuan": Metric("cash of platform", "yuan", "yuan",
        "of a platform, after the last month that the run has closed"),
    "orders_day": Metric("orders through platform", "orders/day", "rate",
        f"purchases through a platform per day of the last {LAST_DAYS} days"),
    "sales_change_month": Metric("spread of monthly changes of sales", "ln", "index",
        "robust standard deviation of the changes of ln sales from month to month, less their median in the format;"
        " this and the rows below: how shops live, defined in record/vital.py"),
    "sales_change_year": Metric("spread of yearly changes of sales", "ln", "index",
        "the same from year to year, of shops that sold in all months of both"),
    "sales_spread": Metric("spread of yearly sales within formats", "ln", "index",
        "standard deviation of ln yearly sales among the shops of a format"),
    "exit_slope": Metric("slope of exits on sales", "log-odds per ln", "index",
        "logit slope of leaving within 12 months on ln sales of the year before, within formats; needs two years"),
    "exit_slope_se": Metric("standard error of the slope of exits", "log-odds per ln", "index", "of `exit_slope`"),
    "exits_worst_trend": Metric("exits from the fifth with the worst trend", "share", "share",
        "of the shops that leave within 12 months, those whose sales fell most from one half-year to the next"),
    "entry_rate": Metric("newcomers over shops", "1/year", "share",
        "shops that came in a year, over those at its beginning; from the second year on"),
    "exit_rate": Metric("exits over shops", "1/year", "share",
        "shops that gave up their unit in a year, over those at its beginning; from the second year on"),
    **{f"entrant_survival_{age}": Metric(f"newcomers that live {age} months", "share", "share",
        "shops that opened during the run (Kaplan & Meier 1958)") for age in AGES},
    **{f"taken_again_{wait}": Metric(f"places taken again within {wait} month{'s' * (wait > 1)}", "share", "share",
        "units given up that another shop has taken") for wait in WAITS},
    "closings_peak": Metric("largest month's exits over the mean", "index", "index",
        "exits of the month that has most, over the mean of the first two years"),
    **{f"entrant_ramp_{age}": Metric(f"newcomers' sales at {age} month{'s' * (age > 1)}", "ln", "index",
        "median ln sales, less that of the same shops at twelve months") for age in RAMP},
    "platform_solvent": Metric("platform solvent", "0 or 1", "flag",
        "1 if its cash, with what investors add, was not below zero after the last month that the run has closed"),
}
"""Every family of metrics by its name. A metric is called as its family, or `family/member`."""

HEADLINE = (
    "sales_yuan", "online_share", "circle_footfall_day", "stores_survived", "stores_integrated", "stores_showroom",
    "stores_moved_online", "stores_closed", "stores_opened", "yearly_exit_rate", "vacancy_last", "subsidy_yuan",
    "subsidy_per_order_yuan", "showrooming_share", "turned_away_share", "surplus_mean",
)
# fmt: on
"""What a comparison shows if nobody asks for more, in reading order."""


def family_of(name: str) -> str | None:
    """The family of a metric: the longest that its name begins with; None if there is none."""
    fitting = [family for family in METRICS if name == family or name.startswith(family + "/")]
    return max(fitting, key=len, default=None)


def label_of(name: str) -> str:
    """A metric in words: `stores_closed/category/toys` is 'stores closed, toys'. A name outside the
    catalogue, such as that of a window, is its own label."""
    family = family_of(name)
    if family is None:
        return name
    return METRICS[family].label if name == family else METRICS[family].label_for(name[len(family) + 1 :])


# -- the numbers of a run -----------------------------------------------------------------------------------
def metrics(result: RunResult) -> dict[str, float]:
    """Every metric of a run by name; `METRICS` defines them. NaN where one is undefined.

    Runs of one scenario that are equally long have the same names in the same order, members of a family
    sorted; the order of rows in the frames changes nothing.
    """
    frames, scenario = _ordered(result.frames), result.manifest["scenario"]
    channels = _channels(result.manifest)
    found = _headline(headline(dict(frames), result.manifest), channels)
    found |= _fates(frames, scenario["categories"])
    found["gini_sales"] = _gini_sales(frames)
    found |= _circles(frames, scenario["circles"])
    found |= landlords(frames, _members(frames, "footfall"))
    found |= _platforms(frames, people_each(frames, scenario))
    integrated = frozenset(o for o, fate in FATE.items() if fate == "integrated")
    found |= by_format(frames, scenario["stores"]["formats"], integrated)
    found |= sales_shares(frames, scenario["categories"], channels)
    found |= statistics(of_run(frames))
    return {name: float(value) for name, value in found.items()}


def gini(values: np.ndarray) -> float:
    """The Gini coefficient of values of at least 0: their mean absolute difference over twice their mean
    (Gini 1912), from 0 (all alike) to almost 1. NaN if there are none or all are 0."""
    x = np.sort(np.asarray(values, dtype=float))
    n, total = len(x), x.sum()
    return float(((2 * np.arange(1, n + 1) - n - 1) * x).sum() / (n * total)) if total else math.nan


def _ordered(frames: Frames) -> dict[str, pd.DataFrame]:
    """The frames with their rows in order; one of no months has not even columns."""
    return {
        name: frame
        if _is_ordered(frame, KEYS.get(name, ()))
        else frame.sort_values(KEYS[name], ignore_index=True)
        for name, frame in frames.items()
    }


def _is_ordered(frame: pd.DataFrame, keys: Sequence[str]) -> bool:
    """Whether the rows of a frame stand in the order of these columns, numbered from 0; to find out takes a tenth of
    the time of sorting it."""
    tied = np.ones(max(len(frame) - 1, 0), dtype=bool)
    for key in keys if len(frame) else ():
        values = frame[key].to_numpy()
        if (tied & (values[1:] < values[:-1])).any():
            return False
        tied &= values[1:] == values[:-1]
    return not len(frame) or not keys or frame.index.equals(pd.RangeIndex(len(frame)))


def _channels(manifest: Mapping[str, Any]) -> set[str]:
    """The channels of a run, whether or not anybody has used them, so that runs of one scenario have the same
    metrics."""
    return {*CHANNELS, *manifest.get("mode_channels", {}).values()}


def _headline(figures: dict[str, Any], channels: set[str]) -> dict[str, float]:
    """The headline, flat."""
    found: dict[str, float] = {}
    for name, figure in figures.items():
        if name == "online_share_by_year":
            found |= {f"online_share/{year}": figure[year] for year in sorted(figure)}
        elif isinstance(figure, dict):
            found |= {f"{name}/{c}": figure.get(c, 0.0) for c in sorted({*channels, *figure})}
        else:
            found[name] = figure
    return found


def _fates(frames: Frames, categories: Iterable[str]) -> dict[str, float]:
    """What became of the stores: all, by category and by circle."""
    stores = frames["outcomes"]
    outcomes = stores["outcome"].tolist()
    each, fate = Counter(outcomes), [FATE[o] for o in outcomes]
    found = {f"stores_{o.replace(' ', '_')}": float(each[o]) for o in OUTCOMES}
    fates = tuple(dict.fromkeys(FATE.values()))
    found |= {f"share_{f}": fate.count(f) / len(fate) if fate else math.nan for f in fates}
    for by, names in (("category", categories), ("circle", _members(frames, "footfall"))):
        count = Counter(zip(fate, stores[by].tolist()))
        found |= {f"stores_{f}/{by}/{name}": count[f, name] for f in fates for name in sorted(names)}
    closed = stores[stores["outcome"] == "closed"]
    lives = [_days(a, b) for a, b in zip(closed["opened"], closed["changed"])]
    found["closed_after_days"] = float(np.median(lives)) if lives else math.nan
    return found


def _days(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def _gini_sales(frames: Frames) -> float:
    """Of the revenue of the last month; who was founded on its last evening has not traded yet."""
    books = frames["stores_monthly"]
    if not len(books):
        return math.nan
    last = books["month"].iloc[-1]
    outcomes = frames["outcomes"]
    new = outcomes.loc[outcomes["opened"] == last.isoformat(), "store"]
    traded = (books["month"] == last) & ~books["store"].isin(new)
    return gini(books.loc[traded, "revenue_yuan"].to_numpy(float))


def _circles(frames: Frames, specs: Mapping[str, Any]) -> dict[str, float]:
    """Flow, vacancy and rent of business circles."""
    names, daily, months = _members(frames, "footfall"), frames["daily"], frames["circles_monthly"]
    last: dict[str, tuple[float, ...]] = {}
    if len(months):
        of_last = months[months["month"] == months["month"].max()]
        last = dict(zip(of_last["circle"], zip(*(of_last[c].astype(float) for c in _OF_CIRCLE))))
    units, vacancy, rent = np.array([last.get(c, (math.nan,) * 3) for c in names]).reshape(-1, 3).T
    today = [d.isoformat() for d in daily["date"].tolist()]
    opens = [str(specs.get(c, {}).get("opens") or "") for c in names]
    days = np.array([sum(day >= first for day in today) for first in opens], dtype=float)
    visits = np.array([daily[f"footfall/{c}"].sum() for c in names], dtype=float)
    footfall = np.divide(visits, days, out=np.full(len(names), math.nan), where=days > 0)
    place = np.array([c != STREETS for c in names], dtype=bool)
    found: dict[str, float] = {}
    for family, each, weight in (
        ("circle_footfall_day", footfall, days),
        ("circle_vacancy_last", vacancy, units),
        ("circle_rent_yuan_m2_month_last", rent, units),
    ):
        found[family] = _ratio(np.nansum((each * weight)[place]), np.nansum(weight[place]))
        found |= {f"{family}/{c}": value for c, value in zip(names, each.tolist())}
    return found


_OF_CIRCLE = ("units", "vacancy", "rent_yuan_m2_month")


def _platforms(frames: Frames, each: float | np.ndarray) -> dict[str, float]:
    """Members, cash, orders and subsidies of every platform; a simulated order is one of `each` (people_each)."""
    names, city = _members(frames, "orders"), frames["city_monthly"]

    def months(what: str, name: str) -> pd.Series:
        column = f"{what}/{name}"
        return city[column] if column in city else pd.Series([math.nan])

    cash = {p: float(months("cash_yuan", p).iloc[-1]) for p in names}
    orders = frames["daily"].tail(LAST_DAYS)
    last = each if isinstance(each, float) else float(each[-LAST_DAYS:].mean())
    spent = _subsidies(frames["events"]) if len(city) else {}
    nothing = 0.0 if len(city) else math.nan
    values = {
        "members": {p: months("members", p).iloc[-1] for p in names},
        "members_peak": {p: months("members", p).max() for p in names},
        "cash_yuan": cash,
        "orders_day": {p: orders[f"orders/{p}"].mean() * last for p in names},
        "subsidy_yuan": {p: spent.get(p, nothing) for p in names},
        "platform_solvent": {p: cash[p] if math.isnan(cash[p]) else cash[p] >= -FEN for p in names},
    }
    return {f"{family}/{p}": value for family, by in values.items() for p, value in by.items()}


def _subsidies(events: pd.DataFrame) -> dict[str, float]:
    """Yuan that every platform says, at the end of each month, to have paid towards orders."""
    told = events[(events["kind"] == "platform") & (events["decision"] == "subsidy")]
    paid: dict[str, list[float]] = {}
    for who, figures in zip(told["who"], told["figures"]):
        paid.setdefault(who, []).append(json.loads(figures)["spent this month (yuan)"])
    return {who: math.fsum(amounts) for who, amounts in paid.items()}


def _members(frames: Frames, group: str) -> list[str]:
    """The names that have a column in a group of the daily table."""
    return sorted(column.partition("/")[2] for column in columns_of(frames["daily"], group))


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else math.nan


# -- tables -------------------------------------------------------------------------------------------------
def stores(result: RunResult) -> pd.DataFrame:
    """One row per store that ever existed, as in the outcomes: `store` is a whole number, all else text
    (dates as YYYY-MM-DD)."""
    table = _ordered(result.frames)["outcomes"]
    return table.astype({name: "int64" if name == "store" else str for name in table.columns})


def monthly(result: RunResult) -> pd.DataFrame:
    """The course of a run, a row per series and month: `month` (a date, the first of the month), `series`,
    `value`; sorted by series and month.

    Series are called and counted as the columns they come from. Those of the daily table are means per day of
    the month (surplus per need), also of a month that the run does not complete; those of `city_monthly`, and
    `vacancy/CIRCLE` and `rent_yuan_m2_month/CIRCLE`, are as a month ends. There is no row where nothing is
    defined, as for a circle that has not opened.
    """
    frames = _ordered(result.frames)
    daily, city, circles = frames["daily"], frames["city_monthly"], frames["circles_monthly"]
    days = daily.drop(columns="date").astype(float)
    days["surplus_mean"] *= days["needs"]
    means = days.groupby(_firsts(daily["date"])).mean()
    means["surplus_mean"] /= means["needs"]
    rows = list(_rows(means, means.index))
    unused = (f"sales/{c}" for c in sorted(_channels(result.manifest)) if f"sales/{c}" not in means)
    rows += [(name, month, 0.0) for name in unused for month in means.index]
    if len(city):
        rows += _rows(city.drop(columns="month"), _firsts(city["month"]))
    for name in ("vacancy", "rent_yuan_m2_month") if len(circles) else ():
        names = [f"{name}/{circle}" for circle in circles["circle"]]
        rows += zip(names, _firsts(circles["month"]), circles[name].astype(float).tolist())
    rows = sorted(row for row in rows if not math.isnan(row[2]))
    series, months, values = zip(*rows)
    table = {"month": pd.Series(months, dtype=object), "series": pd.Series(series, dtype=str)}
    return pd.DataFrame({**table, "value": np.array(values, dtype=float)})


def _rows(table: pd.DataFrame, months: Iterable[date]) -> Iterator[tuple[str, date, float]]:
    """(series, month, value) of a table with a column for each series and a row for each month."""
    for name in table:
        yield from zip(itertools.repeat(str(name)), months, table[name].astype(float).tolist())


def _firsts(days: pd.Series) -> pd.Index:
    """The first of the month of each day."""
    return pd.Index([day.replace(day=1) for day in days.tolist()], dtype=object)


# -- metrics of one's own -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Window:
    """A metric that the user defines: the mean of a monthly series over the months whose first day lies in
    [first, last], divided by its mean over [over_first, over_last] if that is given.

    A series that ends with `*` is the sum of all that begin so. Raises ScenarioError for a span without an
    end or one that ends before it begins.
    """

    name: str
    series: str
    first: date
    last: date
    over_first: date | None = None
    over_last: date | None = None

    def __post_init__(self) -> None:
        if (self.over_first is None) != (self.over_last is None):
            raise ScenarioError(f"window {self.name}: the months to compare with need a first and a last day")
        for first, last in ((self.first, self.last), (self.over_first, self.over_last)):
            if first is not None and last is not None and last < first:
                raise ScenarioError(f"window {self.name}: {last} comes before {first}")


def window_value(monthly: pd.DataFrame, window: Window) -> float:
    """The value of a window in one run's monthly table; NaN if it has no such months, or they are compared
    with none or with 0. Raises ScenarioError for a series that the table does not have."""
    rows = monthly[_chosen(monthly["series"], window)]
    value = _mean(rows, window.first, window.last)
    if window.over_first is None or window.over_last is None:
        return value
    return _ratio(value, _mean(rows, window.over_first, window.over_last))


def _mean(rows: pd.DataFrame, first: date, last: date) -> float:
    month = pd.to_datetime(rows["month"])
    inside = (month >= pd.Timestamp(first)) & (month <= pd.Timestamp(last))
    return float(rows.loc[inside, "value"].groupby(month[inside]).sum().mean())


def _chosen(series: pd.Series, window: Window) -> pd.Series:
    """Which rows belong to the window's series. A name that itself ends with a star goes before the sum."""
    wanted = window.series
    hits = series == wanted
    if wanted.endswith("*") and not hits.any():
        hits = series.str.startswith(wanted[:-1])
    if hits.any():
        return hits
    names = sorted(set(series))
    if wanted.endswith("*"):
        names = sorted({name.partition("/")[0] + "/*" for name in names if "/" in name})
    near = closest(wanted, names)
    hint = f"did you mean {near}?" if near else None
    raise ScenarioError(f"window {window.name}: there is no monthly series {wanted}", hint=hint)
