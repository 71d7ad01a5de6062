"""Leases that run for years: terms, breaks, deposits, renewals, and what landlords do before they lose a tenant."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from o2o_sim.agents.lease import Lease, sitting
from o2o_sim.agents.store import CLOSED
from o2o_sim.market.ledger import CAPITAL, LINE
from o2o_sim.policies.rent import Vacancy
from o2o_sim.systems.leases import Experience, Tenancies
from o2o_sim.units import month_of

from .hamlet import hamlet, run_days
from .square import SQUARE, refused, square, system

PLAIN = "term_months: 24, term_spread: 0, break_share: 0, notice_months: 0, owed_months: 6, deposit_months: 2"


def let(folder, said=PLAIN, circle="", more="", units=4, own=None):
    """The square of four shops of 100 m2 at 2 yuan, with leases; `own` are rents per m2 of some of them."""
    text = SQUARE % (", " + circle if circle else "", more + f"\nlandlords: {{leases: {{{said}}}}}")
    text = text.replace("units: 4", f"units: {units}")
    for name, rent in (own or {}).items():
        text = text.replace(f"    {name}: {{", f"    {name}: {{rent_yuan_m2_month: {rent}, ")
    return hamlet(folder, text)


def rents(store):
    return [-int(m.lines[LINE["rent"]]) / 100 for m in store.months]


# -- one lease -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("month", "breaks", "notice", "most", "owed"),
    [
        (9, None, 0, 100, 26),
        (9, None, 0, 6, 6),
        (32, None, 0, 6, 3),
        (35, None, 2, 6, 0),
        (34, None, 2, 6, 1),
        (17, 20, 0, 6, 3),
        (19, 20, 2, 6, 2),
        (20, 20, 2, 6, 2),
        (20, 20, 0, 6, 0),
        (21, 20, 0, 6, 6),
    ],
)
def test_who_leaves_owes_rent_to_the_break_or_the_end(month, breaks, notice, most, owed):
    lease = Lease(0, 35, breaks, 2.0, 1.0, 0.0, notice, most)
    assert lease.owed_months(month) == owed


def test_rent_steps_up_by_the_year_and_a_concession_comes_off():
    lease = Lease(10, 45, None, 100.0, 1.0, 0.1, 0, 6, cut=0.2, cut_until=24)
    assert [lease.rent_yuan_m2(m) for m in (10, 21, 22, 24, 25)] == pytest.approx([80, 80, 88, 88, 110])


# -- in a city -----------------------------------------------------------------------------------------------
def test_deposits_of_the_first_day_are_with_the_landlord_and_not_of_the_shops_cash(tmp_path):
    model = let(tmp_path)
    landlord = model.circles["square"].account
    assert model.ledger.cash(landlord) == 4 * 2 * 20_000
    assert {s.cash_yuan for s in model.stores} == {100_000}
    assert all(s.leaving_yuan() <= 6 * 200 - 400 for s in model.stores)


def test_a_rise_of_rents_reaches_tenants_as_their_leases_end(tmp_path):
    """The lever is 1.7 from the first day: at first nobody pays it, after the term all do."""
    said = PLAIN.replace("term_months: 24", "term_months: 6")
    model = run_days(let(tmp_path, said, more="levers: {rent_x: 1.7}"), 212)
    paid = np.array([rents(s) for s in model.stores])
    assert set(np.round(paid, 6).ravel()) == {200.0, 340.0}
    assert (np.diff(paid, axis=1) >= 0).all()
    share = (paid > 300).mean(axis=0)
    assert share[0] == 0 and share[-1] == 1 and ((share > 0) & (share < 1)).sum() >= 2
    at_once = run_days(square(tmp_path, "", "levers: {rent_x: 1.7}"), 31)
    assert {rents(s)[0] for s in at_once.stores} == {340.0}
    renewals = [e for e in model.events if e["decision"] == "renew lease"]
    assert {(e["who"], e["kind"]) for e in renewals} == {("square", "landlord")}
    assert sorted({e["reason"] for e in renewals}) == ["a", "b", "c", "d"]


def test_who_closes_gets_its_deposit_and_pays_what_it_owes(tmp_path):
    model = run_days(let(tmp_path), 20)
    a, landlord = model.stores[0], model.circles["square"].account
    a.lease.begins, a.lease.ends = month_of(model.date) - 2, month_of(model.date) + 3
    cost, cash, before = a.leaving_yuan(), a.cash_yuan, model.ledger.cash(landlord)
    assert cost == 3 * 200 - 400
    a.become(CLOSED, "for the test")
    assert model.ledger.cash(landlord) - before == round(100 * cost)
    assert model.ledger.is_balanced() and model.ledger.cash(a.account) == 0
    assert -int(model.ledger.books[LINE["rent"], a.account]) == 60_000
    assert a.lease is None and a.leaving_yuan() == 0
    told = model.events[-1]
    assert (told["who"], told["decision"], told["figures"]["rent owed and paid (yuan)"]) == (
        "square",
        "lease ends",
        600.0,
    )
    assert int(model.ledger.books[CAPITAL, a.account]) == 10_000_000 + 40_000 - round(100 * (cash - cost))


def test_nobody_pays_more_than_its_deposit_and_what_is_in_its_till(tmp_path):
    model = run_days(let(tmp_path, PLAIN.replace("owed_months: 6", "owed_months: 24")), 5)
    a, landlord = model.stores[0], model.circles["square"].account
    a.lease.ends = month_of(model.date) + 20
    model.ledger.book("owners", a.account, 5, np.int64(model.ledger.cash(a.account) + 7_000))
    before = model.ledger.cash(landlord)
    assert a.cash_yuan == -70 and a.leaving_yuan() == 0
    a.become(CLOSED, "for the test")
    assert model.ledger.cash(landlord) == before, "he keeps the deposit and gets no more"
    assert model.ledger.is_balanced()


def test_who_moves_signs_anew(tmp_path):
    more = "    e: {format: shop, x_km: 0.3, y_km: 0.5, area_m2: 100, cash_yuan: 5000}\n"
    model = run_days(let(tmp_path, more=more), 5)
    e, was = model.store("e"), model.store("e").lease
    streets, mall = model.circles["streets"], model.circles["square"]
    held = model.ledger.cash(mall.account)
    e.move(mall)
    assert e.lease is not was and e.lease.begins == month_of(model.date)
    assert e.rent_yuan() == 200 and was.level_yuan_m2 == 1
    assert model.ledger.cash(mall.account) == held + 40_000
    assert model.ledger.cash(streets.account) >= 0 and model.ledger.is_balanced()


def test_a_rent_of_its_own_is_the_first_lease_and_then_moves_with_the_circle(tmp_path):
    model = let(tmp_path, PLAIN.replace("term_months: 24", "term_months: 2"), own={"a": 3})
    a = model.store("a")
    model.circles["square"].rent = 4.0
    assert a.rent_yuan() == 300 and a.next_rent_yuan_m2() == 6
    run_days(model, 95)
    assert rents(a)[0] == 300 and rents(a)[-1] == 600


def test_a_circles_own_leases_go_before_the_general_ones(tmp_path):
    own = f"leases: {{{PLAIN.replace('deposit_months: 2', 'deposit_months: 5')}}}"
    more = "    e: {format: shop, x_km: 0.3, y_km: 0.5, area_m2: 100, cash_yuan: 5000}\n"
    model = let(tmp_path, circle=own, more=more)
    assert model.store("a").lease.deposit_fen == 100_000
    assert model.store("e").lease.deposit_fen == 20_000, "two months at 1 yuan"
    alone = square(tmp_path, own, more)
    assert alone.store("e").lease is None and alone.store("a").lease is not None


def test_leases_of_the_first_day_are_met_at_all_points_of_their_terms(tmp_path):
    """Length-biased: mean remaining months (mu^2 + sigma^2) / (2 mu) of the signed terms' law."""
    model = let(tmp_path, PLAIN.replace("term_spread: 0", "term_spread: 0.5"))
    store, left, today = model.stores[0], [], month_of(model.date)
    for k in range(4000):
        store.bits = np.uint64(7919 * k + 1)
        lease = sitting(store)
        left.append(lease.ends - today + 1)
        assert lease.begins <= today <= lease.ends
    mean = 24 * np.exp(0.5**2 / 2)
    variance = mean**2 * (np.exp(0.5**2) - 1)
    assert np.mean(left) == pytest.approx((mean**2 + variance) / (2 * mean) + 0.5, rel=0.05), "whole months"


