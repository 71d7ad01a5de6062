"""A large platform stops its subsidies and raises its commission."""

from __future__ import annotations

import pytest

from o2o_sim import ScenarioError

from .hamlet import hamlet, run_days
from .tuan import events, figures, town


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


@pytest.mark.parametrize("block", ["harvest: {from_stores: 1}", "network: {}"])
def test_who_sells_itself_has_no_shops(tmp_path, block):
    with pytest.raises(ScenarioError, match="there are no shops on this platform"):
        hamlet(tmp_path, f"platforms:\n  swift: {{kind: self_operated, {block}}}\n")
