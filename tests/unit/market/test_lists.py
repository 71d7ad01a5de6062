"""The lists that say who sees which offer, against brute force on a small city."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from o2o_sim.city.build import build_city
from o2o_sim.city.grid import Grid
from o2o_sim.market.lists import FULL, SIDES, best_sides, build_lists, tiles_of
from o2o_sim.market.offers import AT_PLACE, DELIVERED, EVERYWHERE, FOLLOWERS, Offer, same_places, tabulate
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
    home = rng.choice(np.flatnonzero(city.land), STORES)
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

    def __init__(self, city, rows: list[Offer], sides: tuple[int, ...]):
        self.table = tabulate(rows, 10.0, [])
        places = np.unique([r.cell for r in rows if r.cell >= 0]).astype(np.int64)
        self.reach = city.travel.minutes_from(places, 30.0)
        self.place_of_cell = np.full(city.grid.cells, -1, np.int32)
        self.place_of_cell[places] = np.arange(len(places))
        self.tiles = tiles_of(city.grid, sides)
        self.lists = build_lists(
            self.table, self.reach, self.place_of_cell, self.tiles, CATEGORIES, STORES, LIMIT, DELIVERY
        )

    def rows(self, k: int) -> list[int]:
        found = self.lists.offer[int(self.lists.start[k]) : int(self.lists.start[k + 1])].tolist()
        assert len(set(found)) == len(found), "an offer is there twice"
        return found

    def from_cell(self, first: int, category: int, cell: int) -> dict[int, float]:
        """Row -> minutes, of the list of the cell's tile."""
        k, slots = first + int(self.tiles.tile[category, cell]), int(self.tiles.slots[category])
        at = int(self.lists.first[k]) + int(self.tiles.slot[category, cell])
        minutes = self.lists.minutes[at::slots][: len(self.rows(k))]
        return {r: float(m) for r, m in zip(self.rows(k), minutes) if np.isfinite(m)}

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


@pytest.fixture(params=[(0, (1, 1, 1)), (1, (2, 4, 8)), (2, (8, 1, 2)), (3, (4, 4, 4))])
def seen(city, request):
    seed, sides = request.param
    return Seen(city, random_rows(city, seed), sides)


def test_everybody_sees_all_offers_at_places_within_the_limit(seen):
    some = 0
    for category in range(CATEGORIES):
        for cell in range(seen.tiles.tile.shape[1]):
            expected = seen.near(AT_PLACE, category, cell, lambda r: LIMIT[r.category])
            assert seen.from_cell(0, category, cell) == expected
            some += len(expected)
    assert some > 0


def test_deliveries_go_as_far_as_their_reach_or_to_followers(seen):
    some = 0
    for category in range(CATEGORIES):
        for cell in range(seen.tiles.tile.shape[1]):
            expected = seen.near(DELIVERED, category, cell, lambda r: max(r.reach_min, DELIVERY[r.category]))
            assert seen.from_cell(seen.lists.delivered, category, cell) == expected
            some += len(expected)
    assert some > 0


def test_what_is_seen_everywhere_and_by_followers(seen):
    rows = list(enumerate(seen.table.rows))[1:]
    for c in range(CATEGORIES):
        expected = {k for k, r in rows if (r.seen, r.category) == (EVERYWHERE, c)}
        assert set(seen.rows(seen.lists.everywhere + c)) == expected
        for s in range(STORES):
            expected = {k for k, r in rows if (r.seen, r.category, r.store) == (FOLLOWERS, c, s)}
            assert set(seen.rows(seen.lists.followers + c * STORES + s)) == expected


def test_lists_are_sorted_by_the_nearest_cell_of_the_tile(seen):
    lists = seen.lists
    slots = np.tile(
        seen.tiles.slots[np.searchsorted(seen.tiles.tile[:, 0], np.arange(lists.delivered), "right") - 1], 2
    )
    for k in range(lists.everywhere):
        a, b = int(lists.start[k]), int(lists.start[k + 1])
        assert int(lists.first[k + 1]) - int(lists.first[k]) == (b - a) * slots[k]
        minutes = lists.minutes[int(lists.first[k]) : int(lists.first[k + 1])].reshape(b - a, slots[k])
        assert np.array_equal(minutes.min(axis=1, initial=np.inf), lists.nearest[a:b])
        assert np.all(np.diff(lists.nearest[a:b]) >= 0)
    assert (lists.start[0], lists.start[-1]) == (0, len(lists.offer))
    assert len(lists.nearest) == len(lists.offer)
    assert len(lists.start) == lists.followers + CATEGORIES * STORES + 1


def test_the_order_of_publishing_changes_nothing_but_ties(city):
    rows = random_rows(city, 5)
    one, other = (Seen(city, r, (2, 2, 4)) for r in (rows, rows[::-1]))
    for category in range(CATEGORIES):
        for cell in range(city.grid.cells):
            a, b = (
                {int(s.table.columns["key"][r]): m for r, m in s.from_cell(0, category, cell).items()}
                for s in (one, other)
            )
            assert a == b


def test_a_city_without_offers_has_empty_lists(city):
    table = tabulate([], 1.0, [])
    reach = city.travel.minutes_from([], 30.0)
    empty = np.full(city.grid.cells, -1, np.int32)
    tiles = tiles_of(city.grid, (1, 2, 4))
    lists = build_lists(table, reach, empty, tiles, CATEGORIES, 1, LIMIT, DELIVERY)
    assert not lists.start.any()
    assert not lists.first.any()
    assert len(lists.offer) == len(lists.minutes) == 0


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


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("nx", "ny"), [(1, 1), (8, 8), (13, 5)])
def test_tiles_cover_the_map_once(nx, ny, side):
    tiles = tiles_of(Grid(nx, ny, 100.0), (side, 1))
    pairs = set(zip(tiles.tile[0].tolist(), tiles.slot[0].tolist()))
    assert len(pairs) == nx * ny
    assert tiles.slot[0].max() < tiles.slots[0] == side**2
    assert set(tiles.tile[0]) == set(range(tiles.tile[1].min()))
    assert tiles.tile[1].tolist() == list(range(tiles.count - nx * ny, tiles.count))
    cell = np.arange(nx * ny)
    for tile in range(int(tiles.tile[0].max()) + 1):
        x, y = cell[tiles.tile[0] == tile] % nx, cell[tiles.tile[0] == tile] // nx
        assert max(np.ptp(x), np.ptp(y)) < side


def test_rare_needs_have_larger_tiles():
    homes = np.full(64, 50)  # fifty in every cell
    often = FULL / 50
    assert best_sides(homes, np.array([often, often / 2, often / 4, often / 16, often / 1e6])) == [
        1,
        2,
        2,
        4,
        8,
    ]