# -- landlords -----------------------------------------------------------------------------------------------
DEAR = {"d": 200}
PATIENT = "  satisficing: {patience_months: 100}\n  credit_months: 100\n"
HELPS = PLAIN + ", concession: {cut_most: 0.4, months: 2, wait_months: 24}"


def test_a_landlord_lowers_a_rent_that_turnover_cannot_carry_for_a_time(tmp_path):
    model = let(tmp_path, HELPS, own=DEAR, more=PATIENT)
    for store in model.stores:
        store.lease.ends = month_of(model.date) + 20
    run_days(model, 273)
    d = model.store("d")
    cut = 1 - np.array(rents(d)) / 20_000
    assert (cut[:6] == 0).all() and (cut[6:8] > 0.3).all() and cut[8] == 0
    assert {tuple(rents(s)) for s in model.stores if s is not d} == {(200.0,) * 9}
    (told,) = (e for e in model.events if e["decision"] == "lower the rent")
    figures = told["figures"]
    assert told["who"] == "square" and "without d" in told["reason"]
    assert figures["costs (yuan)"] < figures["an empty unit costs (yuan)"]
    assert figures["costs (yuan)"] == pytest.approx(20_000 * cut[6] * 2, rel=1e-3)


def test_a_landlord_whose_units_are_let_at_once_lowers_none(tmp_path):
    model = let(tmp_path, HELPS + ", empty_months: 0.01", own=DEAR, more=PATIENT)
    run_days(model, 273)
    assert not any(e["decision"] == "lower the rent" for e in model.events)


