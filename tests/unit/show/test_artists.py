"""Pictures that other processes draw are those that this one draws, and whatever happens to those, none is lost."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from o2o_sim.show import artists, style
from o2o_sim.show.ground import Ground
from o2o_sim.show.plots import PICTURES, draw_all, pictures_of

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux forks a process that has libraries"
)
FEW = ("outcomes", "channels", "platforms")  # what that process draws
PROCESS = Path(__file__).with_name("artists_process.py")


@pytest.fixture
def asked(tiny_model, tiny_result, tmp_path):
    """Has artists of a fresh process draw a small run; returns what they told, and the folder."""
    order = (tiny_result.frames, tiny_result.manifest, Ground.of(tiny_model))
    (tmp_path / "run").write_bytes(pickle.dumps(order))

    def ask(what):
        done = subprocess.run(
            [sys.executable, PROCESS, what, tmp_path], capture_output=True, text=True, timeout=100
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), tmp_path / what

    return ask


def test_they_draw_what_this_process_draws(asked, tiny_model, tiny_result, tmp_path, monkeypatch):
    for name in set(PICTURES).difference(FEW):
        monkeypatch.delitem(PICTURES, name)
    found, folder = asked("all")
    here = tmp_path / "here"
    here.mkdir()
    draw_all(tiny_result.frames, tiny_result.manifest, here, model=tiny_model)
    assert found["drawn"] and not found["left"] and not found["warned"]
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {
        p.name: p.read_bytes() for p in here.iterdir()
    }
    assert {name for _, _, name in found["told"]} == {*FEW, "city_map", ""}
    assert [done for done, _, _ in found["told"]] == sorted(done for done, _, _ in found["told"])
    assert found["told"][-1] == [4, 4, ""]


def test_one_that_is_killed_draws_nothing_and_says_so(asked):
    found, _ = asked("killed")
    assert not found["drawn"] and not found["left"]


def test_a_disk_that_refuses_is_told_of(asked):
    found, _ = asked("no room")
    assert "No such file" in found["refused"] and not found["left"]


def test_a_picture_that_fails_is_a_warning_as_ever(asked):
    found, _ = asked("a picture that fails")
    assert found["drawn"]
    assert any("channels.png could not be drawn: ValueError" in said for said in found["warned"])


def test_they_end_with_a_command_that_is_killed(tmp_path, tiny_model, tiny_result):
    order = (tiny_result.frames, tiny_result.manifest, Ground.of(tiny_model))
    (tmp_path / "run").write_bytes(pickle.dumps(order))
    command = [sys.executable, str(PROCESS), "left alone", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        artist = int(process.stdout.readline())
        os.kill(artist, 0)
        process.send_signal(signal.SIGKILL)
    for _ in range(200):
        if not _lives(artist):
            return
        time.sleep(0.1)
    raise AssertionError("the artist lives on")


def _lives(process):
    """Whether a process is there and not merely one that nobody has asked how it ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_without_artists_this_process_draws(tiny_model, tiny_result, tmp_path, monkeypatch):
    for name in set(PICTURES) - {"outcomes"}:
        monkeypatch.delitem(PICTURES, name)
    monkeypatch.setattr(artists.Artists, "started", classmethod(lambda cls: None))
    with artists.artists_ready():
        artists.draw_run(tiny_result.frames, tiny_result.manifest, tmp_path, model=tiny_model)
    assert {p.stem for p in tmp_path.iterdir()} == {"outcomes", "city_map"}


def test_a_process_with_threads_is_not_forked():
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert not artists.may_fork()
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("name", ["outcomes", "platforms", "city_map"])
def test_a_picture_laid_out_once_is_the_one_that_matplotlib_lays_out(name, tiny_model, tiny_result, tmp_path):
    picture = pictures_of(tiny_result.frames, tiny_result.manifest, Ground.of(tiny_model))[name]
    with style.house_style():
        style.save(picture(), tmp_path / "ours.png")
        figure = picture()
        figure.savefig(tmp_path / "plain.png", dpi=style.DPI, metadata={"Software": None})
        plt.close(figure)
    assert (tmp_path / "ours.png").read_bytes() == (tmp_path / "plain.png").read_bytes()
