"""From the coupon to the shop and online again."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim.errors import ScenarioError

from .hamlet import hamlet, run_days

LOOP = """
platforms: {{tuan: {{kind: local_services, members_start: 1, coupon_discount: 0.05}}}}
modes:
  partnership: {{fixed_yuan_month: 0}}
  social: {{delivery_reach_min: 0, fixed_yuan_month: 0, per_order_yuan: 0}}
stores: {{named: {{left: {{modes: [partnership, social]}}, right: {{modes: [partnership]}}}}}}
consumers: {{follow_rate: 0}}
closed_loop: {{follow: {follow}, discount: 0.1, remember_days: 5, contact_yuan: 0.4{more}}}
"""


def looped(tmp_path, follow=1.0, more=""):
    return hamlet(tmp_path, LOOP.format(follow=follow, more=more))


def test_coupon_visitors_follow_and_hold_a_coupon_for_as_long_as_said(tmp_path):
    """An independent account of who may hold what, kept day by day in plain Python."""
    model = looped(tmp_path)
    until: dict[int, int] = {}
    contacts = used = 0
    for day in range(59):
        model.step()
        t, today = model.table, set()
        for i, o in zip(model.purchases.consumer.tolist(), model.purchases.picks.tolist()):
            row = t.rows[o]
            if row.store != 0:
                continue
            if row.channel == "social delivery" and row.needs & model.systems[0].bit:
                assert until.get(i, 0) >= day, "who held no coupon ordered with one"
                assert row.discount == pytest.approx(0.1 * row.price)
                used += 1
                today.add(i)
                contacts += 1
            elif row.channel == "coupon":
                today.add(i)
                contacts += 1
        until |= dict.fromkeys(today, day + 5)
        held = {i for i, last in until.items() if last > day}  # good from tomorrow on
        model.systems[0].morning()  # of the next day, which takes what is over
        assert held == set(np.flatnonzero(model.audiences.of("closed loop")).tolist())
    assert used > 20 and contacts > used
    flows = model.results()["ledger"]
    paid = flows[(flows["line"] == "advertising") & (flows["to"] == "providers")]["yuan"].sum()
    assert paid == pytest.approx(0.4 * contacts)
    assert set(model.consumers.follows.tolist()) <= {-1, 0}, "the right shop has no account to follow"
    city = model.results()["city_monthly"]
    assert city["loop_contacts"].sum() == contacts


def test_a_coupon_is_good_in_the_shop_that_gave_it_alone(tmp_path):
    """Both shops close the loop and deliver everywhere; whoever holds a coupon sees that of her own shop."""
    both = LOOP.replace("delivery_reach_min: 0", "delivery_reach_min: 60").replace(
        "right: {{modes: [partnership]}}", "right: {{modes: [partnership, social]}}"
    )
    model = hamlet(tmp_path, both.format(follow=1, more=""))
    used = np.zeros(2, int)
    for _ in range(40):
        before = model.consumers.follows.copy()
        model.step()
        for i, o in zip(model.purchases.consumer.tolist(), model.purchases.picks.tolist()):
            row = model.table.rows[o]
            if row.needs & model.systems[0].bit:
                assert before[i] == row.store
                used[row.store] += 1
    assert (used > 10).all()


def test_nobody_who_does_not_follow_gets_the_next_coupon(tmp_path):
    model = run_days(looped(tmp_path, follow=0.0), 40)
    assert not model.audiences.of("closed loop").any() and (model.consumers.follows == -1).all()
    assert model.results()["city_monthly"]["loop_contacts"].sum() == 0


def test_who_goes_over_to_another_shop_loses_the_coupon(tmp_path):
    model = run_days(looped(tmp_path), 20)
    holders = model.audiences.of("closed loop")
    assert holders.any()
    model.consumers.columns.record["follows"][holders] = 1
    model.systems[0].morning()
    assert not model.audiences.of("closed loop").any()


def test_the_loop_has_a_beginning_and_an_end(tmp_path):
    model = looped(tmp_path, more=", start: 2013-01-11, end: 2013-01-21")
    run_days(model, 10)
    assert not any(r.needs & model.systems[0].bit for r in model.table.rows)
    assert not model.audiences.of("closed loop").any()
    run_days(model, 10)
    assert model.audiences.of("closed loop").any()
    run_days(model, 1)
    assert not model.audiences.of("closed loop").any()
    assert not any(r.needs & model.systems[0].bit for r in model.table.rows)


def test_a_loop_of_an_unknown_platform_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="tuan"):
        looped(tmp_path, more=", platforms: [tuam]")


def test_a_coupon_is_not_for_the_catalogue_of_an_alliance(tmp_path):
    """It is for the account and app of the shop itself; what an alliance delivers keeps its terms."""
    text = LOOP.format(follow=1, more="").replace(
        "modes: [partnership, social]}, right", "modes: [partnership, social, alliance]}, right"
    )
    model = run_days(hamlet(tmp_path, text + "provider: {}\n"), 1)
    assert "alliance delivery" in {r.channel for r in model.table.rows}
    bit = model.audiences.bit("closed loop")
    assert {r.channel for r in model.table.rows if r.needs & bit} == {"social delivery"}
