"""Accounts that write to some cohorts."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.market.consumers import ONLINE
from o2o_sim.systems.messages import in_equal_parts

from .hamlet import hamlet, run_days

ONE_SHOP = "stores: {named: {right: null}}\n"


CLUB = """
messages:
  club: {{cohorts: [young], reach: 1, leave: 0, discount: 0.2, cost_yuan_subscriber_month: 0.5{more}}}
"""


def club(tmp_path, more="", town=ONE_SHOP):
    return hamlet(tmp_path, CLUB.format(more=", " + more if more else "") + town)


def books(model, name: str, month: int) -> dict:
    frame = model.results()["stores_monthly"]
    return frame[frame["name"] == name].iloc[month].to_dict()


def spent(model, days: int, off: float) -> float:
    """What the purchases of some days cost if the young pay `off` less."""
    total = 0.0
    for _ in range(days):
        model.step()
        who, what = model.purchases.consumer, model.purchases.category
        young = model.consumers.cohort[who] == 1
        total += (np.where(what == 0, 10.0, 100.0) * np.where(young, 1 - off, 1.0)).sum()
    return total


def test_subscribers_and_nobody_else_pay_the_subscribers_price(tmp_path):
    """All the young subscribe on the last evening of January, and pay a fifth less from February on."""
    model = club(tmp_path)
    young = int((model.consumers.cohort == 1).sum())
    january, february = spent(model, 31, 0.0), spent(model, 28, 0.2)
    first, second = books(model, "left", 0), books(model, "left", 1)
    assert (first["sales_yuan"], second["sales_yuan"]) == pytest.approx((january, february), abs=1e-6)
    assert first["integration_yuan"] == 0.0, "nobody to write to yet"
    assert second["integration_yuan"] == -0.5 * young
    city = model.results()["city_monthly"]
    assert list(city["subscribers/club"]) == [young, young]


def test_an_account_ends_on_its_day_and_its_subscribers_are_gone(tmp_path):
    model = club(tmp_path, "start: 2013-01-10, end: 2013-02-10")
    total = spent(model, 31, 0.0) + spent(model, 9, 0.2) + spent(model, 19, 0.0)
    sales = books(model, "left", 0)["sales_yuan"] + books(model, "left", 1)["sales_yuan"]
    assert sales == pytest.approx(total, abs=1e-6)
    assert not model.audiences.of("messages club").any()
    assert books(model, "left", 1)["integration_yuan"] == 0.0, "it had ended when the bill came"
    told = [(e["date"], e["decision"]) for e in model.events if e["who"] == "club"]
    assert told == [(date(2013, 1, 10), "begin messages"), (date(2013, 2, 10), "end messages")]


def test_only_people_online_can_subscribe_and_some_leave(tmp_path):
    model = club(tmp_path)
    model.consumers.columns.record["access"][::2] = 0
    run_days(model, 31)
    online = model.consumers.access & ONLINE > 0
    assert np.array_equal(model.audiences.of("messages club"), online & (model.consumers.cohort == 1))
    gone = hamlet(tmp_path, "messages: {all: {reach: 1, leave: 1}}\n")
    run_days(gone, 31)
    assert gone.audiences.of("messages all").all()
    run_days(gone, 28)
    assert not gone.audiences.of("messages all").any(), (
        "all left, and none who leaves comes back the same day"
    )


def test_appeal_draws_subscribers_to_the_shop_that_writes(tmp_path):
    """Two equal shops in one place: a utility of 2 makes 1 of 2 into 1 / (1 + exp(-2)) = 0.88."""
    model = hamlet(
        tmp_path,
        "consumers: {loyalty_weight: 0}\n"
        "circles: {mall: {x_km: 0.5, y_km: 0.5, units: 1, rent_yuan_m2_month: 1}}\n"
        "stores:\n  service_min: 0.0001\n"
        "  named: {left: {circle: mall, x_km: null, y_km: null}, right: {x_km: 0.5}}\n"
        "messages: {news: {reach: 1, leave: 0, appeal: 2, cohorts: [young], senders: {circles: [mall]}}}\n",
    )
    run_days(model, 31)
    at_left, of = np.zeros(2), np.zeros(2)
    for _ in range(59):
        model.step()
        group = model.consumers.cohort[model.purchases.consumer]
        of += np.bincount(group, minlength=2)
        at_left += np.bincount(group[model.table.store[model.purchases.picks] == 0], minlength=2)
    share = at_left / of
    assert abs(share[0] - 0.5) < 4 * np.sqrt(0.25 / of[0])
    expected = 1 / (1 + np.exp(-2))
    assert abs(share[1] - expected) < 4 * np.sqrt(expected * (1 - expected) / of[1])


def test_landlords_pay_for_their_circles_account(tmp_path):
    text = (
        "circles: {mall: {x_km: 0.5, y_km: 0.5, units: 1, rent_yuan_m2_month: 1}}\n"
        "stores: {named: {left: {circle: mall, x_km: null, y_km: null}}}\n"
        "messages: {mall news: {reach: 1, leave: 0, discount: 0.1, cost_yuan_subscriber_month: 0.5,"
        " paid_by: landlord, senders: {circles: [mall]}}}\n"
    )
    model = run_days(hamlet(tmp_path, text), 59)
    flows = model.results()["ledger"]
    paid = flows[(flows["line"] == "integration") & (flows["from"] == "landlord")]
    assert list(paid["yuan"]) == [0.5 * 200]
    offers = [r for r in model.table.rows if r.needs]
    assert {r.maker for r in offers} == {"left"} and {r.discount for r in offers} == {1.0, 10.0}


def test_equal_parts_lose_no_fen():
    assert list(in_equal_parts(101, 3)) == [34, 34, 33] and list(in_equal_parts(2, 2)) == [1, 1]


def test_with_all_its_shops_closed_an_account_costs_nothing(tmp_path):
    model = run_days(club(tmp_path, town=""), 31)
    for store in model.stores:
        store.become("closed", "for the test")
    model.offers_changed = True
    run_days(model, 28)
    assert model.ledger.is_balanced()
    flows = model.results()["ledger"]
    assert not (flows["line"] == "integration").any()


@pytest.mark.parametrize(
    ("said", "where", "hint"),
    [
        ("cohorts: [yong]", "messages.club.cohorts.0", "young"),
        ("senders: {formats: [shopp]}", "messages.club.senders.formats.0", "shop"),
        ("senders: {circles: [street]}", "messages.club.senders.circles.0", "streets"),
        ("senders: {chains: [shop chain 1]}", "messages.club.senders.chains.0", "none"),
        ("paid_by: landlord", "messages.club.paid_by", "senders.circles"),
        ("start: 2013-02-01, end: 2013-02-01", "messages.club.end", ""),
    ],
)
def test_what_an_account_cannot_say(tmp_path, said, where, hint):
    with pytest.raises(ScenarioError) as fault:
        hamlet(tmp_path, "messages: {club: {" + said + "}}\n")
    problem = fault.value.problems[0]
    assert problem.key == where and hint in (problem.hint or "")
