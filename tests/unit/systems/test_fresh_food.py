"""Stores as small warehouses of a platform, and its cold store: every yuan calculated by hand."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim import ScenarioError
from o2o_sim.market.consumers import member_bit
from o2o_sim.market.ledger import LINE, OVERHEADS
from o2o_sim.policies.integration import options
from o2o_sim.systems.fresh_food import shared

from .hamlet import hamlet, run_days

# Bread costs 10 yuan and 6 to buy; 5 are paid for the delivery, which costs 6: an order gains 3 yuan.
STORES = """
platforms:
  swift: {{kind: local_services, members_start: 1, fixed_yuan_month: 0, trust: 0,
          from_stores: {{categories: [bread], appeal: 20, {terms}}}}}
modes: {{warehouse: {{available: true, per_order_yuan: 1.5, setup_yuan: 600, fixed_yuan_month: 100, delivery_reach_min: {reach}}}}}
stores: {{named: {{left: {{modes: [{left}]}}, right: {{modes: [{right}]}}}}}}
"""


def stores(folder, terms="", reach=30, left="warehouse", right="warehouse", more=""):
    return hamlet(folder, STORES.format(terms=terms, reach=reach, left=left, right=right) + more)


def filled(model) -> dict[str, int]:
    """Bread orders that each store filled today."""
    t = model.table
    mine = t.columns["channel"][model.purchases.picks] == t.channels.index("warehouse delivery")
    count = np.bincount(t.store[model.purchases.picks[mine]] + 1, minlength=3)
    assert count[0] == 0, "no order stays with the platform"
    return {s.name: int(count[s.number + 1]) for s in model.stores}


def wanted(model) -> np.ndarray:
    """Which needs of today are those of members for bread: bool[needs]."""
    consumer, category = model.purchases.consumer, model.purchases.category
    return ((model.consumers.access[consumer] & member_bit(0)) != 0) & (category == 0)


def month(model):
    """A month; returns the orders of each store and the month's books by line and store (yuan)."""
    total = {s.name: 0 for s in model.stores}
    for _ in range(31):
        model.step()
        for name, n in filled(model).items():
            total[name] += n
    books = {s.name: s.months[0].lines / 100 for s in model.stores}
    return total, books


def test_the_nearest_store_fills_the_order(tmp_path):
    model = stores(tmp_path)
    model.step()
    bread = wanted(model)
    east = (
        model.consumers.home[model.purchases.consumer] % 4 >= 2
    )  # the shops stand in the second and third of four columns
    assert filled(model) == {"left": int((bread & ~east).sum()), "right": int((bread & east).sum())}


