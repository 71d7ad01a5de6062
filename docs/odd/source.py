"""Reading the package as text: its files, functions, classes and what is said of them."""

from __future__ import annotations

import ast
import hashlib
import inspect
import io
import re
import textwrap
import tokenize
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "o2o_sim"
HERE = Path(__file__).parent
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Stale(Exception):
    """What is written by hand does not fit the code any more; says what to do."""


@cache
def words() -> dict[str, Any]:
    """What is said by hand of things that the code names."""
    return yaml.safe_load((HERE / "words.yaml").read_text(encoding="utf-8"))


def said(group: str, names: list[str]) -> dict[str, Any]:
    """The words of a group, for exactly these names; Stale if one is missing or left over."""
    have = words()[group]
    missing, over = [n for n in names if n not in have], [n for n in have if n not in names]
    if missing or over:
        raise Stale(
            f"docs/odd/words.yaml, '{group}':"
            + (f" says nothing of {', '.join(missing)}" if missing else "")
            + (" and" if missing and over else "")
            + (f" speaks of {', '.join(over)}, which the code has no more" if over else "")
        )
    return {n: have[n] for n in names}


@cache
def text_of(file: str) -> str:
    """A file of the package."""
    return (PACKAGE / file).read_text(encoding="utf-8")


@cache
def tree_of(file: str) -> ast.Module:
    """Its syntax tree."""
    return ast.parse(text_of(file))


@cache
def files() -> tuple[str, ...]:
    """All Python files of the package, as `market/needs.py`."""
    return tuple(sorted(p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py")))


def find(file: str, dotted: str) -> ast.ClassDef | Function | ast.Assign | ast.AnnAssign:
    """A class, function, method or constant of a file."""
    body: list[ast.stmt] = tree_of(file).body
    node: Any = None
    for part in dotted.split("."):
        node = next((n for n in body if part in _names(n)), None)
        if node is None:
            raise Stale(f"o2o_sim/{file} has no {dotted}: correct the line 'code:' that names it in docs/odd")
        body = getattr(node, "body", [])
    return node


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    found = []
    for target in targets:
        found += [n.id for n in ast.walk(target) if isinstance(n, ast.Name)] if target is not None else []
    return found if isinstance(node, ast.Assign | ast.AnnAssign) else []


def note_on(file: str, constant: str) -> str:
    """The text that stands below a constant, as a docstring does."""
    body = tree_of(file).body
    for node, below in pairwise(body):
        if constant in _names(node) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            return flat(str(below.value.value))
    raise Stale(f"o2o_sim/{file}: nothing is said below {constant}")


def digest(file: str, dotted: str) -> str:
    """The fingerprint of a piece of code."""
    node = find(file, dotted)
    return fingerprint("\n".join(text_of(file).splitlines()[node.lineno - 1 : node.end_lineno]))


def fingerprint(code: str) -> str:
    """Of what code does: of its text without docstrings, comments, spaces and last commas."""
    code = textwrap.dedent(code)
    lines = code.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            row = token.start[0] - 1
            lines[row] = lines[row][: token.start[1]]
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and _is_text(node.body[0]):
            for k in range(node.body[0].lineno - 1, node.body[0].end_lineno or 0):
                lines[k] = ""
    plain = re.sub(r",(?=[)\]}])", "", "".join("".join(lines).split()))
    return hashlib.sha256(plain.encode()).hexdigest()[:12]


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


# -- text for a Markdown page --------------------------------------------------------------------------------
def flat(doc: str | None) -> str:
    """A docstring on one line."""
    return " ".join(inspect.cleandoc(doc or "").split())


def paragraphs(doc: str | None) -> str:
    """A docstring with its paragraphs."""
    return "\n\n".join(" ".join(p.split()) for p in re.split(r"\n\s*\n", inspect.cleandoc(doc or "")))


def cell(value: object) -> str:
    """Fit for a cell of a table."""
    return str(value).replace("|", "\\|").replace("\n", " ")


def table(head: list[str], rows: list[list[object]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(cell(c) for c in row) + " |" for row in rows])
