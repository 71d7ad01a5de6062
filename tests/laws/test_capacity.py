"""Shops have room for so many; the others go home and come again."""

from __future__ import annotations

import numpy as np
import pytest

from .cities import choices, city, days

ONE_SHOP = {
    "population": 300, "stores__unserved_leave": True, "categories__goods__every_days": 4,
    "stores__named__centre__area_m2": 100, "stores__named__centre__cash_yuan": 1e9,
    "stores__formats__shop__m2_per_staff": 10, "stores__formats__shop__served_per_staff_day": 4,
} | {f"stores__named__{other}": None for other in ("north", "south", "west", "east", "corner")}  # fmt: skip
ROOM = 40  # 100 m2 / 10 m2 x 4 a day


def crowded(residents: float, **changes):
    return city("town.yaml", residents=residents, **(ONE_SHOP | changes))


@pytest.mark.parametrize("every_days", [4, 12])
def test_turns_away_exactly_the_excess(every_days):
    model = crowded(300, categories__goods__every_days=every_days)  # a consumer is a person
    full, room = 0, 0
    for _ in days(model, 25):
        came = len(model.purchases.picks)
        assert model.purchases.served.sum() == min(came, ROOM)
        assert model.results()["daily"]["turned_away"].iloc[-1] == max(0, came - ROOM)
        full, room = full + (came > ROOM), room + (came < ROOM)
    assert full > 20 if every_days == 4 else room > 20


@pytest.mark.parametrize("each", [3, 70])
def test_capacity_that_is_no_whole_number(each):
    """Some 40 people a day at `each` people a consumer: on average exactly that, never one too many."""
    model = crowded(300 * each)
    off, variance = [], []
    for _ in range(80):
        room = model.stores[0].capacity / each  # it may change with the month's staff
        model.step()
        served = int(model.purchases.served.sum())
        assert len(model.purchases.picks) > room and served in (int(room), int(room) + 1)
        off.append(served - room)
        variance.append(room % 1 * (1 - room % 1))
    assert abs(np.sum(off)) < 3 * np.sqrt(np.sum(variance))


def test_turned_away_come_back_the_next_day():
    model = crowded(300)
    waiting: set[int] = set()
    seen = 0
    for day in days(model, 15):
        today = choices(model)
        assert waiting <= {i for i, _ in today}
        waiting = {i for (i, _), (_, _, served) in today.items() if not served}
        assert all(model.consumers[i].next_need["goods"] == day + 1 for i in waiting)
        assert all(model.consumers[i].next_need["goods"] > day for i, _ in today)
        seen += len(waiting)
    assert seen > 50


def test_turned_away_pay_nothing_and_learn_nothing():
    model = crowded(300)
    model.step()
    served = int(model.purchases.served.sum())
    assert served == ROOM < len(model.purchases.picks)
    assert -model.ledger.cash(0) == served * int(model.table.fen["price"][1])
    away = {i for (i, _), (_, _, ok) in choices(model).items() if not ok}
    assert away and all(model.consumers[i].favourite == {} for i in away)


def test_who_is_turned_away_is_drawn():
    """Not those with the highest number, nor always the same."""
    model = crowded(300, categories__goods__every_days=0.5)
    unlucky = []
    for _ in days(model, 6):
        rows = model.purchases.consumer[~model.purchases.served]
        unlucky.append(set(model.consumers.id[rows].tolist()))
        assert abs(np.mean(rows) / 149.5 - 1) < 0.15
    assert unlucky[1] != unlucky[0]


def test_queue_grows_with_the_crowd_and_falls_when_empty():
    model = crowded(300)
    for _ in days(model, 3):
        pass
    high = float(model.board.queue[0])
    assert high > 0
    model.consumers.due[:] = 30_000  # nobody needs anything any more
    keep = 1 - model.spec.stores.queue_smoothing
    for k, _ in enumerate(days(model, 6)):
        assert len(model.purchases.picks) == 0
        assert model.board.queue[0] == pytest.approx(high * keep ** (k + 1))


def test_nobody_leaves_where_nobody_may():
    model = crowded(300, stores__unserved_leave=False)
    model.step()
    assert len(model.purchases.picks) > ROOM and model.purchases.served.all()


def test_an_empty_town_has_no_queues():
    """Before anybody has come nobody expects to wait, and a shop that is not full makes people wait less."""
    model, larger = crowded(300), crowded(300, stores__formats__shop__served_per_staff_day=10)
    assert not model.board.queue.any()
    model.step()
    larger.step()
    assert 0 < larger.board.queue[0] < model.board.queue[0]
