"""Shops with places are Erlang's: of a loss system if who finds no place leaves, of a queue if all wait.

One shop, to which everybody comes every day at a time of her own: over a long day visitors come as in a
Poisson process (what a day's fixed number takes from its variance only matters over the whole day).
"""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path

import numpy as np
import pytest

from o2o_sim.systems.places import _in_order

from .cities import city, days

ALONE = {
    "stores__unserved_leave": True, "stores__named__centre__cash_yuan": 1e9,
    "categories__goods__every_days": 0.5,
} | {f"stores__named__{other}": None for other in ("north", "south", "west", "east", "corner")}  # fmt: skip
VALUES = Path(__file__).parents[1] / "verify" / "analytic_reference_values.csv"


def one_shop(places: int, load: float, visit_min: float, people: float = 1, **changes):
    """A shop with so many places and, on average, so many visitors who are or would be inside at a time. It
    is open day and night, and visits are so short that the morning, when it is empty, does not matter."""
    visitors = load * 1440 / visit_min
    rules = f"{{m2_per_place: 2, visit_min: {visit_min}, open_hours: 24}}"
    keys = {
        "population": round(visitors / people), "residents": round(visitors),
        "stores__formats__shop__places": rules, "stores__named__centre__area_m2": 2 * places,
    }  # fmt: skip
    return city("town.yaml", **(ALONE | keys | changes))


def erlang_b(places: int, load: float) -> float:
    """The share turned away in a loss system (Erlang 1917), by its recursion."""
    share = 1.0
    for n in range(1, places + 1):
        share = load * share / (n + load * share)
    return share


def erlang_c(places: int, load: float) -> float:
    """The share who must wait if nobody leaves."""
    lost = erlang_b(places, load)
    return lost / (1 - load / places * (1 - lost))


def within(values: np.ndarray, expected: float) -> bool:
    """Whether the mean of daily values is within three standard errors of what it should be."""
    return abs(values.mean() - expected) < 3 * values.std(ddof=1) / math.sqrt(len(values))


def turned_away(model, n: int) -> np.ndarray:
    """The share turned away on each of n days."""
    return np.array([1 - model.purchases.served.mean() for _ in days(model, n)])


@pytest.mark.parametrize(
    ("places", "load", "share"), [(10, 8, 0.12166), (1, 0.5, 1 / 3), (40, 48, None), (3, 6, None)]
)
def test_erlangs_loss_formula(places, load, share):
    expected = erlang_b(places, load)
    assert share is None or expected == pytest.approx(share, abs=5e-6)
    found = turned_away(one_shop(places, load, visit_min=max(2, places / 5) if places > 1 else 0.5), 40)
    assert within(found, expected), (found.mean(), expected)
    assert found.std() / math.sqrt(len(found)) < 0.02 * expected, "which says something"


def test_it_is_the_published_value():
    if not VALUES.exists():
        pytest.skip("the table of reference values is not here")
    row = next(r for r in csv.DictReader(VALUES.open(encoding="utf-8")) if "loss" in r["test"])
    assert row["config"] == "c=10 a=8" and row["reference_value"] == "Erlang B=0.12166"


@pytest.mark.parametrize(
    ("places", "load", "waits", "mean"),
    [(1, 0.8, 0.8, 4.0), (3, 2.4, 0.64719, 1.07865), (10, 9, 0.66873, 0.66873)],
)
def test_queues_where_nobody_leaves(places, load, waits, mean):
    """M/M/c: how many wait, and how long, in visits."""
    assert erlang_c(places, load) == pytest.approx(waits, abs=5e-6)
    visit = {1: 0.1, 3: 0.5, 10: 2.0}[places]
    model = one_shop(places, load, visit, stores__unserved_leave=False)
    share, minutes = [], []
    before = np.zeros(3)
    for _ in days(model, 31):
        assert model.purchases.served.all()
        tally = next(iter(model.systems[0].tallies.values()))
        if model.date.day == 2:  # a new month
            before = np.zeros(3)
        visits, full, waited = tally - before
        before = tally.copy()
        share.append(full / visits)
        minutes.append(waited / visits / visit)
    assert within(np.array(share), waits), np.mean(share)
    assert within(np.array(minutes), mean), np.mean(minutes)
    row = model.results()["city_monthly"].iloc[0]
    assert row["found_full/shop"] == pytest.approx(np.mean(share), abs=1e-3)
    assert row["place_wait_min/shop"] == pytest.approx(np.mean(minutes) * visit, rel=1e-3)


