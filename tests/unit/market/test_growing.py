"""Arrays that grow by one thing at a time."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim.market.growing import Growing


class Herd:
    """Things whose figures grow with them."""

    weight, teeth, seen = Growing(), Growing(3), Growing(2, last=True)

    def __init__(self) -> None:
        self.animals: list[str] = []

    def __len__(self) -> int:
        return len(self.animals)


@pytest.mark.parametrize(("name", "shape"), [("weight", (0,)), ("teeth", (0, 3)), ("seen", (2, 0))])
def test_what_was_written_stays_and_what_is_new_is_zero(name, shape):
    herd = Herd()
    assert getattr(herd, name).shape == shape
    axis = shape.index(0)
    expected = np.zeros(shape, np.int64)
    for k in range(1, 70):
        herd.animals.append("cow")
        expected = np.concatenate([expected, np.zeros(tuple(s or 1 for s in shape), np.int64)], axis)
        found = getattr(herd, name)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, expected)
        where = (slice(None),) * axis + (-1,)
        found[where] = expected[where] = k


@pytest.mark.parametrize("name", ["weight", "teeth", "seen"])
def test_a_thousand_things_more_move_what_is_there_a_few_times_only(name):
    herd, places = Herd(), set()
    for _ in range(1000):
        herd.animals.append("cow")
        places.add(getattr(herd, name).__array_interface__["data"][0])
    assert len(places) <= 12


def test_owners_share_nothing():
    one, other = Herd(), Herd()
    for herd in (one, other):
        herd.animals.append("cow")
    one.weight[0] = 5
    assert other.weight.tolist() == [0]
