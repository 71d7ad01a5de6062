"""Chains that decide for all their shops."""

from __future__ import annotations

import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.policies.decisions import Decision
from o2o_sim.scenario import load_scenario

from .hamlet import HAMLET, hamlet, run_days, system
from .row import SERVICE, Says, shops

CHAIN = "  formats: {shop: {chain_share: 1, chains: 1}}\n  chains_decide: {}\n"


APP = "modes: {app: {setup_yuan: 300, fixed_yuan_month: 90, skill: 0, shared_by_chain: %s}}\n"


def chain_of_three(tmp_path, *decisions, text="", shared="true"):
    model = hamlet(tmp_path, shops(3) + CHAIN + APP % shared + text)
    (office,) = system(model, "Chains").offices.values()
    office.policy = Says(*decisions)
    return model, office


def test_one_head_office_decides_once_a_month_for_all_its_shops(tmp_path):
    model, office = chain_of_three(tmp_path, Decision("price", "tries", price_x=1.04))
    run_days(model, 31)
    assert len(office.policy.seen) == 1
    assert [s.price_x for s in model.stores] == [1.04] * 3
    assert {e["reason"] for e in model.events if e["decision"] == "price"} == {"its chain: tries"}
    usual, months = office.policy.seen[0], [s.months[0] for s in model.stores]
    assert usual.months[0].revenue == pytest.approx(sum(m.revenue for m in months) / 3, abs=1)
    assert usual.months[0].profit == pytest.approx(sum(m.profit for m in months) / 3, abs=8)
    assert usual.cash_yuan == pytest.approx(
        1e6 + sum(m.profit for m in months) / 300
    )  # before anything is paid out
    run_days(model, 28)
    assert len(office.policy.seen) == 2


@pytest.mark.parametrize(("shared", "each"), [("true", 100_00), ("false", 300_00)])
def test_what_a_chain_begins_together_it_pays_for_together(tmp_path, shared, each):
    """The app costs 300 yuan to begin: 100 for each of three shops, or 300 each if nothing is shared."""
    model, _ = chain_of_three(tmp_path, Decision("adopt", "x", mode="app"), shared=shared)
    run_days(model, 30)
    run_days(model, 1)
    assert all("app" in s.modes for s in model.stores)
    assert [-int(s.months[0].lines[12]) for s in model.stores] == [each] * 3
    run_days(model, 28)  # and 90 a month
    assert [-int(s.months[1].lines[12]) for s in model.stores] == [30_00 if shared == "true" else 90_00] * 3


def test_a_shop_that_changes_its_chain_shares_with_the_new_one(tmp_path):
    model, _ = chain_of_three(tmp_path)
    first, second, third = model.stores
    for shop in model.stores:
        shop.adopt("app", None)
    old = third.chain
    third.chain = "another"
    assert [s.sharers("app") for s in model.stores] == [2, 2, 1]
    assert model.chains == {old: [first, second], "another": [third]}
    second.chain = ""
    first.chain = "another"
    assert [s.sharers("app") for s in model.stores] == [2, 1, 2]


def test_it_expects_of_a_shared_mode_what_its_usual_shop_would_pay(tmp_path):
    from o2o_sim.policies.integration import options

    model, office = chain_of_three(tmp_path)
    run_days(model, 31)
    (app,) = [o for o in options(office.policy.seen[0], model.view) if o.mode == "app"]
    assert app.cost == pytest.approx((90 + 300 / 24) / 3)
    alone = next(o for o in options(model.stores[0], model.view) if o.mode == "app")
    assert alone.cost == pytest.approx(90 + 300 / 24)


def test_a_newcomer_takes_up_what_its_chain_has(tmp_path):
    model, _ = chain_of_three(tmp_path, Decision("adopt", "x", mode="app"))
    run_days(model, 31)
    del model.stores[2].modes["app"]
    run_days(model, 28)
    assert "app" in model.stores[2].modes
    assert -int(model.stores[2].months[1].lines[12]) == 100_00  # the third of three


@pytest.mark.parametrize(
    ("states", "said", "then"),
    [
        (["open", "online only", "open"], "showroom", ["open", "online only", "showroom"]),
        (["online only"] * 3, "showroom", ["online only"] * 3),
        (["online only", "showroom", "online only"], "move online", ["online only"] * 3),
        (["online only", "open", "open"], "close", ["closed", "open", "open"]),
    ],
)
def test_only_who_has_a_unit_turns_it_into_a_showroom_or_leaves_it(tmp_path, states, said, then):
    """The worst is online only (its months say so), and nobody comes back to a unit that was left."""
    model, office = chain_of_three(tmp_path, Decision(said, "x"))
    run_days(model, 1)
    model.offers_changed = True
    for s, state in zip(model.stores, states):
        if state != "open":
            s.become(state, "before")
    # Less quality, less profit: the last is the worst of those that are still open.
    model.stores[2].quality = -1.0
    run_days(model, 30)
    assert [s.state for s in model.stores] == then
    assert all((s in s.circle.tenants) == s.is_here for s in model.stores)
    seen = office.policy.seen[0].state
    assert seen == next((k for k in ("open", "showroom") if k in states), "online only")


