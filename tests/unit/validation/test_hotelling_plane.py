"""The game on the plane: its rule against a plain re-telling in NumPy, its measures against places made by
hand."""

from __future__ import annotations

import hotelling_plane as h
import hotelling_plane_measures as g
import numpy as np
import pytest
import validate
from hotelling_plane_rules import AROUND, STEP

from o2o_sim import O2OModel, load_scenario
from o2o_sim.streams import uniforms

CELLS = np.arange(g.SIDE**2)


def town(firms: int, kind: str = "both", seed: int = 7) -> O2OModel:
    said = [f"stores.named.f{k:02}=null" for k in range(firms + 1, h.FIRMS + 1)]
    return O2OModel(
        load_scenario(h.SCENARIO, [*said, f"systems=[hotelling_plane_rules.{h.SYSTEMS[kind]}]"]), seed
    )


def shares(cells: list[int], prices: list[float]) -> np.ndarray:
    """What a logit of way and price says: 2 utils for a cell and for a unit of money."""
    way = g.between(CELLS[:, None], np.array(cells)[None, :])
    way = np.where(way == 0, g.OWN_CELL, np.rint(way * 64) / 64)
    u = np.exp(-2 * (way + np.array(prices)))
    return (u / u.sum(axis=1, keepdims=True)).mean(axis=0)


# -- the rule -----------------------------------------------------------------------------------------------
def test_firms_do_what_the_rule_says():
    """Four firms over five rounds, told again without the package."""
    model = town(4)
    for _ in range(6):
        model.step()
    rounds = model.systems[0].rounds
    for day in range(5):
        cells, prices = rounds[day].cell.tolist(), (h.FIRST_PRICE * rounds[day].price_x).tolist()
        np.testing.assert_allclose(rounds[day].share, shares(cells, prices), atol=1e-4)
        for k in np.argsort(uniforms(7, "whose turn", day, np.arange(4))):
            y, x = divmod(cells[k], g.SIDE)
            ways = [(x, y)] + [(x + dx, y + dy) for dx, dy in AROUND]
            ways = [b * g.SIDE + a for a, b in ways if 0 <= a < g.SIDE and 0 <= b < g.SIDE]
            cells[k] = max(ways, key=lambda c, k=k: shares([*cells[:k], c, *cells[k + 1 :]], prices)[k])
            step = STEP * h.FIRST_PRICE
            asks = [prices[k], prices[k] + step, prices[k] - step]
            prices[k] = max(asks, key=lambda p, k=k: p * shares(cells, [*prices[:k], p, *prices[k + 1 :]])[k])
        assert rounds[day + 1].cell.tolist() == cells
        np.testing.assert_allclose(h.FIRST_PRICE * rounds[day + 1].price_x, prices)


def test_people_buy_what_was_expected():
    model = town(3)
    model.step()
    table, share = model.table, model.systems[0].rounds[0].share
    sold = np.array([model.purchases.bought[:, table.store == s.number].sum() for s in model.stores])
    assert sold.sum() == 8820
    assert (np.abs(sold / 8820 - share) < 4.5 * np.sqrt(share * (1 - share) / 8820)).all()


@pytest.mark.parametrize(("kind", "moved", "priced"), [("both", 1, 1), ("moving", 1, 0), ("pricing", 0, 1)])
def test_what_firms_choose(kind, moved, priced):
    model = town(3, kind)
    for _ in range(3):
        model.step()
    first, last = (model.systems[0].rounds[k] for k in (0, 2))
    assert (first.cell != last.cell).any() == moved and (first.price_x != last.price_x).any() == priced
    assert g.between(first.cell, last.cell).max() <= 2, "a cell a day"


def test_starts_belong_to_the_seed():
    a, b, c = town(2), town(3, "pricing"), town(2, seed=8)
    for model in (a, b, c):
        model.step()
    first = [m.systems[0].rounds[0].cell for m in (a, b, c)]
    assert (first[0] == first[1][:2]).all() and (first[0] != first[2]).any()


# -- measures -----------------------------------------------------------------------------------------------
def at(*places: tuple[int, int]) -> np.ndarray:
    return np.array([y * g.SIDE + x for x, y in places])


