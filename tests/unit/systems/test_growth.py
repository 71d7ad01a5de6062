"""Platforms that buy members, lose them again, raise commissions, run out of money: all reckoned on paper."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from o2o_sim import ScenarioError
from o2o_sim.market.consumers import member_bit
from o2o_sim.market.ledger import INVESTORS
from o2o_sim.policies.subsidy import BuyShare
from o2o_sim.scenario.business import Subsidy

from .hamlet import hamlet, run_days

# A coupon platform without members, that nobody would join by herself, with both shops on it. A bread coupon
# is so appealing that members use nothing else. Both goods are on offer; bread is needed 5 times as often.
TUAN = """
stores: {{formats: {{shop: {{modes: [partnership]}}}}}}
modes: {{partnership: {{setup_yuan: 0, fixed_yuan_month: 0, per_order_yuan: 0, skill: 0, appeal: {appeal}}}}}
platforms:
  tuan: {{kind: local_services, commission: {commission}, members_start: {members}, trust: 0, trust_growth: 0,
         membership: {{innovation: {innovation}, imitation: 0}}, fixed_yuan_month: {fixed}, cash_yuan: {cash}, {more}}}
"""


def town(tmp_path, more="", text="", seed=None, **said):
    """The hamlet with the platform; `more` are keys of it, `text` other platforms."""
    usual = {"members": 0, "innovation": 0, "cash": 1_000_000, "fixed": 0, "commission": 0.1, "appeal": 20}
    return hamlet(tmp_path, TUAN.format(more=more, **(usual | said)) + text, seed)


def figures(model, name):
    """A column of city_monthly."""
    return model.results()["city_monthly"][name].tolist()


def events(model, decision, who="tuan"):
    return [e for e in model.events if e["decision"] == decision and e["who"] == who]


def members(model, number=0):
    return (model.consumers.access & member_bit(number)) != 0


# -- recruiting ----------------------------------------------------------------------------------------------
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


# -- subsidies that stop -------------------------------------------------------------------------------------
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


def test_shops_of_the_first_day_are_shared_out_by_members(tmp_path):
    """Both platforms have all people as members: of 40 shops about half each (binomial, within 3 standard
    deviations)."""
    rival = """
  rival: {kind: local_services, members_start: 1}
