"""Money put into service and assortment, which wears off."""

from __future__ import annotations

import math

import pytest

from o2o_sim.policies.decisions import Decision

from .hamlet import hamlet, run_days, system
from .row import SERVICE, Says, shops


def test_one_step_is_paid_for_raises_appeal_and_wears_off(tmp_path):
    model = hamlet(tmp_path, shops(2) + SERVICE % "")
    s, works = model.stores[0], system(model, "ServiceWorks")
    s.policy = Says(Decision("invest"))
    run_days(model, 31)
    assert works.worth[0] == 50.0
    assert s.quality == pytest.approx(0.4 * (1 - math.exp(-0.5)))
    assert -int(s.months[0].lines[11]) == 50 * 100 * 100  # 50 yuan for each of 100 m2
    run_days(model, 1)
    t = model.table
    mine, other = (t.columns["appeal"][t.store == k].mean() for k in (0, 1))
    assert mine - other == pytest.approx(0.4 * (1 - math.exp(-0.5)))
    run_days(model, 27)
    assert works.worth[0] == pytest.approx(45.0)
    assert s.quality == pytest.approx(0.4 * (1 - math.exp(-0.45)))
    assert [m["service_paid_yuan"] for m in model.recorder._city_months] == [5000.0, 0.0]
    assert model.recorder._city_months[0]["service_yuan_m2"] == 25.0


def test_a_well_run_format_has_it_from_the_first_day_and_pays_for_its_wear(tmp_path):
    model = hamlet(tmp_path, shops(2) + SERVICE % ", kept_up: {shop: 200}")
    works = system(model, "ServiceWorks")
    assert works.worth == {0: 200.0, 1: 200.0}
    run_days(model, 59)
    # A tenth of 200 yuan wears off in a month, on 100 m2: 2000 yuan.
    assert [-int(m.lines[11]) for s in model.stores for m in s.months] == [2000_00] * 4
    assert works.worth == {0: 200.0, 1: 200.0}
    assert model.stores[1].quality == pytest.approx(0.4 * (1 - math.exp(-2)))


def test_what_a_store_expects_of_a_step(tmp_path):
    model = run_days(hamlet(tmp_path, shops(2) + SERVICE % "" + "  dividend_months: 1200\n"), 31)
    s, works = model.stores[0], system(model, "ServiceWorks")
    (option,) = works.options(s, model.view)
    month = s.months[0]
    sales, kept = month.revenue / 100, (month.revenue + month.variable) / month.revenue
    utils = sum(0.4 * (1 - math.exp(-0.5 * 0.9**k)) for k in range(24)) / 24
    assert option.extra_sales == pytest.approx(sales * 0.5 * utils)
    assert option.gain == pytest.approx(sales * 0.5 * utils * kept)
    assert option.cost == pytest.approx(50 * 100 / 24)
    assert (option.kind, option.mode, option.platform) == ("invest", "", None)
    works.worth[0] = 300.0
    assert works.options(s, model.view)[0].gain < option.gain  # each further step does less
    model.ledger.book("owners", s.account, 5, model.ledger.balance[s.account])
    assert works.options(s, model.view) == []  # and none without money


def test_a_store_that_is_not_content_invests_though_it_never_integrates(tmp_path):
    cheap = "  service: {step_yuan_m2: 0.1, gain: 5, scale_yuan_m2: 1, decay: 0}\n"
    want = "  satisficing: {aspiration_margin: 1, imitation: 0, memory_months: 1, review_share: 1}\n"
    model = run_days(hamlet(tmp_path, shops(2) + cheap + want), 31)
    done = [e for e in model.events if e["decision"] == "invest"]
    assert len(done) == 2 and done[0]["reason"] == "promises to pay"
    assert done[0]["figures"]["cost (yuan/month)"] == round(0.1 * 100 / 24, 2)
    assert all(s.quality == pytest.approx(5 * (1 - math.exp(-0.1))) for s in model.stores)
