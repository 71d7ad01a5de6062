"""What a run reads has one digest, which changes with whatever of it changes; and what runs is what was digested."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from code import InteractiveInterpreter
from collections import namedtuple
from pathlib import Path

import numba
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.inputs.inputs import inputs_of
from o2o_sim.inputs.loading import load
from o2o_sim.inputs.memory import memory_digest
from o2o_sim.inputs.sources import sources_of
from o2o_sim.market.binding import Rule
from o2o_sim.market.compiled import compilable, rebind
from o2o_sim.scenario.load import load_scenario
from o2o_sim.studies import engines
from o2o_sim.studies.job import Job, check_same, job, key_of

pytestmark = pytest.mark.faults("inputs")

FILES = {
    "zones.csv": "name,population\nnorth,500\nsouth,700\n",
    "stores.csv": "name,category,format,area_m2\nA,groceries,supermarket,100\n",
    "ways.csv": "from,to,minutes\nnorth,south,10\nsouth,north,10\nnorth,A,10\nsouth,A,10\n",
    "lab_helper.py": "import lab_deep\nRATE = 2.0\ndef scale(x):\n    return x * RATE + lab_deep.shift(x)\n",
    "lab_deep.py": "def shift(x):\n    return 0.25\n",
    "lab_late.py": "STEP = 1\n",
    "lab_pack/__init__.py": "START = 1.0\nfrom .inner import lift\n",
    "lab_pack/inner.py": "from . import START, deeper\ndef lift(x):\n    return START + deeper.UP\n",
    "lab_pack/deeper.py": "UP = 0.5\n",
    "lab_space/part/push.py": "def push(x):\n    return 4.0\n",
    "lab_chosen.py": "def add(x):\n    return 8.0\n",
    "lab_kinds/__init__.py": "",
    "lab_kinds/one.py": "def kind(x):\n    return 16.0\n",
    "lab_star.py": "__all__ = ['far']\ndef far(x):\n    return 32.0\n",
    "mine.py": """
import importlib
import lab_helper
import lab_pack
import lab_space.part.push
from lab_star import *

chosen = importlib.import_module("lab_chosen").add
kind = importlib.import_module(f"lab_kinds.{'one'}").kind
START = 64.0

def value(me, offer, trip, today):
    x = me.income
    near = lab_helper.scale(x) + lab_pack.lift(x) + lab_space.part.push.push(x)
    return near + chosen(x) + kind(x) + far(x) + START

def late():
    import lab_late
    return lab_late.STEP
""",
}
Me = namedtuple("Me", "income")
ME = Me(1.0)
CODE = {
    "the plugin": ("mine.py", "64.0", "65.0"),
    "a helper": ("lab_helper.py", "x * RATE", "x * 2 * RATE"),
    "a constant of a helper": ("lab_helper.py", "RATE = 2.0", "RATE = 3.0"),
    "a helper of a helper": ("lab_deep.py", "0.25", "0.75"),
    "the start of a package": ("lab_pack/__init__.py", "1.0", "1.5"),
    "a relative import": ("lab_pack/inner.py", "START + ", "2 * START + "),
    "a module taken from a package": ("lab_pack/deeper.py", "0.5", "0.75"),
    "a package without a start": ("lab_space/part/push.py", "4.0", "5.0"),
    "a module imported by its name": ("lab_chosen.py", "8.0", "9.0"),
    "a module whose name is put together": ("lab_kinds/one.py", "16.0", "17.0"),
    "all that a module lists": ("lab_star.py", "32.0", "33.0"),
}
READ = {
    "a census": ("zones.csv", "500", "501"),
    "a travel table": ("ways.csv", "10", "30"),
    "shops": ("stores.csv", "100", "101"),
    "an import inside a function": ("lab_late.py", "1", "2"),
}
SCENARIO = """
extends: {tiny}
plugins: [mine]
consumers: {{value: mine.value}}
days: 3
city: {{centres: null, river: null, metro: null, width_km: null, height_km: null, import: {{zones: zones.csv, stores: stores.csv, travel: ways.csv}}}}
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch):
    """A folder with a plugin and all that it imports, from which Python imports."""
    for name, text in FILES.items():
        write(tmp_path, name, text)
    tiny = Path(__file__).parents[2] / "scenarios" / "tiny.yaml"
    write(tmp_path, "case.yaml", SCENARIO.format(tiny=tiny).replace("city:", "#city:"))
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [n for n in sys.modules if n.startswith(("lab_", "o2o_plugin_mine"))]:
        del sys.modules[name]


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    write(folder, name, text.replace(old, new))


