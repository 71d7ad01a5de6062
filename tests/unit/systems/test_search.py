"""Newcomers who look at a few empty places each, with savings, and without knowing any of them well."""

from __future__ import annotations

import pytest

from o2o_sim.agents.store import CLOSED
from o2o_sim.policies.prospects import Market
from o2o_sim.systems.search import Lessons, Newcomer, Search, newcomers_hope
from o2o_sim.units import month_of

from .hamlet import hamlet, run_days
from .square import SQUARE, refused, system

# Shops of a size that the hamlet could carry; those that stand there are named, so that none is founded by itself.
USUAL = (
    "  supply_x: 0.0001\n  formats: {shop: {area_m2: 100, sales_per_m2_year_yuan: 2000, in_circles: 0.5}}\n"
)
SURE = "rate_yearly: 6, margin_noise: 0, savings_spread: 0, savings_months: 5, successor: 0"


def town(folder, said=SURE, wanted=0.05, more="", units=6, extra=""):
    """The square with two units more than shops, and people who look for places."""
    text = SQUARE % (
        "",
        USUAL + more + f"\nentry: {{policy: best_category, margin_wanted: {wanted}, search: {{{said}}}}}",
    )
    return hamlet(folder, text.replace("units: 4", f"units: {units}") + extra)


def opened(model):
    return [s for s in model.stores if s.opened > model.spec.start]


def test_newcomers_take_empty_places_where_tenants_earn_well(tmp_path):
    model = run_days(town(tmp_path), 62)
    (first, *_) = new = opened(model)
    assert len(new) == 2 and model.circles["square"].vacant == 0
    told = next(e for e in model.events if e["who"] == first.name)
    assert (told["kind"], told["decision"]) == ("entry", "open")
    figures = told["figures"]
    assert figures["margin expected"] == figures["margin that tenants' books promise"] > 0.05
    assert model.ledger.is_balanced()


@pytest.mark.parametrize(
    ("said", "wanted", "more"),
    [
        (SURE, 0.9, ""),
        (SURE.replace("savings_months: 5", "savings_months: 0.9"), 0.05, ""),
        (SURE.replace("rate_yearly: 6", "rate_yearly: 0"), 0.05, ""),
        (SURE, 0.05, "\nlevers: {rent_x: 100}"),
    ],
    ids=["want more", "too poor", "nobody thinks of it", "too dear"],
)
def test_nobody_comes(tmp_path, said, wanted, more):
    assert opened(run_days(town(tmp_path, said, wanted, extra=more), 62)) == []


def test_savings_are_the_cash_of_a_newcomer_and_pay_the_deposit(tmp_path):
    leases = "\nlandlords: {leases: {deposit_months: 2, term_spread: 0}}"
    model = run_days(town(tmp_path, extra=leases), 31)
    for store in opened(model):
        assert store.cash_yuan == pytest.approx(5 * 400 - 2 * 200)
        assert store.lease.begins == month_of(model.date)
    assert opened(model)
    poor = SURE.replace("savings_months: 5", "savings_months: 1.5")
    assert opened(run_days(town(tmp_path, poor, extra=leases), 31)) == [], "deposit and first month are 800"


def test_the_more_it_errs_the_more_come_where_too_little_is_earned(tmp_path):
    """The wanted margin is beyond what tenants earn: only errors let anybody come."""
    counts = []
    for noise in (0.0, 0.1, 1.0):
        said = SURE.replace("margin_noise: 0", f"margin_noise: {noise}")
        model = run_days(town(tmp_path, said, wanted=0.6, units=40), 93)
        counts.append(len(opened(model)))
    assert counts[0] == 0 < counts[1] < counts[2]


def test_an_empty_place_stays_where_the_shop_was_and_knows_it(tmp_path):
    said = SURE.replace("successor: 0", "successor: 1").replace("rate_yearly: 6", "rate_yearly: 0")
    model = town(tmp_path, said, units=4)
    model = run_days(model, 40)
    b = model.store("b")
    b.become(CLOSED, "for the test")
    run_days(model, 20)
    (new,) = opened(model)
    assert (new.circle, new.cell) == (b.circle, b.cell)
    told = next(e for e in model.events if e["who"] == new.name)["figures"]
    assert told["tenant before"] == "b" and told["months that the place was empty"] == 0


