"""The heat map of a study: a metric over two factors, every mean written into its cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..errors import ScenarioError
from .study_parts import (
    CompactNumbers,
    bare,
    counted,
    in_classes,
    is_share,
    label_of,
    levels,
    means,
    needs_columns,
    setting,
    titled,
    told,
    width,
    wrapped,
)
from .style import BLACK, BLUE, GREY, VERMILION
from .wording import compact

_AWAY = LinearSegmentedColormap.from_list("away", [BLUE, "#F7F7F7", VERMILION])
_MOST_PANELS_IN_A_ROW = 3


def heat_map(
    runs: pd.DataFrame,
    x: str,
    y: str,
    metric: str,
    labels: Mapping[str, str],
    panel: str | None = None,
    base: float | None = None,
) -> Figure:
    """The mean of a metric for every pair of values of two factors, one panel for each value of a third, if
    any.

    All panels have the same colours; with `base`, the metric's value in the base scenario, they show what
    lies below and above it. Pairs whose runs all failed are hatched, pairs without runs empty. Raises
    ScenarioError for names that are no columns, and if all runs failed.
    """
    factors = [x, y] if panel is None else [x, y, panel]
    needs_columns(runs, [*factors, metric])
    if runs[metric].isna().all():
        raise ScenarioError(f"no run has a value of {metric!r}")
    for factor in factors:
        runs = in_classes(runs, factor)
    table = means(runs, metric, factors)
    share = is_share(metric, runs[metric])
    across, up = levels(runs[x]), levels(runs[y])
    panels = [None] if panel is None else levels(runs[panel])
    scale, colours = _colour_scale(table["mean"], base)

    columns = min(len(panels), _MOST_PANELS_IN_A_ROW)
    rows = -(-len(panels) // columns)
    wide = max(2.6 if columns > 1 else 4.4, 0.62 * len(across)) + 0.2
    tall = max(1.6, 0.38 * len(up)) + 0.55
    figure, grid = plt.subplots(
        rows, columns, figsize=(wide * columns + 2.6, tall * rows + 1.3), squeeze=False, sharey=True
    )
    for k, ax in enumerate(grid.flat):
        if k >= len(panels):
            ax.set_axis_off()
            continue
        here, part = runs, table
        if panel is not None:
            here, part = runs[runs[panel] == panels[k]], table[table[panel] == panels[k]]
            name = setting(panel, panels[k], labels, share=is_share(panel, panels))
            ax.set_title(wrapped(name[:1].upper() + name[1:], int(11 * wide)))
        cells = part.pivot(index=y, columns=x, values="mean").reindex(index=up, columns=across)
        _cells(ax, cells, scale, colours, share, wide)
        _hatch_failed(ax, here, x, y, across, up, metric)
        if k + columns >= len(panels):
            ax.set_xlabel(wrapped(label_of(x, labels), int(13 * wide)), color=GREY)
        texts = [wrapped(told(v, share=is_share(x, across)), 12) for v in across]
        tilted = any(width(line) * len(across) > 10 * wide for t in texts for line in t.split("\n"))
        ax.set_xticks(range(len(across)), texts, rotation=90 if tilted else 0)
        ax.set_yticks(range(len(up)), [wrapped(told(v, share=is_share(y, up)), 24) for v in up])
    for row in grid:
        row[0].set_ylabel(wrapped(label_of(y, labels), int(13 * tall)), color=GREY)
    bar = figure.colorbar(plt.cm.ScalarMappable(scale, colours), ax=grid, fraction=0.05, pad=0.02, aspect=25)
    bar.ax.yaxis.set_major_formatter(CompactNumbers(share))
    bar.outline.set_visible(False)  # type: ignore[operator]
    if base is not None:
        bar.ax.axhline(base, color=BLACK, lw=1.5)
    halves = (table["high"] - table["mean"]).replace(np.inf, np.nan)
    note = [counted(runs, [metric]), "numbers: means"]
    if halves.notna().any():
        half = compact(100 * halves.median(), 2) + " points" if share else compact(halves.median(), 2)
        note.append(f"95 % interval of a mean: typically ± {half}")
    if base is not None:
        note.append(f"white, and the line in the scale: base scenario, {compact(base, share=share)}")
    titled(figure, _heat_title(table["mean"], factors, metric, labels, share), "  ·  ".join(note))
    return figure


def _colour_scale(values: pd.Series, base: float | None) -> tuple[Normalize, Colormap]:
    if base is None:
        low, high = float(values.min()), float(values.max())
        reach = (high - low) or abs(low) or 1.0
        return Normalize(low, high if high > low else low + reach), plt.get_cmap("cividis")
    reach = float((values - base).abs().max()) or abs(base) or 1.0
    return Normalize(base - reach, base + reach), _AWAY


def _cells(
    ax: Axes, table: pd.DataFrame, scale: Normalize, colours: Colormap, share: bool, inches: float
) -> None:
    values = table.to_numpy(float)
    ax.imshow(np.ma.masked_invalid(values), cmap=colours, norm=scale, origin="lower", aspect="auto")
    room = 72 * inches / values.shape[1] / 0.64  # points a letter may be large, all letters together
    for digits in (3, 2):
        texts = [compact(v, digits, share=share) if np.isfinite(v) else "" for v in values.ravel()]
        size = min(9.0, room / max(1, *map(len, texts)))
        if size > 7:
            break
    for (i, j), text in zip(np.ndindex(values.shape), texts):
        if text:
            red, green, blue, _ = colours(scale(values[i, j]))
            ink = BLACK if 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.2 else "white"
            ax.text(j, i, text, ha="center", va="center", color=ink, fontsize=size)
    ax.set_xticks(np.arange(values.shape[1] + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(values.shape[0] + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="white", lw=1.5)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)


def _hatch_failed(
    ax: Axes, runs: pd.DataFrame, x: str, y: str, across: list[Any], up: list[Any], metric: str
) -> None:
    alive = runs.groupby([x, y])[metric].count().reset_index()
    for a, b in alive.loc[alive[metric] == 0, [x, y]].itertuples(index=False):
        corner = (across.index(a) - 0.5, up.index(b) - 0.5)
        ax.add_patch(Rectangle(corner, 1, 1, fc="#F2F2F2", ec=GREY, hatch="////", lw=0, gid="failed"))


def _heat_title(
    values: pd.Series, factors: Sequence[str], metric: str, labels: Mapping[str, str], share: bool
) -> str:
    *most, last = (bare(f, labels) for f in factors)
    text = f"{label_of(metric, labels)} over {', '.join(most)} and {last}"
    least, greatest = compact(values.min(), share=share), compact(values.max(), share=share)
    return f"{text}: {least} to {greatest}" if least != greatest else f"{text}: {least} everywhere"
