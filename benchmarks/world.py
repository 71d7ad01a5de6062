"""One shopping world as plain arrays, so that every engine is handed exactly the same work.

The rule, for consumer i and offer o:

    value = quality_o - price_sensitivity_i * price_o - value_of_time_i * (minutes_io + queue_o)
            - 0.1 * days_o - TOUCH * unseen_o
            + familiarity_i,o                      (platforms)
            + loyalty_i                            (if o is i's favourite shop)

plus one standard Gumbel draw per (consumer, offer); the largest wins. On a day each consumer goes shopping
with probability SHOPPING, independently. Offers are numbered shops first, then platforms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIDE = 100  # cells along an edge
CELLS = SIDE * SIDE
SHOPS = 500
PLATFORMS = 3
OFFERS = SHOPS + PLATFORMS
IN_REACH = 20.0  # mean number of shops in reach of a cell
MINUTES_PER_CELL = 1.5
SHOPPING = 0.35
PER_DAY = np.float32(0.1)  # disutility of a day of waiting
TOUCH = np.float32(0.4)  # how much it matters to see the goods first


@dataclass(frozen=True)
class World:
    """Parameters of the work. All figures float32, all indices int32."""

    # Which shops a cell can reach: entries start[c]:start[c+1] of shop and minutes.
    start: np.ndarray
    shop: np.ndarray
    minutes: np.ndarray
    # Consumers, sorted by home cell.
    home: np.ndarray
    price_sensitivity: np.ndarray
    value_of_time: np.ndarray
    familiarity: np.ndarray  # (consumers, PLATFORMS)
    favourite: np.ndarray  # a shop in reach, or -1
    loyalty: np.ndarray  # 0 without a favourite
    # Offers.
    quality: np.ndarray
    price: np.ndarray
    queue: np.ndarray
    days: np.ndarray
    unseen: np.ndarray

    @property
    def consumers(self) -> int:
        """Number of consumers."""
        return len(self.home)

    @property
    def appeal(self) -> np.ndarray:
        """The part of an offer's value that is the same for everybody."""
        return self.quality - PER_DAY * self.days - TOUCH * self.unseen

    @property
    def alternatives(self) -> np.ndarray:
        """How many offers the residents of each cell choose among."""
        return np.diff(self.start) + PLATFORMS

    def pairs(self) -> float:
        """Mean number of (consumer, offer) pairs of a decision."""
        return float(self.alternatives[self.home].mean())


def make_world(consumers: int, seed: int = 1) -> World:
    """Draw the world. The city depends on the seed alone, not on the number of consumers."""
    rng = np.random.default_rng(seed)
    f32 = np.float32

    def with_platforms(shops: np.ndarray, platforms: list[float]) -> np.ndarray:
        return np.concatenate([shops, platforms]).astype(f32)

    quality = with_platforms(rng.normal(1.0, 0.4, SHOPS), [1.1, 0.9, 1.0])
    price = with_platforms(rng.uniform(0.8, 1.2, SHOPS), [0.75, 0.85, 0.8])
    queue = with_platforms(rng.uniform(0.0, 8.0, SHOPS), [0.0] * PLATFORMS)
    days = with_platforms(np.zeros(SHOPS), [2.0, 3.0, 1.0])
    unseen = with_platforms(np.zeros(SHOPS), [1.0] * PLATFORMS)
    start, shop, minutes = _reach(rng)

    home = np.sort(rng.integers(0, CELLS, consumers, dtype=np.int32))
    first, count = start[home], np.diff(start)[home]
    favourite = shop[first + (rng.random(consumers) * count).astype(np.int32)]
    loyalty = rng.uniform(0.2, 1.5, consumers).astype(f32)
    disloyal = rng.random(consumers) < 0.3
    favourite[disloyal], loyalty[disloyal] = -1, 0.0
    return World(
        start=start,
        shop=shop,
        minutes=minutes,
        home=home,
        price_sensitivity=rng.lognormal(0.0, 0.4, consumers).astype(f32),
        value_of_time=rng.lognormal(-3.0, 0.4, consumers).astype(f32),
        familiarity=rng.random((consumers, PLATFORMS), dtype=f32),
        favourite=favourite,
        loyalty=loyalty,
        quality=quality,
        price=price,
        queue=queue,
        days=days,
        unseen=unseen,
    )


