"""Subsidies draw members and buy a share; the drawn lapse when subsidies end."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from o2o_sim import ScenarioError
from o2o_sim.market.consumers import member_bit
from o2o_sim.policies.subsidy import BuyShare
from o2o_sim.scenario.blocks.subsidy import Subsidy

from .hamlet import run_days
from .tuan import events, figures, members, town

RECRUIT = "recruit: {hazard_per_yuan: 0.02, lapse_month: 1, quiet_days: 20, loyal_familiarity: 1}"


def test_a_subsidy_draws_as_many_members_as_it_pays_for(tmp_path):
    """Nobody joins by herself. 3 yuan on every order, a month long: 0.02 * 3 = 0.06 of those of literacy
    1."""
    m = run_days(town(tmp_path, "subsidy: {per_order_yuan: 3}, " + RECRUIT), 31)
    system = m.systems[0]
    chance = 0.06 * m.consumers.literacy.astype(float)
    expected, sd = chance.sum(), math.sqrt((chance * (1 - chance)).sum())
    drawn = int(members(m).sum())
    assert abs(drawn - expected) < 3 * sd and drawn > 0
    assert np.array_equal(members(m), m.audiences.of("drawn to tuan"))
    assert figures(m, "drawn_members/tuan") == figures(m, "members/tuan") == [drawn / 200]
    assert system.all[0].offered == pytest.approx(3)


def test_what_a_newcomer_would_get_counts_every_day_and_every_good(tmp_path):
    """Never more than a tenth of the price: 1 yuan on bread (0.5 a day), 3 on coats (0.1 a day): 0.8 / 0.6
    yuan on a mean order; from 11 January on, 21 of 31 days."""
    rule = "subsidy: {per_order_yuan: 3, largest_share: 0.1, start: 2013-01-11}, " + RECRUIT
    m = run_days(town(tmp_path, rule), 30)
    assert m.systems[0].all[0].offered == pytest.approx(0.8 / 0.6)
    m.step()
    logged = events(m, "drawn members")[0]["figures"]
    assert logged["subsidy of a usual order (yuan)"] == pytest.approx(0.8 / 0.6 * 21 / 31, abs=1e-4)


def test_who_would_have_joined_anyway_is_not_drawn(tmp_path):
    """With the subsidy join all who do without it, by the same draws, and only the others are marked."""
    without = run_days(town(tmp_path, RECRUIT, innovation=0.2), 31)
    with_it = run_days(town(tmp_path, "subsidy: {per_order_yuan: 10}, " + RECRUIT, innovation=0.2), 31)
    assert members(without).any() and not without.audiences.of("drawn to tuan").any()
    assert np.array_equal(members(with_it) & ~members(without), with_it.audiences.of("drawn to tuan"))
    assert members(with_it)[members(without)].all()


def test_the_drawn_lapse_when_it_ends_unless_they_order_or_are_used_to_it(tmp_path):
    """All join in January by 50 yuan. Coupons are then worth nothing, so that nobody orders: in February,
    with the chance of 1, all are gone but ten whom we gave the habit, and ten who ordered on the 20th."""
    rule = """subsidy: {per_order_yuan: 50, largest_share: 1, end: 2013-02-01},
      recruit: {hazard_per_yuan: 1, lapse_month: 1, quiet_days: 20, loyal_familiarity: 0.5}"""
    m = run_days(town(tmp_path, rule, appeal=-20), 31)
    assert members(m).all() and m.audiences.of("drawn to tuan").all()
    run_days(m, 27)
    m.consumers.columns.familiarity[:10, 1] = 0.6
    m.systems[0].all[0].ordered[10:20] = m.day - 10
    m.systems[0].all[0].ordered[20:30] = m.day - 20
    m.step()
    kept = np.arange(200) < 20
    assert np.array_equal(members(m), kept) and np.array_equal(m.audiences.of("drawn to tuan"), kept)
    assert figures(m, "drawn_kept/tuan") == [1.0, 0.1]
    assert figures(m, "members/tuan") == [1.0, 0.1]
    assert events(m, "drawn members")[-1]["figures"]["lapsed (consumers)"] == 180


def test_nobody_lapses_while_it_pays_and_the_others_never(tmp_path):
    rule = """subsidy: {per_order_yuan: 0.01},
      recruit: {hazard_per_yuan: 0, lapse_month: 1, quiet_days: 1, loyal_familiarity: 1}"""
    m = town(tmp_path, rule, members=1)
    m.audiences.join("drawn to tuan", members(m))
    before = members(m)
    run_days(m, 59)
    assert np.array_equal(members(m), before)
    own = run_days(town(tmp_path, RECRUIT, members=1), 59)
    assert np.array_equal(members(own), before), "without a subsidy, and nobody drawn"


def test_who_orders_is_an_active_customer(tmp_path):
    """Members buy every bread with a coupon: in a month all of them do."""
    m = run_days(town(tmp_path, RECRUIT, members=1), 31)
    assert figures(m, "own_active/tuan") == [1.0] and figures(m, "drawn_active/tuan") == [0.0]


def test_bought_members_are_paid_for_until_there_are_enough(tmp_path):
    """All join in January; in February the platform still pays, for it decided before; then never again."""
    rule = """subsidy: {policy: buy_share, per_order_yuan: 2, until_members: 0.9},
      recruit: {hazard_per_yuan: 10}"""
    m = run_days(town(tmp_path, rule), 31)
    assert m.platforms[0].members == 1 and m.platforms[0].subsidy_yuan == 2
    run_days(m, 28)
    assert m.platforms[0].subsidy_yuan == 0
    m.consumers.columns.record["access"] &= ~member_bit(0)
    m.count_users()
    run_days(m, 31)
    assert m.platforms[0].subsidy_yuan == 0, "what is lost later is not bought again"


def test_a_share_of_orders_is_bought_from_rivals_of_its_kind(tmp_path):
    rival = """
  rival: {kind: local_services, members_start: 0, membership: {innovation: 0, imitation: 0}}
