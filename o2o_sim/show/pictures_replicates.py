"""The picture of one scenario that was run with many seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..errors import ScenarioError
from .study_parts import compact, is_share, label_of, needs_columns, titled, wrapped
from .style import BLACK, BLUE, GREY

LETTERS = 34


def spread(runs: pd.DataFrame, table: pd.DataFrame, labels: Mapping[str, str], name: str) -> Figure:
    """Every run of a scenario as a dot, a row per metric, with the mean and its 95 % interval.

    `table` has the columns metric, mean, low, high and n; every row has a scale of its own, from its least to
    its greatest run. Metrics without a value in any run are left out. Raises ScenarioError if none is left.
    """
    needs_columns(runs, list(table["metric"]))
    rows = table[table["n"] > 0].to_dict("records")
    if not rows:
        raise ScenarioError("no run has a value to draw")
    figure, ax = plt.subplots(figsize=(9.6, 0.34 * len(rows) + 1.3))
    for at, row in enumerate(rows):
        values = runs[row["metric"]].dropna().to_numpy(float)
        share = is_share(row["metric"], values)
        ends = min(row["mean"], values.min()), max(row["mean"], values.max())
        places = _placed([*values, row["mean"], row["low"], row["high"]], *ends)
        ax.plot(places[:-3], np.full(len(values), at), "o", ms=6, mew=0, color=BLUE, alpha=0.5, zorder=3)
        if np.isfinite(places[-2:]).all():
            ax.plot(np.clip(places[-2:], -0.06, 1.06), [at, at], color=BLACK, lw=1.4, solid_capstyle="butt")
        ax.plot(places[-3], at, "|", ms=13, mew=2, color=BLACK)
        ax.text(-0.1, at, compact(ends[0], share=share), ha="right", va="center", fontsize=9, color=GREY)
        ax.text(1.1, at, compact(ends[1], share=share), ha="left", va="center", fontsize=9, color=GREY)
        ax.text(1.45, at, compact(row["mean"], share=share), ha="center", va="center", fontsize=9)
    ax.text(1.45, -1, "mean", ha="center", va="center", fontsize=9, fontweight="bold")
    ax.set(xlim=(-0.34, 1.6), ylim=(len(rows) - 0.4, -1.5), xticks=[])
    ax.set_yticks(range(len(rows)), [wrapped(label_of(row["metric"], labels), LETTERS) for row in rows])
    ax.tick_params(axis="y", length=0)
    ax.spines[:].set_visible(False)
    note = (
        f"{len(runs):,} runs, a dot each; bars: 95 % interval of the mean. Every row has a scale of its own."
    )
    titled(figure, f"{name}: how its figures vary from run to run", note)
    return figure


def _placed(values: Sequence[float], low: float, high: float) -> np.ndarray:
    """Places from 0 to 1 along a row; all in the middle if the row has no width."""
    found = np.array(values, float)
    return (found - low) / (high - low) if high > low else np.where(np.isfinite(found), 0.5, found)
