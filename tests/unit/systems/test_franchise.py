"""A brand that goes online beside its dealers, calculated by hand in the hamlet."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from o2o_sim import ScenarioError
from o2o_sim.agents.store import CLOSED
from o2o_sim.market.consumers import ONLINE, member_bit
from o2o_sim.market.ledger import LINE
from o2o_sim.systems.franchise import CHANNEL, Franchise, Franchisor, shares_of

from .hamlet import hamlet, run_days

# Both shops are dealers of Ox. An online coat costs 90 and the fee is the parcel's 14; to the brand the coat
# costs 50 / 1.25 = 40, so that it keeps 50. Of what the dealers buy, a fifth is the brand's mark-up (0.25 /
# 1.25).
OX = """
days: 59
franchise:
  Ox: {dealers: shop, online_price_x: 0.9, supply_markup: 0.25, parcel_yuan: 14, fixed_yuan_month: 70, cash_yuan: 1000, appeal: 3, known_appeal: 0, days: 0, credit: 0.4, share: %s}
"""
LEFT_OVER = 5000


def ox(model) -> Franchisor:
    return next(s for s in model.systems if isinstance(s, Franchise)).franchisors[0]


def online_rows(model) -> list:
    return [r for r in model.table.rows if r.channel == CHANNEL]


def buyers_of_a_month(model, days: int = 31) -> np.ndarray:
    """Rows of the consumers who ordered from the brand, one per order."""
    found = []
    for _ in range(days):
        model.step()
        row = [k for k, r in enumerate(model.table.rows) if r.channel == CHANNEL]
        found.append(model.purchases.consumer[np.isin(model.purchases.picks, row)])
    return np.concatenate(found)


def transfers(model) -> dict[str, int]:
    return {s.name: int(s.months[-1].lines[LINE["transfers"]]) for s in model.stores}


def test_the_books_of_the_brand(tmp_path):
    model = hamlet(tmp_path, OX % "none")
    orders = len(buyers_of_a_month(model))
    assert orders > 100, "at 3 utils more most coats are ordered"
    bought = -sum(int(s.months[-1].lines[LINE["cost of goods"]]) for s in model.stores)
    house = ox(model)
    profit = orders * LEFT_OVER + bought // 5 - 7000
    assert model.ledger.cash(house.account) == 100000 + profit
    assert transfers(model) == {"left": 0, "right": 0}
    assert model.ledger.is_balanced()
    told = model.results()["city_monthly"].iloc[-1]
    assert told["brand_profit_yuan/Ox"] == profit / 100
    assert told["brand_online_sales_yuan/Ox"] == orders * 104
    assert told["brand_credit_yuan/Ox"] == 0
    assert told["dealers/Ox"] == 2
    profits = [s.months[-1].profit for s in model.stores]
    assert told["dealer_profit_yuan/Ox"] == pytest.approx(sum(profits) / 200)


def test_its_offer(tmp_path):
    """Both dealers have all the floor for coats, so the range adds ln 1 = 0; bread no parcel can carry."""
    model = run_days(hamlet(tmp_path, OX % "none"), 1)
    (r,) = online_rows(model)
    assert (r.price, r.fee, r.delivery, r.goods) == (90, 14, 14, 40)
    assert (r.appeal, r.needs, r.platform, r.store) == (3, int(ONLINE), -1, -1)
    assert model.results()["daily"]["sales/brand online"].iloc[0] > 0


def test_a_small_brand_has_a_small_range(tmp_path):
    """The dealers of a chain with a quarter of the floor: ln(1/4) less appeal, and their own quality."""
    text = (OX % "none").replace("dealers: shop", "dealers: boutique").replace("appeal: 3", "appeal: 1")
    text += """stores:
  formats:
    shop: {demand_share: {coats: 0.4}}
    boutique: {demand_share: {coats: 0.1}, area_m2: 100000, area_spread: 0, sales_per_m2_year_yuan: 100000, quality: 0.5, markup_x: 1.2}
  named:
    left: {area_m2: 300, category: coats}
    right: {format: boutique}