def rule(folder: Path):
    return load(folder / "mine.py").module.value


def _call(x):
    return value(x, 0.0, 0.0, 0.0)  # noqa: F821


def compiled(function, x) -> float:
    """What compiled code that calls a rule finds."""
    return numba.njit(rebind(_call, {"value": compilable(function)}))(x)


def everything(folder: Path) -> tuple[str, str, str]:
    """The key of a run, the digest of what it reads, and what compiled code of its rule is known by."""
    spec = load_scenario(folder / "case.yaml")
    return key_of(spec, 1), inputs_of(spec).digest, Rule.of(rule(folder), ()).digest


@pytest.mark.parametrize("what", [*CODE, *READ])
def test_whatever_a_run_reads_changes_its_key_and_its_digest(lab, what):
    name, old, new = (CODE | READ)[what]
    write(lab, "case.yaml", (lab / "case.yaml").read_text().replace("#city:", "city:"))
    text = (lab / name).read_text()
    before = everything(lab)
    spec = load_scenario(lab / "case.yaml")
    asked = Job(key_of(spec, 1), spec, 1, inputs=inputs_of(spec))
    edit(lab, name, old, new)
    after = everything(lab)
    assert before[0] != after[0] and before[1] != after[1]
    assert (before[2] != after[2]) == name.endswith(".py")
    with pytest.raises(
        ScenarioError, match=r"is not what it was when the study began: the (file|module) .* is not the same"
    ):
        check_same(asked)
    write(lab, name, text)
    assert everything(lab) == before
    check_same(asked)


@pytest.mark.parametrize("what", CODE)
def test_after_a_change_compiled_and_interpreted_code_agree(lab, what):
    """In the process that had the old one."""
    name, old, new = CODE[what]
    first = rule(lab)
    assert first(ME, 0, 0, 0) == compiled(first, ME) == 2.25 + 1.5 + 4 + 8 + 16 + 32 + 64
    edit(lab, name, old, new)
    second = rule(lab)
    assert second(ME, 0, 0, 0) == compiled(second, ME) != 2.25 + 1.5 + 4 + 8 + 16 + 32 + 64


def test_another_process_finds_the_same_after_all_changes(lab):
    rule(lab)
    for name, old, new in CODE.values():
        edit(lab, name, old, new)
    assert elsewhere(lab) == [*everything(lab), rule(lab)(ME, 0, 0, 0)]


