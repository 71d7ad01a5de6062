"""Figures of the report as a part of its page: what one is, and how it becomes SVG."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import NamedTuple

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from ..scenario.textfile import escaped
from . import style

WIDTH = 9.6
"""Inches that all figures are wide; at this width their letters have the size of the page's."""
MOST_REASONS = 6
"""Causes told apart; the rarest beyond them stand together."""


class Picture(NamedTuple):
    """A figure of the report: its short name, what it says (the heading), the caption in words, and the
    drawing."""

    name: str
    title: str
    caption: str
    draw: Callable[[], Figure] | None


def as_svg(picture: Picture, salt: str) -> str:
    """The drawing as an inline `<svg>` whose ids, made with `salt`, no other figure of the page has."""
    assert picture.draw is not None
    with style.house_style(), plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}):
        figure = picture.draw()
        for text in (figure._suptitle, figure._supxlabel):  # type: ignore[attr-defined]
            if text is not None:  # the page says it in its own letters
                text.set_text("")
                text.set_in_layout(False)
        out = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(out, format="svg", metadata=nothing, transparent=False)
        plt.close(figure)
    return _inline(out.getvalue(), salt)


def _inline(text: str, salt: str) -> str:
    """A file of matplotlib's as a part of a page: without its head, its rule for all elements, and stray
    ids."""
    text = escaped(text)
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", body, flags=re.S)
    head, _, rest = body.partition(">")
    size = re.search(r'viewBox="([^"]*)"', head)
    box = size[1] if size else f"0 0 {72 * WIDTH:.0f} 400"
    used = set(re.findall(r"url\(#([^)]*)\)|href=\"#([^\"]*)\"", rest))
    kept = {name for pair in used for name in pair if name}
    rest = re.sub(r' id="([^"]*)"', lambda m: f' id="{salt}-{m[1]}"' if m[1] in kept else "", rest)
    rest = re.sub(r"url\(#([^)]*)\)", rf"url(#{salt}-\1)", rest)
    rest = re.sub(r'xlink:href="#([^"]*)"', rf'href="#{salt}-\1"', rest)
    rest = rest.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, Arial, sans-serif")
    return f'<svg viewBox="{box}" aria-hidden="true" focusable="false">{rest.strip()}'


def largest(values: pd.Series, most: int, rest: str) -> pd.Series:
    """The values, of more than `most` different ones the rarest replaced by `rest`."""
    counts = values.value_counts()
    if len(counts) <= most:
        return values
    kept = set(counts.index[: most - 1])
    return values.where(values.isin(list(kept)), rest)
