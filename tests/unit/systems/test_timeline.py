"""What happens on dates: keys, stores, circles and platforms."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from o2o_sim import O2OModel, load_scenario
from o2o_sim.errors import ScenarioError
from o2o_sim.levers import as_written, in_force, move, moved
from o2o_sim.record.state import read_state
from o2o_sim.scenario.describe import summary
from o2o_sim.scenario.foresee import acting, slips
from o2o_sim.shards.refuse import refuse
from o2o_sim.systems.timeline import MOST_STEPS
from tests.laws.cities import SMALL
from tests.laws.test_scenarios import laws_hold


def written(folder: Path, timeline: dict, **said) -> Path:
    file = folder / "dated.yaml"
    text = {"extends": str(SMALL), "population": 400, "days": 70, **said, "timeline": timeline}
    file.write_text(yaml.safe_dump(text, sort_keys=False), encoding="utf-8")
    return file


def until(model: O2OModel, day: date) -> O2OModel:
    """The model on the evening of a day."""
    while model.date <= day:
        model.step()
    return model


def test_a_key_jumps_on_its_morning_and_the_scenario_stays_what_was_written(tmp_path):
    spec = load_scenario(written(tmp_path, {"x": {"date": "2013-01-05", "set": {"levers.rent_x": 1.5}}}))
    model = until(O2OModel(spec), date(2013, 1, 4))
    assert model.spec.levers.rent_x == 1.0
    model.step()
    assert model.spec.levers.rent_x == 1.5
    assert spec.levers.rent_x == 1.0 == as_written(model).levers.rent_x
    assert model.events[-1]["figures"] == {"levers.rent_x before": 1.0, "levers.rent_x": 1.5}


def test_a_key_moves_in_a_straight_line(tmp_path):
    change = {"date": "2013-01-11", "until": "2013-01-21", "set": {"stores.wage_yuan_month": 4000}}
    model = O2OModel(load_scenario(written(tmp_path, {"x": change})))
    wages = {}
    for _ in range(25):
        wages[model.date] = 0.0
        day = model.date
        model.step()
        wages[day] = model.spec.stores.wage_yuan_month
    assert wages[date(2013, 1, 10)] == wages[date(2013, 1, 11)] == 3000
    assert wages[date(2013, 1, 13)] == pytest.approx(3200)
    assert wages[date(2013, 1, 21)] == wages[date(2013, 1, 24)] == 4000


def test_a_long_line_goes_in_few_steps(tmp_path):
    change = {"date": "2013-01-02", "until": "2013-12-31", "set": {"levers.logistics_x": 2}}
    model = O2OModel(load_scenario(written(tmp_path, {"x": change}, days=365)))
    system = next(s for s in model.systems if type(s).__name__ == "Timeline")
    until(model, date(2013, 1, 2))
    (ramp,) = system.ramps
    steps = [d for d in range(1, 364) if ramp.steps_on(date.fromordinal(ramp.begins.toordinal() + d))]
    assert len(steps) <= MOST_STEPS
    assert ramp.at(ramp.ends) == 2.0


def test_a_habit_changes_where_it_is_kept(tmp_path):
    model = O2OModel(
        load_scenario(
            written(tmp_path, {"x": {"date": "2013-01-03", "set": {"consumers.loyalty_rate": 0.9}}})
        )
    )
    until(model, date(2013, 1, 3))
    assert model.habits.loyalty_rate == 0.9


def test_a_store_opens_and_another_closes(tmp_path):
    timeline = {
        "a": {
            "date": "2013-01-08",
            "about": "A market opens.",
            "open": {"late": {"format": "market", "x_km": 2, "y_km": 2, "modes": ["social"], "skill": 0.9}},
        },
        "b": {"date": "2013-02-08", "close": ["late", "market 1", "market 4711"]},
    }
    model = until(O2OModel(load_scenario(written(tmp_path, timeline))), date(2013, 1, 8))
    late = model.store("late")
    assert late.opened == date(2013, 1, 8)
    assert "social" in late.modes
    until(model, date(2013, 2, 8))
    assert not late.is_trading
    assert not model.store("market 1").is_trading
    told = [e for e in model.events if e["who"] == "market 4711"]
    assert [e["decision"] for e in told] == ["does not close"]
    model.run()
    laws_hold(model)


def test_a_circle_closes_with_its_tenants(tmp_path):
    timeline = {"x": {"date": "2013-02-03", "close": ["old street"]}}
    model = until(O2OModel(load_scenario(written(tmp_path, timeline))), date(2013, 2, 2))
    circle = model.circles["old street"]
    tenants = list(circle.tenants)
    assert tenants
    model.run()
    assert not circle.is_open
    assert not circle.tenants
    assert {s.state for s in tenants} == {"closed"}
    assert {s.reason for s in tenants} == {"old street has closed"}
    laws_hold(model)


def test_a_platform_begins_with_members_and_ends_without(tmp_path):
    timeline = {
        "a": {"date": "2013-02-10", "begin": ["depot"]},
        "b": {"date": "2013-03-02", "close": ["depot"]},
    }
    model = until(O2OModel(load_scenario(written(tmp_path, timeline))), date(2013, 2, 9))
    there = O2OModel(load_scenario(written(tmp_path, {})))
    depot = next(p for p in model.platforms if p.name == "depot")
    assert depot.members == 0
    assert not (model.table.platform == depot.number).any()
    assert (model.consumers.familiarity[:, depot.number + 1] == 0).all()
    until(model, date(2013, 2, 10))
    assert depot.members >= there.platforms[depot.number].members, "some have a phone only since"
    assert depot.members < there.platforms[depot.number].members + 0.05
    assert (model.table.platform == depot.number).any()
    assert depot.years() == pytest.approx(1 / 365.25)
    until(model, date(2013, 3, 2))
    assert depot.members == 0
    assert depot.cash_yuan == 0
    assert not (model.table.platform == depot.number).any()
    model.run()
    assert depot.members == 0, "nobody joins it any more"
    laws_hold(model)


def test_a_platform_that_is_there_at_once_is_there_as_ever(tmp_path):
    early = O2OModel(load_scenario(written(tmp_path, {"a": {"date": "2013-01-01", "begin": ["depot"]}})))
    usual = O2OModel(load_scenario(written(tmp_path, {})))
    for model in (early, usual):
        until(model, date(2013, 1, 9))
    assert (early.purchases.picks == usual.purchases.picks).all()


def test_who_moves_a_key_by_hand_has_the_last_word(tmp_path):
    model = O2OModel(
        load_scenario(written(tmp_path, {"x": {"date": "2013-01-03", "set": {"levers.rent_x": 1.5}}}))
    )
    until(model, date(2013, 1, 5))
    move(model, "levers.rent_x", 2.0)
    until(model, date(2013, 1, 9))
    assert in_force(model, moved(model.spec, "levers.rent_x")) == 2.0
    assert as_written(model).levers.rent_x == 2.0


def test_saved_and_gone_on_with_in_the_middle_of_a_line(tmp_path):
    timeline = {
        "a": {"date": "2013-01-05", "until": "2013-02-10", "set": {"levers.rent_x": 2.0}},
        "b": {"date": "2013-02-05", "set": {"stores.satisficing.review_share": 1.0}},
    }
    model = until(O2OModel(load_scenario(written(tmp_path, timeline))), date(2013, 1, 15))
    model.save(tmp_path / "city.o2os")
    loaded = O2OModel.load(tmp_path / "city.o2os")
    assert read_state(tmp_path / "city.o2os").spec.levers.rent_x == 1.0, "as it was written"
    assert loaded.spec.levers.rent_x == model.spec.levers.rent_x > 1
    changed = O2OModel.load(
        tmp_path / "city.o2os", overrides=["timeline.b.set.stores.satisficing.review_share=0.9"]
    )
    for one in (model, loaded, changed):
        one.run()
    assert loaded.spec == model.spec
    assert loaded.events == model.events
    assert changed.spec.stores.satisficing.review_share == 0.9


@pytest.mark.parametrize(
    ("happening", "said"),
    [
        ({"set": {"levers.rent_xx": 1}}, "did you mean levers.rent_x?"),
        ({"set": {"levers.rent_x": 700}}, "must be at most 100"),
        ({"set": {"modes.social.available": 1}}, "must be true or false, found the number 1"),
        ({"set": {"residents": 5}}, "drivers.residents"),
        ({"set": {"city.cell_m": 100}}, "cannot change in a city that runs: the ground was built by it"),
        ({"set": {"calendar.weekend": 3}}, "it is no single value"),
        ({"set": {"platforms.depot.kind": "marketplace"}}, "cannot change in a city that runs"),
        ({"until": "2013-01-05", "set": {"levers.rent_x": 2}}, "must be after the date"),
        ({"until": "2013-02-05", "set": {"modes.social.available": False}}, "it is no number"),
        ({"until": "2013-02-05", "close": ["dine"]}, "nothing under `set` that could move"),
        ({}, "says nothing that happens"),
        ({"close": ["corner shap"]}, "did you mean corner shop?"),
        ({"close": ["streets"]}, "cannot close"),
        ({"close": ["mall"]}, "is not there before 2013-02-28"),
        ({"close": ["dine", "dine"]}, "has closed on 2013-01-10 already"),
        ({"begin": ["dino"]}, "did you mean dine?"),
        ({"open": {"corner shop": {"format": "market", "x_km": 1, "y_km": 1}}}, "has this name"),
        ({"open": {"new": {"format": "markt", "x_km": 1, "y_km": 1}}}, "did you mean market?"),
        ({"open": {"new": {"format": "market", "circle": "mall"}}}, "the circle opens on 2013-02-28"),
        ({"open": {"new": {"format": "market", "circle": "maul"}}}, "did you mean mall?"),
        ({"open": {"new": {"format": "market"}}}, "has no place"),
        ({"set": {"stores.satisficing.hurdle_x": "high"}}, "must be a number"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_written(happening, said, tmp_path):
    file = written(tmp_path, {"x": {"date": "2013-01-10", **happening}})
    with pytest.raises(ScenarioError) as fault:
        load_scenario(file)
    assert said in str(fault.value)
    assert f"{file.name}:" in str(fault.value)
    assert "timeline.x" in str(fault.value)


def test_two_lines_of_one_key_may_not_cross(tmp_path):
    first = {"date": "2013-01-10", "until": "2013-02-10", "set": {"levers.rent_x": 2}}
    second = {"date": "2013-02-01", "set": {"levers.rent_x": 1}}
    with pytest.raises(ScenarioError, match=r"is moved by timeline\.a at the same time"):
        load_scenario(written(tmp_path, {"a": first, "b": second}))
    load_scenario(written(tmp_path, {"a": first, "b": second | {"date": "2013-02-11"}}))


def test_a_whole_that_could_not_be_simulated_is_refused(tmp_path):
    change = {"date": "2013-01-10", "set": {"platforms.bazaar.trust_growth": -0.1}}
    grows = {"platforms": {"bazaar": {"trust_growth": 0.1, "trust_ceiling": 2}}}
    said = r"from then on platforms\.bazaar\.trust_ceiling: trust of 0\.3 falls"
    with pytest.raises(ScenarioError, match=said):
        load_scenario(written(tmp_path, {"x": change}, **grows))


def test_what_lies_outside_of_the_run_is_warned_of(tmp_path):
    timeline = {
        "early": {"date": "2012-12-31", "set": {"levers.rent_x": 2}},
        "late": {"date": "2014-12-31", "set": {"levers.rent_x": 3}},
        "now": {"date": "2013-01-31", "set": {"levers.rent_x": 4}},
    }
    spec = load_scenario(written(tmp_path, timeline))
    told = {p.key: p.message for p in slips(spec, None)}
    assert "is before the first day" in told["timeline.early.date"]
    assert "is after the last day" in told["timeline.late.date"]
    assert "timeline.now.date" not in told
    assert any("2013-01-31: now: levers.rent_x becomes 4 (timeline.now)" in line for line in acting(spec))
    assert summary(spec)


def test_a_study_may_vary_what_the_timeline_sets(tmp_path):
    file = written(tmp_path, {"x": {"date": "2013-01-03", "set": {"levers.rent_x": 1.5}}})
    spec = load_scenario(file, ["timeline.x.set.levers.rent_x=3", "timeline.x.date=2013-01-04"])
    assert spec.timeline["x"].set == {"levers.rent_x": 3}
    assert spec.timeline["x"].date == date(2013, 1, 4)


def test_a_setting_of_a_plugin_changes_on_a_date(tmp_path):
    (tmp_path / "rain.py").write_text(
        "from o2o_sim.plugin import Block, System, key\n\n\n"
        "class Rain(System):\n"
        "    class Settings(Block):\n"
        "        chance: float = key(0.1, 'Chance', ge=0, le=1, adjustable=True)\n\n"
        "    def figures(self):\n"
        "        return {'chance': self.settings.chance}\n"
    )
    systems = {"plugins": ["rain"], "systems": ["rain.Rain"]}
    timeline = {"x": {"date": "2013-02-03", "set": {"systems.0.chance": 0.7}}}
    model = until(O2OModel(load_scenario(written(tmp_path, timeline, **systems))), date(2013, 2, 28))
    assert list(model.results()["city_monthly"]["chance"]) == [0.1, 0.7]
    timeline["x"]["set"] = {"systems.0.chance": 7}
    with pytest.raises(
        ScenarioError, match=r"timeline\.x\.set\.systems\.0\.chance: must be a number from 0 to 1"
    ):
        O2OModel(load_scenario(written(tmp_path, timeline, **systems)))


@pytest.mark.parametrize(
    ("happening", "key"),
    [
        ({"begin": ["depot"]}, "timeline.x.begin"),
        ({"close": ["corner shop", "depot"]}, "timeline.x.close.1"),
        ({"set": {"consumers.loyalty_weight": 2.0}}, "timeline.x.set.consumers.loyalty_weight"),
    ],
)
def test_what_looks_at_people_is_refused_over_shards(happening, key, tmp_path):
    spec = load_scenario(written(tmp_path, {"x": {"date": "2013-01-03", **happening}}))
    with pytest.raises(ScenarioError) as fault:
        refuse(spec)
    assert [p.key for p in fault.value.problems] == [key]