def test_at_the_end_he_offers_what_turnover_carries_and_the_tenant_sees_it(tmp_path):
    model = let(tmp_path, HELPS, own=DEAR, more=PATIENT)
    d = model.store("d")
    d.lease.ends = month_of(model.date) + 8
    run_days(model, 245)
    assert d.lease.offer_yuan_m2 is not None
    assert 200 * 0.6 <= d.next_rent_yuan_m2() == d.lease.offer_yuan_m2 < 200
    offered = d.lease.offer_yuan_m2
    run_days(model, 60)
    assert rents(d)[-1] == pytest.approx(100 * offered)


def test_income_of_landlords_and_what_empty_units_cost_are_told(tmp_path):
    model = run_days(let(tmp_path, units=5), 31)
    city = model.results()["city_monthly"].iloc[0]
    assert city["landlord_income_yuan/square"] == 800 == city["landlord_income_yuan"]
    assert city["vacancy_cost_yuan/square"] == 200 == city["vacancy_cost_yuan"]
    assert city["circle_floor_m2/square"] == 400
    assert city["rent_paid_yuan_m2_month/square"] == 2


def test_natural_vacancy_is_what_leaving_and_finding_come_to():
    """Tenants leave at 1 in 100 a month and units are found after ten: 0.01 / (0.01 + 0.1)."""
    circle = SimpleNamespace(tenants=[], units=100)
    seen = Experience.at_first(circle, 0.06, 10)
    assert seen.natural_vacancy == pytest.approx(0.06) and seen.waits_months == pytest.approx(10)
    tenants = [SimpleNamespace(number=n) for n in range(100)]
    for month in range(1200):
        here = tenants[: 90 + month % 2]
        step = SimpleNamespace(tenants=here, vacant=5, rent=1.0, bid_yuan_m2=2.0)
        seen.see(step)
    assert seen.waits_months == pytest.approx(10, rel=0.05)
    leaving, finding = 0.5 / 90.5, 0.1
    assert seen.natural_vacancy == pytest.approx(leaving / (leaving + finding), rel=0.05)


RULES = SimpleNamespace(vacancy_target=0.05, vacancy_response=0.5, rent_floor_x=0.5, rent_ceiling_x=2)


@pytest.mark.parametrize(
    ("vacancy", "natural", "bid", "rent"),
    [
        (0.2, 0.2, 120, 100),
        (0.3, 0.1, 120, 100),
        (0.3, 0.1, 95, 95),
        (0.3, 0.1, 40, 90),
        (0.0, 0.1, 120, 105),
        (0.0, 0.1, 103, 103),
        (0.0, 0.1, 80, 100),
        (0.3, 0.1, None, 90),
    ],
)
def test_rents_follow_vacancy_beyond_the_natural_one_and_what_newcomers_can_pay(vacancy, natural, bid, rent):
    circle = SimpleNamespace(
        rent=100.0, first_rent=100.0, vacancy=vacancy, natural_vacancy=natural, bid_yuan_m2=bid
    )
    assert Vacancy().decide(circle, RULES) == pytest.approx(rent)


def test_a_rent_that_lies_on_its_floor_is_told(tmp_path):
    rules = "rent_floor_x: 0.9, vacancy_response: 1, leases: {}"
    text = SQUARE % (", landlord: vacancy", f"entry: {{margin_wanted: 1}}\nlandlords: {{{rules}}}")
    model = run_days(hamlet(tmp_path, text.replace("units: 4", "units: 8")), 212)
    (told,) = (b for b in model.recorder.bounds.described() if b["what"] == "the rent")
    assert told["names"] == ["square"] and "floor" in told["bound"]


def test_the_system_is_off_without_leases(tmp_path):
    model = square(tmp_path)
    assert not any(isinstance(s, Tenancies) for s in model.systems)
    assert all(s.lease is None and s.leaving_yuan() == 0 for s in model.stores)
    assert system(let(tmp_path), Tenancies).seen.keys() == {"square"}


def test_notice_beyond_what_is_owed_is_refused(tmp_path):
    problem = refused(tmp_path, "", "landlords: {leases: {notice_months: 7, owed_months: 6}}")
    assert problem.key == "landlords.leases.notice_months" and "owed_months" in problem.message
    assert problem.line is not None
