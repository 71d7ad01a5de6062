"""Smart circles, in which owners invest together."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from o2o_sim import load_scenario
from o2o_sim.errors import ScenarioError
from o2o_sim.market.consumers import PAYS_BY_PHONE
from o2o_sim.market.ledger import LINE
from o2o_sim.market.offers import AT_PLACE, Offer
from o2o_sim.scenario.blocks.smart import SmartCircle
from o2o_sim.systems.smart import SmartCircles, on_terms

from .hamlet import HAMLET, run_days
from .square import square, system


def asked(folder, monkeypatch, thresholds, **rules):
    """A model whose owners have these thresholds and always hope to gain."""
    said = ", ".join(f"{k}: {v}" for k, v in rules.items())
    model = square(folder, f"smart: {{investment_yuan: 4000, fee_yuan_month: 10, {said}}}")
    monkeypatch.setattr(SmartCircles, "threshold", lambda self, store, rules: thresholds[store.name])
    monkeypatch.setattr(SmartCircles, "can_gain", lambda self, store, d: True)
    return model


@pytest.mark.parametrize(
    ("last", "joined", "live"),
    [(0.75, [0.25, 0.5, 0.75, 1.0], [0, 0, 1, 1]), (0.76, [0.25, 0.5, 0.75, 0.75], [0, 0, 1, 1])],
)
def test_owners_follow_one_another_as_in_granovetters_riot(tmp_path, monkeypatch, last, joined, live):
    """Thresholds 0, 1/4, 1/2, 3/4: each brings the next. Were the last a little more reserved, it would stay
    away."""
    thresholds = {"a": -math.inf, "b": 0.25, "c": 0.5, "d": last}
    model = asked(tmp_path, monkeypatch, thresholds, owners_needed=0.75)
    run_days(model, 31 + 28 + 31 + 30)
    months = model.results()["city_monthly"]
    assert list(months["smart_joined/square"]) == joined
    assert list(months["smart_live/square"]) == live


def test_owners_pay_their_part_the_landlord_what_is_missing_and_late_owners_pay_him_back(
    tmp_path, monkeypatch
):
    """4000 yuan for four units: 1000 each. Two have joined when it goes live, so the landlord advances
    2000."""
    thresholds = {"a": 0.0, "b": 0.0, "c": 0.5, "d": 9.0}
    model = asked(tmp_path, monkeypatch, thresholds, owners_needed=0.5)
    landlord = model.circles["square"].account

    def paid(name):
        return int(model.ledger.books[LINE["integration"], model.store(name).account])

    run_days(model, 30)
    assert paid("a") == 0
    integration = model.ledger.cash(landlord)
    run_days(model, 1)
    rent = 4 * 100 * 2 * 100
    assert model.ledger.cash(landlord) - integration == rent - 200_000
    assert [s.months[-1].lines[LINE["integration"]] for s in model.stores] == [-100_000, -100_000, 0, 0]
    before = model.ledger.cash(landlord)
    run_days(model, 28)
    assert model.ledger.cash(landlord) - before == rent + 100_000, "c pays the landlord"
    # a and b pay the fee of February; c joins on its last evening.
    assert [s.months[-1].lines[LINE["integration"]] for s in model.stores] == [-1000, -1000, -100_000, 0]
    assert model.results()["city_monthly"]["smart_paid_yuan/square"].tolist() == [2000, 1020]
    assert model.ledger.is_balanced()


def test_what_was_paid_for_nothing_is_lost(tmp_path, monkeypatch):
    """One founder alone, three needed: it pays 1000, waits two months at 10 each, leaves, and never comes
    back."""
    thresholds = {"a": -math.inf, "b": 9.0, "c": 9.0, "d": 9.0}
    model = asked(tmp_path, monkeypatch, thresholds, owners_needed=0.75, patience_months=2)
    run_days(model, 120)
    books = model.results()["stores_monthly"]
    assert books.loc[books["name"] == "a", "integration_yuan"].tolist() == [-1000, -10, -10, 0]
    city = model.results()["city_monthly"]
    assert city["smart_joined/square"].tolist() == [0.25, 0.25, 0, 0]
    assert not city["smart_live/square"].any()
    told = [(e["who"], e["decision"]) for e in model.events if "smart" in e["decision"]]
    assert told == [("a", "join smart circle"), ("a", "leave smart circle")]


@pytest.mark.parametrize(
    ("cash", "lift", "joins"), [(100_000, 1, True), (-100_000, 1, False), (100_000, 0, False)]
)
def test_an_owner_needs_cash_and_hope(tmp_path, cash, lift, joins):
    smart = f"smart: {{founders: 1, investment_yuan: 4000, fee_yuan_month: 10, hoped_lift: {lift}}}"
    model = square(
        tmp_path, smart, f"    e: {{format: shop, circle: square, area_m2: 100, cash_yuan: {cash}}}"
    )
    run_days(model, 31)
    assert (model.store("e").number in system(model, SmartCircles).districts[0].members) == joins


def test_thresholds_are_normal_around_their_mean_but_for_the_founders(tmp_path):
    model = square(tmp_path, "smart: {}")
    own = system(model, SmartCircles)
    rules = SmartCircle(founders=0.3, threshold_mean=0.4, threshold_spread=0.2)
    shops = [SimpleNamespace(bits=np.uint64(k * 7919 + 1)) for k in range(2000)]
    found = np.array([own.threshold(s, rules) for s in shops])
    others = found[np.isfinite(found)]
    assert np.mean(~np.isfinite(found)) == pytest.approx(0.3, abs=0.04)
    assert others.mean() == pytest.approx(0.4, abs=0.02)
    assert others.std() == pytest.approx(0.2, abs=0.015)


def test_nothing_happens_before_its_start(tmp_path):
    model = square(
        tmp_path,
        "smart: {founders: 1, start: 2013-03-15, hoped_lift: 1, investment_yuan: 0, fee_yuan_month: 10}",
    )
    run_days(model, 90)
    assert model.results()["city_monthly"]["smart_joined/square"].tolist() == [0, 0, 1]


def alive(model, members=("a",), card_rate=0):
    """Put the system to work for these shops from today."""
    d = system(model, SmartCircles).districts[0]
    object.__setattr__(d.rules, "card_rate", card_rate)
    d.is_live = True
    d.members = {model.store(n).number: 1 for n in members}
    model.offers_changed = True
    return d


def test_minutes_saved_are_worth_what_the_usual_person_loses_by_them(tmp_path):
    """0.05 utils a minute, 3 + 1 minutes: member shops have a second set of terms, better by 0.2."""
    model = square(tmp_path, "smart: {parking_min: 3, till_min: 1, points_share: 0.02, card_appeal: 0.5}")
    d = alive(model)
    run_days(model, 1)
    rows = {(r.store, r.category, r.needs): r for r in model.table.rows[1:]}
    a, b = model.store("a").number, model.store("b").number
    pays, card = int(PAYS_BY_PHONE), model.audiences.bit(d.card)
    plain, phone, points = (rows[a, 0, n] for n in (0, pays, pays | card))
    assert plain.key == phone.key == points.key
    assert phone.appeal - plain.appeal == pytest.approx(0.2)
    assert points.appeal - plain.appeal == pytest.approx(0.7)
    assert (phone.discount, points.discount) == (0, pytest.approx(0.02 * 10))
    assert [n for s, c, n in rows if s == a and c == 0] == [0, pays, pays | card]
    assert [n for s, c, n in rows if s == b and c == 0] == [0]


def test_who_pays_by_phone_goes_to_members_and_nobody_else_changes_her_mind(tmp_path):
    """An hour saved is worth 3 utils, so the odds of the member against another shop are e^3 for the
    young."""
    smart = "smart: {parking_min: 60, till_min: 0, points_share: 0, card_appeal: 0}"
    (tmp_path / "x").mkdir()
    with_it, without = square(tmp_path, smart), square(tmp_path / "x", smart)
    alive(with_it)
    run_days(with_it, 1)
    run_days(without, 1)
    young = with_it.consumers.cohort[with_it.purchases.consumer] == 1
    for model in (with_it, without):
        model.shop = model.table.columns["store"][model.purchases.picks]
    assert np.array_equal(with_it.shop[~young], without.shop[~young])
    share = np.mean(with_it.shop[young] == 1)
    n, expected = young.sum(), math.exp(3) / (math.exp(3) + 3)
    assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / n)
    # The draws are the same: nobody leaves the member, and who moves moves to it.
    moved = with_it.shop != without.shop
    assert moved.any()
    assert (with_it.shop[moved] == 1).all()


def test_only_the_shops_own_goods_give_points(tmp_path):
    """What a platform sells at its till in the shop is paid to the platform, which grants none."""
    till = "platforms: {swift: {kind: self_operated, fixed_yuan_month: 0, till: {formats: [shop], share: 1}}}"
    model = square(tmp_path, "smart: {points_share: 0.02, card_appeal: 0.5}", till)
    d = alive(model)
    run_days(model, 1)
    card, rows = model.audiences.bit(d.card), model.table.rows[1:]
    assert {r.channel for r in rows if r.store == model.store("a").number} == {"walk-in", "till display"}
    assert {r.channel for r in rows if r.needs & card} == {"walk-in"}
    assert all(r.discount == 0 for r in rows if r.channel == "till display")


def test_the_card_goes_to_buyers_of_members_who_pay_by_phone(tmp_path):
    model = square(tmp_path, "smart: {}")
    d = alive(model, card_rate=1)
    run_days(model, 1)
    consumer = model.purchases.consumer
    at_member = model.table.columns["store"][model.purchases.picks] == model.store("a").number + 1
    young = model.consumers.cohort == 1
    expected = np.zeros(200, bool)
    expected[consumer[at_member]] = True
    assert np.array_equal(model.audiences.of(d.card), expected & young)
    assert 0 < (expected & young).sum() < young.sum()


def test_terms_are_not_set_up_twice():
    """Terms that are there already get better themselves; the plain ones do not beget them again."""
    one = Offer(np.uint64(7), "", "walk-in", 0, 10.0, seen=AT_PLACE)
    other = Offer(np.uint64(7), "", "walk-in", 0, 10.0, seen=AT_PLACE, needs=2, appeal=5.0)
    rows = on_terms([one, other], 2, lambda r: Offer(**{**vars(r), "appeal": r.appeal + 1}))
    assert [(r.needs, r.appeal) for r in rows] == [(0, 0.0), (2, 6.0)]
    rows = on_terms([one], 2, lambda r: Offer(**{**vars(r), "appeal": r.appeal + 1}))
    assert [(r.needs, r.appeal) for r in rows] == [(0, 0.0), (2, 1.0)]


def test_there_are_only_so_many_cards(tmp_path):
    many = "".join(
        f"  c{k}: {{x_km: 0.5, y_km: 0.5, units: 0, rent_yuan_m2_month: 1, smart: {{}}}}\n" for k in range(15)
    )
    file = tmp_path / "many.yaml"
    text = f"extends: {HAMLET}\ncircles:\n{many}"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match="at most 14 smart circles"):
        load_scenario(file)
