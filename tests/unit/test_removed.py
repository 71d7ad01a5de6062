"""Agents that are removed or moved in Mesa's ways: the market hears of it, or says which way works."""

from __future__ import annotations

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario

pytestmark = pytest.mark.faults("removed and moved agents")


@pytest.fixture
def city(tiny):
    model = O2OModel(load_scenario(tiny, ["days=20", "engine=python", "population=60"]))
    model.step()
    return model


def offered(model, store) -> np.ndarray:
    """The rows of the table that are a store's."""
    return np.flatnonzero(model.table.store == store.number)


REMOVALS = {
    "remove()": lambda model, store: store.remove(),
    "deregister_agent": lambda model, store: model.deregister_agent(store),
    "do": lambda model, store: model.agents.select(lambda a: a is store).do("remove"),
    "by type": lambda model, store: (
        model.agents_by_type[type(store)].select(lambda a: a is store).do("remove")
    ),
}


@pytest.mark.parametrize("way", REMOVALS)
def test_a_store_that_mesa_removes_closes_and_offers_nothing_more(city, way):
    store = next(s for s in city.stores if s.is_here)
    circle, trading = store.circle, sum(s.is_trading for s in city.stores)
    assert len(offered(city, store))
    REMOVALS[way](city, store)
    city.step()
    assert store.state == "closed" and store not in city.agents and store not in circle.tenants
    assert not len(offered(city, store)) and sum(s.is_trading for s in city.stores) == trading - 1
    assert city.ledger.cash(store.account) == 0 and not city.ledger.books.sum()
    last = city.results()["outcomes"].set_index("store").loc[store.number]
    assert (last["outcome"], last["reason"]) == ("closed", "removed")
    store.remove()  # once more does nothing


@pytest.mark.parametrize("way", ["agents.remove", "agents.discard", "agents_by_type"])
def test_a_store_that_is_only_taken_out_of_a_list_is_refused_on_the_next_day(city, way):
    store = next(s for s in city.stores if s.is_here)
    if way == "agents_by_type":
        city.agents_by_type[type(store)].remove(store)
        city.step()
        assert store.is_trading  # a list of Mesa's by type, of which the city is not made
        return
    getattr(city.agents, way.partition(".")[2])(store)
    with pytest.raises(ValueError, match=r"was taken out of model.agents, .* with store.remove\(\)"):
        city.step()


@pytest.mark.parametrize("kind", ["circle", "platform"])
def test_circles_and_platforms_cannot_be_removed_and_stay_whole(city, kind):
    agent = next(iter(city.circles.values())) if kind == "circle" else city.platforms[0]
    with pytest.raises(ValueError, match="cannot be removed"):
        agent.remove()
    assert agent in city.agents
    city.step()


MOVES = {
    "cell": lambda store, cell: setattr(store, "cell", cell),
    "numpy": lambda store, cell: setattr(store, "cell", np.int32(cell)),
    "move": lambda store, cell: store.move(store.circle, cell),
}


@pytest.mark.parametrize("way", MOVES)
def test_a_store_that_moves_is_found_where_it_is(city, way):
    store = next(s for s in city.stores if s.is_here)
    cell = int(np.flatnonzero(city.city.land)[-1])
    assert cell != store.cell
    MOVES[way](store, cell)
    city.step()
    assert set(city.table.columns["cell"][offered(city, store)]) == {cell}


def test_a_store_that_moves_to_another_circle_is_its_tenant(city):
    store = next(s for s in city.stores if s.is_here and not s.circle.is_street)
    old, new = (
        store.circle,
        next(c for c in city.circles.values() if c is not store.circle and not c.is_street),
    )
    store.circle = new
    city.step()
    assert store not in old.tenants and store in new.tenants and store.cell == new.cell
    assert set(city.table.columns["cell"][offered(city, store)]) == {new.cell}


@pytest.mark.parametrize("cell", [-1, 10**9, 1.5, (3, 4), None, "town"], ids=str)
def test_a_place_that_is_none_is_refused_and_nothing_moves(city, cell):
    store = next(s for s in city.stores if s.is_here and s.circle.is_street)
    before = store.cell
    with pytest.raises(ValueError, match="cannot move to"):
        store.cell = cell
    assert store.cell == before


@pytest.mark.parametrize("kind", ["store", "circle", "platform"])
def test_a_position_of_mesas_is_refused_with_the_way_that_works(city, kind):
    agents = {
        "store": city.stores[0],
        "circle": next(iter(city.circles.values())),
        "platform": city.platforms[0],
    }
    assert agents[kind].pos is None
    with pytest.raises(
        ValueError, match=r"pos cannot be set: (a store moves with|a circle stays|it has no place)"
    ):
        agents[kind].pos = (1.0, 2.0)
    if kind == "circle":
        with pytest.raises(ValueError, match=r"its stores move with store.cell"):
            agents[kind].cell = 3
