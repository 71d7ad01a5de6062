"""The register of random processes: every name under which the package draws, found in its syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .source import Function, Stale, files, said, table, tree_of

ROOTS = {"uniforms": ("day", "who", "what"), "stream": ("day",)}
"""The functions of streams.py that take a seed and the name of a process, and the parts that follow the
name."""
APART = ("studies/", "show/", "cli")
"""Where what is drawn belongs to studies of many runs, not to a run."""


@dataclass(frozen=True)
class Draw:
    """One place where something is drawn. `parts` is the code of the parts of the key after seed and
    process."""

    process: str
    file: str
    line: int
    root: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Wrapper:
    """A function that draws under a name that it is given: its parameter number `at`."""

    name: str
    parameter: str
    at: int
    file: str
    nested: bool
    draw: Draw


@cache
def draws(more: str | None = None) -> list[Draw]:
    """Every draw of the package, by name; Stale for one whose name is made out of no literal text.

    `more` is the text of one more file, for tests.
    """
    found: list[Draw] = []
    wrappers: list[_Wrapper] = []
    for file in files():
        if file != "streams.py":
            _look(file, tree_of(file), found, wrappers)
    trees = {f: tree_of(f) for f in files()}
    if more is not None:
        trees["more.py"] = ast.parse(more)
        _look("more.py", trees["more.py"], found, wrappers)
    for w in wrappers:
        used = 0
        for file, tree in trees.items():
            if file != w.file and (w.nested or not _imports(tree, Path(w.file).stem, w.name)):
                continue
            for call, scopes in _calls(tree):
                if _called(call) != w.name:
                    continue
                name = _argument(call, w.at, w.parameter)
                if name is None:
                    raise Stale(
                        f"o2o_sim/{file}:{call.lineno}: {w.name} is called without a name to draw under"
                    )
                said_ = _spelled(name, scopes, tree)
                if said_ is None:
                    raise _nameless(file, call, name)
                found.append(Draw(said_, file, call.lineno, w.draw.root, w.draw.parts))
                used += 1
        if not used:
            raise Stale(f"o2o_sim/{w.file}: {w.name} draws under a name that nobody gives it")
    return sorted(found, key=lambda d: (d.process, d.file, d.line))


def _look(file: str, tree: ast.Module, found: list[Draw], wrappers: list[_Wrapper]) -> None:
    """The draws of one file, and its functions that draw under a name they are given."""
    for call, scopes in _calls(tree):
        root = _called(call)
        if root not in ROOTS or not _from_streams(tree, call):
            continue
        name = _argument(call, 1, "process")
        if name is None:
            raise Stale(f"o2o_sim/{file}:{call.lineno}: {root} is called without a name")
        parts = tuple(
            (part, " ".join(ast.unparse(given).split()))
            for k, part in enumerate(ROOTS[root])
            if (given := _argument(call, k + 2, part)) is not None
        )
        draw = Draw("", file, call.lineno, root, parts)
        holder = _parameter_of(name, scopes)
        if holder is not None and isinstance(name, ast.Name):
            function, nested = holder
            names = [a.arg for a in function.args.args]
            if any(w.name == function.name and w.file == file for w in wrappers):
                continue
            wrappers.append(_Wrapper(function.name, name.id, names.index(name.id), file, nested, draw))
            continue
        process = _spelled(name, scopes, tree)
        if process is None:
            raise _nameless(file, call, name)
        found.append(Draw(process, file, call.lineno, root, parts))


def _nameless(file: str, call: ast.Call, name: ast.expr) -> Stale:
    return Stale(
        f"o2o_sim/{file}:{call.lineno}: what is drawn here is called {ast.unparse(name)}, which holds no literal text:"
        " write the name of the process where it is drawn"
    )


@cache
def _calls(tree: ast.AST) -> list[tuple[ast.Call, tuple[Function, ...]]]:
    """Every call, with the functions around it, the innermost first."""

    def walk(node: ast.AST, scopes: tuple[Function, ...]) -> Iterator[tuple[ast.Call, tuple[Function, ...]]]:
        if isinstance(node, ast.Call):
            yield node, scopes
        inner = (node, *scopes) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else scopes
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inner)

    return list(walk(tree, ()))


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _from_streams(tree: ast.Module, call: ast.Call) -> bool:
    """Whether the function is that of streams.py and not another of the same name."""
    if isinstance(call.func, ast.Attribute):
        return isinstance(call.func.value, ast.Name) and call.func.value.id == "streams"
    return _imports(tree, "streams", _called(call))


def _imports(tree: ast.Module, module: str, name: str) -> bool:
    """Whether a file takes a name from a module, or takes the module itself."""
    return (module, name) in _imported(tree) or module in _imported(tree)


@cache
def _imported(tree: ast.Module) -> frozenset[str | tuple[str, str]]:
    """Every name that a file takes from somewhere: alone, and with the last part of its module."""
    found: set[str | tuple[str, str]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {a.name for a in node.names} | {
                ((node.module or "").split(".")[-1], a.name) for a in node.names
            }
    return frozenset(found)


def _argument(call: ast.Call, at: int, name: str) -> ast.expr | None:
    if len(call.args) > at:
        return call.args[at]
    return next((k.value for k in call.keywords if k.arg == name), None)


def _parameter_of(name: ast.expr, scopes: tuple[Function, ...]) -> tuple[Function, bool] | None:
    """The function around whose parameter it is, and whether that stands inside another function."""
    for k, function in enumerate(scopes):
        if isinstance(name, ast.Name) and name.id in {a.arg for a in function.args.args}:
            return function, k + 1 < len(scopes)
    return None


def _spelled(name: ast.expr, scopes: tuple[Function, ...], tree: ast.Module) -> str | None:
    """A name as the register writes it: literal text, with NAME for what is filled in; None if all is."""
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        return name.value
    if isinstance(name, ast.JoinedStr):
        parts = [str(v.value) if isinstance(v, ast.Constant) else "NAME" for v in name.values]
        return "".join(parts) if any(p != "NAME" for p in parts) else None
    if isinstance(name, ast.BinOp) and isinstance(name.op, ast.Add):
        sides = [_spelled(side, scopes, tree) for side in (name.left, name.right)]
        return "".join(s if s is not None else "NAME" for s in sides) if any(sides) else None
    if isinstance(name, ast.Attribute):
        for node in ast.walk(tree):  # a property of this file that makes the name
            if isinstance(node, ast.FunctionDef) and node.name == name.attr and len(node.args.args) == 1:
                returned = node.body[-1]
                if isinstance(returned, ast.Return) and returned.value is not None:
                    return _spelled(returned.value, (), tree)
    return None


# -- for the page --------------------------------------------------------------------------------------------
def register() -> str:
    """All processes of a run: name, key, what the draw decides, where."""
    return _rows([d for d in draws() if not d.file.startswith(APART)], "processes")


def of_studies() -> str:
    """Those of studies, which never touch a run."""
    return _rows([d for d in draws() if d.file.startswith(APART)], "study processes")


def _rows(found: list[Draw], group: str) -> str:
    names = list(dict.fromkeys(d.process for d in found))
    spoken = said(group, names)
    rows: list[list[object]] = []
    for name in names:
        mine = [d for d in found if d.process == name]
        day = " or ".join(dict.fromkeys(f"`{dict(d.parts).get('day', '0')}`" for d in mine))
        where = ", ".join(dict.fromkeys(f"[{d.file}](../o2o_sim/{d.file})" for d in mine))
        by = spoken[name]["by"]
        if all(d.root == "uniforms" for d in mine) and by != "none" and ", then " not in by:
            by = (
                "0, then " + by
            )  # `uniforms` extends a key by `what`, 0 if nobody names it, before it does by `who`
        rows.append([f"`{name}`", day, by, spoken[name]["what"], where])
    return table(
        ["process", "day in the key", "then the key goes on with", "what the draw decides", "drawn in"], rows
    )
