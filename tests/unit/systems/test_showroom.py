"""Showrooms: what they are paid, by whom, and who becomes one."""

from __future__ import annotations

import pytest

from o2o_sim.agents.store import OPEN, SHOWROOM
from o2o_sim.errors import ScenarioError
from o2o_sim.market.ledger import LINE

from .hamlet import hamlet, run_days

RULE = """
platforms:
  swift: {{kind: self_operated, members_start: 1, categories: [coats], cash_yuan: {cash}, patience_yuan: 0}}
stores:
  showroom: {{{said}}}
  wage_yuan_month: {wage}
"""


def showing(tmp_path, said="yuan_visit: 3, yuan_m2_month: 2", wage=100, cash=1e9):
    return hamlet(tmp_path, RULE.format(said=said, wage=wage, cash=cash))


def transfers(model):
    return model.results()["stores_monthly"].set_index("name")["transfers_yuan"]


def test_a_showroom_is_paid_for_its_visits_and_its_floor(tmp_path):
    model = showing(tmp_path)
    left, right = model.stores
    left.become(SHOWROOM, "a test")
    run_days(model, 31)
    visits = left.months[-1].visits
    assert visits > 100
    assert transfers(model)["left"] == pytest.approx(3 * visits + 2 * 50) == left.showroom_income
    assert transfers(model)["right"] == 0
    assert right.showroom_income == pytest.approx(3 * right.months[-1].visits * 0.5 + 2 * 50), (
        "if it were one"
    )
    flows = model.results()["ledger"].query("line == 'transfers'")
    assert list(zip(flows["from"], flows["to"])) == [("suppliers", "store")]
    assert model.results()["city_monthly"].iloc[-1]["showroom_yuan/shop"] == pytest.approx(
        left.showroom_income
    )
    assert model.ledger.is_balanced()


def test_no_more_are_paid_than_are_wanted_and_those_with_the_most_visits_first(tmp_path):
    model = showing(tmp_path, "yuan_visit: 3, most: 1")
    for store in model.stores:
        store.become(SHOWROOM, "a test")
    run_days(model, 31)
    visits = [s.months[-1].visits for s in model.stores]
    most = max(model.stores, key=lambda s: visits[s.number])
    assert visits[0] != visits[1]
    assert {s.name: s.showroom_income > 0 for s in model.stores} == {s.name: s is most for s in model.stores}


@pytest.mark.parametrize("cash", [1e9, -1e9], ids=["with cash", "out of cash"])
def test_a_platform_pays_as_long_as_it_has_money(tmp_path, cash):
    model = showing(tmp_path, "yuan_visit: 3, paid_by: swift", cash=cash)
    model.stores[0].become(SHOWROOM, "a test")
    run_days(model, 59)
    paid = [-m for m in transfers(model)["left"]]
    flows = model.results()["ledger"].query("line == 'transfers'")
    assert set(flows["from"]) <= {"platform"}
    assert paid[-1] < 0 if cash > 0 else paid[-1] == 0
    assert (model.stores[1].showroom_income > 0) == (cash > 0)


@pytest.mark.parametrize("formats, becomes", [("[]", True), ("[kiosk]", False)])
@pytest.mark.parametrize("yuan", [0, 40])
def test_a_shop_that_is_not_content_becomes_one_if_that_pays(tmp_path, formats, becomes, yuan):
    """At 1,000 yuan of rent and wages for each of two staff nobody hopes for more than to lose less."""
    other = "formats: {kiosk: {demand_share: {bread: 0.01}, area_m2: 1e6, sales_per_m2_year_yuan: 1e6}}"
    model = hamlet(
        tmp_path,
        RULE.format(
            said=f"formats: {formats}, yuan_visit: {yuan}, yuan_m2_month: 0, refit_yuan_m2: 7",
            wage=15_000,
            cash=1e9,
        )
        + f"  {other}\n",
    )
    run_days(model, 120)
    became = [s for s in model.stores if s.state == SHOWROOM]
    assert bool(became) == (becomes and yuan > 0)
    for store in became:
        paid = [-int(m.lines[LINE["integration"]]) for m in store.months if m.lines[LINE["integration"]]]
        assert paid == [7 * 50 * 100], "fitting out is paid for once"


def test_nobody_pays_a_shop_that_shows_nothing(tmp_path):
    model = run_days(showing(tmp_path), 31)
    assert all(s.state == OPEN for s in model.stores)
    assert (transfers(model) == 0).all()


@pytest.mark.parametrize("said", ["paid_by: nobody", "formats: [castle]", "yuan_visit: -1"])
def test_what_is_not_there_is_refused(tmp_path, said):
    with pytest.raises(ScenarioError, match="showroom"):
        showing(tmp_path, said)
