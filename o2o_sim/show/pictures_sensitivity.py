"""Pictures of sensitivity: which factors matter, and whether alone or together with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.patheffects as outline
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.transforms import Bbox

from ..errors import ScenarioError
from .study_parts import bare, is_share, name_of, needs_columns, number_axis, titled, wrapped
from .style import BLACK, BLUE, GREY, ORANGE, SKY
from .wording import compact

NEAR_ZERO = 0.04
"""Effects below this part of the largest are too close to the corner for their names."""


def morris_plot(effects: pd.DataFrame, labels: Mapping[str, str], metric: str | None = None) -> Figure:
    """Morris' screening: how large every factor's effect is, against how much it depends on where one stands.

    `effects` has the columns factor, mu_star, mu_star_low, mu_star_high (95 % interval, not finite where
    unknown) and sigma (Campolongo, Cariboni & Saltelli 2007). Above the line sigma = mu_star a factor acts
    through others or with bends. `metric` names what is affected. Raises ScenarioError if no effect is known.
    """
    needs_columns(effects, ["factor", "mu_star", "mu_star_low", "mu_star_high", "sigma"])
    known = effects.dropna(subset=["mu_star", "sigma"]).sort_values("mu_star", ascending=False, kind="stable")
    if not len(known):
        raise ScenarioError("no effect is known, so there is nothing to draw")
    points = metric is not None and is_share(metric, [])
    x, low, high, y = (100 if points else 1) * known[
        ["mu_star", "mu_star_low", "mu_star_high", "sigma"]
    ].to_numpy(float).T
    bars = np.isfinite(low) & np.isfinite(high)
    wide = float(max(x.max(), np.max(high[bars], initial=0.0))) or 1.0
    tall = float(y.max()) or wide
    figure, ax = plt.subplots(figsize=(9.4, 6.0))
    ax.set(xlim=(-0.03 * wide, 1.12 * wide), ylim=(-0.05 * tall, 1.15 * tall))
    ax.hlines(y[bars], low[bars], high[bars], color=SKY, lw=2, zorder=2)
    ax.plot(x, y, "o", ms=7, color=BLUE, mec="white", zorder=3, gid="factors")
    ax.plot([0, 2 * wide], [0, 2 * wide], color=GREY, ls=(0, (5, 2)), lw=1, zorder=1)
    unit = ", percentage points" if points else ""
    number_axis(ax.xaxis, False)
    number_axis(ax.yaxis, False)
    ax.set_xlabel(f"mean size of the effect over the factor's whole range (μ*){unit}", color=GREY)
    ax.set_ylabel(f"how much the effect varies\nfrom place to place (σ){unit}", color=GREY)
    names = [bare(str(f), labels) for f in known["factor"]]
    named = (x > NEAR_ZERO * wide) | (y > NEAR_ZERO * tall)
    named[0] = True
    note = (
        "bars: 95 % intervals of μ*  ·  above the dashed line (σ = μ*) an effect bends, or depends on others"
    )
    if not named.all():
        note += f"  ·  in the corner: {', '.join(n for n, shown in zip(names, named) if not shown)}"
    of = "" if metric is None else f" on {name_of(metric, labels)}"
    titled(figure, f"Which factors matter: {names[0]} has the largest effect{of}", note)
    _name_points(
        ax,
        np.column_stack([x, y])[named],
        np.column_stack([low, high])[named],
        [n for n, shown in zip(names, named) if shown],
    )
    return figure


def _name_points(ax: Axes, points: np.ndarray, bars: np.ndarray, names: Sequence[str]) -> None:
    """Write names near points (n, 2), each at the nearest place that is free of points, bars (n, 2: from, to)
    and other names, with a line to the point if it is far."""
    figure: Any = ax.figure
    renderer = figure.canvas.get_renderer()
    frame = ax.get_window_extent(renderer)
    at = ax.transData.transform(points)
    taken = [Bbox.from_extents(px - 5, py - 5, px + 5, py + 5) for px, py in at]
    for (start, stop), (_, height) in zip(bars, points):
        if np.isfinite(start) and np.isfinite(stop):
            (a, y), (b, _) = ax.transData.transform([(start, height), (stop, height)])
            taken.append(Bbox.from_extents(a, y - 2, b, y + 2))
    for point, name in zip(points, names):
        text = ax.annotate(
            wrapped(name, 22), point, xytext=(0, 0), textcoords="offset points", fontsize=9.5, zorder=5
        )
        text.set_path_effects([outline.withStroke(linewidth=2.5, foreground="white")])
        best = (np.inf, 0.0, 0.0)
        for reach in (9, 16, 26, 40, 58, 80, 110, 150):
            for angle in np.deg2rad([90, 270, 0, 180, 45, -45, 135, 225]):
                dx, dy = reach * np.cos(angle), reach * np.sin(angle)
                box = _moved(text, dx, dy, renderer)
                inside = frame.x0 < box.x0 and box.x1 < frame.x1 and frame.y0 < box.y0 and box.y1 < frame.y1
                cost = sum(box.overlaps(other) for other in taken) + 10 * (not inside)
                best = min(best, (cost, dx, dy), key=lambda found: found[0])
            if best[0] == 0:
                break
        taken.append(_moved(text, *best[1:], renderer))
        if np.hypot(*best[1:]) > 17:
            ax.annotate(
                "", point, xytext=best[1:], textcoords="offset points",
                arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.7},
            )  # fmt: skip


def _moved(text: Any, dx: float, dy: float, renderer: Any) -> Bbox:
    """Where a text lies when it stands beside its point in this direction."""
    text.set(ha=_side(dx, "left", "right"), va=_side(dy, "bottom", "top"), position=(dx, dy))
    return text.get_window_extent(renderer).padded(2)


def _side(offset: float, plus: str, minus: str) -> str:
    return "center" if abs(offset) < 3 else plus if offset > 0 else minus


def sobol_bars(indices: pd.DataFrame, labels: Mapping[str, str], metric: str | None = None) -> Figure:
    """Sobol indices: the share of the variance that every factor explains alone, and that it has a part in.

    `indices` has the columns factor, first, first_low, first_high, total, total_low, total_high (95 %
    intervals; not finite where unknown). The factor with the greatest total comes first. `metric` names what
    varies. Raises ScenarioError if no index is known.
    """
    parts = ("first", "total")
    needs_columns(indices, ["factor", *(f"{p}{end}" for p in parts for end in ("", "_low", "_high"))])
    known = indices.dropna(subset=list(parts)).sort_values("total", ascending=False, kind="stable")
    if not len(known):
        raise ScenarioError("no index is known, so there is nothing to draw")
    figure, ax = plt.subplots(figsize=(9.0, 0.62 * len(known) + 1.7))
    right = np.zeros(len(known))
    for part, colour, offset in zip(parts, (BLUE, ORANGE), (-0.19, 0.19)):
        # A share lies between 0 and 1, although its estimate from few runs need not.
        ends = (known[f"{part}{end}"].to_numpy(float) for end in ("", "_low", "_high"))
        value, low, high = (np.where(np.isfinite(x), np.clip(x, 0.0, 1.0), x) for x in ends)
        place = np.arange(len(known)) + offset
        ax.barh(place, value, height=0.36, color=colour, gid=part)
        sure = np.isfinite(low) & np.isfinite(high)
        ax.hlines(place[sure], low[sure], high[sure], color=BLACK, lw=1.2)
        right = np.where(sure, high, value)
        for k in range(len(known)):
            ax.annotate(
                compact(value[k], 2, share=True), (max(right[k], value[k], 0.0), place[k]), xytext=(5, 0),
                textcoords="offset points", va="center", fontsize=9,
            )  # fmt: skip
    ax.axvline(0, color=GREY, lw=0.8)
    ax.set_yticks(range(len(known)), [wrapped(bare(str(f), labels), 30) for f in known["factor"]])
    ax.set_ylim(len(known) - 0.45, -0.55)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.margins(x=0.1)
    number_axis(ax.xaxis, True)
    of = "the result" if metric is None else name_of(metric, labels)
    ax.set_xlabel(wrapped(f"share of the variance of {of}", 90), color=GREY)
    keys = [Patch(color=c) for c in (BLUE, ORANGE)]
    texts = ["by itself (first order)", "together with others (total)"]
    ax.legend(keys, texts, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0.2)
    largest = known.iloc[0]
    title = (
        f"{bare(str(largest['factor']), labels)} matters most for {of}: "
        f"it has a part in {compact(min(float(largest['total']), 1.0), 2, share=True)} of what varies"
    )
    titled(
        figure,
        title[:1].upper() + title[1:],
        "lines: 95 % intervals  ·  the parts of factors that act together count for each of them",
    )
    return figure
