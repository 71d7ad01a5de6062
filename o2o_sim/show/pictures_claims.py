"""A picture of claims: how each headline effect lies to the smallest that would matter."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from .study_parts import titled
from .style import BLACK, BLUE, ORANGE, VERMILION
from .tables_claims import effect_text

if TYPE_CHECKING:
    from ..studies.claims import Claims, Test

LOOKS = {"supported": (BLUE, "o"), "contradicted": (VERMILION, "X"), "no evidence": (ORANGE, "D")}
FURTHEST = 4.0
"""Effects beyond so many times the smallest that matters are drawn at the edge, with an arrow."""


def claims_picture(found: Claims) -> Figure:
    """A row per claim: its headline effect with the 95 % interval, in units of the smallest effect that would matter,
    positive the way that was claimed. Where nothing was claimed to change, the claim is the grey band itself.

    An effect compared with a bare number, where any size matters, is drawn in units of its own interval.
    """
    rows = found.tested
    names = [textwrap.wrap(f"{t.claim.id}  {t.claim.claim}", 74) for t in rows]
    heights = np.array([0.16 + 0.17 * len(name) for name in names])
    places = np.cumsum(heights) - heights / 2
    figure, ax = plt.subplots(figsize=(12.5, float(heights.sum()) + 1.4))
    ax.axvspan(-1, 1, color="#EFEFEF", zorder=0)
    ax.axvline(0, color=BLACK, lw=1)
    for place, tested, name in zip(places, rows, names):
        head = tested.tests[0]
        colour, mark = LOOKS[tested.verdict]
        mean, low, high = _scaled(head)
        inside = np.clip([low, mean, high], -FURTHEST, FURTHEST)
        ax.plot(inside[[0, 2]], [place, place], color=colour, lw=2.2, solid_capstyle="butt")
        ax.plot(inside[1], place, mark, color=colour, ms=7)
        if abs(mean) > FURTHEST:
            ax.annotate("»" if mean > 0 else "«", (inside[1], place), (7 if mean > 0 else -7, -1),
                        textcoords="offset points", ha="center", va="center", color=colour)  # fmt: skip
        ax.annotate("\n".join(name), (0, place), (-8, 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", ha="right", va="center", ma="left", fontsize=8.5)  # fmt: skip
        ax.annotate(effect_text(head), (1, place), (8, 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", ha="left", va="center", fontsize=8.5, color=colour)  # fmt: skip
    ax.hlines(np.cumsum(heights)[:-1], -FURTHEST, FURTHEST, color="#E4E4E4", lw=0.7, zorder=0)
    ax.set(xlim=(-FURTHEST - 0.3, FURTHEST + 0.3), ylim=(float(heights.sum()), 0))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("← against the claim      effect / smallest that would matter      as claimed →")
    verdicts = [t.verdict for t in rows]
    handles = [Patch(color=c, label=f"{v} ({verdicts.count(v)})") for v, (c, _) in LOOKS.items()]  # type: ignore[arg-type]
    ax.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    n = sorted({t.tests[0].effect.n for t in rows})
    pairs = f"{n[0]}{f' to {n[-1]}' if len(n) > 1 else ''}"
    note = (
        f"{pairs} pairs of runs with the same seeds  ·  dots: mean effect of the headline metric, bars: 95 % interval"
        "  ·  grey: too small to matter  ·  a claim's verdict may rest on more than its headline"
    )
    titled(figure, f"{verdicts.count('supported')} of {len(rows)} claims are supported", note)
    return figure


def _scaled(test: Test) -> tuple[float, float, float]:
    e, effect = test.expectation, test.effect
    values = np.array([effect.mean, effect.low, effect.high])
    if not np.isfinite(values).all():
        return 0.0, -FURTHEST, FURTHEST
    unit = e.smallest or max(np.abs(values).max() / 2, 1e-12)
    mean, low, high = values / unit * (-1 if e.direction == "down" else 1)
    return float(mean), float(min(low, high)), float(max(low, high))
