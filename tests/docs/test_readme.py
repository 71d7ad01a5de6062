"""What the README and the other pages promise: commands, phases, Python that runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest
import typer
from documents import DOCUMENTS, ROOT, blocks_to_run, command_lines, table_rows, text

from o2o_sim.cli import app
from o2o_sim.model import DAY

README = ROOT / "README.md"
MOST_WORDS = 1100
COMMANDS = typer.main.get_command(app).commands


def lines_with(first: str) -> list[list[str]]:
    """All command lines of all documents that begin with a program, split into words."""
    found = [line for document in DOCUMENTS for line in command_lines(document)]
    return [shlex.split(line) for line in dict.fromkeys(found) if line.split()[:1] == [first]]


def test_the_two_commands_come_first():
    assert [line.split()[:2] for line in command_lines(README)[:2]] == [["make", "run"], ["make", "test"]]


@pytest.mark.parametrize("words", lines_with("o2o-sim"), ids=" ".join)
def test_every_command_and_option_exists(words):
    if len(words) == 1 or words[1].startswith("-"):
        return
    options = {o for p in COMMANDS[words[1]].params for o in p.opts} | {"--help"}
    assert {w for w in words[2:] if w.startswith("-")} <= options


def test_commands_call_shipped_files_by_name():
    """Paths of the repository lead nowhere for who has installed the package."""
    words = [word for line in lines_with("o2o-sim") for word in line]
    assert [word for word in words if word.startswith(("scenarios/", "experiments/"))] == []


def test_every_command_of_the_program_is_told_of():
    told = {words[1] for words in lines_with("o2o-sim") if len(words) > 1}
    assert set(COMMANDS) <= told


@pytest.mark.parametrize("words", lines_with("make"), ids=" ".join)
def test_every_target_exists(words):
    targets = set(re.findall(r"^([a-z-]+):.*  ## ", text(ROOT / "Makefile"), re.MULTILINE))
    assert {w for w in words[1:2] if "=" not in w} <= targets


@pytest.mark.parametrize("words", lines_with("python"), ids=" ".join)
def test_every_script_and_module_exists(words):
    if len(words) == 1:  # the engine of that name
        return
    if words[1] == "-m" and words[2] not in sys.stdlib_module_names:
        path = ROOT / words[2].replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
    elif words[1] != "-m":
        assert (ROOT / words[1]).is_file()


def test_a_newcomer_need_not_read_long():
    assert len(text(README).split()) <= MOST_WORDS


def test_the_phases_of_the_day_are_those_of_the_model():
    rows = table_rows(ROOT / "docs/model.md", "The model on one page")
    assert [(int(number), name.strip("`")) for number, name, _ in rows] == list(
        enumerate((name for name, _ in DAY), start=1)
    )


def test_every_shipped_scenario_is_told_of():
    rows = table_rows(ROOT / "docs/scenarios.md", "Shipped scenarios")
    told = {name for row in rows for name in re.findall(r"`(\S+)`", row[0])}
    assert told == {path.name for path in ROOT.glob("scenarios/*.yaml")}


@pytest.mark.parametrize("code", [*blocks_to_run(README), *blocks_to_run(ROOT / "docs/python.md")])
def test_the_python_that_is_shown_runs(code, beside_my_city):
    small = text(beside_my_city / "my_city.yaml").replace("population: 10_000", "population: 1000")
    (beside_my_city / "my_city.yaml").write_text(small, encoding="utf-8")
    (beside_my_city / "block.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "block.py"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "survived" in done.stdout
    assert not (beside_my_city / "runs").exists()
