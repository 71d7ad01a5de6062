"""A city that was saved and loaded is the city that went on, object by object and to the last bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from o2o_sim import O2OModel
from o2o_sim.record.archive import tables_digest

from .objects import differences
from .test_switches import SWITCHES, town

DAYS, MORE = 13, 30
"""Saved just after the first month, and gone on with beyond the end of the next."""


def goes_on_as_if_nothing_had_happened(model: O2OModel, file: Path) -> None:
    for _ in range(DAYS):
        model.step()
    model.save(file)
    loaded = O2OModel.load(file)
    assert differences(model, loaded) == []
    for _ in range(MORE):
        model.step()
        loaded.step()
    assert differences(model, loaded) == []
    assert tables_digest(loaded.results()) == tables_digest(model.results())


def test_everything_at_once(tmp_path):
    goes_on_as_if_nothing_had_happened(town(tmp_path, list(SWITCHES), days=99), tmp_path / "city.o2os")


@pytest.mark.slow
@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_alone(name, tmp_path):
    goes_on_as_if_nothing_had_happened(town(tmp_path, [name], days=99), tmp_path / "city.o2os")


def test_two_cities_made_of_the_same_hold_the_same(tmp_path):
    """So a difference that is found above is one that saving made."""
    first, second = (town(tmp_path, list(SWITCHES)) for _ in range(2))
    assert differences(first, second) == []


def test_what_is_forgotten_is_found(tmp_path):
    """The comparison itself: a number deep inside, an attribute, and an object that is no longer the same."""
    first, second = (town(tmp_path, ["boycott", "seasons"]) for _ in range(2))
    second.systems[0].unheard_of = 1
    second.stores[3].cash = second.stores[2]
    second.stores[0].circle.tenants[0] = second.stores[1]
    second.consumers.columns.loyalty[7, 0] += 1
    found = differences(first, second)
    assert len(found) >= 4, found
