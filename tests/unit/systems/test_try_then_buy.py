"""Experience stores: commissions to the fen, and when a shop gives up half its floor."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.extend import OldChannel
from o2o_sim.market.ledger import LINE, OUTSIDE_SELLERS
from o2o_sim.market.offers import AT_PLACE, Offer
from o2o_sim.streams import name_bits

from .hamlet import hamlet, run_days

# Coats must be touched, and are cheaper by parcel: people look in a shop and order there.
TRY = """
consumers: {{touch_weight: 6}}
categories: {{coats: {{touch: 0.5, online_price_x: 0.8, online_appeal: 0}}}}
platforms:
  swift: {{kind: self_operated, members_start: 1, categories: [coats], parcel: {{days: 0, fee_share: 0}}}}
stores:
  try_then_buy: {{commission: 0.05{more}}}
  wage_yuan_month: {wage}
"""


def trying(tmp_path, more="", wage=100.0):
    return hamlet(tmp_path, TRY.format(more=", " + more if more else "", wage=wage))


def test_the_shop_has_a_twentieth_of_what_is_ordered_on_its_floor(tmp_path):
    """A parcel costs 80 yuan, so that each order on the floor brings 4 yuan, and nothing else does."""
    model = trying(tmp_path)
    orders = np.zeros(2, int)
    parcels = 0
    for _ in range(31):
        model.step()
        orders += np.bincount(
            model.table.store[model.purchases.visited[model.purchases.visited > 0]], minlength=2
        )
        parcels += int((model.table.platform[model.purchases.picks] == 0).sum())
    assert (orders > 5).all() and orders.sum() < parcels, "some order from home"
    frame = model.results()["stores_monthly"].set_index("name")["transfers_yuan"]
    assert list(frame[["left", "right"]]) == pytest.approx(list(4.0 * orders))
    flows = model.results()["ledger"]
    paid = flows[flows["line"] == "transfers"]
    assert list(zip(paid["from"], paid["to"], paid["fen"])) == [("platform", "store", 400 * orders.sum())]
    city = model.results()["city_monthly"].iloc[0]
    assert city["floor_orders/shop"] == orders.sum()
    assert city["floor_commission_yuan/shop"] == 4.0 * orders.sum()


def test_more_people_behind_a_consumer_bring_more_fen(tmp_path):
    """Three people stand behind each consumer: 12 yuan a simulated order."""
    file = TRY.format(more="", wage=100.0) + "residents: 600\n"
    model = hamlet(tmp_path, file)
    orders = 0
    for _ in range(31):
        model.step()
        orders += int((model.purchases.visited > 0).sum())
    paid = model.results()["ledger"].query("line == 'transfers'")["yuan"].sum()
    assert paid == pytest.approx(12.0 * orders)
    assert model.results()["city_monthly"].iloc[0]["floor_orders/shop"] == 3 * orders


def test_a_losing_shop_turns_experience_store_in_its_second_month_of_loss(tmp_path):
    """Wages of 100,000 a month are more than 200 people spend."""
    model = run_days(trying(tmp_path, "after_months_of_loss: 2, turn_at: 0.001", wage=50_000), 31)
    assert [s.state for s in model.stores] == ["open", "open"]
    run_days(model, 28)
    assert [s.state for s in model.stores] == ["showroom", "showroom"]
    told = [e for e in model.events if e["decision"] == "showroom"]
    assert len(told) == 2 and told[0]["figures"]["months of loss"] == 2
    assert model.store("left").floor_m2 == 50


def test_a_shop_that_sells_enough_itself_stays_what_it_is(tmp_path):
    model = run_days(trying(tmp_path, "after_months_of_loss: 2, turn_at: 0.9", wage=50_000), 59)
    assert not any(s.state == "showroom" for s in model.stores)
    model = run_days(trying(tmp_path, "after_months_of_loss: 2, turn_at: 0.001"), 59)
    assert not any(s.state == "showroom" for s in model.stores), "nor one that earns"


def test_a_broke_platform_pays_nothing(tmp_path):
    model = trying(tmp_path)
    model.platforms[0].is_broke = True
    run_days(model, 20)
    assert not model.ledger.books[LINE["transfers"]].any()


@pytest.mark.parametrize("said", ["formats: [shopp]", "platforms: [swifd]"])
def test_unknown_names_are_refused(tmp_path, said):
    with pytest.raises(ScenarioError, match="did you mean"):
        trying(tmp_path, said)


def test_a_shop_has_no_commission_on_what_it_sells_itself(tmp_path):
    """The left shop sells on the marketplace, too. For parcels of its own ordered on its floor it has
    the price and nothing more; the other shop has its twentieth of them; nobody any for orders from home."""
    market = TRY.format(more="", wage=100.0).replace("self_operated", "marketplace")
    model = hamlet(
        tmp_path,
        market + "  named: {left: {modes: [marketplace]}}\nmodes: {marketplace: {market_share: 0.5}}\n",
    )
    due, of_its_own, from_home = np.zeros(2), 0, 0
    for _ in range(31):
        model.step()
        for o, v in zip(model.purchases.picks, model.purchases.visited):
            row, seen = model.table.rows[o], model.table.rows[v]
            if v and row.store != seen.store:
                due[seen.store] += 4.0
            of_its_own += bool(v) and row.store == seen.store
            from_home += not v and row.channel == "marketplace shop"
    assert due.all() and of_its_own and from_home
    frame = model.results()["stores_monthly"].set_index("name")["transfers_yuan"]
    assert list(frame[["left", "right"]]) == pytest.approx(list(due))


class Stall:
    """Somebody who is no store shows coats in the middle of the hamlet."""

    def publish(self, model):
        cell, coats = model.store("left").cell, model.category_number["coats"]
        key = name_bits("stall")
        yield Offer(key, "stall", "stall", coats, 100, 100, OUTSIDE_SELLERS, seen=AT_PLACE, cell=cell)


def test_who_has_looked_at_a_stall_that_is_no_store_brings_no_store_a_commission(tmp_path):
    """Nor where the parcel is sold by a store: by the left one, on the marketplace."""
    market = TRY.format(more="", wage=100.0).replace("self_operated", "marketplace")
    market += "  named: {left: {modes: [marketplace]}}\nmodes: {marketplace: {market_share: 0.5}}\n"
    model = hamlet(tmp_path, market)
    model.systems.append(OldChannel(model, Stall()))
    due, at_stall = np.zeros(2), 0
    for _ in range(31):
        model.step()
        for o, v in zip(model.purchases.picks, model.purchases.visited):
            row, seen = model.table.rows[o], model.table.rows[v]
            at_stall += bool(v) and seen.maker == "stall" and row.store >= 0
            if v and seen.store >= 0 and row.store != seen.store:
                due[seen.store] += 4.0
    assert at_stall > 0
    frame = model.results()["stores_monthly"].set_index("name")["transfers_yuan"]
    assert list(frame[["left", "right"]]) == pytest.approx(list(due))
