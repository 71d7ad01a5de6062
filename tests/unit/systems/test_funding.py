"""Rounds of investors, and the end of a platform without money."""

from __future__ import annotations

import pytest

from o2o_sim.market.ledger import INVESTORS

from .hamlet import run_days
from .tuan import events, figures, members, town


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


def test_growth_is_calculated_from_days_that_were_simulated(tmp_path):
    """10 orders a day in the eleven days of January, and in February: that is no growth."""
    rule = "funding: {every_months: 2, round_yuan: 50, growth: 0.3}"
    m = town(tmp_path, rule, "start: 2013-01-21\n", cash=0)
    for days in (11, 28):
        run_days(m, days - 1)
        m.recorder.order_count = lambda platform, n=10 * days: n
        m.step()
    assert m.systems[0].finances[0].rounds == 0
    assert events(m, "no round")[0]["figures"]["orders a day then"] == 10


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
