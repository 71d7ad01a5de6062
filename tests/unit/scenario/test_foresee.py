"""What `check` says of levers that multiply nothing, and of ways of integrating that no format can use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.scenario.foresee import unresolved, without_effect
from o2o_sim.scenario.idle import formats_with

ROOT = Path(__file__).parents[3]
SMALL = ROOT / "tests" / "laws" / "small.yaml"
NO_COUPONS = "platforms.dine=null"
NO_DOORS = [f"categories.{name}.delivery_reach_min=0" for name in ("food", "clothes", "eating")]
NO_PARCELS = [f"categories.{name}.shippable=false" for name in ("food", "clothes", "eating")]
FREE = [f"platforms.{name}.subsidy.per_order_yuan=0" for name in ("bazaar", "depot", "dine")]

CASES = {
    "nothing to say": ([], []),
    "no subsidy": (FREE, ["levers.subsidy_x multiplies nothing: no platform pays"]),
    "no coupons": ([NO_COUPONS], ["modes.partnership"]),
    "no doors": (NO_DOORS, ["modes.social, modes.app"]),
    "no parcels": (NO_PARCELS, ["modes.marketplace"]),
}


@pytest.mark.parametrize(("said", "wanted"), CASES.values(), ids=CASES)
def test_what_has_no_effect_is_said(said, wanted):
    found = without_effect(load_scenario(SMALL, ["stores.named=null", *said]))
    assert len(found) == len(wanted)
    assert all(part in line for part, line in zip(wanted, found))


@pytest.mark.parametrize(
    "said", [[], NO_DOORS, NO_PARCELS, [NO_COUPONS]], ids=["as it is", *list(CASES)[3:], "no coupons"]
)
@pytest.mark.parametrize("mode", ["social", "marketplace", "partnership", "app"])
def test_a_mode_is_usable_where_it_offers_something(mode, said):
    """A store that holds it publishes an offer of its channel if, and only if, its format is among them."""
    model = O2OModel(load_scenario(SMALL, ["stores.named=null", *said]))
    usable, way = formats_with(model.spec, mode), model.modes[mode]
    partners = [p for p in model.platforms if any(way.works_with(p, c) for c in model.spec.categories)]
    for store in {s.format_name: s for s in model.stores}.values():
        store.adopt(mode, partners[0] if partners else None)
        offers = [o for o in store.publish() if o.channel == way.channel]
        assert bool(offers) == (store.format_name in usable), store.format_name


def test_the_table_of_formats_and_modes_is_that_of_the_base_city():
    spec = load_scenario(ROOT / "scenarios" / "base.yaml")
    text = (ROOT / "docs" / "systems" / "stores.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| (\w[\w ]*) \| ((?:`\w+`(?:, )?)+) \|$", text, re.MULTILINE))
    modes = ("social", "app", "marketplace", "partnership")
    for name in spec.stores.formats:
        can = [mode for mode in modes if name in formats_with(spec, mode)]
        assert re.findall(r"`(\w+)`", told[name]) == can, name


CROWDS = ROOT / "tests" / "laws" / "crowds.yaml"


@pytest.mark.parametrize(
    ("said", "who", "enough"),
    [
        (["population=2000"], None, 0),  # 102 coats a month
        (["population=500"], "corner: such a shop has 25 simulated", 600),
        (["population=100"], "corner: such a shop has 5.1 simulated purchases a month (1 more have", 600),
        (["population=64000", "stores.formats.corner.area_m2=0.1"], None, 0),  # each stands for herself
        (["stores.named.kiosk={format: corner, area_m2: 5, x_km: 1, y_km: 1}"], "kiosk: ", 7100),
    ],
    ids=["enough", "a format", "two formats", "everybody", "one shop"],
)
def test_which_shops_see_too_few_people_is_said_and_how_many_would_do(said, who, enough):
    found = unresolved(load_scenario(CROWDS, said))
    assert len(found) == (who is not None)
    if who is not None:
        assert found[0].startswith(who) and f"population: {enough} " in found[0]
        again = unresolved(load_scenario(CROWDS, [*said, f"population={enough}"]))
        assert not again, "with so many nothing is left to say"
