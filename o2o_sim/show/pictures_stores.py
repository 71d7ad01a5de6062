"""Pictures of the stores: what became of them, how many trade, where their money goes, what they pay for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from . import style
from .style import BLACK, BLUE, GREY, ORANGE, OUTCOME_COLOURS, PURPLE, SKY, VERMILION, YELLOW
from .wording import in_percent, money

Frames = Mapping[str, pd.DataFrame]
MOST_BARS = 14
WIDEST_LOSS = 1.6
"""Costs beyond this multiple of sales are cut off; the number beside the bar tells them."""

COSTS = {
    "goods, spoilage": ("cost of goods", "spoilage"),
    "rent": ("rent",),
    "wages": ("wages",),
    "overheads": ("overheads",),
    "platforms": ("commission", "advertising"),
    "delivery, online systems": ("handling", "delivery", "integration"),
}
"""The groups of a store's costs that are drawn, with the ledger lines they hold."""
COST_COLOURS = (style.PALE, VERMILION, SKY, YELLOW, PURPLE, ORANGE)


def outcomes(frames: Frames, manifest: Mapping[str, Any]) -> Figure:
    """What became of the stores, by category and by circle."""
    table = frames["outcomes"]
    count = table["outcome"].value_counts()
    figure = plt.figure(figsize=(12, 5.8))
    axes = figure.subplot_mosaic([["category", "circle"], ["legend", "legend"]], height_ratios=[1, 0.06])
    for column in ("category", "circle"):
        ax = axes[column]
        ax.set_title(f"By {column}")
        if len(table):
            _outcome_bars(ax, pd.crosstab(table[column], table["outcome"]))
        else:
            style.note(ax, "There were no stores.")
    handles = [plt.Rectangle((0, 0), 1, 1, color=c) for c in OUTCOME_COLOURS.values()]
    axes["legend"].set_axis_off()
    axes["legend"].legend(handles, OUTCOME_COLOURS, loc="center", ncols=5, frameon=False)
    told = ", ".join(f"{count[o]:,} {o}" for o in OUTCOME_COLOURS if count.get(o))
    style.headed(figure, f"What became of the {len(table):,} stores: {told or 'nothing'}", manifest)
    return figure


def _outcome_bars(ax: Axes, table: pd.DataFrame) -> None:
    table = table.reindex(columns=list(OUTCOME_COLOURS), fill_value=0)
    table = table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    if len(table) > MOST_BARS:
        rest = table.iloc[MOST_BARS - 1 :]
        table = table.iloc[: MOST_BARS - 1]
        table.loc[f"{len(rest)} others"] = rest.sum()
    totals = table.sum(axis=1)
    share = table.div(totals, axis=0)
    y = np.arange(len(table))[::-1]
    left = np.zeros(len(table))
    for outcome, colour in OUTCOME_COLOURS.items():
        width = share[outcome].to_numpy()
        ax.barh(y, width, left=left, color=colour, edgecolor="white", height=0.72)
        ink = "white" if colour in (BLUE, VERMILION) else BLACK
        for k in np.flatnonzero(width > 0.045).tolist():
            number = f"{table[outcome].iloc[k]:,}"
            ax.text(left[k] + width[k] / 2, y[k], number, ha="center", va="center", color=ink, fontsize=9)
        left += width
    for k, total in enumerate(totals):
        ax.text(1.015, y[k], f"{total:,}", va="center", fontsize=9, color=GREY)
    ax.text(1.015, len(table) - 0.35, "stores", fontsize=8.5, color=GREY)
    ax.set_yticks(y, [style.short(str(n)) for n in table.index])
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(0, 1)
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.spines["left"].set_visible(False)
    style.percent_axis(ax.xaxis)
    ax.set_xlabel("share of the stores (numbers in the bars: stores)", color=GREY)


def stores(frames: Frames, manifest: Mapping[str, Any]) -> Figure:
    """Stores trading by format, and how many open and close every month."""
    table, books = frames["outcomes"], frames["stores_monthly"]
    figure, (above, below) = plt.subplots(2, 1, figsize=(11, 7.5), height_ratios=[3, 1.4])
    daily = frames["daily"]
    first, last = int(daily["stores_open"].iloc[0]), int(daily["stores_open"].iloc[-1])
    above.set_title("Stores one can walk into, by format, at the end of each month")
    here = books[books["state"].isin(["open", "showroom"])] if len(books) else books
    if len(here):
        per_format = here.groupby(["month", "format"]).size().unstack(fill_value=0)
        style.lines(above, per_format, whole=True)
        above.set_ylabel("stores")
        style.days_on(above, manifest)
    else:
        style.note(above, "No complete month was simulated.")
    _comings_and_goings(below, table, manifest)
    style.headed(figure, f"Stores open: {first:,} on the first day, {last:,} on the last", manifest)
    return figure


