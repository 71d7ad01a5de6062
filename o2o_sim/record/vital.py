"""How shops live: how their sales move, who leaves, how long newcomers last, how soon a place is taken again.

One set of definitions for the shops of a run and for real ones, so that their figures can stand side by side. They are
those with which the figures of 5,493 Texan venues were computed (experiments/validation/data/README.md)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .logit import logit

Frames = Mapping[str, pd.DataFrame]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.str_]

YEAR, HALF_YEAR = 12, 6
AGES = (6, 12, 18, 24, 30)
"""Ages in months at which the survival of newcomers is told."""
WAITS = (1, 3, 6, 12)
"""Months within which a place is told to be taken again."""
RAMP = (1, 3)
"""Ages in months at which newcomers' sales are told."""
LEAST = 10
"""Shops that a group must have for its median change to be taken off: that of fewer follows each of them."""
BEFORE = "tenant before"
"""The figure by which a newcomer's event says who was in its unit before."""
IN_A_UNIT = ("open", "showroom")
LEFT = ("closed", "moved online")
"""Outcomes of a store that has given up its unit."""


@dataclass(frozen=True)
class Lives:
    """Shops by month, months being numbered from 0.

    `sales` is float64[shops, months], NaN where a shop did not trade. Of each shop: `first` and `last` (int64),
    the first and the last month in which it traded; `gone` (bool), whether it is known to have left then;
    `newcomer` (bool), whether it came while one watched; `group` (text), its trade, within which it is compared;
    `site` (int64), its place. `known` are the months of whose exits one knows. `empty` (float64[sites, months]) are
    the units of each place without a tenant at each month's end, where a place has many units that have no
    numbers; None where a place is a single unit. `city` (int64[shops], None for one) numbers the cities of several
    runs: what all of a trade share in a month is a city's."""

    sales: Floats
    first: Ints
    last: Ints
    gone: Bools
    newcomer: Bools
    group: Texts
    site: Ints
    known: int
    empty: Floats | None = None
    city: Ints | None = None

    def __len__(self) -> int:
        return len(self.first)

    @property
    def months(self) -> int:
        return int(self.sales.shape[1])

    @property
    def like(self) -> Ints:
        """int64[shops]: shops of one trade in one city have the same number."""
        cities = np.zeros(len(self), np.int64) if self.city is None else self.city
        trades, trade = np.unique(self.group, return_inverse=True)
        return np.asarray(trade + cities * len(trades), np.int64)


# -- where lives come from ----------------------------------------------------------------------------------
def from_months(
    table: pd.DataFrame,
    *,
    shop: str,
    site: str,
    month: str,
    sales: str,
    group: str | None = None,
    unknown: int = 1,
    watched: int = 1,
) -> Lives:
    """The lives in a table with a row per shop and month; arguments name its columns.

    `month` holds dates or texts that begin with YYYY-MM. A month without sales, or with 0, is one in which the
    shop did not trade. Who sells in one of the last `unknown` months is not known to have left; who is first seen
    after the first `watched` months came while one watched. Raises ValueError for a table without sales, or if
    either is less than 1: nobody knows who leaves in the last month, or who has just come in the first."""
    if unknown < 1 or watched < 1:
        raise ValueError(f"unknown is {unknown}, watched is {watched}: both must be 1 or more")
    rows = table[table[sales] > 0]
    if rows.empty:
        raise ValueError(f"no row has sales in the column {sales!r}: must have a shop that trades")
    when = _months(table[month])
    start, width = int(when.min()), int(when.max() - when.min()) + 1
    column = when[(table[sales] > 0).to_numpy()] - start
    number, shops = pd.factorize(rows[shop], sort=True)
    wide = np.full((len(shops), width), np.nan)
    wide[number, column] = rows[sales].to_numpy(float)
    one = rows.groupby(number).first()
    first, last = _span(wide)
    known = width - unknown
    return Lives(
        wide,
        first,
        last,
        last < known,
        first >= watched,
        one[group].to_numpy(str) if group else np.full(len(shops), ""),
        _numbered(one[site]),
        known,
    )


