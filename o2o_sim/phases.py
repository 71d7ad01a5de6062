"""The phases of a day, but for the monthly review: what happens from the morning to the evening, in order.

    calendar    what kind of day it is; what begins or ends today
    publish     everybody puts offers on the board
    shop        everybody whose need is due chooses              -> model.purchases
    serve       shops serve up to their capacity                 -> purchases.served
    settle      every purchase is booked                         -> purchases.bought, the ledger, the month's books
    learn       people remember, and know when they need it next
    review      on the last day of a month (review.py)
    record      the day's figures are kept

At each place the special systems that are on are asked (systems/base.py says when).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from . import review, setup
from .border.guard import bounds
from .market.ledger import CONSUMERS, OWNERS
from .market.offers import Offer, tabulate, wrong_offer
from .market.records import Today
from .market.shoppers import Morning, Notice
from .streams import name_bits, uniforms

if TYPE_CHECKING:
    from .model import O2OModel


# -- calendar -------------------------------------------------------------------------------------------------
def is_free(model: O2OModel, ahead: int = 0) -> bool:
    """Whether the day `ahead` days from today is a weekend day or a holiday."""
    day, rules = model.date + timedelta(days=ahead), model.spec.calendar
    return day.weekday() in rules.weekend or day in rules.holidays


def calendar(model: O2OModel) -> None:
    """What kind of day it is, and whether something begins or ends today that changes offers."""
    free = is_free(model)
    ahead = next((k for k in range(1, 15) if is_free(model, k)), 1)
    model.is_free_day, model.next_free_day = free, model.day + ahead
    model.today = Today(
        float(model.day), float(model.date.weekday()), float(model.date.month), 0.0 if free else 1.0
    )
    review.open_circles(model)
    setup.open_imported(model)
    for system in model.systems:
        system.morning()
    subsidising = [p.is_subsidising() for p in model.platforms]
    if subsidising != model.subsidising:
        model.subsidising, model.offers_changed = subsidising, True
    if model.date in model.epochs:
        model.shoppers.travel_changed()
        model.offers_changed = True


# -- publish --------------------------------------------------------------------------------------------------
def publish(model: O2OModel) -> None:
    """Everybody puts offers on the board if any has changed; queues that people expect change every day."""
    if model.offers_changed:
        rows = offers(model)
        if wrong := wrong_offer(rows, bounds(model)):
            raise ValueError(f"there is {wrong}")
        table = tabulate(rows, model.expansion_factor, model.channels)
        for system in model.systems:
            system.published(table)
        capacity = np.array([s.capacity if s.is_here else 0.0 for s in model.stores])
        servers = np.maximum(np.array([s.staff for s in model.stores]), 1.0)
        model.recorder.published(table)
        model.board.post(table, capacity, servers, [p.sellers for p in model.platforms])
        model.shoppers.publish(Notice.of(model.board, model.date))
        model.offers_changed = False
    model.board.show_queues()


def offers(model: O2OModel) -> list[Offer]:
    """All offers of today: going without, platforms, stores, systems of one's own, as systems change them."""
    rows = [
        _outside_option(model, name)
        for name, c in model.spec.categories.items()
        if c.outside_option is not None
    ]
    for platform in model.platforms:
        rows += platform.publish()
    for store in model.stores:
        rows += store.publish()
    for system in model.systems:
        rows += system.offers()
    for system in model.systems:
        rows = system.amend(rows)
    return rows


def _outside_option(model: O2OModel, category: str) -> Offer:
    """Go without, or buy outside the simulated market."""
    c = model.spec.categories[category]
    return Offer(
        name_bits(f"without | {category}"),
        "",
        "without",
        model.category_number[category],
        0.0,
        appeal=c.outside_option or 0.0,
    )


