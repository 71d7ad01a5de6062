"""How all pictures look: colours that colour-blind people tell apart, labels at the lines, plain dates."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # draws into files; needs no screen

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, DayLocator, date2num
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names

from ..studies.shown import Drawing
from .wording import fixed

# Okabe & Ito (2008), the palette that survives every common kind of colour blindness.
BLUE, SKY, GREEN, YELLOW = "#0072B2", "#56B4E9", "#009E73", "#F0E442"
ORANGE, VERMILION, PURPLE, BLACK = "#E69F00", "#D55E00", "#CC79A7", "#000000"
GREY, PALE = "#767676", "#D9D9D9"
SERIES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK, "#8C6D00")
"""Colours of lines, in this order; after the last they begin again with another dash."""
DASHES = ("-", (0, (5, 2)), (0, (1, 1.2)))

OUTCOME_COLOURS = {
    "survived": SKY,
    "integrated": BLUE,
    "showroom": YELLOW,
    "moved online": PURPLE,
    "closed": VERMILION,
}
OUTCOME_MARKS = {"survived": "o", "integrated": "s", "showroom": "^", "moved online": "D", "closed": "X"}
DPI = 110
FEW_DAYS = 62
"""Runs up to this long are drawn day by day, longer ones month by month."""

_WIDE_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "SimHei",
    "Arial Unicode MS",
)


@contextmanager
def house_style() -> Iterator[None]:
    """The settings all pictures are drawn with."""
    installed = set(get_font_names())
    settings: Any = {
        # Fonts with Chinese signs stand in for signs the first one lacks, where there are any.
        "font.family": ["DejaVu Sans", *(f for f in _WIDE_FONTS if f in installed)],
        "font.size": 10,
        "text.parse_math": False,  # a shop called "$ave$" is no formula
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.axisbelow": True,
        "grid.color": "#E8E8E8",
        "xtick.color": "#444444",
        "ytick.color": "#444444",
        "hatch.linewidth": 0.6,
        "figure.constrained_layout.use": True,
    }
    with plt.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a picture without the date and versions matplotlib would put in."""
    figure.dpi = DPI  # texts are laid out at the size at which they are drawn
    if figure.axes and (layout := figure.get_layout_engine()) is not None:
        layout.execute(figure)
        figure.set_layout_engine("none")  # else matplotlib would draw all of it once more beforehand
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
    plt.close(figure)


def figure_of(picture: Callable[[], Figure]) -> Figure:
    """A picture in the house style, to be shown or saved by whoever asks for it."""
    with house_style():
        figure = picture()
    plt.close(figure)  # else a notebook would show it twice
    return figure


def draw_each(
    pictures: Mapping[str, Callable[[], Figure]], folder: Path, drawing: Drawing | None = None
) -> list[Path]:
    """Draw every picture in the house style as PNG of its name into `folder`, which must be there; returns
    the files. `drawing` is told of each.

    A picture that fails is a fault of ours, but no reason to lose the others: it is left out with a warning.
    A disk that refuses is an OSError."""
    files = []
    with house_style():
        for done, (name, picture) in enumerate(pictures.items()):
            if drawing:
                drawing(done, len(pictures), name)
            path = folder / f"{name}.png"
            try:
                save(picture(), path)
                files.append(path)
            except OSError as fault:
                fault.filename = fault.filename or str(path)
                raise
            except Exception as fault:
                path.unlink(missing_ok=True)
                said = f"the picture {path.name} could not be drawn: {type(fault).__name__}: {fault}"
                warnings.warn(said, RuntimeWarning, stacklevel=3)
            finally:
                plt.close("all")
    if drawing:
        drawing(len(pictures), len(pictures), "")
    return files


