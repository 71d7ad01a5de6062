"""The command line: exit codes, streams, and what is imported when."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from numba.core import event

import o2o_sim
from o2o_sim import cli, cli_app
from o2o_sim.errors import Problem, ScenarioError
from o2o_sim.scenario.describe import starter_text

ROOT = Path(__file__).parents[2]
COMMANDS = ["check", "run", "schema", "new"]


@pytest.fixture
def call(monkeypatch, capsys):
    """Run the command in this process; returns (exit code, stdout, stderr)."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["o2o-sim", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return call


@pytest.fixture
def city(tmp_path):
    path = tmp_path / "city.yaml"
    path.write_text(starter_text())
    return path


@pytest.fixture
def simulate(monkeypatch):
    """Stands in for the simulation: notes how it was called, and does what `does` says."""
    calls = SimpleNamespace(arguments=None, does=lambda: None)

    def run(path, **options):
        calls.arguments = (path, options)
        for day in range(3):
            if options["progress"]:
                options["progress"](day, 3, date(2013, 1, 1) + timedelta(days=day))
        calls.does()
        return SimpleNamespace(folder=Path("runs/[abc]"))

    for name, content in {
        "o2o_sim.studies.run": {"run": run},
        "o2o_sim.show.tables": {"outcome_tables": lambda result: ["first table", "second table"]},
    }.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    return calls


def fresh(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_help_names_the_commands_and_every_command_has_an_example(call):
    code, out, _ = call("--help")
    assert code == 0
    for name in COMMANDS:
        assert name in out
        code, text, _ = call(name, "--help")
        assert code == 0
        assert f"Example: o2o-sim {name}" in text


def test_nothing_heavy_is_imported_for_help():
    code = "import sys, o2o_sim, o2o_sim.cli; print(*sys.modules)"
    loaded = set(fresh("-c", code).stdout.split())
    assert "o2o_sim.cli" in loaded
    assert not loaded & {
        "numpy",
        "numba",
        "mesa",
        "pydantic",
        "yaml",
        "pandas",
        "scipy",
        "matplotlib",
        "networkx",
    }


def test_the_package_imports_on_demand():
    code = "import sys, o2o_sim; print(len(sys.modules)); o2o_sim.load_scenario; print('yaml' in sys.modules)"
    count, later = fresh("-c", code).stdout.split()
    assert int(count) < 150
    assert later == "True"
    assert o2o_sim.ScenarioError is ScenarioError
    assert set(o2o_sim.__all__) <= set(dir(o2o_sim))
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = o2o_sim.nothing_like_it


def test_the_version_is_that_of_the_project(call):
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert o2o_sim.__version__ == declared
    assert call("--version") == (0, f"o2o-sim {declared}\n", "")


def test_as_a_module():
    done = fresh("-m", "o2o_sim", "--version")
    assert (done.returncode, done.stdout) == (0, f"o2o-sim {o2o_sim.__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["check"], ["run"], ["run", "x", "--days", "0"], ["run", "x", "--seed", "a"], ["check", "--zz"],
     ["run", "x", "--engine", "gpu"], ["run", "x", "--threads", "0"], ["new"], ["schema", "x", "y"]],
)  # fmt: skip
def test_a_wrong_command_line_is_exit_2_without_a_traceback(call, arguments):
    code, out, err = call(*arguments)
    assert code == 2
    assert "Usage" in out + err
    assert "Traceback" not in out + err


def test_without_arguments_the_help_is_shown(call):
    code, out, err = call()
    assert code in (0, 2)  # it depends on the version of typer
    assert "Commands" in out + err


def test_check_shows_what_a_good_file_resolves_to(call, city):
    code, out, err = call("check", city)
    assert (code, err) == (0, "")
    assert f"{city}: ok" in out
    assert "main_street" in out
    assert call("check", city, "--quiet") == (0, "", "")


def test_check_reports_all_problems_of_all_files_once(call, city, tmp_path):
    base, one, two, gone = (tmp_path / name for name in ("base.yaml", "one.yaml", "two.yaml", "[gone].yaml"))
    base.write_text(starter_text() + "dayz: 3\n")
    one.write_text("extends: base.yaml\npopulation: '5'\n")
    two.write_text("extends: base.yaml\nseed: -1\nname: 5\n")
    code, out, err = call("check", one, city, two, gone)
    assert code == 2
    assert f"{city}: ok" in out
    assert err.count("dayz: is not a key here") == 1
    for part in (
        f"{one}:2:13: population",
        f"{two}:2:7: seed",
        f"{two}:3:7: name",
        f"{gone}: cannot be read",
    ):
        assert part in err
    assert "    population: '5'\n                ^\n  remove the quotes\n" in err
    assert "Traceback" not in err


def test_earlier_names_are_warned_of_once_each_and_are_no_fault(call, city, tmp_path):
    old, study = tmp_path / "old.yaml", tmp_path / "study.yaml"
    old.write_text("extends: city.yaml\ncategories: {clothing: {without: -2}}\n")
    study.write_text(
        "base: old.yaml\nset: {categories.groceries.without: -4}\nfactors: {levers.rent_x: [1, 2]}\n"
    )
    code, out, err = call("check", old, old, study)
    assert code == 0 and f"{old}: ok" in out
    assert err.count("warning: ") == err.count("is called 'outside_option' now") == 2
    assert f"warning: {old}:2:25: categories.clothing.without: is called" in err
    assert f"warning: {study}:2:37: set.categories.groceries.without: is called" in err


def test_check_takes_overrides(call, city):
    assert call("check", city, "--set", "days=5", "--set", "levers.rent_x=2", "-q")[0] == 0
    code, _, err = call("check", city, "--set", "dayz=5")
    assert code == 2
    assert err == "--set dayz=5: dayz: is not a key here\n  did you mean days?\n"


