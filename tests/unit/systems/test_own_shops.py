"""A platform opens its own shop next to its best-selling partner."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from o2o_sim.market.ledger import LINE

from .ant_and_bee import events, platforms
from .hamlet import hamlet, run_days

BESIDE = """
landlords: {street_vacancy_start: 0.5}
stores: {named: {left: {modes: [partnership]}}}
"""


def test_its_shop_opens_beside_the_best_seller_with_what_sells_best(tmp_path):
    """Of 200 people's yearly yuan two thirds go to coats (20 a day at 100 yuan; bread 100 at 10), so coats it
    is."""
    model = hamlet(tmp_path, BESIDE + platforms(", own_shops: {every_months: 1, limit: 2, area_x: 0.5}"))
    ant = model.platforms[0]
    run_days(model, 30)
    commission = int(model.ledger.books[LINE["commission"], ant.account])
    assert commission > 0 and len(model.stores) == 2
    model.step()
    left, shop = model.store("left"), model.store("ant shop 1")
    assert (shop.cell, shop.circle, shop.area_m2) == (left.cell, left.circle, 50)
    assert shop.floor == {"coats": 1.0} and shop.price_x == 0.95 and shop.owner is ant
    assert shop.modes["partnership"].platform is ant
    # Half of left's floor: 75,000 of fit-out, and half of six months of its 100 yuan rent and 2 x 100 wages.
    assert shop.cash_yuan == pytest.approx(0.5 * 6 * left.fixed_cost_yuan())
    (told,) = events(model, "open own shop")
    assert told["figures"]["partner"] == "left" and told["figures"]["sells"] == "coats"
    model.step()
    mine = (model.table.store == shop.number) & (
        np.array(model.table.channels)[model.table.columns["channel"].astype(int)] == "walk-in"
    )
    assert model.table.fen["price"][mine].tolist() == [95_00]
    run_days(model, 58)
    assert [s.name for s in model.stores] == ["left", "right", "ant shop 1"], "one beside each partner"
    assert model.ledger.is_balanced()


def test_fit_out_and_capital_come_from_its_cash(tmp_path):
    model = run_days(hamlet(tmp_path, BESIDE + platforms(", own_shops: {every_months: 1}")), 30)
    ant, left = model.platforms[0], model.store("left")
    before, commission = ant.cash_yuan, int(model.ledger.books[LINE["commission"], ant.account])
    model.step()
    capital = model.store("ant shop 1").cash_yuan
    assert capital == pytest.approx(6 * left.fixed_cost_yuan())
    more = int(model.results()["ledger"].query("line == 'commission'")["fen"].sum()) - commission
    assert ant.cash_yuan == pytest.approx(before + more / 100 - capital - 150_000)


@pytest.mark.parametrize(
    "text",
    [
        "landlords: {street_vacancy_start: 0}\nstores: {named: {left: {modes: [partnership]}}}\n",
        BESIDE.replace("[partnership]", "[]"),
    ],
)
def test_no_room_or_no_partner_no_shop(tmp_path, text):
    model = run_days(hamlet(tmp_path, text + platforms(", own_shops: {every_months: 1}")), 60)
    assert len(model.stores) == 2


def test_it_watches_from_its_start_and_keeps_its_limit(tmp_path):
    text = BESIDE.replace("left: {modes", "right: {modes: [partnership]}, left: {modes")
    rule = ", own_shops: {every_months: 1, limit: 1, start: 2013-02-01}"
    model = run_days(hamlet(tmp_path, text + platforms(rule)), 90)
    opened = [s.opened for s in model.stores if s.owner is not None]
    assert opened == [date(2013, 2, 28)]
