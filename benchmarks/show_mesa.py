"""The city shown with Mesa's SolaraViz, as a user of Mesa would: the app that `benchmarks.show` times.

SHOW_PEOPLE=1000 SHOW_WAY=space solara run benchmarks/show_mesa.py --production

The model, the scenario and the places are the package's own; only the showing is Mesa's. `SHOW_WAY` says how:

    space        Mesa's space component, as its tutorial shows it: a portrayal is asked of every agent, and the
                 picture is matplotlib's. Consumers, which are no Mesa agents here, get one each that stands where they are
    renderer     Mesa's SpaceRenderer, which is newer, with the same agents
    matplotlib   no component of Mesa's, but one of the user's: two scatter plots of whole arrays, which is the least
                 that can be done in Python
    altair       the same as an Altair chart, drawn by Vega in the browser, which Solara fetches from the internet

Pictures have about Mesa's usual size (500 pixels), and the colours ours have.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import altair
import mesa
import numpy as np
import pandas as pd
import solara
from matplotlib.figure import Figure
from mesa.space import ContinuousSpace
from mesa.visualization import SolaraViz, SpaceRenderer, make_space_component
from mesa.visualization.components import AgentPortrayalStyle
from mesa.visualization.utils import update_counter

from o2o_sim.agents.store import CLOSED
from o2o_sim.model import O2OModel
from o2o_sim.scenario.load import load_scenario

PEOPLE = int(os.environ.get("SHOW_PEOPLE", "1000"))
WAY = os.environ.get("SHOW_WAY", "space")
AGENTS = WAY in ("space", "renderer")
SCENARIO = Path(os.environ.get("SHOW_SCENARIO", "scenarios/town.yaml"))
BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#767676"


class City(O2OModel):
    """The package's model with what Mesa's space component looks for: a `space` full of agents."""

    def __init__(self) -> None:
        super().__init__(load_scenario(SCENARIO, (f"population={PEOPLE}",)))
        # Somewhere within their cell, or a thousand people would be a few hundred dots.
        self.spread = np.random.default_rng(1).random((2, PEOPLE))
        if AGENTS:
            grid = self.city.grid
            self.space = ContinuousSpace(grid.nx + 1, grid.ny + 1, torus=False)
            self.marks = [Mark(self) for _ in range(PEOPLE)]
            for mark in self.marks:
                self.space.place_agent(mark, (0.0, 0.0))
            for store in self.stores:
                mark = Mark(self)
                mark.store = store
                self.space.place_agent(mark, tuple(map(float, self.place_of(store.cell))))
            self.move_marks()

    def place_of(self, cell: Any) -> Any:
        """(x, y) of a cell's corner, in cells."""
        return np.asarray(cell) % self.city.grid.nx, np.asarray(cell) // self.city.grid.nx

    def people(self) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) of where every consumer is, in cells."""
        x, y = self.place_of(self.consumers.at)
        return x + self.spread[0], y + self.spread[1]

    def shops(self) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """(x, y, colour) of every store."""
        x, y = self.place_of([store.cell for store in self.stores])
        return x, y, [colour_of(store) for store in self.stores]

    def move_marks(self) -> None:
        """Put the agents where their consumers are."""
        for mark, x, y in zip(self.marks, *self.people()):
            self.space.move_agent(mark, (float(x), float(y)))

    def step(self) -> None:
        """A day."""
        super().step()
        if AGENTS:
            self.move_marks()


class Mark(mesa.Agent):
    """Stands for a consumer, or for `store`, on Mesa's space."""

    store: Any = None


def colour_of(store: Any) -> str:
    """A store's colour by its state."""
    return VERMILION if store.state == CLOSED else BLUE


def portrayal(agent: Any) -> dict[str, Any]:
    """What Mesa's space component asks for every agent."""
    if agent.store is None:
        return {"color": GREY, "size": 2, "marker": "o"}
    return {"color": colour_of(agent.store), "size": 20, "marker": "s", "zorder": 2}


def style(agent: Any) -> AgentPortrayalStyle:
    """What Mesa's renderer asks for every agent."""
    return AgentPortrayalStyle(**portrayal(agent))


@solara.component
def InMatplotlib(model: City) -> None:
    """A dot for every consumer and a square for every store, as one PNG."""
    update_counter.get()
    figure = Figure(figsize=(5, 5), dpi=100)
    axes = figure.add_subplot()
    axes.scatter(*model.people(), s=2, c=GREY, linewidths=0)
    x, y, colours = model.shops()
    axes.scatter(x, y, s=20, c=colours, marker="s", linewidths=0)
    axes.set_xlim(0, model.city.grid.nx)
    axes.set_ylim(0, model.city.grid.ny)
    solara.FigureMatplotlib(figure, format="png")


@solara.component
def InAltair(model: City) -> None:
    """The same as a Vega-Lite chart."""
    update_counter.get()
    x, y = model.people()
    a, b, colours = model.shops()
    people = pd.DataFrame({"x": x.round(2), "y": y.round(2)})
    shops = pd.DataFrame({"x": a, "y": b, "colour": colours})
    dots = altair.Chart(people).mark_circle(size=4, color=GREY).encode(x="x:Q", y="y:Q")
    squares = altair.Chart(shops).mark_square(size=30).encode(
        x="x:Q", y="y:Q", color=altair.Color("colour:N", scale=None)
    )  # fmt: skip
    solara.FigureAltair((dots + squares).properties(width=450, height=450))


altair.data_transformers.disable_max_rows()
city = City()
SHOWN: dict[str, Any] = {"components": []}
if WAY == "renderer":
    SHOWN["renderer"] = SpaceRenderer(city, backend="matplotlib").render(style)
elif WAY == "space":
    SHOWN["components"] = [make_space_component(portrayal, backend="matplotlib")]
else:
    SHOWN["components"] = [{"matplotlib": InMatplotlib, "altair": InAltair}[WAY]]
page = SolaraViz(city, play_interval=1, name="City", **SHOWN)