def test_how_many_stand_behind_a_consumer_does_not_matter():
    """So many real visitors fill a shop as much if a consumer stands for twenty of them, or for 2.5 or
    100."""
    expected = erlang_b(10, 8)
    for people in (2.5, 20, 100):
        found = turned_away(one_shop(10, 8, visit_min=2, people=people), 180)
        assert within(found, expected), (people, found.mean())


def test_a_floor_twice_as_large_has_twice_the_places():
    model = one_shop(20, 8, visit_min=2)
    assert model.systems[0].places(model.stores[0]) == 20
    assert turned_away(model, 3).mean() == pytest.approx(erlang_b(20, 8), abs=5e-4)


def test_a_shop_that_is_safe_is_not_played():
    """With six standard deviations of room more than is needed nobody is turned away, whatever its staff can
    do."""
    model = one_shop(50, 8, visit_min=2, stores__formats__shop__served_per_staff_day=1)
    assert turned_away(model, 2).max() == 0
    assert model.board.queue[0] == 0


def test_people_expect_to_be_turned_away():
    """What they expect nears the share turned away times what that is worth: 20 minutes."""
    model = one_shop(10, 8, visit_min=2)
    share = turned_away(model, 25)
    a, expected = model.spec.stores.queue_smoothing, 0.0
    for s in share:
        expected = (1 - a) * expected + a * 20 * s
    assert model.board.queue[0] == pytest.approx(expected, abs=0.01)
    assert 1.9 < expected < 3


def test_a_shop_with_no_place_for_anybody_seats_one():
    """Whatever its floor, a shop has one place."""
    model = one_shop(1, 1, visit_min=720, stores__named__centre__area_m2=1)
    model.step()
    assert len(model.purchases.picks) == 2 and model.purchases.served.any()


def test_other_shops_are_as_ever():
    """Only formats with places are played: the others serve what their staff can."""
    places = "places: {m2_per_place: 20}"
    cafe_format = f"{{demand_share: {{goods: 0.5}}, area_m2: 500, sales_per_m2_year_yuan: 20000, {places}}}"
    full = {
        "stores__unserved_leave": True, "stores__formats__shop__demand_share__goods": 0.5,
        "stores__formats__shop__served_per_staff_day": 20,
    }  # fmt: skip
    plain = city("town.yaml", **full)
    cafe = city("town.yaml", **full, stores__formats__cafe=cafe_format, stores__named__corner__format="cafe")
    plain.step()
    cafe.step()
    names = [s.name for s in plain.stores]
    assert [s.name for s in cafe.stores] == names
    stands = plain.table.store[plain.purchases.picks]
    mine = names.index("corner")
    assert (plain.purchases.picks == cafe.purchases.picks).all()
    assert (plain.purchases.served == cafe.purchases.served)[
        stands != mine
    ].all() and not plain.purchases.served.all()
    assert (plain.purchases.served != cafe.purchases.served)[stands == mine].any()


def test_the_table_says_what_is_tested():
    """The formulas here are those of the published rows, to five figures."""
    if not VALUES.exists():
        pytest.skip("the table of reference values is not here")
    for row in csv.DictReader(VALUES.open(encoding="utf-8")):
        if row["test"] != "M/M/c":
            continue
        c, load = (float(re.search(rf"{k}=([0-9.]+)", row["config"])[1]) for k in ("c", "lam"))
        share, wait = (float(v) for v in re.findall(r"=([0-9.]+)", row["reference_value"]))
        assert erlang_c(int(c), load) == pytest.approx(share, abs=5e-6)
        assert erlang_c(int(c), load) / (c - load) == pytest.approx(wait, abs=5e-6)


@pytest.mark.parametrize("people", [0, 1, 2, 4000])
def test_people_come_in_order(people):
    came = np.random.default_rng(1).random(people) * 300
    assert (_in_order(came, 300.0) == np.argsort(came)).all()
    bunched = came**3 / 300**2
    assert (_in_order(bunched, 300.0) == np.argsort(bunched)).all()
