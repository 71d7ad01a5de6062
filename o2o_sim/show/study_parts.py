"""What the pictures of studies share: short numbers, names and their units, means with their intervals."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, Formatter, MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from ..errors import ScenarioError
from ..record.metrics import METRICS, family_of
from ..scenario.shape import closest
from ..studies.statistics import mean_interval
from .style import GREY
from .wording import compact, plural

MOST_LEVELS = 12
"""Up to so many values a factor is drawn value by value, beyond them in classes."""


# -- numbers ------------------------------------------------------------------------------------------------
def is_share(name: str, values: Iterable[Any]) -> bool:
    """Whether a metric or factor is a share of something, to be told in per cent: by the catalogue of
    metrics, or, for a name that is not in it, by the name and by all numbers lying between -1 and 1."""
    family = family_of(name)
    if family is not None:
        return METRICS[family].kind in ("share", "flag")
    words = re.split(r"[^a-z]+", name.lower())
    known = numbers(values)
    if known is None or words[-1] == "x" or not {"share", "vacancy", "rate"} & set(words):
        return False
    return bool((np.abs(known[np.isfinite(known)]) <= 1).all())


def numbers(values: Iterable[Any]) -> np.ndarray | None:
    """The values as float64, or None if some are texts or flags."""
    found = list(values)
    if all(isinstance(v, int | float | np.number) and not isinstance(v, bool | np.bool_) for v in found):
        return np.array(found, dtype=float)
    return None


def levels(values: pd.Series) -> list[Any]:
    """The different values: numbers ascending, others as they first appear."""
    known = list(dict.fromkeys(values.dropna()))
    return known if numbers(known) is None else sorted(known)


def told(value: Any, *, share: bool = False) -> str:
    """A factor's value as text."""
    return str(value) if numbers([value]) is None else compact(float(value), 4, share=share)


# -- names --------------------------------------------------------------------------------------------------
def label_of(name: str, labels: Mapping[str, str]) -> str:
    """The readable name with its unit, the first letter a capital."""
    text = labels.get(name) or name
    return text[:1].upper() + text[1:]


def split_unit(label: str) -> tuple[str, str]:
    """("subsidy per order", "yuan") of "subsidy per order, yuan" and of "subsidy per order (yuan)"."""
    found = re.fullmatch(r"(.+?)\s*[(（]([^()（）]+)[)）]", label) or re.fullmatch(
        r"(.+)(?:, |，\s*)([^,，]+)", label
    )
    return (found[1], found[2]) if found else (label, "")


def name_of(name: str, labels: Mapping[str, str]) -> str:
    """The readable name with its unit, for sentences."""
    return labels.get(name) or name


def bare(name: str, labels: Mapping[str, str]) -> str:
    """A factor's readable name without its unit, for sentences."""
    return split_unit(labels.get(name) or name)[0]


def setting(name: str, value: Any, labels: Mapping[str, str], *, share: bool = False) -> str:
    """A factor at a value: "subsidy per order 5 yuan"."""
    label, unit = split_unit(labels.get(name) or name)
    if numbers([value]) is None or share:
        unit = ""
    return f"{label} {told(value, share=share)} {unit}".rstrip()


def width(text: str) -> int:
    """How wide a text is, in letters; Chinese signs are two letters wide."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str, most: int) -> str:
    """The text in lines at most `most` letters wide. Chinese breaks anywhere, other scripts between words,
    numbers stay with their unit."""
    text = re.sub(r"(\d|→) (?=(%|k|M|bn|tn|pp|→)(?!\w))", "\\1\u00a0", text)
    pieces = re.findall(
        r"[ \n]*(?:[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^ \n\u2e80-\u9fff\uf900-\uffef]+)", text
    )
    lines = [""]
    for piece in pieces:
        for part in textwrap.wrap(piece.strip(), most) if width(piece) > most else [piece]:
            if lines[-1] and width(lines[-1] + part) > most:
                lines.append(part.strip())
            else:
                lines[-1] += part if lines[-1] else part.strip()
    return "\n".join(lines).replace("\u00a0", " ")


# -- figures ------------------------------------------------------------------------------------------------
def titled(figure: Figure, title: str, note: str) -> None:
    """What the picture shows, above; of how many runs and with which intervals, below. The figure, which must
    be complete otherwise, grows by what these need beyond a line each."""
    inches = figure.get_figwidth()
    title, note = wrapped(title, int(8.2 * inches)), wrapped(note, int(14.6 * inches))
    figure.set_figheight(figure.get_figheight() + 0.22 * title.count("\n") + 0.16 * note.count("\n"))
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
    figure.supxlabel(note, x=0.01, ha="left", fontsize=8.5, color=GREY)
    # Matplotlib finds the layout in steps; after the one that comes with drawing labels might still overlap.
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)


def counted(runs: pd.DataFrame, metrics: Sequence[str]) -> str:
    """How many runs a picture rests on: "75 runs: 25 points x 3 replicates; 2 failed and are left out"."""
    points, each = runs["point"].nunique(), runs["replicate"].nunique()
    text = plural(len(runs), "run")
    if len(runs) == points * each:
        text += f": {plural(points, 'point')} × {plural(each, 'replicate')}"
    failed = int(runs[list(metrics)].isna().all(axis=1).sum())
    return f"{text}; {failed:,} failed and {'is' if failed == 1 else 'are'} left out" if failed else text


def needs_columns(table: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raises ScenarioError for columns the table does not have."""
    for column in columns:
        if column not in table:
            near = closest(column, [str(c) for c in table.columns])
            hint = f"did you mean {near}?" if near else None
            raise ScenarioError(f"there is nothing called {column!r} to draw", hint=hint)


