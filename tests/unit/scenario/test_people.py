"""What a category says of waiting."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.scenario.people import Category
from o2o_sim.systems.festivals import Festivals

SMALL = Path(__file__).parents[2] / "laws" / "small.yaml"
USUAL = {"every_days": 4.0, "ticket_yuan": 30.0, "gross_margin": 0.2}


@pytest.mark.parametrize("days", [0.0, 0.1, 1.5, 3.0, 90.0])
def test_without_a_loss_by_lateness_each_day_costs_the_same(days):
    c = Category(**USUAL, impatience=0.7)
    assert c.wait_utils(days) == 0.7 * days == c.wait_utils(days, after=11.0)


@pytest.mark.parametrize("wanted", [0.2, 0.5, 3.0])
def test_what_is_late_costs_once_and_then_little_more(wanted):
    c = Category(**USUAL, impatience=0.1, late_loss=5.0, wanted_days=wanted)
    assert c.wait_utils(wanted) == pytest.approx(0.1 * wanted + 5 * (1 - math.exp(-1)))
    assert c.wait_utils(20 * wanted) == pytest.approx(2 * wanted + 5), "all of it is lost, and no more"
    assert c.wait_utils(0.05 * wanted) < 0.0126 + 0.005 * wanted, "and hardly any of it in time"
    parts = c.wait_utils(0.3) + c.wait_utils(0.8, after=0.3)
    assert parts == pytest.approx(c.wait_utils(1.1)), "a wait in two parts is a wait"


FESTIVAL = (
    "{dates: [2013-01-01], days: 2, platforms: [bazaar], categories: [clothes], discount: 0.1, delay_days: 2}"
)


@pytest.mark.parametrize(
    "said",
    [
        [],
        ["modes.social.delivery_days=0.6", "stores.formats.boutique.modes=[social]"],
        [f"calendar.festivals.sale={FESTIVAL}"],
    ],
    ids=["parcels", "deliveries", "a festival's delay"],
)
def test_every_offer_that_is_waited_for_is_late_by_the_formula(said):
    model = O2OModel(load_scenario(SMALL, ["categories.clothes.late_loss=3", *said]))
    assert any(isinstance(s, Festivals) for s in model.systems) == any("festivals" in word for word in said)
    model.step()
    c, waits = model.spec.categories["clothes"], 0
    for offer in model.table.rows[1:]:
        if offer.category == model.category_number["clothes"] and offer.days:
            assert offer.wait == pytest.approx(c.wait_utils(offer.days))
            waits += 1
    assert waits
