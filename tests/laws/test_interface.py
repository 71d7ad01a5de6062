"""The public interface changes on purpose only, every name of it is documented, and rule files need no
other."""

from __future__ import annotations

import ast
import importlib
import json
import re
import sys
from pathlib import Path

import pytest

import o2o_sim
import o2o_sim.plugin

from .interface import DOORS, STORED, lines

ROOT = Path(o2o_sim.__file__).parents[1]
PACKAGE = ROOT / "o2o_sim"


@pytest.mark.parametrize("door", DOORS)
def test_the_interface_is_the_one_that_was_agreed_upon(door):
    """`python -m tests.laws.interface` stores a change that is meant."""
    kept = [line for line in STORED.read_text(encoding="utf-8").splitlines() if _door_of(line) == door]
    found = lines(door)
    extras = {f"{door}.{name}" for name in sys.modules[door].__all__} - {
        _name_of(line, door) for line in found
    }
    assert found == [line for line in kept if _name_of(line, door) not in extras], (
        "The public interface changed. If that is meant: python -m tests.laws.interface, and the changelog."
    )


def _door_of(line: str) -> str:
    return next(door for door in reversed(DOORS) if line.startswith(f"{door}."))


def _name_of(line: str, door: str) -> str:
    hit = re.match(rf"{re.escape(door)}\.(\w+)", line)
    return hit[0] if hit else ""


def test_what_stands_at_the_door_is_what_is_behind_it():
    homes = [name for names in o2o_sim._HOMES.values() for name in names]
    assert sorted([*homes, "__version__"]) == sorted(o2o_sim.__all__)
    assert dict(_imported(PACKAGE / "__init__.py")) == {
        name: (module.lstrip("."), name) for module, names in o2o_sim._HOMES.items() for name in names
    }
    with pytest.raises(AttributeError, match="no attribute 'lode_scenario'"):
        o2o_sim.lode_scenario  # noqa: B018


def _imported(file: Path) -> list[tuple[str, tuple[str, str]]]:
    """(name, (module, name there)) of every import from the package's own modules."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [
        (alias.asname or alias.name, (node.module or "", alias.name))
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    ]


# -- docstrings ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("file", ["__init__.py", "plugin.py"])
def test_every_public_name_says_what_it_is(file):
    silent = [
        name
        for name, (module, there) in _imported(PACKAGE / file)
        if not _docstring(f"o2o_sim.{module}", there)
    ]
    assert not silent


def _docstring(module: str, name: str) -> str | None:
    """What the module that defines a name says of it: its docstring, or the text below its assignment."""
    found = importlib.util.find_spec(module)
    assert found is not None and found.origin is not None
    body = ast.parse(Path(found.origin).read_text(encoding="utf-8")).body
    for node, after in zip(body, [*body[1:], None]):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return ast.get_docstring(node)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            assigned = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            if name in assigned and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                return str(after.value.value)
        if isinstance(node, ast.ImportFrom) and name in [a.asname or a.name for a in node.names]:
            above = module if Path(found.origin).name == "__init__.py" else module.rpartition(".")[0]
            return _docstring(f"{above}.{node.module}", name)
    return None


# -- rule files ---------------------------------------------------------------------------------------------
def _rule_files() -> dict[str, str]:
    """The Python of the documents' rule files and examples, and of the experiments' plugins."""
    pages = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
    found = {
        f"{page.relative_to(ROOT)}[{k}]": code
        for page in pages
        for k, code in enumerate(re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.M | re.S))
    }
    for notebook in sorted(ROOT.glob("docs/notebooks/*.ipynb")):
        for k, cell in enumerate(json.loads(notebook.read_text("utf-8"))["cells"]):
            if cell["cell_type"] == "code":
                found[f"{notebook.relative_to(ROOT)}[{k}]"] = "".join(cell["source"])
    named = set()
    for scenario in [*ROOT.glob("experiments/**/*.yaml"), *ROOT.glob("scenarios/**/*.yaml")]:
        for said in re.findall(r"^plugins: \[(.*?)\]", scenario.read_text("utf-8"), re.M):
            named |= {scenario.parent / f"{name.strip().removesuffix('.py')}.py" for name in said.split(",")}
    assert named
    files = [*named, *ROOT.glob("docs/examples/*.py")]
    return found | {str(f.relative_to(ROOT)): f.read_text("utf-8") for f in files}


def test_rule_files_and_examples_import_from_the_two_doors_only():
    inner = {}
    for where, code in _rule_files().items():
        modules = re.findall(r"^\s*(?:from|import) (o2o_sim[\w.]*)", code, re.M)
        if strange := sorted(set(modules) - set(DOORS)):
            inner[where] = strange
    assert not inner