class CompactNumbers(Formatter):
    """Numbers at an axis, with as many digits as it takes to tell them apart."""

    def __init__(self, share: bool = False):
        self.share = share

    def __call__(self, value: float, position: int | None = None) -> str:
        return compact(value, share=self.share)

    def format_ticks(self, values: Iterable[float]) -> list[str]:
        given, texts = list(values), list[str]()
        for digits in range(3, 10):
            texts = [compact(v, digits, share=self.share) for v in given]
            if len(set(texts)) == len(texts):
                break
        return texts


def number_axis(axis: Axis, share: bool, most: int = 5) -> None:
    """An axis with short numbers at about `most` places."""
    axis.set_major_locator(MaxNLocator(most))
    axis.set_major_formatter(CompactNumbers(share))


def is_log(values: ArrayLike) -> bool:
    """Whether ascending values are spaced more evenly by their ratios than by their differences."""
    known = np.asarray(values, dtype=float)
    if len(known) < 3 or known[0] <= 0 or known[-1] < 8 * known[0]:
        return False
    ratios, steps = np.diff(np.log(known)), np.diff(known)
    return bool(ratios.std() / ratios.mean() < steps.std() / steps.mean())


def spaced(places: np.ndarray, gap: float) -> list[int]:
    """Which of ascending places (0 to 1) to name so that names are `gap` apart; the first and last always."""
    kept = [0]
    for k in range(1, len(places)):
        if places[k] - places[kept[-1]] >= gap:
            kept.append(k)
    if kept[-1] != len(places) - 1:
        kept[max(len(kept) - 1, 1) :] = [len(places) - 1]
    return kept


def factor_axis(ax: Axes, values: ArrayLike, share: bool) -> None:
    """An x axis for a factor, by ratios if its ascending values are so spaced, with ticks at values that were
    run."""
    known = np.asarray(values, dtype=float)
    log = is_log(known)
    at = np.log(known) if log else known
    pad = 0.04 * float(np.ptp(at)) or 0.5 * abs(float(at[0])) or 1.0
    ends = np.array([at[0] - pad, at[-1] + pad])
    if log:
        ax.set_xscale("log")
        ends = np.exp(ends)
    ax.set_xlim(*ends)
    numerals = CompactNumbers(share)
    inches = ax.get_position().width * ax.figure.get_figwidth()  # type: ignore[union-attr]
    letters = max(map(width, numerals.format_ticks(known)))
    kept = spaced((at - at[0]) / (np.ptp(at) or 1.0), 0.085 * (letters + 1.5) / inches)
    ax.xaxis.set_major_locator(FixedLocator(list(known[kept])))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(numerals)


def in_classes(runs: pd.DataFrame, factor: str) -> pd.DataFrame:
    """The runs, a factor with more than `MOST_LEVELS` numbers cut into eight equally filled classes, each of
    them named by its mean in three digits."""
    known = numbers(levels(runs[factor]))
    if known is None or len(known) <= MOST_LEVELS:
        return runs
    classes = pd.qcut(runs[factor].rank(method="dense"), 8, labels=False)
    middles = runs[factor].groupby(classes).transform("mean")
    return runs.assign(**{factor: [float(f"{middle:.3g}") for middle in middles]})


# -- figures of runs ----------------------------------------------------------------------------------------
def means(runs: pd.DataFrame, metric: str, by: Sequence[Hashable]) -> pd.DataFrame:
    """The mean of a metric for each combination of the columns `by`, with its 95 % interval.

    Columns: those of `by`, then mean, low, high (-inf and inf where fewer than two replicates tell nothing of
    the spread), n (replicates). All points of a combination weigh the same. The points are taken as given,
    not as drawn, so what they do to the metric does not widen the interval: it is Student's t over replicates
    of their deviations from the means of their points, averaged within each replicate, for runs of one
    replicate share their seed. Failed runs (NaN) are left out.
    """
    rows = []
    for key, part in runs.dropna(subset=[metric]).groupby(list(by), sort=False):
        point = part.groupby("point")[metric]
        mean = float(point.mean().mean())
        deviation = (part[metric] - point.transform("mean")).groupby(part["replicate"]).mean()
        found = mean_interval(deviation.to_numpy())
        rows.append((*key, mean, mean + found.low, mean + found.high, found.n))
    return pd.DataFrame(rows, columns=[*by, "mean", "low", "high", "n"])
