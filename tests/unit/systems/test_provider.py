"""The alliance of shops and its service provider, calculated by hand in the hamlet; and who integrates
late."""

from __future__ import annotations

import math

import numpy as np
import pytest

from o2o_sim import ScenarioError
from o2o_sim.market.ledger import LINE, PROVIDERS
from o2o_sim.market.offers import DELIVERED
from o2o_sim.policies.integration import options
from o2o_sim.review import market_view
from o2o_sim.systems.provider import CARD, CHANNEL, Alliance

from .hamlet import hamlet, run_days

# A month of 31 days, one member (left), a price for everything.
PAID = """
days: 59
provider:
  {cash_yuan: 1000, fixed_yuan_month: 90, order_cost_yuan: 0.5, drop_yuan: 1, km_yuan: 1, longest_km: 2, rounds_day: 1,
   catalogue_weight: 0, variety_weight: 0, card_appeal: 0}
modes:
  alliance: {available: true, setup_yuan: 70, fixed_yuan_month: 40, per_order_yuan: 2, appeal: 3, delivery_reach_min: 30, delivery_fee_yuan: 1.5}
stores: {named: {left: {modes: [alliance]}}}
"""


def alliance(model) -> Alliance:
    return next(s for s in model.systems if isinstance(s, Alliance))


def rows_of(model, channel: str, store: str = "left") -> list:
    number = model.store(store).number
    return [r for r in model.table.rows if r.channel == channel and r.store == number]


def orders_by_day(model, days: int) -> list[int]:
    """Catalogue orders of the next days."""
    found = []
    for _ in range(days):
        model.step()
        here = [k for k, r in enumerate(model.table.rows) if r.channel == CHANNEL]
        found.append(int(model.purchases.bought.sum(axis=0)[here].sum()))
    return found


def ways(model, by_day: list[int]) -> list[float]:
    """Km of the couriers, with one round a day and 2 km at most per order."""
    return [min(0.7124 * math.sqrt(model.area_km2 * n), 2 * n) for n in by_day]


def test_a_month_of_the_provider(tmp_path):
    """Per order it gets 2 from the shop and 1.50 from the customer and pays 0.50 and 1 for the drop, and 1
    per km of the day's round. Per month it gets 40 and pays 90."""
    model = hamlet(tmp_path, PAID)
    by_day = orders_by_day(model, 31)
    orders = sum(by_day)
    assert orders > 500, "at 3 utils better than walking in most is ordered"
    couriers = [round(100 * (n + km)) for n, km in zip(by_day, ways(model, by_day))]
    profit = 300 * orders - sum(couriers) - 5000
    me, left = alliance(model), model.store("left")
    assert model.ledger.cash(me.account) == 100000 + profit
    books = left.months[-1].lines
    assert books[LINE["handling"]] == -200 * orders
    assert books[LINE["integration"]] == -4000
    assert books[LINE["delivery"]] == 0, "the courier is the provider's affair"
    assert books[LINE["delivery fees"]] == 0
    assert model.ledger.cash(PROVIDERS) == 0, "all that the shop paid has been passed on"
    assert model.ledger.is_balanced()
    told = model.results()["city_monthly"].iloc[-1]
    assert told["provider_profit_yuan"] == profit / 100
    assert told["provider_cash_yuan"] == 1000 + profit / 100
    assert told["alliance_orders_day"] == pytest.approx(orders / 31)
    assert told["alliance_courier_yuan_order"] == pytest.approx(sum(couriers) / 100 / orders)
    assert told["alliance_shops"] == 1


def test_the_way_per_order_gets_shorter_as_orders_grow_denser(tmp_path):
    """Four times the orders are brought on twice the way, once they are so dense that rounds pay at all."""
    me = alliance(hamlet(tmp_path, PAID))
    dense = 100 * me.model.area_km2
    assert me.ways_km(4 * dense) == pytest.approx(2 * me.ways_km(dense))
    assert me.ways_km(dense) / dense == pytest.approx(0.07124)
    assert me.ways_km(0.01) == 0.02, "2 km each, if hardly anybody orders"
    assert me.couriers_yuan(dense) == pytest.approx(dense * 1.07124)


