"""What a system of one's own can do besides what those of the package do: offers, turns, money, chances."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.errors import ScenarioError, ScenarioWarning
from o2o_sim.extend import OldChannel
from o2o_sim.market.ledger import CONSUMERS, OUTSIDE_SELLERS
from o2o_sim.market.offers import AT_PLACE, Offer
from o2o_sim.review import in_turn
from o2o_sim.streams import name_bits
from o2o_sim.systems import System

from .hamlet import hamlet, run_days


class Stall(System):
    """A stall of the left shop's, where one queues like in the shop itself."""

    def offers(self):
        left, coats = self.model.store("left"), self.model.category_number["coats"]
        yield Offer(name_bits("stall"), "stall", "stall", coats, 90, 100, OUTSIDE_SELLERS, left.number, seen=AT_PLACE, cell=left.cell)  # fmt: skip


def with_system(model: O2OModel, cls: type[System]) -> System:
    system = cls(model)
    model.systems.append(system)
    model.schedule = system.schedule(model.schedule)
    return system


def row_of(model, channel):
    (row,) = [k for k, offer in enumerate(model.table.rows) if offer.channel == channel]
    return row


# -- offers --------------------------------------------------------------------------------------------------------
def test_offers_of_a_system_are_bought_and_have_their_season_and_their_queue(tmp_path):
    season = "calendar:\n  seasons: {cold: {first: '01-01', last: '12-31', ticket_x: 1.5}}\n"
    plain, cold = hamlet(tmp_path), hamlet(tmp_path, season)
    for model in (plain, cold):
        with_system(model, Stall)
        run_days(model, 5)
        model.board.queue[:] = 7.0
        model.step()
        assert model.table.columns["queue"][row_of(model, "stall")] == 7.0
    prices = [m.table.rows[row_of(m, "stall")].price for m in (plain, cold)]
    assert prices == [90, 135]
    assert plain.results()["daily"]["sales/stall"].sum() > 0 and plain.ledger.is_balanced()


def test_an_old_channel_is_a_system_that_publishes_its_offers(tmp_path):
    class Channel:
        def publish(self, model):
            return Stall(model).offers()

    old, new = hamlet(tmp_path), hamlet(tmp_path)
    old.systems.append(OldChannel(old, Channel()))
    with_system(new, Stall)
    assert run_days(old, 10).results()["daily"].equals(run_days(new, 10).results()["daily"])


# -- phases ----------------------------------------------------------------------------------------------------------
PHASES = (
    "def early(model):\n    model.told = [*getattr(model, 'told', []), (model.day, len(model.purchases))]\n"
)


@pytest.mark.parametrize(
    ("where", "place"), [("before: shop", 2), ("after: publish", 2), ("after: record", 8)]
)
def test_an_old_phase_stands_where_it_stood(tmp_path, where, place):
    (tmp_path / "mine.py").write_text(PHASES)
    with pytest.warns(ScenarioWarning, match=r"case\.yaml:3:\d+: phases: works until version 0\.2\.0 only"):
        model = hamlet(tmp_path, f"plugins: [mine]\nphases: [{{run: mine.early, {where}}}]\n")
    names = [name for name, _ in model.schedule]
    assert names.index("mine.early") == place and len(names) == 9
    run_days(model, 2)
    assert len(model.told) == 2 and "mine.early" in model.day_seconds


def test_an_old_phase_before_no_phase_is_refused(tmp_path):
    (tmp_path / "mine.py").write_text(PHASES)
    with pytest.warns(ScenarioWarning), pytest.raises(ScenarioError, match="one of the phases") as fault:
        hamlet(tmp_path, "plugins: [mine]\nphases: [{run: mine.early, before: lunch}]\n")
    assert fault.value.problems[0].key == "phases.0" and "shop" in fault.value.problems[0].hint


def test_a_scenario_without_old_keys_is_not_warned_of(tmp_path, recwarn):
    hamlet(tmp_path)
    assert not [w for w in recwarn if isinstance(w.message, ScenarioWarning)]


# -- turns -------------------------------------------------------------------------------------------------------------
def test_agents_of_a_system_take_turns_among_the_others_once_a_month(tmp_path):
    class Firm(System):
        turns: list = []

        def agents(self):
            return [SimpleNamespace(name=name, decide=self.decide) for name in ("firm a", "firm b")]

        def decide(self, model):
            assert model.view.date == model.date
            self.turns.append(model.date)
            model.log("firm a", "firm", "price", "its turn")

    model = hamlet(tmp_path)
    firm = with_system(model, Firm)
    run_days(model, 31)
    assert len(firm.turns) == 2 and {d.day for d in firm.turns} == {31}
    assert (model.results()["events"]["kind"] == "firm").sum() == 2


