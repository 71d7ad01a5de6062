"""Landlords who favour one platform."""

from __future__ import annotations

from datetime import date

import pytest

from o2o_sim.market.ledger import LINE
from o2o_sim.systems.circle_alliance import CircleAlliances

from .hamlet import hamlet, run_days
from .square import refused, square, system

PLATFORMS = """
platforms:
  ours: {kind: local_services, members_start: 1, coupon_discount: 0.1, commission: 0, fixed_yuan_month: 0}
  theirs: {kind: local_services, members_start: 1, coupon_discount: 0.1, commission: 0, fixed_yuan_month: 0}
consumers: {habit_start: 0, familiarity_weight: 0}
modes: {partnership: {setup_yuan: 0, fixed_yuan_month: 0, per_order_yuan: 0, skill: 0}}
"""
DEALS = PLATFORMS.replace("ours: {", "ours: {group_deals: {discount: 0.6}, ").replace(
    "modes: {", "modes: {group: {available: true}, "
)


def allied(folder, pact, holders):
    """The square with two platforms, whose coupons shops hold as `holders` says."""
    model = square(folder, f"alliance: {{platform: ours, {pact}}}", PLATFORMS)
    for name, platform in holders.items():
        model.store(name).adopt("partnership", next(p for p in model.platforms if p.name == platform))
    return model


def test_the_landlord_pays_what_he_adds_to_the_coupons(tmp_path):
    """A coat for 100: the coupon takes off 10, the landlord 20 more, which the shop gets back."""
    model = allied(tmp_path, "extra_discount: 0.2, appeal: 0", {"a": "ours"})
    run_days(model, 1)
    (coat,) = (r for r in model.table.rows[1:] if r.channel == "coupon" and r.price == 100)
    assert coat.discount == pytest.approx(30)
    n = model.purchases.bought.sum(axis=0)[
        [k for k, r in enumerate(model.table.rows) if r.channel == "coupon"]
    ]
    bread, coats = sorted(zip([r.price for r in model.table.rows if r.channel == "coupon"], n))
    owed = 200 * bread[1] + 2000 * coats[1]
    assert owed > 0
    a = model.store("a")
    assert model.ledger.books[LINE["transfers"], a.account] == owed
    assert model.ledger.books[LINE["transfers"], model.circles["square"].account] == -owed
    assert model.ledger.books[LINE["sales"], a.account] == sum(
        model.table.fen["price"][k] * c * (0.7 if model.table.rows[k].channel == "coupon" else 1)
        for k, c in enumerate(model.purchases.bought.sum(axis=0))
        if model.table.rows[k].store == a.number
    )


def test_it_stops_for_the_month_when_the_budget_is_gone_and_goes_on_in_the_next(tmp_path):
    model = allied(tmp_path, "extra_discount: 0.2, appeal: 0, budget_yuan_month: 1", {"a": "ours"})
    sweet, spent, pact = [], [], system(model, CircleAlliances).pacts["square"]
    for _ in range(33):
        model.step()
        spent.append(pact.spent_fen)
        sweet.append(max(r.discount / r.price for r in model.table.rows[1:] if r.channel == "coupon") > 0.2)
    assert sweet == [True] + 30 * [False] + [True, False]
    assert spent[0] > 100 and set(spent[:31]) == {spent[0]} and set(spent[31:]) == {spent[31]}
    paid = model.results()["city_monthly"]["alliance_yuan/square"]
    assert paid.tolist() == [spent[0] / 100]


def test_rivals_coupons_are_refused_while_it_lasts(tmp_path):
    pact = "appeal: 0, start: 2013-01-03, end: 2013-01-06"
    model = allied(tmp_path, pact, {"a": "ours", "b": "theirs"})
    ours, theirs = model.platforms
    own, a, b = system(model, CircleAlliances), model.store("a"), model.store("b")
    run_days(model, 2)
    assert set(b.modes) == {"partnership"} and own.allows(b, "partnership", theirs)
    run_days(model, 1)
    assert not b.modes and set(a.modes) == {"partnership"}
    assert not own.allows(b, "partnership", theirs) and own.allows(b, "partnership", ours)
    assert own.allows(b, "marketplace", theirs)
    assert not any(r.platform == theirs.number for r in model.table.rows)
    run_days(model, 3)
    assert own.allows(b, "partnership", theirs)
    told = [(e["date"], e["decision"]) for e in model.events]
    assert told == [
        (date(2013, 1, 3), "alliance begins"),
        (date(2013, 1, 3), "quit partnership"),
        (date(2013, 1, 6), "alliance ends"),
    ]