def of_run(frames: Frames) -> Lives:
    """The lives of the stores of a run, from its tables (`RunResult.frames`).

    A store lives while it holds its unit: who goes on online only has left. Its group is its format. Its site is
    its unit where the run tells who was in it before (newcomers that search), else its circle. A store founded on a month's last evening lives from the next month on."""
    stores, books = frames["outcomes"], frames["stores_monthly"]
    if not len(books):
        return _nobody()
    when = _months(books["month"])
    start, width = int(when.min()), int(when.max() - when.min()) + 1
    opened = books["store"].map(stores.set_index("store")["opened"])
    founded = books["month"].astype(str) == opened
    here = (books["state"].isin(IN_A_UNIT) & ~founded).to_numpy(bool)
    rows, column = books[here], when[here] - start
    number, shops = pd.factorize(rows["store"], sort=True)
    if not len(shops):
        return _nobody()
    wide = np.full((len(shops), width), np.nan)
    wide[number, column] = rows["revenue_yuan"].to_numpy(float)
    first, last = _span(wide)
    fates = stores.set_index("store").reindex(shops)
    began = pd.Timestamp(frames["daily"]["date"].iloc[0]).date().isoformat()
    one = rows.groupby(number).first()
    site, empty = _units(frames, fates["name"].astype(str).tolist()), None
    if site is None:
        circle, circles = pd.factorize(one["circle"], sort=True)
        site = np.asarray(circle, np.int64)
        empty = _empty(frames["circles_monthly"], [str(c) for c in circles], start, width)
    return Lives(
        wide,
        first,
        last,
        (last < width - 1) | fates["outcome"].isin(LEFT).to_numpy(bool),
        (fates["opened"].astype(str) > began).to_numpy(bool),
        one["format"].to_numpy(str),
        site,
        width,
        empty,
    )


def joined(lives: Sequence[Lives]) -> Lives:
    """The shops of several runs of one scenario together: more of each trade, each run with sites of its own.
    Raises ValueError if there are none, or they are not equally long."""
    if not lives or len({(x.months, x.known, x.empty is None) for x in lives}) > 1:
        raise ValueError("lives to be joined must be of at least one run, all of equally many months")
    first_site = np.cumsum([0, *(1 + max(x.site, default=-1) for x in lives[:-1])])
    parts = [replace(x, site=x.site + k) for x, k in zip(lives, first_site)]

    def together(name: str) -> Any:
        return np.concatenate([getattr(x, name) for x in parts])

    return replace(
        lives[0],
        **{name: together(name) for name in ("sales", "first", "last", "gone", "newcomer", "group", "site")},
        empty=None if lives[0].empty is None else together("empty"),
        city=np.repeat(np.arange(len(lives)), [len(x) for x in lives]),
    )


def _months(values: pd.Series) -> Ints:
    text = values.astype(str)
    return np.asarray(12 * text.str[:4].astype(int) + text.str[5:7].astype(int), np.int64)


def _numbered(values: pd.Series) -> Ints:
    return np.asarray(pd.factorize(values)[0], np.int64)


def _span(wide: Floats) -> tuple[Ints, Ints]:
    """First and last month of each shop."""
    there = ~np.isnan(wide)
    last = wide.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
    return np.asarray(there.argmax(axis=1), np.int64), np.asarray(last, np.int64)


def _units(frames: Frames, names: list[str]) -> Ints | None:
    """The unit of each store (older ones first), by the tenant that the newcomer's event says was there before; None if
    no event says so."""
    events = frames["events"]
    opened = events[
        (events["kind"] == "entry") & events["figures"].astype(str).str.contains(BEFORE, regex=False)
    ]
    if not len(opened):
        return None
    before = {str(who): str(json.loads(said)[BEFORE]) for who, said in zip(opened["who"], opened["figures"])}
    unit: dict[str, str] = {}
    for name in names:
        unit[name] = unit.get(before.get(name, ""), name)
    return _numbered(pd.Series([unit[name] for name in names]))