"""
    rule = "subsidy: {policy: buy_share, per_order_yuan: 1, until_orders_share: 0.6}"
    m = town(tmp_path, rule, members=1, text=rival)
    for s in m.stores:
        s.modes["partnership"].platform = m.platforms[0]
    run_days(m, 30)
    assert m.platforms[0].subsidy_yuan == 1 and m.platforms[0].orders > 0 == m.platforms[1].orders
    m.step()
    assert m.platforms[0].subsidy_yuan == 0


@pytest.mark.parametrize(
    ("orders", "rivals", "paid"),
    [
        (60, [(30, False), (10, False)], 0),
        (59, [(31, False), (10, False)], 4),
        (60, [(10, True)], 0),
        (50, [(50, False), (900, True)], 4),
        (0, [(0, False)], 4),
    ],
    ids=["reached", "not yet", "no rival of its kind", "the other kind does not count", "no orders at all"],
)
def test_the_share_is_of_all_orders_of_its_kind(orders, rivals, paid):
    def of(n, ships):
        rule = Subsidy(policy="buy_share", per_order_yuan=4, until_orders_share=0.6)
        spec = SimpleNamespace(subsidy=rule)
        return SimpleNamespace(spec=spec, orders=n, ships=ships, subsidy_yuan=4, members=0.5)

    assert BuyShare().decide(of(orders, False), [of(n, ships) for n, ships in rivals]) == paid


def test_the_money_for_a_share_ends_on_the_day(tmp_path):
    """1 yuan an order, 30 yuan in all: the day on which they are reached is the last."""
    rule = "subsidy: {policy: buy_share, per_order_yuan: 1, until_spent_yuan: 30}"
    m = town(tmp_path, rule, members=1)
    paid = []
    for _ in range(40):
        m.step()
        paid.append(int(m.recorder._days[-1]["subsidy_yuan"]))
    last = next(k for k in range(40) if sum(paid[: k + 1]) >= 30)
    assert sum(paid[:last]) < 30 and not any(paid[last + 1 :]), paid
    assert m.platforms[0].paid_fen == 100 * sum(paid)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("subsidy: {policy: buy_share, per_order_yuan: 1}", "nothing at which it would stop"),
        ("subsidy: {until_members: 0.5}", "is not read by the policy 'fixed'"),
        ("subsidy: {policy: buy_share, until_orders_share: 0.5}", "nobody to win a share from"),
        ("subsidy: {policy: buy_shar}", "did you mean buy_share"),
        ("harvest: {commission_step: 0.1}", "says no target"),
        (
            "harvest: {from_stores: 1, commission_ceiling: 0.05}",
            "is below the commission it begins with, 0.1",
        ),
        ("funding: {rounds: [{date: 2014-01-02, yuan: 1}, {date: 2014-01-01, yuan: 1}]}", "must be after"),
        ("funding: {every_months: 3}", "puts in nothing"),
        ("funding: {round_yuan: 3}", "is never put in"),
        ("recruit: {hazard: 1}", "hazard_per_yuan"),
    ],
)
def test_faults_are_told_with_their_place(tmp_path, more, message):
    with pytest.raises(ScenarioError) as fault:
        town(tmp_path, more)
    assert message in str(fault.value) and "case.yaml" in str(fault.value), str(fault.value)
