"""When shops whose floors follow their sales stop standing side by side (Harris & Wilson 1978).

With a floor's exponent a in the attraction and deterrence exp(-b t), equal shops in equal neighbourhoods are
stable up to a threshold of a. In theory a small pattern of unequal floors is multiplied each month by a (1 -
f^2) where f is the pattern's part left after it is smoothed by the shares of trips; so the threshold is 1 /
(1 - min f^2). For two neighbourhoods f = tanh(b c / 2), and the threshold is cosh^2(b c / 2).

It is found by bisection, of nothing but whether a small difference grew. Two worlds with the same draws begin
with opposite differences: half of what separates them has no part in how unequally people happen to live."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario

from .rows import Row, assert_passed

HERE = Path(__file__).parent
TWO = {0.5: "beta*c=0.5", 1.0: "beta*c=1.0", 2.0: "beta*c=2.0"}
RING = {0.3: "beta=0.3", 1.0: "beta=1.0"}
HOP_MIN = 4.0
MONTHS = 4
SMALL = 0.05
PEOPLE = {"concentration.yaml": 20_000, "ring.yaml": 60_000}


def world(file: str, exponent: float, beta: float, pattern: np.ndarray, people: int = 0) -> O2OModel:
    """A town whose shops begin with 1000 m2 times 1 + pattern; `beta` is utils per minute."""
    said = [f"stores.size_weight={exponent!r}", f"consumers.value_of_time.median={beta!r}"]
    people = people or PEOPLE[file]
    # What a m2 sells is per person: more people, more sales.
    per_m2 = people * 365.25 * 100 / 1000 / len(pattern)
    said += [
        f"population={people}",
        f"residents={people}",
        f"stores.formats.shop.sales_per_m2_year_yuan={per_m2}",
    ]
    names = ["west", "east"] if len(pattern) == 2 else [f"n{k}" for k in range(len(pattern))]
    said += [f"stores.named.{n}.area_m2={1000 * (1 + x)}" for n, x in zip(names, pattern)]
    return O2OModel(load_scenario(HERE / file, said))


def minutes_from(model: O2OModel, cell: int) -> dict[int, float]:
    """Minutes on the way from a cell, by the cell one goes to."""
    cells, minutes = model.city.travel.minutes_from([cell], np.inf).of(0)
    return dict(zip(cells.tolist(), minutes.tolist()))


def extra_minutes() -> float:
    """c: how much longer the way to the other neighbourhood takes, by the city alone."""
    model = world("concentration.yaml", 1.0, 0.05, np.zeros(2), people=100)
    west, east = (s.cell for s in model.stores)
    minutes = minutes_from(model, west)
    return minutes[east] - minutes[west]


def after(model: O2OModel, months: int) -> np.ndarray:
    """Floors after so many months, relative to their mean."""
    while months:
        model.step()
        months -= model.date.day == 1
    area = np.array([s.area_m2 for s in model.stores])
    return area / area.mean() - 1


def growth(file: str, exponent: float, beta: float, pattern: np.ndarray) -> float:
    """By what the pattern was multiplied, in a month on average."""
    ends = [after(world(file, exponent, beta, sign * SMALL * pattern), MONTHS) for sign in (1, -1)]
    left = float((ends[0] - ends[1]) @ pattern) / 2 / len(pattern) / SMALL
    return math.copysign(abs(left) ** (1 / MONTHS), left)


def threshold(file: str, beta: float, pattern: np.ndarray, steps: int) -> float:
    """The exponent from which on the pattern grows, between 0.5 and 3."""
    low, high = 0.5, 3.0
    for _ in range(steps):
        middle = (low + high) / 2
        if growth(file, middle, beta, pattern) > 1:
            high = middle
        else:
            low = middle
    return (low + high) / 2


@cache
def two(bc: float) -> Row:
    found = threshold("concentration.yaml", bc / extra_minutes(), np.array([1.0, -1.0]), steps=10)
    known = math.cosh(bc / 2) ** 2
    return Row(
        "Harris-Wilson 2-zone critical alpha", TWO[bc], "alpha", known, found, 0.05 * known, "5 %",
        "stores.floor_follows_sales, bisection",
    )  # fmt: skip


@cache
def ring(beta: float) -> Row:
    pattern = np.array([1.0, -1.0] * 8)  # the one that is smoothed most
    found = threshold("ring.yaml", beta / HOP_MIN, pattern, steps=10)
    hops = np.minimum(np.arange(16), 16 - np.arange(16))
    weight = np.exp(-beta * hops)
    known = 1 / (1 - float(((weight @ np.cos(np.pi * np.arange(16))) / weight.sum()) ** 2))
    return Row(
        "Harris-Wilson ring N=16 critical alpha", RING[beta], "alpha", known, found, 0.01 * known, "1 %",
        "a metro around the ring; the pattern of every second shop",
    )  # fmt: skip


def rows() -> list[Row]:
    return [*(two(bc) for bc in TWO), *(ring(beta) for beta in RING)]


def test_the_ring_is_one():
    """k hops take k times as long as one, all the way round."""
    model = world("ring.yaml", 1.0, 0.05, np.zeros(16), people=100)
    for a in (0, 5, 12):
        took = minutes_from(model, model.stores[a].cell)
        minutes = [took[s.cell] for s in model.stores]
        hops = [min((k - a) % 16, (a - k) % 16) for k in range(16)]
        assert np.array(minutes) - minutes[a] == pytest.approx(HOP_MIN * np.array(hops), abs=0.02)


def test_below_the_threshold_both_shops_live_and_above_it_one_takes_all():
    beta, pattern = 1 / extra_minutes(), np.array([0.1, -0.1])
    known = math.cosh(0.5) ** 2
    low = after(world("concentration.yaml", 0.7 * known, beta, pattern), 12)
    assert np.abs(low).max() < 0.03
    high = after(world("concentration.yaml", 1.5 * known, beta, pattern), 12)
    assert high[0] > 0.9 and high[1] < -0.9


@pytest.mark.slow
@pytest.mark.parametrize("bc", TWO)
def test_two_neighbourhoods(bc):
    assert_passed(two(bc))


@pytest.mark.slow
@pytest.mark.parametrize("beta", RING)
def test_a_ring(beta):
    assert_passed(ring(beta))
