"""Sessions: each in a process of its own, none disturbed by another, none left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import talkers
from serving import HAMLET, TINY, running

import o2o_sim
from o2o_sim.record.message import decode
from o2o_sim.show import worker
from o2o_sim.show.catalogue import offers
from o2o_sim.show.sessions import log

pytest.importorskip("uvicorn")
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def city():
    """A server of real cities."""
    with running(offered=offers([TINY]), limits={"places": 4}, spares=1) as server:
        yield server


@pytest.fixture(scope="module")
def pretend():
    """A server whose cities are pretended."""
    with running(
        limits={"places": 3, "wait_seconds": 1.0, "moves": 5}, spares=1, make=talkers.Talker
    ) as server:
        yield server


def alive(pid: int) -> bool:
    """Does a process live (one that only waits to be buried does not)?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(holds, seconds=10.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def days(city, n=12, moves=(), opening=None, **more):
    """The key and the first n frames of a session; `moves` are made after so many frames: (frames, key,
    value)."""
    with city.talk() as talk:
        opened = talk.open("tiny", **(opening or more))
        found, at = talk.frames(1), 0
        for day, key, value in moves:
            talk.say(do="want", day=day - 1)
            found += talk.frames(day - at)
            at = day
            talk.say(do="move", key=key, value=value)
            assert talk.until("moved")["day"] == day
        talk.say(do="want", day=n - 1)
        return opened, found + talk.frames(n - at)


LEVER = "levers.subsidy_x"


def test_same_city_same_bytes_and_other_levers_other_bytes(city):
    opened, first = days(city)
    assert opened["days"] == 70
    assert LEVER in [lever["key"] for lever in opened["levers"]]
    assert decode(first[0]).header["kind"] == "key"
    assert [decode(frame).header["day"] for frame in first[1:]] == list(range(12))
    assert days(city)[1] == first
    assert days(city, set={LEVER: 3})[1] != first


def test_a_session_is_restored_with_its_moves(city):
    plain = days(city)[1]
    moved = days(city, moves=[(3, LEVER, 5), (9, LEVER, 0)])[1]
    assert moved[:4] == plain[:4] and moved != plain
    assert days(city, opening={"moves": [[3, LEVER, 5], [9, LEVER, 0]]})[1] == moved


def test_two_sessions_at_once_do_not_see_each_other(city):
    plain = days(city)[1]
    with city.talk() as a, city.talk() as b:
        a.open("tiny"), b.open("tiny")
        keys = [a.frames(1), b.frames(1)]
        a.say(do="move", key=LEVER, value=5)
        assert a.until("moved")["day"] == 0
        for talk in (a, b):
            talk.say(do="want", day=11)
        ours, theirs = a.frames(12), b.frames(12)
    assert keys == [plain[:1]] * 2
    assert theirs == plain[1:]
    assert ours != theirs


def test_levers_are_the_adjustable_keys_and_nothing_else(city):
    with city.talk() as talk:
        talk.open("tiny")
        for key in (
            "population",
            "plugins",
            "plugins.0",
            "consumers.value",
            "stores.policy",
            "_origin",
            "levers",
        ):
            talk.say(do="move", key=key, value=1)
            said = talk.until("error")
            assert said["about"] == "move" and not said["fatal"], key
        talk.say(do="open", scenario="tiny", set={"population": 5})
        assert talk.until("error")["about"] == "open"
        talk.say(do="open", scenario="tiny", moves=[[4, "seed", 5]])
        assert talk.until("error")["about"] == "open"


def test_a_store_is_inspected_between_the_frames_of_a_long_want(pretend):
    with pretend.talk() as talk:
        talk.open()
        talk.say(do="move", key="do.slow", value=0.05)
        talk.say(do="want", day=200)
        talk.frames(3)
        talk.say(do="inspect", kind="store", id=3, ask=11)
        began = time.monotonic()
        assert talk.until("inspected") == {"say": "inspected", "ask": 11, "card": {"title": "store 3"}}
        talk.say(do="move", key="do.slow", value=0)
        assert 3 <= talk.until("moved")["day"] < 150
        assert time.monotonic() - began < 10


def test_wants_while_one_is_answered_lose_no_frame(pretend):
    with pretend.talk() as talk:
        talk.open()
        talk.say(do="move", key="do.slow", value=0.01)
        for day in (10, 30, 20, 25):
            talk.say(do="want", day=day)
        said = talk.frames(32)[1:]
    assert said == [f"frame {day}".encode() for day in range(31)]


def test_another_city_is_opened_on_the_same_line(pretend):
    with pretend.talk() as talk:
        talk.open(seed=1)
        talk.say(do="move", key="do.slow", value=0.05)
        talk.say(do="want", day=900)
        talk.frames(2)
        talk.say(do="move", key="do.slow", value=0)
        assert talk.open(seed=2)["scenario"] == "hamlet"
        talk.say(do="want", day=0)
        assert talk.frames(2) == [b"key hamlet 2 {}", b"frame 0"]


def test_a_worker_that_is_killed_takes_nobody_along(pretend, capfd):
    with pretend.talk() as a, pretend.talk() as b:
        a.open(), b.open()
        a.say(do="move", key="do.die", value=1)
        said = a.until("error")
        assert said["fatal"] and "SIGKILL" in said["message"] and "Nobody else" in said["message"]
        b.say(do="want", day=5)
        assert len(b.frames(7)) == 7
    with pretend.talk() as talk:
        assert talk.open()


def test_a_fault_of_ours_is_told_without_its_secrets_and_logged_with_them(pretend, capfd):
    with pretend.talk() as talk:
        talk.open()
        talk.say(do="move", key="do.fail", value=1)
        said = talk.until("error")
    assert said["fatal"] and "fault of ours" in said["message"]
    assert "secret" not in str(said) and "KeyError" not in str(said)
    eventually(lambda: "KeyError: '/secret/place/of/ours.py'" in "".join(capfd.readouterr().err))


def test_errors_name_no_folders(pretend):
    with pretend.talk() as talk:
        talk.open()
        talk.say(do="move", key="do.say_path", value=1)
        assert talk.until("error")["message"] == "x.yaml:2: no"


def test_places_are_counted_and_given_back(pretend):
    with pretend.talk(visitor="a") as a, pretend.talk(visitor="b") as b:
        a.open(), b.open()
        with pretend.talk(visitor="c") as c:
            c.open()
            with pretend.talk(visitor="d") as late:
                late.say(do="open", scenario="hamlet")
                assert late.until("busy")["message"] == "Waiting for a place"
                said = late.until("error")
                assert said["fatal"] and "All 3 places" in said["message"]
        with pretend.talk(visitor="d") as d:
            assert d.open()


def test_who_waits_gets_the_place_of_who_leaves(pretend):
    talk = pretend.talk
    with talk(visitor="a") as a, talk(visitor="b") as b, talk(visitor="d") as late:
        with talk(visitor="c") as c:
            a.open(), b.open(), c.open()
            late.say(do="open", scenario="hamlet")
            late.until("busy")
        assert late.until("opened")


def test_levers_are_moved_only_so_often(pretend):
    with pretend.talk() as talk:
        talk.open(moves=[[1, "do.slow", 0]] * 3)
        for _ in range(2):
            talk.say(do="move", key="do.slow", value=0)
            talk.until("moved")
        talk.say(do="move", key="do.slow", value=0)
        said = talk.until("error")
        assert "moved 5 times" in said["message"] and not said["fatal"]


def test_a_slow_reader_fills_no_memory(pretend):
    with pretend.talk(max_queue=1) as talk:
        talk.open()
        talk.say(do="move", key="do.large", value=100_000)
        talk.until("moved")
        talk.say(do="want", day=900)
        time.sleep(1.0)  # nobody reads
        worker = next(iter(pretend.pool._living - set(pretend.pool._warm._queue)))
        assert len(worker._reader._buffer) < 1_000_000
        talk.say(do="inspect", kind="store", id=1, ask=1)
        day = 0
        while isinstance(said := talk.hear(), bytes) or said["say"] != "inspected":
            day += isinstance(said, bytes)
        assert day < 300  # 30 MB in all buffers would be far too much already


def test_a_worker_ends_with_its_client(pretend):
    eventually(lambda: pretend.pool.ready == 1 and len(pretend.pool.pids) == 1)
    before = set(pretend.pool.pids)
    with pretend.talk() as talk:
        talk.open()
        mine = set(pretend.pool.pids) & before
        talk.say(do="move", key="do.slow", value=0.2)
        talk.say(do="want", day=900)
        talk.frames(1)
    eventually(lambda: not any(alive(pid) for pid in mine))


def test_a_spare_that_is_killed_is_not_handed_out(pretend):
    eventually(lambda: pretend.pool.ready == 1)
    eventually(lambda: len(pretend.pool.pids) == 1)
    (spare,) = pretend.pool.pids
    os.kill(spare, signal.SIGKILL)
    eventually(lambda: not any(one.alive for one in list(pretend.pool._living)))
    with pretend.talk() as talk:
        assert talk.open()


def test_workers_that_cannot_begin_are_told_of(capfd):
    with running(make=talkers.EndsAtStart) as server, server.talk() as talk:
        talk.say(do="open", scenario="hamlet")
        said = talk.until("error")
        assert said["fatal"] and said["message"].startswith("No simulation can be started here")
    assert "no city today" in capfd.readouterr().err


def test_a_refusal_that_nobody_waited_for_refuses_nobody_else(pretend):
    eventually(lambda: pretend.pool.ready == 1)
    pretend.pool._warm._queue.appendleft(None)
    with pretend.talk() as talk:
        assert talk.open()


def test_what_cannot_be_logged_stops_nothing(monkeypatch):
    def closed(*_, **__):
        raise OSError("no terminal")

    monkeypatch.setattr("builtins.print", closed)
    log("anything")


def test_too_large_a_city_is_refused():
    with (
        running(limits={"consumers": 100, "days": 80}, spares=1) as server,
        server.talk() as talk,
    ):
        talk.say(do="open", scenario="hamlet")
        assert "at most 100" in talk.until("error")["message"]


def test_closing_the_server_ends_every_worker():
    with running(make=talkers.Talker) as server, server.talk() as talk:
        talk.open()
        talk.say(do="move", key="do.slow", value=0.3)
        talk.say(do="want", day=900)
        talk.frames(2)
        pids = server.pool.pids
        assert pids
        server.stop()
        assert not any(alive(pid) for pid in pids)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize(
    ("end", "early"),
    [(signal.SIGINT, False), (signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGKILL, False)],
)
def test_nothing_is_left_of_a_server_that_ends(end, early, tmp_path):
    command = [sys.executable, "-m", "o2o_sim", "serve", str(HAMLET), "--no-open"]
    environment = {**os.environ, "PYTHONPATH": str(Path(o2o_sim.__file__).parents[1])}
    with (tmp_path / "said").open("w") as said:
        server = subprocess.Popen(
            command, env=environment, stdout=said, stderr=said, cwd=ROOT, start_new_session=True
        )
    group = os.getpgid(server.pid)

    def members():
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(its_group) == group and state != "Z":
                found.append(int(stat.parent.name))
        return found

    if early:  # Ctrl-C in a terminal reaches every process, also a fork server that is just importing
        eventually(lambda: len(members()) >= 3, 60)
        time.sleep(0.4)
        os.killpg(group, end)
    else:
        eventually(lambda: len(members()) >= 4, 60)  # the server, the fork server, the tracker, a worker
        server.send_signal(end)
    code = server.wait(20)
    eventually(lambda: members() == [])
    text = (tmp_path / "said").read_text()
    assert "Traceback" not in text and "leaked" not in text
    if end == signal.SIGINT:
        assert code == 130 and text.endswith("Stopped.\n")


@pytest.fixture(scope="module")
def impatient():
    """A server that asks every 20 ms whether its readers are there, and waits 0.2 s for an answer if it waits at
    all."""
    with running(spares=1, make=talkers.Talker) as server:
        config = server.server.config
        config.ws_ping_interval, config.ws_ping_timeout = 0.02, config.ws_ping_timeout and 0.2
        yield server


@pytest.mark.faults("Slow clients")
@pytest.mark.parametrize("size", [0, 100, 20_000, 200_000], ids="days of {} bytes".format)
def test_a_reader_is_only_slowed_however_long_a_ping_waits(size, impatient):
    """Pings stand behind days that the reader has not come to, so a late answer says nothing."""
    with impatient.talk(ping_timeout=None) as talk:  # the reader itself waits for no answer either
        talk.open()
        talk.say(do="move", key="do.large", value=size)
        talk.until("moved")
        talk.say(do="want", day=199)
        for day in range(200):
            said = talk.frames(1)
            time.sleep(0.02 if day < 50 else 0)
        talk.say(do="inspect", kind="store", id=1, ask=7)
        assert talk.until("inspected")["ask"] == 7
    assert said[0].startswith(b"frame")


@pytest.mark.faults("Slow clients")
@pytest.mark.parametrize("seconds", [0.002, 0.03, 2.0])
def test_how_long_a_day_takes_is_that_of_the_city_not_of_the_reader(seconds, monkeypatch):
    now = 0.0

    class Line:
        """A reader for whom every message takes ten seconds; it wants 20 days, and 20 that take thrice as long."""

        def __init__(self):
            self.asked, self.told = [{"do": "want", "day": 19}, {"do": "want", "day": 39}], []

        def waiting(self):
            return False

        def hear(self):
            return self.asked.pop(0) if self.asked else None

        def send(self, kind, content=b""):
            nonlocal now
            now += 10.0
            if kind == worker.SAID:
                self.told.append(json.loads(content))

    def answer(message):
        nonlocal now
        now += 7.0  # before the first day
        for _ in range(20):
            now += seconds * (3 if message["day"] == 39 else 1)
            yield b"frame"

    monkeypatch.setattr(worker.time, "perf_counter", lambda: now)
    worker.converse(line := Line(), answer)
    assert [said["say"] for said in line.told] == ["pace", "pace"]
    assert [said["day_seconds"] for said in line.told] == pytest.approx([seconds, 3 * seconds], rel=1e-3)
