"""The package keeps its floors: imports point down only and in no circle, and every draw comes from `streams`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import networkx as nx
import pytest

import o2o_sim

ROOT = Path(o2o_sim.__file__).parent
FLOOR = {
    "": 0,
    "streams": 0,
    "units": 0,
    "errors": 0,
    "files": 0,
    "processes": 0,
    "machine": 0,
    "csvtext": 0,
    "terminal": 1,
    "scenario": 1,
    "inputs": 1,
    "city": 1,
    "market": 2,
    "agents": 3,
    "modes": 3,
    "policies": 3,
    "systems": 3,
    "sitting": 3,  # the first day, as owners would have it
    "levers": 3,  # a system moves keys as they are moved by hand
    "record.bounds": 4,  # the recorder looks at them every month
    "record.life": 3,  # the life that a store tells
    "record.outcomes": 4,
    "record.recorder": 4,  # the model carries its recorder
    "record.sales": 4,
    "plugin": 4,
    "model": 4,
    "phases": 4,
    "review": 4,
    "setup": 4,
    "extend": 4,
    "border": 4,  # between a model and the rules of its users
    "record": 5,
    "shards": 5,
    "studies": 5,
    "show": 6,
    "cli": 6,
    "cli_app": 6,
    "cli_studies": 6,
    "cli_show": 6,
    "cli_report": 6,
    "cli_stop": 6,
    "cli_streams": 6,
    "__main__": 6,
}
"""The floor of each module; the longest name that a module's own begins with counts."""

UPWARDS = {
    ("type", "agents", "model"): "an agent belongs to a model and reads the city in it",
    ("type", "policies", "model"): "a policy judges one store or platform of a model",
    ("type", "levers", "model"): "a lever is moved in a model",
    ("type", "sitting", "model"): "shops settle in a model",
    ("type", "systems", "model"): "a system is called with the model that it works in",
    ("lazy", "model", "record"): "a model saves itself",
    ("lazy", "studies", "show"): "the folder of a run or a study holds its plots and tables",
    ("lazy", "record", "show"): "a result shows itself in a notebook",
}
"""The only ways up, each for the reason given. A `type` import is for type checkers alone, a `lazy` one stands
in a function, a `module` one (of which none points up) runs when its module is imported."""

FORBIDDEN = {"random", "rng", "shuffle_do", "default_rng", "RandomState"}
ELSEWHERE = {
    "studies/draws.py": {"random", "default_rng"},  # for libraries that ask for a generator
    "record/graph_reader.py": {"random"},  # a generator that a user's plugin keeps is saved with it
    "record/graph_writer.py": {"random"},
    "record/state.py": {"random", "rng"},  # how Mesa's own are known
    "studies/designs.py": {"random"},  # SciPy's name for the points of a seeded design
}
"""Where studies, which are not the simulation, may use such names."""


def modules() -> list[tuple[Path, ast.Module]]:
    return [(f, ast.parse(f.read_text(encoding="utf-8"))) for f in sorted(ROOT.rglob("*.py"))]


class Import(NamedTuple):
    """One module of ours that another imports, both by their paths below o2o_sim (`market.rules`)."""

    kind: str
    here: str
    there: str


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(file) for file in ROOT.rglob("*.py")}


def statements(node: ast.AST, kind: str = "module") -> Iterator[tuple[str, ast.Import | ast.ImportFrom]]:
    """The import statements below a node, each with its kind."""
    for field, value in ast.iter_fields(node):
        below = kind
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and kind == "module":
            below = "lazy"
        elif isinstance(node, ast.If) and field == "body" and "TYPE_CHECKING" in ast.dump(node.test):
            below = "type"
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.Import | ast.ImportFrom):
                yield below, child
            elif isinstance(child, ast.AST):
                yield from statements(child, below)