def elsewhere(lab: Path) -> list:
    """The same in a new process."""
    code = (
        "import json, sys; from pathlib import Path; from tests.unit.inputs.test_inputs import ME, everything, rule;"
        "lab = Path(sys.argv[1]); print(json.dumps([*everything(lab), rule(lab)(ME, 0, 0, 0)]))"
    )
    path = os.pathsep.join([str(lab), str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")])
    found = subprocess.run(
        [sys.executable, "-c", code, str(lab)], env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(found.stdout)


def test_a_helper_that_was_imported_before_by_others_is_not_met_again(lab):
    import lab_helper

    assert lab_helper.RATE == 2.0
    edit(lab, "lab_helper.py", "RATE = 2.0", "RATE = 3.0")
    assert rule(lab).__globals__["lab_helper"].RATE == 3.0
    assert sys.modules["lab_helper"] is not lab_helper


def test_a_helper_that_is_what_its_file_says_stays(lab):
    import lab_helper

    assert rule(lab).__globals__["lab_helper"] is lab_helper


def test_an_import_inside_a_function_finds_what_was_digested(lab):
    module = load(lab / "mine.py").module
    assert module.late() == 1
    edit(lab, "lab_late.py", "1", "2")
    assert load(lab / "mine.py").module.late() == 2


# -- rules of a notebook -----------------------------------------------------------------------------------------
NOTEBOOK = """
RATE = 2.0
TABLE = (1.0, 2.0)

def near(x):
    return x * RATE

def made(step):
    def value(me, offer, trip, today):
        return near(me) + step + TABLE[1]
    return value

value = made(1.0)
"""


def run_cell(text: str, space: dict) -> None:
    InteractiveInterpreter(space).runcode(compile(text, "<cell>", "exec"))


@pytest.mark.parametrize(
    "cell",
    ["RATE = 3.0", "TABLE = (1.0, 5.0)", "value = made(2.0)", "def near(x):\n    return x + 7.0"],
)
def test_a_cell_of_a_notebook_that_changes_a_rule_gives_a_new_compilation(cell):
    space: dict = {"__name__": "__main__"}
    run_cell(NOTEBOOK, space)
    before = Rule.of(space["value"], ()).digest
    assert compiled(space["value"], 1.0) == space["value"](1.0, 0, 0, 0) == 5.0
    assert Rule.of(space["value"], ()).digest == before
    run_cell(cell, space)
    assert Rule.of(space["value"], ()).digest != before
    assert compiled(space["value"], 1.0) == space["value"](1.0, 0, 0, 0) != 5.0


def test_what_a_rule_does_not_use_does_not_change_it():
    space: dict = {"__name__": "__main__"}
    run_cell(NOTEBOOK + "OTHER = 1\n", space)
    before = memory_digest(space["value"])
    run_cell("OTHER = 2\ndef other():\n    return 3\n", space)
    assert memory_digest(space["value"]) == before


# -- libraries ---------------------------------------------------------------------------------------------------
def library(folder: Path, version: str, before: str = "") -> None:
    """An installed distribution with one module."""
    if before:
        (folder / f"Lab_tools-{before}.dist-info").rename(folder / f"Lab_tools-{version}.dist-info")
    write(folder, "lab_tools.py", f"VERSION = '{version}'\n")
    info = f"Lab_tools-{version}.dist-info"
    write(folder, f"{info}/METADATA", f"Metadata-Version: 2.1\nName: Lab_tools\nVersion: {version}\n")
    write(folder, f"{info}/RECORD", f"lab_tools.py,,\n{info}/METADATA,,\n{info}/RECORD,,\n")


@pytest.mark.parametrize("where", ["plugin", "helper", "inside a function"])
def test_the_version_of_a_library_counts(lab, where):
    library(lab, "1.0")
    file = "lab_helper.py" if where == "helper" else "mine.py"
    line = "def more():\n    import lab_tools\n" if where == "inside a function" else "import lab_tools\n"
    write(lab, file, (lab / file).read_text() + line)
    spec = load_scenario(lab / "case.yaml")
    before = everything(lab)
    found = inputs_of(spec)
    assert found.libraries["lab-tools"] == "1.0" and "lab_tools" not in found.modules
    asked = job(spec, 1)
    library(lab, "1.1", "1.0")
    after = elsewhere(lab)
    assert [a != b for a, b in zip(before, after)] == [True] * 3
    with pytest.raises(ScenarioError, match=r"lab-tools has changed from 1.0 to 1.1 while this process ran"):
        engines.carry_out(asked)


def test_a_worker_with_another_version_of_a_library_says_which(lab, monkeypatch):
    from o2o_sim.inputs import inputs as module

    asked = job(load_scenario(lab / "case.yaml"), 1)
    monkeypatch.setattr(module, "always", lambda: {**asked.inputs.libraries, "numpy": "1.0"})
    with pytest.raises(ScenarioError, match=r"the library numpy is 1\.0 in place of \d"):
        check_same(asked)


def test_a_project_that_is_installed_in_place_counts_by_its_files(lab):
    info = "lab_helper-1.0.dist-info"
    write(lab, f"{info}/METADATA", "Metadata-Version: 2.1\nName: lab_helper\nVersion: 1.0\n")
    write(lab, f"{info}/RECORD", f"{info}/METADATA,,\n{info}/RECORD,,\n__editable__.lab_helper.pth,,\n")
    assert "lab_helper" in sources_of(lab / "mine.py").modules


def test_libraries_and_python_are_not_followed(lab):
    write(lab, "mine.py", "import json, numpy.linalg, pandas\nfrom o2o_sim.plugin import value\n")
    found = sources_of(lab / "mine.py")
    assert found.modules == {} and set(found.libraries) == {"numpy", "pandas"}
