"""Group deals in the hamlet: when they are on, whom they draw, and what they bring, calculated by hand."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim import O2OModel, ScenarioError, load_scenario
from o2o_sim.agents.store import CLOSED
from o2o_sim.market.consumers import ONLINE, member_bit
from o2o_sim.market.ledger import LINE
from o2o_sim.policies.integration import contribution_margin, options

from .hamlet import hamlet, run_days

COATS = 1
FIRST = 6  # 7 January 2013, the first Monday


def deals(folder, held: str = "{left: {modes: [group]}}", **terms: float):
    """The hamlet, whose left shop has deals for coats with `tuan` at 40 % off; without a pause, unless
    `terms` say."""
    terms = {"discount": 0.4, "commission": 0.1, "pause_days": 0, "least_buyers": 0} | terms
    said = ", ".join(f"{name}: {value}" for name, value in terms.items())
    return hamlet(
        folder,
        f"""
platforms:
  tuan: {{kind: local_services, members_start: 0.8, categories: [coats], group_deals: {{{said}}}}}
stores: {{named: {held}}}
modes: {{group: {{available: true, per_order_yuan: 0.5}}}}
""",
    )


def deal(model):
    """(row, offer) of the deal, (0, None) without one."""
    return next(((k, o) for k, o in enumerate(model.table.rows) if o.channel == "group deal"), (0, None))


def buyers(model) -> int:
    row, _ = deal(model)
    return int(model.purchases.bought[:, row].sum()) if row else 0


def told(model) -> list[tuple[int, str]]:
    """(day number, what became of a deal), as logged."""
    return [
        ((e["date"] - model.spec.start).days, e["reason"])
        for e in model.events
        if e["decision"] == "group deal"
    ]


def members(model) -> np.ndarray:
    return (model.consumers.access & member_bit(0)) != 0


def test_a_deal_is_the_same_shop_for_less(tmp_path):
    model = run_days(deals(tmp_path), FIRST)
    assert deal(model) == (0, None)
    run_days(model, 1)
    _, o = deal(model)
    walk_in = next(
        r for r in model.table.rows if r.channel == "walk-in" and r.maker == "left" and r.category == COATS
    )
    assert (o.price, o.discount, o.subsidy, o.goods, o.handling) == (100, 40, 0, 50, 0.5)
    assert o.commission == pytest.approx(0.1 * 60) and o.seller == walk_in.seller
    assert o.key == walk_in.key and o.needs == int(ONLINE | member_bit(0)), (
        "no second chance, but other terms"
    )
    assert o.appeal == walk_in.appeal, "trust 0"
    assert not any(r.channel == "group deal" and r.category != COATS for r in model.table.rows)


def test_deals_and_pauses_take_turns(tmp_path):
    """Two weeks on, then ten days of pause: the first Monday after it is the fourteenth day."""
    model = run_days(deals(tmp_path, deal_days=14, pause_days=10, trial_days=7), 80)
    first = told(model)[0][0]
    assert first % 7 == FIRST % 7 and first <= 10 + 7, "somewhere in the first pause"
    expected = [(first + 28 * k + d, what) for k in range(3) for d, what in ((0, "begins"), (14, "is over"))]
    assert told(model) == [e for e in expected if e[0] < 80]


def test_members_draw_the_gain_and_the_books_show_it(tmp_path):
    model, plain = deals(tmp_path), deals(tmp_path, held="{left: {modes: []}}")
    run_days(model, FIRST + 1)
    run_days(plain, FIRST + 1)
    row, _ = deal(model)
    took = model.purchases.consumer[(model.purchases.picks == row)]
    assert len(took) > 5 and members(model)[took].all()
    # Who moves comes for the deal; nobody leaves the left shop, and who is no member does as ever.
    assert (model.purchases.consumer == plain.purchases.consumer).all()
    keys = (m.table.columns["key"][m.purchases.picks] for m in (model, plain))
    moved = np.flatnonzero(next(keys) != next(keys))
    assert len(moved) and (model.purchases.picks[moved] == row).all()
    # What the left shop's till saw today, in fen: 60 yuan a deal, 100 a coat, 10 a loaf.
    sales = model.ledger.books[LINE["sales"], model.store("left").account]
    run_days(model, 1)
    count = model.purchases.bought.sum(axis=0)
    mine = [(k, o) for k, o in enumerate(model.table.rows) if o.maker == "left"]
    paid = sum(
        int(count[k]) * {"group deal": 6000}.get(o.channel, (1000, 10000)[o.category]) for k, o in mine
    )
    assert model.ledger.books[LINE["sales"], model.store("left").account] - sales == paid


def test_commission_and_handling(tmp_path):
    model, n = deals(tmp_path), 0
    for _ in range(20):
        model.step()
        n += buyers(model)
    assert n > 100
    left, tuan = model.store("left").account, model.platforms[0].account
    assert (
        model.ledger.books[LINE["commission"], left]
        == -600 * n
        == -model.ledger.books[LINE["commission"], tuan]
    )
    assert model.ledger.books[LINE["handling"], left] == -50 * n


def test_a_deal_with_too_few_buyers_lapses(tmp_path):
    model, n = deals(tmp_path, least_buyers=100000, pause_days=0, trial_days=7), 0
    for _ in range(FIRST + 7):
        model.step()
        n += buyers(model)
    assert n > 20, "whose word from the platform stands"
    run_days(model, 31 - FIRST - 7)
    assert told(model)[:3] == [
        (FIRST, "begins"), (FIRST + 7, "lapses: too few buyers"), (FIRST + 14, "begins"),
    ]  # fmt: skip
    assert model.results()["city_monthly"]["group_deals_lapsed"].tolist() == [2]


def test_just_enough_buyers_are_enough(tmp_path):
    """It is the number of the trial days that counts: with one more it would lapse."""
    seen = deals(tmp_path)
    n = sum(buyers(run_days(seen, 1)) for _ in range(FIRST + 7))
    for least, on in ((n, True), (n + 1, False)):
        model = run_days(deals(tmp_path, least_buyers=least, most_buyers=100000), FIRST + 8)
        assert (deal(model)[1] is not None) is on
        assert ("lapses: too few buyers" in dict(told(model)).values()) is not on


def test_a_deal_sells_what_it_has_and_not_one_more(tmp_path):
    model = run_days(deals(tmp_path, most_buyers=5, deal_days=14), FIRST + 1)
    row, _ = deal(model)
    wanted = int((model.purchases.picks == row).sum())
    assert wanted > 5 == buyers(model)
    late = model.purchases.consumer[~model.purchases.served]
    assert len(late) == wanted - 5
    assert (model.consumers.due[late, COATS] == model.day).all(), "they come again tomorrow"
    run_days(model, 1)
    assert deal(model) == (0, None) and told(model) == [(FIRST, "begins"), (FIRST + 1, "sold out")]
    run_days(model, 31 - model.day)
    row = model.results()["city_monthly"].iloc[0]
    assert row["group_deals_sold_out"] == 4 - (model.systems[0].on != {}) and row["group_deal_buyers"] == 20


def test_who_is_late_is_drawn(tmp_path):
    """Not those with the highest number."""
    model = run_days(deals(tmp_path, most_buyers=5), FIRST + 1)
    row, _ = deal(model)
    early = np.flatnonzero((model.purchases.picks == row) & model.purchases.served)
    assert set(early.tolist()) != set(np.flatnonzero(model.purchases.picks == row)[:5].tolist())


def test_a_shop_that_closes_has_no_deal(tmp_path):
    model = run_days(deals(tmp_path, deal_days=60), FIRST + 2)
    model.store("left").become(CLOSED, "a test")
    run_days(model, 1)
    assert deal(model) == (0, None) and model.systems[0].on == {}
    run_days(model, 10)
    assert told(model) == [(FIRST, "begins")]


def test_who_gives_the_mode_up_has_no_deal(tmp_path):
    model = run_days(deals(tmp_path, deal_days=60), FIRST + 2)
    model.store("left").quit("group")
    run_days(model, 20)
    assert deal(model) == (0, None)


def test_first_deals_are_spread_over_a_pause(tmp_path):
    shops = ", ".join(
        f"s{k}: {{format: shop, x_km: 0.5, y_km: 0.5, area_m2: 20, modes: [group]}}" for k in range(30)
    )
    model = run_days(deals(tmp_path, held=f"{{{shops}}}", pause_days=27), 34)
    begins = [day for day, what in told(model) if what == "begins"]
    assert set(begins) == {6, 13, 20, 27} and len(begins) == 30 and max(np.bincount(begins)) < 16


def test_what_a_shop_expects_of_deals(tmp_path):
    """Of a yuan paid, 10 % go to the platform, and it buys 1 / 0.6 yuan's worth of goods; and 0.5 yuan an
    order."""
    model = run_days(deals(tmp_path), 31)
    right, view = model.store("right"), model.view
    (found,) = (o for o in options(right, view) if o.mode == "group")
    months = right.months[-3:]
    sales, margin = sum(m.revenue for m in months) / len(months) / 100, contribution_margin(months)
    lift = 0.5 * (view.lift["group"] + 0.15) * min(1.0, 2 * view.members["tuan"]) * (1 + 0.5 * 0.5)
    assert found.platform.name == "tuan"
    assert found.extra_sales == pytest.approx(sales * lift)
    kept = 0.9 - (1 - margin) / 0.6
    ticket = model.spec.categories[right.category].ticket_yuan
    assert found.gain == pytest.approx(sales * lift * (kept - 0.5 / ticket))


def test_no_platform_with_deals_no_deals(tmp_path):
    text = "platforms: {tuan: {kind: local_services}}\nmodes: {group: {available: true}}\n"
    model = run_days(hamlet(tmp_path, text), 31)
    assert not any(o.mode == "group" for o in options(model.store("right"), model.view))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "platforms: {tuan: {kind: local_services, group_deals: {}}}",
            "no shop could ever(.|\n)*modes.group.available",
        ),
        ("platforms: {tuan: {kind: self_operated, group_deals: {}}}", "only local-services platforms"),
        (
            "platforms: {tuan: {kind: local_services, group_deals: {deal_days: 5}}}",
            "longer than the deal is on",
        ),
        ("platforms: {tuan: {kind: local_services, group_deals: {most_buyers: 5}}}", "more than a deal has"),
        (
            "platforms: {tuan: {kind: local_services}}\nstores: {named: {left: {modes: [group]}}}",
            "no local_services",
        ),
    ],
)
def test_what_cannot_be(tmp_path, text, said):
    with pytest.raises(ScenarioError, match=said):
        hamlet(tmp_path, text)


def test_a_deal_that_is_tried_to_its_end_lapses_too(tmp_path):
    model = deals(tmp_path, deal_days=7, trial_days=7, least_buyers=1000)
    run_days(model, 31)
    ends = [how for _, how in told(model) if how != "begins"]
    assert set(ends) == {"lapses: too few buyers"}
    assert model.results()["city_monthly"].iloc[-1]["group_deals_lapsed"] == len(ends)


@pytest.mark.parametrize("each", [1, 50])
def test_a_stock_counts_people_however_many_a_consumer_stands_for(tmp_path, each):
    """Twenty people are less than one consumer of fifty: then two deals in five sell to one."""
    model = deals(tmp_path, most_buyers=20)
    file = tmp_path / "case.yaml"
    file.write_text(file.read_text(encoding="utf-8") + f"residents: {200 * each}\n", encoding="utf-8")
    model = O2OModel(load_scenario(file))
    sold = 0
    for _ in range(7 * 30):
        model.step()
        sold += buyers(model) * each
    ended = [how for _, how in told(model) if how == "sold out"]
    assert len(ended) > 20
    assert sold / len(ended) == pytest.approx(20, rel=0 if each == 1 else 0.5, abs=1)
