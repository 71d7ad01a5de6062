"""Commands whose streams are closed, full or no longer read, and disks and memory that refuse."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from o2o_sim.record.archive import write_run

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="asks a shell of Unix"),
    pytest.mark.slow,
]
RUN = "run tiny.yaml --days 3 --out o --engine python --no-plots"
FULL = "stdout: cannot be written: No space left on device\n"

STREAMS = {
    "stdout closed": (f"{RUN} >&-", 0, None),
    "stderr closed": (f"{RUN} 2>&-", 0, ""),
    "all closed": (f"{RUN} <&- >&- 2>&-", 0, ""),
    "a problem, and stderr closed": ("check nothing.yaml 2>&-", 2, ""),
    "stdout full": (f"{RUN} -q >/dev/full", 2, FULL),
    "stderr full": (f"{RUN} 2>/dev/full", 2, ""),
    "help, and stdout full": ("--help >/dev/full", 2, FULL),
    "a reader who has gone": (f"{RUN} -q | true", 141, None),
    "a reader of the first line": ("schema | head -1", 141, ""),
}
FILES = {
    "a report into a folder that refuses": ("report o -o /sys/page.html", "/sys/page.html"),
    "a report where a file is for a folder": ("report o -o tiny.yaml/page.html", "tiny.yaml/page.html"),
    "a report over a folder": ("report o -o o", "o: is a folder"),
    "a report with too long a name": (f"report o -o {'a' * 300}.html", "the name is too long"),
    "a run with too long a name": (f"run tiny.yaml --out {'a' * 300}", "File name too long"),
    "a run below a file": ("run tiny.yaml --out tiny.yaml/o", "tiny.yaml is not a folder"),
    "a new file that refuses": ("new /sys/x.yaml", "/sys/x.yaml: cannot be written"),
    "pictures of nothing": ("plot /sys", "/sys: is not the folder of a run"),
    "a full disk under a run": (f"ulimit -f 8; {RUN} -q", "cannot be written: File too large"),
}


@pytest.fixture
def shell(tmp_path):
    text = (ROOT / "tests" / "scenarios" / "tiny.yaml").read_text(encoding="utf-8")
    (tmp_path / "tiny.yaml").write_text(text.replace("../../scenarios/base.yaml", "base"), encoding="utf-8")

    def shell(line: str) -> subprocess.CompletedProcess:
        before, _, command = line.rpartition("; ")
        program = f"{sys.executable} -m o2o_sim"
        script = f"set -o pipefail; {before or ':'}; {program} {command}"
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )  # fmt: skip

    return shell


@pytest.mark.faults("streams and signals")
@pytest.mark.parametrize("name", STREAMS)
def test_what_is_written_does_not_depend_on_who_reads(name, shell, tmp_path):
    line, code, said = STREAMS[name]
    done = shell(line)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
    if said is not None:
        assert done.stderr == said
    assert (tmp_path / "o" / "files.json").is_file() == line.startswith("run")


@pytest.mark.faults("streams and signals")
@pytest.mark.parametrize("name", FILES)
def test_a_disk_that_refuses_is_told_of_with_the_file(name, shell, tmp_path, tiny_result):
    line, said = FILES[name]
    if line.startswith("report"):
        write_run(tmp_path / "o", tiny_result.frames, tiny_result.manifest)
    done = shell(line)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr and "fault of" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {"tiny.yaml", "o"}


@pytest.mark.faults("streams and signals")
@pytest.mark.parametrize("megabytes", [60, 300, 550])
def test_too_little_memory_is_told_of(megabytes, shell, tmp_path):
    done = shell(f"ulimit -v {megabytes * 1000}; {RUN}")
    assert done.returncode == 2, done.stderr
    assert "memory" in done.stderr and "ulimit -v" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o").exists()


def test_pictures_can_be_drawn_later(shell, tmp_path):
    assert shell(RUN).returncode == 0
    assert not (tmp_path / "o" / "plots").exists()
    done = shell("plot o -q")
    assert (done.returncode, done.stdout) == (0, "7 pictures in o/plots\n")
    assert len(list((tmp_path / "o" / "plots").glob("*.png"))) == 7
    assert shell("report o").returncode == 0
