"""The city from above: where people live, how they get about, and what became of the shops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import matplotlib.patheffects as outline
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from . import style
from .ground import Ground
from .style import BLACK, GREEN, GREY, OUTCOME_COLOURS, OUTCOME_MARKS

if TYPE_CHECKING:
    from ..city.grid import Grid

WATER = "#CFE3EE"


def city_map(frames: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any], ground: Ground) -> Figure:
    """Residents as grey heat, river, metro, circles, and every store by its outcome."""
    table = frames["outcomes"]
    wide, high = ground.grid.width_m / 1000, ground.grid.height_m / 1000
    figure, ax = plt.subplots(figsize=(8.4 + 2.4, 8.4 * min(max(high / wide, 0.6), 1.25) + 0.6))
    _heat(ax, ground)
    fate = dict(zip(table["store"], table["outcome"]))
    cells = np.array([*ground.stores.values()], dtype=np.int64)
    outcomes = np.array([fate[number] for number in ground.stores], dtype=object)
    at = _spread_out(cells, ground.grid) if len(cells) else np.zeros((0, 2))
    handles = []
    # What closed lies below what still trades.
    for outcome in reversed(OUTCOME_COLOURS):
        mine = outcomes == outcome
        look: dict[str, Any] = {"marker": OUTCOME_MARKS[outcome], "color": OUTCOME_COLOURS[outcome]}
        size = 15 if len(cells) > 400 else 36
        ax.scatter(at[mine, 0], at[mine, 1], s=size, lw=0.4, edgecolors="black", **look, zorder=4)
        label = f"{outcome} ({int(mine.sum()):,})"
        handles.append(Line2D([], [], ls="", ms=8, mec="black", mew=0.5, label=label, **look))
    _circles(ax, ground)
    if ground.metro:
        handles.append(Line2D([], [], color=GREEN, lw=2.5, label="metro"))
    if ground.river is not None:
        handles.append(Line2D([], [], color=WATER, lw=8, label="river"))
        if len(ground.river.bridges):
            handles.append(Line2D([], [], ls="", marker="s", ms=6, mfc="white", mec=GREY, label="bridge"))
    handles.append(Line2D([], [], color="#8A8A8A", lw=8, label="where people live"))
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False,
        title="Stores, by outcome",
        alignment="left", labelspacing=0.7,
    )  # fmt: skip
    ax.set_xlim(0, wide)
    ax.set_ylim(0, high)
    ax.set_aspect("equal")
    ax.set_xlabel("km", color=GREY)
    ax.set_ylabel("km", color=GREY)
    style.headed(figure, f"The city and its {len(cells):,} stores, and what became of them", manifest)
    return figure


def _heat(ax: Axes, ground: Ground) -> None:
    grid = ground.grid
    extent = (0.0, grid.width_m / 1000, 0.0, grid.height_m / 1000)
    people = ground.residents.reshape(grid.ny, grid.nx)
    # A few very dense cells must not leave the rest of the city white.
    top = float(np.quantile(people[people > 0], 0.99)) if (people > 0).any() else 1.0
    ax.imshow(
        np.sqrt(people),
        cmap="Greys",
        origin="lower",
        extent=extent,
        vmin=0,
        vmax=1.9 * np.sqrt(top),
        zorder=0,
    )
    water = np.ma.masked_where(ground.land.reshape(grid.ny, grid.nx), np.ones((grid.ny, grid.nx)))
    ax.imshow(
        water, cmap=plt.matplotlib.colors.ListedColormap([WATER]), origin="lower", extent=extent, zorder=1
    )
    if ground.river is not None and len(ground.river.bridges):
        x, y = ground.river.bridges.T / 1000
        ax.scatter(x, y, marker="s", s=30, color="white", edgecolors=GREY, lw=1, zorder=2)
    for line in ground.metro.values():
        x, y = line.stations.T / 1000
        ax.plot(x, y, color=GREEN, lw=2.2, marker="o", ms=5, mfc="white", mew=1.4, zorder=3)


def _spread_out(cells: np.ndarray, grid: Grid) -> np.ndarray:
    """float[n, 2] in km: shops of one cell stand round its middle like a sunflower's seeds."""
    x, y = grid.centre_of(cells)
    order = np.argsort(cells, kind="stable")
    rank = np.zeros(len(cells))
    starts = np.flatnonzero(np.r_[True, np.diff(cells[order]) != 0])
    rank[order] = np.arange(len(cells)) - np.repeat(starts, np.diff(np.r_[starts, len(cells)]))
    reach = grid.width_m * 0.0052
    radius, angle = reach * np.sqrt(rank), rank * np.pi * (3 - np.sqrt(5))
    return np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]) / 1000


def _circles(ax: Axes, ground: Ground) -> None:
    """The names of the largest circles, just above their places."""
    for name, cell in ground.places:
        x, y = ground.grid.centre_of(cell)
        text = ax.annotate(
            style.short(name), (x / 1000, y / 1000), xytext=(0, 17), textcoords="offset points",
            ha="center",
            fontsize=10, fontweight="bold", color=BLACK, zorder=6,
        )  # fmt: skip
        text.set_path_effects([outline.withStroke(linewidth=3, foreground="white")])
