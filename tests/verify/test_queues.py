"""Full shops are Erlang's: M/M/c where all wait, M/M/c/c where who finds no place leaves (Erlang 1917).

Days are the batches of the batch means: a shop begins each day empty. (A month's are in `city_monthly`, as `found_full`
and `place_wait_min`; twelve of them say too little about their own spread.)
"""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.systems.full_shops import FullShops

from .rows import Row, assert_passed, published

HERE = Path(__file__).parent
QUEUES = [row for row in published() if row["test"] == "M/M/c"]
LOSSES = [row for row in published() if row["test"].startswith("M/M/c/c loss")]
MEMORY_MIN = 5.0


def visit_min(places: float, load: float) -> float:
    """Visits so short that the queue forgets within five minutes: that a day begins empty, and that its number of
    visitors is fixed, then matters to some thousandths. An M/M/c queue forgets in 1 / (sqrt(c) - sqrt(load))^2
    visits (its relaxation time: Morse 1955, Operations Research 3, 255-261)."""
    return round(MEMORY_MIN * (math.sqrt(places) - math.sqrt(load)) ** 2, 4)


def shop(places: int, load: float, leave: bool, days: int) -> O2OModel:
    """A shop with so many places, to which `load` times as many visitors come as one place could have in turn."""
    visit = visit_min(places, load)
    visitors = round(load * 1440 / visit)
    said = [
        f"days={days}", f"population={visitors}", f"residents={visitors}",
        f"stores.unserved_leave={str(leave).lower()}", f"stores.formats.shop.places.visit_min={visit}",
        f"stores.named.only.area_m2={2 * places}",
    ]  # fmt: skip
    return O2OModel(load_scenario(HERE / "shop.yaml", said))


def by_day(model: O2OModel) -> tuple[np.ndarray, np.ndarray]:
    """Each day's share of visitors who found every place taken, and their mean wait in minutes."""
    (full_shops,) = model.systems
    assert isinstance(full_shops, FullShops)
    found, before = [], np.zeros(3)
    while model.day < model.spec.days:
        if model.date.day == 1:  # the month's tallies begin anew
            before = np.zeros(3)
        model.step()
        now = full_shops.tallies["shop"].copy()
        found.append(now - before)
        before = now
    visits, full, minutes = np.array(found).T
    return full / visits, minutes / visits


def figures(text: str) -> list[float]:
    return [float(v) for v in re.findall(r"=\s*([0-9.]+)", text)]


def row(said: dict[str, str], quantity: str, known: float, batches: np.ndarray) -> Row:
    """The mean of batches beside what is known, allowed three of its standard errors."""
    error = float(batches.std(ddof=1)) / math.sqrt(len(batches))
    relative = f"3 s.e. of {len(batches)} days ({3 * error / known:.2%})"
    return Row(said["test"], said["config"], quantity, known, float(batches.mean()), 3 * error, relative)


@cache
def queue(number: int) -> tuple[Row, Row]:
    said = QUEUES[number]
    places, load, _ = figures(said["config"])
    waits, mean = figures(said["reference_value"])
    full, minutes = by_day(shop(int(places), load, leave=False, days=365))
    return row(said, "P(wait)", waits, full), row(said, "Wq", mean, minutes / visit_min(places, load))


@cache
def loss(number: int) -> tuple[Row]:
    said = LOSSES[number]
    places, load = figures(said["config"])
    (lost,) = figures(said["reference_value"])
    daily = shop(int(places), load, leave=True, days=120).run().results()["daily"]
    share = daily["turned_away"] / (daily["turned_away"] + daily["purchases"])
    return (row(said, "Erlang B", lost, share.to_numpy()),)


def rows() -> list[Row]:
    found = [r for k in range(len(QUEUES)) for r in queue(k)]
    return found + [r for k in range(len(LOSSES)) for r in loss(k)]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(QUEUES)), ids=lambda k: QUEUES[k]["config"])
def test_where_all_wait(number):
    found = queue(number)
    assert_passed(*found)
    assert max(r.allowed / r.reference for r in found) < 0.05, "which says something"


@pytest.mark.parametrize("number", range(len(LOSSES)), ids=lambda k: LOSSES[k]["config"])
def test_where_who_finds_no_place_leaves(number):
    found = loss(number)
    assert_passed(*found)
    assert found[0].allowed / found[0].reference < 0.05
