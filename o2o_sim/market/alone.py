"""Compile a choice rule alone, before the loop that calls it.

That takes a second where the loop takes many, and what the compiler cannot do is told in a sentence with the
user's line, not from the depths of the loop."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
from numba import types

from .compiled import compilable
from .records import BASE_ME, Alternative, Today, Trip

HINT = (
    "Numbers, tuples, math, if and loops can be compiled; with engine: python (or --engine python) everything of"
    " Python works, slowly."
)
_CANNOT: tuple[tuple[type[ast.AST], str], ...] = (
    (ast.JoinedStr, "an f-string"),
    (ast.Dict, "a dict"),
    (ast.DictComp, "a dict"),
    (ast.Set, "a set"),
    (ast.SetComp, "a set"),
    (ast.GeneratorExp, "a generator expression"),
    (ast.Lambda, "a lambda"),
    (ast.Try, "try and except"),
    (ast.With, "with"),
    (ast.Raise, "raise"),
    (ast.Assert, "assert"),
    (ast.Global, "a changed global"),
    (ast.Import, "an import within a function"),
    (ast.ImportFrom, "an import within a function"),
)
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_AT = re.compile(r'File "([^"]+)", line (\d+)|([^\s"]+\.py) \((\d+)\)')


class NotCompilable(Exception):
    """That a rule cannot be compiled: `file` and `line` say where, the text why."""

    def __init__(self, rule: Callable, file: str, line: int, said: str):
        super().__init__(f"{getattr(rule, '__qualname__', 'the rule')} cannot be compiled: {said}")
        self.file, self.line = file, line


def check(rule: Callable, fields: tuple[str, ...]) -> None:
    """Compile a user's rule for the numbers that the shopping loop gives it. Raises NotCompilable."""
    if not any(True for _ in _functions(rule, [])):
        return
    me = namedtuple("Me", BASE_ME + fields)  # type: ignore[misc]
    given = tuple(
        types.NamedUniTuple(types.float64, len(t._fields), t) for t in (me, Alternative, Trip, Today)
    )
    for file, line, said in _refused(rule):
        raise NotCompilable(rule, file, line, said)
    try:
        compiled = numba.njit(error_model="numpy")(compilable(rule))
        compiled.compile(given)
    except Exception as fault:  # not all of the compiler's own are derived from one class
        raise NotCompilable(rule, *_place(fault, rule)) from fault
    found = compiled.nopython_signatures[0].return_type
    if not isinstance(found, types.Float | types.Integer | types.Boolean):
        file, line = _home(rule)
        raise NotCompilable(rule, file, line, f"it must return a number on every path, but returns {found}")


def _home(function: Callable) -> tuple[str, int]:
    code: Any = getattr(inspect.unwrap(function), "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code is not None else ("", 0)


def _functions(rule: Callable, seen: list[Any]) -> Iterator[Callable]:
    """A rule and the plain functions that it calls, but for those of this package."""
    code = getattr(rule, "__code__", None)
    if code is None or rule in seen or str(rule.__module__).startswith("o2o_sim."):
        return
    seen.append(rule)
    yield rule
    for name in code.co_names:
        used = rule.__globals__.get(name)
        if inspect.isfunction(used):
            yield from _functions(used, seen)


def _nodes(rule: Callable) -> Iterator[tuple[str, int, ast.AST]]:
    """(file, line, node) of all that is written in a rule and the user's functions that it calls."""
    for function in _functions(rule, []):
        file, first = _home(function)
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        except (OSError, TypeError, SyntaxError):
            continue
        for node in ast.walk(tree):
            if line := getattr(node, "lineno", 0):
                yield file, first + line - 1, node


def _refused(rule: Callable) -> Iterator[tuple[str, int, str]]:
    """What could be compiled, but would not do there what it does elsewhere."""
    for file, line, node in _nodes(rule):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield file, line, "it prints, for every consumer and offer; leave print out"
        if isinstance(node, ast.Raise | ast.Assert):
            word = "raise" if isinstance(node, ast.Raise) else "assert"
            said = f"{word} cannot end a loop that runs in threads; return -math.inf for what is never chosen"
            yield file, line, said


def _place(fault: Exception, rule: Callable) -> tuple[str, int, str]:
    """(file, line, reason) of what the compiler says; if it says no line, that of the first thing that is not
    always compiled."""
    text = _ANSI.sub("", str(fault))
    own = {Path(_home(f)[0]).name: _home(f)[0] for f in _functions(rule, [])}
    hits = [(a or b, int(c or d)) for a, c, b, d in _AT.findall(text) if Path(a or b).name in own]
    odd = [
        (file, line, word)
        for file, line, node in _nodes(rule)
        for kind, word in _CANNOT
        if isinstance(node, kind)
    ]
    if hits:
        file, line = own[Path(hits[0][0]).name], hits[0][1]
    else:
        file, line = min(odd)[:2] if odd else _home(rule)
    words = [word for *place, word in odd if place == [file, line]]
    return file, line, f"{words[0]} ({_reason(text)})" if words else _reason(text)


def _reason(text: str) -> str:
    """What the compiler says, in its first sentence."""
    lines = [part.strip() for part in text.splitlines()]
    around = ("Failed in nopython", "File ", "During:")
    said = next(
        (part for part in lines if part and not part.startswith(around)), "the compiler gives no reason"
    )
    said = re.sub(r"\.? *Raised from .*", "", said)
    said = re.sub(r"Function\((?:<[\w\- ]+ )?(?:CPUDispatcher\(<function )?([\w.]+)[^)]*\)?\)?", r"\1", said)
    untyped = r"Untyped global name '(\w+)': Cannot determine Numba type of <class '([\w.]+)'>"
    hit = re.match(untyped, said)
    return f"it cannot use {hit[1]}, which is of the type {hit[2]}" if hit else said


__all__ = ["HINT", "NotCompilable", "check"]
