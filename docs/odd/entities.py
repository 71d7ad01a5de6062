"""State variables of every entity: their names and types from the code, what they mean from words.yaml."""

from __future__ import annotations

import ast

import numpy as np

from o2o_sim.market import consumers, ledger, offers

from .source import Stale, find, flat, note_on, said, table, tree_of, words

AGENTS = {
    "Store": "agents/store.py",
    "Month": "agents/store.py",
    "Owner": "agents/owner.py",
    "Belief": "agents/owner.py",
    "Holding": "modes/base.py",
    "Platform": "agents/platform.py",
    "Circle": "agents/circle.py",
    "MonthBooks": "market/day.py",
    "City": "city/build.py",
}


def attributes(file: str, name: str) -> dict[str, str]:
    """What an instance of a class holds: name -> type, as far as the code says one.

    Fields of the class (a dataclass, a named tuple), then what `__init__` puts into `self`; what a property
    gives out that can be set goes by the name of the property.
    """
    node = find(file, name)
    assert isinstance(node, ast.ClassDef)
    found: dict[str, str] = {}
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            found[part.target.id] = ast.unparse(part.annotation)
    for method in node.body:
        if not isinstance(method, ast.FunctionDef) or method.name != "__init__":
            continue
        given = {a.arg: ast.unparse(a.annotation) for a in _arguments(method) if a.annotation is not None}
        for statement in ast.walk(method):
            for target, value, kind in _assigned(statement):
                if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
                    found.setdefault(target.attr, kind or _type_of(value, given))
    # Of properties only those that can be set are a state; others are kept values.
    given_out = {
        f"_{part.name}"
        for part in node.body
        if isinstance(part, ast.FunctionDef)
        and any(ast.unparse(d) == f"{part.name}.setter" for d in part.decorator_list)
    }
    found = {k[1:] if k in given_out else k: v for k, v in found.items()}
    return {k: v for k, v in found.items() if not k.startswith("_")}


def _arguments(method: ast.FunctionDef) -> list[ast.arg]:
    return [*method.args.args, *method.args.kwonlyargs]


def _assigned(node: ast.AST) -> list[tuple[ast.expr, ast.expr | None, str]]:
    """(target, value, declared type) of an assignment, each of several targets apart, in the order of the
    text."""
    if isinstance(node, ast.AnnAssign):
        return [(node.target, node.value, ast.unparse(node.annotation))]
    if not isinstance(node, ast.Assign):
        return []
    found = []
    for target in node.targets:
        if isinstance(target, ast.Tuple):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [None] * len(target.elts)
            found += [(t, v, "") for t, v in zip(target.elts, values)]
        else:
            found.append((target, node.value, ""))
    return found


def _type_of(value: ast.expr | None, given: dict[str, str]) -> str:
    """The type of a plain value: a constant's, or that of the argument it is."""
    if isinstance(value, ast.Constant) and value.value is not None:
        return type(value.value).__name__
    if isinstance(value, ast.Name):
        return given.get(value.id, "")
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return {"int": "int", "float": "float", "set": "set", "name_bits": "uint64"}.get(value.func.id, "")
    return ""


def _table(kinds: dict[str, str], group: str) -> str:
    meanings = said(group, list(kinds))
    rows: list[list[object]] = [[f"`{k}`", f"`{kinds[k]}`" if kinds[k] else "", meanings[k]] for k in kinds]
    return table(["variable", "type", "meaning and unit"], rows)


# -- consumers -----------------------------------------------------------------------------------------------
def consumer() -> str:
    """The record of a consumer, and the tables beside it."""
    fields = {n: str(t[0]) for n, t in (consumers.PERSON.fields or {}).items()}
    tables = _tables()
    return (
        f"*The record (`PERSON`)*: {note_on('market/consumers.py', 'PERSON')}\n\n{_table(fields, 'PERSON')}\n\n"
        f"*The tables beside it (`People`)*: {flat(consumers.People.__doc__)}\n\n{_table(tables, 'People')}\n\n"
        f"*The bits of `access`*: {note_on('market/consumers.py', 'ONLINE')} "
        f"{note_on('market/audiences.py', 'FIRST_AUDIENCE')}"
    )


def _tables() -> dict[str, str]:
    """Name -> type and shape of the tables, as the docstring of `People` says them."""
    doc, found = flat(consumers.People.__doc__), {}
    for name in consumers.TABLES:
        kind = doc.partition(f"{name}: ")[2]
        found[name] = kind[: kind.index("]") + 1]
    return found


def offer() -> str:
    """An offer, as its publisher states it, and what the shopping loop reads of it."""
    fields = attributes("market/offers.py", "Offer")
    doc = "\n\n".join(" ".join(p.split()) for p in (offers.Offer.__doc__ or "").split("\n\n"))
    row = ", ".join(f"`{n}` {t[0]}" for n, t in (offers.ROW.fields or {}).items())
    return f"{doc}\n\n{_table(fields, 'Offer')}\n\n*In columns (`ROW`)*: {row}. {note_on('market/offers.py', 'ROW')}"


def agent(name: str) -> str:
    """One class: its docstring, and all that an instance holds."""
    file = AGENTS[name]
    node = find(file, name)
    assert isinstance(node, ast.ClassDef)
    constants = [
        n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
    ]
    assert all(isinstance(c, str) for c in constants)
    return f"{flat(ast.get_docstring(node))}\n\n{_table(attributes(file, name), name)}"


def books() -> str:
    """Kinds of account and lines of the books."""
    kinds = said("ledger kinds", list(ledger.KINDS))
    lines = said("ledger lines", list(ledger.LINES))
    return (
        f"{flat(ledger.Ledger.__doc__)} {note_on('market/ledger.py', 'KINDS')}\n\n"
        + table(["kind of account", "who stands behind it"], [[f"`{k}`", v] for k, v in kinds.items()])
        + f"\n\n{note_on('market/ledger.py', 'LINES')}\n\n"
        + table(["line", "from whom to whom, for what"], [[f"`{k}`", v] for k, v in lines.items()])
    )


# -- systems -------------------------------------------------------------------------------------------------
def kept_by(file: str, name: str) -> list[str]:
    """What a system, the helper classes that it names, and the ownership of shops that it builds on hold."""
    classes = {n.name: n for n in tree_of(file).body if isinstance(n, ast.ClassDef)}
    mine, owns = [name], any(isinstance(b, ast.Name) and b.id == "Owner" for b in classes[name].bases)
    for held in mine:  # grows on the way
        named = {n.id for n in ast.walk(classes[held]) if isinstance(n, ast.Name)}
        mine += [k for k, n in classes.items() if k in named and k not in mine and not _is_system(n)]
    parts = [part for k in classes if k in mine for part in _state_of(file, k)]
    return parts + (_state_of("systems/acquire.py", "Owner") if owns else [])


def _state_of(file: str, name: str) -> list[str]:
    """One class: every variable with its meaning and unit, as words.yaml says it."""
    held = list(attributes(file, name))
    if not held:
        return []
    if words()["state"].get(name, {}).keys() != set(held):
        raise Stale(f"docs/odd/words.yaml, 'state': {name} holds {', '.join(held)}")
    return [f"`{name}`: " + "; ".join(f"`{k}` ({words()['state'][name][k]})" for k in held)]


def _is_system(node: ast.ClassDef) -> bool:
    return any(isinstance(b, ast.Name) and b.id in ("System", "Owner") for b in node.bases)


def sizes() -> str:
    """Bytes of a consumer's record."""
    assert isinstance(consumers.PERSON, np.dtype)
    return f"{consumers.PERSON.itemsize} bytes a record"
