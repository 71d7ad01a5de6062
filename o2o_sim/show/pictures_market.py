"""Pictures of the market: how people buy, where they walk, what the platforms do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..record.result import columns_of, online_channels, online_share, years
from . import style
from .style import BLACK, BLUE, GREEN, ORANGE, PALE, PURPLE, SKY, VERMILION
from .wording import fixed, in_percent, money

Frames = Mapping[str, pd.DataFrame]

CHANNEL_COLOURS = {
    "parcel": BLUE,
    "marketplace shop": SKY,
    "coupon": VERMILION,
    "social delivery": GREEN,
    "app delivery": ORANGE,
    "walk-in": PALE,
}
STREETS = "streets"


def channels(frames: Frames, manifest: Mapping[str, Any]) -> Figure:
    """Shares of sales by channel, and the online share with the means of the years."""
    daily = frames["daily"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5.4), width_ratios=[1.15, 1])
    _channel_areas(left, daily, manifest)
    table, _ = style.by_period(daily)
    right.set_title("Parcels, % of sales; black: means of years")
    online = online_channels(manifest)
    share = [100 * online_share(table.iloc[[k]], online) for k in range(len(table))]
    mark = "o" if len(table) < 3 else None
    right.plot(list(table.index), share, color=SKY, lw=1.6, marker=mark)
    _year_means(right, daily, online)
    style.days_on(right, manifest)
    right.set_ylim(0, max(*share, 0.1) * 1.25)
    right.yaxis.set_major_formatter(lambda value, _: f"{value:.3g} %")
    came = in_percent(online_share(daily, online))
    style.headed(figure, f"How the city buys: {came} of sales came by parcel", manifest)
    return figure


def _year_means(ax: Axes, daily: pd.DataFrame, online: tuple[str, ...]) -> None:
    """A bar at the mean of every calendar year, its number above."""
    found = years(daily)
    for year, part in found:
        first, last = part["date"].iloc[0], part["date"].iloc[-1]
        mean = online_share(part, online)
        ax.plot([first, last], [100 * mean, 100 * mean], color=BLACK, lw=2.2, solid_capstyle="butt")
        ax.annotate(
            f"{year}\n{in_percent(mean)}", (style.number(first + (last - first) / 2), 0.985),
            xycoords=("data", "axes fraction"),
            ha="center", va="top", fontweight="bold", fontsize=10 if len(found) <= 6 else 7,
        )  # fmt: skip


def _channel_areas(ax: Axes, daily: pd.DataFrame, manifest: Mapping[str, Any]) -> None:
    table, period = style.by_period(daily)
    columns = [c for c in columns_of(table, "sales") if table[c].sum() > 0]
    sales = table[columns]
    sales.columns = pd.Index([c.partition("/")[2] for c in columns])
    if not len(sales.columns):
        style.note(ax, "Nothing was sold.")
        return
    share = 100 * sales.div(sales.sum(axis=1).replace(0, np.nan), axis=0).fillna(0.0)
    known = [c for c in CHANNEL_COLOURS if c in share]
    own = [str(c) for c in share if c not in CHANNEL_COLOURS]
    order = [c for c in known if c != "walk-in"] + own
    walk_in = share["walk-in"] if "walk-in" in share else pd.Series(0.0, index=share.index)
    days, rows = style.stretched(list(share.index), share[order].T.to_numpy())
    spare = (PURPLE, BLACK, style.SERIES[-1])
    colours = [CHANNEL_COLOURS.get(c, spare[k % 3]) for k, c in enumerate(order)]
    ax.set_facecolor(PALE)
    if order:
        ax.stackplot(days, rows, colors=colours, linewidth=0)
    # The walk-in share is most of the picture and tells least: its area is cut off well above the others.
    top = float(rows.sum(axis=0).max()) if order else 0.0
    ax.set_ylim(0, 100 if top > 60 else max(1.5 * top, 1.0))
    text = f"walk-in: all the rest, {walk_in.iloc[0]:.0f} % → {walk_in.iloc[-1]:.0f} %"
    ax.text(0.5, 0.93, text, transform=ax.transAxes, ha="center", va="top", fontsize=10.5)
    ends = np.cumsum(rows[:, -1]) - rows[:, -1] / 2 if order else np.zeros(0)
    texts = [style.change(c, share[c], " %", whole=False) for c in order]
    labels = list(zip(map(float, ends), texts, colours))
    style.end_labels(ax, labels)
    style.days_on(ax, manifest, pad=0)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:.3g} %")
    ax.set_title(f"Shares of sales by channel, by {period}")


def footfall(frames: Frames, manifest: Mapping[str, Any]) -> Figure:
    """People who come to the circles, with their opening days."""
    daily = frames["daily"]
    table, period = style.by_period(daily)
    visits = table[columns_of(table, "footfall")]
    visits.columns = pd.Index([c.partition("/")[2] for c in visits.columns])
    figure = plt.figure(figsize=(11, 6.6))
    places = visits.drop(columns=STREETS, errors="ignore") / 1000
    # A circle that is not open yet has no visitors to draw.
    places = places.where(places.cummax() > 0)
    places = places[[c for c in places if places[c].notna().any()]]
    above, below = figure.subplots(2, 1, height_ratios=[3, 1])
    above.set_title(f"Business circles: thousand visitors a day{_mean(period)}")
    if len(places.columns):
        for row, (name, day) in enumerate(_openings(manifest)):
            style.marked_day(above, day, f"{style.short(name)} opens", row % 3)
        style.lines(above, places, headroom=1.2)
        style.days_on(above, manifest)
    else:
        style.note(above, "No business circle had visitors.")
    below.set_title("Shops in the streets: thousand visitors a day")
    if STREETS in visits and visits[STREETS].any():
        streets = visits[[STREETS]] / 1000
        style.lines(below, streets)
        style.days_on(below, manifest)
    else:
        style.note(below, "There are no shops outside the circles.")
    total = visits.sum(axis=1)
    first, last = (fixed(round(float(total.iloc[k]), -3)) for k in (0, -1))
    style.headed(
        figure, f"Where people go: {first} visits to shops a day at first, {last} at the end", manifest
    )
    return figure


def _mean(period: str) -> str:
    return "" if period == "day" else f", mean of each {period}"


def _openings(manifest: Mapping[str, Any]) -> list[tuple[str, date]]:
    """(circle, day) of the circles that open during the run, in order."""
    last = manifest["last_day"]
    circles = manifest["scenario"]["circles"]
    days = [(c["opens"], name) for name, c in circles.items() if c.get("opens")]
    return [
        (name, date.fromisoformat(day)) for day, name in sorted(days) if manifest["first_day"] < day <= last
    ]


def platforms(frames: Frames, manifest: Mapping[str, Any]) -> Figure:
    """Members, orders, cash and subsidies of the platforms."""
    months, scenario = frames["city_monthly"], manifest["scenario"]
    currency = scenario["currency"]
    names = list(scenario["platforms"])
    figure, axes = plt.subplots(2, 2, figsize=(13, 7.6))
    subsidy = float(frames["daily"]["subsidy_yuan"].sum())
    spent = f"{money(subsidy, currency)} of subsidies" if subsidy else "no subsidies"
    style.headed(figure, f"The platforms: members, orders, cash, and {spent}", manifest)
    if not names:
        for ax in axes.flat:
            style.note(ax, "There are no platforms in this scenario.")
        return figure
    table, period = style.by_period(frames["daily"])
    orders = table[[f"orders/{n}" for n in names]] * scenario["residents"] / scenario["population"] / 1000
    orders.columns = pd.Index(names)
    titles = (
        ("members", "Members, % of the consumers", 100.0),
        ("cash_yuan", f"Cash, million {currency}", 1e-6),
        ("subsidy_yuan_order", f"Subsidy offered per order, {currency}", 1.0),
    )
    axes[0, 1].set_title(f"Orders, thousand a day{_mean(period)}")
    style.lines(axes[0, 1], orders)
    style.days_on(axes[0, 1], manifest)
    for ax, (column, title, factor) in zip((axes[0, 0], axes[1, 0], axes[1, 1]), titles):
        ax.set_title(title)
        if not len(months):
            style.note(ax, "No complete month was simulated.")
            continue
        values = months[[f"{column}/{n}" for n in names]] * factor
        values.columns = pd.Index(names)
        values.index = pd.Index(list(months["month"]))
        if column == "subsidy_yuan_order":
            values = _within_dates(values, scenario["platforms"])
        if column == "subsidy_yuan_order" and not values.to_numpy().any():
            style.note(ax, "No platform offered subsidies.")
            continue
        style.lines(ax, values)
        style.days_on(ax, manifest)
    return figure


def _within_dates(offered: pd.DataFrame, platforms: Mapping[str, Any]) -> pd.DataFrame:
    """Subsidies, 0 in the months that end before a subsidy's first day or after its last."""
    offered = offered.copy()
    for name in map(str, offered):
        rule = platforms[name]["subsidy"]
        for month in offered.index:
            day = month.isoformat()
            if (rule["start"] and day < rule["start"]) or (rule["end"] and day >= rule["end"]):
                offered.loc[month, name] = 0.0
    return offered
