"""The table of offers and the lists that say who sees what, against brute force on a small city."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from o2o_sim.city.build import build_city
from o2o_sim.market import offers
from o2o_sim.market.offers import (
    AT_PLACE,
    DELIVERED,
    EVERYWHERE,
    FOLLOWERS,
    LANES,
    MONEY,
    Offer,
    build_lists,
    same_places,
    tabulate,
)
from o2o_sim.scenario.city import CitySpec

CATEGORIES, STORES = 3, 12
LIMIT = np.array([9.0, 14.0, 5.0])  # minutes, by category
DELIVERY = np.array([6.0, 0.0, 12.0])


@pytest.fixture(scope="module")
def city():
    river = {"points_km": [[-1, 1.6], [4, 1.2]], "bridges_km": [[1.0, 1.44]], "width_m": 200}
    return build_city(CitySpec.model_validate({"width_km": 3, "height_km": 3, "cell_m": 250, "river": river}))


def random_rows(city, seed: int, n: int = 150) -> list[Offer]:
    rng = np.random.default_rng(seed)
    land = np.flatnonzero(city.land)
    home = rng.choice(land, STORES)
    rows = []
    for k in range(n):
        store = int(rng.integers(STORES))
        seen = int(rng.choice([AT_PLACE, DELIVERED, EVERYWHERE, FOLLOWERS], p=[0.5, 0.25, 0.1, 0.15]))
        rows.append(
            Offer(
                key=np.uint64(k + 1),
                maker=f"store {store}",
                channel="x",
                category=int(rng.integers(CATEGORIES)),
                price=10.0,
                store=store,
                cell=int(home[store]),
                seen=seen,
                reach_min=float(rng.uniform(0, 20)),
            )
        )
    return rows


class Seen:
    """A table with its lists, and how to look into them."""

    def __init__(self, city, rows: list[Offer]):
        self.cells = city.grid.cells
        self.table = tabulate(rows, 10.0, [])
        places = np.unique([r.cell for r in rows if r.cell >= 0]).astype(np.int64)
        self.reach = city.travel.minutes_from(places, 30.0)
        self.place_of_cell = np.full(self.cells, -1, np.int32)
        self.place_of_cell[places] = np.arange(len(places))
        self.lists = build_lists(
            self.table, self.reach, self.place_of_cell, self.cells, CATEGORIES, STORES, LIMIT, DELIVERY
        )

    def entries(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        part = slice(int(self.lists.start[k]), int(self.lists.start[k + 1]))
        return self.lists.entries["offer"][part], self.lists.entries["minutes"][part]

    def in_list(self, k: int) -> dict[int, float]:
        """Row -> minutes, without the padding."""
        rows, minutes = self.entries(k)
        found = {int(r): float(m) for r, m in zip(rows, minutes) if r}
        assert len(found) == np.count_nonzero(rows), "an offer is there twice"
        return found

    def near(self, kind: int, category: int, cell: int, furthest) -> dict[int, float]:
        """Row -> minutes by brute force."""
        found = {}
        for row, r in enumerate(self.table.rows):
            if row and r.seen == kind and r.category == category:
                cells, minutes = self.reach.of(self.place_of_cell[r.cell])
                (here,) = np.nonzero(cells == cell)
                if len(here) and minutes[here[0]] <= furthest(r):
                    found[row] = float(minutes[here[0]])
        return found


@pytest.fixture(params=range(4))
def seen(city, request):
    return Seen(city, random_rows(city, request.param))


def test_everybody_sees_all_offers_at_places_within_the_limit(seen):
    some = 0
    for category in range(CATEGORIES):
        for cell in range(seen.cells):
            expected = seen.near(AT_PLACE, category, cell, lambda r: LIMIT[r.category])
            assert seen.in_list(category * seen.cells + cell) == expected
            some += len(expected)
    assert some > 0


def test_deliveries_go_as_far_as_their_reach_or_to_followers(seen):
    some = 0
    for category in range(CATEGORIES):
        for cell in range(seen.cells):
            expected = seen.near(DELIVERED, category, cell, lambda r: max(r.reach_min, DELIVERY[r.category]))
            assert seen.in_list(seen.lists.delivered + category * seen.cells + cell) == expected
            some += len(expected)
    assert some > 0


def test_what_is_seen_everywhere_and_by_followers_is_at_no_distance(seen):
    rows = list(enumerate(seen.table.rows))[1:]
    for c in range(CATEGORIES):
        expected = {k: 0.0 for k, r in rows if (r.seen, r.category) == (EVERYWHERE, c)}
        assert seen.in_list(seen.lists.everywhere + c) == expected
        for s in range(STORES):
            expected = {k: 0.0 for k, r in rows if (r.seen, r.category, r.store) == (FOLLOWERS, c, s)}
            assert seen.in_list(seen.lists.followers + c * STORES + s) == expected


def test_there_is_a_list_for_everything_one_behind_the_other(seen):
    lists, cells = seen.lists, seen.cells
    assert (lists.delivered, lists.everywhere) == (CATEGORIES * cells, 2 * CATEGORIES * cells)
    assert lists.followers == lists.everywhere + CATEGORIES
    assert len(lists.start) == lists.followers + CATEGORIES * STORES + 1
    assert lists.start[0] == 0
    assert lists.start[-1] == len(lists.entries)
    assert lists.longest == max(np.diff(lists.start.astype(np.int64)))
    assert np.all(np.diff(lists.start.astype(np.int64)) >= 0)
    assert (lists.start.dtype, lists.entries.dtype) == (np.uint64, offers.ENTRY)


def test_lists_are_sorted_and_padded_with_nobody(seen):
    for k in range(len(seen.lists.start) - 1):
        rows, minutes = seen.entries(k)
        assert len(rows) % LANES == 0
        real = np.count_nonzero(rows)
        assert np.all(rows[:real] > 0)
        assert not rows[real:].any()
        assert len(rows) - real < LANES
        assert np.all(np.diff(minutes[:real]) >= 0)
        if k < seen.lists.everywhere:
            assert np.all(np.isinf(minutes[real:]))
    nobody = seen.table.columns[0]
    assert (nobody["reach"], nobody["store"], nobody["platform"]) == (-1, 0, 0)


def test_the_order_of_publishing_changes_nothing_but_ties(city):
    rows = random_rows(city, 5)
    one, other = Seen(city, rows), Seen(city, rows[::-1])
    for k in range(one.lists.delivered):
        a, b = ({int(s.table.columns["key"][r]): m for r, m in s.in_list(k).items()} for s in (one, other))
        assert a == b


def test_a_city_without_offers_has_empty_lists(city):
    table = tabulate([], 1.0, [])
    reach = city.travel.minutes_from([], 30.0)
    empty = np.full(city.grid.cells, -1, np.int32)
    lists = build_lists(table, reach, empty, city.grid.cells, CATEGORIES, 1, LIMIT, DELIVERY)
    assert not lists.start.any()
    assert len(lists.entries) == 0
    assert lists.longest == LANES  # there is always room for a vector


# -- columns -------------------------------------------------------------------------------------------------
_numbers = count(1)


def offer(**given) -> Offer:
    return Offer(
        **{"key": np.uint64(next(_numbers)), "maker": "m", "channel": "walk-in", "category": 0, "price": 10.0}
        | given
    )


yuan = st.floats(-1e5, 1e5)


@given(st.lists(yuan, min_size=len(MONEY), max_size=len(MONEY)), st.floats(1, 1e4))
def test_money_is_whole_fen_for_all_the_people_one_stands_for(values, people):
    table = tabulate([offer(**dict(zip(MONEY, values)))], people, [])
    for name, value in zip(MONEY, values):
        amount = table.fen[name]
        assert amount.dtype == np.int64
        assert amount[0] == 0  # nobody's offer moves nothing
        assert abs(int(amount[1]) - value * 100 * people) <= 0.5 + 1e-12 * abs(value) * 100 * people


def test_the_buyer_compares_what_the_purchase_costs_her():
    row = offer(price=200.0, usual=250.0, discount=30.0, subsidy=10.0, fee=5.0, price_weight=2.0)
    columns = tabulate([row], 50.0, []).columns
    assert columns["price"][1] == pytest.approx((200 - 30 - 10 + 5) / 250 * 2)
    assert columns["discount"][1] == pytest.approx(0.2)
    free = tabulate([offer(price=0.0)], 50.0, []).columns
    assert (free["price"][1], free["discount"][1]) == (0, 0)


def test_numbers_are_shifted_so_that_none_is_zero():
    table = tabulate([offer(store=0, platform=3), offer(), offer(store=7, seller=4, carrier=9)], 1.0, [])
    assert table.columns["store"].tolist() == [0, 1, 0, 8]
    assert table.columns["platform"].tolist() == [0, 4, 0, 0]
    assert table.store.tolist() == [-1, 0, -1, 7]
    assert table.platform.tolist() == [-1, 3, -1, -1]
    assert table.seller[1:].tolist() == [0, 0, 4]
    assert table.carrier[1:].tolist() == [0, 0, 9]  # who sells delivers, unless said otherwise


def test_reach_says_who_sees_an_offer():
    kinds = [AT_PLACE, DELIVERED, EVERYWHERE, FOLLOWERS]
    table = tabulate([offer(seen=kind, reach_min=8.0, cell=1, store=0) for kind in kinds], 1.0, [])
    assert table.columns["reach"].tolist() == [-1, -1, 8, np.inf, -1]
    assert table.seen[1:].tolist() == kinds


def test_channels_are_registered_once_and_keep_their_numbers():
    channels = ["", "parcel"]
    table = tabulate([offer(channel="app"), offer(channel="parcel"), offer(channel="app")], 1.0, channels)
    assert channels == ["", "parcel", "app"]
    assert table.columns["channel"].tolist() == [0, 2, 1, 2]


def test_lists_stay_good_if_only_prices_changed(city):
    rows = random_rows(city, 1)
    table = tabulate(rows, 1.0, [])
    dearer = [replace(r, price=r.price * 2, appeal=1.0) for r in rows]
    assert same_places(table, tabulate(dearer, 1.0, []))
    assert not same_places(None, table)
    assert not same_places(table, tabulate(rows[:-1], 1.0, []))
    kind = EVERYWHERE if rows[0].seen != EVERYWHERE else AT_PLACE
    for change in ({"key": np.uint64(999)}, {"cell": 0}, {"category": 9}, {"store": 99}, {"seen": kind}):
        assert not same_places(table, tabulate([replace(rows[0], **change), *rows[1:]], 1.0, [])), change


def test_offers_that_cannot_be_seen_as_said_are_refused():
    """What a channel of one's own may get wrong is found when it publishes, not in the loop."""
    with pytest.raises(ValueError, match="no cell"):
        tabulate([offer(seen=AT_PLACE)], 1.0, [])
    with pytest.raises(ValueError, match="no store"):
        tabulate([offer(seen=FOLLOWERS)], 1.0, [])
    with pytest.raises(ValueError, match="same key"):
        tabulate([offer(key=np.uint64(5)), offer(key=np.uint64(5))], 1.0, [])
