"""What a class sees: a run that a teacher drives, and one that is over."""

from __future__ import annotations

import json
import time

import pytest
import talkers
from serving import HAMLET, ask, running

from o2o_sim.errors import ScenarioError
from o2o_sim.show.catalogue import Offer

TOKEN = "a-secret"


@pytest.fixture
def classroom():
    with running(spares=1, mode="broadcast", token=TOKEN, make=talkers.Talker) as server:
        yield server


# -- broadcast ----------------------------------------------------------------------------------------------
def test_the_secret_leaves_the_address_bar(classroom):
    assert json.loads(ask(classroom, "/api/about")[2])["teacher"] is False
    status, headers, _ = ask(classroom, f"/?teacher={TOKEN}")
    assert (status, headers["location"]) == (303, "/")
    cookie = headers["set-cookie"]
    with running(spares=0, mode="broadcast", token="another", make=talkers.Talker) as other:
        # Browsers send cookies to every port of a machine.
        of_other = ask(other, "/?teacher=another")[1]["set-cookie"]
    assert of_other.partition("=")[0] != cookie.partition("=")[0]
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower()
    said = json.loads(ask(classroom, "/api/about", Cookie=cookie.partition(";")[0])[2])
    assert said["teacher"] is True and said["mode"] == "broadcast"
    for wrong in ("/?teacher=", "/?teacher=a-secre", "/?teacher=%C3%A9"):
        assert cookie.partition("=")[0] not in ask(classroom, wrong)[1].get("set-cookie", "")


def test_the_class_sees_what_the_teacher_drives(classroom):
    with classroom.talk() as early, classroom.talk(query=f"?teacher={TOKEN}") as teacher:
        early.say(do="open", scenario="hamlet")
        assert early.until("busy")["message"] == "Waiting for the teacher to begin"
        teacher.open(seed=5)
        teacher.say(do="want", day=4)
        expected = [b"key hamlet 5 {}"] + [f"frame {day}".encode() for day in range(5)]
        assert teacher.frames(6) == expected
        assert early.until("opened")
        assert early.frames(6) == expected
        teacher.say(do="shown", day=3, playing=True)
        assert early.until("shown") == {"say": "shown", "day": 3, "playing": True}
        teacher.say(do="move", key="do.slow", value=0)
        assert early.until("moved")["key"] == "do.slow"
        with classroom.talk() as late:
            assert late.until("opened")
            assert late.frames(5) == expected[:5]
            assert late.hear()["say"] == "shown"  # once day 3 is there
            assert late.hear() == expected[5]
            assert late.until("moved")["key"] == "do.slow"


def test_viewers_inspect_but_do_not_drive(classroom):
    with (
        classroom.talk() as viewer,
        classroom.talk() as other,
        classroom.talk(query=f"?teacher={TOKEN}") as teacher,
    ):
        teacher.open()
        viewer.until("opened")
        viewer.frames(1)
        viewer.say(do="want", day=50)
        viewer.say(do="shown", day=9, playing=True)
        viewer.say(do="move", key="do.die", value=1)
        assert viewer.hear() == {
            "say": "error",
            "message": "only the teacher moves levers",
            "about": "move",
            "fatal": False,
        }
        viewer.say(do="open", scenario="hamlet", seed=9)
        for talk, store in ((viewer, 4), (other, 5)):
            talk.say(do="inspect", kind="store", id=store, ask=1)
        assert viewer.hear() == {"say": "inspected", "ask": 1, "card": {"title": "store 4"}}
        assert other.until("inspected")["card"] == {"title": "store 5"}
        teacher.say(do="want", day=0)
        assert viewer.hear() == b"frame 0"


def test_who_asks_and_does_not_read_stops_nobody(classroom):
    with (
        classroom.talk(max_queue=1) as stuck,
        classroom.talk() as viewer,
        classroom.talk(query=f"?teacher={TOKEN}") as teacher,
    ):
        teacher.open()
        viewer.until("opened")
        teacher.say(do="move", key="do.large", value=1_000_000)
        teacher.until("moved")
        viewer.until("moved")
        teacher.say(do="want", day=9)
        assert len(viewer.frames(10)) == len(teacher.frames(10)) == 10
        for number in range(40):  # 10 MB wait for this one already
            stuck.say(do="inspect", kind="store", id=number, ask=number)
        time.sleep(0.5)
        began = time.monotonic()
        teacher.say(do="want", day=19)
        assert len(viewer.frames(10)) == 10
        viewer.say(do="inspect", kind="store", id=7, ask=1)
        assert viewer.until("inspected")["card"] == {"title": "store 7"}
        assert time.monotonic() - began < 5
        said = []
        while len(said) < 40:
            one = stuck.hear()
            said += [one] if isinstance(one, dict) and "ask" in one else []
        told = [one["ask"] for one in said if one["say"] == "inspected"]
        assert told == sorted(told) and len(told) >= 20
        assert "too many questions" in next(one for one in said if one["say"] == "error")["message"]