def _empty(circles: pd.DataFrame, names: list[str], start: int, width: int) -> Floats:
    """Empty units of places by month; none where a place is not open."""
    found = np.zeros((len(names), width))
    if len(circles):
        place = pd.Index(names).get_indexer(pd.Index(circles["circle"].astype(str)))
        when = _months(circles["month"]) - start
        units = (circles["units"] - circles["let"]).clip(lower=0).to_numpy(float)
        inside = (place >= 0) & (when >= 0) & (when < width)
        found[place[inside], when[inside]] = units[inside]
    return found


def _nobody() -> Lives:
    none, no = np.zeros(0, np.int64), np.zeros(0, np.bool_)
    return Lives(np.zeros((0, 0)), none, none, no, no, np.zeros(0, str), none, 0, np.zeros((0, 0)))


# -- how sales move -----------------------------------------------------------------------------------------
def robust_sd(x: Floats) -> float:
    """1.4826 times the median distance from the median: the standard deviation of a normal law, whatever its
    tails. NaN of nothing."""
    x = x[~np.isnan(x)]
    return float(1.4826 * np.median(np.abs(x - np.median(x)))) if len(x) else math.nan


def monthly_changes(lives: Lives) -> Floats:
    """The changes of ln sales from one month to the next, less their median in the month, the trade and
    the city, of every shop that sold in both; of trades with at least `LEAST` such shops."""
    return _beside_its_like(np.diff(_ln(lives.sales), axis=1), lives.like)


def yearly_changes(lives: Lives) -> Floats:
    """The changes of the mean of ln monthly sales from one year to the next, less their median in the trade
    and the city, of shops that sold in all 24 months. Years follow one another from the first month."""
    ln = _ln(lives.sales)
    starts = range(0, lives.months - 2 * YEAR + 1, YEAR)
    years = [ln[:, k + YEAR : k + 2 * YEAR].mean(axis=1) - ln[:, k : k + YEAR].mean(axis=1) for k in starts]
    return _beside_its_like(np.column_stack(years), lives.like) if years else np.zeros(0)


def ramp_up(lives: Lives, ages: Sequence[int] = (1, 2, 3, 6, 9)) -> dict[int, float]:
    """Median ln sales of newcomers at some ages in months, less that of the same shops at 12 months, of those that
    live as long. The month of the opening is age 0, and seldom a whole one."""
    ln = _ln(lives.sales)
    lived = lives.newcomer & (lives.last >= lives.first + YEAR)
    at = lives.first[lived]
    end = ln[lived, at + YEAR]
    return {age: _median(ln[lived, at + age] - end) for age in ages}


def _ln(sales: Floats) -> Floats:
    return np.log(np.where(sales > 0, sales, np.nan))


def _median(x: Floats) -> float:
    x = x[~np.isnan(x)]
    return float(np.median(x)) if len(x) else math.nan


def _beside_its_like(change: Floats, group: Ints) -> Floats:
    """Changes (float64[shops, times]) less the median of the group at the time, in one row without NaN."""
    found = [np.zeros(0)]
    for g in np.unique(group):
        mine = change[group == g]
        for column in mine.T:
            x = column[~np.isnan(column)]
            if len(x) >= LEAST:
                found.append(x - np.median(x))
    return np.concatenate(found)