def test_people_of_flesh_and_blood_count(tmp_path):
    """One consumer for four people: each order of hers is four."""
    model = hamlet(tmp_path, PAID + "residents: 800\n")
    (n,) = orders_by_day(model, 1)
    couriers = round(100 * (4 * n + min(0.7124 * math.sqrt(model.area_km2 * 4 * n), 8 * n)))
    assert model.ledger.cash(alliance(model).account) == 100000 + 300 * 4 * n - couriers


def test_dearer_logistics_are_the_providers(tmp_path):
    me = alliance(hamlet(tmp_path, PAID + "levers: {logistics_x: 2}\n"))
    assert me.couriers_yuan(0.01) == pytest.approx(2 * 0.01 * (1 + 2))


def test_the_catalogue_grows_with_its_shops_and_their_goods(tmp_path):
    text = PAID.replace(
        "catalogue_weight: 0, variety_weight: 0", "catalogue_weight: 0.3, variety_weight: 0.2"
    )
    one = hamlet(tmp_path, text)
    two = hamlet(
        tmp_path,
        text.replace(
            "{left: {modes: [alliance]}}", "{left: {modes: [alliance]}, right: {modes: [alliance]}}"
        ),
    )
    for model, expected in ((one, 0.2 * math.log(2)), (two, 0.2 * math.log(2) + 0.3 * math.log(2))):
        run_days(model, 1)
        assert alliance(model).catalogue_appeal() == pytest.approx(expected)
        offer, walk_in = rows_of(model, CHANNEL)[0], rows_of(model, "walk-in")[0]
        assert offer.seen == DELIVERED
        assert offer.appeal == pytest.approx(walk_in.appeal + 3 + expected)
        assert offer.carrier == alliance(model).account
    assert not rows_of(one, CHANNEL, "right")


CARDS = PAID.replace("card_appeal: 0", "card_appeal: 0.7, card_taken: 1")


def test_customers_of_members_take_the_card_and_are_drawn_by_it(tmp_path):
    model = hamlet(tmp_path, CARDS)
    left = model.store("left").number
    holds = np.zeros(len(model.consumers), bool)
    for _ in range(5):
        model.step()
        mine = model.table.store[model.purchases.picks] == left
        holds[model.purchases.consumer[mine & model.purchases.served]] = True
        assert (model.audiences.of(CARD) == holds).all(), (
            "who has ever bought there, in whatever way, and nobody else"
        )
    assert 0.1 < holds.mean() < 1
    for channel in ("walk-in", CHANNEL):
        plain, better = sorted(rows_of(model, channel)[:2], key=lambda r: r.appeal)
        assert plain.key == better.key and better.needs != plain.needs
        assert better.appeal == pytest.approx(plain.appeal + 0.7)
    assert len(rows_of(model, "walk-in", "right")) == 2, "bread and coats, on one set of terms"


def test_some_take_the_card_only_with_a_chance(tmp_path):
    nobody = run_days(hamlet(tmp_path, CARDS.replace("card_taken: 1", "card_taken: 0")), 10)
    assert not nobody.audiences.of(CARD).any()


def test_a_losing_provider_leaves_and_its_shops_with_it(tmp_path):
    model = hamlet(
        tmp_path,
        CARDS.replace("cash_yuan: 1000", "cash_yuan: 1000000, patience_months: 2").replace(
            "drop_yuan: 1", "drop_yuan: 50"
        ),
    )
    run_days(model, 58)
    assert "alliance" in model.store("left").modes, "it has lost for one month"
    run_days(model, 1)
    me = alliance(model)
    assert me.has_left and me.losses == 2
    assert not model.store("left").modes
    assert model.ledger.cash(me.account) == 0, "the rest went to its investors"
    assert not me.allows(model.store("left"), "alliance", None)
    assert me.allows(model.store("left"), "social", None)
    told = [(e["who"], e["decision"]) for e in model.events]
    assert told == [("service provider", "leave"), ("left", "quit alliance")]
    run_days(model, 1)
    assert not any(r.channel == CHANNEL for r in model.table.rows)
    assert len(rows_of(model, "walk-in")) == 2, "nor is the card worth anything"
    assert model.results()["city_monthly"]["provider_left"].tolist() == [0, 1]


