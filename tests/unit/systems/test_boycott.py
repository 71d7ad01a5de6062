"""Boycotts: who joins, who breaks ranks, what it does to the platform, all calculated by hand in the
hamlet."""

from __future__ import annotations

import math

import numpy as np
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.market.offers import EVERYWHERE
from o2o_sim.policies.store import Satisficing
from o2o_sim.scenario import load_scenario

from .hamlet import HAMLET, hamlet, run_days

# Coats come by parcel as well, and people have doubts about a coat that they have not tried.
BAZAAR = """
platforms:
  bazaar: {kind: marketplace, members_start: 1, commission: 0.05, categories: [coats], cash_yuan: 1e6,
           parcel: {days: 1}}
categories:
  coats: {touch: 0.5, online_price_x: 0.9, online_appeal: 1, standardised: 0}
"""


def ten_shops(left: int = 5) -> str:
    """Ten shops in a row, of which the first `left` deal with the bazaar."""
    rows = ["stores:", "  named:", "    left: null", "    right: null"]
    for k in range(10):
        modes = "[marketplace]" if k < left else "[]"
        rows.append(
            f"    s{k}: {{format: shop, x_km: {0.05 + 0.1 * k:g}, y_km: 0.5, area_m2: 100, cash_yuan: 1e5, modes: {modes}}}"
        )
    return "\n".join(rows) + "\n"


def boycott(**said) -> str:
    given = {"platform": "bazaar", "temptation": 0, **said}
    return "boycott:\n  malls: {" + ", ".join(f"{k}: {v}" for k, v in given.items()) + "}\n"


def only(model):
    (system,) = [s for s in model.systems if type(s).__name__ == "Boycotts"]
    return system.boycotts[0]


def told(model, word):
    return [e for e in model.events if word in e["decision"]]


# -- who is in it --------------------------------------------------------------------------------------------
def test_it_begins_on_its_day_and_whoever_joins_gives_up_the_platform(tmp_path):
    model = hamlet(tmp_path, BAZAAR + ten_shops() + boycott(share=1, starts="2013-01-11"))
    run_days(model, 10)
    assert not only(model).members and all("marketplace" in s.modes for s in model.stores[:5])
    run_days(model, 1)
    assert only(model).members == set(range(10))
    assert not any(s.modes for s in model.stores)
    joined = told(model, "join boycott malls")
    assert len(joined) == 10 and sum("gives up" in e["figures"] for e in joined) == 5
    assert all(str(e["date"]) == "2013-01-11" for e in joined)
    assert not (model.table.columns["store"][model.table.columns["platform"] > 0] > 0).any()


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (1.0, 10)])
def test_a_share_of_those_asked_begins_it(tmp_path, share, expected):
    model = hamlet(
        tmp_path, BAZAAR + ten_shops() + boycott(share=share, threshold_mean=1, threshold_spread=0)
    )
    run_days(model, 1)
    assert len(only(model).members) == expected


def test_more_convinced_ones_are_the_same_and_others(tmp_path):
    few, many = (run_days(hamlet(tmp_path, BAZAAR + ten_shops() + boycott(share=x)), 1) for x in (0.3, 0.7))
    assert only(few).members < only(many).members


def thresholds(monkeypatch, model, values):
    """Give the shops these thresholds, in their order."""
    monkeypatch.setattr(only(model), "threshold", lambda store: values[store.number])


def test_one_after_the_other_joins_as_in_granovetter(tmp_path, monkeypatch):
    """Of ten shops one begins; the thresholds of the others are 1/9, 2/9 ... 9/9 of the nine others: each
    month one more joins. Had the second wanted 2/9, nobody would follow (Granovetter's example of the
    riot)."""
    text = BAZAAR + ten_shops(0) + boycott(wait_months=12)
    model = hamlet(tmp_path, text + "days: 365\n")
    thresholds(monkeypatch, model, [k / 9 for k in range(10)])
    sizes = []
    for month in (31, 28, 31, 30, 31, 30, 31, 31, 30):
        run_days(model, month)
        sizes.append(len(only(model).members))
    assert sizes == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    broken = hamlet(tmp_path, text)
    thresholds(monkeypatch, broken, [0, 2 / 9, *(k / 9 for k in range(2, 10))])
    run_days(broken, 90)
    assert len(only(broken).members) == 1


def test_it_ends_when_too_few_are_left_after_it_has_waited(tmp_path, monkeypatch):
    model = hamlet(tmp_path, BAZAAR + ten_shops(0) + boycott(wait_months=2, ends_below=0.2))
    thresholds(monkeypatch, model, [0.0] + [1.0] * 9)
    run_days(model, 31)
    assert only(model).members == {0} and not only(model).has_ended
    run_days(model, 28)
    assert only(model).has_ended and not only(model).members
    (end,) = told(model, "boycott ends")
    assert end["who"] == "bazaar" and end["figures"] == {"share": 0.1, "months": 2}
    run_days(model, 31)
    assert len(told(model, "boycott")) == len(told(model, "boycott begins")) + 2  # s0 joined, it ended


