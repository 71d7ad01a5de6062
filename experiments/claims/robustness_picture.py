"""The picture of robust and fragile headlines: a strip of effects for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from o2o_sim.show import style
from o2o_sim.studies.claim import label

if TYPE_CHECKING:
    from robustness import Found

FURTHEST = 30.0
"""Effects beyond so many times the smallest that matters are drawn at the edge."""
HOLDS, LOST = style.BLUE, style.VERMILION


@style.house_style()
def draw(found: Sequence[Found], points: int, file: Path) -> None:
    """Draw every headline's effects at the points, in multiples of the smallest effect that matters.

    The scale is even from -1 to 1 and logarithmic beyond. Positive is the way that was claimed; where no
    change was claimed, the way it went at the defaults."""
    figure, ax = plt.subplots(figsize=(11.5, 0.62 * len(found) + 1.7))
    ax.axvspan(-1, 1, color="#EFEFEF", zorder=0)
    ax.axvline(0, color="black", lw=0.8)
    for k, f in enumerate(found):
        e = f.expectation
        unit = e.smallest * {"up": 1.0, "down": -1.0, "none": f.way}[e.direction]
        kept = f.points[np.isfinite(f.points)]
        x = np.clip(kept / unit, -FURTHEST, FURTHEST)
        y = k + 0.28 * np.sin(2.399963 * np.arange(len(x)))  # scattered, and the same every time
        colours = np.where(f.holds(kept), HOLDS, LOST)
        ax.scatter(x, y, s=11, c=colours, alpha=0.55, lw=0)
        ax.plot(np.nanmean(f.at_defaults) / unit, k, "D", ms=6, mfc="white", mec="black", mew=1.3)
        ax.annotate(f"{f.claim.id}  {label(f.claim, e)}", (0, k), (-8, 5), xycoords=("axes fraction", "data"),
                    textcoords="offset points", ha="right", va="center", fontsize=9)  # fmt: skip
        ax.annotate(f.before.verdict, (0, k), (-8, -7), xycoords=("axes fraction", "data"),
                    textcoords="offset points", ha="right", va="center", fontsize=8, color="#666666")  # fmt: skip
        ax.annotate(f"{f.verdict}, {100 * f.holds(f.steady).mean():.0f} %\n"
            f"as seen {100 * f.holds(f.points).mean():.0f} %", (1, k), (8, 0),
                    xycoords=("axes fraction", "data"), textcoords="offset points", ha="left", va="center",
                    fontsize=9, linespacing=1.5, color=HOLDS if f.verdict == "robust" else LOST)  # fmt: skip
    ax.set_xscale("symlog", linthresh=1, linscale=0.8)
    ticks = [-30, -10, -3, -1, 0, 1, 3, 10, 30]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()
    ax.set(xlim=(-FURTHEST * 1.1, FURTHEST * 1.1), ylim=(len(found) - 0.4, -0.6), yticks=[])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("← against the claim      effect / smallest that matters      as claimed →")
    handles = [
        Line2D([], [], ls="", marker="o", color=HOLDS, label="the headline's verdict holds"),
        Line2D([], [], ls="", marker="o", color=LOST, label="it does not"),
        Line2D([], [], ls="", marker="D", mfc="white", mec="black", label="mean at the defaults"),
    ]
    ax.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, fontsize=9
    )
    steady = ", ".join(f.claim.id for f in found if f.expectation.direction == "none")
    note = (
        f"{points} points, one pair of runs each, all behavioural defaults moved at once by up to a quarter  ·  grey: too small"
        f" to matter\n{steady}: no change was claimed, so grey is what was claimed  ·  at the right: share of points where it"
        " holds, with chance taken out and as seen"
    )
    figure.text(0.5, 0.005, note, ha="center", fontsize=8, color="#666666")
    figure.set_layout_engine("tight", rect=(0, 0.05, 1, 1))
    figure.savefig(file, dpi=110)
    plt.close(figure)