def test_who_lives_beyond_the_reach_is_offered_nothing(tmp_path):
    """Four minutes to leave and arrive and one per cell: only those beside the shop, and in its own cell."""
    model = stores(tmp_path, reach=5, right="")
    model.step()
    mine = model.table.columns["channel"][model.purchases.picks] == model.table.channels.index(
        "warehouse delivery"
    )
    home, shop = model.consumers.home[model.purchases.consumer], model.store("left").cell
    beside = abs(home % 4 - shop % 4) + abs(home // 4 - shop // 4) <= 1
    assert np.array_equal(mine, beside & wanted(model))
    assert 0 < mine.sum() < len(mine) / 2


@pytest.mark.parametrize("couriers", ["own", "hired"])
@pytest.mark.parametrize("rule", ["equal", "by_sales", "by_gain"])
def test_the_gain_is_shared_at_the_end_of_the_month(tmp_path, rule, couriers):
    """Whoever delivers, a store ends with its part of 3 yuan an order, less picking and what being a partner
    costs."""
    terms = f"share: {rule}, store_share: 0.4, couriers: {couriers}, hired_yuan: 6"
    model = stores(tmp_path, terms)
    orders, books = month(model)
    n = sum(orders.values())
    assert orders["left"] != orders["right"] and n > 2000
    for name in ("left", "right"):
        part = 0.4 * 3 * (n / 2 if rule == "equal" else orders[name])
        had = (3 if couriers == "own" else 4) * orders[name]
        assert books[name][LINE["transfers"]] == pytest.approx(part - had, abs=0.02)
        won = model.store(name).modes["warehouse"].contribution_fen[0] / 100
        assert won == pytest.approx(part - 1.5 * orders[name] - 100, abs=0.02)
    hired = 5 - 6 if couriers == "hired" else 0
    earned = model.ledger.cash(model.platforms[0].account) / 100 - model.spec.platforms["swift"].cash_yuan
    assert earned == pytest.approx(0.6 * 3 * n, abs=0.05), hired
    row = model.results()["city_monthly"].iloc[0]
    assert row["fresh_gain_yuan/swift"] == pytest.approx(3 * n - 1.5 * n - 200, abs=0.05)
    assert row["fresh_orders/swift"] == n and row["warehouse_stores/swift"] == 2
    assert row["fresh_sales_yuan/swift"] == pytest.approx(15 * n)
    assert model.ledger.is_balanced()


def test_losses_are_the_platforms(tmp_path):
    """Hired couriers at 20 yuan lose 11 an order: the store gets nothing and pays nothing but its picking."""
    model = stores(tmp_path, "share: by_gain, couriers: hired, hired_yuan: 20")
    orders, books = month(model)
    n = sum(orders.values())
    assert books["left"][LINE["transfers"]] == pytest.approx(-4 * orders["left"])
    assert model.store("left").modes["warehouse"].contribution_fen[0] / 100 == -1.5 * orders["left"] - 100
    earned = model.ledger.cash(model.platforms[0].account) / 100 - model.spec.platforms["swift"].cash_yuan
    assert earned == pytest.approx(-11 * n)


def test_who_gets_less_than_the_picking_gives_up(tmp_path):
    for part, left in ((0.1, []), (0.9, ["warehouse"])):
        text = STORES.format(
            terms=f"share: by_gain, store_share: {part}", reach=30, left="warehouse", right="warehouse"
        )
        text = text.replace(
            "stores: {named:", "stores: {satisficing: {trial_months: 2, memory_months: 1}, named:"
        )
        model = run_days(hamlet(tmp_path, text), 60)
        assert list(model.store("left").modes) == left
        assert model.results()["city_monthly"].iloc[-1]["warehouse_stores/swift"] == 2 * len(left)


def test_a_store_hopes_for_its_part_of_what_the_platform_would_sell(tmp_path):
    """A third of its floor is bread; a twentieth more of that, of whose margin less the courier it gets
    half."""
    model = stores(tmp_path, left="", right="")
    run_days(model, 31)
    left = model.store("left")
    assert left.floor["bread"] == pytest.approx(1 / 3)
    (option,) = [o for o in options(left, model.view) if o.mode == "warehouse"]
    assert option.platform is model.platforms[0]
    month = left.months[0]
    extra = month.revenue / 100 * 0.05 / 3
    assert option.extra_sales == pytest.approx(extra)
    assert option.cost == pytest.approx(100 + 600 / 24)
    margin = 1 - (month.variable / -month.revenue)
    assert option.gain == pytest.approx(extra * 0.5 * (margin - 0.1) - 1.5 * extra / 100)


def test_a_store_that_closes_leaves_its_customers_to_the_other(tmp_path):
    model = stores(tmp_path)
    model.step()
    assert filled(model)["left"] > 0
    model.store("left").become("closed", "for the test")
    model.offers_changed = True
    model.step()
    t = model.table
    mine = t.columns["channel"][model.purchases.picks] == t.channels.index("warehouse delivery")
    assert mine.sum() == wanted(model).sum()
    assert set(t.store[model.purchases.picks[mine]]) == {model.store("right").number}
    model.store("right").become("closed", "for the test")
    model.offers_changed = True
    model.step()
    assert not (
        model.table.columns["channel"][model.purchases.picks] == t.channels.index("warehouse delivery")
    ).any()


def test_a_platform_that_leaves_takes_its_offers_along(tmp_path):
    model = stores(tmp_path)
    model.step()
    model.platforms[0].has_left, model.offers_changed = True, True
    model.step()
    assert not (model.table.columns["channel"] == model.channels.index("warehouse delivery")).any()
    run_days(model, 30)
    assert model.results()["city_monthly"].iloc[0]["fresh_orders/swift"] > 0


def test_couriers_of_the_stores_go_from_the_nearest(tmp_path):
    """With `couriers`, the stores' own deliveries cost minutes, and the gain that is shared is what is left
    then."""
    model = stores(
        tmp_path, "share: by_gain, store_share: 0.5", more="couriers: {yuan_per_min: 1, handover_min: 1}\n"
    )
    orders, books = month(model)
    n, row = orders["left"], model.results()["city_monthly"].iloc[0]
    spent = -books["left"][LINE["delivery"]]
    assert 0.5 * n < spent < 6 * n and row["deliveries"] == sum(orders.values())
    gain = (10 - 6 + 5) * n - spent
    part = gain + books["left"][LINE["transfers"]]
    assert part == pytest.approx(gain / 2, abs=0.02)


def test_shares_never_exceed_the_gain():
    gain, sold = np.array([1001, -300, 0, 77]), np.array([5000, 100, 0, 333])
    for rule in ("equal", "by_sales", "by_gain"):
        part = shared(rule, 1.0, gain, sold)
        assert (part >= 0).all() and part.sum() <= gain[gain > 0].sum()
        assert not shared(rule, 0.0, gain, sold).any()
        assert not shared(rule, 1.0, np.array([-5, -6]), np.array([0, 0])).any()
    assert list(shared("equal", 1.0, gain, sold)) == [194] * 4
    assert list(shared("by_gain", 0.5, gain, sold)) == [500, 0, 0, 38]


# -- the cold store ------------------------------------------------------------------------------------------
HUB = """
platforms:
  swift: {kind: self_operated, categories: [coats], members_start: 1, fixed_yuan_month: 0, trust: 0, trust_growth: 0,
          parcel: {hub_yuan_month: 0, per_order_yuan: 4, per_km_yuan: 0, cost_yearly_x: 1},
          fresh_hub: {categories: [bread], appeal: 20, spoilage_per_day: 0.1, stock_days: 1.25, days: 0.75,
                      parcel_x: 1.5, fee_yuan: 5, fixed_yuan_month: 1_000_000}}
"""


def test_the_cold_store_pays_goods_spoilage_parcels_and_itself(tmp_path):
    """An order: 10 and 5 for the delivery come in; 6 for goods, 19 % of them spoilt in two days, and 1.5 x
    4."""
    model = hamlet(tmp_path, HUB)
    n = 0
    for _ in range(31):
        model.step()
        column = model.table.columns
        hub = (column["channel"] == model.channels.index("parcel")) & (column["category"] == 0)
        n += int(hub[model.purchases.picks].sum())
    cold = 1_000_000 * 200 / 1e6
    each = 10 + 5 - 6 - 6 * 0.19 - 1.5 * 4
    row = model.results()["city_monthly"].iloc[0]
    assert row["fresh_orders/swift"] == n > 2500
    assert row["fresh_gain_yuan/swift"] == pytest.approx(each * n - cold, abs=0.02)
    books = model.results()["ledger"]
    paid = books[(books["line"] == "overheads") & (books["from"] == "platform")]["yuan"].sum()
    assert paid == cold and model.ledger.cash(OVERHEADS) == 100 * cold


def test_it_is_longer_on_the_way_than_a_neighbour(tmp_path):
    """A parcel of the same goods loses by the wait and by doubt; a shop around the corner by half of the
    doubt."""
    model = hamlet(
        tmp_path, HUB.replace("platforms:", "categories: {bread: {touch: 0.5, impatience: 2}}\nplatforms:")
    )
    model.step()
    t = model.table
    row = int(
        np.flatnonzero((t.columns["channel"] == t.channels.index("parcel")) & (t.columns["category"] == 0))[0]
    )
    assert t.columns["wait"][row] == 1.5
    assert t.columns["unseen"][row] == pytest.approx(model.unseen_disutility("bread"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("platforms: {swift: {kind: self_operated, fresh_hub: {categories: [braed]}}}", "did you mean bread"),
        (
            "platforms: {swift: {kind: self_operated, from_stores: {categories: [braed]}}}",
            "did you mean bread",
        ),
        ("platforms: {tuan: {kind: local_services, fresh_hub: {categories: [bread]}}}", "has no hub"),
        ("modes: {warehouse: {available: true}}", "no platform sells from stores"),
        ("stores: {named: {left: {modes: [warehouse]}}}", "no platform sells bread or coats from stores"),
        (
            "platforms: {swift: {kind: self_operated, fresh_hub: {categories: [bread]}, from_stores: {categories: [bread]}}}",
            "comes from the stores already",
        ),
    ],
)
def test_what_cannot_be_is_said(tmp_path, text, said):
    with pytest.raises(ScenarioError, match=said):
        hamlet(tmp_path, text + "\n")


FAIR = """
calendar:
  weekend: []
  seasons: {s: {first: 01-01, last: 01-31, ticket_x: 2}}
  festivals: {f: {every_year: 01-01, days: 31, discount: 0.5, delay_days: 3}}
"""


def test_from_stores_at_a_festival_and_in_a_season(tmp_path):
    """What people see is what is booked; and no store nearby is late because parcels are."""
    kind = "kind: self_operated"
    text = STORES.format(terms="", reach=30, left="warehouse", right="").replace("kind: local_services", kind)
    model = hamlet(tmp_path, text + "categories: {bread: {shippable: true}}" + FAIR)
    model.step()
    found = {r.store: r for r in model.table.rows if r.channel == "warehouse delivery" and r.category == 0}
    for name in ("price", "usual", "discount", "subsidy"):
        assert getattr(found[-1], name) == getattr(found[0], name)
    assert (found[-1].price, found[-1].discount, found[-1].days) == (
        20,
        10,
        model.spec.modes.warehouse.delivery_days,
    )


def test_the_hub_at_a_festival_and_in_a_season(tmp_path):
    hub = """
platforms:
  swift: {kind: self_operated, members_start: 1, fixed_yuan_month: 0, parcel: {hub_yuan_month: 0}, subsidy: {budget_yuan_month: 0},
          fresh_hub: {categories: [coats], appeal: 20, fixed_yuan_month: 0}}
"""
    model = hamlet(tmp_path, hub + FAIR)
    model.step()
    (row,) = [r for r in model.table.rows if r.channel == "parcel" and r.category == 1]
    assert (row.price, row.usual, row.discount, row.days) == (200, 200, 100, 3.75)
    run_days(model, 30)
    swift, told = model.platforms[0], model.results()["city_monthly"].iloc[-1]
    assert told["fresh_orders/swift"] > 100
    owners = swift.spec.cash_yuan + swift.added_yuan
    assert swift.cash_yuan - owners == pytest.approx(told["fresh_gain_yuan/swift"])


def test_what_hired_couriers_cost_is_expected(tmp_path):
    gains = []
    for hired in (6, 8):
        terms = f"couriers: hired, hired_yuan: {hired}, "
        model = run_days(stores(tmp_path, terms, left="warehouse", right=""), 62)
        store = model.store("right")
        gains += [o.gain for o in options(store, model.view) if o.mode == "warehouse"]
    assert len(gains) == 2 and gains[0] > gains[1]