def test_who_closes_is_in_it_no_longer(tmp_path):
    model = hamlet(tmp_path, BAZAAR + ten_shops() + boycott(share=1))
    run_days(model, 1)
    model.stores[3].become("closed", "test")
    run_days(model, 30)
    assert only(model).members == set(range(10)) - {3}
    assert only(model).share() == 1.0


def test_only_those_asked_are_in_it_and_none_that_the_platform_owns(tmp_path):
    asked = {"share": 1, "formats": "[shop]", "categories": "[coats]", "circles": "[streets]"}
    model = hamlet(tmp_path, BAZAAR + ten_shops() + boycott(**asked))
    # Twice as much is spent on coats as on bread, so coats are what a shop of both is for.
    assert len(only(model).asked()) == 10
    model.stores[0].owner = model.platforms[0]
    run_days(model, 1)
    assert only(model).members == set(range(1, 10))
    model.stores[1].category = "bread"
    assert len(only(model).asked()) == 8


def test_nobody_asked_nobody_in_it(tmp_path):
    market = "circles: {market: {x_km: 0.5, y_km: 0.5, units: 0, rent_yuan_m2_month: 1}}\n"
    model = hamlet(tmp_path, BAZAAR + ten_shops() + market + boycott(share=1, circles="[market]"))
    run_days(model, 31)
    assert only(model).asked() == []
    assert model.recorder._city_months[-1]["boycott_share/malls"] == 0.0


# -- temptation and fines ------------------------------------------------------------------------------------
def tempted(tmp_path, monkeypatch, *, gain, fine=0.0, months=31):
    """Half of the shops want to see half of the others; the platform promises each `gain` yuan on sales of
    1000."""
    text = BAZAAR + ten_shops(0) + boycott(share=1, temptation=2, fine_yuan=fine, fine_months=10)
    model = hamlet(tmp_path, text)
    thresholds(monkeypatch, model, [0.0] * 5 + [0.5] * 5)
    only(model).has_begun = True
    only(model).members = set(range(10))
    monkeypatch.setattr(only(model), "promised", lambda store, view: (gain, 1000.0))
    return run_days(model, months)


@pytest.mark.parametrize(
    ("gain", "fine", "left"),
    [
        (240, 0, 10),  # 0.24 of its sales: 0.5 + 2 * 0.24 is below 1, which all others are
        (260, 0, 5),  # 0.5 + 2 * 0.26 is above
        (260, 100, 10),  # ten yuan a month of it are fine: 0.5 + 2 * 0.25 is just 1
        (510, 0, 0),  # even who wants to see nobody: 2 * 0.51
    ],
)
def test_a_tempting_platform_breaks_ranks_unless_the_fine_is_dear(tmp_path, monkeypatch, gain, fine, left):
    model = tempted(tmp_path, monkeypatch, gain=gain, fine=fine)
    assert len(only(model).members) == left
    out = told(model, "break boycott malls")
    assert len(out) == 10 - left
    assert all(e["reason"] == "tempted" for e in out)


def test_a_fine_goes_to_the_association_to_the_fen(tmp_path, monkeypatch):
    model = tempted(tmp_path, monkeypatch, gain=300, fine=100)
    account = model.ledger.names.index("association malls")
    assert model.ledger.cash(account) == 5 * 100_00
    paid = [float(f["yuan"]) for f in model.recorder._flows if f["line"] == "transfers"]
    assert paid == [500.0]
    assert model.ledger.is_balanced()


def test_the_promise_is_what_the_store_itself_would_calculate(tmp_path):
    """What `options` says of the marketplace, gain less cost; nothing for who never integrates."""
    terms = "modes: {marketplace: {setup_yuan: 0, fixed_yuan_month: 0, per_order_yuan: 0, market_share: 0.5, skill: 0}}\n"
    text = BAZAAR + ten_shops(0) + boycott(share=1) + terms
    model = run_days(hamlet(tmp_path, text), 31)
    store, view = model.stores[0], model.view
    assert only(model).promised(store, view)[0] == 0.0  # it never integrates, so nothing can tempt it
    store.policy = Satisficing()
    gain, sales = only(model).promised(store, view)
    # Half of a month's orders at 90 yuan, of which goods (50), commission (5 %) and advertising (3 %) are not
    # kept, nor the part of the parcel's cost that the customer does not pay (none).
    orders = view.orders[("bazaar", "coats")] / 100
    assert orders > 0
    assert gain == pytest.approx(
        0.5 * orders * ((90 - 50) / 90 - 0.05 - model.platforms[0].advertising_share())
    )
    assert sales == pytest.approx(store.months[-1].revenue / 100)
    assert only(model).forbids(store, model.platforms[0])


