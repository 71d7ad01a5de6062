"""What a killed process left of what it was writing goes with the next one that writes there, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from o2o_sim.record import leftovers
from o2o_sim.record.archive import whole_file, whole_folder, write_whole
from o2o_sim.record.leftovers import remove_leftovers, sibling

KIND = "What killed runs leave"

KILLED = """
import os, sys
from pathlib import Path
from o2o_sim.record.archive import whole_file, whole_folder
path = Path(sys.argv[2])
if sys.argv[1] == "folder":
    with whole_folder(path) as part:
        (part / "half").write_text("x")
        os.kill(os.getpid(), 9)
with whole_file(path) as part:
    part.write_text("half")
    os.kill(os.getpid(), 9)
"""


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def left(path, kind="part", host=None, pid=None):
    """Something that is called as if process `pid` of `host` was writing it."""
    name = sibling(path, kind).name
    name = name.replace(leftovers._host(), host) if host is not None else name
    return path.parent / (name.replace(f"-{os.getpid()}-", f"-{pid}-") if pid is not None else name)


@pytest.fixture(scope="module")
def dead():
    """The number of a process that is no longer there."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.faults(KIND)
@pytest.mark.parametrize("what", ["folder", "file"])
@pytest.mark.parametrize("then", ["folder", "file"])
def test_what_a_killed_process_left_goes_with_the_next(tmp_path, what, then):
    done = subprocess.run([sys.executable, "-c", KILLED, what, str(tmp_path / "town")], check=False)
    assert done.returncode == -9 and names(tmp_path)[0].startswith(".town.part-")
    if then == "file":
        write_whole(tmp_path / "page.html", b"x")
    else:
        with whole_folder(tmp_path / "page.html") as part:
            (part / "manifest.json").write_text("{}")
    assert names(tmp_path) == ["page.html"]


@pytest.mark.faults(KIND)
@pytest.mark.parametrize(
    ("host", "pid", "hours", "stays"),
    [
        (None, "dead", 0, False),
        (None, "mine", 0, True),
        (None, "mine", 100, True),
        (None, 1, 100, True),
        (None, 10**17, 0, False),
        ("elsewhere", "dead", 23, True),
        ("elsewhere", 1, 25, False),
        ("else-where.1", "mine", 25, False),
        ("", 1, 25, False),
        ("", 1, 0, True),
    ],
)
@pytest.mark.parametrize("what", ["folder", "file", "link"])
def test_only_what_nobody_writes_any_more_goes(tmp_path, dead, host, pid, hours, stays, what):
    part = left(tmp_path / "town", host=host, pid={"dead": dead, "mine": os.getpid()}.get(pid, pid))
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "thesis").write_text("years of work")
    if what == "folder":
        part.mkdir()
        (part / "half").write_text("x")
    elif what == "file":
        part.write_text("x")
    else:
        part.symlink_to(tmp_path / "kept")
    os.utime(part, (time.time() - hours * 3600,) * 2, follow_symlinks=False)
    remove_leftovers(tmp_path)
    assert os.path.lexists(part) == stays
    assert names(tmp_path / "kept") == ["thesis"]


@pytest.mark.parametrize(
    "name", [".town.part-x", "town.part-h-1-1", ".part-h-1-1", ".town.parts-h-1-1", ".town.part-h-1-1.txt"]
)
def test_what_is_called_otherwise_stays(tmp_path, name):
    (tmp_path / name).write_text("x")
    os.utime(tmp_path / name, (0, 0))
    remove_leftovers(tmp_path)
    assert names(tmp_path) == [name]


@pytest.mark.faults(KIND)
@pytest.mark.parametrize("there", [False, True])
def test_an_earlier_run_that_was_moved_aside_is_put_back_or_removed(tmp_path, dead, there):
    """A process was killed between the moment when it moved the earlier run away and that when its own came."""
    aside = left(tmp_path / "town", "old", pid=dead)
    aside.mkdir()
    (aside / "manifest.json").write_text("earlier")
    if there:
        (tmp_path / "town").mkdir()
    remove_leftovers(tmp_path)
    assert names(tmp_path) == ["town"]
    assert names(tmp_path / "town") == ([] if there else ["manifest.json"])


def test_two_who_write_one_file_do_not_disturb_each_other(tmp_path):
    with whole_file(tmp_path / "x") as one:
        one.write_text("one")
        with whole_file(tmp_path / "x") as two:
            two.write_text("two")
        remove_leftovers(tmp_path, now=True)
        assert one.exists()
    assert (tmp_path / "x").read_text() == "one" and names(tmp_path) == ["x"]


def test_a_folder_is_not_looked_through_for_every_file(tmp_path, monkeypatch):
    looked = []
    scan = os.scandir
    monkeypatch.setattr(leftovers.os, "scandir", lambda path: looked.append(path) or scan(path))
    for k in range(50):
        write_whole(tmp_path / str(k), b"")
    assert looked == [tmp_path]
