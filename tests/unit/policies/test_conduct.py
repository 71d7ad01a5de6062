"""Following others: their prices, their ways of integrating; and putting money into service."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from test_policies import NO_MODES, ONLY_SOCIAL, POOR, month, shop, spec, view

from o2o_sim.agents.store import ONLINE_ONLY
from o2o_sim.policies.pricing import PriceMatch
from o2o_sim.policies.store import NeverIntegrate, Satisficing

RICH = (month(profit=20_000.0), month(profit=20_000.0))
GRID = SimpleNamespace(nx=10, cell_m=500)


def matcher(**given):
    """A grocer with a gross margin of 30 % and a list price 5 % above the usual, in a circle unless said
    otherwise."""
    known = {
        "model": SimpleNamespace(city=SimpleNamespace(grid=GRID)), "number": 0, "cell": 0,
        "circle": SimpleNamespace(name="market", is_street=False),
        "format": SimpleNamespace(markup_x=1.05, reluctance_x=1.0, integrates_from=None), "cost_x": 1.0,
    }  # fmt: skip
    return shop(*RICH, **{**known, **given})


def seen(shops=(), parcel=None, **rules):
    """What it sees: prices of shops in its circle (and of itself), and of the cheapest parcel."""
    scenario = spec(NO_MODES)
    stores = scenario.stores.model_copy(
        update={"price_match": scenario.stores.price_match.model_copy(update=rules)}
    )
    return view(
        scenario.model_copy(update={"stores": stores}),
        shop_prices={("market", "food"): [(1.05, 0, 0), *shops], ("elsewhere", "food"): [(0.8, 9, 0)]},
        online_price={} if parcel is None else {"food": parcel},
    )


# Goods cost 0.7 of the usual price; at a margin floor of 10 % it goes down to 0.7 / 0.9 = 0.7778, no lower.
@pytest.mark.parametrize(
    ("what", "price", "why"),
    [
        (seen(), 1.05, "keep"),
        (seen([(1.0, 1, 0), (0.95, 2, 0)]), 0.95, "matches a rival"),
        (seen([(0.95, 1, 0)], 0.9), 0.9, "matches a parcel"),
        (seen([(0.95, 1, 0)], 0.9, online=False), 0.95, "matches a rival"),
        (seen([(0.95, 1, 0)], 0.97, rivals=False), 0.97, "matches a parcel"),
        (seen([(0.5, 1, 0)]), 0.7 / 0.9, "matches a rival, as far as its floor"),
        (seen([(0.5, 1, 0)], margin_floor=0.0), 0.7, "matches a rival, as far as its floor"),
        (seen([(1.2, 1, 0)], 1.3), 1.05, "keep"),
    ],
    ids=[
        "alone",
        "rivals",
        "parcels",
        "not parcels",
        "not rivals",
        "floor",
        "at cost",
        "never above its list",
    ],
)
def test_it_takes_the_lowest_price_it_sees(what, price, why):
    decision = PriceMatch().review(matcher(), what, 0.0)
    if why == "keep":
        assert (decision.kind, decision.reason) == ("keep", "its price is matched")
        return
    assert (decision.kind, decision.reason) == ("price", why)
    assert decision.price_x * 1.05 == pytest.approx(price)


def test_it_goes_back_up_when_nobody_is_cheaper_any_more():
    decision = PriceMatch().review(matcher(price_x=0.9), seen(), 0.0)
    assert (decision.kind, decision.reason, decision.price_x) == ("price", "nobody is cheaper", 1.0)


def test_on_streets_only_rivals_near_it_count():
    street = SimpleNamespace(name="market", is_street=True)
    # Cells of 500 m, ten to a row: two to the east and two to the north are 1.41 km off, two to the east 1
    # km.
    far, near = (0.9, 1, 22), (0.95, 2, 2)
    decision = PriceMatch().review(matcher(circle=street), seen([far, near]), 0.0)
    assert decision.price_x * 1.05 == pytest.approx(0.95)
    wider = PriceMatch().review(matcher(circle=street), seen([far, near], rivals_km=1.5), 0.0)
    assert wider.price_x * 1.05 == pytest.approx(0.9)


def test_else_it_is_a_satisficing_store():
    assert PriceMatch().review(matcher(cash_yuan=-1e6), seen([(0.9, 1, 0)]), 0.0).kind == "close"
    online = PriceMatch().review(matcher(state=ONLINE_ONLY), seen([(0.9, 1, 0)]), 0.0)
    assert (online.kind, online.reason) == ("keep", "nobody comes in to compare")


def test_it_matches_while_it_is_poor_too():
    poor = matcher(months=list(POOR))
    assert PriceMatch().review(poor, seen([(0.9, 1, 0)]), 0.0).price_x * 1.05 == pytest.approx(0.9)


# -- taking up what others have ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("chance", "share", "kind"),
    [
        (0.0, 0.5, "adopt"),
        (0.099, 0.5, "adopt"),
        (0.101, 0.5, "keep"),
        (0.199, 1.0, "adopt"),
        (0.0, 0.0, "keep"),
    ],
)
def test_a_content_store_follows_the_crowd_as_often_as_many_have_gone(chance, share, kind):
    # It thinks of a change half of the time and follows with 0.4 times the share: 0.5 * 0.4 * share.
    what = view(spec(ONLY_SOCIAL, follow=0.4), holders={("food", "social"): share})
    decision = Satisficing().review(matcher(), what, chance)
    assert decision.kind == kind
    if kind == "adopt":
        assert (decision.mode, decision.reason) == ("social", "others have it")


def test_nobody_follows_who_is_not_told_to_or_never_integrates():
    everybody = {("food", "social"): 1.0}
    assert Satisficing().review(matcher(), view(spec(ONLY_SOCIAL), holders=everybody), 0.0).kind == "keep"
    what = view(spec(ONLY_SOCIAL, follow=1.0), holders=everybody)
    assert NeverIntegrate().review(matcher(), what, 0.0).kind == "keep"
    assert PriceMatch().review(matcher(), what, 0.0).kind == "adopt"