def test_one_agent_more_changes_the_place_of_no_other(tmp_path):
    model = hamlet(tmp_path)
    others = [SimpleNamespace(name=f"shop {k}") for k in range(30)]
    more = [SimpleNamespace(name=f"firm {k}") for k in range(10)]
    mixed = in_turn(model, [*others, *more])
    assert [a for a in mixed if a in others] == in_turn(model, others)
    assert len({mixed.index(a) // 10 for a in more}) > 1  # they do not all come last


# -- money ---------------------------------------------------------------------------------------------------------------
def test_an_account_of_a_system_is_one_of_the_ledger(tmp_path):
    model = hamlet(tmp_path)
    system = with_system(model, Stall)
    number = system.open_account("courier firm", "couriers")
    model.ledger.book("delivery fees", CONSUMERS, number, 500)
    assert model.ledger.cash(number) == 500 and model.ledger.is_balanced()
    assert ("delivery fees", "consumers", "couriers", 500) in model.ledger.monthly_flows()
    with pytest.raises(ValueError, match="there is no kind of account 'firms'; there are consumers, "):
        system.open_account("courier firm", "firms")
    run_days(model, 31)
    assert model.ledger.cash(number) == 500 and model.ledger.is_balanced()


# -- chances of adoption ----------------------------------------------------------------------------------------------------
def adopters(tmp_path, *systems) -> np.ndarray:
    model = hamlet(tmp_path, "consumers: {smartphone: {innovation: 0.3, imitation: 0}}\n")
    model.consumers.access[:] = 0
    for cls in systems:
        with_system(model, cls)
    return run_days(model, 31).consumers.access & 1 > 0


class Even(System):
    """Who has an even number never takes up a smartphone; nobody else differs."""

    def hazard_x(self, technology):
        return (self.model.consumers.id % 2).astype(np.float32) if technology == 0 else None


class Double(System):
    def hazard_x(self, technology):
        return np.full(len(self.model.consumers), 2.0, np.float32)


def test_a_factor_of_one_changes_nobody_and_of_nought_stops_who_has_it(tmp_path):
    usual = adopters(tmp_path)
    even = adopters(tmp_path, Even)
    model = hamlet(tmp_path)
    odd = model.consumers.id % 2 == 1
    assert 0 < usual.sum() < len(usual)
    assert (even[odd] == usual[odd]).all() and not even[~odd].any() and usual[~odd].any()


def test_factors_of_systems_multiply_and_draw_nothing_new(tmp_path):
    usual, double, both = adopters(tmp_path), adopters(tmp_path, Double), adopters(tmp_path, Double, Even)
    assert (double >= usual).all() and double.sum() > usual.sum()
    odd = hamlet(tmp_path).consumers.id % 2 == 1
    assert (both[odd] == double[odd]).all() and not both[~odd].any()


# -- rivals -----------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def town():
    from pathlib import Path

    path = Path(__file__).parents[3] / "scenarios" / "town.yaml"
    model = O2OModel(load_scenario(path, ["population=500", "days=40"]), 1)
    return run_days(model, 31)


def test_rivals_are_those_that_a_walk_through_all_shops_finds(town):
    grid = town.city.grid
    asked = [s for s in town.stores if s.is_here][:40]
    for store in asked:
        x, y = grid.centre_of(store.cell)
        away = {}
        for (_, category), shops in town.view.shop_prices.items():
            for price, number, cell in shops if category == store.category else ():
                if number != store.number:
                    u, v = grid.centre_of(cell)
                    away[number] = (round(np.hypot(u - x, v - y) / 1000, 6), price)
        order = sorted(away, key=lambda k: (away[k][0], k))
        found = town.view.rivals(store)
        assert [r.number for r in found] == order
        assert [(r.km, r.price) for r in found] == [away[k] for k in order]
        assert [r.number for r in town.view.rivals(store, n=3)] == order[:3]
        assert [r.number for r in town.view.rivals(store, km=1.5)] == [k for k in order if away[k][0] <= 1.5]
        assert {town.store_names[r.number] for r in found} == {r.name for r in found}
    assert any(len(town.view.rivals(s, km=1.5)) > 2 for s in asked)


def test_rivals_by_minutes_are_those_within_reach_nearest_first(town):
    store = next(s for s in town.stores if s.is_here and len(town.view.rivals(s)) > 5)
    reach = town.city.travel.minutes_from([store.cell], 25.0, town.view.date)
    minutes = dict(zip(reach.cell.tolist(), reach.minutes.tolist()))
    found = town.view.rivals(store, minutes=25.0)
    assert {r.number for r in found} == {
        r.number for r in town.view.rivals(store) if town.stores[r.number].cell in minutes
    }
    assert [r.minutes for r in found] == sorted(minutes[town.stores[r.number].cell] for r in found)
    assert town.view.rivals(store, minutes=25.0, n=2) == found[:2]
    assert np.isnan(town.view.rivals(store, n=1)[0].minutes)
    assert town.view.rivals(SimpleNamespace(is_here=False)) == []
