"""The figures of the report, as SVG: flows to outcomes, survival, reasons over time, profit and loss,
platforms."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..record.outcomes import OUTCOMES
from ..record.result import RunResult, online_channels, online_share
from . import pictures_market, pictures_stores, style
from .report_flows import flows
from .report_svg import MOST_REASONS, WIDTH, Picture, as_svg, largest
from .report_words import FEW, HALF_YEAR, cause, last_half_year, months_of_loss
from .style import BLACK, BLUE, GREY, SERIES, VERMILION
from .wording import fixed, money, month, of, percent, plural

MOST_PANELS = 12
DAYS_A_MONTH = 365.25 / 12
LONG_MONTHS = 40
"""Runs of more months show closures by quarter."""


def pictures(run: RunResult) -> list[Picture]:
    """All figures of a run, in the order of the page, each with its heading and caption; one that has nothing
    to show comes without a drawing, and its caption says so."""
    return [
        flows(run),
        survival(run),
        reasons(run),
        waterfalls(run),
        channels(run),
        platforms(run),
        rents(run),
    ]


# -- survival -----------------------------------------------------------------------------------------------
class Curve(NamedTuple):
    """A Kaplan-Meier curve: the share still trading after each number of days, with the ends of its 95 %
    interval (NaN where there is none: before the first closure, and where nobody is left)."""

    days: np.ndarray
    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    stores: int
    closed: int


def survival_curve(table: pd.DataFrame, last_day: str) -> Curve:
    """Of some rows of `outcomes`: share not closed by days since opening (Kaplan & Meier 1958). Stores that
    still trade are censored at the end of `last_day`; the interval is Greenwood's on the log-log scale."""
    from scipy.stats import CensoredData, ecdf

    closed = (table["outcome"] == "closed").to_numpy()
    ends = [c if gone else last_day for c, gone in zip(table["changed"], closed)]
    pairs = zip(ends, table["opened"])
    days = np.array([(date.fromisoformat(e) - date.fromisoformat(o)).days + 1.0 for e, o in pairs])
    longest = float(days.max()) if len(days) else 1.0
    if not closed.any():
        at, flat, none = np.array([0.0, 1.03 * longest]), np.ones(2), np.full(2, np.nan)
        return Curve(at, flat, none, none, len(table), 0)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # there is no interval where nobody has closed or nobody is left
        found = ecdf(CensoredData(uncensored=days[closed], right=days[~closed])).sf
        band = found.confidence_interval(confidence_level=0.95, method="log-log")
    at = np.concatenate(
        [[0.0], found.quantiles, [1.03 * longest]]
    )  # to be seen if the last closes on the last day

    def drawn(values: np.ndarray, first: float) -> np.ndarray:
        return np.concatenate([[first], values, values[-1:]])

    share = found.probabilities
    low, high = band.low.probabilities, band.high.probabilities
    return Curve(
        at, drawn(share, 1.0), drawn(low, np.nan), drawn(high, np.nan), len(table), int(closed.sum())
    )


def survival(run: RunResult) -> Picture:
    """Kaplan-Meier curves, a panel per category."""
    table, last = run.outcomes, run.manifest["last_day"]
    title = "How long stores last, by category"
    if table.empty:
        return Picture("survival", title, "There were no stores.", None)
    if not (table["outcome"] == "closed").any():
        return Picture("survival", title, "No store closed: every curve would stay at 100 %.", None)
    kind = largest(table["category"], MOST_PANELS - 1, "other categories")
    curves = {"all stores": survival_curve(table, last)}
    for name in kind.value_counts().index:
        curves[str(name)] = survival_curve(table[kind == name], last)
    whole = curves.pop("all stores")
    sure = sorted(
        (float(c.share[-1]), name)
        for name, c in curves.items()
        if c.stores >= FEW and c.days[-1] == whole.days[-1]
    )
    curves = {"all stores": whole, **curves}
    ends = ""
    if len(sure) > 1 and sure[0][0] < sure[-1][0]:
        (low, worst), (high, best) = sure[0], sure[-1]
        ends = f" Of categories with at least {FEW} stores, it is lowest for {worst} ({percent(low)}), highest for {best} ({percent(high)})."
    left = 1 - whole.closed / whole.stores
    caption = (
        "Share of stores that have not closed, by months since they opened (for those of the first day: since then). At the "
        f"right end it is {percent(whole.share[-1])}: the estimate for stores that could be followed all this time. (Of all stores "
        f"that ever opened {percent(left)} have not closed; of the youngest nobody knows yet how long they last.)"
        + ends
        + " Shaded: a range that for independent stores would hold the true share in 95 of 100 runs (Kaplan-Meier with "
        "Greenwood's interval); wide where stores are few. Grey, dashed: all stores. Stores still trading on the last day count "
        "for as long as they were seen."
    )
    return Picture("survival", title, caption, lambda: _draw_survival(curves))