def headed(figure: Figure, title: str, manifest: Mapping[str, Any]) -> None:
    """What the picture shows, above; of which run, below."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
    figure.supxlabel(caption(manifest), x=0.01, ha="left", fontsize=8.5, color=GREY)


def caption(manifest: Mapping[str, Any]) -> str:
    """The run in one line."""
    scenario = manifest["scenario"]
    name = scenario["name"] or manifest.get("file") or "scenario"
    dates = f"{manifest['first_day']} to {manifest['last_day']}"
    people = f"{scenario['residents']:,.0f} residents simulated by {scenario['population']:,}"
    return "  ·  ".join((short(name, 60), dates, people, f"seed {manifest['seed']}"))


def short(name: str, most: int = 24) -> str:
    """A name that fits where labels go."""
    return name if len(name) <= most else name[: most - 1] + "…"


def note(ax: Axes, text: str) -> None:
    """Say why there is nothing to be seen in a panel."""
    ax.set_axis_off()
    ax.text(
        0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=GREY, fontsize=11, wrap=True
    )


def days_on(ax: Axes, manifest: Mapping[str, Any], pad: float = 0.02) -> None:
    """The days of the run along the bottom, and `pad` of their number on either side."""
    first, last = (number(date.fromisoformat(manifest[day])) for day in ("first_day", "last_day"))
    last = max(last, first + 1)
    ax.set_xlim(first - pad * (last - first), last + pad * (last - first))
    few = last - first < 6  # the other locator would go on to hours
    locator = DayLocator() if few else AutoDateLocator(minticks=2, maxticks=8)
    ax.xaxis.set_major_locator(locator)
    formats = ["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%S"]  # of years, months, days, ...
    firsts = ["", "%Y", "%d %b", "%d %b", "%H:%M", "%H:%M"]  # of the first of each
    formatter = ConciseDateFormatter(locator, formats=formats, zero_formats=firsts, show_offset=False)
    ax.xaxis.set_major_formatter(formatter)
    ax.grid(axis="y")


def by_period(daily: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """(means per day of all figures, indexed by the middle date of each period; "day" or "month")."""
    numbers = daily.drop(columns="date")
    days = list(daily["date"])
    if len(days) <= FEW_DAYS:
        return numbers.set_index(pd.Index(days)), "day"
    months = [d.replace(day=1) for d in days]
    means = numbers.groupby(months).mean()
    middle: dict[date, list[date]] = {}
    for month, day in zip(months, days):
        middle.setdefault(month, []).append(day)
    means.index = pd.Index([m[len(m) // 2] for m in middle.values()])
    return means, "month"


def pivot_months(frame: pd.DataFrame, names: str, values: str) -> pd.DataFrame:
    """A monthly table turned to one column per name, in the order the names first appear."""
    order = list(dict.fromkeys(frame[names]))
    return frame.pivot(index="month", columns=names, values=values)[order]


def stretched(index: Sequence[date], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(dates as matplotlib counts them, rows). Areas need two points: a single day lasts till the next."""
    at = np.array([number(day) for day in index])
    if len(at) != 1:
        return at, rows
    return np.array([at[0], at[0] + 1]), np.repeat(rows, 2, axis=-1)


def number(day: date) -> float:
    """A date as matplotlib counts it."""
    return float(date2num(day))  # type: ignore[arg-type]


