"""A conversation with a city: what may be said, what is answered, and that talking about a run does not
change it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.model import O2OModel
from o2o_sim.record.archive import tables_digest
from o2o_sim.record.frames import decode
from o2o_sim.scenario.load import load_scenario
from o2o_sim.show.live import Conversation, Recording

HAMLET = Path(__file__).parents[1] / "systems" / "hamlet.yaml"


def load(name: str):
    if name != "hamlet":
        raise ScenarioError(f"there is no scenario {name!r}", hint="scenarios: hamlet")
    return load_scenario(HAMLET, ["days=40"])


def talk(**how) -> Conversation:
    return Conversation(load, **how)


def ask(conversation, **message) -> list:
    return list(conversation.answer(message))


def opened(**more) -> Conversation:
    conversation = talk()
    answers = ask(conversation, do="open", scenario="hamlet", **more)
    assert answers[-2]["say"] == "opened", answers
    return conversation


def error_of(answers: list) -> dict:
    (only,) = answers
    assert only["say"] == "error"
    return only


def digest(conversation) -> str:
    return tables_digest(conversation.model.results())


def test_opening_says_what_there_is_and_sends_the_key():
    busy, said, key = ask(talk(), do="open", scenario="hamlet", seed=5)
    assert busy["say"] == "busy"
    assert (said["say"], said["scenario"], said["days"], said["day"]) == ("opened", "hamlet", 40, 0)
    assert {"levers.rent_x", "landlords.street_rent_yuan_m2_month"} <= {
        lever["key"] for lever in said["levers"]
    }
    assert decode(key).header["kind"] == "key" and decode(key).header["seed"] == 5
    assert json.dumps(said, allow_nan=False)


def test_a_run_that_nobody_touches_is_the_run_of_the_command_line():
    conversation = opened()
    frames = [m for m in ask(conversation, do="want", day=39) if isinstance(m, bytes)]
    assert [decode(f).header["day"] for f in frames] == list(range(40))
    ask(conversation, do="inspect", kind="person", id=3, ask=1)
    alone = O2OModel(load("hamlet")).run()
    assert digest(conversation) == tables_digest(alone.results())


@pytest.mark.faults("The end of a run")
def test_the_report_can_be_had_when_the_run_is_over_and_tells_what_was_moved():
    conversation = opened()
    ask(conversation, do="want", day=8)
    (early,) = ask(conversation, do="report", ask=3)
    assert (
        early["say"] == "error"
        and early["ask"] == 3
        and "last day" in early["message"]
        and not early["fatal"]
    )
    ask(conversation, do="move", key="levers.rent_x", value=1.5)
    ask(conversation, do="want", day=39)
    (said,) = ask(conversation, do="report", ask=4)
    assert said["say"] == "reported" and said["ask"] == 4
    assert "2013-01-10: levers.rent_x = 1.5" in said["html"] and "<script>alert" not in said["html"]
    assert ask(conversation, do="report", ask=5)[0]["html"] is said["html"]  # made once
    (bad,) = ask(conversation, do="report", ask=-1)
    assert bad["say"] == "error"
    ask(conversation, do="open", scenario="hamlet", seed=6)
    assert ask(conversation, do="report", ask=6)[0]["say"] == "error"  # that was another run


def test_days_come_as_they_are_wanted_and_end():
    conversation = opened()
    assert len(ask(conversation, do="want", day=4)) == 5
    assert ask(conversation, do="want", day=4) == [] == ask(conversation, do="want", day=0)
    rest = ask(conversation, do="want", day=10**9)
    assert len(rest) == 36 and rest[-1] == {"say": "end", "day": 39}
    assert ask(conversation, do="want", day=39) == [{"say": "end", "day": 39}]


def test_a_run_is_restored_by_the_moves_it_had():
    first = opened(set={"levers.logistics_x": 2})
    ask(first, do="want", day=9)
    (moved,) = ask(first, do="move", key="levers.rent_x", value=3)
    assert moved == {"say": "moved", "day": 10, "key": "levers.rent_x", "value": 3.0}
    ask(first, do="move", key="stores.nothing", value=3)
    ask(first, do="want", day=20)
    said = [ask(first, do="move", key="levers.rent_x", value=v)[0] for v in (5, 0.5)]
    ask(first, do="want", day=39)
    moves = [[m["day"], m["key"], m["value"]] for m in (moved, *said)]
    again = opened(set={"levers.logistics_x": 2}, moves=moves)
    ask(again, do="want", day=39)
    assert digest(again) == digest(first)
    untouched = opened(set={"levers.logistics_x": 2})
    ask(untouched, do="want", day=39)
    assert digest(untouched) != digest(first)


def test_of_moves_on_one_day_only_the_last_of_each_lever_counts():
    """A slider that is dragged there and back moves nothing: rents would otherwise lose their last digits."""
    conversation, still = opened(), opened()
    for c in (conversation, still):
        ask(c, do="want", day=9)
    for value in (90.0, 0.3, 1.0):
        ask(conversation, do="move", key="landlords.street_rent_yuan_m2_month", value=value)
    for c in (conversation, still):
        ask(c, do="want", day=39)
    assert digest(conversation) == digest(still)


def test_what_is_set_is_the_scenario_written_so():
    conversation = opened(set={"levers.rent_x": 4, "landlords.street_rent_yuan_m2_month": 2})
    ask(conversation, do="want", day=39)
    said = ["days=40", "levers.rent_x=4", "landlords.street_rent_yuan_m2_month=2"]
    written = O2OModel(load_scenario(HAMLET, said)).run()
    assert digest(conversation) == tables_digest(written.results())


def test_a_lever_that_is_set_or_moved_keeps_its_default():
    _, said, _ = ask(talk(), do="open", scenario="hamlet", set={"levers.rent_x": 1.7})
    rent = next(lever for lever in said["levers"] if lever["key"] == "levers.rent_x")
    assert (rent["value"], rent["default"]) == (1.7, 1.0)
    made = Conversation.of(O2OModel(load("hamlet")))
    ask(made, do="move", key="levers.rent_x", value=2)
    ask(made, do="want", day=0)
    rent = next(lever for lever in ask(made, do="open")[0]["levers"] if lever["key"] == "levers.rent_x")
    assert (rent["value"], rent["default"]) == (2.0, 1.0)


def test_two_clients_of_one_scenario_do_not_move_each_other():
    spec = load("hamlet")
    one, two = (Conversation(lambda name: spec) for _ in range(2))
    for c in (one, two):
        ask(c, do="open", scenario="hamlet")
    ask(one, do="move", key="levers.rent_x", value=9)
    for c in (one, two):
        ask(c, do="want", day=39)
    assert spec.levers.rent_x == two.model.spec.levers.rent_x == 1 and one.model.spec.levers.rent_x == 9
    assert digest(two) == tables_digest(O2OModel(load("hamlet")).run().results())


def test_a_message_between_two_frames_is_answered_and_acts_on_the_next_day():
    conversation = opened()
    frames = conversation.answer({"do": "want", "day": 39})
    for _ in range(5):
        next(frames)
    (moved,) = ask(conversation, do="move", key="levers.rent_x", value=3)
    assert moved["day"] == 5
    next(frames)
    assert conversation.model.spec.levers.rent_x == 3
    ask(conversation, do="open", scenario="hamlet")
    assert list(frames) == [], "what belongs to the old city is dropped"
    assert conversation.model.day == 0 and conversation.model.spec.levers.rent_x == 1


def test_a_platform_that_has_stopped_for_good_is_told_of_on_the_day_without_stopping_the_days(tmp_path):
    file = tmp_path / "shops.yaml"
    file.write_text(
        f"extends: {HAMLET}\nplatforms: {{bazaar: {{kind: marketplace, subsidy: {{per_order_yuan: 1}}}}}}\n"
    )
    conversation = Conversation(lambda name: load_scenario(file))
    ask(conversation, do="open", scenario="x")
    from o2o_sim.policies.subsidy import Stopped

    conversation.model.platforms[0].policy = Stopped()
    ask(conversation, do="move", key="platforms.bazaar.subsidy.per_order_yuan", value=2)
    error, frame = ask(conversation, do="want", day=0)
    assert error["about"] == "move" and not error["fatal"] and "for good" in error["message"]
    assert error["key"] == "platforms.bazaar.subsidy.per_order_yuan" and decode(frame).header["day"] == 0


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (None, "an object"),
        ([], "an object"),
        ({}, "'do' must be one of open, want, move, inspect, report, found None"),
        ({"do": ["want"]}, "'do' must be one of"),
        ({"do": "dance"}, "found 'dance'"),
        ({"do": "__init__"}, "found '__init__'"),
        ({"do": "want"}, "'day' must be a whole number"),
        ({"do": "want", "day": -1}, "found -1"),
        ({"do": "want", "day": True}, "found True"),
        ({"do": "want", "day": 1.5}, "found 1.5"),
        ({"do": "want", "day": 3, "dya": 4}, "want has no field 'dya'"),
        ({"do": "want", "day": "\x1b[2J" + "x" * 999}, "found '\\x1b[2Jxx"),
        ({"do": "move", "key": "levers.rent_x", "value": 1e9}, "must be a number from 0 to 100"),
        ({"do": "move", "key": "levers.rent_x", "value": float("nan")}, "must be a number"),
        ({"do": "move", "key": "levers.rent_x"}, "found None"),
        ({"do": "move", "key": "levers.rnet_x", "value": 1}, "did you mean levers.rent_x?"),
        ({"do": "move", "key": {}, "value": 1}, "there is no lever {}"),
        ({"do": "inspect", "kind": "stores", "id": 1}, "'kind' must be one of store"),
        ({"do": "inspect", "kind": {}, "id": 1}, "'kind' must be one of store"),
        ({"do": "inspect", "kind": "store", "id": "1"}, "'id' must be a whole number"),
        ({"do": "inspect", "kind": "store", "id": 99}, "there is no store with the number 99"),
        ({"do": "inspect", "kind": "person", "id": 2**60}, "'id' must be a whole number"),
        ({"do": "inspect", "kind": "person", "id": 200}, "there is no person with the id 200"),
        ({"do": "inspect", "kind": "store", "id": 0, "day": 1.5}, "'day' must be a whole number"),
        ({"do": "inspect", "kind": "circle", "id": 0, "ask": "x"}, "'ask' must be a whole number"),
    ],
)  # fmt: skip
def test_nonsense_is_answered_in_words_and_the_city_goes_on(message, said):
    conversation = opened()
    error = error_of(list(conversation.answer(message)))
    assert said in error["message"] and not error["fatal"] and len(error["message"]) < 400
    assert len(ask(conversation, do="want", day=1)) == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"scenario": "nowhere"}, "there is no scenario 'nowhere'\n  scenarios: hamlet"),
        ({"scenario": 7}, "'scenario' must be the name"),
        ({"scenario": "x" * 300}, "'scenario' must be the name"),
        ({"seed": -1}, "'seed' must be a whole number from 0"),
        ({"seed": 2**63}, "'seed' must be"),
        ({"seed": 1.0}, "'seed' must be"),
        ({"set": [1]}, "'set' must give levers"),
        ({"set": {"levers.rent": 2}}, "did you mean levers.rent_x?"),
        ({"set": {"levers.rent_x": "2"}}, "found '2'"),
        ({"moves": {"a": 1}}, "the moves of levers must be a list"),
        ({"moves": [[1, "levers.rent_x"]]}, "a move must be a day, a lever and a number"),
        ({"moves": [[-1, "levers.rent_x", 2]]}, "a move must be"),
        ({"moves": [[1, "levers.rent_x", float("inf")]]}, "a move must be"),
        ({"moves": [[1, "levers.rent_x", 200]]}, "must be a number from 0 to 100"),
        ({"moves": [[1, "levers.rent_x", 2]] * 10_001}, "at most 10000"),
        ({"moves": [[1, "levers.rnt_x", 2]]}, "did you mean levers.rent_x?"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_is_said_and_an_open_city_stays(more, said):
    conversation = opened()
    message = {"do": "open", "scenario": "hamlet"} | more
    answers = [a for a in conversation.answer(message) if a["say"] != "busy"]
    assert said in error_of(answers)["message"]
    assert conversation.model is not None and conversation.model.day == 0


def test_who_is_at_a_page_is_told_names_of_levers_and_no_commands():
    conversation = opened()
    error = error_of(ask(conversation, do="move", key="levers.rent_x", value=200))
    assert error["message"] == "Rents: must be a number from 0 to 100, found 200"
    unknown = error_of(ask(conversation, do="move", key="zzz", value=2))["message"]
    assert unknown == "there is no lever 'zzz' in this scenario"


def test_nothing_can_be_asked_before_a_city_is_open():
    for message in ({"do": "want", "day": 1}, {"do": "move", "key": "a", "value": 1}):
        assert "no city is open yet" in error_of(ask(talk(), **message))["message"]
    error = error_of(ask(talk(), do="inspect", kind="store", id=1, ask=8))
    assert error["ask"] == 8 and error["about"] == "inspect"


def test_a_server_may_refuse_and_nothing_is_built_then():
    def small(spec):
        if spec.population > 100:
            raise ScenarioError("more than 100 consumers", key="population")

    conversation = talk(check=small)
    answers = [a for a in ask(conversation, do="open", scenario="hamlet") if a["say"] != "busy"]
    error = error_of(answers)
    assert error["fatal"] and error["about"] == "open" and "more than 100" in error["message"]
    assert conversation.model is None


def test_a_fault_stops_the_city_and_not_the_talk():
    told = []
    for on_fault, said in ((None, "ZeroDivisionError: division by zero"), (told.append, "a fault of ours")):
        conversation = talk(on_fault=on_fault)
        ask(conversation, do="open", scenario="hamlet")
        conversation.model.step = lambda: 1 / 0
        error = error_of(ask(conversation, do="want", day=3))
        assert error["fatal"] and error["message"] == f"the city stopped: {said}"
        assert "no city" in error_of(ask(conversation, do="want", day=3))["message"]
        assert ask(conversation, do="open", scenario="hamlet")[1]["say"] == "opened"
    assert [type(fault) for fault in told] == [ZeroDivisionError]


def test_a_rule_that_refuses_in_the_middle_of_a_day_ends_the_city():
    """Or the next wish for days would simulate the half of it a second time."""
    conversation = opened()

    def refuse():
        raise ScenarioError("there is no such shop")

    conversation.model.step = refuse
    fault = error_of(ask(conversation, do="want", day=3))
    assert fault["fatal"] and "no such shop" in fault["message"]
    assert "no city is open" in error_of(ask(conversation, do="want", day=3))["message"]


def test_a_number_too_large_for_anything_is_nonsense():
    moves = [[1, "levers.rent_x", 10**400]]
    fault = ask(talk(), do="open", scenario="hamlet", moves=moves)[-1]
    assert fault["about"] == "open" and "a move must be" in fault["message"]


def test_no_lever_moves_after_the_last_day():
    conversation = opened()
    ask(conversation, do="want", day=39)
    assert (
        "the last day is over"
        in error_of(ask(conversation, do="move", key="levers.rent_x", value=2))["message"]
    )


def test_cities_that_are_left_are_let_go():
    """Mesa before 3.5 keeps every model that ever had agents."""
    import gc
    import weakref

    conversation = opened()
    left = weakref.ref(conversation.model)
    ask(conversation, do="open", scenario="hamlet")
    gc.collect()
    assert left() is None


# -- a model that is made already ----------------------------------------------------------------------------
def test_a_model_that_is_made_already_sends_all_its_days_to_whoever_opens_it_anew():
    model = O2OModel(load("hamlet"))
    conversation = Conversation.of(model)
    assert ask(conversation, do="open")[0]["scenario"] == "Hamlet"
    first = ask(conversation, do="want", day=6)
    ask(conversation, do="move", key="levers.rent_x", value=2)
    _, key = ask(conversation, do="open")
    assert decode(key).header["days"] == 40
    assert ask(conversation, do="want", day=3) == first[:4]
    assert ask(conversation, do="want", day=8)[:3] == first[4:]
    assert model.day == 9 and model.spec.levers.rent_x == 2
    ask(conversation, do="open")
    again = conversation.answer({"do": "want", "day": 5})
    assert next(again) == first[0]
    ask(conversation, do="open")
    assert list(again) == [], "the days of whoever was there before"
    assert ask(conversation, do="want", day=1) == first[:2]


def test_a_model_that_has_begun_cannot_be_shown():
    model = O2OModel(load("hamlet"))
    model.step()
    with pytest.raises(ScenarioError, match="already simulated 1 days"):
        Conversation.of(model)


def test_a_model_that_somebody_else_steps_is_noticed():
    model = O2OModel(load("hamlet"))
    conversation = Conversation.of(model)
    ask(conversation, do="want", day=1)
    model.step()
    error = error_of(ask(conversation, do="want", day=5))
    assert error["fatal"] and "stepped by somebody else" in error["message"]


# -- a recording ---------------------------------------------------------------------------------------------
class Replay:
    def __init__(self, key, frames):
        self.key, self.frames = key, frames


def test_a_recording_speaks_alike():
    conversation = opened()
    replay = Replay(conversation._encoder.key(), ask(conversation, do="want", day=6))
    from o2o_sim.show.cards import Cards

    recording = Recording(replay, Cards.of(conversation.model))
    said, key = ask(recording, do="open", scenario="")
    assert said == {"say": "opened", "scenario": "", "levers": [], "days": 7, "recording": True}
    assert key == replay.key
    assert ask(recording, do="want", day=2) == replay.frames[:3]
    assert ask(recording, do="want", day=99) == [*replay.frames[3:], {"say": "end", "day": 6}]
    assert error_of(ask(recording, do="move", key="levers.rent_x", value=2))["about"] == "move"
    assert ask(recording, do="inspect", kind="store", id=0, ask=4)[0]["card"]["title"] == "left"
    assert error_of(ask(recording, do="inspect", kind="store", id=77, ask=5))["ask"] == 5
    assert error_of(ask(Recording(replay), do="inspect", kind="store", id=0, ask=5))["ask"] == 5
    for nonsense in (None, {}, {"do": "want"}, {"do": "inspect", "kind": {}, "id": 1}):
        list(recording.answer(nonsense))


# -- plugins -------------------------------------------------------------------------------------------------
RAIN = """
from o2o_sim.plugin import Block, System, key
class Rain(System):
    class Settings(Block):
        chance: float = key(0.3, "Chance of rain", unit="share", ge=0, le=1, adjustable=True)
