"""The first figure of the report: from what stores sell to what became of them, and how or why."""

from __future__ import annotations

from collections import Counter

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from ..record.outcomes import OUTCOMES
from ..record.result import RunResult
from . import style
from .report_svg import MOST_REASONS, WIDTH, Picture, largest
from .report_words import cause
from .style import GREY, OUTCOME_COLOURS
from .wording import listed, of

MOST_NODES = 12


def flows(run: RunResult) -> Picture:
    """An alluvial diagram: category, outcome, way of integrating or reason."""
    table = run.outcomes
    title = "What became of which stores"
    if table.empty:
        return Picture("flows", title, "There were no stores.", None)
    stages = pd.DataFrame(
        {
            "category": largest(table["category"], MOST_NODES, "other categories"),
            "outcome": table["outcome"],
            "how": _hows(table),
        }
    )
    counts = Counter(table["outcome"])
    told = listed(f"{of(counts[o], len(table))} {o}" for o in OUTCOMES if counts[o])
    told = f"all {told.partition(' ')[2].partition(') ')[2]}" if len(counts) == 1 else told
    caption = (
        f"Every band is a group of stores, as thick as they are many: left what they sell, in the middle what became of "
        f"them ({told}), right how they sell online or why they closed."
    )
    return Picture("flows", title, caption, lambda: _draw_flows(stages))


def _hows(table: pd.DataFrame) -> list[str]:
    """What stands at the right: the way of an integrated store, the cause of a closed one."""
    how = [_how(*row) for row in zip(table["outcome"], table["mode"], table["reason"])]
    told = dict(zip(table.index, how))
    for outcome in OUTCOMES:
        mine = table.index[table["outcome"] == outcome]
        told |= largest(pd.Series([told[k] for k in mine], index=mine), MOST_REASONS, "other").to_dict()
    return [str(told[k]) for k in table.index]


def _how(outcome: str, mode: str, reason: str) -> str:
    if outcome == "survived":
        return "as before"
    return cause(reason) if outcome == "closed" else str(mode).replace("+", " + ") or "no way named"


def _draw_flows(stages: pd.DataFrame) -> Figure:
    whole = len(stages)
    gap = 0.025 * whole
    categories = list(stages["category"].value_counts().index)
    outcomes = [o for o in OUTCOMES if (stages["outcome"] == o).any()]
    ends = [(o, h) for o in outcomes for h in stages.loc[stages["outcome"] == o, "how"].value_counts().index]
    rows = max(len(categories), len(ends))
    figure, ax = plt.subplots(figsize=(WIDTH, min(max(3.6, 0.42 * rows + 1.2), 8.5)))
    ax.set_axis_off()
    height = whole + gap * (rows - 1)
    left = _stack([int((stages["category"] == c).sum()) for c in categories], height)
    middle = _stack([int((stages["outcome"] == o).sum()) for o in outcomes], height)
    right = _stack([int(((stages["outcome"] == o) & (stages["how"] == h)).sum()) for o, h in ends], height)
    used_left, used_middle = dict.fromkeys(categories, 0.0), dict.fromkeys(outcomes, 0.0)
    per = stages.groupby(["outcome", "category"]).size()
    for k, o in enumerate(outcomes):
        for c in categories:
            n = int(per.get((o, c), 0))
            if n:
                top_left = left[categories.index(c)] - used_left[c]
                top_middle = middle[k] - used_middle[o]
                _band(ax, (0.02, 1.0), (top_left, top_middle), n, OUTCOME_COLOURS[o])
                used_left[c] += n
                used_middle[o] += n
    used_middle = dict.fromkeys(outcomes, 0.0)
    for (o, h), top in zip(ends, right):
        n = int(((stages["outcome"] == o) & (stages["how"] == h)).sum())
        _band(ax, (1.02, 2.0), (middle[outcomes.index(o)] - used_middle[o], top), n, OUTCOME_COLOURS[o])
        used_middle[o] += n
        _node(ax, 2.0, top, n, OUTCOME_COLOURS[o])
    for c, top in zip(categories, left):
        _node(ax, 0.0, top, int((stages["category"] == c).sum()), GREY)
    for o, top in zip(outcomes, middle):
        n = int((stages["outcome"] == o).sum())
        _node(ax, 1.0, top, n, OUTCOME_COLOURS[o])
    size = 10.0
    step = size * 1.35 / (72 * (figure.get_figheight() - 0.7)) * height
    _names(
        ax, -0.02, [(t, (stages["category"] == c).sum(), c) for c, t in zip(categories, left)], step, "right"
    )
    _names(
        ax,
        1.035,
        [(t, (stages["outcome"] == o).sum(), o) for o, t in zip(outcomes, middle)],
        step,
        "left",
        True,
    )
    counts = [((stages["outcome"] == o) & (stages["how"] == h)).sum() for o, h in ends]
    _names(ax, 2.04, [(t, n, h) for (_, h), t, n in zip(ends, right, counts)], step, "left")
    for x, text, side in (
        (-0.02, "category", "right"),
        (1.01, "outcome", "center"),
        (2.04, "how, or why", "left"),
    ):
        ax.text(x, height + 0.9 * step, text, ha=side, va="bottom", color=GREY, fontsize=9.5)
    ax.set_xlim(-0.62, 2.95)
    ax.set_ylim(-step, height + 2.2 * step)
    return figure


def _stack(sizes: list[int], height: float) -> list[float]:
    """The upper edges of nodes that fill `height` from above, with equal gaps."""
    gap = (height - sum(sizes)) / (len(sizes) - 1) if len(sizes) > 1 else 0.0
    at, tops = height if len(sizes) > 1 else (height + sum(sizes)) / 2, []
    for size in sizes:
        tops.append(at)
        at -= size + gap
    return tops


def _band(ax: Axes, x: tuple[float, float], tops: tuple[float, float], n: float, colour: str) -> None:
    (x0, x1), (a, b) = x, tops
    m = (x0 + x1) / 2
    points = [
        (x0, a), (m, a), (m, b), (x1, b), (x1, b - n), (m, b - n), (m, a - n), (x0, a - n), (x0, a),
    ]  # fmt: skip
    codes = [
        Path.MOVETO,
        Path.CURVE4,
        Path.CURVE4,
        Path.CURVE4,
        Path.LINETO,
        Path.CURVE4,
        Path.CURVE4,
        Path.CURVE4,
        Path.CLOSEPOLY,
    ]
    ax.add_patch(PathPatch(Path(points, codes), facecolor=colour, alpha=0.45, lw=0))


def _node(ax: Axes, x: float, top: float, n: float, colour: str) -> None:
    ax.add_patch(plt.Rectangle((x, top - n), 0.02, n, facecolor=colour, lw=0))


def _names(
    ax: Axes, x: float, nodes: list[tuple[float, int, str]], step: float, side: str, boxed: bool = False
) -> None:
    """Names of nodes at their middles, moved apart where they would overlap."""
    at = sorted(((top - n / 2, n, text) for top, n, text in nodes), key=lambda node: node[0])
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.2} if boxed else None
    for place, (_, n, text) in zip(style.apart([middle for middle, _, _ in at], step), at):
        weight = "bold" if boxed else "normal"
        told = f"{style.short(str(text), 34)}  {n:,}"
        ax.text(x, place, told, ha=side, va="center", fontsize=10, bbox=box, fontweight=weight)
