"""Couriers of a platform bring what stores delivered themselves."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim.market.consumers import member_bit

from .hamlet import hamlet, line, run_days, system


def delivered(rule: str = "") -> str:
    return f"""
categories: {{coats: {{delivery_reach_min: 12}}}}
modes: {{social: {{delivery_cost_yuan: 8, delivery_reach_min: 8, fixed_yuan_month: 0, appeal: 1}}}}
stores: {{named: {{left: {{modes: [social]}}}}}}
platforms:
  tuan: {{kind: local_services, fixed_yuan_month: 0, members_start: 0, membership: {{innovation: 0, imitation: 0}},
    last_kilometre: {{fee_yuan: 1, cost_yuan: 5, charge_yuan: 6 {rule}}}}}
"""


def brought(model):
    """Which needs of the day the platform's couriers met."""
    return (model.table.platform == 0)[model.purchases.picks] & model.purchases.served


def test_couriers_are_paid_and_the_order_is_the_platforms(tmp_path):
    """Each delivery: the customer pays 1, the store 6, the courier gets 5: 2 yuan stay with the platform."""
    model = hamlet(tmp_path, delivered())
    tuan, left = model.platforms[0], model.store("left")
    before = tuan.cash_yuan
    run_days(model, 1)
    bread, coats = np.flatnonzero(model.table.platform == 0)
    assert {model.table.rows[row].channel for row in (bread, coats)} == {"social delivery"}
    assert model.table.columns["reach"][[bread, coats]].tolist() == [20, 12], "coats are not sent further"
    n = int(brought(model).sum())
    assert n > 0 and tuan.cash_yuan == pytest.approx(before + 2 * n)
    assert line(model, "commission", left.account) == -6 * n and line(model, "delivery", left.account) == 0
    assert line(model, "delivery", tuan.account) == -5 * n
    buyers = np.unique(model.purchases.consumer[brought(model)])
    assert np.flatnonzero(model.consumers.access & member_bit(0)).tolist() == buyers.tolist()
    assert model.consumers.familiarity[buyers, 1].min() == pytest.approx(model.spec.consumers.habit_rate)
    assert model.ledger.is_balanced()


def test_loyalty_is_that_of_a_purchase_from_nobody(tmp_path):
    """It fades by a fifth, the favourite stays; other purchases count as ever, and make followers as ever."""
    model = run_days(hamlet(tmp_path, delivered() + "consumers: {follow_rate: 0.5}\n"), 20)
    people = model.consumers.columns
    left = model.store("left").number
    for _ in range(10):
        favourite, loyalty = people.favourite.copy(), people.loyalty.copy()
        follows = people.record["follows"].copy()
        model.step()
        consumer, category, taken = model.purchases.consumer, model.purchases.category, brought(model)
        store = model.table.store[model.purchases.picks]
        for k in np.flatnonzero(store >= 0):
            i, c = consumer[k], category[k]
            was, bond = favourite[i, c], loyalty[i, c]
            if taken[k]:
                assert people.favourite[i, c] == was
                assert people.loyalty[i, c] == pytest.approx(0.8 * bond, abs=1e-6)
            elif was == store[k]:
                assert people.loyalty[i, c] == pytest.approx(bond + 0.15 * (1 - bond), abs=1e-6)
        others = np.unique(consumer[~taken & (store == left)])
        newly = np.flatnonzero((people.record["follows"] == left) & (follows != left))
        assert np.isin(newly, others).all()


def test_with_full_credit_nothing_is_lost(tmp_path):
    """Then orders count for the store as if it had come itself, and so do the followers."""
    model = run_days(hamlet(tmp_path, delivered(", credit: 1")), 3)
    people = model.consumers.columns
    favourite, loyalty = people.favourite.copy(), people.loyalty.copy()
    model.step()
    consumer, category, taken = model.purchases.consumer, model.purchases.category, brought(model)
    mine = [
        k for k in np.flatnonzero(taken) if favourite[consumer[k], category[k]] == model.store("left").number
    ]
    assert mine
    for k in mine:
        bond = loyalty[consumer[k], category[k]]
        assert people.loyalty[consumer[k], category[k]] == pytest.approx(bond + 0.15 * (1 - bond), abs=1e-6)


@pytest.mark.parametrize("rule", [", start: 2013-01-03", ", share: 0", ", formats: [stall]"])
def test_who_is_not_concerned_delivers_itself(tmp_path, rule):
    stall = "\n  formats: {stall: {demand_share: {bread: 0.1}, area_m2: 100000, sales_per_m2_year_yuan: 100000}}\n"
    text = delivered(rule).replace(
        "stores: {named: {left: {modes: [social]}}}", "stores:\n  named: {left: {modes: [social]}}" + stall
    )
    model = run_days(hamlet(tmp_path, text), 2)
    assert not (model.table.platform == 0).any()
    assert line(model, "delivery", model.store("left").account) < 0
    model.step()
    assert (model.table.platform == 0).any() == ("start" in rule)


def test_a_platform_without_money_brings_nothing(tmp_path):
    model = hamlet(tmp_path, delivered())
    model.platforms[0].is_broke = True
    run_days(model, 1)
    assert not (model.table.platform == 0).any()


def test_who_follows_a_shop_for_a_visit_still_follows_it_after_a_delivery(tmp_path):
    """Bread is brought, coats are bought in the shop: who does both on one day follows it for the coat."""
    often = "{coats: {every_days: 2, delivery_reach_min: 0}}"
    text = delivered().replace("{coats: {delivery_reach_min: 12}}", often)
    model = hamlet(tmp_path, text.replace("appeal: 1", "appeal: 0") + "consumers: {follow_rate: 1}\n")
    both = 0
    for _ in range(20):
        model.step()
        consumer, taken = model.purchases.consumer, brought(model)
        visited = consumer[~taken & (model.table.store[model.purchases.picks] == model.store("left").number)]
        assert (model.consumers.follows[visited] == model.store("left").number).all()
        both += len(np.intersect1d(visited, consumer[taken]))
    assert both > 0


def test_a_coupon_of_the_closed_loop_stays_with_the_shop_that_gave_it(tmp_path):
    """Couriers bring further, but who follows one shop sees no coupon of another."""
    model = hamlet(
        tmp_path,
        """
platforms: {tuan: {kind: local_services, members_start: 1, coupon_discount: 0.05, last_kilometre: {reach_min: 20}}}
modes: {partnership: {fixed_yuan_month: 0}, social: {delivery_reach_min: 8, fixed_yuan_month: 0, per_order_yuan: 0}}
stores: {named: {left: {modes: [partnership, social]}, right: {modes: [partnership, social]}}}
closed_loop: {follow: 1, discount: 0.1, remember_days: 5}
""",
    )
    bit, used = system(model, "ClosedLoop").bit, 0
    for _ in range(20):
        before = model.consumers.follows.copy()
        model.step()
        coupon = (model.table.columns["needs"][model.purchases.picks] & bit) != 0
        who, store = model.purchases.consumer[coupon], model.table.store[model.purchases.picks[coupon]]
        assert (before[who] == store).all()
        used += len(who)
    assert used > 20