"""
    first = [town(tmp_path, "", rival, members=1, seed=k).stores for k in range(20)]
    with_tuan = sum(s.modes["partnership"].platform.name == "tuan" for stores in first for s in stores)
    assert abs(with_tuan - 20) < 3 * math.sqrt(10)
    nobody = town(tmp_path, "", rival.replace("members_start: 1", "members_start: 0"), members=1)
    assert {s.modes["partnership"].platform.name for s in nobody.stores} == {"tuan"}


# -- harvest -------------------------------------------------------------------------------------------------
def test_harvest_begins_with_the_shops_and_stops_at_the_ceiling(tmp_path):
    """Both shops are there from the first day: 0.1 + 0.03 at the end of January, 0.16 in February, 0.17 and
    no more."""
    rule = "subsidy: {per_order_yuan: 1}, harvest: {from_stores: 2, commission_step: 0.03, commission_ceiling: 0.17}"
    m = run_days(town(tmp_path, rule, members=1), 31)
    assert m.platforms[0].subsidy_yuan == 0
    run_days(m, 59 + 30)
    assert figures(m, "commission/tuan") == pytest.approx([0.13, 0.16, 0.17, 0.17])
    assert figures(m, "shops_with/tuan") == [2, 2, 2, 2]
    assert [e["reason"] for e in events(m, "harvest")] == ["shops"] and len(events(m, "commission")) == 3
    daily = m.results()["daily"]["subsidy_yuan"]
    assert (daily[:31] > 0).all() and not daily[31:].any()


def test_a_higher_commission_is_what_shops_pay(tmp_path):
    """Of bread and coats at their prices, no discount: 0.1 of sales in January and 0.15 in February."""
    rule = "harvest: {from_date: 2013-01-31, commission_step: 0.05}"
    m = run_days(town(tmp_path, rule, members=1), 59)
    books = m.results()["stores_monthly"].groupby("month")[["sales_yuan", "commission_yuan"]].sum()
    coupons = m.results()["sales_monthly"]
    coupons = coupons[coupons["channel"] == "coupon"].groupby("month")["sales_yuan"].sum()
    assert (books["sales_yuan"] >= coupons).all()
    assert (-books["commission_yuan"] / coupons).tolist() == pytest.approx([0.1, 0.15])


def test_steps_come_every_so_many_months(tmp_path):
    rule = "harvest: {from_members: 0.5, commission_step: 0.01, every_months: 2}"
    m = run_days(town(tmp_path, rule, members=1), 31 + 28 + 31)
    assert figures(m, "commission/tuan") == pytest.approx([0.11, 0.11, 0.12])


# -- funding -------------------------------------------------------------------------------------------------
def test_a_promised_round_comes_on_its_day(tmp_path):
    m = town(
        tmp_path, "funding: {rounds: [{date: 2013-01-05, yuan: 300}, {date: 2013-01-06, yuan: 7}]}", cash=100
    )
    assert m.platforms[0].cash_yuan == 100
    run_days(m, 4)
    assert m.platforms[0].cash_yuan == 100
    run_days(m, 1)
    assert m.platforms[0].cash_yuan == 400
    run_days(m, 1)
    assert m.platforms[0].cash_yuan == 407
    assert [e["figures"]["round (yuan)"] for e in events(m, "round")] == [300, 7]


def test_a_platform_without_money_leaves_and_its_investors_settle(tmp_path):
    """1000 yuan, and 5,000,000 yuan a month per million people is 1000 for 200: solvent in January, not in
    February."""
    rule = "funding: {}, recruit: {hazard_per_yuan: 1}"
    m = town(tmp_path, rule, members=1, innovation=0.9, cash=1000, fixed=5_000_000, commission=0)
    run_days(m, 31)
    p = m.platforms[0]
    assert p.cash_yuan == 0 and not p.has_left and members(m).any()
    run_days(m, 28)
    assert p.has_left and p.cash_yuan == 0 and not members(m).any()
    assert all("partnership" not in s.modes for s in m.stores)
    assert events(m, "leave")[0]["figures"]["cash (yuan)"] == -1000
    assert len(events(m, "quit partnership", "left")) == len(events(m, "quit partnership", "right")) == 1
    assert m.ledger.cash(INVESTORS) == -2000 * 100, "1000 at first, 1000 of debt"
    run_days(m, 31)
    assert figures(m, "orders_share/tuan") == [1, 1, 0]
    assert figures(m, "in_market/tuan") == [1, 0, 0] and figures(m, "members/tuan")[1:] == [0, 0]
    assert figures(m, "cash_yuan/tuan")[1:] == [0, 0] and m.ledger.is_balanced()
    assert not (m.table.columns["platform"] == 1).any()
    assert not m.results()["daily"]["orders/tuan"][59:].any()


def test_nobody_is_kept_by_a_platform_that_has_left(tmp_path):
    """All 200 are drawn in January; at the end of February it leaves, and nobody can lapse any more."""
    rule = "subsidy: {per_order_yuan: 1}, funding: {}, recruit: {hazard_per_yuan: 10, lapse_month: 0.5, quiet_days: 1}"
    m = run_days(town(tmp_path, rule, cash=1500, fixed=5_000_000, commission=0), 31 + 28 + 31)
    assert m.platforms[0].has_left
    for name in ("drawn_members", "drawn_kept", "drawn_active"):
        january, *after = figures(m, f"{name}/tuan")
        assert after == [0, 0] and (january > 0) is (name != "drawn_active")
    assert len(events(m, "drawn members")) == 1


def test_bills_of_other_systems_leave_it_without_money_too(tmp_path):
    """Its own fixed cost is 0; what 200 people's cold store costs (1000 yuan) is more than it has."""
    more = """
  meal: {kind: self_operated, members_start: 1, trust: -20, trust_growth: 0, fixed_yuan_month: 0, cash_yuan: 10, categories: [coats],
         parcel: {hub_yuan_month: 0},
         subsidy: {per_order_yuan: 1}, fresh_hub: {categories: [coats], fixed_yuan_month: 5_000_000},
         funding: {rounds: [{date: 2014-01-01, yuan: 1}]}}
"""
    m = run_days(town(tmp_path, "", more), 31)
    p = m.platforms[1]
    assert p.cash_yuan < 0 and p.is_broke
    assert all(row.subsidy == 0 for row in run_days(m, 1).table.rows)


def test_growth_is_reckoned_from_days_that_were_simulated(tmp_path):
    """10 orders a day in the eleven days of January, and in February: that is no growth."""
    rule = "funding: {every_months: 2, round_yuan: 50, growth: 0.3}"
    m = town(tmp_path, rule, "start: 2013-01-21\n", cash=0)
    for days in (11, 28):
        run_days(m, days - 1)
        m.recorder.order_count = lambda platform, n=10 * days: n
        m.step()
    assert m.systems[0].finances[0].rounds == 0
    assert events(m, "no round")[0]["figures"]["orders a day then"] == 10


def test_fresh_food_gains_from_the_network_too(tmp_path):
    """Both shops are on it, so its reach is 1; what it sells from a hub or from their shelves is its offer as
    well."""
    text = """
categories: {{coats: {{shippable: true}}}}
stores: {{formats: {{shop: {{modes: [marketplace, warehouse]}}}}}}
platforms:
  bao: {{kind: marketplace, members_start: 0.9, {}from_stores: {{categories: [bread]}}, fresh_hub: {{categories: [coats]}}}}
"""
    without = run_days(hamlet(tmp_path, text.format("")), 1).table.columns
    with_it = run_days(hamlet(tmp_path, text.format("network: {appeal: 3}, ")), 1).table.columns
    gain = with_it["appeal"] - without["appeal"]
    assert gain == pytest.approx(np.where(with_it["platform"] == 1, 3, 0))


