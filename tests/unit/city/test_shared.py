"""Cities of one process share ways only if they would build equal ones, and no city changes another one's."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from o2o_sim.city import shared
from o2o_sim.city.build import build_city
from o2o_sim.city.shared import ways_shared
from o2o_sim.scenario.city import CitySpec
from o2o_sim.studies.job import execute, job
from o2o_sim.studies.rows import pack

RIVER = {"points_km": [[2, 0], [2, 4]], "bridges_km": [[2, 1]], "width_m": 300}
METRO = {"one": {"stations_km": [[0.5, 0.5], [3.5, 3.5]], "kmh": 30, "wait_min": 4}}
PLAIN = {"width_km": 4, "height_km": 4, "cell_m": 500}
OTHERS = {
    "size": {"width_km": 5},
    "cells": {"cell_m": 250},
    "streets": {"street_kmh": 9},
    "access": {"access_min": 7},
    "river": {"river": RIVER},
    "bridge": {"river": RIVER | {"bridges_km": [[2, 3]]}},
    "metro": {"metro": METRO},
    "later metro": {"metro": {"one": METRO["one"] | {"opens": "2015-01-01"}}},
}


@pytest.fixture(autouse=True)
def none_kept(monkeypatch):
    monkeypatch.setattr(shared, "_kept", {})


def city(seed=1, **keys):
    return build_city(CitySpec.model_validate(PLAIN | keys), seed=seed)


def test_cities_that_differ_in_their_seed_share_their_ways_and_nothing_else():
    with ways_shared():
        a, b = city(1), city(2)
    assert a.travel is b.travel
    assert not np.array_equal(a.income, b.income)


@pytest.mark.parametrize("other", OTHERS)
def test_ways_that_are_not_equal_are_not_shared(other):
    alone = city(**OTHERS[other])
    with ways_shared():
        first, second = city(), city(**OTHERS[other])
    assert second.travel is not first.travel
    for on in (None, *alone.travel.epochs()):
        mine, theirs = (c.travel.minutes_from([3], 60.0, on) for c in (second, alone))
        assert np.array_equal(mine.cell, theirs.cell) and np.array_equal(mine.minutes, theirs.minutes)


def test_outside_of_a_study_every_city_has_its_own():
    with ways_shared(False):
        assert city().travel is not city().travel
    assert city().travel is not city().travel


def test_ways_that_are_shared_cannot_be_changed():
    with ways_shared():
        ways = city().travel
    with pytest.raises(nx.NetworkXError, match="rozen"):
        ways.graph.add_edge(0, 5, minutes=0.0)


def test_only_so_many_are_kept_and_those_asked_for_last(monkeypatch):
    monkeypatch.setattr(shared, "_MOST_CELLS", 150)
    with ways_shared():
        one, two = city(), city(street_kmh=9)
        assert city().travel is one.travel
        three = city(street_kmh=8)
        assert city().travel is one.travel and city(street_kmh=8).travel is three.travel
        assert city(street_kmh=9).travel is not two.travel


def test_runs_of_one_process_are_those_of_fresh_ones(tiny, monkeypatch):
    """Two cities and two seeds in turn, with ways shared and without."""
    from o2o_sim.scenario.load import load_scenario

    monkeypatch.setattr("o2o_sim.studies.job.pack", lambda **said: pack(**(said | {"seconds": 0.0})))
    specs = [load_scenario(tiny, ["days=10", *more]) for more in ((), ("city.street_kmh=9",))]
    jobs = [job(spec, seed) for seed in (1, 2) for spec in specs]
    together = [execute(each) for each in jobs]
    assert len(shared._kept) == 2
    alone = []
    for each in jobs:
        shared._kept.clear()
        alone.append(execute(each))
    assert together == alone and len(set(together)) == 4
