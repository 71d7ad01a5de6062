"""What a platform takes over from its partners: customer data, the till, the last kilometre."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.market.consumers import ONLINE, PAYS_BY_PHONE, member_bit
from o2o_sim.market.ledger import LINE
from o2o_sim.streams import uniforms

from .hamlet import hamlet, run_days


def line(model, name, account):
    """What an account had this month of a line, in yuan."""
    return int(model.ledger.books[LINE[name], account]) / 100


def system(model, name):
    return next(s for s in model.systems if type(s).__name__ == name)


# -- data of members ----------------------------------------------------------------------------------------
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


# -- the till -----------------------------------------------------------------------------------------------
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
    orders = int(model.bought[:, row].sum())
    assert orders > 0 and model.bought[:, model.table.platform == 0].sum() == orders, (
        "nobody has parcels at home"
    )
    assert (
        line(model, "transfers", corner.account) == 4.5 * orders == -line(model, "transfers", swift.account)
    )
    buyers = model.needs[0][model.pick == row]
    assert np.flatnonzero(model.consumers.access & member_bit(0)).tolist() == sorted(buyers)
    assert model.came[row] == orders, "each is a visit to the store"
    run_days(model, 29)
    all_orders = round(line(model, "transfers", corner.account) / 4.5)
    assert line(model, "integration", swift.account) == 0
    model.step()
    month = model.results()
    last = int(model.bought[:, display_rows(model)].sum())
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
        assert not np.isin(model.visited, display_rows(model)).any()
        looked += (model.visited > 0).sum()
        at_till += np.isin(model.pick, display_rows(model)).sum()
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
        who = model.needs[0][np.isin(model.pick, display_rows(model))]
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
    coats = one.needs[1] == one.category_number["coats"]
    at_till = [np.isin(m.pick, display_rows(m)) & coats for m in (one, two)]
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


def test_a_platform_that_sells_itself_has_no_partners(tmp_path):
    with pytest.raises(ScenarioError, match="has no partners"):
        hamlet(tmp_path, "platforms: {swift: {kind: self_operated, member_data: {}}}")


# -- the last kilometre -------------------------------------------------------------------------------------
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
    return (model.table.platform == 0)[model.pick] & model.served


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
    buyers = np.unique(model.needs[0][brought(model)])
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
        (consumer, category, _), taken = model.needs, brought(model)
        store = model.table.store[model.pick]
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
    (consumer, category, _), taken = model.needs, brought(model)
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
        consumer, taken = model.needs[0], brought(model)
        visited = consumer[~taken & (model.table.store[model.pick] == model.store("left").number)]
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
        coupon = (model.table.columns["needs"][model.pick] & bit) != 0
        who, store = model.needs[0][coupon], model.table.store[model.pick[coupon]]
        assert (before[who] == store).all()
        used += len(who)
    assert used > 20


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