"""
    model = run_days(hamlet(tmp_path, text), 1)
    (r,) = online_rows(model)
    assert r.appeal == pytest.approx(1 + 0.5 + math.log(0.25))
    assert r.price == pytest.approx(108), "0.9 times what the dealers ask"
    assert ox(model).dealers == [model.store("right")]


def test_credit_to_all_alike(tmp_path):
    model = hamlet(tmp_path, OX % "equal")
    orders = len(buyers_of_a_month(model))
    pool = orders * LEFT_OVER * 4 // 10
    assert transfers(model) == {"left": pool // 2, "right": pool - pool // 2}
    credit = next(e for e in model.events if e["decision"] == "credit dealers")
    assert credit["who"] == "Ox" and credit["figures"]["credited (yuan)"] == pool / 100
    assert credit["figures"]["online margin (yuan)"] == orders * 50
    before = orders
    orders = len(buyers_of_a_month(model, 28))
    assert sum(transfers(model).values()) == orders * LEFT_OVER * 4 // 10 != before, "every month anew"


def test_credit_by_territory(tmp_path):
    """The map is 4 cells wide and left stands in the second column, right in the third: each has half the
    map."""
    model = hamlet(tmp_path, OX % "by_territory")
    column = model.consumers.home[buyers_of_a_month(model)] % model.city.grid.nx
    west = int((column < 2).sum())
    assert 0 < west < len(column)
    assert transfers(model) == {"left": west * 2000, "right": (len(column) - west) * 2000}


def test_credit_by_sales(tmp_path):
    text = (OX % "by_sales") + "stores: {named: {left: {area_m2: 300}}}\n"
    model = hamlet(tmp_path, text)
    pool = len(buyers_of_a_month(model)) * LEFT_OVER * 4 // 10
    sales = {s.name: int(s.months[-1].lines[LINE["sales"]]) for s in model.stores}
    assert sales["left"] > sales["right"]
    share = pool * sales["left"] // sum(sales.values())
    assert transfers(model) == {"left": share, "right": pool - share}


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**10), min_size=1, max_size=30))
def test_parts_add_up(amount, weights):
    if not any(weights):
        weights[0] = 1
    parts = shares_of(amount, np.array(weights, dtype=np.int64))
    assert parts.sum() == amount and (parts >= 0).all()
    exact = [amount * w / sum(weights) for w in weights]
    assert all(abs(p - e) < 1.01 for p, e in zip(parts.tolist(), exact))


def test_a_loss_is_not_shared(tmp_path):
    """At 20 yuan below what it costs there is no margin to credit."""
    model = hamlet(tmp_path, (OX % "equal").replace("online_price_x: 0.9", "online_price_x: 0.2"))
    assert len(buyers_of_a_month(model)) > 0
    assert transfers(model) == {"left": 0, "right": 0}


def test_who_closes_has_no_territory(tmp_path):
    model = run_days(hamlet(tmp_path, OX % "by_territory"), 30)
    model.store("left").become(CLOSED, "test")
    model.step()  # the last evening of January
    orders = len(buyers_of_a_month(model, 28))
    assert model.store("right").months[-1].lines[LINE["transfers"]] == orders * 2000
    model.store("right").become(CLOSED, "test")
    run_days(model, 31)
    house = ox(model)
    assert house.dealers == [] and (house.nearest == 0).all()
    assert online_rows(model), "the brand goes on selling online"
    assert model.ledger.is_balanced()


def test_people_near_a_dealer_know_the_brand(tmp_path):
    """Cells are 250 m wide, so within 260 m of a shop's own cell lie that and the four beside it, no
    others."""
    text = (OX % "none").replace("known_appeal: 0", "known_appeal: 0.8, near_km: 0.26")
    model = run_days(hamlet(tmp_path, text), 1)
    knows = model.audiences.of("knows Ox")
    middle = model.city.grid.centres()[model.consumers.home]
    near = np.zeros(len(middle), bool)
    for s in model.stores:
        near |= np.abs(middle - model.city.grid.centres()[s.cell]).sum(axis=1) <= 260
    assert (knows == near).all() and 0 < near.mean() < 1
    plain, better = online_rows(model)
    assert plain.key == better.key
    assert better.appeal == pytest.approx(plain.appeal + 0.8)
    assert better.needs != plain.needs == int(ONLINE)
    left, right = (model.store(name) for name in ("left", "right"))
    run_days(model, 29)
    left.become(CLOSED, "test")
    run_days(model, 1)
    still = np.abs(middle - model.city.grid.centres()[right.cell]).sum(axis=1) <= 260
    goes_there = (model.consumers.favourite == right.number).any(axis=1)
    assert (model.audiences.of("knows Ox") == still | goes_there).all(), "a closed dealer shows nothing"
    assert (still | goes_there).sum() > still.sum()


def test_before_it_begins(tmp_path):
    model = hamlet(tmp_path, (OX % "equal").replace("online_price_x", "start: 2013-02-10, online_price_x"))
    assert len(buyers_of_a_month(model, 40)) == 0
    bought = -sum(int(s.months[-1].lines[LINE["cost of goods"]]) for s in model.stores)
    assert model.ledger.cash(ox(model).account) == 100000 + bought // 5, (
        "it lives by its dealers, without upkeep"
    )
    assert len(buyers_of_a_month(model, 1)) > 0
    online = [e for e in model.events if e["decision"] == "go online"]
    assert [str(e["date"]) for e in online] == ["2013-02-10"]


MARKET = """
platforms:
  bazaar:
    {kind: marketplace, commission: 0.1, advertising_share: 0.2, sellers_growth: 0, members_start: 1, trust: 0.25,
     fixed_yuan_month: 0, subsidy: {per_order_yuan: 5}}
