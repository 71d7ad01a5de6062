"""The shopping as a Mesa model: one `mesa.Agent` per consumer, the shops of every cell looked up beforehand.

This is the fast way to write it in Mesa: the offers a cell can see are cached as arrays, a decision is a
handful of NumPy calls on about 23 numbers, and agents act with `do` (their order does not matter here).
"""

from __future__ import annotations

import time

import mesa
import numpy as np

from benchmarks.world import OFFERS, PLATFORMS, SHOPPING, World, nbytes, pad


class Cell:
    """A home cell and, cached, what its residents can choose among; platforms come first."""

    __slots__ = ("appeal", "minutes", "offers", "price", "size")

    def __init__(
        self, offers: np.ndarray, appeal: np.ndarray, price: np.ndarray, minutes: np.ndarray
    ) -> None:
        self.offers = offers
        self.appeal = appeal
        self.price = price
        self.minutes = minutes
        self.size = len(offers)


class Consumer(mesa.Agent):
    """A resident who some days goes shopping."""

    def __init__(
        self,
        model: mesa.Model,
        cell: Cell,
        price_sensitivity: float,
        value_of_time: float,
        familiarity: np.ndarray,
        favourite: int,
        loyalty: float,
    ) -> None:
        super().__init__(model)
        self.cell = cell
        self.price_sensitivity = price_sensitivity
        self.value_of_time = value_of_time
        self.familiarity = familiarity
        self.favourite = favourite  # position in the cell's offers
        self.loyalty = loyalty

    def step(self) -> None:
        """Maybe shop: weigh the offers the cell can see and take the best."""
        if self.random.random() >= SHOPPING:
            return
        cell = self.cell
        value = cell.appeal - self.price_sensitivity * cell.price - self.value_of_time * cell.minutes
        value[:PLATFORMS] += self.familiarity
        value[self.favourite] += self.loyalty
        value += self.model.rng.gumbel(size=cell.size)
        self.model.buyers[cell.offers[value.argmax()]] += 1


class City(mesa.Model):
    """A city of consumers."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(rng=seed)
        self.buyers = [0] * OFFERS
        table, sizes = pad(world), world.alternatives
        rows = (table.offer, table.appeal, table.price, table.minutes)
        self.cells = [Cell(*(row[c, :size].copy() for row in rows)) for c, size in enumerate(sizes)]
        Consumer.create_agents(
            self,
            world.consumers,
            [self.cells[c] for c in world.home.tolist()],
            world.price_sensitivity.tolist(),
            world.value_of_time.tolist(),
            list(world.familiarity),
            table.favourite.tolist(),
            world.loyalty.tolist(),
        )

    def step(self) -> None:
        """One day."""
        self.agents.do("step")


def run(world: World, days: int, seed: int = 11) -> tuple[np.ndarray, float, int]:
    """Simulate days: (buyers of each offer, seconds without set-up, bytes of the world's arrays)."""
    city = City(world, seed)
    begin = time.perf_counter()
    for _ in range(days):
        city.step()
    seconds = time.perf_counter() - begin
    return np.array(city.buyers, np.int64), seconds, nbytes(world)