"""


def plugged(folder: Path, said: str, **how) -> Conversation:
    (folder / "rain.py").write_text(RAIN)
    path = folder / "wet.yaml"
    path.write_text(f"extends: {HAMLET}\nplugins: [rain]\nsystems: [{said}]\n")
    return Conversation(lambda name: load_scenario(path), **how)


def test_settings_of_plugins_are_levers_before_the_first_day_and_after(tmp_path):
    conversation = plugged(tmp_path, "rain.Rain")
    said = ask(conversation, do="open", scenario="wet", set={"systems.0.chance": 0.6})[1]
    (lever,) = [lever for lever in said["levers"] if lever["key"] == "systems.0.chance"]
    assert (lever["value"], lever["default"], lever["max"], lever["group"]) == (0.6, 0.3, 1.0, "rain.Rain")
    assert conversation.model.systems[-1].settings.chance == 0.6
    ask(conversation, do="move", key="systems.0.chance", value=0.9)
    ask(conversation, do="want", day=1)
    assert conversation.model.systems[-1].settings.chance == 0.9


def test_a_wrong_setting_is_an_error_and_no_city(tmp_path):
    answers = ask(plugged(tmp_path, "{run: rain.Rain, chance: 2}"), do="open", scenario="wet")
    assert answers[-1]["say"] == "error" and "must be at most 1.0" in answers[-1]["message"]
