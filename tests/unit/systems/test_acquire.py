"""A platform buys chains of stores and circles, and has the say in them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from o2o_sim.agents.store import CLOSED
from o2o_sim.errors import ScenarioError
from o2o_sim.market.ledger import INVESTORS, OVERHEADS
from o2o_sim.policies.decisions import Decision

from .ant_and_bee import CHAIN, events, platforms
from .hamlet import hamlet, run_days

CHAIN_ALONE = (
    "stores: {formats: {shop: {chain_share: 1, chains: 1}}}\nmodes: {partnership: {available: false}}\n"
)
"""The same chain without coupons, so that nothing but its profit goes to a platform."""


def test_a_month_of_profit_goes_to_the_owner_in_its_share(tmp_path):
    """Cash of 2 x 100,000 and the profit of January is paid out; ant has 40 % of it, less what it paid."""
    deal = ", acquire: {shop chain 1: {price_yuan: 50000, share: 0.4}}"
    text = "stores: {dividend_months: 0, formats: {shop: {chain_share: 1, chains: 1}}}\nmodes: {partnership: {available: false}}\n"
    model = run_days(hamlet(tmp_path, text + platforms(deal)), 31)
    profit = sum(s.months[0].profit for s in model.stores) / 100
    # Nobody gave coupons, so that nothing else ever moved its cash.
    assert model.platforms[0].cash_yuan == pytest.approx(1e6 - 20_000 + 0.4 * (200_000 + profit), abs=0.02)
    assert model.ledger.is_balanced()
    row = model.results()["city_monthly"].iloc[0]
    assert (row["stores_owned/ant"], row["stakes_paid_yuan/ant"]) == (2, 20_000)
    assert row["stakes_received_yuan/ant"] == pytest.approx(0.4 * (200_000 + profit), abs=0.02)


def test_the_price_is_years_of_profit_once_there_are_books(tmp_path):
    deal = ", acquire: {shop chain 1: {profit_years: 1, date: 2013-01-05}}"
    model = run_days(hamlet(tmp_path, CHAIN + platforms(deal)), 31)
    assert not events(model, "buy"), "there are no books in January"
    yearly = 12 * sum(s.months[0].profit for s in model.stores) / 100
    cash = sum(s.cash_yuan for s in model.stores)
    model.step()
    (bought,) = events(model, "buy shop chain 1")
    assert bought["date"] == date(2013, 2, 1) and yearly > cash
    assert bought["figures"]["price (yuan)"] == pytest.approx(yearly, abs=0.01)


def test_the_price_is_no_less_than_the_cash_that_comes_with_it(tmp_path):
    deal = ", acquire: {shop chain 1: {profit_years: 0, date: 2013-01-05, share: 0.5}}"
    model = run_days(hamlet(tmp_path, CHAIN + platforms(deal)), 31)
    cash = sum(s.cash_yuan for s in model.stores)
    model.step()
    assert events(model, "buy")[0]["figures"]["price (yuan)"] == pytest.approx(0.5 * cash, abs=0.01)


def test_without_the_cash_it_waits(tmp_path):
    text = CHAIN_ALONE + platforms(", acquire: {shop chain 1: {price_yuan: 1001}}")
    model = hamlet(tmp_path, text.replace("cash_yuan: 1000000", "cash_yuan: 1000"))
    model.step()
    assert not events(model, "buy") and model.stores[0].owner is None
    ant = model.platforms[0]
    model.ledger.book("owners", INVESTORS, ant.account, np.int64(1_00))  # investors put in the last yuan
    model.step()
    assert events(model, "buy") and ant.cash_yuan == 0


def test_a_bought_chain_changes_over_and_rivals_are_locked_out(tmp_path):
    deal = ", acquire: {shop chain 1: {price_yuan: 1, date: 2013-01-03}}"
    model = run_days(hamlet(tmp_path, CHAIN + platforms("", deal)), 2)
    ant, bee = model.platforms
    shop = model.stores[0]
    assert shop.modes["partnership"].platform is ant
    assert (model.purchases.bought[:, model.table.platform == ant.number] > 0).any()
    run_days(model, 1)
    assert shop.owner is bee and shop.modes["partnership"].platform is bee
    assert not (model.table.platform == ant.number).any()
    (system,) = model.systems
    assert not system.allows(shop, "partnership", ant)
    assert system.allows(shop, "partnership", bee) and system.allows(shop, "app", None)
    # Its owner does not let it give the mode up.
    shop.quit("partnership")
    system.decided(shop, Decision("quit", "did not pay", mode="partnership"))
    assert shop.modes["partnership"].platform is bee


def test_a_deal_that_is_not_exclusive_locks_nobody_out(tmp_path):
    deal = ", acquire: {shop chain 1: {price_yuan: 1, exclusive: false}}"
    model = run_days(hamlet(tmp_path, CHAIN + platforms("", deal)), 1)
    ant, _ = model.platforms
    assert model.stores[0].owner is not None and model.stores[0].modes["partnership"].platform is ant
    assert model.systems[0].allows(model.stores[0], "partnership", ant)


def test_what_a_store_quits_with_a_rival_is_not_taken_up_with_its_owner(tmp_path):
    deal = ", acquire: {shop chain 1: {price_yuan: 1, exclusive: false}}"
    model = run_days(hamlet(tmp_path, CHAIN + platforms("", deal)), 30)
    shop, (system,) = model.stores[0], model.systems
    assert shop.owner is model.platforms[1] and shop.modes["partnership"].platform is model.platforms[0]
    system.bills()
    shop.quit("partnership")
    system.decided(shop, Decision("quit", "did not pay", mode="partnership"))
    assert "partnership" not in shop.modes


def test_a_bought_store_loses_the_displays_of_others_at_once(tmp_path):
    """cow sells itself, so that its stores take up nothing; who owns them changes what is on offer all the
    same."""
    text = """