def test_a_good_month_ends_the_count_of_bad_ones(tmp_path):
    """A month of dear couriers, then one of couriers for nothing."""
    model = hamlet(
        tmp_path,
        PAID.replace("cash_yuan: 1000", "cash_yuan: 1000000").replace("drop_yuan: 1", "drop_yuan: 50"),
    )
    me = alliance(run_days(model, 31))
    assert me.losses == 1
    me.spec = me.spec.model_copy(update={"drop_yuan": 0.0})
    run_days(model, 28)
    assert me.losses == 0 and not me.has_left


def test_without_cash_it_leaves_at_once(tmp_path):
    model = run_days(
        hamlet(
            tmp_path, PAID.replace("cash_yuan: 1000", "cash_yuan: 49").replace("drop_yuan: 1", "drop_yuan: 4")
        ),
        31,
    )
    assert alliance(model).has_left
    assert model.events[-2]["reason"] == "out of cash"
    assert model.ledger.is_balanced()


JOINS = """
provider: {fixed_yuan_month: 0, order_cost_yuan: 0}
modes:
  social: {available: false}
  app: {available: false}
  alliance: {available: true, setup_yuan: 70, fixed_yuan_month: 40, per_order_yuan: 2, skill: 0.5, hoped_lift: 0.5, delivery_cost_yuan: 1000}
stores:
  policy: satisficing
  satisficing: {memory_months: 1, review_share: 1, aspiration_margin: 1, trial_months: 60, patience_months: 60}
"""


def test_joining_pays_the_provider(tmp_path):
    """Both shops wish for more, so both join on the last evening of January, for 70 each, and pay 40 from
    February."""
    model = hamlet(tmp_path, JOINS)
    run_days(model, 31)
    me = alliance(model)
    assert [s.name for s in me.members] == ["left", "right"]
    assert me.cash_yuan() - me.spec.cash_yuan == 140
    february = orders_by_day(model, 28)
    assert sum(february) > 0
    km = [min(0.7124 * math.sqrt(model.area_km2 * n * 12), 4 * n) for n in february]
    couriers = sum(round(100 * (5 * n + 2.5 * k)) for n, k in zip(february, km))
    expected = 140 + 80 + 7 * sum(february) - couriers / 100
    assert me.cash_yuan() - me.spec.cash_yuan == pytest.approx(expected)


def test_what_a_shop_expects(tmp_path):
    """Half as much again of its sales, at its margin, less 2 yuan per order of its main category's ticket;
    what the mode's own delivery would cost is not its affair."""
    model = run_days(hamlet(tmp_path, JOINS.replace("review_share: 1", "review_share: 0")), 31)
    store, view = model.store("left"), market_view(model, model.stores)
    (option,) = options(store, view)
    month = store.months[-1]
    extra = 0.5 * month.revenue / 100
    margin = (month.revenue + month.variable) / month.revenue
    ticket = model.spec.categories[store.category].ticket_yuan
    assert (option.mode, option.platform) == ("alliance", None)
    assert option.gain == pytest.approx(extra * margin - 2 * extra / ticket)
    assert option.cost == pytest.approx(40 + 70 / 24)


def test_nobody_joins_before_it_begins(tmp_path):
    model = hamlet(tmp_path, JOINS.replace("available: true", "available: true, start: 2013-02-15"))
    run_days(model, 31)
    assert not alliance(model).members and not alliance(model).is_open
    run_days(model, 28)
    assert len(alliance(model).members) == 2


