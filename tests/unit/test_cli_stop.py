"""Ctrl-C and SIGTERM end a command at any moment: no traceback, the right exit code, what is kept, nothing half
written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows cannot send itself Ctrl-C"),
    pytest.mark.slow,
]

AT_MOMENT = """
import os, signal, sys
event, part, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
done = []
def hook(name, arguments):
    if not done and name == event and any(part in str(a) for a in arguments[:2]):
        done.append(name)
        os.kill(os.getpid(), number)
sys.addaudithook(hook)
sys.argv[:] = ["o2o-sim", *sys.argv[4:]]
from o2o_sim.__main__ import main
main()
"""
"""A command that gets a signal when Python tells of an event with this word in what it is about."""


class Moment(NamedTuple):
    """Where a command is when the signal comes, and what it says at its end."""

    command: str
    event: str
    about: str
    said: str


RUN, REPORT = "run tiny.yaml --days 3 --out o --engine python", "report o -o page.html"
MOMENTS = {
    "before the command is known": Moment("check tiny.yaml", "import", "typer", "Stopped."),
    "importing": Moment(RUN, "import", "numpy", "Stopped."),
    "reading": Moment("check tiny.yaml", "open", "tiny.yaml", "Stopped."),
    "a library of compiled code": Moment(RUN, "import", "scipy.sparse", "Nothing was written."),
    "building": Moment(RUN, "import", "o2o_sim.model", "Nothing was written."),
    "writing": Moment(RUN, "open", "ledger.parquet", "Nothing was written."),
    "drawing": Moment(RUN, "open", "rents.png", "Nothing was written."),
    "giving the folder its name": Moment(RUN, "os.rename", ".part-", "Nothing was written."),
    "showing": Moment(RUN, "import", "o2o_sim.show.tables", "The run is written: o"),
}


@pytest.fixture
def folder(tmp_path):
    text = (ROOT / "tests" / "scenarios" / "tiny.yaml").read_text(encoding="utf-8")
    (tmp_path / "tiny.yaml").write_text(text.replace("../../scenarios/base.yaml", "base"), encoding="utf-8")
    return tmp_path


def stopped(folder: Path, moment: Moment, number: int) -> subprocess.CompletedProcess:
    said = [moment.event, moment.about, str(number), *moment.command.split()]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", AT_MOMENT, *said], cwd=folder, env=environment, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.faults("streams and signals")
@pytest.mark.parametrize("name", MOMENTS)
def test_a_signal_ends_a_command_plainly(name, folder):
    number = signal.SIGINT if list(MOMENTS).index(name) % 2 else signal.SIGTERM
    done = stopped(folder, MOMENTS[name], number)
    assert done.returncode == 128 + number, done.stderr
    assert "Traceback" not in done.stderr and "ignored" not in done.stderr
    assert MOMENTS[name].said in done.stderr
    there = {path.name for path in folder.iterdir()}
    assert there == ({"tiny.yaml", "o"} if name == "showing" else {"tiny.yaml"})


def test_a_signal_that_a_library_keeps_to_itself_comes_again():
    """It raises in a weak reference's callback, which can raise nothing."""
    code = """
import os, signal, sys, time, weakref
from o2o_sim import cli_stop
from o2o_sim.errors import Stopped
class Thing: pass
cli_stop.listen()
thing = Thing()
reference = weakref.ref(thing, lambda gone: os.kill(os.getpid(), signal.SIGINT))
try:
    with cli_stop.working():
        del thing
        time.sleep(300)
except Stopped as stop:
    sys.exit(stop.code)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (130, "")
