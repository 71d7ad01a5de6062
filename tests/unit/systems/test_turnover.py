"""Turnover leases, rent-free months and indexed rents."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from o2o_sim.market.ledger import LINE
from o2o_sim.policies.rent import Indexed
from o2o_sim.systems.turnover import Leases

from .hamlet import hamlet, run_days
from .square import SQUARE, refused, square, system


def test_turnover_rent_on_paper(tmp_path):
    """100 m2 at 2 yuan: 200. Base 0.5 of it: 100. At a share of 0.1 the breakpoint is 1000 yuan."""
    model = square(tmp_path, "turnover: {base_x: 0.5, share: 0.1}")
    run_days(model, 31)
    for store in model.stores:
        month = store.months[0]
        sales = int(month.lines[LINE["sales"]])
        assert sales > 100_000
        assert int(month.lines[LINE["rent"]]) == -(10_000 + round(0.1 * (sales - 100_000)))
    city = model.results()["city_monthly"]
    paid = sum(-int(s.months[0].lines[LINE["rent"]]) for s in model.stores) / 100
    assert city["rent_yuan/square"][0] == pytest.approx(paid)
    assert city["turnover_rent_yuan/square"][0] == pytest.approx(paid - 400)


def test_below_the_breakpoint_only_the_base_is_paid_and_the_lever_doubles_both(tmp_path):
    lease = "turnover: {base_x: 0.5, share: 0.5, share_by_format: {shop: 0.01}}"
    model = run_days(square(tmp_path, lease), 31)  # breakpoint 10,000 yuan
    twice = run_days(square(tmp_path, lease, "levers: {rent_x: 2}"), 31)
    for low, high in zip(model.stores, twice.stores):
        sales = int(low.months[0].lines[LINE["sales"]])
        assert sales == high.months[0].lines[LINE["sales"]]
        above = max(sales - 1_000_000, 0)
        assert int(low.months[0].lines[LINE["rent"]]) == -(10_000 + round(0.01 * above))
        assert int(high.months[0].lines[LINE["rent"]]) == -(20_000 + round(0.02 * above))


def test_a_share_of_nothing_asks_for_the_base(tmp_path):
    model = run_days(square(tmp_path, "turnover: {base_x: 0.5, share: 0}"), 31)
    assert {int(s.months[0].lines[LINE["rent"]]) for s in model.stores} == {-10_000}


def test_a_circles_own_lease_goes_before_the_general_one_and_streets_have_none(tmp_path):
    more = "    e: {format: shop, x_km: 0.5, y_km: 0.5, area_m2: 100}\nlandlords: {turnover: {base_x: 0.1, share: 0}}"
    model = run_days(square(tmp_path, "turnover: {base_x: 0.5, share: 0}", more), 31)
    assert int(model.store("a").months[0].lines[LINE["rent"]]) == -10_000
    assert int(model.store("e").months[0].lines[LINE["rent"]]) == -10_000, "1 yuan per m2, in full"
    general = run_days(square(tmp_path, "", "landlords: {turnover: {base_x: 0.1, share: 0}}"), 31)
    assert int(general.store("a").months[0].lines[LINE["rent"]]) == -2_000


def test_only_deliveries_count_if_the_lease_says_so(tmp_path):
    model = square(tmp_path, "turnover: {share: 0.1}")
    run_days(model, 3)
    leases, a = system(model, Leases), model.stores[0]
    lease = leases.lease_of(a)
    in_unit = leases.turnover_fen(a, lease)
    model.channels.append("parcel")
    model.month.channel_sales[0, len(model.channels) - 1] += 500
    assert leases.turnover_fen(a, lease) == in_unit > 0
    assert leases.turnover_fen(a, lease.model_copy(update={"online_counts": True})) == in_unit + 500


def test_newcomers_of_a_circle_that_lures_them_pay_no_rent_at_first(tmp_path):
    """Who was there on the first day pays; who comes when the circle opens in February does not until
    April."""
    new = """  new: {x_km: 0.5, y_km: 0.5, units: 2, rent_yuan_m2_month: 3, occupied_start: 1, opens: 2013-02-01, rent_free_months: 2}
"""
    text = SQUARE % (", rent_free_months: 2", "") + ""
    text = text.replace("stores:\n", new + "stores:\n", 1)
    text += "  formats: {shop: {area_m2: 100, in_circles: 0.5}}\n  supply_x: 0.0001\n"
    model = run_days(hamlet(tmp_path, text), 120)
    assert int(model.store("a").months[0].lines[LINE["rent"]]) == -20_000
    fresh = [s for s in model.stores if s.circle.name == "new"]
    assert len(fresh) == 2
    for store in fresh:
        rents = [int(m.lines[LINE["rent"]]) for m in store.months]
        assert rents == [0, 0, -round(100 * store.rent_yuan())]
        assert store.rent_yuan() == pytest.approx(300)


def test_indexed_rents_grow_by_the_index_in_a_year():
    circle, rules = SimpleNamespace(rent=100.0, vacancy=0.9), SimpleNamespace(index_yearly=0.06)
    for _ in range(12):
        circle.rent = Indexed().decide(circle, rules)
    assert circle.rent == pytest.approx(106)


def test_an_indexed_landlord_says_why(tmp_path):
    model = run_days(square(tmp_path, "landlord: indexed", "landlords: {index_yearly: 0.1}"), 31)
    (told,) = (e for e in model.events if e["decision"] == "rent")
    assert (told["who"], told["reason"]) == ("square", "index")
    assert model.circles["square"].rent == pytest.approx(2 * 1.1 ** (1 / 12))


@pytest.mark.parametrize(
    ("circle", "more", "key", "message", "hint"),
    [
        ("turnover: {share_by_format: {shops: 0.1}}", "", "circles.square.turnover.share_by_format.shops", "there is no format 'shops'", "did you mean shop?"),
        ("turnover: {share_by_format: {shop: 1.5}}", "", "circles.square.turnover.share_by_format.shop", "must be a share from 0 to 0.9, found the number 1.5", None),
        ("", "landlords: {turnover: {share_by_format: {hop: 0.1}}}", "landlords.turnover.share_by_format.hop", "there is no format 'hop'", "did you mean shop?"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_where_it_stands(tmp_path, circle, more, key, message, hint):
    problem = refused(tmp_path, circle, more)
    assert (problem.key, problem.message, problem.hint) == (key, message, hint)
    assert problem.line is not None