categories: {coats: {shippable: true}}
platforms:
  ant: {kind: self_operated, members_start: 1, fixed_yuan_month: 0, cash_yuan: 1000000, till: {formats: [shop]}}
  cow: {kind: self_operated, members_start: 0, fixed_yuan_month: 0, cash_yuan: 1000000,
        acquire: {shop chain 1: {price_yuan: 1, date: 2013-01-05}}}
"""
    model = run_days(hamlet(tmp_path, CHAIN_ALONE + text), 4)
    assert any(row.channel == "till display" for row in model.table.rows)
    model.step()
    assert model.stores[0].owner is model.platforms[1]
    assert not any(row.channel == "till display" for row in model.table.rows)


def test_the_owner_bears_what_a_closed_store_leaves(tmp_path):
    deal = ", acquire: {shop chain 1: {price_yuan: 0, share: 0.5}}"
    text = CHAIN_ALONE.replace("{formats", "{dividend_months: 1200, formats")
    model = run_days(hamlet(tmp_path, text + platforms(deal)), 30)
    ant, left = model.platforms[0], model.stores[0]
    model.ledger.book("overheads", left.account, OVERHEADS, np.int64(model.ledger.cash(left.account) + 40_00))
    before = ant.cash_yuan
    left.become(CLOSED, "for the test")  # 40 yuan are owed
    model.step()
    assert ant.cash_yuan == before - 20
    assert left.number not in model.systems[0].share


def test_when_the_owner_leaves_the_market_all_are_free_again(tmp_path):
    deals = ", acquire: {shop chain 1: {price_yuan: 1}, mall: {price_yuan: 1}}"
    mall = "circles: {mall: {x_km: 0.5, y_km: 0.5, units: 3, rent_yuan_m2_month: 4}}\n"
    model = run_days(hamlet(tmp_path, mall + CHAIN_ALONE + platforms(deals)), 30)
    ant, bee = model.platforms
    (system,) = model.systems
    assert not system.allows(model.stores[0], "partnership", bee)
    ant.has_left = ant.is_broke = True
    cash = ant.cash_yuan
    model.step()
    assert ant.cash_yuan == cash and not system.share and not system.circles
    assert model.stores[0].owner is None and system.allows(model.stores[0], "partnership", bee)


MALL = """
circles: {mall: {x_km: 0.5, y_km: 0.5, units: 3, rent_yuan_m2_month: 4}}
stores:
  formats: {shop: {modes: [partnership]}}
  named: {inside: {format: shop, circle: mall, area_m2: 50, cash_yuan: 100000}}