def test_who_is_online_only_gets_no_service_for_nothing(tmp_path):
    """A chain puts 50 yuan into each m2 of floor: a shop without a floor has nothing to pay, and nothing of
    it."""
    model = hamlet(tmp_path, shops(3) + CHAIN + SERVICE % "")
    (office,) = system(model, "Chains").offices.values()
    office.policy = Says(Decision("invest", "x"))
    model.stores[1].become("online only", "before")
    run_days(model, 31)
    assert list(system(model, "ServiceWorks").worth.values()) == [50, 0, 50]
    assert model.stores[1].quality == 0 < model.stores[0].quality


def test_it_quits_for_all(tmp_path):
    model, _ = chain_of_three(
        tmp_path, Decision("adopt", "x", mode="app"), Decision("quit", "did not pay", mode="app")
    )
    run_days(model, 59)
    assert not any(s.modes for s in model.stores)


def test_a_chain_that_gives_up_closes_its_worst_shop_only(tmp_path):
    model, office = chain_of_three(tmp_path)
    run_days(model, 31)
    office.policy.decisions = [Decision("close", "gave up")]
    worst = min(model.stores, key=lambda s: s.months[-1].profit)
    worst.months[-1].lines[10] -= 10**7  # its wages were a hundred thousand yuan
    worst.months[-1].__dict__.pop("profit", None)
    run_days(model, 28)
    assert [s.name for s in model.stores if s.state == "closed"] == [worst.name]


def test_one_in_the_red_is_not_insolvent_while_its_chain_is_not(tmp_path):
    from o2o_sim.policies.store import NeverIntegrate

    def broke(who):
        model, office = chain_of_three(tmp_path)
        office.policy = NeverIntegrate()
        for k in who:
            account = model.stores[k].account
            model.ledger.book("owners", account, 5, model.ledger.balance[account] + 500_000_00)
        run_days(model, 31)
        return [s.state for s in model.stores]

    assert broke([0]) == ["open"] * 3  # 500,000 owed, and two millions in the others' tills
    assert broke([0, 1, 2]) == ["closed"] * 3


def test_chains_of_other_formats_and_shops_without_a_chain_decide_alone(tmp_path):
    text = "  formats: {shop: {chain_share: 0}}\n  chains_decide: {}\n"
    assert not system(hamlet(tmp_path, shops(3) + text), "Chains").offices
    two = "  formats: {shop: {chain_share: 1, chains: 1}, other: {demand_share: {bread: 0.1}, area_m2: 1000000, sales_per_m2_year_yuan: 100000}}\n"
    assert not system(
        hamlet(tmp_path, shops(3) + two + "  chains_decide: {formats: [other]}\n"), "Chains"
    ).offices


def test_a_shop_matches_its_neighbour_and_the_parcel_in_a_whole_run(tmp_path):
    """Coats (100 yuan) by parcel at 85 yuan and a fee of 3; next door they are 90. Without the parcel it asks
    90, with it 88; bread is sold at the same factor. Two that match each other stay at their list prices."""
    cheap = "    cheap: {demand_share: {coats: 0.1}, area_m2: 1000000, sales_per_m2_year_yuan: 100000, markup_x: 0.9}\n"
    text = "stores:\n  policy: price_match\n  formats:\n" + cheap
    beside = "  named:\n    right: {format: cheap}\n"
    parcel = """platforms:
  bazaar: {kind: marketplace, members_start: 1, categories: [coats], cash_yuan: 1e6,
           parcel: {per_order_yuan: 6, per_km_yuan: 0, fee_share: 0.5, cost_yearly_x: 1}}
categories: {coats: {online_price_x: 0.85}}
"""

    def price(changes: str) -> float:
        return run_days(hamlet(tmp_path, changes), 31).stores[0].price_x

    assert price(text) == 1.0
    assert price(text + beside) == pytest.approx(0.9)
    assert price(text + beside + parcel) == pytest.approx(0.88)
    assert price(text + beside + parcel + "levers: {logistics_x: 2}\n") == pytest.approx(0.9)  # 91 by parcel


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("service: {kept_up: {shops: 100}}", "stores.service.kept_up.shops"),
        ("service: {kept_up: {shop: -1}}", "stores.service.kept_up.shop"),
        ("chains_decide: {formats: [shops]}", "stores.chains_decide.formats.0"),
        ("policy: price_matches", "stores.policy"),
    ],
)
def test_names_that_are_not_there_are_found(tmp_path, said, key):
    file = tmp_path / "bad.yaml"
    file.write_text(f"extends: {HAMLET}\nstores: {{{said}}}\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as found:
        load_scenario(file)
    assert key in str(found.value)
