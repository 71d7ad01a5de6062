"""The house keeps its floors: imports point down only, and every draw comes from `streams`."""

from __future__ import annotations

import ast
from pathlib import Path

import o2o_sim

ROOT = Path(o2o_sim.__file__).parent
FLOOR = {
    "": 0,
    "streams": 0,
    "units": 0,
    "errors": 0,
    "scenario": 1,
    "city": 1,
    "market": 2,
    "agents": 3,
    "policies": 3,
    "systems": 3,
    "model": 4,
    "phases": 4,
    "review": 4,
    "setup": 4,
    "extend": 4,
    "levers": 4,
    "record": 5,
    "studies": 5,
    "show": 6,
    "cli": 6,
    "cli_app": 6,
    "cli_studies": 6,
    "cli_show": 6,
    "cli_report": 6,
    "__main__": 6,
}
UPWARDS = {
    ("model", "record"),  # the model carries its recorder
    ("studies", "show"),  # a run's folder holds its plots
    ("record", "show"),  # a result shows itself in a notebook
}
"""The only ways up, each for the reason given."""

FORBIDDEN = {"random", "rng", "shuffle_do", "default_rng", "RandomState"}
ELSEWHERE = {
    "studies/draws.py": {"random", "default_rng"},  # for libraries that ask for a generator
    "studies/designs.py": {"random"},  # SciPy's name for the points of a seeded design
}
"""Where studies, which are not the simulation, may use such names."""


def modules() -> list[tuple[Path, ast.Module]]:
    return [(f, ast.parse(f.read_text(encoding="utf-8"))) for f in sorted(ROOT.rglob("*.py"))]


def imported(tree: ast.Module, package: list[str]) -> list[list[str]]:
    """What a module of `package` imports of ours when it runs, as paths below o2o_sim."""
    found = []
    skipped = {
        below
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for part in node.body
        for below in ast.walk(part)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            paths = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = ["o2o_sim", *package][: len(package) + 2 - node.level] if node.level else []
            stem = above + (node.module.split(".") if node.module else [])
            paths = [[*stem, alias.name] for alias in node.names]
        else:
            continue
        found += [path[1:] for path in paths if path[0] == "o2o_sim"]
    return found


def test_imports_point_down():
    wrong = []
    for file, tree in modules():
        at = file.relative_to(ROOT).with_suffix("").parts
        if at == ("__init__",):
            continue  # the front door names what lies behind it, and imports it when asked
        here = at[0]
        assert here in FLOOR, f"say on which floor {here} is"
        for path in imported(tree, list(at[:-1])):
            there = path[0] if path and path[0] in FLOOR else ""
            if FLOOR[there] > FLOOR[here] and (here, there) not in UPWARDS:
                wrong.append(f"{'/'.join(at)} imports {'.'.join(path)}")
    assert not wrong


def test_the_front_door_costs_nothing():
    """`import o2o_sim` imports nothing of ours but for the eyes of type checkers."""
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    assert imported(tree, []) == []


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
