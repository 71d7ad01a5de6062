"""What happens when, and who decides how: phases, hooks, systems, policies, channels, modes, decisions,
outcomes."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from o2o_sim import extend, model, modes, review
from o2o_sim.market import rules
from o2o_sim.policies import decisions, entry, rent, subsidy
from o2o_sim.record.outcomes import OUTCOMES
from o2o_sim.scenario.schema import Spec
from o2o_sim.systems import SYSTEMS, System

from .entities import kept_by
from .parameters import field_of
from .source import files, find, flat, paragraphs, said, table, tree_of

HOOKS = tuple(
    n for n, f in vars(System).items() if inspect.isfunction(f) and n not in ("__init__", "open_account")
)


def file_of(thing: Any) -> str:
    """The file in which something stands, as `systems/till.py`."""
    return inspect.getmodule(thing).__name__.removeprefix("o2o_sim.").replace(".", "/") + ".py"  # type: ignore[union-attr]


def _link(file: str) -> str:
    return f"[{file}](../o2o_sim/{file})"


# -- the day -------------------------------------------------------------------------------------------------
def day() -> str:
    """The phases with their docstrings, and the hooks of systems that each asks."""
    rows: list[list[object]] = []
    for k, (name, phase) in enumerate(model.DAY, 1):
        hooks = ", ".join(f"`{h}`" for h in hooks_in(phase))
        rows.append([k, f"`{name}`", flat(phase.__doc__), hooks, _link(file_of(phase))])
    return table(["", "phase", "what happens", "systems are asked", "code"], rows)


def hooks_in(function: Callable) -> list[str]:
    """The hooks that a phase asks, itself or through functions of its file and of review.py and needs."""
    seen: set[str] = set()
    order: list[str] = []

    def look(file: str, name: str) -> None:
        if (key := f"{file}:{name}") in seen:
            return
        seen.add(key)
        node = find(file, name)
        calls = sorted(
            (n for n in ast.walk(node) if isinstance(n, ast.Call)), key=lambda n: (n.lineno, n.col_offset)
        )
        for call in calls:
            called = call.func
            if (
                isinstance(called, ast.Attribute)
                and called.attr in HOOKS
                and ast.unparse(called.value) == "system"
            ):
                order.append(called.attr)
            elif isinstance(called, ast.Name) and _defines(file, called.id):
                look(file, called.id)
            elif isinstance(called, ast.Subscript) and ast.unparse(called.value) == "_DECIDE":
                for each in ("_landlord", "_platform", "_store"):
                    look(file, each)

    look(file_of(function), function.__name__)
    return list(dict.fromkeys(order))


def _defines(file: str, name: str) -> bool:
    return any(isinstance(n, ast.FunctionDef) and n.name == name for n in tree_of(file).body)


def month_end() -> str:
    """The evening of a month, in the code's own words."""
    lines = textwrap.dedent(inspect.getsource(review.review)).splitlines()
    start = next(k for k, line in enumerate(lines) if '"""' in line)
    return "```python\n" + textwrap.dedent("\n".join(lines[start + 1 :])) + "\n```"


def hooks() -> str:
    """Where in the day systems are asked, and which do something there."""
    rows: list[list[object]] = []
    for hook in HOOKS:
        mine = [
            s.__name__ for s in SYSTEMS if any(hook in vars(c) for c in s.__mro__[: s.__mro__.index(System)])
        ]
        doing = "all" if len(mine) == len(SYSTEMS) else ", ".join(mine)
        rows.append([f"`{hook}`", flat(getattr(System, hook).__doc__), doing])
    return table(["hook", "when, and what for", "systems that use it, in their order"], rows)


# -- systems -------------------------------------------------------------------------------------------------
def switch(cls: type[System]) -> str:
    """The expression by which a scenario switches a system on, and the keys in it."""
    text = textwrap.dedent(inspect.getsource(cls.wanted))
    returned = next(n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Return))
    assert returned.value is not None
    return " ".join((ast.get_source_segment(text, returned.value) or "").split())


def systems() -> str:
    """All systems in the order in which they are asked."""
    keys = said("systems", [s.__name__ for s in SYSTEMS])
    rows: list[list[object]] = [
        [k, f"`{s.__name__}`", f"`{keys[s.__name__]}`", f"`{switch(s)}`", _link(file_of(s))]
        for k, s in enumerate(SYSTEMS, 1)
    ]
    return table(["", "system", "switched on by", "in the code", "file"], rows)


def system(name: str) -> str:
    """One system: what its docstring says, and what it keeps in mind."""
    cls = next(s for s in SYSTEMS if s.__name__ == name)
    held = kept_by(file_of(cls), name)
    return paragraphs(cls.__doc__) + "".join(f"\n\nState of {part}." for part in held)


# -- policies ------------------------------------------------------------------------------------------------
SELECTABLE: dict[str, tuple[str, dict[str, Any], type]] = {
    "stores": (
        "`stores.policy`, `stores.formats.F.policy`, `stores.named.S.policy`",
        extend.KINDS["store"].built_in,
        decisions.StorePolicy,
    ),
    "subsidies": ("`platforms.P.subsidy.policy`", extend.KINDS["subsidy"].built_in, subsidy.SubsidyPolicy),
    "rents": ("`landlords.policy`, `circles.C.landlord`", extend.KINDS["rent"].built_in, rent.RentPolicy),
    "entry": ("`entry.policy`", extend.KINDS["entry"].built_in, entry.EntryPolicy),
}


