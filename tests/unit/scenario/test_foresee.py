"""What `check` says of levers that multiply nothing, and of ways of integrating that no format can use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.scenario.foresee import without_effect
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