# -- what it does --------------------------------------------------------------------------------------------
def parcel(model):
    t = model.table
    (row,) = np.flatnonzero((t.seen == EVERYWHERE) & (t.columns["platform"] == 1))
    return t.columns[row]


@pytest.mark.parametrize("inside", [0, 4, 10])
def test_the_platform_loses_range_and_is_doubted_more(tmp_path, monkeypatch, inside):
    model = hamlet(tmp_path, BAZAAR + ten_shops(0) + boycott(unseen_disutility_growth=0.5, range_share=0.3))
    thresholds(monkeypatch, model, [0.0] * inside + [2.0] * (10 - inside))
    plain = run_days(hamlet(tmp_path, BAZAAR + ten_shops(0)), 1)
    run_days(model, 1)
    b = inside / 10  # the shops are equal, so the floor space is as the shops
    doubt = 3.0 * 0.5  # touch_weight times touch, nothing off for a standard
    assert parcel(plain)["unseen"] == pytest.approx(doubt)
    assert parcel(model)["unseen"] == pytest.approx(doubt * (1 + 0.5 * b))
    lost = parcel(plain)["appeal"] - parcel(model)["appeal"]
    assert lost == pytest.approx(-math.log(1 - 0.3 * b))


def test_offers_that_a_channel_gives_again_lose_range_only_once(tmp_path, monkeypatch):
    """A plugin's channel may hand out the very offers of the day before."""
    model = hamlet(tmp_path, BAZAAR + ten_shops(0) + boycott(unseen_disutility_growth=0.5, range_share=0.3))
    thresholds(monkeypatch, model, [0.0] * 10)
    again = model.platforms[0].publish()
    model.platforms[0].publish = lambda: again
    run_days(model, 1)
    first = parcel(model).copy()
    model.offers_changed = True
    run_days(model, 1)
    assert parcel(model)["appeal"] == first["appeal"] and parcel(model)["unseen"] == first["unseen"]


def test_nobody_looks_there_to_order_from_it(tmp_path, monkeypatch):
    """The same people on the same days: whoever looked in a boycotting shop and ordered now buys in that
    shop, and nobody else does anything else."""
    said = {"unseen_disutility_growth": 0, "range_share": 0}
    model = hamlet(tmp_path, BAZAAR + ten_shops(0) + boycott(**said))
    free = hamlet(tmp_path, BAZAAR + ten_shops(0) + boycott(refuses_looking="false", **said))
    for m in (model, free):
        thresholds(monkeypatch, m, [0.0] * 6 + [2.0] * 4)
    looked = 0
    for _ in range(5):
        run_days(free, 1)
        run_days(model, 1)
        shop = free.table.store[free.purchases.visited]
        caught = (free.purchases.visited > 0) & (shop < 6)
        looked += int(caught.sum())
        assert np.array_equal(
            model.purchases.picks, np.where(caught, free.purchases.visited, free.purchases.picks)
        )
        assert np.array_equal(model.purchases.visited, np.where(caught, 0, free.purchases.visited))
        # From here on the two would learn apart.
        if looked:
            break
    assert looked > 0
    assert only(model).refused == looked


def test_its_figures_are_monthly_series(tmp_path):
    model = run_days(hamlet(tmp_path, BAZAAR + ten_shops(0) + boycott(share=1)), 31)
    month = model.recorder._city_months[-1]
    assert month["boycott_share/malls"] == month["boycott_floor/malls"] == 1.0
    assert month["boycotted_sales_yuan/malls"] == model.view.orders.get(("bazaar", "coats"), 0) / 100
    assert month["boycott_refused/malls"] > 0


# -- what cannot be ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "key", "message"),
    [
        ({"platform": "bazar"}, "boycott.malls.platform", "did you mean bazaar?"),
        ({"formats": "[shops]"}, "boycott.malls.formats.0", "did you mean shop?"),
        ({"categories": "[coat]"}, "boycott.malls.categories.0", "did you mean coats?"),
        ({"circles": "[street]"}, "boycott.malls.circles.0", "there is no circle 'street'"),
        ({"categories": "[bread]"}, "boycott.malls.categories", "nothing to boycott"),
        ({"share": 1.1}, "boycott.malls.share", "at most 1"),
    ],
)
def test_names_that_are_not_there_are_found(tmp_path, said, key, message):
    file = tmp_path / "bad.yaml"
    file.write_text(f"extends: {HAMLET}\n" + BAZAAR + boycott(**said), encoding="utf-8")
    with pytest.raises(ScenarioError) as found:
        load_scenario(file)
    assert key in str(found.value) and message in str(found.value)