# -- shop -----------------------------------------------------------------------------------------------------
def shop(model: O2OModel) -> None:
    """Everybody whose need is due chooses."""
    n = model.shoppers.shop(
        Morning(
            model.day,
            model.today,
            model.is_free_day,
            model.next_free_day,
            model.habits.plan_ahead,
            model.table.columns["queue"],
        )
    )
    model.day_counts["decisions"] += n
    for system in model.systems:
        system.after_choice()


# -- serve ----------------------------------------------------------------------------------------------------
def serve(model: O2OModel) -> None:
    """Local sellers get their share of a marketplace's orders; shops serve up to their capacity, in an order
    drawn for the day, and the others leave; what people will expect of queues follows from the crowd."""
    board, shoppers = model.board, model.shoppers
    here = shoppers.queue_up()[1:]
    board.meet(here, model.expansion_factor)
    _turn_away(model, here)
    board.expect_queues()
    for system in model.systems:
        system.serve(shoppers.inside)


def _turn_away(model: O2OModel, here: np.ndarray) -> None:
    """Of the consumers in a full shop, those whose turn comes last are not served. If 2.4 of them can be, it is 3 on
    four days in ten."""
    stores = len(here)
    chance = uniforms(model.seed_number, "capacity", model.day, np.arange(stores))[:stores]
    whole = np.floor(here * model.board.served_share() + chance).astype(np.int64)
    full = np.append(False, (here > whole) & (model.board.capacity > 0))
    if not (model.spec.stores.unserved_leave and full.any()):
        return
    room, upto = whole[full[1:]], np.cumsum(model.shoppers.turns(full), axis=1)
    part = (upto <= room[:, None]).sum(axis=1)
    before = np.where(part > 0, upto[np.arange(len(room)), part - 1], 0)
    shop, turn = model.shoppers.last_served(part)
    order = np.argsort(shop + turn, kind="stable")  # turns are below 1, and exact beside the number of a shop
    sorted_shop, came = shop[order], np.bincount(shop, minlength=len(room))
    place = np.arange(len(order)) - (np.cumsum(came) - came)[sorted_shop]
    late = np.zeros(len(order), np.bool_)
    late[order] = place >= (room - before)[sorted_shop]
    model.shoppers.leave(late)


# -- settle ---------------------------------------------------------------------------------------------------
def settle(model: O2OModel) -> None:
    """Book every purchase of the day, to the fen."""
    model.shoppers.count()
    t, purchases = model.table, model.purchases
    count = purchases.bought.sum(axis=0)
    rows = np.flatnonzero(count)
    n, book = count[rows], model.ledger.book
    money = {name: n * amount[rows] for name, amount in t.fen.items()}
    seller, carrier = t.seller[rows], t.carrier[rows]
    accounts = np.array([OWNERS, *(p.account for p in model.platforms)])
    platform = accounts[t.columns["platform"][rows]]
    paid = money["price"] - money["discount"] - money["subsidy"]
    book("sales", CONSUMERS, seller, paid)
    book("subsidy received", platform, seller, money["subsidy"])
    model.ledger.book_terms(CONSUMERS, seller, carrier, platform, money)
    for p in model.platforms:
        p.spent_fen += int(money["subsidy"][t.columns["platform"][rows] == p.number + 1].sum())
    for system in model.systems:
        system.after_sales()
    model.recorder.sales()
    model.month.add(purchases, t, rows, paid + money["subsidy"], money)


# -- learn ----------------------------------------------------------------------------------------------------
def learn(model: O2OModel) -> None:
    """Habit, loyalty, following, and when the next need comes."""
    social = np.zeros(len(model.stores) + 1, np.bool_)
    social[[s.number + 1 for s in model.stores if s.modes and s.makes_followers]] = True
    model.shoppers.learn(model.habits, social)
    for system in model.systems:
        system.after_learning()


# -- record ---------------------------------------------------------------------------------------------------
def record(model: O2OModel) -> None:
    """Keep the day's figures."""
    model.recorder.day()
    model.datacollector.collect(model)
