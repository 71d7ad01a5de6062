"""How stores, landlords, platforms and newcomers decide, with stores made by hand."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from o2o_sim.agents.store import ONLINE_ONLY, OPEN, SHOWROOM, Month
from o2o_sim.market.ledger import LINE, LINES
from o2o_sim.modes import Holding, modes_of
from o2o_sim.policies import entry, rent, subsidy
from o2o_sim.policies import store as store_policies
from o2o_sim.policies.decisions import KEEP, View
from o2o_sim.policies.entry import Prospect
from o2o_sim.policies.integration import Option, contribution_margin, options
from o2o_sim.policies.reasons import main_cause
from o2o_sim.policies.store import NeverIntegrate, Satisficing
from o2o_sim.scenario.blocks.subsidy import Subsidy as SubsidySpec
from o2o_sim.scenario.landlords import Landlords
from o2o_sim.scenario.schema import Spec

RULES = {
    "memory_months": 2, "aspiration_margin": 0.05, "imitation": 0.5, "hurdle_x": 1.5, "optimism": 1.0,
    "bandwagon": 0.5, "trial_months": 3, "patience_months": 4, "price_step": 0.02, "review_share": 0.5,
}  # fmt: skip
FREE = {
    "setup_yuan": 0.0,
    "fixed_yuan_month": 0.0,
    "per_order_yuan": 0.0,
    "delivery_cost_yuan": 0.0,
    "skill": 0.0,
}


def spec(modes=None, categories=None, **rules) -> Spec:
    """A scenario in which all modes cost nothing, unless said otherwise."""
    food = {"every_days": 2.0, "ticket_yuan": 50.0, "gross_margin": 0.3, "delivery_reach_min": 15.0}
    grocer = {"demand_share": {"food": 1.0}, "area_m2": 100.0, "sales_per_m2_year_yuan": 12000.0}
    given = modes or {}
    return Spec.model_validate(
        {
            "categories": {"food": {**food, **(categories or {})}},
            "cohorts": {"all": {"share": 1.0}},
            "stores": {"formats": {"grocer": grocer}, "satisficing": {**RULES, **rules}},
            "modes": {
                m: {**FREE, **given.get(m, {})} for m in ("social", "marketplace", "partnership", "app")
            },
        }
    )


def month(revenue=100_000.0, profit=0.0, *, rent=-10_000.0, integration=0.0, **more) -> Month:
    """A month in yuan: goods cost 70 % of the revenue, wages are what makes the profit right."""
    lines = np.zeros(len(LINES), np.int64)
    lines[LINE["sales"]] = round(100 * revenue)
    lines[LINE["cost of goods"]] = round(-70 * revenue)
    lines[LINE["rent"]] = round(100 * rent)
    lines[LINE["integration"]] = round(100 * integration)
    lines[LINE["wages"]] = round(100 * profit) - int(lines.sum())
    lines[LINE["owners"]] = 10**9  # capital is no profit
    said = {"sales_by_channel": {}, "customers": 10, "visits": 100, "looked_only": 0, "turned_away": 0}
    return Month(lines, **(said | more))


def shop(*months: Month, **given):
    """A store as its policy sees it."""
    known = {
        "cash_yuan": 10_000.0,
        "credit_yuan": 5_000.0,
        "months": list(months),
        "modes": {},
        "losses": 0,
        "run_by": None,
        "circle": SimpleNamespace(name="market"),
        "category": "food",
        "floor": {"food": 1.0},
        "format_name": "grocer",
        "skill": 0.5,
        "state": OPEN,
        "price_x": 1.0,
        "price_direction": 1.0,
        "fit": lambda mode: 1.0,
        "usual_sales_yuan": lambda: 100_000.0,
        "sharers": lambda mode: 1,
        "format": SimpleNamespace(reluctance_x=1.0, integrates_from=None),
        "cost_x": 1.0,
    }
    return SimpleNamespace(**{**known, **given})


def view(scenario: Spec | None = None, **given) -> View:
    known = {
        "date": date(2014, 1, 31),
        "spec": scenario or spec(),
        "platforms": [],
        "margin": {},
        "circle_margin": {},
        "holders": {},
        "lift": {},
        "online_share": {},
        "members": {},
        "orders": {},
        "rent_share": {},
        "modes": modes_of(scenario or spec()),
    }
    return View(**{**known, **given})


def platform(name="tuan", kind="local_services", *, carries=True, is_broke=False, commission=0.0, **given):
    said = {
        "kind": kind,
        "coupon_discount": 0.0,
        "price_x": 1.0,
        "parcel": SimpleNamespace(fee_share=1.0),
        **given,
    }
    return SimpleNamespace(
        name=name, spec=SimpleNamespace(**said), carries=lambda category: carries, is_broke=is_broke,
        commission=commission, advertising_share=lambda: 0.02, parcel_cost=lambda category: 10.0,
    )  # fmt: skip


POOR = (month(profit=1000.0), month(profit=1000.0))  # a margin of 1 %, below any aspiration here
NO_MODES = {m: {"available": False} for m in ("social", "app", "marketplace", "partnership")}
ONLY_SOCIAL = {**NO_MODES, "social": {"available": True, "hoped_lift": 0.1}}


# -- stores: insolvent, content, young -----------------------------------------------------------------------
def test_out_of_cash_and_credit_it_closes():
    decision = Satisficing().review(shop(*POOR, cash_yuan=-5000.01), view(), 0.0)
    assert decision.kind == "close"
    assert decision.reason.startswith("insolvent: ")
    assert decision.figures["cash (yuan)"] == -5000.01


def test_it_may_use_its_credit_to_the_last():
    assert Satisficing().review(shop(*POOR, cash_yuan=-5000.0), view(spec(NO_MODES)), 0.0).kind == "price"


def test_insolvency_is_noticed_in_the_first_month_already():
    assert Satisficing().review(shop(cash_yuan=-1e6), view(), 0.0).reason == "insolvent: no cash"


def test_a_young_store_does_nothing():
    assert Satisficing().review(shop(month(profit=-9000.0)), view(), 0.0) is KEEP


def test_content_with_enough_it_keeps():
    store = shop(month(profit=2500.0), month(profit=2500.0))
    decision = Satisficing().review(store, view(), 0.0)  # aspiration: half of 5 %, and no neighbours
    assert (decision.kind, decision.reason) == ("keep", "content")
    assert decision.figures["margin"] == decision.figures["aspiration"] == 0.025
    assert Satisficing().review(shop(*[month(profit=2400.0)] * 2), view(spec(NO_MODES)), 0.0).kind == "price"


@pytest.mark.parametrize(
    ("seen", "aspiration"),
    [
        ({"circle_margin": {("market", "food"): 0.1}, "margin": {"food": 0.5}}, 0.075),
        ({"circle_margin": {("elsewhere", "food"): 0.1}, "margin": {"food": 0.2}}, 0.125),
        ({"margin": {"food": -0.3}}, 0.025),
    ],
    ids=["neighbours", "else the city", "losses of others are no hope"],
)
def test_it_hopes_for_what_neighbours_earn(seen, aspiration):
    assert Satisficing().look_back(shop(*POOR), view(**seen))["aspiration"] == aspiration


def test_it_looks_back_only_as_far_as_it_remembers():
    figures = Satisficing().look_back(shop(month(profit=-90_000.0), *[month(profit=4000.0)] * 2), view())
    assert figures["margin"] == 0.04
    assert figures["profit (yuan/month)"] == 4000
    assert figures["sales (yuan/month)"] == 100_000


# -- stores: taking up a mode --------------------------------------------------------------------------------
def offered(monkeypatch, *pairs):
    """Let the options have these (gain, cost), best first."""
    found = [Option(f"mode {k}", None, gain, cost, 0.0) for k, (gain, cost) in enumerate(pairs)]
    monkeypatch.setattr(store_policies, "options", lambda store, view: found)


@pytest.mark.parametrize(
    ("pairs", "chosen"),
    [
        ([(1600, 1000)], "mode 0"),
        ([(1500, 1000)], None),  # the hurdle is 1.5
        ([(2000, 1400), (1000, 500), (900, 100)], "mode 1"),  # the first lies below the hurdle
        ([(0, 0)], None),
        ([(-5, -100)], None),
        ([], None),
    ],
)
def test_it_adopts_the_best_above_the_hurdle(monkeypatch, pairs, chosen):
    offered(monkeypatch, *pairs)
    decision = Satisficing().review(shop(*POOR), view(), 0.49)
    assert (decision.kind, decision.mode) == (("adopt", chosen) if chosen else ("price", ""))
    if chosen:
        gain, cost = pairs[int(chosen[-1])]
        assert decision.figures["expected gain (yuan/month)"] == gain
        assert decision.figures["cost (yuan/month)"] == cost


def test_it_thinks_of_changes_only_now_and_then(monkeypatch):
    offered(monkeypatch, (1e6, 1.0))
    assert Satisficing().review(shop(*POOR), view(), 0.5).kind == "price"


def test_never_integrate_never_adopts(monkeypatch):
    offered(monkeypatch, (1e6, 1.0))
    assert NeverIntegrate().changes(shop(*POOR), view()) == []
    assert NeverIntegrate().review(shop(*POOR), view(), 0.0).kind == "price"
    assert NeverIntegrate().review(shop(*POOR, cash_yuan=-1e6), view(), 0.0).kind == "close"


def test_what_it_expects_of_its_own_delivery():
    social = {"available": True, "hoped_lift": 0.1, "setup_yuan": 2400.0, "fixed_yuan_month": 500.0,
              "per_order_yuan": 1.0, "delivery_cost_yuan": 8.0, "delivery_fee_yuan": 3.0, "skill": 0.5}  # fmt: skip
    scenario = spec({**NO_MODES, "social": social}, optimism=2.0)
    store = shop(*POOR, fit=lambda mode: 0.5)
    (option,) = options(store, view(scenario, holders={("food", "social"): 0.4}))
    extra = 100_000 * 0.1 * 2.0 * (1 + 0.5 * 0.4) * 0.5
    assert option.extra_sales == pytest.approx(extra)
    assert option.gain == pytest.approx(extra * 0.3 - (1 + 8 - 3) * extra / 50)
    assert option.cost == 500 + 2400 / 24
    (seen,) = options(store, view(scenario, holders={("food", "social"): 0.4}, lift={"social": 0.3}))
    assert seen.extra_sales == pytest.approx(2 * extra)  # half way from what it hopes for to what it sees


def test_the_lever_of_logistics_is_in_what_it_expects_of_its_own_delivery():
    social = {"available": True, "hoped_lift": 0.1, "delivery_cost_yuan": 8.0, "delivery_fee_yuan": 3.0}
    scenario = spec({**NO_MODES, "social": social})

    def gain(logistics_x: float) -> float:
        levers = scenario.levers.model_copy(update={"logistics_x": logistics_x})
        (option,) = options(shop(*POOR), view(scenario.model_copy(update={"levers": levers})))
        return option.gain

    orders = 100_000 * 0.1 / 50
    assert gain(2.0) == pytest.approx(gain(1.0) - orders * (8 - 3))


@pytest.mark.parametrize(
    ("mode", "store", "seen"),
    [
        ({}, {"modes": {"social": Holding(date(2013, 1, 1))}}, {}),
        ({"start": date(2014, 2, 1)}, {}, {}),
        ({"setup_yuan": 12_500.1}, {}, {}),
        ({"setup_yuan": 12_000.0, "fixed_yuan_month": 250.1}, {}, {}),
        ({"skill": 1.0}, {"skill": 0.49}, {}),
        ({}, {}, {"categories": {"delivery_reach_min": 0.0}}),
    ],
    ids=["held", "not yet", "too dear to begin", "too dear to go on", "too difficult", "nothing to deliver"],
)
def test_what_it_cannot_take_up_is_no_option(mode, store, seen):
    def found(mode, store, seen):
        scenario = spec({**NO_MODES, "social": {"available": True, **mode}}, **seen)
        return options(shop(*POOR, **store), view(scenario))

    assert len(found({}, {}, {})) == 1
    assert found(mode, store, seen) == []


def test_what_it_just_can_take_up_is_an_option():
    just = {"available": True, "start": date(2014, 1, 31), "setup_yuan": 12_000.0, "fixed_yuan_month": 250.0,
            "skill": 1.0}  # fmt: skip
    assert len(options(shop(*POOR), view(spec({**NO_MODES, "social": just})))) == 1


def test_partners_are_of_the_right_kind_carry_its_goods_and_are_alive():
    scenario = spec({m: {"available": m in ("marketplace", "partnership")} for m in NO_MODES})
    there = [
        platform("coupons"),
        platform("bazaar", "marketplace"),
        platform("own goods", "self_operated"),
        platform("books", "marketplace", carries=False),
        platform("gone", is_broke=True),
    ]
    found = {(o.mode, o.platform.name) for o in options(shop(*POOR), view(scenario, platforms=there))}
    assert found == {("marketplace", "bazaar"), ("partnership", "coupons")}


def test_a_partnership_brings_members_and_costs_commission_and_discount():
    scenario = spec(
        {**NO_MODES, "partnership": {"available": True, "hoped_lift": 0.2, "per_order_yuan": 0.5}}
    )
    there = [platform(commission=0.05, coupon_discount=0.1)]
    (option,) = options(shop(*POOR), view(scenario, platforms=there, members={"tuan": 0.25}))
    extra = 100_000 * 0.2 * 0.5
    assert option.gain == pytest.approx(extra * (0.3 - 0.05 - 0.1) - 0.5 * extra / 50)


def test_a_marketplace_brings_a_share_of_its_orders():
    scenario = spec(
        {**NO_MODES, "marketplace": {"available": True, "market_share": 0.01}}, {"online_price_x": 0.8}
    )
    there = [
        platform(
            "bazaar", "marketplace", commission=0.05, price_x=1.1, parcel=SimpleNamespace(fee_share=0.75)
        )
    ]
    (option,) = options(shop(*POOR), view(scenario, platforms=there, orders={("bazaar", "food"): 1e8}))
    price = 0.8 * 1.1
    parcel = 10 * 0.25 / (price * 50)  # the quarter of it that the customer does not pay
    assert option.extra_sales == pytest.approx(1e6 * 0.01)
    assert option.gain == pytest.approx(1e4 * ((price - 0.7) / price - 0.05 - 0.02 - parcel))


def test_the_best_option_is_first():
    scenario = spec({**NO_MODES, "social": {"available": True, "hoped_lift": 0.1},
                     "app": {"available": True, "hoped_lift": 0.2, "fixed_yuan_month": 100.0}})  # fmt: skip
    assert [o.mode for o in options(shop(*POOR), view(scenario))] == ["app", "social"]
    decision = Satisficing().review(shop(*POOR), view(scenario), 0.0)
    assert (decision.kind, decision.mode) == ("adopt", "app")


def test_what_is_left_over_counts_not_what_comes_in():
    scenario = spec({**NO_MODES, "social": {"available": True, "hoped_lift": 0.1},
                     "app": {"available": True, "hoped_lift": 0.11, "fixed_yuan_month": 1000.0}})  # fmt: skip
    assert [o.mode for o in options(shop(*POOR), view(scenario))] == ["social", "app"]


def test_a_store_without_sales_expects_nothing():
    assert contribution_margin([month(0.0)]) == 0
    assert contribution_margin([month(100_000.0)]) == pytest.approx(0.3)
    decision = Satisficing().review(shop(month(0.0), month(0.0)), view(spec(ONLY_SOCIAL)), 0.0)
    assert decision.kind == "price"


# -- stores: giving up ---------------------------------------------------------------------------------------
def holding(*contributions: int) -> Holding:
    return Holding(date(2013, 1, 1), None, len(contributions), list(contributions))


@pytest.mark.parametrize(
    ("contributions", "kind"),
    [
        ((-100, -100, 199), "quit"),
        ((-100, -100), "keep"),  # too early to tell
        ((-100, 0, 100), "keep"),
        ((-10_000, 100, 100, 100), "keep"),  # long ago
        ((10_000, -1, 0, 0), "quit"),
    ],
)
def test_it_quits_a_mode_that_does_not_pay(contributions, kind):
    store = shop(
        *[month(profit=9000.0)] * 2, modes={"app": holding(9, 9, 9), "social": holding(*contributions)}
    )
    decision = Satisficing().review(store, view(), 0.0)
    assert decision.kind == kind
    assert decision.mode == ("social" if kind == "quit" else "")


def losing(n=4, losses=4, **given):
    online = given.pop("online", {})
    looked = given.pop("looked", 0)
    months = [month(profit=-1000.0, sales_by_channel=online, looked_only=looked)] * n
    return shop(*months, losses=losses, **given)


def test_after_long_losses_it_closes():
    decision = Satisficing().review(losing(), view(), 0.0)
    assert decision.kind == "close"
    assert decision.reason.startswith("gave up: ")


def test_it_is_patient():
    assert Satisficing().review(losing(losses=3), view(spec(NO_MODES)), 0.0).kind == "price"


def test_online_sales_that_carry_a_smaller_shop_keep_it_online():
    rich = {"app delivery": 1_000_000, "social delivery": 500_000}  # fen; fixed cost is 31,000 yuan a month
    modes = {"app": holding(1)}
    decision = Satisficing().review(losing(online=rich, modes=modes), view(), 0.0)
    assert decision.kind == "move online"
    assert (
        Satisficing().review(losing(online=rich, modes=modes, state=ONLINE_ONLY), view(), 0.0).kind == "close"
    )
    assert (
        Satisficing().review(losing(online={"app delivery": 1000}, modes=modes), view(), 0.0).kind == "close"
    )
    assert Satisficing().review(losing(online=rich), view(), 0.0).kind == "close"


def test_where_people_only_look_it_becomes_a_showroom():
    modes = {"marketplace": holding(1)}
    assert Satisficing().review(losing(looked=16, modes=modes), view(), 0.0).kind == "showroom"
    assert Satisficing().review(losing(looked=15, modes=modes), view(), 0.0).kind == "close"
    assert Satisficing().review(losing(looked=16, modes=modes, state=SHOWROOM), view(), 0.0).kind == "close"
    assert Satisficing().review(losing(looked=16, modes={"app": holding(1)}), view(), 0.0).kind == "close"
    # With a rent like that, what the shop earns before fixed cost is no 60 % of it.
    dear = [month(profit=-25_000.0, rent=-30_000.0, looked_only=16)] * 4
    assert Satisficing().review(shop(*dear, losses=4, modes=modes), view(), 0.0).kind == "close"


@pytest.mark.parametrize(
    ("months", "seen", "cause"),
    [
        ([month(0.0)], {}, "no customers"),
        ([month(rent=-40_000.0)], {}, "rent too high"),
        ([month(integration=-20_000.0)], {}, "integration cost"),
        ([month(40_000.0)] * 2, {}, "sales too low for the place"),
        ([month()] * 6 + [month(40_000.0)] * 6, {}, "sales lost to other shops"),
        ([month(44_000.0)] * 6 + [month(40_000.0)] * 6, {}, "sales too low for the place"),
        ([month()] * 6 + [month(40_000.0)] * 6, {"online_share": {"food": 0.2}}, "sales lost to other shops"),
        ([month(80_000.0, rent=-20_000.0)] * 3, {}, "rent too high"),
        (
            [month(80_000.0, rent=-20_000.0)] * 3,
            {"rent_share": {"grocer": 0.18}},
            "sales too low for the place",
        ),
        ([month(integration=-3000.0)] * 3, {"rent_share": {"grocer": 0.11}}, "integration cost"),
        (
            [month()] * 6 + [month(40_000.0)] * 6,
            {"online_share": {"food": 0.3}},
            "sales lost, many to online",
        ),
    ],
)
def test_the_cause_that_weighs_most_is_named(months, seen, cause):
    assert main_cause(shop(*months), view(**seen)) == cause


# -- stores: prices ------------------------------------------------------------------------------------------
def test_prices_go_on_while_profit_rises_and_turn_round_when_it_falls():
    policy, scenario = Satisficing(), view(spec(NO_MODES))
    store = shop(month(profit=100.0), month(profit=200.0))
    path = []
    for profit in (None, 300.0, 250.0, 260.0, 200.0):
        if profit is not None:
            store.months.append(month(profit=profit))
        decision = policy.review(store, scenario, 0.0)
        assert decision.kind == "price"
        path.append(round(decision.price_x / store.price_x - 1, 9))
        store.price_x = decision.price_x
    assert path == [0.02, 0.02, -0.02, -0.02, 0.02]


def test_prices_stay_within_bounds():
    scenario = view(spec(NO_MODES, price_step=0.5))
    up = shop(*POOR)
    assert Satisficing().review(up, scenario, 0.0).price_x == 1.15
    down = shop(*POOR, price_direction=-1.0)
    assert Satisficing().review(down, scenario, 0.0).price_x == 0.85


def test_prices_stay_where_there_is_no_shop_or_no_step():
    assert Satisficing().review(shop(*POOR), view(spec(NO_MODES, price_step=0.0)), 0.0).kind == "keep"
    assert Satisficing().review(shop(*POOR, state=ONLINE_ONLY), view(spec(NO_MODES)), 0.0).kind == "keep"
    assert Satisficing().review(shop(*POOR, state=SHOWROOM), view(spec(NO_MODES)), 0.0).kind == "price"


# -- platforms -----------------------------------------------------------------------------------------------
def payer(subsidy_yuan=0.0, *, ships=True, active=True, is_broke=False, **rule):
    return SimpleNamespace(
        spec=SimpleNamespace(subsidy=SubsidySpec(**rule)), subsidy_yuan=subsidy_yuan, ships=ships,
        is_subsidising=lambda: active, is_broke=is_broke,
    )  # fmt: skip


def test_a_fixed_subsidy_is_what_the_scenario_says():
    assert subsidy.Fixed().decide(payer(9.0, per_order_yuan=3.0), [payer(7.0)]) == 3


@pytest.mark.parametrize(
    ("rule", "rivals", "paid"),
    [
        ({}, [payer(4.0), payer(6.0)], 6.0),
        ({"match_x": 1.5}, [payer(6.0)], 9.0),
        ({"match_x": 1.5, "match_limit_yuan": 7.0}, [payer(6.0)], 7.0),
        ({"per_order_yuan": 8.0}, [payer(6.0)], 8.0),
        ({"per_order_yuan": 8.0, "match_limit_yuan": 7.0}, [payer(9.0)], 8.0),
        ({}, [payer(6.0, ships=False), payer(5.0, active=False), payer(4.0, is_broke=True), payer(3.0)], 3.0),
        ({"per_order_yuan": 2.0}, [], 2.0),
    ],
    ids=[
        "highest",
        "factor",
        "limit",
        "own is more",
        "limit is for matching",
        "only rivals that pay",
        "alone",
    ],
)
def test_matching_a_rival_has_its_limit(rule, rivals, paid):
    assert subsidy.MatchRival().decide(payer(1.0, **rule), rivals) == paid


# -- landlords -----------------------------------------------------------------------------------------------
LANDLORD = Landlords(vacancy_target=0.1, vacancy_response=0.5, rent_floor_x=0.6, rent_ceiling_x=1.2)


def place(rent=100.0, vacancy=0.1, first_rent=100.0):
    return SimpleNamespace(
        rent=rent, vacancy=vacancy, first_rent=first_rent, natural_vacancy=None, bid_yuan_m2=None
    )


@pytest.mark.parametrize(
    ("circle", "expected"),
    [
        (place(vacancy=0.1), 100.0),
        (place(vacancy=0.3), 90.0),
        (place(vacancy=0.0), 105.0),
        (place(rent=61.0, vacancy=1.0), 60.0),
        (place(rent=119.0, vacancy=0.0), 120.0),
        (place(rent=40.0, vacancy=0.1), 60.0),
        (place(rent=90.0, vacancy=0.0, first_rent=50.0), 60.0),
    ],
    ids=["target", "empty: down", "full: up", "floor", "ceiling", "back to the floor", "of the first rent"],
)
def test_rents_follow_vacancy_between_floor_and_ceiling(circle, expected):
    assert rent.Vacancy().decide(circle, LANDLORD) == pytest.approx(expected)


def test_a_fixed_rent_stays():
    assert rent.Fixed().decide(place(rent=77.0, vacancy=1.0), LANDLORD) == 77


# -- newcomers -----------------------------------------------------------------------------------------------
PROSPECTS = [Prospect("grocer", 0.01), Prospect("mall", 0.09), Prospect("cafe", 0.09), Prospect("gym", 0.05)]


def choose(prospects, chance=0.0, policy=entry.BestCategory, **rule):
    wanted = {"margin_wanted": 0.02, "share_per_month": 0.12} | rule
    scenario = spec().model_copy(update={"entry": spec().entry.model_copy(update=wanted)})
    chosen = policy().choose(place(), prospects, view(scenario), chance)
    return chosen.format if chosen else None


def test_the_format_that_earns_most_takes_the_unit():
    assert choose(PROSPECTS) == "mall"
    assert choose(PROSPECTS[::-1]) == "mall"  # a tie goes by name, not by place in the list
    assert choose([Prospect("gym", 0.03), Prospect("grocer", 0.04)]) == "grocer"


def test_nobody_comes_where_nobody_earns_enough():
    assert choose(PROSPECTS, margin_wanted=0.1) is None
    assert choose(PROSPECTS, margin_wanted=0.09) == "mall"
    assert choose([]) is None


def test_not_every_unit_finds_somebody_every_month():
    assert choose(PROSPECTS, chance=0.119) == "mall"
    assert choose(PROSPECTS, chance=0.12) is None


def test_no_entry_is_no_entry():
    assert choose(PROSPECTS, policy=entry.NoEntry) is None
