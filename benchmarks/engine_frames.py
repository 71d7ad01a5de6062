"""The shopping in mesa-frames: a polars frame of consumers; a day is a join, an expression and a group-by.

Of the ways to write it that were tried (lists exploded, lazy frames, windows, arg_max) this one was the
fastest at a million consumers. Needs mesa-frames 0.1.0a0; README.md says how to install it beside NumPy 2.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import polars as pl
from mesa_frames import AgentSetPolars, ModelDF

from benchmarks.world import CELLS, OFFERS, PLATFORMS, SHOPPING, SHOPS, World, count, nbytes, pad

TINY = np.float32(1e-9)  # an exponential draw may be exactly 0


class Consumers(AgentSetPolars):
    """All residents."""

    def __init__(self, model: City, world: World) -> None:
        super().__init__(model)
        columns = {
            "unique_id": np.arange(world.consumers),
            "home": world.home,
            "price_sensitivity": world.price_sensitivity,
            "value_of_time": world.value_of_time,
            "favourite": world.favourite,
            "loyalty": world.loyalty,
        }
        for p in range(PLATFORMS):
            columns[f"familiarity_{p}"] = world.familiarity[:, p]
        self.add(pl.DataFrame(columns))
        bonus: Any = pl.when(pl.col("offer") == pl.col("favourite")).then("loyalty")
        for p in range(PLATFORMS):
            bonus = bonus.when(pl.col("offer") == SHOPS + p).then(f"familiarity_{p}")
        self.value = (
            pl.col("appeal")
            - pl.col("price_sensitivity") * pl.col("price")
            - pl.col("value_of_time") * pl.col("minutes")
            + bonus.otherwise(pl.lit(0, pl.Float32))
        )

    def step(self) -> None:
        """One day: who shops, what each can see, what it is worth, the best of it."""
        rng = self.model.random
        today = pl.Series(rng.random(len(self), dtype=np.float32) < SHOPPING)
        pairs = self.agents.filter(today).join(self.model.reach, on="home")
        draw = pl.Series(rng.standard_exponential(len(pairs), dtype=np.float32) + TINY)
        picks = (
            pairs.select("unique_id", "offer", value=self.value - draw.log())
            .group_by("unique_id")
            .agg(pl.col("offer").sort_by("value").last())
        )
        self.model.buyers += count(picks["offer"].to_numpy())


class City(ModelDF):
    """A city of consumers; `reach` lists the offers that each cell sees."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(seed)
        self.buyers = np.zeros(OFFERS, np.int64)
        table = pad(world)
        seen = np.isfinite(table.appeal)
        columns = {name: getattr(table, name)[seen] for name in ("offer", "appeal", "price", "minutes")}
        home = np.repeat(np.arange(CELLS, dtype=np.int32), world.alternatives)
        self.reach = pl.DataFrame({"home": home, **columns})
        self.agents += Consumers(self, world)

    def step(self) -> None:
        """One day."""
        self.agents.do("step")


def run(world: World, days: int, seed: int = 14) -> tuple[np.ndarray, float, int]:
    """Simulate days: (buyers of each offer, seconds without set-up and a first day, bytes of the frames)."""
    # mesa-frames was written for an older polars.
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    city = City(world, seed)
    city.step()
    city.buyers[:] = 0
    begin = time.perf_counter()
    for _ in range(days):
        city.step()
    seconds = time.perf_counter() - begin
    frames = [a.agents for a in city.agents._agentsets] + [city.reach]
    return city.buyers, seconds, sum(int(f.estimated_size()) for f in frames) + nbytes(world)
