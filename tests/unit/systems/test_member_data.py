"""Partners hand the data of their regulars over."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.market.consumers import ONLINE, member_bit
from o2o_sim.streams import uniforms

from .hamlet import hamlet, line, run_days, system


def coupons(rule: str) -> str:
    return f"""
stores: {{named: {{left: {{modes: [partnership]}}}}}}
platforms:
  tuan: {{kind: local_services, fixed_yuan_month: 0, commission: 0.1, coupon_discount: 0.2, members_start: 0,
    membership: {{innovation: 0, imitation: 0}}, member_data: {{{rule}}}}}
"""


def regulars(model, store, level):
    """Rows of those online whose favourite for something is the store, and who are loyal enough: one by
    one."""
    people, found = model.consumers, []
    for i in range(len(people)):
        fond = any(people.favourite[i, c] == store.number and people.loyalty[i, c] >= level for c in range(2))
        if fond and people.access[i] & ONLINE:
            found.append(i)
    return found


def test_regulars_are_handed_over_written_to_and_won(tmp_path):
    model = hamlet(tmp_path, coupons("loyalty: 0.3, response: 0.6, familiarity: 0.25, fee_yuan: 2"))
    tuan, left = model.platforms[0], model.store("left")
    run_days(model, 30)
    assert tuan.members == 0 and line(model, "transfers", left.account) == 0
    before = tuan.cash_yuan
    model.step()
    listed = regulars(model, left, 0.3)
    assert 20 < len(listed) < 180
    assert tuan.cash_yuan == before - 2 * len(listed)
    u = uniforms(model.seed_number, "answers tuan", 30, model.consumers.id)
    won = [i for i in listed if u[i] < 0.6 * model.consumers.literacy[i]]
    member = (model.consumers.access & member_bit(0)) != 0
    assert np.flatnonzero(member).tolist() == won and 0 < len(won) < len(listed)
    assert model.consumers.familiarity[won, 1] == pytest.approx(0.25)
    assert tuan.members == pytest.approx(len(won) / 200)
    row = model.results()["city_monthly"].iloc[0]
    assert (row["data_people/tuan"], row["data_won/tuan"], row["data_regulars/tuan"]) == (
        len(listed),
        len(won),
        1,
    )
    # In February the list is there, and is paid for no more.
    run_days(model, 28)
    again = [i for i in regulars(model, left, 0.3) if i not in listed]
    paid = model.results()["ledger"].query("line == 'transfers'")["yuan"].tolist()
    assert paid == [2 * len(listed), 2 * len(again)]


def test_who_is_written_to_begins_to_buy_through_the_platform(tmp_path):
    """With nobody a member, coupons are seen by none but who was won."""
    run = {}
    for response in (0, 1):
        model = run_days(hamlet(tmp_path, coupons(f"loyalty: 0.3, response: {response}")), 90)
        run[response] = model.results()["city_monthly"]["data_through/tuan"].tolist()
        orders = model.results()["daily"]["orders/tuan"]
        assert orders[:31].sum() == 0 and (orders[31:].sum() > 0) == bool(response)
    assert run[0][1:] == [0, 0] and run[1][2] > 0.05
    assert np.isnan(run[0][0]), "nobody was on the list in January"


def test_data_begin_on_their_day_and_only_partners_have_them(tmp_path):
    model = run_days(hamlet(tmp_path, coupons("start: 2013-02-01, loyalty: 0.1, response: 1")), 31)
    assert model.platforms[0].members == 0
    run_days(model, 28)
    giver = system(model, "MemberData").lists[0][2].giver
    assert set(giver.tolist()) == {-1, model.store("left").number}
    model = run_days(hamlet(tmp_path, coupons("share: 0, response: 1")), 31)
    assert model.platforms[0].members == 0


def test_who_hands_data_over_pays_less_commission(tmp_path):
    text = coupons("commission_x: 0.5, response: 0").replace(
        "modes: [partnership]}", "modes: [partnership]}, right: {modes: [partnership]}"
    )
    model = run_days(hamlet(tmp_path, text), 1)
    theirs = model.table.platform == 0
    # A tenth of 100 yuan less a fifth is 8 yuan, half of that 4; bread likewise.
    assert sorted(set(model.table.fen["commission"][theirs].tolist())) == [40, 4_00]
    model = run_days(hamlet(tmp_path, text.replace("response: 0", "response: 0, share: 0")), 1)
    theirs = model.table.platform == 0
    assert sorted(set(model.table.fen["commission"][theirs].tolist())) == [80, 8_00]


def test_a_platform_that_sells_itself_has_no_partners(tmp_path):
    with pytest.raises(ScenarioError, match="has no partners"):
        hamlet(tmp_path, "platforms: {swift: {kind: self_operated, member_data: {}}}")
