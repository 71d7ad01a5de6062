"""Whose need is due today, and when the next one comes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.market import needs
from o2o_sim.market.consumers import PERSON
from o2o_sim.streams import stream, uniforms

LAWS = Path(__file__).parents[2] / "laws"
DAY, NEXT = 12, 14
AHEAD = {"nothing": (0.0, 0.0, 0.0), "one category": (0.0, 0.4, 0.0), "all": (1.0, 0.5, 0.01)}


@pytest.mark.parametrize("chances", AHEAD.values(), ids=AHEAD)
@pytest.mark.parametrize("free", [True, False], ids=["free day", "workday"])
@pytest.mark.parametrize("people", [0, 1, 700])
def test_what_is_due_is_found_and_some_of_it_put_off(people, free, chances):
    rng = np.random.default_rng(people)
    records = np.zeros(people, PERSON)
    records["id"] = rng.permutation(people)
    due = rng.integers(DAY - 2, DAY + 9, (people, 3)).astype(np.int16)
    before, ahead = due.copy(), np.array(chances)
    consumer, category = needs.find_due(records, due, DAY, free, NEXT, ahead, stream(3, "put off", DAY))
    assert (consumer.dtype, category.dtype) == (np.uint32, np.uint8)
    found = set(zip(consumer.tolist(), category.tolist()))
    assert sorted(found) == list(zip(consumer.tolist(), category.tolist()))
    for i in range(people):
        for c in range(3):
            if (i, c) in found:
                assert before[i, c] == due[i, c] <= DAY
            elif before[i, c] <= DAY:
                assert due[i, c] == NEXT and not free and chances[c] > 0
            else:
                assert due[i, c] == before[i, c]
    if people > 1 and not free:
        put_off = [((before[:, c] <= DAY) & (due[:, c] == NEXT)).sum() for c in range(3)]
        wanted = [(before[:, c] <= DAY).sum() * chances[c] for c in range(3)]
        assert np.abs(np.subtract(put_off, wanted)).max() <= 4 * np.sqrt(people) / 2


@pytest.mark.parametrize("block", [1, 4, 100])
def test_blocks_begin_where_their_consumers_do(block):
    consumer = np.array([0, 0, 3, 4, 9, 9, 9], np.uint32)
    starts = needs.blocks_of(consumer, 10, block)
    assert len(starts) == -(-10 // block) + 1 and starts[-1] == len(consumer)
    for b in range(len(starts) - 1):
        assert set(consumer[starts[b] : starts[b + 1]] // block) <= {b}


def learned(frequency, paid, level, rate=0.25, every=6.0):
    """People with a need of one category who bought offer 1 at a price: (days until the next need, price level in mind,
    the same by the formula)."""
    n, day = 500, 40
    records = np.zeros(n, PERSON)
    records["id"], records["income"], records["follows"] = np.arange(n)[::-1], 1.0, -1
    levels = np.full((n, 1), level, np.float32) if frequency else np.zeros((n, 0), np.float32)
    due = np.full((n, 1), day, np.int16)
    habits = needs.Habits(*(np.array([x]) for x in (every, 0.0, 0.0, frequency)), 0, 0, 0, 0, 0, rate)
    key = stream(3, "learn", day)
    zeros = np.zeros(2, np.uint32)
    needs.learn_all(
        records, np.zeros((n, 1), np.float32), np.full((n, 1), -1, np.int32), np.zeros((n, 1), np.float32), levels, due,
        habits, np.arange(n, dtype=np.uint32), np.zeros(n, np.uint8), np.ones(n, np.uint32), np.ones(n, np.bool_),
        np.array([0, n]), zeros, zeros, np.array([0.0, paid]), np.zeros(1, np.bool_), day, key,
    )  # fmt: skip
    u = [uniforms(3, "learn", day, records["id"], k) for k in (0, 1)]
    in_mind = level + rate * (np.log(np.clip(paid, 0.05, 20)) - level) if paid > 0 else level
    wanted = np.floor(every * np.exp(-frequency * in_mind) * (0.5 + u[0]) + u[1])
    return due[:, 0] - day, levels, np.maximum(wanted, 1), in_mind


@pytest.mark.parametrize("frequency", [0.0, -0.4, -1.2])
@pytest.mark.parametrize(
    "paid, level", [(1.0, 0.0), (1.3, 0.0), (0.7, 0.2), (0.0, 0.3), (0.001, 0.0), (50.0, 0.0)]
)
def test_who_pays_more_needs_it_later_by_the_formula(frequency, paid, level):
    days, levels, wanted, in_mind = learned(frequency, paid, level)
    assert (
        np.mean(np.abs(days - wanted) > 0) < 0.01 and np.abs(days - wanted).max() <= 1
    )  # rounding of a logarithm
    if frequency:
        np.testing.assert_allclose(levels, in_mind, atol=1e-6)
    else:
        assert levels.size == 0


def town(*said):
    return O2OModel(load_scenario(LAWS / "town.yaml", ["categories.goods.every_days=4", *said]))


@pytest.mark.parametrize("price", [0.8, 1.25])
def test_needs_follow_the_price_level_with_the_elasticity(price):
    """Every shop asks the same, so the price level in mind is that price: simulated needs, and those that expected sales
    count, change by price ** elasticity."""
    said = [
        f"stores.formats.shop.markup_x={price}",
        "consumers.price_rate=1",
        "stores.satisficing.price_step=0",
    ]
    plain, heeding = (town(*said, f"categories.goods.frequency_elasticity={e}") for e in (0, -0.7))
    counted = [0, 0]
    for _ in range(60):
        for k, model in enumerate((plain, heeding)):
            model.step()
            counted[k] += model.purchases.needs * (model.day > 20)
    assert counted[1] / counted[0] == pytest.approx(price**-0.7, rel=0.015)
    often = [model.expected_sales().purchases.sum() for model in (plain, heeding)]
    assert often[1] / often[0] == pytest.approx(price**-0.7, rel=1e-6)
    assert plain.consumers.price_level.shape == (4000, 0)
