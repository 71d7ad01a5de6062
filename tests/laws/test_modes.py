"""What a way of integrating is stands in its class: nobody else asks for one by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import o2o_sim
from o2o_sim.modes import BUILT_IN
from o2o_sim.scenario.checks import PARTNERS
from o2o_sim.scenario.modes import Modes

ROOT = Path(o2o_sim.__file__).parent
NAMES = {mode.name for mode in BUILT_IN}
CHANNELS = {mode.channel for mode in BUILT_IN}
COLUMNS = {"group"}
"""What tables of studies call a column, which a mode is called, too."""

EXEMPT = ("modes/", "scenario/")
"""Where modes are made, and where a scenario's keys are declared and checked."""

ALLOWED = {
    # What tables, pictures and reports of a finished run say of channels and modes in words and colours. They are
    # read without a model, and without the compiler that modes import. What is not listed there is named as it is.
    "record/metrics.py": {"CHANNELS"},
    "record/result.py": {"ONLINE"},
    "show/pictures_market.py": {"CHANNEL_COLOURS"},
    "show/report_words.py": {"WAYS"},
    "show/tables.py": {"HEADS"},
}
"""File -> the tables by name that it may hold."""


def named(node: ast.AST) -> set[str]:
    """The names of modes and of their channels among the constants of an expression."""
    found = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return found & (NAMES | CHANNELS) - COLUMNS


def asked_by_name(tree: ast.Module, allowed: set[str]) -> Iterator[tuple[int, set[str]]]:
    """(line, names) of every comparison with, and every collection or look-up of, modes by name."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and {ast.unparse(t) for t in node.targets} & allowed:
            skipped |= set(ast.walk(node))
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Compare):
            # `platform.spec.kind == "marketplace"` asks what a platform is, which a mode may be called after.
            is_kind = any(isinstance(n, ast.Attribute) and n.attr == "kind" for n in ast.walk(node))
            found = set() if is_kind else named(node)
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            found = named(node)
        elif isinstance(node, ast.Dict):
            found = {name for key in node.keys if key is not None for name in named(key)}
            found -= found if found == {"marketplace"} else set()  # the kinds of platform
        elif isinstance(node, ast.Subscript):
            found = named(node.slice)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            found = named(ast.Tuple(node.args[:1], ast.Load()))
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("spec.modes"):
            found = {node.attr} & NAMES
        else:
            continue
        if found:
            yield node.lineno, found


def test_nobody_asks_for_a_mode_by_name():
    wrong = []
    for file in sorted(ROOT.rglob("*.py")):
        path = file.relative_to(ROOT).as_posix()
        if path.startswith(EXEMPT):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        wrong += [f"{path}:{at}: {sorted(of)}" for at, of in asked_by_name(tree, ALLOWED.get(path, set()))]
    assert not wrong, "ask the class of the mode instead (modes/base.py):\n" + "\n".join(wrong)


def test_the_scenario_and_the_classes_agree():
    """Which modes there are, and which kind of platform each needs; the scenario is read without the classes."""
    assert set(Modes.model_fields) == NAMES
    assert {mode.name: mode.partner for mode in BUILT_IN if mode.partner} == PARTNERS


def test_every_mode_has_a_channel_of_its_own():
    assert len(CHANNELS) == len(BUILT_IN)
