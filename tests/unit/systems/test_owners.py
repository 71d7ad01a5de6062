"""Owners who differ, learn what their shop earns, and leave when something else is worth more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.agents.lease import Lease
from o2o_sim.agents.owner import Opening, Tried, purse
from o2o_sim.agents.store import ONLINE_ONLY, OPEN, SHOWROOM
from o2o_sim.errors import ScenarioError
from o2o_sim.market.ledger import LINE
from o2o_sim.modes import Holding
from o2o_sim.policies.alternatives import alternatives
from o2o_sim.policies.decisions import Decision
from o2o_sim.policies.leaving import Patience, stake_of
from o2o_sim.policies.reasons import NEVER, WORDS, believed, changes, opening_of, why_gave_up, why_insolvent

from .hamlet import hamlet, run_days, system

SURE = "outside: {mean: 0, spread: 0}, discount: {spread: 0}, savings: {spread: 0}, private: {yearly: 0, retirement_yearly: 0}, learning: {prior: 0.00001, noise: 0.00001, drift: 0.00001}"
"""Owners without anything that differs, who have nothing better to do and never leave for private reasons."""


def owned(folder, rules: str = SURE, text: str = "", new: bool = True) -> O2OModel:
    """The hamlet with owners; new ones unless said otherwise."""
    said = ", ".join(part for part in (rules, "settled: null" if new else "") if part)
    return hamlet(folder, f"stores:\n  owners: {{{said}}}\n{text}")


def believing(model: O2OModel, profit: float, months: int = 1):
    """The left shop after some months, its owner now sure of a monthly profit."""
    run_days(model, 31 + 28 * (months > 1))
    store = model.store("left")
    store.run_by.belief.mean = profit + store.rent_yuan()
    store.run_by.belief.variance = 0.0
    return store


def test_off_unless_it_is_written(tmp_path):
    model = hamlet(tmp_path)
    assert isinstance(model.leaving, Patience)
    assert {s.run_by for s in model.stores} == {None}
    assert [name for name, _ in model.schedule].count("settle in") == 0


def test_owners_are_drawn_for_their_names_alone(tmp_path):
    """The same in every scenario, and different from one another."""
    a, b = owned(tmp_path, ""), owned(tmp_path, "", "seed: 1\nentry: {margin_wanted: 0.2}\n")
    assert [s.run_by.outside_yuan for s in a.stores] == [s.run_by.outside_yuan for s in b.stores]
    assert a.stores[0].run_by.outside_yuan != a.stores[1].run_by.outside_yuan


def test_what_he_could_earn_elsewhere_grows_with_wages_and_not_with_his_shop(tmp_path):
    model = owned(tmp_path, "outside: {mean: 0.1, spread: 0}", "", new=True)
    left = model.store("left")
    usual = 100_000 * 100_000 / 12
    assert left.run_by.earns_outside(left) == pytest.approx(0.1 * usual)
    model.wage_yuan = lambda: 200.0
    assert left.run_by.earns_outside(left) == pytest.approx(0.2 * usual)


def test_he_learns_a_month_as_it_is_usual(tmp_path):
    """That February is short is no news: what he learns from differs less between months than their profits do."""
    model = owned(tmp_path)
    seen = []
    left = model.store("left")
    left.run_by.belief.learn = seen.append
    run_days(model, 90)
    profits = [m.profit / 100 for m in left.months]
    assert len(seen) == 3
    assert seen[0] - seen[1] < 0.5 * (profits[0] - profits[1])


@pytest.mark.parametrize(
    ("profit", "stays"),
    [(2000.0, True), (-50.0, True), (-5000.0, False)],
    ids=["earns", "loses a little", "loses"],
)
def test_he_leaves_when_what_he_believes_is_below_what_leaving_is_worth(tmp_path, profit, stays):
    model = owned(tmp_path, SURE + ", choice: {attention: 1, doubt: 0.000001, stock_months: 0}")
    store = believing(model, profit)
    stake = stake_of(store)
    assert (stake.profit > stake.critical) is stays
    decision = model.leaving.wants(store, model.view, {})
    assert (decision is None) is stays
    if not stays:
        assert decision.kind == "close" and decision.reason.startswith("gave up: ")
        assert decision.figures["profit believed (yuan/month)"] == pytest.approx(profit)
        assert decision.figures["missing (yuan/month)"] > 0


def test_money_in_the_bank_keeps_nobody_and_its_end_ends_a_shop(tmp_path):
    model = owned(tmp_path)
    store = believing(model, 1e6)
    owed = store.cash_yuan + store.credit_yuan
    for paid, gone in [(owed - 1, False), (2, True)]:
        model.ledger.book("owners", store.account, 5, round(100 * paid))
        decision = model.leaving.must(store, model.view, {})
        assert (decision is not None) is gone
    assert decision.reason.startswith("insolvent: ")


def test_a_chain_has_one_purse(tmp_path):
    model = owned(tmp_path)
    left, right = model.stores
    assert purse(left) == (left.cash_yuan, left.credit_yuan)
    left.chain = right.chain = "both"
    assert (
        purse(left)
        == purse(right)
        == (left.cash_yuan + right.cash_yuan, left.credit_yuan + right.credit_yuan)
    )
    run_days(model, 31)
    model.ledger.book("owners", left.account, 5, round(100 * (left.cash_yuan + left.credit_yuan + 1)))
    assert model.leaving.must(left, model.view, {}) is None


@pytest.mark.parametrize(
    ("yearly", "retirement", "years", "reason"),
    [(0.999999999, 0, 1, "private: leaves"), (0, 0.999999999, 60, "private: retires")],
)
def test_private_reasons_take_the_best_shop(tmp_path, yearly, retirement, years, reason):
    rules = f"private: {{yearly: {yearly}, retirement_yearly: {retirement}}}, outside: {{mean: 0}}"
    model = owned(tmp_path, rules)
    for store in model.stores:
        store.opened = date(2013 - years, 1, 1)
    run_days(model, 31)
    reasons = {s.name: s.reason for s in model.stores}
    assert reason in reasons.values()
    assert set(reasons.values()) <= {reason, ""}


def test_a_way_that_did_not_pay_is_remembered(tmp_path):
    model = owned(tmp_path)
    store = model.store("left")
    assert store.run_by.expects("social", 1000.0, model.date) == 1000.0
    store.modes["social"] = Holding(model.date, None, 6, [-80_000] * 6)
    store.quit("social")
    cost = store.mode_cost_yuan("social")
    assert store.run_by.tried["social"] == Tried(model.date, 6, cost - 800.0)
    weight = 6 / 9
    expected = (1 - weight) * 1000 + weight * (cost - 800)
    assert store.run_by.expects("social", 1000.0, model.date) == pytest.approx(expected)
    later = model.date + timedelta(days=round(36 * 365.25 / 12))
    halved = (1 - weight / 2) * 1000 + weight / 2 * (cost - 800)
    assert store.run_by.expects("social", 1000.0, later) == pytest.approx(halved, rel=1e-3)


def test_an_online_shop_is_left_for_a_unit_again_when_that_is_worth_more(tmp_path):
    """It goes online, follows its customers, and comes back to a unit that is empty when it believes in the shop again."""
    rules = (
        SURE
        + ", choice: {attention: 1, doubt: 0.000001, stock_months: 0, refit_months: 0.001, follow_online: 1}"
    )
    model = owned(tmp_path, rules)
    store = believing(model, -100_000.0)
    store.modes["social"] = Holding(model.date)
    found = {a.state: a for a in alternatives(store, model.view)}
    assert set(found) == {SHOWROOM, ONLINE_ONLY}
    assert found[ONLINE_ONLY].profit > store.run_by.profit(store)
    store.run_by.belief.mean += 1e6 - found[ONLINE_ONLY].profit  # so that it pays online, and less as a shop
    decision = Decision("move online", figures={})
    store.run_by.plan = alternatives(store, model.view)[-1]
    store.become(ONLINE_ONLY, "")
    system(model, "Owners").decided(store, decision)
    assert store.run_by.before is not None and store.run_by.belief.mean == pytest.approx(1e6)
    assert (model.consumers.columns.record["follows"] == store.number).any()
    store.circle.units = len(store.circle.tenants)
    assert alternatives(store, model.view) == []  # no unit is empty
    store.circle.units += 2
    back = {a.state: a for a in alternatives(store, model.view)}
    assert set(back) == {OPEN, SHOWROOM}
    store.run_by.before[0].mean = 5e6
    decision = model.leaving.wants(store, model.view, {})
    assert decision.kind == "come back"
    store.become(OPEN, decision.reason)
    system(model, "Owners").decided(store, decision)
    assert store in store.circle.tenants and store.run_by.before is None and store.state == OPEN


def test_who_is_paid_for_it_becomes_a_showroom(tmp_path):
    """Half of a shop that loses loses less, but is worth less than leaving, unless somebody pays for the floor."""
    rules = SURE + ", choice: {attention: 1, doubt: 0.000001, stock_months: 0}"
    model = owned(tmp_path, rules)
    store = believing(model, -5000.0)
    assert model.leaving.wants(store, model.view, {}).kind == "close"
    store.showroom_income = 30_000.0
    decision = model.leaving.wants(store, model.view, {})
    assert decision.kind == "showroom"
    assert decision.figures["profit believed there (yuan/month)"] > 0


def test_a_branch_does_not_go_online_beside_sisters_that_are(tmp_path):
    model = owned(tmp_path)
    store, sister = believing(model, 0.0), model.store("right")
    store.chain = sister.chain = "both"
    store.modes["social"] = Holding(model.date)
    assert ONLINE_ONLY in {a.state for a in alternatives(store, model.view)}
    sister.modes["social"] = Holding(model.date)
    assert ONLINE_ONLY not in {a.state for a in alternatives(store, model.view)}


# -- reasons -------------------------------------------------------------------------------------------------
CHANGES = {
    "rent": lambda s, m: setattr(s, "fixed_rent_yuan_m2", None) or setattr(s.circle, "rent", 9.0),
    "rivals": lambda s, m: _opened(s, sales=3.0),
    "wages": lambda s, m: _opened(s, wage=0.1),
    "orders": lambda s, m: _opened(s, orders=-0.5),
    "online": lambda s, m: m.view.online_share.update({s.category: 0.6}),
    "luck": lambda s, m: _saw(s, luck_appeal=-1.0),
}


def _opened(store, sales: float = 1.0, wage: float = 1.0, orders: float = 0.0) -> None:
    """How it opened, relative to what it is."""
    then = store.run_by.opening
    store.run_by.opening = Opening(
        then.rent, then.sales * sales, then.online, then.wage * wage, then.orders + orders
    )


def _saw(store, **how) -> None:
    """How things stood in its months."""
    store.run_by.seen = [replace(month, **how) for month in store.run_by.seen]


def telling(folder, months: int = 1):
    """A shop that is as it opened, whose owner believes what its last month told him."""
    model = owned(folder)
    store = believing(model, 0.0, months)
    _saw(store, gain=1.0, season=1.0)
    store.run_by.opening = Opening(1.0, store.months[-1].revenue / 100, 0.0, model.wage_yuan(), 0.0)
    return store


@pytest.mark.parametrize("name", CHANGES)
def test_the_reason_is_the_change_that_would_have_kept_it(tmp_path, name):
    store = telling(tmp_path)
    model = store.model
    worth = believed(store, changes(store, model.view), model.view)
    assert max(worth.values()) == pytest.approx(0.0, abs=1.0)
    assert why_gave_up(store, model.view, 100.0, 0.0, {}) == NEVER
    CHANGES[name](store, model)
    figures: dict = {}
    assert why_gave_up(store, model.view, 100.0, 0.0, figures) == WORDS[name]
    assert max(figures["what would have kept it (yuan/month)"].values()) > 100


@pytest.mark.parametrize(("gap", "name"), [(100.0, "rent"), (1000.0, "appeal")])
def test_what_changed_comes_before_what_was_lacking_if_it_would_have_been_enough(tmp_path, gap, name):
    store = telling(tmp_path)
    store.circle.rent, store.quality = 3.0, -2.0  # 200 yuan of rent, and six times the sales
    view = store.model.view
    worth = believed(store, changes(store, view), view)
    assert worth["rent"] == pytest.approx(200.0) and worth["appeal"] > 1000
    assert why_gave_up(store, view, gap, 0.0, {}) == WORDS[name]


def test_changes_that_only_together_would_have_kept_it_name_the_larger_of_them(tmp_path):
    store = telling(tmp_path)
    store.circle.rent, store.quality = 3.0, -2.0
    _opened(store, wage=0.5)
    view = store.model.view
    worth = believed(store, changes(store, view), view)
    assert worth["wages"] > 0 and worth["rent"] > 0
    gap = max(worth["wages"], worth["rent"]) + 1.0
    larger = max(("wages", "rent"), key=lambda name: worth[name])
    assert why_gave_up(store, view, gap, 0.0, {}) == WORDS[larger]
    assert why_gave_up(store, view, worth["wages"] + worth["rent"] + 1.0, 0.0, {}) == WORDS["appeal"]


def test_a_rent_that_is_only_offered_is_the_reason_of_who_leaves_before_it(tmp_path):
    store = telling(tmp_path)
    store.lease = Lease(0, 9999, None, 1.0, 1.0, 0.0, 0, 0, offer_yuan_m2=5.0)
    assert store.rent_yuan() == pytest.approx(store.floor_m2)
    assert why_gave_up(store, store.model.view, 300.0, 0.0, {}) == WORDS["rent"]
    store.lease.offer_yuan_m2 = None
    assert why_gave_up(store, store.model.view, 300.0, 0.0, {}) == NEVER


@pytest.mark.parametrize("gains", [(1.0, 0.5), (0.5, 0.25), (1.0, 1.0)])
def test_a_change_weighs_in_what_he_believes_as_its_months_did(tmp_path, gains):
    """Without it, each month would have shown more: by so much more would he believe in."""
    model = owned(tmp_path)
    store = believing(model, 0.0, months=2)
    owner = store.run_by
    owner.seen = [replace(month, gain=gain) for month, gain in zip(owner.seen, gains, strict=True)]
    found = {"wages": [100.0, 300.0]}
    first, second = gains
    by_hand = first * 100.0
    by_hand += second * (300.0 - by_hand)
    assert believed(store, found, model.view)["wages"] == pytest.approx(by_hand)


def test_what_was_paid_before_counts_for_who_has_no_money_left(tmp_path):
    """Wages were twice as high in all months but the last, when he already had hardly anybody to pay."""
    store = telling(tmp_path, months=2)
    then = store.run_by.opening
    store.run_by.seen[0] = replace(store.run_by.seen[0], wage=2 * then.wage)
    store.run_by.belief.mean = store.rent_yuan()  # he expects no further loss
    paid = -int(store.months[0].lines[LINE["wages"]]) / 100
    assert why_gave_up(store, store.model.view, 1.0, 0.0, {}) == NEVER
    assert why_insolvent(store, store.model.view, 0.9 * paid / 2, {}) == WORDS["wages"]


def test_how_a_newcomer_opened_is_noted_when_it_opens(tmp_path):
    """What wages do in its first half year has changed since."""
    model = owned(tmp_path)
    store = believing(model, 0.0, months=2)
    wage = store.run_by.seen[0].wage
    store.run_by.seen[1] = replace(store.run_by.seen[1], wage=3 * wage)
    assert opening_of(store, model.view).wage == wage


def test_who_only_seemed_to_have_something_better_says_so(tmp_path):
    store = telling(tmp_path)
    said = why_gave_up(store, store.model.view, 50.0, 80.0, {})
    assert said == "something else seemed worth more"


# -- sitting tenants --------------------------------------------------------------------------------------------
TOWN = """extends: {shipped}
population: 2500
days: 31
residents: 100_000
stores: {{luck: {{}}, owners: {{}}}}
levers: {{rent_x: {rent_x}}}
"""


def town(folder, rent_x: float = 1.0) -> O2OModel:
    shipped = Path(__file__).parents[3] / "scenarios/town.yaml"
    file = folder / "town.yaml"
    file.write_text(TOWN.format(shipped=shipped, rent_x=rent_x), encoding="utf-8")
    return O2OModel(load_scenario(file))


def test_shops_of_the_first_day_are_sitting_tenants_in_a_world_before_levers(tmp_path):
    """Few would leave at once; ages differ; a lever on rents changes what they pay, not who they are."""
    plain, dear = town(tmp_path), town(tmp_path, 1.7)
    run_days(plain, 1), run_days(dear, 1)
    ages = [(plain.spec.start - s.opened).days / 365 for s in plain.stores]
    assert min(ages) < 1 < 4 < max(ages)
    assert [s.opened for s in plain.stores] == [s.opened for s in dear.stores]
    assert [s.quality for s in plain.stores] == [s.quality for s in dear.stores]
    for a, b in zip(plain.stores, dear.stores):
        assert a.run_by.belief.mean == b.run_by.belief.mean
        assert b.run_by.profit(b) < a.run_by.profit(a)
    short = [stake_of(s).profit < stake_of(s).critical for s in plain.stores]
    assert sum(short) < 0.12 * len(short)
    assert sum(stake_of(s).profit < stake_of(s).critical for s in dear.stores) > sum(short)
    foreseen = sum(s.run_by.opening.sales for s in plain.stores)
    there = list(plain.stores)
    run_days(plain, 30)
    sold = sum(s.months[0].revenue for s in there) / 100
    assert sold == pytest.approx(foreseen, rel=0.1)


def test_a_bad_name_is_told(tmp_path):
    with pytest.raises(ScenarioError, match=r"stores\.owners\.outside\.by_format"):
        owned(tmp_path, "outside: {by_format: {shops: 0.1}}")