# -- who leaves ---------------------------------------------------------------------------------------------
def risks(lives: Lives) -> pd.DataFrame:
    """A row per shop and year that it traded all through: `shop`, `window` (number of the year), `group`,
    `ln_sales` (of the year's sales), `trend` (mean ln monthly sales of the year's second half, less that of its
    first), `decile` of the sales and `fifth` of the trend among its like (1 the least), and `gone`: whether it
    left in the 12 months that follow, or at the year's end.

    Years follow one another from the first month; the last is one of which the next 12 months are known."""
    rows = []
    for window, k in enumerate(range(0, lives.known - 2 * YEAR + 1, YEAR)):
        sales = lives.sales[:, k : k + YEAR]
        shop = np.flatnonzero((sales > 0).all(axis=1))
        ln = np.log(sales[shop])
        group = lives.group[shop]
        ln_sales = np.log(sales[shop].sum(axis=1))
        trend = ln[:, HALF_YEAR:].mean(axis=1) - ln[:, :HALF_YEAR].mean(axis=1)
        found = {
            "shop": shop,
            "window": window,
            "group": group,
            "ln_sales": ln_sales,
            "trend": trend,
            "decile": _rank(ln_sales, group, 10),
            "fifth": _rank(trend, group, 5),
            "gone": lives.gone[shop] & (lives.last[shop] < k + 2 * YEAR),
        }
        rows.append(pd.DataFrame(found))
    columns = ["shop", "window", "group", "ln_sales", "trend", "decile", "fifth", "gone"]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)


def _rank(x: Floats, group: Texts, parts: int) -> Ints:
    """1 to `parts`: in which of equal parts of its group each value is."""
    of = pd.Series(x).groupby(group)
    share = (of.rank(method="first") - 0.5) / of.transform("count")
    return (1 + np.floor(parts * share)).to_numpy(np.int64)


def exit_slope(found: pd.DataFrame) -> tuple[float, float]:
    """Change of the log-odds of leaving with ln yearly sales, and its standard error, of `risks`.

    A logit with a level for every trade and year (fixed effects). Those of which nobody left, or everybody, tell
    nothing of the slope and are left out. NaN where too few leave."""
    if not len(found):
        return math.nan, math.nan
    share = found.groupby(["window", "group"])["gone"].transform("mean").astype(float)
    t = found[(share > 0) & (share < 1)]
    if not len(t):
        return math.nan, math.nan
    cell = t.groupby(["window", "group"]).ngroup().to_numpy()
    size = t["ln_sales"].to_numpy(float)
    levels = (cell[:, None] == np.unique(cell)[None, 1:]).astype(float)
    b, se = logit(t["gone"].to_numpy(float), np.column_stack([size - size.mean(), levels]))
    return float(b[1]), float(se[1])


def exits_by(found: pd.DataFrame, part: str) -> pd.DataFrame:
    """`shops`, `gone` and `rate` by decile of sales or fifth of the trend (`part`), of `risks`."""
    by = found.groupby(part)["gone"]
    table = pd.DataFrame({"shops": by.size(), "gone": by.sum().astype(int)})
    return table.assign(rate=table["gone"] / table["shops"])


def share_from_worst_trend(found: pd.DataFrame) -> float:
    """Of the shops that left, the share that had been in the fifth with the worst trend. NaN if none left."""
    gone = found[found["gone"].astype(bool)]
    return float((gone["fifth"] == 1).mean()) if len(gone) else math.nan


def spread(found: pd.DataFrame) -> float:
    """The standard deviation of ln yearly sales within a trade and year, of `risks`."""
    cells = found.groupby(["window", "group"])["ln_sales"]
    free = len(found) - cells.ngroups
    if free < 1:
        return math.nan
    return math.sqrt(float(((found["ln_sales"] - cells.transform("mean")) ** 2).sum()) / free)


# -- who comes, who stays -----------------------------------------------------------------------------------
def survival(lives: Lives, ages: Sequence[int] = AGES) -> dict[int, float]:
    """The share of newcomers that live beyond some ages in months (Kaplan & Meier 1958). An age counts the months
    in which there were sales, the first and the last included. NaN beyond the age that any newcomer reached."""
    new = lives.newcomer
    lived, gone = (lives.last - lives.first + 1)[new], lives.gone[new]
    found, left = {}, 1.0
    for age in range(1, max(ages) + 1):
        at_risk = int((lived >= age).sum())
        left = left * (1 - int((gone & (lived == age)).sum()) / at_risk) if at_risk else math.nan
        if age in ages:
            found[age] = left
    return found