stores: {named: {left: {modes: [marketplace]}}}
modes: {marketplace: {market_share: 1}}
"""


def test_on_a_marketplace(tmp_path):
    """It pays the marketplace's commission and advertising on its own price, and its parcels are the
    marketplace's."""
    model = run_days(
        hamlet(tmp_path, (OX % "none").replace("dealers", "platform: bazaar, dealers") + MARKET), 1
    )
    (r,) = online_rows(model)
    assert (r.price, r.commission, r.subsidy) == (90, 9, 5)
    assert r.advertising == pytest.approx(18)
    parcel = next(x for x in model.table.rows if x.channel == "parcel")
    assert (r.delivery, r.fee, r.wait) == (parcel.delivery, parcel.fee, parcel.wait) and r.fee > 0
    assert r.needs == int(ONLINE | member_bit(0)) and r.platform == 0
    assert r.appeal == pytest.approx(3 + 0.25)
    parcels = [k for k, x in enumerate(model.table.rows) if x.channel == "parcel"]
    assert list(model.board.local_sellers) == parcels, "who orders from the brand gets it from the brand"


def test_margin_on_a_marketplace(tmp_path):
    text = (OX % "equal").replace("dealers", "platform: bazaar, dealers").replace("appeal: 3", "appeal: 9")
    model = hamlet(tmp_path, text + MARKET.replace("{per_order_yuan: 5}", "{per_order_yuan: 0}"))
    orders = len(buyers_of_a_month(model))
    assert orders > 0
    pool = math.floor(orders * (9000 - 4000 - 900 - 1800) * 0.4)
    assert sum(transfers(model).values()) == pool


def test_a_brand_without_dealers_stays_off(tmp_path):
    text = (OX % "equal").replace("dealers: shop", "dealers: kiosk")
    text += "stores: {formats: {kiosk: {demand_share: {coats: 0.5}, area_m2: 100000, sales_per_m2_year_yuan: 100000}}}\n"
    model = run_days(hamlet(tmp_path, text), 59)
    assert not online_rows(model)
    assert model.ledger.cash(ox(model).account) == 100000


@pytest.mark.parametrize(
    ("text", "key", "told"),
    [
        ("dealers: shopp", "franchise.Ox.dealers", "did you mean shop"),
        ("dealers: shop chain 3", "franchise.Ox.dealers", "did you mean shop chain 2"),
        ("dealers: shop, platform: bazar", "franchise.Ox.platform", "did you mean bazaar"),
        ("dealers: shop, platform: tuan", "franchise.Ox.platform", "is no marketplace"),
        ("dealers: shop, platform: niche", "franchise.Ox.platform", "carries nothing"),
        ("dealers: bakery", "franchise.Ox.dealers", "no parcel can carry"),
    ],
)
def test_what_is_refused(tmp_path, text, key, told):
    world = """
categories: {books: {every_days: 50, ticket_yuan: 20, gross_margin: 0.3}}
platforms:
  bazaar: {kind: marketplace}
  niche: {kind: marketplace, categories: [books]}
  tuan: {kind: local_services}
stores:
  formats:
    shop: {chains: 2, chain_share: 0.5}
    bakery: {demand_share: {bread: 0.1}, area_m2: 100000, sales_per_m2_year_yuan: 100000}
"""
    with pytest.raises(ScenarioError) as caught:
        hamlet(tmp_path, f"franchise: {{Ox: {{{text}}}}}\n{world}")
    assert key in str(caught.value) and told in str(caught.value)


BAZAAR = "platforms: {bazaar: {kind: marketplace, members_start: 1}}\n"


def test_the_online_shop_keeps_season_and_festival(tmp_path):
    brand = (OX % "none").replace("dealers: shop,", "dealers: shop, platform: bazaar,")
    days = """
calendar:
  weekend: []
  seasons: {s: {first: 01-01, last: 01-31, ticket_x: 2}}
  festivals: {f: {every_year: 01-01, discount: 0.5}}
"""
    model = hamlet(tmp_path, BAZAAR + brand + days)
    model.step()
    (row,) = online_rows(model)
    assert (row.price, row.usual, row.discount, row.goods) == (180, 200, 90, 80)


def test_the_online_shop_ends_with_its_marketplace(tmp_path):
    brand = (OX % "none").replace("dealers: shop,", "dealers: shop, platform: bazaar,")
    model = run_days(hamlet(tmp_path, BAZAAR + brand), 31)
    assert online_rows(model)
    model.platforms[0].has_left, before = True, model.ledger.cash(ox(model).account)
    run_days(model, 28)
    assert not online_rows(model)
    bought = -sum(int(s.months[-1].lines[LINE["cost of goods"]]) for s in model.stores)
    assert model.ledger.cash(ox(model).account) - before == round(bought / 5), "no upkeep"
    assert model.results()["city_monthly"].iloc[-1]["brand_online_sales_yuan/Ox"] == 0
