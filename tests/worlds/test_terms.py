"""One thing on two terms: who cannot have the second terms is not touched, and equal terms change nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.errors import ScenarioError
from o2o_sim.market.offers import AT_PLACE
from o2o_sim.systems import System

SMALL = Path(__file__).parent.parent / "laws" / "small.yaml"

GROUP = "card holders"


class Card(System):
    """Half of the people hold a card, with which every walk-in costs less by `off`."""

    off, same_key = 0.0, True

    def __init__(self, model):
        super().__init__(model)
        model.audiences.join(GROUP, model.consumers.id % 2 == 0)

    def amend(self, rows):
        bit = self.model.audiences.bit(GROUP)
        walk_in = [r for r in rows if r.channel == "walk-in" and r.seen == AT_PLACE]
        other = np.uint64(0 if self.same_key else 1)
        return [
            *rows,
            *(replace(r, key=r.key ^ other, discount=self.off * r.price, needs=bit) for r in walk_in),
        ]


def bought(card: Card | None, days: int = 3):
    """(consumer, category, day) -> store bought from (-1: none)."""
    model = O2OModel(load_scenario(SMALL))
    if card is not None:
        model.systems = [card(model)]
    found = {}
    for day in range(days):
        model.step()
        rows, category = model.purchases.consumer, model.purchases.category
        stores = model.table.store[model.purchases.picks]
        found |= {
            (int(i), int(c), day): int(s) for i, c, s in zip(model.consumers.id[rows], category, stores)
        }
    return found


def card_of(off: float, same_key: bool = True) -> type[Card]:
    return type("Card", (Card,), {"off": off, "same_key": same_key})


@pytest.fixture(scope="module")
def without():
    return bought(None)


def test_equal_terms_change_nothing(without):
    assert bought(card_of(0.0)) == without


def test_a_second_chance_would_change_much(without):
    """With a key of its own the copy has a draw of its own: what the shared key is for."""
    other = bought(card_of(0.0, same_key=False), days=1)
    assert sum(store != without[key] for key, store in other.items()) > 0.02 * len(other)


def test_only_who_holds_the_card_chooses_otherwise(without):
    """On the first day, before queues and habits make everybody's world another."""
    other = bought(card_of(0.3), days=1)
    moved = [key for key, store in other.items() if store != without[key]]
    assert moved and all(who % 2 == 0 for who, _, _ in moved)


def test_groups():
    model = O2OModel(load_scenario(SMALL))
    a, everybody = model.audiences, np.ones(len(model.consumers), bool)
    before = model.consumers.access.copy()
    a.join("young", model.consumers.cohort == 1)
    assert (a.of("young") == (model.consumers.cohort == 1)).all() and not a.of("others").any()
    a.leave("young", everybody)
    assert (model.consumers.access == before).all(), "no other bit was touched"
    for k in range(12):
        a.bit(f"group {k}")
    with pytest.raises(ScenarioError, match="more than 14 groups"):
        a.bit("one more")