def test_an_open_alliance_refuses_nobody(tmp_path):
    model = allied(tmp_path, "exclusive: false", {"b": "theirs"})
    run_days(model, 1)
    assert set(model.store("b").modes) == {"partnership"}


def test_the_platform_sends_its_members_and_is_paid_for_it(tmp_path):
    model = allied(tmp_path, "appeal: 0.7, extra_discount: 0, fee_yuan_month: 50", {})
    run_days(model, 31)
    rows = [r for r in model.table.rows[1:] if r.store == 0 and r.category == 0]
    plain, member = sorted(rows, key=lambda r: r.needs)
    assert (plain.needs, member.needs) == (0, 1 | 4)
    assert member.appeal - plain.appeal == pytest.approx(0.7) and member.key == plain.key
    ledger = model.results()["ledger"]
    fee = ledger[(ledger["line"] == "advertising") & (ledger["from"] == "landlord")]
    assert fee["yuan"].tolist() == [50]


def fees(model):
    ledger = model.results()["ledger"]
    return ledger[(ledger["line"] == "advertising") & (ledger["from"] == "landlord")]["yuan"].tolist()


def test_nobody_sides_with_a_platform_that_has_left(tmp_path):
    """It leaves on the second evening: no more fee, no appeal for those who were its members, rivals are
    welcome."""
    model = allied(tmp_path, "appeal: 0.7, fee_yuan_month: 50", {})
    run_days(model, 2)
    ours, theirs = model.platforms
    ours.has_left = True
    run_days(model, 29)
    assert fees(model) == [] and system(model, CircleAlliances).allows(
        model.store("b"), "partnership", theirs
    )
    assert [r.needs for r in model.table.rows[1:] if r.store == 0 and r.category == 0] == [0]
    assert [e["decision"] for e in model.events] == ["alliance begins", "alliance ends"]


def test_it_begins_when_the_circle_opens(tmp_path):
    opens = "units: 1, rent_yuan_m2_month: 2, opens: 2013-02-10"
    pact = "alliance: {platform: ours, fee_yuan_month: 50}"
    model = hamlet(tmp_path, f"circles: {{square: {{x_km: 0.5, y_km: 0.5, {opens}, {pact}}}}}{PLATFORMS}")
    run_days(model, 59)
    assert fees(model) == [50]
    told = [e["date"] for e in model.events if e["decision"] == "alliance begins"]
    assert told == [date(2013, 2, 10)]


def test_a_rivals_own_shop_gives_up_its_coupons_too(tmp_path):
    """A platform that opens a shop asks nobody; the next morning the landlord tells it."""
    model = allied(tmp_path, "appeal: 0", {})
    run_days(model, 2)
    b, theirs = model.store("b"), model.platforms[1]
    b.adopt("partnership", theirs)
    model.offers_changed = True
    run_days(model, 1)
    assert not b.modes and not any(r.platform == theirs.number for r in model.table.rows)


@pytest.mark.parametrize(
    ("circle", "more", "key", "message", "hint"),
    [
        ("alliance: {platform: oars}", PLATFORMS, "circles.square.alliance.platform", "there is no platform 'oars'", "did you mean ours?"),
        ("alliance: {platform: ours, extra_discount: 0.85}", PLATFORMS, "circles.square.alliance.extra_discount", "with the coupon's own 0.1 it is more than 0.9 of the price", None),
        ("alliance: {platform: ours, extra_discount: 0.5}", DEALS, "circles.square.alliance.extra_discount", "with the group deal's own 0.6 it is more than the price", None),
        ("alliance: {platform: ours, start: 2013-02-01, end: 2013-02-01}", PLATFORMS, "circles.square.alliance.end", "must be after the start, 2013-02-01", None),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_where_it_stands(tmp_path, circle, more, key, message, hint):
    problem = refused(tmp_path, circle, more)
    assert (problem.key, problem.message, problem.hint) == (key, message, hint)
    assert problem.line is not None
