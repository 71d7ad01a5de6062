"""Pictures of what differs between two scenarios, and of what made the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import ScenarioError
from . import style
from .study_parts import bare, is_share, label_of, name_of, needs_columns, number_axis, titled, width, wrapped
from .style import BLACK, BLUE, GREY, VERMILION
from .wording import compact, signed


# -- differences --------------------------------------------------------------------------------------------
def forest(
    table: pd.DataFrame,
    labels: Mapping[str, str],
    names: tuple[str, str] = ("A", "B"),
    title: str | None = None,
) -> Figure:
    """What differs between scenarios A and B: a row per metric, with means, difference and its 95 % interval.

    `table` has the columns metric, a_mean, b_mean, difference, low, high and n (pairs). Every row has a scale
    of its own, from 0 to the far end of its interval, for the units differ. Rows whose interval leaves out 0
    stand out. Raises ScenarioError for a table without one of the columns or without rows.
    """
    needs_columns(table, ["metric", "a_mean", "b_mean", "difference", "low", "high", "n"])
    if not len(table):
        raise ScenarioError("there are no differences to draw")
    table = table.reset_index(drop=True)
    shares = [is_share(m, [x, y]) for m, x, y in zip(table["metric"], table["a_mean"], table["b_mean"])]
    names_of = [wrapped(label_of(m, labels), 34) for m in table["metric"]]
    heights = np.array([0.16 + 0.17 * (text.count("\n") + 1) for text in names_of])  # inches
    places = np.cumsum(heights) - heights / 2
    texts = pd.DataFrame(
        {
            "name": names_of,
            "a": [compact(v, share=s) for v, s in zip(table["a_mean"], shares)],
            "b": [compact(v, share=s) for v, s in zip(table["b_mean"], shares)],
            "difference": [
                _interval(d, low, high, s) for d, low, high, s in zip(*(table[c] for c in _GAP), shares)
            ],
            "percent": [_percent_of(d, a) for d, a in zip(table["difference"], table["a_mean"])],
        }
    )
    first, second = (wrapped(style.short(n, 40), 14) for n in names)
    heads = {
        "name": "",
        "a": first,
        "b": second,
        "difference": "difference [95 % interval]",
        "percent": "relative",
    }
    sure = (table["low"] > 0) | (table["high"] < 0)
    figure, ax = plt.subplots(
        figsize=(11.6, float(heights.sum()) + 1.5 + 0.17 * max(h.count("\n") for h in heads.values()))
    )
    ax.set(xlim=(-1.12, 1.12), ylim=(float(heights.sum()), 0.0))
    ax.set_yticks([])
    ax.set_xticks([])
    ax.spines[:].set_visible(False)
    ax.axvline(0, color=BLACK, lw=1)
    for place, row, is_sure in zip(places, table.itertuples(), sure):
        _gap(ax, place, row.difference, row.low, row.high, is_sure)  # type: ignore[arg-type]
    ends = np.cumsum(heights)[:-1]
    ax.hlines(ends, -1.12, 1.12, color="#EEEEEE", lw=0.8, zorder=0)
    _columns(ax, texts, heads, places, sure)
    for text, at, align in (("← less", -0.03, "right"), ("more →", 0.03, "left")):
        ax.annotate(
            text, (at, 1), xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
            ha=align, va="bottom", fontsize=9, color=GREY,
        )  # fmt: skip
    pairs = sorted({int(n) for n in table["n"]})
    note = (
        f"{pairs[0]}{f' to {pairs[-1]}' if len(pairs) > 1 else ''} pairs of runs with the same seeds  ·  "
        "dots: mean difference, bars: 95 % interval, each row in a scale of its own  ·  "
        "in colour: the interval leaves out 0"
    )
    if any(shares):
        note += "  ·  pp: percentage points"
    if title is None:
        title = f"{names[1]} against {names[0]}: {int(sure.sum())} of {len(table)} figures differ clearly"
    titled(figure, title, note)
    return figure


_GAP = ("difference", "low", "high")
_LETTER = 5.9  # points a letter of the table is wide


def _interval(gap: float, low: float, high: float, share: bool) -> str:
    if not np.isfinite(gap):
        return "–"
    if not np.isfinite(low):
        return f"{signed(gap, share=share)}  [unknown]"
    return f"{signed(gap, share=share)}  [{signed(low, share=share)}, {signed(high, share=share)}]".replace(
        " pp,", ","
    )


def _percent_of(gap: float, of: float) -> str:
    if not np.isfinite(gap) or not of or not np.isfinite(of):
        return "–"
    return signed(100 * gap / abs(of), 2) + " %"


def _gap(ax: Axes, place: float, gap: float, low: float, high: float, sure: bool) -> None:
    """A dot and its interval, in a scale that just holds them."""
    ends = np.array([gap, low, high])
    if not np.isfinite(gap):
        return
    reach = float(np.abs(ends[np.isfinite(ends)]).max()) or 1.0
    colour = GREY if not sure else BLUE if gap > 0 else VERMILION
    if np.isfinite(low):
        ax.hlines(place, low / reach, high / reach, color=colour, lw=3.2 if sure else 1.8, zorder=2)
    ax.plot(
        gap / reach, place, "o" if not sure else ">" if gap > 0 else "<", ms=8,
        mfc=colour if sure else "white", mec=colour, mew=1.6, zorder=3, gid="sure" if sure else "unsure",
    )  # fmt: skip


def _columns(
    ax: Axes, texts: pd.DataFrame, heads: Mapping[str, str], places: np.ndarray, sure: pd.Series
) -> None:
    """The texts of a table left and right of the axes, as wide as their longest text."""
    wide = {
        str(c): _LETTER * max(width(line) for text in [*texts[c], heads[str(c)]] for line in text.split("\n"))
        + 12
        for c in texts
    }
    at = {"b": (0.0, -10.0, "right"), "a": (0.0, -10 - wide["b"], "right")}
    at["name"] = (0.0, -10 - wide["b"] - wide["a"] - wide["name"], "left")
    at["difference"] = (1.0, 10.0, "left")
    at["percent"] = (1.0, 10 + wide["difference"] + wide["percent"] - 12, "right")
    for column, (side, offset, align) in at.items():
        look: dict[str, Any] = {"textcoords": "offset points", "ha": align, "annotation_clip": False}
        for place, text, strong in zip(places, texts[column], sure):
            ax.annotate(
                text, (side, place), xycoords=("axes fraction", "data"), xytext=(offset, 0), va="center",
                fontsize=9.5, fontweight="bold" if strong else "normal",
                color=BLACK if strong else "#555555", **look,
            )  # fmt: skip
        ax.annotate(
            heads[column], (side, 1.0), xycoords="axes fraction", xytext=(offset, 3), va="bottom",
            fontsize=9, color=GREY, **look,
        )  # fmt: skip


# -- what made the difference -------------------------------------------------------------------------------
def waterfall(
    table: pd.DataFrame, metric: str, labels: Mapping[str, str], names: tuple[str, str] = ("A", "B")
) -> Figure:
    """From the mean of a metric in scenario A to that in B, step by step over what each group of changes
    adds.

    `table` has the columns group, value, low and high (95 % interval; not finite where unknown). The rows
    whose group is one of `names` hold the means of A and B, all others the groups' contributions. The largest
    step comes first. Raises ScenarioError if A's or B's mean is missing.
    """
    needs_columns(table, ["group", "value", "low", "high"])
    rows = table.set_index("group")
    missing = [n for n in names if n not in rows.index]
    if missing:
        raise ScenarioError(f"the mean of {missing[0]!r} is missing from the table of contributions")
    steps = rows.drop(index=list(names)).sort_values("value", key=np.abs, ascending=False, kind="stable")
    start, end = (float(rows.loc[n, "value"]) for n in names)  # type: ignore[arg-type]
    share = is_share(metric, [start, end])
    levels = start + np.concatenate([[0.0], np.cumsum(steps["value"])])
    figure, ax = plt.subplots(figsize=(9.6, 0.46 * (len(steps) + 2) + 1.5))
    values = steps["value"].to_numpy(float)
    whiskers = steps[["low", "high"]].to_numpy(float) - values[:, None] + levels[1:, None]
    reach = np.concatenate([levels, [end], whiskers[np.isfinite(whiskers)]])
    origin = _origin(reach)
    for place, mean in ((0, start), (len(steps) + 1, end)):
        ax.barh(place, mean - origin, left=origin, color="#7A7A7A", height=0.62, gid="mean")
    for k, (value, before) in enumerate(zip(values, levels)):
        colour = BLUE if value >= 0 else VERMILION
        ax.barh(k + 1, value, left=before, color=colour, height=0.62, gid="step")
        ax.vlines(before, k + 0.31 - 0.62, k + 1.31, color=GREY, lw=0.8)
    ax.vlines(levels[-1], len(steps) - 0.31, len(steps) + 1.31, color=GREY, lw=0.8)
    for k, (low, high) in enumerate(whiskers):
        if np.isfinite(low) and np.isfinite(high):
            ax.plot(
                [low, high], [k + 1, k + 1], color=BLACK, lw=1.3, marker="|", ms=7, zorder=4, gid="whisker"
            )
    _write_beside(ax, [start, *values, end], levels, whiskers, origin, share)
    groups = [name_of(str(g), labels) for g in steps.index]
    ax.set_yticks(range(len(steps) + 2), [wrapped(t, 30) for t in (names[0], *groups, names[1])])
    ax.set_ylim(len(steps) + 1.6, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    number_axis(ax.xaxis, share)
    ax.grid(axis="x")
    name = label_of(metric, labels)
    ax.set_xlabel(name if origin == 0 else f"{name} (the axis does not begin at 0)", color=GREY)
    title = f"{name}: {compact(start, share=share)} in {names[0]}, {compact(end, share=share)} in {names[1]}"
    along = steps[np.sign(values) == np.sign(end - start)]
    if len(steps) > 1 and len(along):
        title += f", most of all by {bare(str(along.index[0]), labels)}"
    note = "bars: what each change adds, its mean over all orders of changing (Shapley value)"
    if np.isfinite(whiskers).any():
        note += "  ·  whiskers: 95 % intervals"
    titled(figure, title, note)
    return figure


def _origin(reach: np.ndarray) -> float:
    """Where the bars of means begin: at 0, unless the steps would then be too small to see."""
    low, high = float(reach.min()), float(reach.max())
    span = high - low
    if low > 0 and span < 0.2 * high:
        return max(low - 0.35 * span, 0.0) if span else 0.9 * low
    if high < 0 and span < 0.2 * -low:
        return min(high + 0.35 * span, 0.0) if span else 0.9 * high
    return 0.0


def _write_beside(
    ax: Axes, values: Sequence[float], levels: np.ndarray, whiskers: np.ndarray, origin: float, share: bool
) -> None:
    """The numbers right of the bars and their whiskers."""
    last = len(values) - 1
    for k, value in enumerate(values):
        if k in (0, last):
            right, text = max(value, origin), compact(value, share=share)
        else:
            ends = [levels[k - 1], levels[k], *whiskers[k - 1]]
            right, text = max(e for e in ends if np.isfinite(e)), signed(value, share=share)
        ax.annotate(
            text, (right, k), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9.5,
            fontweight="bold", bbox={"fc": "white", "ec": "none", "pad": 0.8, "alpha": 0.85}, zorder=5,
        )  # fmt: skip
    ax.margins(x=0.12)