def test_money_that_is_promised_keeps_it_in_the_market(tmp_path):
    """1000 yuan a month and nothing in the till: it owes until the round comes, and leaves when that is
    gone."""
    rule = "subsidy: {per_order_yuan: 1}, funding: {rounds: [{date: 2013-02-10, yuan: 9000}]}"
    m = town(tmp_path, rule, members=1, cash=0, fixed=5_000_000, commission=0)
    run_days(m, 31)
    p = m.platforms[0]
    january = p.cash_yuan
    assert january < -1000 and not p.has_left and p.is_broke
    run_days(m, 9)
    assert p.cash_yuan == january, "who owes pays no subsidy"
    run_days(m, 1)
    today = m.recorder._days[-1]["subsidy_yuan"]
    assert today > 0 and not p.is_broke
    assert p.cash_yuan == pytest.approx(january + 9000 - today)
    run_days(m, 18 + 31 + 30)
    assert p.has_left, "and that was the last round"


def test_investors_pay_for_growth_and_lose_patience_without(tmp_path):
    """Orders of the first three months, made up: 10 a day, 13 a day (grown by 0.3), 13 (not grown), 0 (nor
    now)."""
    rule = """funding: {every_months: 1, round_yuan: 50, growth: 0.3, refusals: 2, most_rounds: 5}"""
    m = town(tmp_path, rule, members=0, cash=0)
    finance, p = m.systems[0].finances[0], m.platforms[0]
    cash = []
    for days, orders in ((31, 10), (28, 13), (31, 13), (30, 0), (31, 100)):
        run_days(m, days - 1)
        m.recorder.order_count = lambda platform, n=orders * days: n
        m.step()
        cash.append(p.cash_yuan)
    assert cash == [0, 50, 50, 50, 50]
    assert (finance.rounds, finance.refused) == (1, 2) and not finance.may_hope()
    assert [e["decision"] for e in m.events if e["who"] == "tuan"] == [
        "no round",
        "round",
        "no round",
        "no round",
    ]


# -- network -------------------------------------------------------------------------------------------------
def test_reach_is_the_logarithm_of_the_shops(tmp_path):
    m = town(tmp_path, "network: {appeal: 2, joining: 3}", members=0.5, innovation=0.1)
    system = m.systems[0]
    assert system.reach(m.platforms[0]) == 1
    m.stores[0].quit("partnership")
    assert system.reach(m.platforms[0]) == pytest.approx(math.log(2) / math.log(3))
    m.stores[1].quit("partnership")
    assert system.reach(m.platforms[0]) == 0
    m.stores[1].become("closed", "for the test")
    m.stores[0].become("closed", "for the test")
    assert system.reach(m.platforms[0]) == 0, "nobody could be"


def test_shops_make_offers_and_joining_better(tmp_path):
    """One of two shops: reach log 2 / log 3 = 0.6309; 2 utils and three times that of newcomers."""
    reach = math.log(2) / math.log(3)
    plain = town(tmp_path, "", members=0.5, innovation=0.1)
    net = town(tmp_path, "network: {appeal: 2, joining: 3}", members=0.5, innovation=0.1)
    for m in (plain, net):
        m.stores[0].quit("partnership")
        m.step()
    before, after = (m.table.columns["appeal"][m.table.platform == 0] for m in (plain, net))
    assert len(before) == 2 and after - before == pytest.approx(2 * reach)
    hazard = np.full((2, 3), 0.1)
    net.systems[0].hazards(hazard)
    assert hazard == pytest.approx(np.array([[0.1, 0.1, 0.1 * (1 + 3 * reach)]] * 2))
    run_days(net, 30)
    assert figures(net, "merchants/tuan") == [1] and figures(net, "reach/tuan") == pytest.approx([reach])
    assert figures(net, "orders_share/tuan") == [1] and figures(net, "orders_hhi/coupons") == [1]


# -- what a scenario may not say -----------------------------------------------------------------------------
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
        ("funding: {rounds: [{date: 2014-01-02, yuan: 1}, {date: 2014-01-01, yuan: 1}]}", "should be after"),
        ("funding: {every_months: 3}", "puts in nothing"),
        ("funding: {round_yuan: 3}", "is never put in"),
        ("recruit: {hazard: 1}", "hazard_per_yuan"),
    ],
)
def test_faults_are_told_with_their_place(tmp_path, more, message):
    with pytest.raises(ScenarioError) as fault:
        town(tmp_path, more)
    assert message in str(fault.value) and "case.yaml" in str(fault.value), str(fault.value)


@pytest.mark.parametrize("block", ["harvest: {from_stores: 1}", "network: {}"])
def test_who_sells_itself_has_no_shops(tmp_path, block):
    with pytest.raises(ScenarioError, match="there are no shops on this platform"):
        hamlet(tmp_path, f"platforms:\n  swift: {{kind: self_operated, {block}}}\n")