def _reach(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scatter the shops and list those in reach of each cell: (start, shop, minutes).

    The city wraps round at its edges, so that a cell at the border has as many shops in reach as one in the
    middle: the padded engines would otherwise pay for the shape of the map and not for the work.
    """
    middle = np.arange(SIDE) + 0.5
    along = [np.abs(middle[:, None] - rng.uniform(0, SIDE, SHOPS)[None, :]) for _ in range(2)]
    dy, dx = (np.minimum(d, SIDE - d) for d in along)
    distance = np.hypot(dy[:, None, :], dx[None, :, :]).reshape(CELLS, SHOPS)
    # The radius at which IN_REACH shops are in reach on average; a cell with none still gets its nearest.
    radius = np.partition(distance.ravel(), int(IN_REACH * CELLS))[int(IN_REACH * CELLS)]
    reached = distance < radius
    reached[np.arange(CELLS), distance.argmin(axis=1)] = True
    cell, shop = np.nonzero(reached)
    start = np.zeros(CELLS + 1, np.int32)
    np.cumsum(reached.sum(axis=1), out=start[1:])
    return start, shop.astype(np.int32), (distance[cell, shop] * MINUTES_PER_CELL).astype(np.float32)


@dataclass(frozen=True)
class Padded:
    """The offers of every cell as rectangles, CELLS x the largest number of alternatives, for matrix engines.

    Platforms come first, so that they stand in the same columns for everybody; a filler's appeal is -inf.
    """

    offer: np.ndarray
    appeal: np.ndarray
    price: np.ndarray
    minutes: np.ndarray  # trip and queue
    favourite: np.ndarray  # per consumer: the column of the favourite (0 with loyalty 0 where there is none)


def pad(world: World) -> Padded:
    """Lay the world out in rectangles."""
    shops = np.diff(world.start)
    width = PLATFORMS + int(shops.max())
    column = np.arange(PLATFORMS, width)
    real = column - PLATFORMS < shops[:, None]
    offer = np.zeros((CELLS, width), np.int32)
    offer[:, :PLATFORMS] = np.arange(SHOPS, OFFERS)
    offer[:, PLATFORMS:][real] = world.shop
    minutes = world.queue[offer]
    minutes[:, PLATFORMS:][real] += world.minutes
    appeal = world.appeal[offer]
    appeal[:, PLATFORMS:][~real] = -np.inf
    return Padded(offer, appeal, world.price[offer], minutes, favourite_column(world))


def favourite_column(world: World) -> np.ndarray:
    """Where each consumer's favourite stands in his row, platforms first; 0 for those without one."""
    # Shops are ascending within a cell, so cell * SHOPS + shop is ascending over the whole list.
    listed = np.repeat(np.arange(CELLS), np.diff(world.start)) * SHOPS + world.shop
    place = np.searchsorted(listed, world.home.astype(np.int64) * SHOPS + world.favourite)
    column = (place - world.start[world.home] + PLATFORMS).astype(np.int32)
    column[world.favourite < 0] = 0
    return column


def count(picks: np.ndarray) -> np.ndarray:
    """Buyers of each offer."""
    return np.bincount(picks, minlength=OFFERS).astype(np.int64)


def nbytes(*holders: object) -> int:
    """Bytes of the arrays held by dataclasses, or given as they are."""
    total = 0
    for holder in holders:
        arrays = [holder] if isinstance(holder, np.ndarray) else vars(holder).values()
        total += sum(a.nbytes for a in arrays)
    return total


def save(world: World, path: str) -> None:
    """Write the world to an .npz file, so that every process is handed the same."""
    np.savez(path, **vars(world))


def load(path: str) -> World:
    """Read a world written by `save`."""
    with np.load(path) as arrays:
        return World(**arrays)
