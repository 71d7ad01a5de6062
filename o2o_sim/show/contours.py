"""Lines of equal share in a map, with their numbers where there is room for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.patheffects as outline
import numpy as np
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from scipy.spatial import cKDTree

from .style import BLACK
from .wording import compact

LOOKS: dict[str, dict[str, Any]] = {
    "closed": {"colors": BLACK, "linewidths": 1.5, "linestyles": "solid"},
    "integrated": {"colors": "white", "linewidths": 1.5, "linestyles": "dashed"},
}
SHADOW = [outline.withStroke(linewidth=2.8, foreground=(0, 0, 0, 0.4))]
"""What makes white lines and numbers readable on light colours."""
GLOW = [outline.withStroke(linewidth=2.2, foreground=(1, 1, 1, 0.3))]
"""What makes black numbers readable on dark ones."""
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)


def contour_levels(values: np.ndarray, noise: float = 0.0) -> np.ndarray:
    """Round shares at which to draw lines: some five of them, none if nothing varies. They are never closer
    than the 95 % interval of a place is wide, given the `noise` (standard error) of a place."""
    low, high = np.nanmin(values), np.nanmax(values)
    least = min(max((high - low) / 6, 4 * noise), _STEPS[-1]) - 1e-9
    step = next(s for s in _STEPS if s >= least)
    found = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    return np.asarray(found[(found > low + 0.1 * step) & (found < high - 0.1 * step)])


def draw_contours(
    ax: Axes, shares: Mapping[str, np.ndarray], levels: Mapping[str, np.ndarray], avoid: np.ndarray
) -> None:
    """Draw lines for each of `LOOKS` over a square of side 1. `shares` are (n, n), NaN where nothing is
    known; numbers keep away from the places `avoid` (m, 2)."""
    drawn: list[QuadContourSet] = []
    for name, look in LOOKS.items():
        values = shares[name]
        line = np.linspace(0, 1, len(values))
        inside = [v for v in levels[name] if np.nanmin(values, initial=1) < v < np.nanmax(values, initial=0)]
        if inside:
            lines = ax.contour(line, line, values, levels=inside, zorder=3, **look)
            lines.set(gid=name, path_effects=SHADOW if look["colors"] == "white" else [])
            drawn.append(lines)
    pieces = [
        np.concatenate([np.zeros((0, 2)), *(s for level in lines.allsegs for s in level)]) for lines in drawn
    ]
    taken: list[np.ndarray] = []
    for k, lines in enumerate(drawn):
        _number(ax, lines, taken, np.concatenate([avoid, *(p for j, p in enumerate(pieces) if j != k)]))


def _number(ax: Axes, lines: QuadContourSet, taken: list[np.ndarray], avoid: np.ndarray) -> None:
    """Write a number into each line, as far as possible from what is written already and from what to
    avoid."""
    near = cKDTree(np.concatenate([avoid, [[9.0, 9.0]]]))
    for level, pieces in zip(lines.levels, lines.allsegs):
        longest = max(pieces, key=_length, default=np.zeros((0, 2)))
        room = longest[(np.abs(longest - 0.5) < 0.4).all(axis=1)]
        if _length(longest) < 0.25 or not len(room):
            continue
        gaps = np.min([np.hypot(*(room - place).T) for place in taken], axis=0, initial=0.4)
        best = room[int(np.argmax(gaps + 4 * np.minimum(near.query(room)[0], 0.1)))]
        taken.append(best)
        where: Any = {"levels": [level], "manual": [tuple(best)]}
        for text in ax.clabel(lines, fmt=lambda v: compact(v, share=True), fontsize=8.5, **where):
            text.set(fontweight="bold", path_effects=lines.get_path_effects() or GLOW)


def _length(piece: np.ndarray) -> float:
    return float(np.hypot(*np.diff(piece, axis=0).T).sum())
