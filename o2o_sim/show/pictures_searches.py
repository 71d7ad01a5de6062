"""Pictures of searches: the conditions that a discovery found, and the value that reaches a goal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import ArrayLike

from ..errors import ScenarioError
from ..studies.boxes import Span
from . import style
from .study_parts import (
    bare,
    factor_axis,
    is_share,
    label_of,
    levels,
    needs_columns,
    number_axis,
    setting,
    split_unit,
    titled,
    told,
    wrapped,
)
from .style import BLACK, BLUE, GREY, VERMILION
from .wording import compact, fixed, plural

BOX = "#F3D9CC"


# -- scenario discovery -------------------------------------------------------------------------------------
def box_plot(
    points: pd.DataFrame,
    interest: ArrayLike,
    box_limits: Mapping[str, Span | tuple[Any, ...]],
    labels: Mapping[str, str],
) -> Figure:
    """Where the points of interest lie, over the two factors that a box restricts most, with the box.

    `points` has a column per factor, `interest` a flag for each of its rows, `box_limits` a `Span` or the
    values that remain for every restricted factor. A box of one factor becomes a strip. A factor restricts
    the more, the fewer points it leaves. Raises ScenarioError for factors that are no columns.
    """
    needs_columns(points, box_limits)
    wanted = np.asarray(interest, dtype=bool)
    inside = {f: _inside(points[f], limit) for f, limit in box_limits.items()}
    shown = sorted(box_limits, key=lambda f: float(inside[f].mean()))[:2]
    figure, ax = plt.subplots(figsize=(8.6, 5.6 if len(shown) == 2 else 3.2))
    if not shown:
        style.note(ax, "No condition tells the points of interest from the others.")
        titled(
            figure, "No conditions were found", f"{wanted.sum():,} of {len(points):,} points are of interest"
        )
        return figure
    everything = np.logical_and.reduce(list(inside.values()))
    x, where_x = _placed(ax.xaxis, points[shown[0]], box_limits[shown[0]], labels)
    if len(shown) == 2:
        y, where_y = _placed(ax.yaxis, points[shown[1]], box_limits[shown[1]], labels)
    else:
        # Golden-ratio steps spread the points over the strip without a pattern.
        y, where_y = (np.arange(len(points)) * 0.618034) % 1, (0.0, 1.0)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    for axis, values in ((ax.set_xlim, x), (ax.set_ylim, y)):
        pad = 0.04 * (float(np.ptp(values)) or 1.0)
        axis(values.min() - pad, values.max() + pad)
    _draw_box(ax, where_x, where_y)
    look: dict[str, Any] = {"s": 34, "lw": 0.9, "clip_on": False}
    ax.scatter(x[~wanted], y[~wanted], fc="none", ec=GREY, zorder=3, gid="others", **look)
    ax.scatter(x[wanted], y[wanted], fc=VERMILION, ec="black", marker="D", zorder=4, gid="interest", **look)
    dot: dict[str, Any] = {"ls": "", "ms": 6}
    keys = [
        Line2D(
            [], [], marker="D", mfc=VERMILION, mec="black", label=f"of interest ({wanted.sum():,})", **dot
        ),
        Line2D([], [], marker="o", mfc="none", mec=GREY, label=f"others ({(~wanted).sum():,})", **dot),
        Patch(fc=BOX, ec=BLACK, lw=1.6, label="the box"),
    ]
    ax.legend(handles=keys, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    told_all = [_condition(f, limit, points[f], labels) for f, limit in box_limits.items()]
    hits = int((wanted & everything).sum())
    note = (
        f"{len(points):,} points. In the box: {everything.sum():,}, of which {hits:,} are of interest "
        f"({_percent(hits, everything.sum())}); these are {_percent(hits, wanted.sum())} of all that are"
    )
    unseen = [_condition(f, box_limits[f], points[f], labels) for f in box_limits if f not in shown]
    if unseen:
        note += f".  To the box also belongs that {', '.join(unseen)}"
    titled(figure, f"What is of interest gathers where {' and '.join(told_all)}", note)
    return figure


def _percent(part: int, whole: int) -> str:
    return compact(round(part / whole, 2), share=True) if whole else "–"


def _inside(values: pd.Series, limit: Span | tuple[Any, ...]) -> np.ndarray:
    if not isinstance(limit, Span):
        return values.isin(list(limit)).to_numpy()
    low, high = _ends(limit)
    known = values.to_numpy(float)
    return np.asarray((known > low) & (known < high))


def _ends(span: Span) -> tuple[float, float]:
    return (-np.inf if span.low is None else span.low), (np.inf if span.high is None else span.high)


def _placed(
    axis: Any, values: pd.Series, limit: Span | tuple[Any, ...], labels: Mapping[str, str]
) -> tuple[np.ndarray, tuple[float, float]]:
    """(places of the values along an axis, which is named; the span of the box along it). Values that are no
    numbers stand side by side, those of the box first, each with its points spread a little."""
    axis.set_label_text(wrapped(label_of(str(values.name), labels), 60), color=GREY)
    if isinstance(limit, Span):
        number_axis(axis, is_share(str(values.name), values))
        return values.to_numpy(float), _ends(limit)
    order = sorted(levels(values), key=lambda v: v not in limit)
    axis.set_ticks(range(len(order)), [wrapped(told(v), 14) for v in order])
    spread = 0.5 * ((np.arange(len(values)) * 0.618034) % 1 - 0.5)
    return np.array([order.index(v) for v in values]) + spread, (-0.5, sum(v in limit for v in order) - 0.5)


def _draw_box(ax: Axes, across: tuple[float, float], up: tuple[float, float]) -> None:
    """The box, cut off at the axes where it is open."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    x = np.clip(across, left, right)
    y = np.clip(up, low, high)
    box = Rectangle((x[0], y[0]), x[1] - x[0], y[1] - y[0], fc=BOX, ec=BLACK, lw=1.6, zorder=1, gid="box")
    ax.add_patch(box)