def test_places_are_the_empty_units_of_every_circle(tmp_path):
    said = "rate_yearly: 2, margin_noise: 0.3, successor: 0.5"
    model = town(tmp_path, said, wanted=0.5, units=9, extra="\nlevers: {rent_x: 20}")
    search = system(model, Search)
    seen = set()
    for _ in range(240):
        if model.day == 100:
            model.store("a").remove()
        if model.day == 130:
            model.circles["square"].units = 7
        model.step()
        if model.date.day == 1:
            for circle in model.circles.values():
                empty = [p for p in search.places if p.circle is circle]
                assert len(empty) == circle.vacant
                seen.add(len(empty))
    assert len(seen) > 2


def test_a_format_that_has_died_out_can_come_back_by_a_plan(tmp_path):
    stall = "demand_share: {bread: 0.5}, area_m2: 50, sales_per_m2_year_yuan: 4000, in_circles: 1"
    text = USUAL.replace("0.5}}", f"0.5}}, stall: {{{stall}, m2_per_staff: 50}}}}")
    said = SURE.replace("rate_yearly: 6", "rate_yearly: 12")
    full = SQUARE % ("", text + f"\nentry: {{policy: best_category, search: {{{said}}}}}")
    model = hamlet(tmp_path, full.replace("units: 4", "units: 9"))
    assert not any(s.format_name == "stall" for s in model.stores)
    run_days(model, 62)
    market = Market(model)
    assert any(s.format_name == "stall" for s in opened(model))
    assert -1 <= market.prospect_at("stall", model.circles["square"]).margin <= 1


def test_a_new_shop_gains_its_appeal_month_by_month(tmp_path):
    model = town(tmp_path, SURE + ", ramp_utils: 2, ramp_months: 4")
    search = system(model, Search)
    run_days(model, 33)
    new, old = opened(model)[0], model.store("a")
    bread = model.category_number["bread"]
    offers = {o.maker: o for o in model.table.rows if o.channel == "walk-in" and o.category == bread}
    bare = new.walk_in("bread", new.floor["bread"]).appeal
    assert offers[new.name].appeal == pytest.approx(bare - 2)
    assert search.lacks(old, month_of(model.date)) == 0
    today = month_of(model.date)
    assert [search.lacks(new, today + k) for k in range(6)] == [2, 1.5, 1, 0.5, 0, 0]


def test_a_newcomer_looks_at_different_places_that_suit_its_format(tmp_path):
    model = town(tmp_path, units=9)
    search = system(model, Search)
    places = [p for p in search.places if not p.circle.is_street]
    looked = search._some(places, Newcomer("shop", 5, model.stores[0].bits))
    assert len(looked) == 3 == len({id(p) for p in looked})


def test_a_policy_of_entry_beside_the_search_is_refused(tmp_path):
    problem = refused(tmp_path, "", "entry: {policy: none, search: {}}")
    assert problem.key == "entry.policy" and "search" in problem.message


def test_newcomers_learn_how_earlier_ones_have_fared(tmp_path):
    """What newcomers were promised is made much more than they earn: after their first year fewer would come."""
    model = run_days(town(tmp_path), 31)
    search, new = system(model, Search), opened(model)
    assert new and newcomers_hope(model) == 0
    search.lessons.open_ = {s.number: 0.9 for s in new}
    run_days(model, 335)
    assert newcomers_hope(model) == 0, "nobody knows before the year is over"
    run_days(model, 31)
    earned = [sum(m.profit for m in s.months[:12]) / sum(m.revenue for m in s.months[:12]) for s in new]
    sold = [sum(m.revenue for m in s.months[:12]) / 100 / (12 * s.usual_sales_yuan()) for s in new]
    short = sum(w * (e - 0.9) for w, e in zip(sold, earned))
    assert newcomers_hope(model) == pytest.approx(short / (sum(sold) + 5), rel=0.03)
    assert newcomers_hope(model) < -0.05
    told = model.results()["city_monthly"]["newcomers_margin"]
    assert told.iloc[-1] == newcomers_hope(model) and told.iloc[0] == 0


def test_lessons_fade():
    lessons = Lessons(total=-1.0, count=5.0)
    assert lessons.mean == pytest.approx(-0.1)
    for _ in range(300):
        lessons.learn([])
    assert -0.01 < lessons.mean < 0