def test_a_reload_whose_link_says_the_seed_of_the_scenario_finds_the_run():
    with running(spares=1, mode="broadcast", token=TOKEN) as server:
        with server.talk(query=f"?teacher={TOKEN}") as teacher:
            teacher.open()
            teacher.say(do="want", day=2)
            key, *frames = teacher.frames(4)
            seed = json.loads(key[8 : 8 + int.from_bytes(key[4:8], "little")])["seed"]
        with server.talk(query=f"?teacher={TOKEN}") as teacher:
            teacher.open(seed=seed)  # without a want: only a run that goes on has frames
            assert teacher.frames(4) == [key, *frames]


def test_a_teacher_who_comes_back_finds_the_run(classroom):
    with classroom.talk() as viewer:
        with classroom.talk(query=f"?teacher={TOKEN}") as teacher:
            teacher.open(seed=5)
            teacher.say(do="want", day=2)
            teacher.frames(4)
        with classroom.talk(query=f"?teacher={TOKEN}") as teacher:
            teacher.open()
            teacher.say(do="want", day=3)
            assert teacher.frames(5)[-1] == b"frame 3"
            viewer.until("opened")
            assert viewer.frames(5)[-1] == b"frame 3"
            # A second time it is meant.
            teacher.say(do="open", scenario="hamlet", seed=6)
            assert teacher.until("opened") and teacher.frames(1) == [b"key hamlet 6 {}"]
            assert viewer.until("opened") and viewer.frames(1) == [b"key hamlet 6 {}"]


def test_a_broadcast_whose_worker_dies_can_begin_again(classroom, capfd):
    with classroom.talk() as viewer, classroom.talk(query=f"?teacher={TOKEN}") as teacher:
        teacher.open()
        teacher.say(do="move", key="do.die", value=1)
        assert "ended unexpectedly" in viewer.until("error")["message"]
        assert "ended unexpectedly" in teacher.until("error")["message"]
    with classroom.talk(query=f"?teacher={TOKEN}") as teacher:
        assert teacher.open(seed=2) and teacher.frames(1) == [b"key hamlet 2 {}"]


# -- replay -------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The folder of a finished run."""
    from o2o_sim.studies.run import run

    folder = tmp_path_factory.mktemp("runs") / "done"
    run(HAMLET, out=folder, days=35)
    return folder


def test_a_finished_run_is_shown_whole(stored):
    with running(offered={"hamlet": Offer(str(HAMLET))}, mode="replay", run=stored) as server:
        about = json.loads(ask(server, "/api/about")[2])
        assert about["mode"] == "replay"
        assert json.loads(ask(server, "/api/scenarios")[2]) == []
        with server.talk() as talk:
            talk.say(do="open", scenario=about["scenario"])
            opened = talk.hear()
            assert opened["say"] == "opened" and opened["levers"] == [] and opened["days"] == 35
            assert len(talk.frames(36)) == 36
            assert talk.hear() == {"say": "end", "day": 34}
            talk.say(do="inspect", kind="store", id=0, ask=3)
            card = talk.hear()
            assert card["ask"] == 3 and card["card"]["title"] == "left"
            talk.say(do="inspect", kind="store", id=0, ask=3, day=5)
            assert talk.hear()["card"] != card["card"]
            talk.say(do="inspect", kind="store", id=99, ask=4)
            assert talk.hear()["say"] == "error"
            talk.say(do="report", ask=5)
            report = talk.hear()
            assert report["ask"] == 5 and report["html"].startswith("<!DOCTYPE html>")
            talk.say(do="move", key="levers.rent_x", value=2)
            assert "cannot be changed" in talk.hear()["message"]
        assert server.pool.pids == []


def test_a_folder_without_a_replay_is_refused(tmp_path):
    with pytest.raises(ScenarioError), running(mode="replay", run=tmp_path):
        pass