def _condition(
    factor: str, limit: Span | tuple[Any, ...], values: pd.Series, labels: Mapping[str, str]
) -> str:
    """A restriction in words: "rent is above 1.2 x base"."""
    name, unit = split_unit(labels.get(factor) or factor)
    if not isinstance(limit, Span):
        return f"{name} is {' or '.join(told(v) for v in limit)}"
    share = is_share(factor, values)
    low, high = (None if end is None else told(end, share=share) for end in limit)
    if low is not None and high is not None:
        text = f"{name} is between {low} and {high}"
    else:
        text = f"{name} is above {low}" if low is not None else f"{name} is below {high}"
    return text if share or not unit else f"{text} {unit}"


# -- goal seeking -------------------------------------------------------------------------------------------
def goal_curve(
    evaluations: pd.DataFrame,
    labels: Mapping[str, str],
    target: float,
    found: float | None,
    *,
    factor: str,
    metric: str,
) -> Figure:
    """The mean of `metric` at every value of `factor` that a search has tried, and the value it `found` (None
    if none reaches the target).

    `evaluations` has, in the order tried: `value` (of the factor), `mean`, `bound` (which the mean exceeds,
    or stays below, with the confidence that was asked for; infinite if nothing is known) and `n` (runs). A
    value tried again counts as tried last. The target is a least value if the bounds lie below the means.
    Raises ScenarioError if nothing was tried.
    """
    needs_columns(evaluations, ["value", "mean", "bound", "n"])
    tried = evaluations.drop_duplicates("value", keep="last").dropna(subset=["mean"])
    if not len(tried):
        raise ScenarioError("no value has been tried, so there is nothing to draw")
    x, mean, bound = (tried[c].to_numpy(float) for c in ("value", "mean", "bound"))
    at_least = bool((bound <= mean).all())
    reached = bound >= target if at_least else bound <= target
    share = is_share(metric, [*mean, target])
    factor_share = is_share(factor, x)
    figure, ax = plt.subplots(figsize=(8.6, 4.8))
    order = np.argsort(x)
    ax.plot(x[order], mean[order], color=style.PALE, lw=1.2, zorder=1)
    known = np.isfinite(bound)
    for ok, colour, fill in ((True, BLUE, BLUE), (False, VERMILION, "white")):
        mine = reached == ok
        ax.vlines(x[mine & known], mean[mine & known], bound[mine & known], color=colour, lw=1.8, zorder=2)
        ax.plot(
            x[mine & known], bound[mine & known], ls="", marker="_", ms=9, mew=1.8, color=colour, zorder=2
        )
        ax.plot(x[mine], mean[mine], ls="", marker="o", ms=7, mfc=fill, mec=colour, mew=1.6, zorder=3)
    word = "at least" if at_least else "at most"
    goal = f"{word} {compact(target, share=share)}"
    ax.axhline(target, color=BLACK, ls=(0, (5, 2)), lw=1.3, gid="target")
    factor_axis(ax, sorted(x), factor_share)
    number_axis(ax.yaxis, share)
    ax.margins(y=0.15)
    said = "" if found is None else setting(factor, found, labels, share=factor_share)
    name = bare(metric, labels)
    if found is not None:
        ax.axvline(found, color=BLUE, lw=1.4, alpha=0.6, zorder=0, gid="found")
    ax.set_xlabel(label_of(factor, labels), color=GREY)
    ax.set_ylabel(wrapped(label_of(metric, labels), 44), color=GREY)
    look: dict[str, Any] = {"marker": "o", "ms": 7, "mew": 1.6, "lw": 1.8}
    keys = [
        Line2D([], [], mfc=BLUE, mec=BLUE, color=BLUE, label="reaches the target", **look),
        Line2D([], [], mfc="white", mec=VERMILION, color=VERMILION, label="does not, or not surely", **look),
        Line2D([], [], color=BLACK, ls=(0, (5, 2)), lw=1.3, label=f"target: {goal}"),
    ]
    if found is not None:
        keys.append(
            Line2D([], [], color=BLUE, lw=1.4, alpha=0.6, label=f"found: {told(found, share=factor_share)}")
        )
    ax.legend(handles=keys, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    title = (
        f"{name[:1].upper() + name[1:]} is {goal} with {said}"
        if found is not None
        else (f"No value of {bare(factor, labels)} that was tried brings {name} to {goal}")
    )
    note = (
        f"{fixed(tried['n'].sum())} runs at {plural(len(tried), 'value')}  ·  "
        "dots: means; bars: to the bound that the mean "
        f"{'exceeds' if at_least else 'stays below'} with the confidence asked for"
    )
    titled(figure, title, note)
    return figure