def lines(
    ax: Axes,
    table: pd.DataFrame,
    *,
    unit: str = "",
    whole: bool = False,
    most: int = 8,
    headroom: float = 1.07,
) -> None:
    """A line per column over an axis from 0 (unless something is negative), named where it ends with its
    first and last value in `unit`. Of more than `most` columns the largest are named, the others drawn in
    pale grey. `whole` numbers are shown without decimals; the axis goes to `headroom` times the largest
    value."""
    last = table.ffill().iloc[-1].fillna(0.0)
    rank = table.abs().mean().sort_values(ascending=False, kind="stable").index
    chosen = set(rank[:most])
    labels = []
    k = 0
    for name in table.columns:
        values = table[name].to_numpy(float)
        if name not in chosen:
            ax.plot(list(table.index), values, color=PALE, lw=0.8, zorder=1)
            continue
        colour, dash = SERIES[k % len(SERIES)], DASHES[k // len(SERIES) % len(DASHES)]
        k += 1
        mark = "o" if np.isfinite(values).sum() < 3 else None
        ax.plot(list(table.index), values, color=colour, ls=dash, lw=1.9, marker=mark, ms=5)
        labels.append((float(last[name]), change(str(name), table[name], unit, whole), colour))
    highest = float(np.nanmax(table.to_numpy(float)))
    if not (table < 0).any(axis=None):
        ax.set_ylim(0, (highest or 1.0) * headroom)
    end_labels(ax, labels)
    if len(table.columns) > most:
        ax.annotate(
            f"grey: {len(table.columns) - most} others", (0.01, 0.99), xycoords="axes fraction",
            va="top", fontsize=8.5, color=GREY,
        )  # fmt: skip


def change(name: str, values: pd.Series, unit: str = "", whole: bool = True) -> str:
    """A name with its first and last value."""
    known = values.dropna()
    digits = 0 if whole or known.abs().max() >= 20 else 1
    return f"{short(name)}  {fixed(known.iloc[0], digits)} → {fixed(known.iloc[-1], digits)}{unit}"


def end_labels(
    ax: Axes, labels: Sequence[tuple[float, str, str]], *, size: float = 9.5, leaders: bool = True
) -> None:
    """Texts (height, text, colour) to the right of the axes, moved apart where they would overlap. The axis
    limits must not change afterwards."""
    if not labels:
        return
    low, high = ax.get_ylim()
    ax.set_ylim(low, high)
    panel = ax.get_window_extent().height / ax.figure.dpi * 72  # points
    step = size * 1.35 / max(panel * 0.9, 1.0)
    ordered = sorted(labels, key=lambda label: label[0])
    places = apart([(y - low) / (high - low or 1.0) for y, _, _ in ordered], step)
    for (y, text, colour), place in zip(ordered, places):
        at = (y - low) / (high - low or 1.0)
        arrow = {
            "arrowstyle": "-",
            "color": colour,
            "lw": 0.7,
            "shrinkA": 0,
            "shrinkB": 0,
            "relpos": (0, 0.5),
        }
        ax.annotate(
            text, (1.0, at), (1.025, place), xycoords="axes fraction", textcoords="axes fraction",
            color=colour, va="center", fontsize=size, annotation_clip=False,
            arrowprops=arrow if leaders else None,
        )  # fmt: skip


def apart(heights: Sequence[float], step: float) -> list[float]:
    """Ascending heights (0 to 1) moved as little as needed to be `step` apart and not below 0."""
    groups: list[list[float]] = []  # [sum of (height - own rank * step), members]
    for height in heights:
        groups.append([height, 1])
        while len(groups) > 1 and _bottom(groups[-2]) + groups[-2][1] * step > _bottom(groups[-1]):
            total, members = groups.pop()
            before = groups[-1]
            groups[-1] = [before[0] + total - members * before[1] * step, before[1] + members]
        # a group keeps the sum of where its lowest member would stand for each of its members
    placed: list[float] = []
    for total, members in groups:
        lowest = max(total / members, placed[-1] + step if placed else 0.0)
        placed += [lowest + k * step for k in range(int(members))]
    return placed


def _bottom(group: Sequence[float]) -> float:
    return group[0] / group[1]


def percent_axis(axis: Any) -> None:
    """Shares as percentages."""
    axis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")


def marked_day(ax: Axes, day: date, text: str, row: int = 0) -> None:
    """A dotted line at a date with its text at the top, `row` lines down."""
    ax.axvline(number(day), color=GREY, ls=(0, (1, 2)), lw=1.0, zorder=0)
    ax.annotate(
        text, (number(day), 1.0), xycoords=("data", "axes fraction"), xytext=(3, -2 - 11 * row),
        textcoords="offset points", va="top", fontsize=8.5, color=GREY,
    )  # fmt: skip