def imports_of(file: Path, tree: ast.Module) -> Iterator[Import]:
    """What a module imports of ours, and how."""
    here = name_of(file)
    package = ["o2o_sim", *file.relative_to(ROOT).parent.parts]
    for kind, node in statements(tree):
        if isinstance(node, ast.Import):
            paths = [alias.name.split(".") for alias in node.names]
        else:
            above = package[: len(package) + 1 - node.level] if node.level else []
            stem = above + (node.module.split(".") if node.module else [])
            paths = [[*stem, alias.name] for alias in node.names]
        for first, *path in paths:
            if first == "o2o_sim":
                while ".".join(path) not in NAMES:
                    path.pop()  # the last part is a name in a module
                yield Import(kind, here, ".".join(path))


@cache
def all_imports() -> list[Import]:
    return [found for file, tree in modules() for found in imports_of(file, tree)]


def floor(name: str) -> int:
    while name not in FLOOR:
        name, _, last = name.rpartition(".")
        assert name, f"say on which floor {last} is"
    return FLOOR[name]


def test_imports_point_down():
    wrong, used = set(), set()
    for kind, here, there in all_imports():
        if not here:
            continue  # the front door names what lies behind it, and imports it when asked
        if floor(there) > floor(here):
            way = kind, here.partition(".")[0], there.partition(".")[0]
            used.add(way)
            if way not in UPWARDS:
                wrong.add(f"{here} imports {there} ({kind})")
    assert not wrong
    assert used == set(UPWARDS), "a way up that nobody takes must not be listed"


def loops(found: list[Import]) -> list[list[str]]:
    """Modules that cannot be imported without one another. To import a module of another package is to import
    that package too; its own package is being imported already."""
    graph = nx.DiGraph()
    for kind, here, there in found:
        if kind != "module":
            continue
        graph.add_edge(here, there)
        parts = there.split(".")
        packages = [".".join(parts[:k]) for k in range(1, len(parts))]
        graph.add_edges_from((here, p) for p in packages if here != p and not here.startswith(f"{p}."))
    circles = [sorted(part) for part in nx.strongly_connected_components(graph) if len(part) > 1]
    return circles + [[a] for a, b in graph.edges if a == b]


def test_no_import_loops():
    """Any module can be imported first."""
    assert not loops(all_imports())


@pytest.mark.parametrize(
    ("kind", "here", "there", "circle"),
    [
        ("module", "cli_app", "cli", ["cli", "cli_app"]),
        ("module", "errors", "scenario", ["errors", "scenario", "scenario.load"]),
        ("module", "errors", "scenario.keys", ["errors", "scenario", "scenario.load"]),
        ("module", "cli", "cli", ["cli"]),
        ("lazy", "cli_app", "cli", None),
        ("module", "scenario.keys", "scenario.load", None),
    ],
)
def test_loops_are_found(kind, here, there, circle):
    house = [("cli", "cli_app"), ("scenario", "scenario.load"), ("scenario.load", "errors")]
    found = [Import("module", *edge) for edge in house]
    assert loops([*found, Import(kind, here, there)]) == ([circle] if circle else [])


def test_the_front_door_costs_nothing():
    """`import o2o_sim` imports nothing of ours but for the eyes of type checkers."""
    front = ROOT / "__init__.py"
    found = imports_of(front, ast.parse(front.read_text(encoding="utf-8")))
    assert {one.kind for one in found} <= {"type", "lazy"}


def test_no_other_random_numbers():
    """Neither Mesa's generators (`model.random`, `model.rng`), nor NumPy's, nor Python's."""
    wrong = []
    for file, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                names = {node.attr} & FORBIDDEN
            elif isinstance(node, ast.Import | ast.ImportFrom):
                stem = [getattr(node, "module", None) or ""]
                names = {part for n in [*stem, *(a.name for a in node.names)] for part in n.split(".")}
                names &= FORBIDDEN | {"secrets"}
            else:
                continue
            names -= ELSEWHERE.get(file.relative_to(ROOT).as_posix(), set())
            wrong += [f"{file.relative_to(ROOT)}:{node.lineno}: {name}" for name in names]
    assert not wrong