def _comings_and_goings(ax: Axes, table: pd.DataFrame, manifest: Mapping[str, Any]) -> None:
    opened = _per_month(table.loc[table["opened"] > manifest["first_day"], "opened"])
    closed = _per_month(table.loc[table["outcome"] == "closed", "changed"])
    ax.set_title("Openings (up) and closings (down) a month")
    if not len(opened) and not len(closed):
        style.note(ax, "No store opened or closed.")
        return
    ax.bar(list(opened.index), opened.to_numpy(), width=20, color=BLUE)
    ax.bar(list(closed.index), -closed.to_numpy(), width=20, color=VERMILION)
    ax.axhline(0, color=GREY, lw=0.8)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
    ax.set_ylabel("stores")
    ax.margins(y=0.15)
    style.days_on(ax, manifest)
    high, low = float(opened.max() if len(opened) else 0), -float(closed.max() if len(closed) else 0)
    labels = [
        (high / 2, f"{opened.sum():,.0f} opened", BLUE),
        (low / 2, f"{closed.sum():,.0f} closed", VERMILION),
    ]
    style.end_labels(ax, labels, leaders=False)


def _per_month(days: pd.Series) -> pd.Series:
    """How many of some ISO dates fall into each month, at its middle."""
    middles = [date.fromisoformat(day).replace(day=15) for day in days]
    return pd.Series(middles, dtype=object).value_counts().sort_index()


def profit_and_loss(frames: Frames, manifest: Mapping[str, Any]) -> Figure:
    """Where a yuan of sales goes, by format."""
    books = frames["stores_monthly"]
    currency = manifest["scenario"]["currency"]
    figure, ax = plt.subplots(figsize=(11, 5.6))
    if not len(books):
        style.note(ax, "No complete month was simulated.")
        style.headed(figure, f"Where a store's {currency} of sales goes", manifest)
        return figure
    sums = books.groupby("format").sum(numeric_only=True)
    sums = sums[sums["revenue_yuan"] > 0].sort_values("revenue_yuan", ascending=False)
    cost = pd.DataFrame({n: -sum(sums[f"{line}_yuan"] for line in of) for n, of in COSTS.items()})
    share = cost.div(sums["revenue_yuan"], axis=0).clip(lower=0)
    profit = sums["profit_yuan"] / sums["revenue_yuan"]
    y = np.arange(len(share))[::-1]
    left = np.zeros(len(share))
    for name, colour in zip(COSTS, COST_COLOURS):
        width = share[name].to_numpy()
        ax.barh(y, width, left=left, color=colour, edgecolor="white", height=0.7, label=name)
        ink = "white" if colour == VERMILION else BLACK
        for k in np.flatnonzero(width > 0.035).tolist():
            text = f"{100 * width[k]:.0f}"
            ax.text(
                left[k] + width[k] / 2,
                y[k],
                text,
                ha="center",
                va="center",
                fontsize=9,
                color=ink,
                clip_on=True,
            )
        left += width
    gain = profit.clip(lower=0).to_numpy()
    ax.barh(y, gain, left=left, color=BLUE, edgecolor="white", height=0.7, label="profit")
    ax.axvline(1, color=BLACK, lw=1.2, ymax=0.97, zorder=0)
    edge = min(max(1.0, float(left.max())), WIDEST_LOSS)
    for k, value in enumerate(profit):
        text = f"{'profit' if value >= 0 else 'loss'} {in_percent(abs(value))}"
        ink = BLUE if value >= 0 else VERMILION
        ax.text(edge + 0.012, y[k], text, va="center", fontsize=10, fontweight="bold", color=ink)
    sold = [f"{style.short(str(n))}\n{money(v, currency)}" for n, v in sums["revenue_yuan"].items()]
    ax.set_yticks(y, sold, fontsize=9)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlim(0, edge)
    style.percent_axis(ax.xaxis)
    ax.set_xlabel("share of what the format's stores took in (costs beyond 100 % are losses)", color=GREY)
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.14), ncols=7, frameon=False, fontsize=9)
    whole = float(sums["profit_yuan"].sum() / sums["revenue_yuan"].sum()) if len(sums) else 0.0
    made = f"a {'profit' if whole >= 0 else 'loss'} of {in_percent(abs(whole))}"
    style.headed(
        figure, f"Where a store's {currency} of sales goes: all stores together made {made}", manifest
    )
    return figure


def rents(frames: Frames, manifest: Mapping[str, Any]) -> Figure:
    """Rent and vacancy of every circle."""
    table, currency = frames["circles_monthly"], manifest["scenario"]["currency"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5.6))
    left.set_title(f"Rent, {currency} per m² and month")
    right.set_title("Empty units, % of all units")
    if not len(table):
        for ax in (left, right):
            style.note(ax, "No complete month was simulated.")
        style.headed(figure, "Rents and empty units, by business circle", manifest)
        return figure
    rent = style.pivot_months(table, "circle", "rent_yuan_m2_month")
    empty = style.pivot_months(table, "circle", "vacancy") * 100
    style.lines(left, rent, whole=True)
    style.lines(right, empty, unit=" %", whole=True)
    for ax in (left, right):
        style.days_on(ax, manifest)
    month = table["month"] == table["month"].max()
    now = 1 - table.loc[month, "let"].sum() / max(table.loc[month, "units"].sum(), 1)
    style.headed(
        figure,
        f"Rents and empty units, by business circle: {in_percent(now, 0)} of all units empty at the end",
        manifest,
    )
    return figure
