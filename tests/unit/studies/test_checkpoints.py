"""A run that was stopped and gone on with leaves the folder of one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

from o2o_sim.errors import ScenarioError, Stopped
from o2o_sim.record.archive import tables_digest
from o2o_sim.record.replay import Replay
from o2o_sim.studies.run import run
from tests.laws.cities import small

DAYS = 12


class Enough(Exception):
    pass


def stop_after(days: int):
    def progress(day: int, of: int, date) -> None:
        if day + 1 == days:
            raise Enough

    return progress


@pytest.fixture
def scenario(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return small(tmp_path, days=DAYS, start="2013-01-27")


def manifest(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_a_run_that_was_stopped_is_the_run_that_was_not(scenario):
    whole = run(scenario, out="whole")
    with pytest.raises(Enough):
        run(scenario, out="part", checkpoint_days=4, progress=stop_after(7))
    assert not Path("part").exists()
    part = run(from_state="part.o2os", out="part", checkpoint="part.o2os")
    assert tables_digest(part.frames) == tables_digest(whole.frames) == tables_digest("part")
    assert Path("part/replay.o2o").read_bytes() == Path("whole/replay.o2o").read_bytes()
    assert manifest(Path("part"))["resumed"] == [{"day": 4, "date": "2013-01-31", "changes": {}}]
    assert "resumed" not in manifest(Path("whole"))
    same = ("content_hash", "seed", "days", "last_day", "decisions", "scenario", "file")
    assert [manifest(Path("part"))[k] for k in same] == [manifest(Path("whole"))[k] for k in same]


def test_it_has_the_folder_of_the_same_run_unless_something_changed(scenario):
    with pytest.raises(Enough):
        run(scenario, checkpoint="s.o2os", checkpoint_days=5, progress=stop_after(6))
    plain = run(from_state="s.o2os")
    branch = run(from_state="s.o2os", overrides=["levers.rent_x=2"])
    assert plain.folder == run(scenario).folder
    assert plain.folder.name.startswith("city-") and "-from-" not in plain.folder.name
    assert "-from-2013-02-01-" in branch.folder.name
    assert manifest(branch.folder)["resumed"][0]["changes"] == {"levers.rent_x": 2.0}
    assert manifest(branch.folder)["scenario"]["levers"]["rent_x"] == 2


def test_a_finished_run_can_be_made_longer(scenario):
    run(scenario, out="short", checkpoint="s.o2os")
    with pytest.raises(ScenarioError, match=r"s\.o2os: all 12 days of it are over"):
        run(from_state="s.o2os")
    longer = run(from_state="s.o2os", days=20, out="longer")
    whole = run(scenario, days=20, out="whole")
    assert tables_digest(longer.frames) == tables_digest(whole.frames)
    assert Path("longer/replay.o2o").read_bytes() == Path("whole/replay.o2o").read_bytes()
    assert len(Replay.load("longer").frames) == 20


def test_a_state_without_a_replay_says_so(scenario):
    with pytest.raises(Enough):
        run(scenario, out=False, checkpoint="s.o2os", checkpoint_days=3, progress=stop_after(4))
    with pytest.warns(RuntimeWarning, match="no replay of this run"):
        result = run(from_state="s.o2os", out="part")
    assert not Path("part/replay.o2o").exists()
    assert tables_digest(result.frames) == tables_digest(run(scenario, out=False).frames)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_end_of_the_day_and_leaves_a_state(scenario, number):
    before = signal.getsignal(number)

    def ask(day: int, of: int, date) -> None:
        if day == 5:
            os.kill(os.getpid(), number)

    with pytest.raises(
        Stopped, match=r"^Stopped after 6 of 12 days\. Go on with: o2o-sim run --from s\.o2os$"
    ) as stop:
        run(scenario, out="part", checkpoint="s.o2os", checkpoint_days=100, progress=ask)
    assert stop.value.code == 128 + number
    assert signal.getsignal(number) is before
    part = run(from_state="s.o2os", out=False)
    assert part.manifest["resumed"][0]["day"] == 6
    assert tables_digest(part.frames) == tables_digest(run(scenario, out=False).frames)


def test_a_second_signal_does_not_wait(scenario):
    from o2o_sim.model import O2OModel

    def never_ends(self) -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("still here")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(O2OModel, "step", never_ends)
        with pytest.raises(KeyboardInterrupt) as stop:
            run(scenario, out=False, checkpoint="s.o2os")
    assert str(stop.value).startswith(
        "Stopped. The city is saved as of day 0. Go on with: o2o-sim run --from s.o2os"
    )


def test_a_run_in_a_thread_can_be_saved_too(scenario):
    thread = threading.Thread(target=lambda: run(scenario, out=False, checkpoint="s.o2os"))
    thread.start()
    thread.join()
    assert run(from_state="s.o2os", days=13, out=False).manifest["days"] == 13


def test_a_full_disk_costs_no_run(scenario, monkeypatch):
    from o2o_sim.studies import checkpoints

    real = checkpoints.save_state

    def full(model, path, others) -> None:
        if model.day == 4:
            raise ScenarioError("cannot be written: No space left on device", file=str(path))
        real(model, path, others)

    monkeypatch.setattr(checkpoints, "save_state", full)
    with pytest.warns(RuntimeWarning, match="was not saved: .*No space left"):
        run(scenario, out=False, checkpoint="s.o2os", checkpoint_days=4)


def test_what_cannot_be_is_said_before_anything_is_simulated(scenario):
    def simulated(*_) -> None:
        raise AssertionError("a day was simulated")

    def refused(match: str, **how) -> None:
        with pytest.raises(ScenarioError, match=match):
            run(progress=simulated, **how)

    refused("--checkpoint: needs the name of a file", scenario=scenario, out=False, checkpoint_days=3)
    refused("--checkpoint: must be 1 day or more", scenario=scenario, checkpoint_days=0)
    refused("city.yaml: is there already, is no saved city", scenario=scenario, checkpoint=scenario)
    with warnings.catch_warnings():
        run(scenario, out=False, checkpoint="s.o2os", days=2)
    refused("--seed: cannot change", from_state="s.o2os", seed=3)
    refused("--engine: cannot change", from_state="s.o2os", engine="python")
    with pytest.raises(TypeError):
        run()


@pytest.mark.slow
def test_the_command_is_stopped_and_gone_on_with(scenario):
    """As a user would do it: Ctrl-C, then the command that the message names."""
    said = [sys.executable, "-m", "o2o_sim", "run", str(scenario), "--days", "4000", "--out", "part", "-q"]
    process = subprocess.Popen([*said, "--checkpoint", "20"], stderr=subprocess.PIPE, text=True)
    while not Path("part.o2os").exists() and process.poll() is None:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 143, told
    assert "Go on with: o2o-sim run --from part.o2os" in told and "Traceback" not in told
    on = [sys.executable, "-m", "o2o_sim", "run", "--from", "part.o2os", "--out", "part", "-q", "--days"]
    done = json.loads(json.dumps(int(told.split("after ")[1].split()[0])))
    subprocess.run([*on, str(done + 5)], check=True)
    assert manifest(Path("part"))["days"] == done + 5
