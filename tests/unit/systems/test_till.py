"""Displays at the tills of partner stores."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.market.consumers import PAYS_BY_PHONE, member_bit

from .hamlet import hamlet, line, run_days, system

TILL = """
categories: {coats: {touch: 0.5, online_price_x: 0.9, impatience: 0}}
stores:
  formats:
    corner: {demand_share: {bread: 0.4}, area_m2: 100000, area_spread: 0, sales_per_m2_year_yuan: 100000, m2_per_staff: 50}
  named: {corner: {format: corner, x_km: 0.5, y_km: 0.5, area_m2: 100, cash_yuan: 100000}}
platforms:
  swift: {kind: self_operated, fixed_yuan_month: 0, members_start: 0, membership: {innovation: 0, imitation: 0},
    parcel: {hub_yuan_month: 0}, till: {formats: [corner], commission: 0.05, range_share: 1, appeal: 3, display_yuan_month: 70}}
"""


def display_rows(model):
    return np.flatnonzero(model.table.columns["channel"] == model.channels.index("till display"))


def test_orders_at_the_till_pay_the_store_and_make_members(tmp_path):
    """A coat at 90 yuan: 4.50 yuan for the store, and the customer is a member."""
    model = hamlet(tmp_path, TILL)
    swift, corner = model.platforms[0], model.store("corner")
    model.step()
    (row,) = display_rows(model)
    assert model.table.fen["price"][row] == 90_00 and model.table.columns["payment"][row] == 0
    orders = int(model.purchases.bought[:, row].sum())
    assert orders > 0 and model.purchases.bought[:, model.table.platform == 0].sum() == orders, (
        "nobody has parcels at home"
    )
    assert (
        line(model, "transfers", corner.account) == 4.5 * orders == -line(model, "transfers", swift.account)
    )
    buyers = model.purchases.consumer[model.purchases.picks == row]
    assert np.flatnonzero(model.consumers.access & member_bit(0)).tolist() == sorted(buyers)
    assert model.purchases.came[row] == orders, "each is a visit to the store"
    run_days(model, 29)
    all_orders = round(line(model, "transfers", corner.account) / 4.5)
    assert line(model, "integration", swift.account) == 0
    model.step()
    month = model.results()
    last = int(model.purchases.bought[:, display_rows(model)].sum())
    city = month["city_monthly"].iloc[0]
    assert city["till_orders/swift"] == all_orders + last
    assert city["till_paid_yuan/swift"] == 4.5 * (all_orders + last)
    assert city["till_won/swift"] == (model.consumers.access & member_bit(0) != 0).sum()
    cost = month["ledger"].query("line == 'integration'")["yuan"].sum()
    assert cost == 70, "one display"
    daily, stores = month["daily"], month["stores_monthly"]
    visits = int(stores.loc[stores["name"] == "corner", "visits"].iloc[0])
    assert city["till_lead/swift"] == pytest.approx((daily["orders/swift"].sum() - visits) / 31)


def test_a_display_is_no_showroom(tmp_path):
    """All are members and could order by telephone what they see. Nobody has touched it, so nobody does."""
    model = hamlet(tmp_path, TILL.replace("appeal: 3", "appeal: 1"))
    model.consumers.access[:] |= member_bit(0)
    looked = at_till = 0
    for _ in range(20):
        model.step()
        assert not np.isin(model.purchases.visited, display_rows(model)).any()
        looked += (model.purchases.visited > 0).sum()
        at_till += np.isin(model.purchases.picks, display_rows(model)).sum()
    assert at_till > 0 and looked > 0, "in a real shop people do look first"


def test_a_display_is_no_second_chance(tmp_path):
    """Same goods, same draw: who can order them at home without any friction never walks for them."""
    model = hamlet(tmp_path, TILL.replace("appeal: 3", "appeal: 0"))
    pays = (np.arange(200) % 2).astype(bool)
    model.consumers.access[:] &= ~PAYS_BY_PHONE
    model.consumers.access[:] |= member_bit(0) | np.where(pays, PAYS_BY_PHONE, np.uint32(0))
    walked = 0
    for _ in range(30):
        model.step()
        who = model.purchases.consumer[np.isin(model.purchases.picks, display_rows(model))]
        assert not pays[who].any()
        walked += len(who)
    assert walked > 0, "who pays cash saves the trouble of paying by telephone"


def test_two_displays_are_one_offer(tmp_path):
    """To who lives as near to one as to the other, a second display adds nothing."""
    often = TILL.replace("coats: {touch", "coats: {every_days: 1, touch").replace("appeal: 3", "appeal: 1")
    one = hamlet(tmp_path, often)
    second = "corner: {format: corner, x_km: 0.5, y_km: 0.5, area_m2: 100, cash_yuan: 100000}"
    twin = "twin: {format: corner, x_km: 0.5, y_km: 0.5, area_m2: 100, cash_yuan: 100000}"
    two = hamlet(tmp_path, often.replace(second, f"{second}, {twin}"))
    for model in (one, two):
        model.step()
    coats = one.purchases.category == one.category_number["coats"]
    at_till = [np.isin(m.purchases.picks, display_rows(m)) & coats for m in (one, two)]
    assert len(display_rows(two)) == 2 and 20 < at_till[0].sum() < 180
    assert (at_till[0] == at_till[1]).all()


def test_displays_begin_on_their_day(tmp_path):
    model = run_days(hamlet(tmp_path, TILL.replace("commission: 0.05", "start: 2013-01-03")), 2)
    assert "till display" not in model.channels
    model.step()
    assert len(display_rows(model)) == 1


def test_a_small_display_attracts_little(tmp_path):
    """A twentieth of the range is worth log(20) utils less."""
    whole, part = (hamlet(tmp_path, TILL.replace("range_share: 1", f"range_share: {x}")) for x in (1, 0.05))
    for model in (whole, part):
        model.step()
    appeal = [m.table.columns["appeal"][display_rows(m)[0]] for m in (whole, part)]
    assert appeal[0] - appeal[1] == pytest.approx(np.log(20))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("formats: [cornr]", "did you mean corner"),
        ("formats: [corner], categories: [bread]", "sends no 'bread'"),
        ("formats: [corner], categories: [coat]", "did you mean coats"),
    ],
)
def test_what_a_till_cannot_be(tmp_path, said, message):
    with pytest.raises(ScenarioError, match=message):
        hamlet(tmp_path, TILL.replace("formats: [corner], commission: 0.05", said))


def test_the_lead_of_a_run_that_begins_within_a_month_is_per_day_of_the_run(tmp_path):
    model = run_days(hamlet(tmp_path, TILL + "start: 2013-01-22\n"), 10)
    month = model.results()
    visits = int(month["stores_monthly"].set_index("name")["visits"]["corner"])
    lead = month["city_monthly"].iloc[0]["till_lead/swift"]
    assert lead == pytest.approx((month["daily"]["orders/swift"].sum() - visits) / 10)


def test_what_is_sold_at_a_till_is_no_turnover_of_the_store(tmp_path):
    """Its landlord has a tenth of what the store itself sells, deliveries included, and the platform sells
    the rest."""
    mall = "circles: {mall: {x_km: 0.5, y_km: 0.5, units: 1, rent_yuan_m2_month: 1, turnover: {share: 0.1, online_counts: true}}}\n"
    text = TILL.replace("format: corner, x_km: 0.5, y_km: 0.5", "format: corner, circle: mall") + mall
    model = run_days(hamlet(tmp_path, text), 31)
    corner = model.results()["stores_monthly"].set_index("name").loc["corner"]
    assert system(model, "Tills").through["swift"] > 0 and corner["sales_yuan"] > 10 * 100
    assert -corner["rent_yuan"] == pytest.approx(0.1 * corner["sales_yuan"])
    assert "till display" not in model.store("corner").months[-1].sales_by_channel