def _draw_survival(curves: dict[str, Curve]) -> Figure:
    columns = min(4, len(curves))
    rows = -(-len(curves) // columns)
    size = (WIDTH, 2.15 * rows + 0.3)
    figure, axes = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    months = max(float(c.days[-1]) for c in curves.values()) / DAYS_A_MONTH
    whole = curves["all stores"]
    for ax, (name, curve) in zip(axes.flat, curves.items()):
        at = curve.days / DAYS_A_MONTH
        if name != "all stores":
            ax.step(
                whole.days / DAYS_A_MONTH,
                100 * whole.share,
                where="post",
                color="#9A9A9A",
                lw=1.1,
                ls=(0, (4, 2)),
            )
        known = np.isfinite(curve.low) & np.isfinite(curve.high)
        low, high = np.where(known, curve.low, curve.share), np.where(known, curve.high, curve.share)
        ax.fill_between(at, 100 * low, 100 * high, step="post", color=BLUE, alpha=0.2, lw=0)
        ax.step(at, 100 * curve.share, where="post", color=BLUE, lw=2)
        ax.set_title(style.short(name, 22), fontsize=10)
        band = f", {100 * low[-1]:.0f}–{100 * high[-1]:.0f}" if known[-1] else ""
        told = f"{100 * curve.share[-1]:.0f} %{band}\n{curve.closed:,} of {curve.stores:,} closed"
        ax.text(0.03, 0.05, told, transform=ax.transAxes, fontsize=8.5, va="bottom", color="#333333")
        ax.set_ylim(0, 104)
        ax.set_xlim(0, months)
        ax.grid(axis="y")
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")
    for ax in axes.flat[len(curves) :]:
        ax.set_axis_off()
    for ax in axes[-1]:
        ax.set_xlabel("months since opening", fontsize=9, color=GREY)
    return figure


# -- reasons over time --------------------------------------------------------------------------------------
def reasons(run: RunResult) -> Picture:
    """Closures by month or quarter, stacked by cause."""
    title = "When stores closed, and why"
    table = run.outcomes
    closed = table[table["outcome"] == "closed"]
    if closed.empty:
        return Picture("reasons", title, "No store closed.", None)
    first, last = date.fromisoformat(run.manifest["first_day"]), date.fromisoformat(run.manifest["last_day"])
    quarters = (last.year - first.year) * 12 + last.month - first.month >= LONG_MONTHS
    step = 3 if quarters else 1
    names = [_period(12 * first.year + first.month - 1 + k, step) for k in range(_months(first, last))]
    order = list(dict.fromkeys(names))
    causes = largest(closed["reason"].map(cause), MOST_REASONS, "other causes")
    when = [_period(12 * int(d[:4]) + int(d[5:7]) - 1, step) for d in closed["changed"]]
    counts = pd.crosstab(pd.Series(when, index=causes.index), causes).reindex(order, fill_value=0)
    counts = counts[list(causes.value_counts().index)]
    top = causes.value_counts()
    peak = str(counts.sum(axis=1).idxmax())
    spell, most = ("quarter", peak) if quarters else ("month", month(peak + "-01"))
    n = int(counts.sum(axis=1).max())
    at = f"{'all of them ' if n > 1 else ''}in {most}" if n == len(closed) else f"the most ({n:,}) in {most}"
    caption = (
        f"Closures a {spell}, by their main cause. {plural(len(closed), 'store')} closed, {at}. The most frequent cause is "
        f"“{top.index[0]}”: {of(int(top.iloc[0]), len(closed))}. Stores decide on the last day of a month, and give up after "
        f"{months_of_loss(run)} at the earliest."
    )
    return Picture("reasons", title, caption, lambda: _draw_reasons(counts))


def _months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _period(at: int, step: int) -> str:
    """A month counted from year 0, as "2013-04" or its quarter as "2013 Q2"."""
    year, k = divmod(at, 12)
    return f"{year}-{k + 1:02d}" if step == 1 else f"{year} Q{k // 3 + 1}"


def _draw_reasons(counts: pd.DataFrame) -> Figure:
    figure, ax = plt.subplots(figsize=(WIDTH, 3.4))
    x, base = np.arange(len(counts)), np.zeros(len(counts))
    for k, name in enumerate(counts.columns):
        values = counts[name].to_numpy(float)
        colour, some = SERIES[k % len(SERIES)], values > 0
        look: dict[str, Any] = {"color": colour, "edgecolor": "white", "width": 0.8, "lw": 0.6}
        ax.bar(x[some], values[some], bottom=base[some], label=f"{name} ({int(values.sum()):,})", **look)
        for at in np.flatnonzero(values >= 0.07 * max(float(counts.sum(axis=1).max()), 1.0)).tolist():
            ink = "white" if colour in (BLUE, VERMILION, BLACK) else BLACK
            place = (x[at], base[at] + values[at] / 2)
            ax.text(*place, f"{int(values[at])}", ha="center", va="center", fontsize=8, color=ink)
        base += values
    every = max(1, -(-len(counts) // 13))
    ax.set_xticks(x[::every], list(counts.index[::every]), fontsize=9)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_ylabel("stores closed")
    ax.set_xlim(-0.6, len(counts) - 0.4)
    ax.grid(axis="y")
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.1), ncols=2, frameon=False, fontsize=9)
    return figure


# -- typical profit and loss --------------------------------------------------------------------------------
BARS = {
    "sales": ("sales", "subsidy received", "delivery fees"),
    "goods": ("cost of goods", "spoilage"),
    "rent": ("rent",),
    "wages": ("wages",),
    "overheads": ("overheads",),
    "platforms": ("commission", "advertising"),
    "delivery, online": ("handling", "delivery", "integration"),
    "transfers": ("transfers",),
}
"""The steps of a waterfall, with the lines of the ledger that they hold."""


class Typical(NamedTuple):
    """A store that stands for its group: the group's outcome, the store's name and format, how many stores of
    the group are of this format, and its books in currency a month over the last half year (a value per bar,
    profit last)."""

    outcome: str
    name: str
    format: str
    of: int
    group: int
    books: dict[str, float]


def typical(run: RunResult) -> list[Typical]:
    """For each outcome: of the format that is most frequent in the group, the store whose profit on sales
    over its last half year is nearest to the median of these stores."""
    figures, books = last_half_year(run), run.stores_monthly
    found = []
    for outcome in OUTCOMES:
        group = figures[figures["outcome"] == outcome]
        if group.empty:
            continue
        kind = group["format"].value_counts().index[0]
        mine = group[group["format"] == kind]
        store = (mine["margin"] - mine["margin"].median()).abs().idxmin()
        rows = books[books["store"] == store].sort_values("month", kind="stable").tail(HALF_YEAR)
        steps = {
            bar: float(rows[[f"{line}_yuan" for line in lines]].to_numpy().sum())
            for bar, lines in BARS.items()
        }
        steps["profit"] = sum(steps.values())
        books_a_month = {bar: value / len(rows) for bar, value in steps.items()}
        found.append(
            Typical(outcome, str(mine.loc[store, "name"]), str(kind), len(mine), len(group), books_a_month)
        )
    return found


def waterfalls(run: RunResult) -> Picture:
    """Profit and loss of typical stores, a panel per outcome."""
    title = "Where the money of typical stores goes"
    shown = typical(run)
    if not shown:
        return Picture("waterfalls", title, "No store has the books of a complete month.", None)
    currency = run.manifest["scenario"]["currency"]
    told = []
    for t in shown:
        sales, profit = t.books["sales"], t.books["profit"]
        made = (
            f"{'profit' if profit >= 0 else 'loss'} of {100 * abs(profit) / sales:.0f} in 100"
            if sales
            else "no sales"
        )
        told.append(
            f"{t.outcome.capitalize()}: {t.name} ({t.format}), {money(sales, currency)} of sales a month, {made}"
        )
    caption = (
        f"{'. '.join(told)}. These are means of a store's last six months of trading, or of as many as it has. “Typical” means: of "
        "the most frequent kind of store in the group, the one whose profit on sales is nearest to the median."
    )
    return Picture("waterfalls", title, caption, lambda: _draw_waterfalls(shown, currency))


def _draw_waterfalls(shown: list[Typical], currency: str) -> Figure:
    used = [b for b in BARS if any(abs(t.books[b]) >= 0.5 for t in shown)] + ["profit"]
    figure, axes = plt.subplots(
        1, len(shown), figsize=(WIDTH, 0.36 * len(used) + 1.35), sharey=True, squeeze=False
    )
    y = np.arange(len(used))[::-1]
    for ax, t in zip(axes[0], shown):
        at, low, high, labels = 0.0, 0.0, 0.0, []
        sales = t.books["sales"]
        for place, bar in zip(y, used):
            value = t.books[bar] / 1000
            start = 0.0 if bar in ("sales", "profit") else at
            at = value if bar in ("sales", "profit") else at + value
            colour = GREY if bar == "sales" else BLUE if value >= 0 else VERMILION
            if bar not in ("sales", "profit"):
                colour = "#8FB8D8" if value >= 0 else "#E7A27C"
            ax.barh(place, at - start, left=start, color=colour, height=0.66)
            low, high = min(low, at, start), max(high, at, start)
            share = f" ({100 * abs(t.books[bar]) / sales:.0f} %)" if sales > 0 and bar != "sales" else ""
            labels.append((place, max(start, at, 0.0), fixed(value) + share))
        span = (high - low) or 1.0
        for place, end, text in labels:
            weight = "bold" if place in (y[0], y[-1]) else "normal"
            ax.text(end + 0.02 * span, place, text, va="center", fontsize=8.5, fontweight=weight)
        ax.set_xlim(low - 0.03 * span, high + 0.5 * span)
        ax.axvline(0, color=BLACK, lw=0.8)
        ax.set_title(f"{t.outcome}\n{style.short(t.name, 26)}", fontsize=10)
        ax.set_xlabel(f"thousand {currency} a month", fontsize=9, color=GREY)
        ax.xaxis.set_major_locator(MaxNLocator(3))
        ax.tick_params(axis="y", length=0)
    axes[0][0].set_yticks(y, used)
    return figure


# -- the market ---------------------------------------------------------------------------------------------
def channels(run: RunResult) -> Picture:
    """How the city buys, and the online share."""
    share = percent(online_share(run.daily, online_channels(run.manifest)))
    caption = f"Left: sales by the way they were made. Right: the share that came by parcel ({share} over the whole run)."
    return Picture(
        "channels", "How the city buys", caption, lambda: _resized(pictures_market.channels, run, 4.6)
    )


def platforms(run: RunResult) -> Picture:
    """Cash and members of the platforms."""
    title = "Platforms: members, orders, cash, subsidies"
    if not run.manifest["scenario"]["platforms"]:
        return Picture("platforms", title, "There are no platforms in this scenario.", None)
    caption = (
        "Members are consumers who use the platform, orders are all that go through it, cash is what its investors' money and its "
        "business have left it. Beside each line: first and last value."
    )
    return Picture("platforms", title, caption, lambda: _resized(pictures_market.platforms, run, 6.4))


def rents(run: RunResult) -> Picture:
    """Rent and empty units of the circles."""
    title = "Rents and empty units, by business circle"
    if not len(run.circles_monthly):
        return Picture("rents", title, "No complete month was simulated, or there are no circles.", None)
    caption = (
        "A circle is a place with many stores; “streets” are all others. Landlords change rents once a month."
    )
    return Picture("rents", title, caption, lambda: _resized(pictures_stores.rents, run, 4.4))


def _resized(draw: Callable[..., Figure], run: RunResult, height: float) -> Figure:
    figure = draw(run.frames, run.manifest)
    figure.set_size_inches(1.25 * WIDTH, 1.25 * height)
    return figure


__all__ = ["Curve", "Picture", "Typical", "as_svg", "pictures", "survival_curve", "typical"]
