"""What the terminal said stands in the folder that came of it, without colours and bars, and changes nothing else."""

from __future__ import annotations

import io
import os
import re
import sys
import time
import warnings

import pytest
from rich.console import Console
from rich.progress import Progress
from typer.testing import CliRunner

from o2o_sim import load_run, run
from o2o_sim.cli import app
from o2o_sim.errors import ScenarioError
from o2o_sim.record.archive import tables_digest
from o2o_sim.record.runlog import log_into, logged


def log_of(folder):
    return (folder / "run.log").read_text(encoding="utf-8")


class Terminal(io.StringIO):
    def isatty(self):
        return True


# -- commands and functions ---------------------------------------------------------------------------------
def test_a_command_leaves_what_it_said_in_its_folder(tiny, tmp_path, monkeypatch):
    folder = tmp_path / "town"
    line = ["run", str(tiny), "--days", "40", "--out", str(folder)]
    monkeypatch.setattr(sys, "argv", ["o2o-sim", *line])
    done = CliRunner().invoke(app, line)
    head, _, said = log_of(folder).partition("\n\n")
    assert f"command: o2o-sim run {tiny} --days 40 --out {folder}" in head
    assert re.search(r"began: \d{4}-\d\d-\d\dT.*\nended: .* after \d+\.\d s, done\nseed: \d", head)
    assert "python 3." in head and "o2o_sim 0." in head and "numpy " in head
    plain = [text.rstrip() for text in done.output.strip().splitlines()]  # of both streams, as they came
    assert said.strip().splitlines() == plain
    assert len(load_run(folder).daily) == 40


def test_a_function_leaves_its_warnings_and_versions(tiny, tmp_path, monkeypatch):
    from o2o_sim.record.frames import Encoder

    monkeypatch.setattr(Encoder, "frame", lambda self: 1 / 0)
    with pytest.warns(RuntimeWarning, match="no replay of this run"):
        run(tiny, out=tmp_path / "town", days=3)
    log = log_of(tmp_path / "town")
    assert "command: o2o_sim.run()" in log and "versions: o2o_sim" in log
    assert "RuntimeWarning: there is no replay of this run: ZeroDivisionError" in log


def test_a_command_that_is_refused_leaves_no_log(tmp_path):
    assert CliRunner().invoke(app, ["run", "nowhere.yaml", "--out", str(tmp_path / "x")]).exit_code == 2
    assert not (tmp_path / "x").exists()


def test_a_study_adds_to_its_log_each_time_it_is_asked(tmp_path):
    for replicates in ("1", "2"):
        line = [
            "replicate",
            "classroom",
            "--replicates",
            replicates,
            "--set",
            "days=2",
            "--set",
            "population=200",
        ]
        done = CliRunner().invoke(app, [*line, "--workers", "1", "--out", str(tmp_path / "study")])
        assert done.exit_code == 0, done.output
    log = log_of(tmp_path / "study")
    assert log.count("command: ") == 2 and "runs: 1\n" in log and "runs: 2\n" in log
    assert re.search(r"seeds: \d+ to \d+, 2 in all", log)


def test_a_log_changes_neither_results_nor_the_list_of_files(tiny, tmp_path):
    with logged("one"):
        one = run(tiny, out=tmp_path / "one", days=5)
    two = run(tiny, out=False, days=5)
    assert tables_digest(tmp_path / "one") == tables_digest(two.frames) == tables_digest(one.frames)
    (tmp_path / "one" / "run.log").unlink()
    load_run(tmp_path / "one")


# -- what is told -------------------------------------------------------------------------------------------
def told(write, tmp_path, *, terminal=True):
    stream = Terminal() if terminal else io.StringIO()
    before, sys.stderr = sys.stderr, stream
    try:
        with logged("x", terminal=True):
            log_into(tmp_path, {})
            write()
    finally:
        sys.stderr = before
    return log_of(tmp_path).partition("\n\n")[2].strip(), stream.getvalue()


@pytest.mark.parametrize("transient", [True, False])
def test_bars_and_colours_are_left_out(tmp_path, transient):
    def write():
        console = Console(stderr=True, force_terminal=True, width=80)
        console.print("before", style="bold red")
        with Progress(console=console, transient=transient) as bar:
            task = bar.add_task("Simulating", total=3)
            for _ in range(3):
                bar.update(task, advance=1)
                bar.refresh()
                console.print("a warning on the way")
                time.sleep(0.01)
        console.print("[green]after[/]")

    said, shown = told(write, tmp_path)
    assert "\x1b" in shown and "\x1b" not in said
    lines = [line for line in said.splitlines() if "Simulating" not in line]
    assert lines == ["before", *["a warning on the way"] * 3, "after"]
    assert said.count("Simulating") == (not transient)


@pytest.mark.faults("What the terminal said")
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("one\rtwo\n", "two"),
        ("one\r\ntwo", "one\ntwo"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x1b[2Kb", "b"),
        ("a\nb\n\x1b[1A\x1b[2Kc", "a\nc"),
        ("a\x1b[99Ab", "b"),
        ("bell\x07 and \x1b]0;title\x07", "bell\\x07 and \\x1b]0;title\\x07"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("店 ½ é", "店 ½ é"),
        ("lone \ud800", "lone \\ud800"),
    ],
)
def test_what_moves_or_hides_on_a_terminal_is_plain_text(tmp_path, text, kept):
    assert told(lambda: sys.stderr.write(text), tmp_path)[0] == kept


def test_a_very_long_story_keeps_its_end(tmp_path):
    said, _ = told(lambda: [sys.stderr.write(f"line {k}\n") for k in range(20_000)], tmp_path)
    assert said.endswith("line 19999") and len(said) < 100_000


def test_a_fault_ends_the_log_and_is_raised(tmp_path):
    with pytest.raises(ScenarioError), logged("x"):
        log_into(tmp_path, {})
        raise ScenarioError("no")
    assert "stopped by ScenarioError" in log_of(tmp_path)


def test_streams_and_warnings_are_put_back(tmp_path):
    before = sys.stdout, sys.stderr, warnings.showwarning
    for terminal in (True, False):
        with pytest.raises(KeyboardInterrupt), logged("x", terminal=terminal):
            raise KeyboardInterrupt
    assert (sys.stdout, sys.stderr, warnings.showwarning) == before


@pytest.mark.faults("What the terminal said")
@pytest.mark.parametrize("way", ["pipe", "link", "folder", "no folder"])
def test_a_log_that_cannot_be_written_costs_nothing(tmp_path, way):
    path = tmp_path / "run" / "run.log"
    (tmp_path / "secret").write_text("mine")
    if way != "no folder":
        path.parent.mkdir()
    if way == "pipe":
        os.mkfifo(path)
    elif way == "link":
        path.symlink_to(tmp_path / "secret")
    elif way == "folder":
        path.mkdir()
    with logged("x"):
        log_into(path.parent, {})
    assert (tmp_path / "secret").read_text() == "mine"