def rates(lives: Lives) -> tuple[float, float]:
    """(newcomers, exits) of a year over the shops that traded in the month before it. Years follow one another from
    the second on; the last is one of which all exits are known. NaN for less than two years."""
    came = left = there = 0
    for k in range(YEAR, lives.known - YEAR + 1, YEAR):
        there += int((~np.isnan(lives.sales[:, k - 1])).sum())
        came += int((lives.newcomer & (lives.first >= k) & (lives.first < k + YEAR)).sum())
        left += int((lives.gone & (lives.last >= k) & (lives.last < k + YEAR)).sum())
    return (came / there, left / there) if there else (math.nan, math.nan)


def taken_again(lives: Lives, waits: Sequence[int] = WAITS) -> dict[int, float]:
    """The share of places left that have a new tenant within some months, of exits from the third month on that
    leave more than a year to watch. NaN if there are none.

    Where a place is a single unit, whoever comes later takes it. Where it has many, each empty one is as likely as
    any other to be the one that a newcomer takes."""
    left = lives.gone & (lives.last >= 2) & (lives.last + max(waits) < lives.months - 1)
    if not left.any():
        return dict.fromkeys(waits, math.nan)
    came = np.zeros((int(lives.site.max()) + 1, lives.months))
    np.add.at(came, (lives.site, lives.first), 1.0)
    if lives.empty is None:
        chance = (came > 0).astype(float)
    else:
        choice = came.copy()
        choice[:, 1:] += lives.empty[:, :-1]
        chance = np.divide(came, choice, out=np.zeros_like(came), where=choice > 0)
    still = np.array(
        [
            np.cumprod(1 - chance[s, k + 1 : k + 1 + max(waits)])
            for s, k in zip(lives.site[left], lives.last[left])
        ]
    )
    return {wait: float(1 - still[:, wait - 1].mean()) for wait in waits}


def closings(lives: Lives) -> Ints:
    """Exits by month, of the months of which they are known."""
    return np.bincount(lives.last[lives.gone], minlength=lives.months)[: lives.known]


def peak(lives: Lives, months: int = 2 * YEAR) -> float:
    """The exits of the month that had the most, over the mean of the first `months` months. NaN if nobody left."""
    count = closings(lives)[:months]
    return float(count.max() / count.mean()) if count.sum() else math.nan


# -- all of it ----------------------------------------------------------------------------------------------
def statistics(lives: Lives) -> dict[str, float]:
    """All figures by the names of the metrics (o2o_sim/record/metrics.py), NaN where there are too few shops or
    months: those of sales and newcomers from the first months, those of exits from two years on."""
    found = risks(lives)
    slope, error = exit_slope(found)
    entry, leaving = rates(lives)
    again, ramp = taken_again(lives), ramp_up(lives, RAMP)
    return {
        "sales_change_month": robust_sd(monthly_changes(lives)),
        "sales_change_year": robust_sd(yearly_changes(lives)),
        "sales_spread": spread(found),
        "exit_slope": slope,
        "exit_slope_se": error,
        "exits_worst_trend": share_from_worst_trend(found),
        "entry_rate": entry,
        "exit_rate": leaving,
        **{f"entrant_survival_{age}": value for age, value in survival(lives).items()},
        **{f"taken_again_{wait}": value for wait, value in again.items()},
        "closings_peak": peak(lives),
        **{f"entrant_ramp_{age}": value for age, value in ramp.items()},
    }


__all__ = [
    "AGES",
    "RAMP",
    "WAITS",
    "Lives",
    "closings",
    "exit_slope",
    "exits_by",
    "from_months",
    "joined",
    "monthly_changes",
    "of_run",
    "peak",
    "ramp_up",
    "rates",
    "risks",
    "robust_sd",
    "share_from_worst_trend",
    "spread",
    "statistics",
    "survival",
    "taken_again",
    "yearly_changes",
]
