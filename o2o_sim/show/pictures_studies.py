"""Pictures of studies: what factors do to the figures. (Those of effects and of searches stand beside.)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from . import style
from .heat_map import heat_map
from .pictures_effects import forest, waterfall
from .pictures_searches import box_plot, goal_curve
from .pictures_sensitivity import morris_plot, sobol_bars
from .study_parts import (
    MOST_LEVELS,
    bare,
    counted,
    factor_axis,
    in_classes,
    is_share,
    label_of,
    levels,
    means,
    name_of,
    needs_columns,
    number_axis,
    numbers,
    titled,
    told,
    width,
    wrapped,
)
from .style import DASHES, GREY, SERIES
from .wording import compact

__all__ = [
    "box_plot",
    "forest",
    "goal_curve",
    "heat_map",
    "morris_plot",
    "response_curves",
    "sobol_bars",
    "waterfall",
]

MOST_AT_ENDS = 6
"""So many lines are named where they end, if their names are short; more of them in a legend."""


def response_curves(
    runs: pd.DataFrame,
    factor: str,
    metrics: Sequence[str],
    labels: Mapping[str, str],
    by: str | None = None,
) -> Figure:
    """Every metric over a factor, a panel each; with `by`, a line for each value of that second factor.

    Means over replicates and over whatever else varied, with 95 % intervals (see `study_parts.means`).
    Numbers are joined by lines, other values stand below one another. Raises ScenarioError for names that are
    no columns.
    """
    needs_columns(runs, [factor, *([by] if by else []), *metrics])
    classed = len(levels(runs[factor])) > MOST_LEVELS
    runs = in_classes(runs, factor)
    values = levels(runs[factor])
    series: list[Any] = [None]
    if by is not None:
        runs = in_classes(runs, by)
        series = levels(runs[by])
    numeric = numbers(values) is not None
    names = [""] if by is None else [told(v, share=is_share(by, series)) for v in series]
    at_ends = numeric and by is not None and len(names) <= MOST_AT_ENDS and max(map(width, names)) <= 16
    columns = min(len(metrics), 2 if len(metrics) == 4 else 3)
    rows = -(-len(metrics) // columns)
    wide = {1: 6.2, 2: 5.0}.get(columns, 4.2)
    tall = 0.68 * wide if numeric else max(1.5, 0.2 + len(values) * max(0.36, 0.1 + 0.14 * len(series)))
    beside = (0.3 if numeric else 1.8) + (0.0 if by is None or at_ends else 2.2)
    figure, grid = plt.subplots(
        rows, columns, figsize=(wide * columns + beside, tall * rows + 1.0), squeeze=False, sharey=not numeric
    )
    for k, ax in enumerate(grid.flat):
        if k >= len(metrics):
            ax.set_axis_off()
            continue
        metric, last_row = metrics[k], k + columns >= len(metrics)
        tables = [
            means(part, metric, [factor]).set_index(factor)
            for part in ([runs] if by is None else [runs[runs[by] == value] for value in series])
        ]
        _panel_title(
            ax,
            metric,
            labels,
            tables,
            runs,
            values if numeric and by is None else [],
            44 if columns < 3 else 34,
        )
        if not any(len(t) for t in tables):
            style.note(ax, "No run has a value.")
            continue
        if numeric:
            _curves(ax, tables, names if at_ends else [], is_share(metric, runs[metric]))
            factor_axis(ax, values, is_share(factor, values))
            ax.set_xlabel(wrapped(label_of(factor, labels), 44) if last_row else "", color=GREY)
        else:
            _rows_of_dots(ax, tables, values, is_share(metric, runs[metric]))
            ax.set_ylabel("" if k % columns else wrapped(label_of(factor, labels), 30), color=GREY)
    if by is not None:
        _series_legend(figure, names, label_of(by, labels), numeric, at_ends)
    note = _note(runs, metrics, "bands" if numeric else "bars")
    if classed and numeric:
        note += f"  ·  each dot: a class of values of {bare(factor, labels)}, all of the same size"
    titled(figure, _response_title(factor, metrics, labels, by), note)
    return figure


def _note(runs: pd.DataFrame, metrics: Sequence[str], what: str) -> str:
    if runs["replicate"].nunique() < 2:
        return f"{counted(runs, metrics)}  ·  one replicate, so that nothing is known of chance"
    return f"{counted(runs, metrics)}  ·  {what}: 95 % intervals of the means"


def _response_title(factor: str, metrics: Sequence[str], labels: Mapping[str, str], by: str | None) -> str:
    subject = name_of(metrics[0], labels) + " changes" if len(metrics) == 1 else "the figures change"
    text = f"How {subject} with {bare(factor, labels)}"
    return text if by is None else f"{text}, for each value of {bare(by, labels)}"


def _panel_title(
    ax: Axes,
    metric: str,
    labels: Mapping[str, str],
    tables: Sequence[pd.DataFrame],
    runs: pd.DataFrame,
    values: Sequence[Any],
    most: int,
) -> None:
    """The metric's name, in lines of at most `most` letters, with its first and last mean where there is one
    line."""
    name = label_of(metric, labels)
    share = is_share(metric, runs[metric])
    if len(values) > 1 and all(v in tables[0].index for v in (values[0], values[-1])):
        first, last = (compact(float(tables[0]["mean"][v]), share=share) for v in (values[0], values[-1]))
        name = f"{name}: {first} → {last}" if first != last else f"{name}: {first}"
    ax.set_title(wrapped(name, most))


def _look(k: int) -> dict[str, Any]:
    marks = "osD^vPX*"
    return {
        "color": SERIES[k % len(SERIES)],
        "ls": DASHES[k // len(SERIES) % len(DASHES)],
        "marker": marks[k % len(marks)],
    }


def _curves(ax: Axes, tables: Sequence[pd.DataFrame], names: Sequence[str], share: bool) -> None:
    """A line per table, named at its end if there are names."""
    ends = []
    for k, table in enumerate(tables):
        if not len(table):
            continue
        table = table.sort_index()
        x = table.index.to_numpy(float)
        mean, low, high = (table[c].to_numpy() for c in ("mean", "low", "high"))
        sure = np.isfinite(low)
        if (mean >= 0).all():
            # Of what cannot be negative, nor a share above 1, an interval says nothing beyond.
            low, high = np.maximum(low, 0), np.minimum(high, 1) if share else high
        ax.plot(x, mean, lw=1.8, ms=4.5, **_look(k))
        if sure.any():
            ax.fill_between(x, low, high, where=list(sure), color=_look(k)["color"], alpha=0.16, lw=0)
        if names:
            ends.append((float(mean[-1]), names[k], str(_look(k)["color"])))
    number_axis(ax.yaxis, share)
    ax.margins(y=0.12)
    bottom, top = ax.get_ylim()
    if 0 < bottom < 0.5 * top:
        ax.set_ylim(0, top)
    ax.grid(axis="y")
    style.end_labels(ax, ends)


def _rows_of_dots(ax: Axes, tables: Sequence[pd.DataFrame], values: Sequence[Any], share: bool) -> None:
    """A row for each value of a factor without numbers, a dot in it for each table."""
    for k, table in enumerate(tables):
        offset = 0.6 * ((k + 0.5) / len(tables) - 0.5) if len(tables) > 1 else 0.0
        place = [values.index(v) + offset for v in table.index]
        mean, low, high = (table[c].to_numpy() for c in ("mean", "low", "high"))
        sure = np.isfinite(low)
        look = _look(k)
        ax.hlines(np.array(place)[sure], low[sure], high[sure], color=look["color"], lw=1.8)
        ax.plot(mean, place, ls="", marker=look["marker"], color=look["color"], ms=6)
    ax.set_yticks(range(len(values)), [wrapped(str(v), 24) for v in values])
    ax.set_ylim(len(values) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    number_axis(ax.xaxis, share, 4)
    ax.margins(x=0.1)
    ax.grid(axis="x")


def _series_legend(figure: Figure, names: Sequence[str], title: str, lines: bool, at_ends: bool) -> None:
    """What the lines are: the second factor's name above those named at their ends, else a legend."""
    if at_ends:
        figure.axes[0].annotate(
            wrapped(title, 22), (1.02, 1.01), xycoords="axes fraction", va="bottom", fontsize=8.5, color=GREY
        )  # fmt: skip
        return
    looks = [_look(k) | ({} if lines else {"ls": ""}) for k in range(len(names))]
    handles = [Line2D([], [], lw=1.8, ms=5, **look) for look in looks]
    # A name that begins with "_" would be left out of a legend.
    texts = [wrapped(n, 24) for n in names]
    figure.legend(
        handles, [" " + t if t.startswith("_") else t for t in texts], loc="outside right center",
        title=wrapped(title, 26), alignment="left", fontsize=9, title_fontsize=9, frameon=False,
    )  # fmt: skip
