"""How the lives of simulated shops are judged, and elasticities measured."""

from __future__ import annotations

import math
from datetime import date

import elasticities
import fit_lives
import lives
import numpy as np
import pandas as pd
import pytest
from test_vital import lives as shops

from o2o_sim import load_scenario
from o2o_sim.policies.reasons import WORDS
from o2o_sim.record import vital


def city(*samples: vital.Lives) -> lives.City:
    return lives.City(samples, tuple(pd.DataFrame() for _ in samples))


# -- the bars -----------------------------------------------------------------------------------------------
def test_the_venues_pass_every_bar_that_is_drawn_around_them():
    found = lives.bars("venues", city(lives.venues()))
    judged = [r for r in found if r.passed is not None]
    assert len(judged) == 9 and all(r.passed for r in judged)
    assert found[1].value < 1e-4, "their exits by decile are their own"


@pytest.mark.parametrize("slope, passed", [(-0.3, True), (-1.0, False), (0.0, False)])
def test_a_city_is_judged_by_its_slope(slope, passed):
    rng = np.random.default_rng(7)
    n = 20_000
    size = rng.normal(8, 1, n)
    gone = rng.random(n) < 1 / (1 + np.exp(2.3 - slope * (size - 8)))
    sales = np.exp(size)[:, None] * np.ones(24)
    sales[gone, 14:] = np.nan
    first = lives.bars("made up", city(shops(sales, gone=gone)))[0]
    assert first.passed is passed and abs(first.value - slope) < 0.1


def test_few_exits_lie_apart_by_chance_and_many_by_what_they_are():
    real = vital.risks(lives.venues())
    few = real.sample(200, random_state=1).assign(decile=1 + np.arange(200) % 10)
    gap, noise = lives.decile_gap(few)
    assert gap > 0.03 and noise > 0.03
    reverse = real.assign(decile=11 - real["decile"])
    gap, noise = lives.decile_gap(reverse)
    assert gap == pytest.approx(0.118, abs=0.01) and noise < 0.03
    assert math.isnan(lives.decile_gap(real.assign(gone=False))[0])


# -- reasons ------------------------------------------------------------------------------------------------
def fates(*rows):
    columns = ["store", "name", "opened", "outcome", "changed", "reason"]
    return pd.DataFrame([(k, f"shop {k}", *row) for k, row in enumerate(rows)], columns=columns)


def test_a_lever_causes_the_closings_whose_shops_live_a_year_longer_without_it():
    day, rent, luck = "2013-01-01", f"gave up: {WORDS['rent']}", f"gave up: {WORDS['luck']}"
    without = fates(
        (day, "survived", day, ""),
        (day, "closed", "2014-01-31", luck),  # only hastened
        (day, "closed", "2014-11-30", luck),
        ("2004-06-01", "moved online", "2013-09-30", ""),
        ("2013-07-31", "survived", "2013-07-31", ""),  # not there when it was moved
        (day, "survived", day, ""),  # what would become of it in a year is not seen
    )
    with_it = fates(
        (day, "closed", "2013-09-30", rent),
        (day, "closed", "2013-09-30", rent),
        (day, "closed", "2013-09-30", rent),
        ("2004-06-01", "closed", "2013-09-30", "private: leaves"),
        ("2013-07-31", "closed", "2013-09-30", luck),
        (day, "closed", "2014-09-30", rent),
    )
    found = lives.caused(without, with_it, date(2015, 6, 30))
    assert found == [rent, rent, "private: leaves"]
    assert lives.agreement(found, ("rent",)) == (2, 3)
    assert lives.agreement([f"insolvent: {WORDS['online']}"], ("rent", "online")) == (1, 1)


def test_closings_since_the_lever_are_those_of_shops_that_were_there():
    rows = [("2013-01-01", "closed", day, day) for day in ("2013-06-30", "2013-07-31")]
    rows += [("2013-08-31", "closed", "2014-01-31", "later"), ("2013-01-01", "survived", "2014-01-31", "")]
    assert lives.closed(fates(*rows)) == ["2013-07-31"]


@pytest.mark.parametrize("lever", lives.LEVERS, ids=lambda x: x.name)
def test_a_lever_moves_what_it_names_after_half_a_year(lever):
    spec = load_scenario(lives.OWNERS[0], (*lives.OWNERS[1], *lever.changes()))
    (moved,) = spec.timeline.values()
    assert moved.date == lives.MOVED and moved.set and set(lever.reasons) <= set(WORDS)


# -- elasticities -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("elasticity", [-1.5, -0.3, 0.0, 0.8])
def test_an_arc_is_near_the_elasticity_and_there_where_one_side_is_none(elasticity):
    assert elasticities.arc(100.0, 100 * 1.2**elasticity, 1.2) == pytest.approx(elasticity, rel=0.02)
    assert elasticities.arc(0.0, 5.0, math.e) == 2 and math.isnan(elasticities.arc(0.0, 0.0, 1.2))


@pytest.mark.parametrize("driver", elasticities.DRIVERS, ids=lambda d: d.name)
def test_a_driver_multiplies_what_it_names(driver):
    scenario, given = elasticities.TOWN
    spec = load_scenario(scenario, (*given, *driver.also)).model_dump()
    moved = load_scenario(scenario, driver.changes(scenario, given, 1.25)).model_dump()
    for key in driver.keys:
        after = elasticities._at(moved, key)
        assert (
            after == pytest.approx(0.25 if driver.grow else 1.25 * elasticities._at(spec, key)) and after > 0
        ), key


# -- the fit ------------------------------------------------------------------------------------------------
def test_the_venues_have_no_loss_and_who_has_no_figures_a_large_one():
    assert fit_lives.loss(lives.venues()) == 0
    assert fit_lives.loss(shops(np.ones((60, 5)))) > 5


@pytest.mark.parametrize("number", fit_lives.NUMBERS, ids=lambda n: n.key)
def test_a_number_is_moved_where_its_block_is_on(number):
    on = ("stores.owners={}", "stores.luck={}", "entry.search={}")
    town = lives.CITIES["town"][0]
    spec = load_scenario(town, on).model_dump()
    now = fit_lives.value_of(spec, number.key)
    moved = load_scenario(town, (*on, *fit_lives.written(spec, number.key, now * number.step))).model_dump()
    assert fit_lives.value_of(moved, number.key) == pytest.approx(now * number.step)
    assert (
        fit_lives.value_of(
            {"stores": {"formats": {}, "luck": None, "owners": None}, "entry": {"search": None}},
            "entry.search.rate_yearly",
        )
        is None
    )


def test_a_round_keeps_what_comes_nearer(monkeypatch):
    wanted = 0.5

    def tried(scenario, changes):
        spec = load_scenario(scenario, changes).model_dump()
        return abs(math.log(fit_lives.value_of(spec, "entry.search.rate_yearly") / wanted))

    monkeypatch.setattr(fit_lives, "tried", tried)
    monkeypatch.setattr(fit_lives, "loss", lambda found: found)
    start = ("entry.search={rate_yearly: 0.3}",)
    once = fit_lives.improved(lives.CITIES["town"][0], start)
    assert once == (*start, "entry.search.rate_yearly=0.42")


@pytest.mark.parametrize("file", ["scenarios/town.yaml", "experiments/calibration/shops_live.yaml"])
def test_shops_stand_still_while_demand_is_measured_whatever_blocks_are_on(file):
    spec = load_scenario(lives.ROOT / file, elasticities.STILL)
    assert spec.stores.owners is None and spec.entry.search is None and spec.entry.policy.run == "none"