def test_run_hands_everything_on_and_shows_tables_and_folder(call, city, simulate):
    code, out, err = call(
        "run",
        city,
        "--out",
        "there",
        "--seed",
        7,
        "--days",
        3,
        "--set",
        "levers.rent_x=2",
        "--set",
        "messages={}",
        "--threads",
        2,
        "--engine",
        "python",
        "--shards",
        2,
        "--cluster",
        "local",
        "--no-plugins",
    )
    path, options = simulate.arguments
    assert code == 0
    assert [line.partition(" ")[0] for line in err.splitlines() if line] == [
        "Rents",
        "Shops",
    ]  # what changes by itself
    assert path == city
    assert callable(options.pop("progress"))
    assert callable(options.pop("drawing"))
    assert options == {
        "out": Path("there"),
        "seed": 7,
        "days": 3,
        "overrides": ("levers.rent_x=2", "messages={}"),
        "threads": 2,
        "engine": "python",
        "from_state": None,
        "checkpoint": None,
        "checkpoint_days": None,
        "plugins": False,
        "plots": True,
        "shards": 2,
        "cluster": "local",
    }
    assert out.split("\n") == [
        "first table",
        "second table",
        "Next: o2o-sim report 'runs/[abc]' --open",
        "runs/[abc]",
        "",
    ]


def test_run_warns_of_changes_without_effect(call, city, simulate):
    """Of overrides only, before the first day; a label or an engine is not meant to change what becomes of a city."""
    err = call("run", city, "--set", "entry.policy=none", "--set", "entry.margin_wanted=0.9")[2]
    assert "entry.margin_wanted: this change has no effect" in err
    for said in ("levers.rent_x=2", "name=Another", "engine=python", "limits.shops=77"):
        assert "no effect" not in call("run", city, "--set", said)[2], said


def test_run_by_default_leaves_the_file_alone(call, city, simulate):
    assert call("run", city, "--quiet") == (0, "runs/[abc]\n", "")
    options = simulate.arguments[1]
    assert options["plugins"] is True
    assert options["overrides"] == ()
    assert [options[name] for name in ("out", "seed", "days", "threads", "engine")] == [None] * 5


def test_progress_shows_the_simulated_date_on_stderr(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    with cli_app.progress_bar(quiet=False) as bar:
        bar.day(4, 10, date(2013, 1, 5))
    out, err = capsys.readouterr()
    assert out == ""
    assert "2013-01-05" in err
    assert "50 %" in err
    with cli_app.progress_bar(quiet=False) as bar:
        bar.day(9, 10, date(2013, 1, 5))
        bar.picture(1, 4, "rents")
    err = capsys.readouterr().err
    assert "Drawing rents" in err
    assert "25 %" in err
    with cli_app.progress_bar(quiet=True) as bar:
        assert bar is None


def test_compiling_is_told_and_what_is_compiled_already_is_not(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    for functions in (2, 0):
        with cli_app.progress_bar(quiet=False):
            for _ in range(functions):
                with event.trigger_event("numba:compile"):
                    pass
        err = capsys.readouterr().err
        assert (err.count(cli_app.COMPILING), "Compiling (2 functions)" in err) == (
            functions // 2,
            functions > 0,
        )


def test_bad_input_is_exit_2_as_plain_text(call, city, simulate):
    def fail():
        raise ScenarioError(
            [Problem("is [bold]odd[/bold]", file="a.yaml", line=1, column=1, excerpt="x: [red]")]
        )

    simulate.does = fail
    code, out, err = call("run", city, "--quiet")
    assert (code, out) == (2, "")
    assert err == "a.yaml:1:1: is [bold]odd[/bold]\n    x: [red]\n    ^\n"


def test_a_fault_of_ours_says_so_and_shows_where(call, city, simulate):
    simulate.does = lambda: 1 / 0
    code, out, err = call("run", city, "--quiet")
    assert (code, out) == (1, "")
    assert err.startswith("This is a fault of o2o-sim, not of your scenario. Please report it")
    assert "ZeroDivisionError" in err
    assert Path(__file__).name in err


def test_ctrl_c_is_130(call, city, simulate):
    def stop():
        raise KeyboardInterrupt

    simulate.does = stop
    assert call("run", city, "--quiet") == (130, "", f"Stopped. {cli.NOTHING_WRITTEN}\n")


def test_schema_is_json_on_stdout(call):
    code, out, err = call("schema")
    assert (code, err) == (0, "")
    assert "extends" in json.loads(out)["properties"]


def test_a_reader_that_has_seen_enough_is_no_fault():
    line = f"{sys.executable} -m o2o_sim schema | head -c 20"
    done = subprocess.run(
        ["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""


def test_new_writes_a_file_that_checks_and_never_overwrites(call, tmp_path):
    path = tmp_path / "mine.yaml"
    code, out, err = call("new", path)
    assert (code, err) == (0, "")
    assert f"o2o-sim run {path}" in out
    assert call("check", path, "-q")[0] == 0
    path.write_text("mine")
    code, _, err = call("new", path)
    assert code == 2
    assert "left alone" in err
    assert path.read_text() == "mine"
    code, _, err = call("new", tmp_path / "no" / "folder.yaml")
    assert code == 2
    assert "cannot be written" in err


def test_names_that_the_terminal_cannot_show_do_not_end_the_run(city):
    city.write_text(starter_text().replace("main_street", "\u5357\u4eac\u8def"), encoding="utf-8")
    done = fresh("-m", "o2o_sim", "check", str(city), env={"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin"})
    assert done.returncode == 0, done.stderr
    assert "\\u5357" in done.stdout