def policies() -> str:
    """Every class that a scenario can name, with its docstring."""
    parts = []
    for what, (keys, known, base) in SELECTABLE.items():
        rows: list[list[object]] = [
            [f"`{n}`", f"`{c.__name__}`", flat(c.__doc__), _link(file_of(c))] for n, c in known.items()
        ]
        parts.append(
            f"*{what.capitalize()}* ({keys}). {flat(base.__doc__)}\n\n{table(['name', 'class', 'rule', 'file'], rows)}"
        )
    rows = [["`default`", "`value`", flat(rules.value.__doc__), _link("market/rules.py")],
            ["`huff`", "`huff.value`", flat(rules.huff.__doc__), _link("market/rules.py")]]  # fmt: skip
    parts.append(f"*Choice* (`consumers.value`)\n\n{table(['name', 'function', 'rule', 'file'], rows)}")
    return "\n\n".join(parts)


def choice() -> str:
    """The default choice rule, as it stands."""
    lines = inspect.getsource(rules.value).splitlines()
    return "```python\n" + "\n".join(line for line in lines if '"""' not in line) + "\n```"


# -- channels, modes, decisions, outcomes --------------------------------------------------------------------
def channel_names() -> list[str]:
    """Every channel that something in the package publishes."""
    found = {mode.channel for mode in modes.BUILT_IN}
    for file in files():
        if not file.startswith(("agents/", "systems/", "phases.py")):
            continue
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == "CHANNEL" for t in node.targets
            ):
                found |= {node.value.value} if isinstance(node.value, ast.Constant) else set()
            if not isinstance(node, ast.Call):
                continue
            given = [k.value for k in node.keywords if k.arg == "channel"]
            if getattr(node.func, "attr", "") == "base_offer":
                given += node.args[:1]
            if getattr(node.func, "id", "") == "Offer" and len(node.args) > 2:
                given.append(node.args[2])
            found |= {g.value for g in given if isinstance(g, ast.Constant)}
    return sorted(found)


def channels() -> str:
    """Channels, how each is seen and who sells."""
    words_ = said("channels", channel_names())
    rows: list[list[object]] = [[f"`{n}`", w["seen"], w["seller"], w["what"]] for n, w in words_.items()]
    return table(["channel", "seen by", "who sells, and carries", "what it is"], rows)


def modes_table() -> str:
    """Ways of integrating: the channel of each, the partner it needs, what it offers."""
    spec_modes = field_of(Spec, "modes").annotation
    assert spec_modes is not None
    rows: list[list[object]] = []
    for mode in modes.BUILT_IN:
        sentence = field_of(spec_modes, mode.name).description or ""
        partner = (
            "none"
            if mode.partner is None
            else f"`{mode.partner}`"
            if mode.partner
            else "one with `from_stores`"
        )
        rows.append([f"`{mode.name}`", f"`{mode.channel}`", partner, sentence, flat(mode.__doc__)])
    return table(
        ["mode", "channel", "platform needed", "the scenario says of it", "what a store offers through it"],
        rows,
    )


def decisions_taken() -> str:
    """Every decision that is logged: who takes it, what it is called, why, with which figures."""
    rows: dict[tuple[str, str], tuple[list[str], list[str], list[str]]] = {}
    for file in files():
        for node in ast.walk(tree_of(file)):
            if not (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "log"
            ):
                continue
            if len(node.args) < 3 or not ast.unparse(node.func.value).endswith(("model", "m")):
                continue
            kind, what = _texts(node.args[1]), _texts(node.args[2])
            if not (kind and what) or file.startswith(("show/", "studies/", "record/")):
                continue
            why = _texts(node.args[3]) if len(node.args) > 3 else []
            figures = [k.arg for k in node.keywords if k.arg]
            for extra in (k.value for k in node.keywords if k.arg is None and isinstance(k.value, ast.Dict)):
                figures += [k.value for k in extra.keys if isinstance(k, ast.Constant)]
            for w in what:
                row = rows.setdefault((kind[0], w), ([], [], []))
                row[0].extend(x for x in why if x not in row[0])
                row[1].extend(x for x in map(str, figures) if x not in row[1])
                row[2].extend(x for x in [file] if x not in row[2])
    body: list[list[object]] = [
        [kind, f"`{what}`", "; ".join(why), ", ".join(figures), ", ".join(map(_link, where))]
        for (kind, what), (why, figures, where) in sorted(rows.items())
    ]
    return table(["who", "decision", "reason", "figures", "code"], body)


def store_decisions() -> str:
    """What a store's review can decide, from every Decision that the policies make."""
    rows: dict[tuple[str, str], list[str]] = {}
    for file in files():
        if not file.startswith(("policies/", "systems/")):
            continue
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Decision" and node.args:
                for kind in _texts(node.args[0]):
                    for why in _texts(node.args[1]) if len(node.args) > 1 else [""]:
                        where = rows.setdefault((kind, why), [])
                        where += [file] if file not in where else []
    body: list[list[object]] = [
        [f"`{k}`", why, ", ".join(map(_link, f))] for (k, why), f in sorted(rows.items())
    ]
    return table(["decision", "reason", "code"], body)


def _texts(node: ast.expr) -> list[str]:
    """The texts that an expression may be: constants, both sides of a condition, with NAME for what is filled
    in."""
    if isinstance(node, ast.Constant):
        return [str(node.value)] if node.value else []
    if isinstance(node, ast.IfExp):
        return _texts(node.body) + _texts(node.orelse)
    if isinstance(node, ast.BoolOp):
        return [t for v in node.values for t in _texts(v)]
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [a + b for a in _texts(node.left) or ["…"] for b in _texts(node.right) or ["…"]]
    return ["…"]


def outcomes() -> str:
    """What can become of a store."""
    meant = said("outcomes", list(OUTCOMES))
    return table(["outcome", "on the last day of the run"], [[f"`{k}`", v] for k, v in meant.items()])