def refuse(tmp_path, text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        hamlet(tmp_path, text)
    return str(caught.value)


def test_an_alliance_needs_a_provider(tmp_path):
    told = refuse(tmp_path, "modes: {alliance: {available: true}}\n")
    assert "modes.alliance.available" in told and "no provider" in told
    told = refuse(tmp_path, "stores: {named: {left: {modes: [alliance]}}}\n")
    assert "stores.named.left.modes.0" in told and "no provider" in told


# -- who integrates late -------------------------------------------------------------------------------------
LATE = JOINS + "  formats: {shop: {integrates_from: 2013-02-28}}\n"


def test_who_integrates_late(tmp_path):
    model = run_days(hamlet(tmp_path, LATE), 58)
    assert not alliance(model).members, "January's last evening was too early"
    run_days(model, 1)
    assert len(alliance(model).members) == 2


def test_reluctance_raises_the_hurdle(tmp_path):
    """A gain of some thousand yuan a month clears three times the cost of 43 yuan, but not three hundred
    times that."""
    text = JOINS.replace("memory_months: 1", "memory_months: 1, hurdle_x: 3")
    model = run_days(hamlet(tmp_path, text + "  formats: {shop: {reluctance_x: 100}}\n"), 31)
    store, view = model.store("left"), market_view(model, model.stores)
    (option,) = options(store, view)
    assert 3 * option.cost < option.gain < 3 * 100 * option.cost
    assert not alliance(model).members
    willing = run_days(hamlet(tmp_path, text), 31)
    assert len(alliance(willing).members) == 2


def test_late_holds_nothing_at_first(tmp_path):
    text = "stores: {formats: {shop: {modes: [social], integrates_from: 2013-02-28}}}\n"
    told = refuse(tmp_path, text)
    assert "integrates_from" in told and "holds 'social' on the first day" in told


def test_founding_members_before_the_day_on_which_others_may_join(tmp_path):
    """What they pay is the provider's, and so are its bills; nobody else may join yet."""
    late = PAID.replace("alliance: {available: true,", "alliance: {available: true, start: 2013-03-01,")
    now, later = hamlet(tmp_path, PAID), hamlet(tmp_path, late)
    run_days(now, 31), run_days(later, 31)
    assert alliance(later).cash_yuan() == alliance(now).cash_yuan()
    assert alliance(now).allows(now.store("right"), "alliance", None)
    assert not alliance(later).allows(later.store("right"), "alliance", None)


def test_orders_a_day_of_a_month_that_began_late(tmp_path):
    model = hamlet(tmp_path, PAID.replace("days: 59", "days: 59\nstart: 2013-01-22"))
    orders = sum(orders_by_day(model, 10))
    assert orders and alliance(model).orders_a_day == orders / 10


def test_its_couriers_and_those_of_shops_are_told_apart(tmp_path):
    told = run_days(hamlet(tmp_path, PAID + "couriers: {}"), 31).results()["city_monthly"].iloc[-1]
    assert told["alliance_courier_yuan_order"] > 0
    assert told["deliveries"] == told["courier_yuan_order"] == 0, "no shop delivers itself"


@pytest.mark.parametrize("population", [1, 2])
def test_what_an_order_costs_to_bring_depends_on_how_many_people_order_not_on_how_many_are_simulated(
    tmp_path, population
):
    """On a day with one simulated order as many people order as on any other day."""
    rules = PAID.replace("longest_km: 2", "longest_km: 50").replace("drop_yuan: 1", "drop_yuan: 0")
    cost = []
    for some in (population, 200):
        model = hamlet(tmp_path, f"{rules}population: {some}\nresidents: 200\n")
        run_days(model, 59)
        cost.append(model.results()["city_monthly"]["alliance_courier_yuan_order"].mean())
    assert cost[0] == pytest.approx(cost[1], rel=0.08)
