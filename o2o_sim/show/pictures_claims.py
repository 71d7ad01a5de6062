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
WORDS = 345
"""Points of paper for a claim's words."""
FURTHEST = 4.0
"""Effects beyond so many times the smallest that matters are drawn at the edge, with an arrow."""


def claims_picture(found: Claims) -> Figure:
    """A row per claim: its headline effect with the 95 % interval, in units of the smallest effect that would
    matter, positive the way that was claimed. Where nothing was claimed to change, the claim is the grey band
    itself.

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
        colour, mark = LOOKS[head.verdict]
        steady = head.expectation.direction == "none"
        mean, low, high = _scaled(head)
        inside = np.clip([low, mean, high], -FURTHEST, FURTHEST)
        ax.plot(inside[[0, 2]], [place, place], color=colour, lw=2.2, solid_capstyle="butt")
        ax.plot(inside[1], place, mark, color=colour, ms=7, mfc="white" if steady else colour, mew=1.6)
        if abs(mean) > FURTHEST:
            ax.annotate("»" if mean > 0 else "«", (inside[1], place), (7 if mean > 0 else -7, -1),
                        textcoords="offset points", ha="center", va="center", color=colour)  # fmt: skip
        ax.annotate("\n".join(name), (0, place), (-WORDS, 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", ha="left", va="center", fontsize=8.5)  # fmt: skip
        ax.annotate(effect_text(head), (1, place), (8, 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", ha="left", va="center", fontsize=8.5, color=colour)  # fmt: skip
        ax.annotate(tested.seen, (1, place), (178, 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", ha="left", va="center", fontsize=8.5,
                    color=LOOKS[tested.verdict][0])  # fmt: skip
    ax.hlines(np.cumsum(heights)[:-1], -FURTHEST, FURTHEST, color="#E4E4E4", lw=0.7, zorder=0)
    ax.set(xlim=(-FURTHEST - 0.3, FURTHEST + 0.3), ylim=(float(heights.sum()), 0))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("← against the claim      effect / smallest that would matter      as claimed →")
    for text, at in (("headline effect [95 %]", 8), ("seen", 178)):
        ax.annotate(text, (1, 1), (at, 4), xycoords="axes fraction", textcoords="offset points", fontsize=8.5)
    verdicts = [t.tests[0].verdict for t in rows]
    handles = [Patch(color=c, label=f"{v} ({verdicts.count(v)})") for v, (c, _) in LOOKS.items()]  # type: ignore[arg-type]
    ax.legend(handles=handles, loc="lower right", bbox_to_anchor=(0.98, 1.008), ncols=3, frameon=False)
    n = sorted({t.tests[0].effect.n for t in rows})
    pairs = f"{n[0]}{f' to {n[-1]}' if len(n) > 1 else ''}"
    note = (
        f"{pairs} pairs of runs with the same seeds  ·  dots: mean effect of the headline metric, bars: 95 % interval"
        "  ·  grey: too small to matter  ·  hollow: no change was claimed, so grey is where it should be"
        "  ·  seen: how many of all that a claim expects, in the colour of its whole verdict"
    )
    whole = sum(t.verdict == "supported" for t in rows)
    title = f"{verdicts.count('supported')} of {len(rows)} headlines are supported; all that is expected, in {whole}"
    titled(figure, title, note)
    return figure


def _scaled(test: Test) -> tuple[float, float, float]:
    e, effect = test.expectation, test.effect
    values = np.array([effect.mean, effect.low, effect.high])
    if not np.isfinite(values).all():
        return 0.0, -FURTHEST, FURTHEST
    unit = e.smallest or max(np.abs(values).max() / 2, 1e-12)
    mean, low, high = values / unit * (-1 if e.direction == "down" else 1)
    return float(mean), float(min(low, high)), float(max(low, high))
