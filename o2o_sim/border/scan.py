"""Random numbers that a user's file draws otherwise than through the streams, found by reading it.

`random`, `numpy.random` and the generators of Mesa give other numbers whenever somebody else draws one more, so
that two scenarios differ for no reason, and compiled code draws from a generator that no seed of a run reaches."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from ..errors import Problem
from .blame import at_line

_GENERATORS = ("random", "numpy.random", "secrets")
_SEEDED = (
    "default_rng",
    "Generator",
    "Philox",
    "PCG64",
    "PCG64DXSM",
    "SFC64",
    "MT19937",
    "SeedSequence",
    "Random",
)
HINT = "Draw with uniforms(seed, name, day, ids) or stream(...) of o2o_sim.plugin, under a name of your own."


def unseeded_draws(path: Path) -> list[Problem]:
    """The places of a file where random numbers do not come from the streams. A generator made with a seed of its
    own is none of them."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []  # told where the file is imported
    names = dict(_imported(tree))
    seeded = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call) and (n.args or n.keywords)}
    found: dict[int, str] = {}
    for node in _outside_main(tree):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            said = _dotted(node, names)
            if _draws(said, id(node) in seeded):
                found.setdefault(node.lineno, said)
    return [
        at_line(str(path), line, f"{said} is no part of a run's seed", HINT)
        for line, said in sorted(found.items())
    ]


def _outside_main(tree: ast.Module) -> Iterator[ast.AST]:
    """Everything but what a file does when it is run as a program."""
    for statement in tree.body:
        is_main = isinstance(statement, ast.If) and "__main__" in ast.dump(statement.test)
        if not is_main:
            yield from ast.walk(statement)


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What the names that a file imports stand for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dotted(node: ast.AST, names: dict[str, str]) -> str:
    """What a name or a chain of attributes stands for, such as numpy.random.rand; empty for another expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    known = names.get(node.id)
    if known is None and "model" not in (node.id, *parts):
        return ""
    return ".".join([known or node.id, *reversed(parts)])


def _draws(said: str, seeded: bool) -> bool:
    """Whether what a name stands for draws from a generator without a seed of its own."""
    parts = said.split(".")
    if "model" in parts[:-1] and parts[parts.index("model") + 1] in ("random", "rng"):
        return True
    for generator in _GENERATORS:
        rest = said.removeprefix(f"{generator}.")
        if rest != said and rest != "":
            made = rest.split(".")[0]
            return not (made in _SEEDED and (seeded or made not in ("default_rng", "Random")))
    return False