def test_ways_are_those_of_the_model():
    model = town(2)
    model.step()
    reach = model.city.travel.minutes_from(np.array([0]), 100, model.date)
    cells, minutes = reach.of(0)
    away = cells != 0
    assert minutes[away] == pytest.approx(g.between(0, cells[away]), abs=1 / 64)
    assert minutes[~away] == pytest.approx(g.OWN_CELL, abs=1 / 64) and len(cells) == g.SIDE**2


def test_a_duopoly_is_two_without_a_third():
    pair, alone, triple = [(2, 2), (3, 3)], [(18, 18)], [(10, 10), (11, 10), (12, 10)]
    assert g.in_duopoly(at(*pair, *alone, *triple)).tolist() == [True, True, False, False, False, False]
    assert g.duopolies(at((5, 5), (5, 5))) == 1.0
    assert g.duopolies(at((5, 5), (7, 5))) == 0.0, "two cells are more than 3 units of 41"
    assert g.duopolies(at((5, 5), (6, 6), (6, 7))) == 0.0


def test_distances():
    corners = at((0, 0), (20, 0), (0, 20), (20, 20))
    assert g.pairwise(corners) == pytest.approx((4 * 20 + 2 * 20 * np.sqrt(2)) / 6)
    assert g.to_centre(corners) == pytest.approx(10 * np.sqrt(2)) and g.to_centre(at((10, 10))) == 0
    assert g.next_rival(at((0, 0), (4, 3), (5, 3))).tolist() == pytest.approx(
        [4 + 3 * (np.sqrt(2) - 1), 1, 1]
    )


def test_chance_and_the_best_spread():
    every = g.between(CELLS[:, None], CELLS[None, :])
    assert g.chance(2)["pairwise"] == pytest.approx(every.mean(), rel=0.03)
    assert g.chance(2)["duopolies"] == pytest.approx((every < g.NEAR).mean(), abs=0.006)
    centre = every[10 * g.SIDE + 10]
    assert g.settle(at((3, 4))) == pytest.approx((centre.sum() + g.OWN_CELL) / len(CELLS))
    assert g.chance(4)["best"] < g.next_firm(at((5, 5), (15, 5), (5, 15), (15, 15))) * 1.001


def test_rank_correlations_are_per_round():
    cell = np.array([at((0, 0), (1, 0), (10, 10)), at((0, 0), (1, 0), (10, 10))])
    p = h.Play(cell[0], cell, np.array([[1.0, 1, 2], [2, 2, 1]]), np.full((2, 3), 1 / 3))
    assert h.against_rivals("price")(p) == pytest.approx(0.0)
    assert g.rank_correlation(np.array([1.0, 2, 3]), np.array([5.0, 7, 6])) == pytest.approx(0.5)
    assert np.isnan(g.rank_correlation(np.ones(3), np.arange(3.0)))
    assert h.variation(p) == pytest.approx(
        np.mean([np.std([1, 1, 2]) / (4 / 3), np.std([2, 2, 1]) / (5 / 3)])
    )


# -- the part -----------------------------------------------------------------------------------------------
def test_the_part_is_complete(tmp_path, monkeypatch):
    monkeypatch.setattr(h, "KEPT", tmp_path / "kept")
    h.play.cache_clear()
    found = h.results(quick=True)
    made = {f: f.stat().st_mtime_ns for f in (tmp_path / "kept").iterdir()}
    assert len({r.name for r in found}) == len(found) == 18 and made
    assert sum(r.passed is None for r in found) == 2
    before = h.play("both", 3, 1, 6, 2)
    h.play.cache_clear()
    text = validate.section(h, h.results(quick=True), h.details(quick=True))
    assert {f: f.stat().st_mtime_ns for f in made} == made, "a run is made once"
    np.testing.assert_array_equal(h.play("both", 3, 1, 6, 2).share, before.share)
    assert text.count("| pricing |") == 4 and "hotelling_plane.png" in text
    h.draw((2, 3), 1, tmp_path / "plane.png", h.QUICK)
    assert (tmp_path / "plane.png").stat().st_size > 10_000
    h.play.cache_clear()
