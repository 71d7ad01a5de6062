"""Types hold on what a user's rule touches: a misspelt attribute is found before a run, and none comes into being in
passing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import o2o_sim

PACKAGE = Path(o2o_sim.__file__).parent
ROOT = PACKAGE.parent

RULES = """
from o2o_sim.agents.platform import Platform
from o2o_sim.agents.store import Store
from o2o_sim.model import O2OModel
from o2o_sim.systems.base import System


def right(model: O2OModel, store: Store, platform: Platform) -> float:
    bought = int(model.purchases.served.sum()) + len(model.purchases.picks)
    return store.cash_yuan + platform.cash_yuan + store.model.expansion_factor + bought + model.day


def wrong(model: O2OModel, store: Store, platform: Platform, system: System) -> None:
    print(store.cash_yaun)  # wrong
    print(platform.comission)  # wrong
    print(model.expansion_facter)  # wrong
    print(model.purchases.servd)  # wrong
    print(store.model.wage_yaun())  # wrong
    print(store.circle.tennants)  # wrong
    print(system.model.ledgr)  # wrong
    print(model.board.ques)  # wrong
    model.purchases.served = None  # wrong
    store.fame = 1.0  # wrong
"""


@pytest.mark.slow
def test_a_misspelt_attribute_fails_mypy(tmp_path):
    """As a user's own mypy sees a rule file: with the stubs of Mesa that come with the package."""
    pytest.importorskip("mypy", reason="mypy is not installed (extra `check`)")
    rules = tmp_path / "rules.py"
    rules.write_text(RULES, encoding="utf-8")
    config = tmp_path / "mypy.ini"
    config.write_text(
        f"[mypy]\nmypy_path = {ROOT / 'typings'}:{ROOT}\nignore_missing_imports = True\n"
        "follow_imports = silent\ncheck_untyped_defs = True\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "mypy", "--config-file", str(config), str(rules)]
    said = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache"), "--no-error-summary"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    ).stdout
    expected = {k + 1 for k, line in enumerate(RULES.splitlines()) if line.endswith("# wrong")}
    found = {int(line.split(":")[1]) for line in said.splitlines() if ": error:" in line}
    assert found == expected, said


def declared(node: ast.ClassDef) -> set[str]:
    """Names that a class body or its `__init__` gives to every instance."""
    names: set[str] = set()
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            names.add(part.target.id)
        elif isinstance(part, ast.Assign):
            names |= {t.id for t in part.targets if isinstance(t, ast.Name)}
        elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(part.name)
            if part.name == "__init__":
                names |= set(assigned(part))
    return names


def assigned(function: ast.AST) -> dict[str, int]:
    """Attributes of `self` that a method assigns, each with a line."""
    found: dict[str, int] = {}
    for node in ast.walk(function):
        if not (isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)):
            continue
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            found.setdefault(node.attr, node.lineno)
    return found


def test_no_attribute_comes_into_being_in_passing():
    """Every attribute that a method sets is declared by the class, its `__init__`, or a class that it builds on."""
    classes: dict[str, ast.ClassDef] = {}
    places: list[tuple[Path, ast.ClassDef]] = []
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                classes[node.name] = node
                places.append((file, node))

    def all_declared(node: ast.ClassDef) -> set[str]:
        bases = [classes[b.id] for b in node.bases if isinstance(b, ast.Name) and b.id in classes]
        return declared(node).union(*(all_declared(b) for b in bases if b is not node))

    stray = []
    for file, node in places:
        known = all_declared(node)
        for part in node.body:
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                stray += [
                    f"{file.relative_to(ROOT)}:{line}: {node.name}.{name}"
                    for name, line in assigned(part).items()
                    if name not in known
                ]
    assert not stray
