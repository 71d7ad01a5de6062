"""The outcome map: which stores survive, integrate or close, over two or three things one could change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator
from scipy.interpolate import RBFInterpolator
from scipy.spatial import Delaunay, QhullError, cKDTree

from ..errors import ScenarioError
from .contours import LOOKS, SHADOW, contour_levels, draw_contours
from .study_parts import (
    MOST_LEVELS,
    CompactNumbers,
    bare,
    counted,
    in_classes,
    is_log,
    is_share,
    label_of,
    levels,
    means,
    needs_columns,
    numbers,
    setting,
    spaced,
    titled,
    wrapped,
)
from .style import BLACK, GREY
from .ternary import CORNERS, LEAST_RANGE, Triangle, draw_triangle, triangle_around

SHARES = tuple(f"share_{fate}" for fate in CORNERS)
PIXELS = 221
_MOST_IN_A_ROW = 4


# -- the map ------------------------------------------------------------------------------------------------
def outcome_map(
    runs: pd.DataFrame,
    x: str,
    y: str,
    panel: str | None,
    labels: Mapping[str, str],
    base: Mapping[str, Any] | None = None,
) -> Figure:
    """What becomes of the stores over factors `x` and `y`, one panel for each value of factor `panel` (if
    any).

    Every place has the mixture of three colours that belongs to the shares of stores survived, integrated and
    closed there: columns share_survived, share_integrated, share_closed of `runs`, means over replicates and
    whatever else varied. Between the places that were run (dots) the shares are interpolated by a thin-plate
    spline (Duchon 1977). Lines join places with the same share closed, dashed ones the same share integrated.
    A star marks `base`, the factors' values in the base scenario. Where all runs failed (NaN) the map is
    hatched.

    Raises ScenarioError for a factor that is missing or, but for `panel`, no number, and for runs at fewer
    than three places that do not lie in line.
    """
    factors = [x, y] if panel is None else [x, y, panel]
    needs_columns(runs, [*factors, *SHARES])
    if runs[list(SHARES)].isna().any(axis=1).all():
        raise ScenarioError("all runs failed, so there is nothing to draw")
    across, up = _Scale.of(runs, x), _Scale.of(runs, y)
    if panel is not None:
        runs = in_classes(runs, panel)
    panels = [None] if panel is None else levels(runs[panel])
    fields = [_field(runs if panel is None else runs[runs[panel] == value], across, up) for value in panels]
    if all(np.isnan(f.surface).all() for f in fields):
        raise ScenarioError(
            f"the runs over {x!r} and {y!r} lie in line or are fewer than three, and span no map"
        )
    known = np.concatenate([f.shares for f in fields])
    known = known[~np.isnan(known).any(axis=1)]
    noise = _noise(runs, factors)
    triangle = triangle_around(known, min(max(LEAST_RANGE, 20 * noise), 1.0))
    lines = {
        fate: contour_levels(np.stack([f.share(fate) for f in fields]), noise)
        for fate in ("closed", "integrated")
    }

    rows = -(-len(panels) // _MOST_IN_A_ROW)
    columns = -(-len(panels) // rows)
    figure = plt.figure(figsize=(3.5 * columns + 3.9, (3.45 if panel is None else 3.75) * rows + 0.95))
    grid = figure.add_gridspec(rows, columns + 1, width_ratios=[*[3.5] * columns, 2.9], wspace=0.04)
    first: Axes | None = None
    starred = False
    for k, (value, field) in enumerate(zip(panels, fields)):
        ax = figure.add_subplot(grid[k // columns, k % columns], sharex=first, sharey=first)
        first = first or ax
        if panel is not None:
            name = setting(panel, value, labels, share=is_share(panel, panels))
            ax.set_title(wrapped(name[:1].upper() + name[1:], 38))
        _ground(ax, field, triangle)
        star = _star(base, across, up, panel, value)
        if star is not None:
            starred = True
            ax.plot(*star, "*", ms=17, mfc="white", mec=BLACK, mew=1.3, clip_on=False, zorder=9, gid="base")
        avoid = np.concatenate([field.some_failed(), np.reshape(star or (), (-1, 2))])
        draw_contours(ax, {fate: field.share(fate) for fate in lines}, lines, avoid)
        across.name(ax.xaxis, labels, k + columns >= len(panels))
        up.name(ax.yaxis, labels, k % columns == 0)
    side = grid[:, -1].subgridspec(2, 1, height_ratios=[2.6, 1])
    draw_triangle(figure.add_subplot(side[0]), triangle, known)
    _keys(figure.add_subplot(side[1]), lines, starred, any(f.failed.any() for f in fields))
    _words(figure, runs, factors, labels, base is not None and not starred)
    return figure


def _noise(runs: pd.DataFrame, factors: Sequence[str]) -> float:
    """The standard error of the mean share at a dot, from the spread over replicates; 0 if there is only
    one."""
    errors = []
    for share in SHARES:
        points = runs.groupby("point")[share]
        variance = (points.var(ddof=1) / points.count()).mean()
        errors.append(float(np.sqrt(variance)) if np.isfinite(variance) else 0.0)
    dots = runs.groupby(list(factors))["point"].nunique()
    return max(errors) / float(np.sqrt(dots.mean()))


@dataclass(frozen=True)
class _Scale:
    """A factor along an edge of the map, from 0 to 1."""

    factor: str
    values: np.ndarray
    log: bool
    share: bool

    @classmethod
    def of(cls, runs: pd.DataFrame, factor: str) -> _Scale:
        values = numbers(levels(runs[factor]))
        if values is None:
            raise ScenarioError(f"{factor!r} has values that are no numbers, so it cannot span a map")
        if len(values) < 2:
            raise ScenarioError(f"a map over {factor!r} needs at least two values of it")
        return cls(factor, values, is_log(values), is_share(factor, values))

    def at(self, values: Any) -> np.ndarray:
        """Where values lie, 0 at the least that was run and 1 at the greatest."""
        given, ends = np.asarray(values, dtype=float), self.values[[0, -1]]
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                given, ends = np.log(given), np.log(ends)
        return np.asarray((given - ends[0]) / (ends[1] - ends[0]))

    def name(self, axis: Any, labels: Mapping[str, str], outer: bool) -> None:
        """Ticks at values that were run, or round ones if they were many; the name at outer edges."""
        values = self.values
        if len(values) > MOST_LEVELS:
            locator = LogLocator(subs=(1, 2, 5)) if self.log else MaxNLocator(5)
            round_ones = np.asarray(locator.tick_values(values[0], values[-1]))
            values = round_ones[(round_ones >= values[0]) & (round_ones <= values[-1])]
        places = self.at(values)
        kept = spaced(places, 0.12 if axis.axis_name == "x" else 0.07)
        axis.set_ticks(places[kept], CompactNumbers(self.share).format_ticks(values[kept]))
        axis.set_tick_params(labelleft=outer, labelbottom=outer, length=3.5 if outer else 0)
        if outer:
            axis.set_label_text(wrapped(label_of(self.factor, labels), 40))


@dataclass(frozen=True)
class _Field:
    """The shares of one panel: `places` (n, 2) and `shares` (n, 3) as run, `surface` (PIXELS, PIXELS, 3)
    between them (NaN where nothing is known), and where all runs had `failed` (PIXELS, PIXELS)."""

    places: np.ndarray
    shares: np.ndarray
    surface: np.ndarray
    failed: np.ndarray

    def share(self, fate: str) -> np.ndarray:
        return np.asarray(self.surface[..., list(CORNERS).index(fate)])

    def some_failed(self) -> np.ndarray:
        """Some places (n, 2) where nothing can be written."""
        up, across = np.nonzero(self.failed[::6, ::6])
        return np.column_stack([across, up]) * 6 / (PIXELS - 1)


def _field(part: pd.DataFrame, across: _Scale, up: _Scale) -> _Field:
    of_points = part.groupby([across.factor, up.factor, "point"])[list(SHARES)].mean()
    table = of_points.groupby(level=[0, 1]).mean()
    x, y = (table.index.get_level_values(k).to_numpy(float) for k in (0, 1))
    places, shares = np.column_stack([across.at(x), up.at(y)]), table.to_numpy(float)
    known = ~np.isnan(shares).any(axis=1)
    line = np.linspace(0, 1, PIXELS)
    everywhere = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    surface = np.full((PIXELS * PIXELS, 3), np.nan)
    inside = here = np.zeros(PIXELS * PIXELS, dtype=bool)
    # Too few runs, or runs in line, span nothing; as for what failures leave over, nothing is known between.
    with suppress(QhullError, np.linalg.LinAlgError, ValueError):
        inside = Delaunay(places).find_simplex(everywhere, tol=1e-9) >= 0
        spline = RBFInterpolator(places[known], shares[known], kernel="thin_plate_spline")
        here = inside & known[cKDTree(places).query(everywhere)[1]]
        found = np.clip(spline(everywhere[here]), 0, 1)
        surface[here] = found / found.sum(axis=1, keepdims=True)
    square = (PIXELS, PIXELS)
    return _Field(places, shares, surface.reshape(*square, 3), (inside & ~here).reshape(square))


def _ground(ax: Axes, field: _Field, triangle: Triangle) -> None:
    """The colours, what failed, and the dots of the runs."""
    known = ~np.isnan(field.surface).any(axis=-1)
    colours = np.ones((*known.shape, 4))
    colours[..., :3] = triangle.colours(np.where(known[..., None], field.surface, 1 / 3))
    colours[..., 3] = known
    extent = (0.0, 1.0, 0.0, 1.0)
    ax.imshow(colours, origin="lower", extent=extent, interpolation="bilinear", aspect="equal", zorder=0)
    if field.failed.any():
        look: dict[str, Any] = {"colors": ["#F2F2F2"], "hatches": ["////"], "zorder": 1}
        hatch = ax.contourf(field.failed.astype(float), [0.5, 1.5], extent=extent, **look)
        hatch.set(edgecolor=GREY, linewidth=0)
    ran = ~np.isnan(field.shares).any(axis=1)
    x, y = field.places.T
    style: dict[str, Any] = {"clip_on": False, "zorder": 6}
    ax.scatter(x[ran], y[ran], s=9, color=BLACK, edgecolors="white", lw=0.6, gid="runs", **style)
    ax.scatter(x[~ran], y[~ran], s=16, marker="x", color=GREY, lw=1, gid="failed", **style)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    for spine in ax.spines.values():
        spine.set_visible(False)


def _star(
    base: Mapping[str, Any] | None, across: _Scale, up: _Scale, panel: str | None, value: Any
) -> tuple[float, float] | None:
    """Where the base scenario lies in the panel of `value`, if it does."""
    if base is None:
        return None
    for factor in (across.factor, up.factor):
        if factor not in base:
            raise ScenarioError(f"the base scenario's {factor!r} is not given, so it has no place in the map")
    if panel is not None and base.get(panel, value) != value:
        return None
    place = float(across.at(base[across.factor])), float(up.at(base[up.factor]))
    return place if all(-1e-9 <= p <= 1 + 1e-9 for p in place) else None


def _keys(ax: Axes, lines: Mapping[str, np.ndarray], starred: bool, failed: bool) -> None:
    """What lines and marks mean."""
    ax.set_axis_off()
    keys: list[Any] = []
    for fate, levels_of_it in lines.items():
        if len(levels_of_it):
            look = {"color": LOOKS[fate]["colors"], "ls": LOOKS[fate]["linestyles"], "lw": 1.6}
            keys.append(Line2D([], [], label=f"share of stores {fate}", path_effects=SHADOW, **look))
    if starred:
        keys.append(Line2D([], [], ls="", marker="*", ms=14, mfc="white", mec=BLACK, label="base scenario"))
    dot = {"marker": "o", "ms": 4.5, "mfc": BLACK, "mec": "white"}
    keys.append(Line2D([], [], ls="", label="runs were made here", **dot))  # type: ignore[arg-type]
    if failed:
        keys.append(Patch(fc="#F2F2F2", ec=GREY, hatch="////", lw=0, label="runs failed here"))
    place: dict[str, Any] = {"loc": "upper center", "borderaxespad": 0}
    ax.legend(handles=keys, frameon=False, fontsize=9.5, handlelength=2.6, **place)


# -- what it says -------------------------------------------------------------------------------------------
def _words(
    figure: Figure, runs: pd.DataFrame, factors: Sequence[str], labels: Mapping[str, str], outside: bool
) -> None:
    """The answer above, and below what it rests on."""
    title = _answer(runs, factors, labels)
    each = int(runs.groupby(list(factors))["point"].nunique().max())
    note = [counted(runs, SHARES), "interpolated between the dots"]
    if each > 1:
        note.append(f"a dot is the mean of up to {each} points that differ otherwise")
    if "→" in title:
        note.append("a → b %: mean over the map, from the first to the last value of what it depends on")
    if outside:
        note.append("the base scenario lies outside this map")
    titled(figure, title, "  ·  ".join(note))


def _answer(runs: pd.DataFrame, factors: Sequence[str], labels: Mapping[str, str]) -> str:
    """Which factor closures, and which integration, depend on most."""
    verbs, movers, spans = ("close", "integrate"), [], []
    for fate in ("closed", "integrated"):
        mover, *ends = _mover(runs, f"share_{fate}", factors)
        movers.append(mover and bare(mover, labels))
        first, last = (f"{100 * end:.0f}" for end in ends)
        spans.append(f"{first} → {last} %" if first != last else f"{first} %")
    if movers == [None, None]:
        closing = f"Neither how many stores close ({spans[0]})"
        return f"{closing} nor how many integrate ({spans[1]}) changes noticeably"
    if movers[0] == movers[1]:
        return f"Whether stores close ({spans[0]}) or integrate ({spans[1]}) depends most on {movers[0]}"
    if None not in movers:
        closing = f"Whether stores close depends most on {movers[0]} ({spans[0]})"
        return f"{closing}, whether they integrate on {movers[1]} ({spans[1]})"
    moved = 0 if movers[1] is None else 1
    still = 1 - moved
    return (
        f"Whether stores {verbs[moved]} depends most on {movers[moved]} ({spans[moved]}); "
        f"how many {verbs[still]} hardly changes ({spans[still]})"
    )


def _mover(runs: pd.DataFrame, share: str, factors: Sequence[str]) -> tuple[str | None, float, float]:
    """(factor whose values differ most in the mean share, the share at its first and last value); the factor
    is None if the values differ by less than a point, or by less than their intervals."""
    size = -1.0
    best: tuple[str | None, float, float] = (None, np.nan, np.nan)
    for factor in factors:
        table = means(in_classes(runs, factor), share, [factor])
        table = table.set_index(factor).loc[levels(table[factor])]
        mean, low, high = (table[c].to_numpy() for c in ("mean", "low", "high"))
        least, most = mean.argmin(), mean.argmax()
        if mean[most] - mean[least] > size:
            size = mean[most] - mean[least]
            blurred = size < 0.01 or high[least] > low[most] > -np.inf
            best = (None if blurred else factor, mean[0], mean[-1])
    return best
