"""Luck: appeal and costs of stores that wander, and differ for good."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.agents.store import ONLINE_ONLY, SHOWROOM
from o2o_sim.errors import ScenarioError
from o2o_sim.systems.luck import Luck

from .hamlet import hamlet, run_days, system


def lucky(folder, rule: str, seed: int | None = None, more: str = "") -> O2OModel:
    return hamlet(folder, f"stores:\n  luck: {rule}\n{more}", seed)


def crowd(folder, rule: str, n: int = 600) -> O2OModel:
    """Many stores that nobody needs to visit, to look at their luck."""
    model = lucky(folder, rule)
    for k in range(n):
        model.open_store(f"stall {k}", "shop", model.stores[0].circle, model.stores[0].cell, area_m2=1.0)
    system(model, "Luck").month_end()
    return model


def first_of_month(model: O2OModel, month: int) -> None:
    """Let luck move on as on the first of a month, without the days between."""
    model.day = (date(2013 + month // 12, 1 + month % 12, 1) - model.spec.start).days
    system(model, "Luck").morning()


def test_off_unless_it_is_written(tmp_path):
    model = run_days(hamlet(tmp_path), 31)
    assert not [s for s in model.systems if isinstance(s, Luck)]
    assert {(s.luck_appeal, s.luck_cost) for s in model.stores} == {(0.0, 0.0)}
    assert not [name for name in model.results()["stores_monthly"] if name.startswith("luck")]


@pytest.mark.parametrize("lasts", [0.0, 0.7, 0.95])
@pytest.mark.parametrize("kind", ["appeal", "cost"])
def test_it_wanders_as_said_from_the_first_month_on(tmp_path, kind, lasts):
    """The same spread in every month, and what is said lasts from one to the next."""
    rule = f"{{{kind}: 0.3, {kind}_lasts: {lasts}, {kind}_hidden: 0}}"
    model = crowd(tmp_path, rule)
    months = []
    for month in range(1, 13):
        first_of_month(model, month)
        months.append([getattr(s, f"luck_{kind}") for s in model.stores])
    luck = np.array(months)
    assert luck.std(axis=1) == pytest.approx(0.3, rel=0.12)
    kept = [np.corrcoef(a, b)[0, 1] for a, b in pairwise(luck)]
    assert np.mean(kept) == pytest.approx(lasts, abs=0.04)


def test_hidden_luck_is_for_good_and_shops_do_not_grow_better_by_luck(tmp_path):
    model = crowd(
        tmp_path, "{appeal: 0.3, appeal_hidden: 0.6, appeal_lasts: 0, cost: 0, cost_hidden: 0.05}", 4000
    )
    first = np.array([(s.luck_appeal, s.luck_cost) for s in model.stores])
    first_of_month(model, 1)
    second = np.array([(s.luck_appeal, s.luck_cost) for s in model.stores])
    assert (first[:, 1] == second[:, 1]).all()
    assert first[:, 1].std() == pytest.approx(0.05, rel=0.05)
    shared = np.cov(first[:, 0], second[:, 0])
    assert shared[0, 1] == pytest.approx(0.6**2, rel=0.1)
    assert shared[0, 0] == pytest.approx(0.6**2 + 0.3**2, rel=0.1)
    assert np.exp(first[:, 0]).mean() == pytest.approx(1, abs=0.05)


def test_it_is_in_every_offer_and_the_cost_on_the_line_of_overheads(tmp_path):
    model = run_days(lucky(tmp_path, "{appeal: 0.5, cost: 0.1, cost_hidden: 0.1}"), 1)
    left, right = model.stores
    appeal = model.table.columns["appeal"]
    of = [appeal[model.table.store == s.number] for s in (left, right)]
    assert (of[1] - of[0]) == pytest.approx(right.luck_appeal - left.luck_appeal, abs=1e-5)
    right.become(SHOWROOM, "a try")
    run_days(model, 30)
    usual = 100 * 100_000 / 12
    table = model.results()["stores_monthly"]
    assert list(table["luck_appeal"]) == [left.luck_appeal, right.luck_appeal]
    for row, store, kept in zip(table.itertuples(), (left, right), (1.0, 0.5)):
        assert row.overheads_yuan == pytest.approx(-store.luck_cost * usual * kept, abs=0.006)
        assert row.luck_cost == store.luck_cost != 0
    assert model.ledger.is_balanced()


def test_an_online_store_has_luck_and_a_closed_one_no_longer_any_cost(tmp_path):
    model = lucky(tmp_path, "{cost: 0.1}")
    left, right = model.stores
    left.become(ONLINE_ONLY, "a try")
    right.become("closed", "a try")
    luck = system(model, "Luck")
    assert luck.cost_yuan(left) == pytest.approx(left.luck_cost * 0.1 * 100 * 100_000 / 12)
    assert luck.cost_yuan(right) == 0
    before = right.luck_cost
    first_of_month(model, 1)
    assert right.luck_cost == before and left.luck_cost != 0


def test_the_luck_of_a_store_is_its_own(tmp_path):
    """Neither what others do, nor when the run began, nor who came first changes it; another seed does."""
    plain = run_days(lucky(tmp_path, "{}"), 40)
    third = "  named:\n    aaa: {format: shop, x_km: 0.5, y_km: 0.5, area_m2: 50, cash_yuan: 1000}\n"
    crowded = run_days(lucky(tmp_path, "{}", more=third), 40)
    other = run_days(lucky(tmp_path, "{}", seed=7), 40)
    for name in ("left", "right"):
        mine = [m.store(name).luck_appeal for m in (plain, crowded, other)]
        assert mine[0] == mine[1] != mine[2]


def test_formats_differ_key_by_key(tmp_path):
    kiosk = (
        "  formats:\n    kiosk: {demand_share: {bread: 0.5}, area_m2: 100000, sales_per_m2_year_yuan: 90000}\n"
        "  named:\n    third: {format: kiosk, x_km: 0.5, y_km: 0.5, area_m2: 50, cash_yuan: 100000}\n"
    )
    rule = (
        "{appeal: 0, appeal_hidden: 0, cost: 0.1, formats: {kiosk: {appeal: 1.0, cost: 0, cost_hidden: 0}}}"
    )
    model = lucky(tmp_path, rule, more=kiosk)
    assert [s.luck_appeal == 0 for s in model.stores] == [True, True, False]
    assert [s.luck_cost == 0 for s in model.stores] == [False, False, True]


def test_expected_sales_know_it(tmp_path):
    """Of two equal shops the luckier one is expected to sell more, by the factor exp(difference)."""
    model = run_days(lucky(tmp_path, "{appeal: 1.0}"), 1)
    expected = model.expected_sales()
    left, right = expected.by_store(expected.purchases, 2)
    more = model.store("left").luck_appeal - model.store("right").luck_appeal
    assert np.log(left / right) == pytest.approx(more, rel=0.1) and abs(more) > 0.1


def test_a_saved_city_goes_on_with_its_luck(tmp_path):
    model = run_days(lucky(tmp_path, "{appeal: 0.4, cost: 0.1}"), 20)
    model.save(tmp_path / "city.o2os")
    loaded = O2OModel.load(tmp_path / "city.o2os")
    for m in (model, loaded):
        run_days(m, 45)
    assert [(s.luck_appeal, s.luck_cost) for s in loaded.stores] == [
        (s.luck_appeal, s.luck_cost) for s in model.stores
    ]


def test_unknown_formats_are_refused(tmp_path):
    hamlet(tmp_path)  # writes the file that is extended
    text = (tmp_path / "case.yaml").read_text(encoding="utf-8")
    file = tmp_path / "wrong.yaml"
    file.write_text(f"{text}stores: {{luck: {{formats: {{shops: {{cost: 0.1}}}}}}}}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="shops"):
        load_scenario(file)