"""


def test_a_circle_brings_rent_and_binds_its_tenants(tmp_path):
    """50 m2 at 4 yuan are 200 yuan a month; ten years of that are 24,000."""
    deal = ", acquire: {mall: {date: 2013-01-02}}"
    model = run_days(hamlet(tmp_path, MALL + platforms("", deal)), 1)
    ant, bee = model.platforms
    inside, left = model.store("inside"), model.store("left")
    assert inside.modes["partnership"].platform is ant
    model.step()
    assert bee.cash_yuan == 1_000_000 - 24_000
    assert "partnership" not in inside.modes and left.modes["partnership"].platform is ant
    system = model.systems[0]
    assert not system.allows(inside, "partnership", ant) and system.allows(inside, "partnership", bee)
    assert system.allows(left, "partnership", ant)
    assert system.figures()["stores_bound/bee"] == 1
    run_days(model, 29)
    assert bee.cash_yuan == 1_000_000 - 24_000 + 200
    assert model.ledger.cash(model.circles["mall"].account) == 0


def test_a_circle_without_tenants_has_no_price_to_calculate(tmp_path):
    """The mall opens in February, with a shop of 50 m2 on its third day: not before is there a rent to pay
    years of."""
    mall = "circles: {mall: {x_km: 0.5, y_km: 0.5, units: 3, rent_yuan_m2_month: 4, occupied_start: 0, opens: 2013-02-01}}\n"
    model = run_days(hamlet(tmp_path, mall + platforms(", acquire: {mall: {}}")), 34)
    assert not events(model, "buy") and model.platforms[0].cash_yuan == 1_000_000
    circle = model.circles["mall"]
    model.open_store("inside", "shop", circle, circle.cell, area_m2=50)
    model.step()
    assert model.platforms[0].cash_yuan == 1_000_000 - 24_000


def test_what_stakes_bring_counts_before_investors_give_a_platform_up(tmp_path):
    """bee has 80 yuan when it has paid for the mall, costs 200 a month, and gets 200 of rent on the same
    evening."""
    deal = ", acquire: {mall: {price_yuan: 20}}, funding: {}"
    model = hamlet(tmp_path, MALL + platforms("", deal))
    bee = model.platforms[1]
    model.ledger.book("owners", bee.account, INVESTORS, np.int64(1_000_000_00 - 100_00))
    run_days(model, 30)
    model.ledger.book("overheads", bee.account, OVERHEADS, np.int64(200_00))
    model.step()
    assert bee.cash_yuan == 80 and not bee.has_left and not bee.is_broke


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("acquire: {shop chain 2: {}}", "did you mean shop chain 1"),
        ("acquire: {streets: {}}", "the streets belong to many"),
        ("own_shops: {formats: [shoop]}", "did you mean shop"),
        ("own_shops: {format: shoop}", "did you mean shop"),
        ("till: {formats: [shop]}", "has no goods to order"),
        ("last_kilometre: {formats: [shoop]}", "did you mean shop"),
    ],
)
def test_names_that_are_not_there(tmp_path, said, message):
    with pytest.raises(ScenarioError, match=message):
        hamlet(tmp_path, CHAIN + platforms(", " + said))


def test_one_thing_is_sold_once(tmp_path):
    with pytest.raises(ScenarioError, match="is bought by ant and bee"):
        hamlet(tmp_path, CHAIN + platforms(", acquire: {shop chain 1: {}}", ", acquire: {shop chain 1: {}}"))
