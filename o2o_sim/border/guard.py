"""The border between the program and a user's classes.

`examine` looks at a class before it is used: whether each method that the program calls can be called so, and
whether a name is a misspelt one that nobody would ever call. `guard` then puts a check around each of these
methods, so that what comes back is looked at once, here, and a wrong value is told with the user's line."""

from __future__ import annotations

import functools
import inspect
import json
import math
import numbers
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from ..errors import Problem, ScenarioError
from ..market.offers import Bounds, Offer, wrong_offer
from ..modes import Mode
from ..policies.decisions import Decision
from ..policies.integration import Option
from ..scenario.keys import Block
from ..scenario.shape import closest, similar
from ..systems.base import Agent, System
from .blame import at_line, line_of, whom

if TYPE_CHECKING:
    from ..agents.store import Store
    from ..model import O2OModel

ARGUMENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "store": {"review": ("store", "view", "chance")},
    "subsidy": {"decide": ("platform", "rivals")},
    "rent": {"decide": ("circle", "rules")},
    "entry": {"choose": ("circle", "prospects", "view", "chance")},
    "channel": {"publish": ("model",)},
}
"""What the methods of policies are called with; those of systems and modes say it in their base."""
BASES: dict[str, type] = {"system": System, "mode": Mode}
_MAY_YIELD = ("offers", "agents", "options")
_STORE_KINDS = ("keep", "price", "adopt", "quit", "showroom", "move online", "come back", "close")
_OURS = __name__.partition(".")[0] + "."


class Refused(ValueError):
    """A value of a user's that the program cannot go on with: what it is; what it must be. `verb` is what the
    user's function did with it."""

    def __init__(self, said: str, verb: str = "returned"):
        super().__init__(said)
        self.verb = verb


# -- numbers ------------------------------------------------------------------------------------------------
def number(found: Any, what: str = "", least: float = -math.inf, *, above: bool = False) -> Any:
    """`found`, if it is a finite number of at least `least` (or above it). Raises Refused."""
    of = f"{what} of " if what else ""
    if isinstance(found, bool | np.bool_) or not isinstance(found, numbers.Real):
        raise Refused(f"{of}{told(found)}; must be a number")
    if not math.isfinite(found):
        raise Refused(f"{of}{told(found)}; must be a finite number")
    if found < least or (above and found == least):
        raise Refused(
            f"{of}{told(found)}; must be {'above ' if above else ''}{least:g}{'' if above else ' or more'}"
        )
    return found


def told(found: Any) -> str:
    """A value in a message."""
    if found is None:
        return "nothing (None)"
    if isinstance(found, np.ndarray) and found.ndim:
        return f"an array of shape {found.shape}"
    text = repr(found.item() if isinstance(found, np.generic) else found)
    return text if len(text) <= 60 else f"{text[:57]}..."


# -- what comes back ----------------------------------------------------------------------------------------
# Each check gets the object, what its method was given and what it returned, and returns what the program goes on
# with. It raises Refused.
Check = Callable[[Any, Sequence[Any], Any], Any]


def _decision(policy: Any, given: Sequence[Any], found: Any) -> Decision:
    if not isinstance(found, Decision):
        raise Refused(f"{told(found)}; must be a Decision (KEEP changes nothing)")
    store: Store = given[0]
    modes, own = store.model.modes, [kind for system in store.model.systems for kind in system.kinds]
    known = [*_STORE_KINDS, *own]
    if found.kind not in known:
        raise Refused(
            f"the decision {found.kind!r}; must be one of {', '.join(known)}{_meant(found.kind, known)}"
        )
    if found.kind == "price":
        number(found.price_x, "a price_x", 0, above=True)
    if found.kind in ("adopt", "quit"):
        held = list(store.modes) if found.kind == "quit" else list(modes)
        if found.mode not in held:
            there = ", ".join(held) or "none"
            raise Refused(
                f"the mode {found.mode!r} to {found.kind}; there is {there}{_meant(found.mode, held)}"
            )
    if found.kind == "adopt" and modes[found.mode].partner is not None and found.platform is None:
        raise Refused(f"no platform for the mode {found.mode!r}, which needs one")
    try:
        json.dumps(dict(found.figures), default=plain)
    except (TypeError, ValueError) as fault:
        raise Refused(f"figures that cannot be kept ({fault}); they must be numbers and texts") from None
    _sane(store.model)
    return found


def is_own(thing: Any) -> bool:
    """Whether an object is of a class of a user's."""
    return not type(thing).__module__.startswith(_OURS)


def plain(value: Any) -> Any:
    """A number of NumPy as one of Python, for JSON. Raises TypeError for everything else."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _meant(word: Any, known: Sequence[str]) -> str:
    near = closest(word, known) if isinstance(word, str) and word else None
    return f"; did you mean {near}?" if near else ""


def _rent(policy: Any, given: Sequence[Any], found: Any) -> Any:
    return number(found, "a rent", 0)


def _subsidy(policy: Any, given: Sequence[Any], found: Any) -> Any:
    return number(found, "a subsidy", 0)


def _newcomer(policy: Any, given: Sequence[Any], found: Any) -> Any:
    formats = list(given[0].model.spec.stores.formats)
    if found is not None and getattr(found, "format", None) not in formats:
        raise Refused(f"{told(found)}; must be one of the prospects it was given, or None")
    return found


def _offers(model: O2OModel, found: Any) -> list[Offer]:
    if found is None or isinstance(found, str | Mapping | Offer) or not isinstance(found, Iterable):
        raise Refused(f"{told(found)}; must be a list of Offer")
    rows = list(found)
    if wrong := wrong_offer(rows, bounds(model)):
        raise Refused(wrong)
    return rows


def bounds(model: O2OModel) -> Bounds:
    """How many categories, cells, stores, platforms and accounts there are, for the numbers in offers."""
    return Bounds(
        len(model.category_number),
        model.city.grid.cells,
        len(model.stores),
        len(model.platforms),
        len(model.ledger.balance),
    )


def _system_offers(system: System, given: Sequence[Any], found: Any) -> list[Offer]:
    return _offers(system.model, found)


def _channel_offers(channel: Any, given: Sequence[Any], found: Any) -> list[Offer]:
    return _offers(given[0], found)


def _mode_offer(mode: Mode, given: Sequence[Any], found: Any) -> Offer | None:
    if found is not None and not isinstance(found, Offer):
        raise Refused(f"{told(found)}; must be an Offer, or None")
    if found is not None:
        _offers(given[0].model, [found])
    return found


def _table(system: System, given: Sequence[Any], found: Any) -> None:
    columns = given[0].columns
    for name in columns.dtype.names or ():
        if columns[name].dtype.kind == "f" and np.isnan(columns[name]).any():
            row = int(np.flatnonzero(np.isnan(columns[name]))[0])
            offer = given[0].rows[row]
            raise Refused(
                f"NaN in the column {name!r}, for the offer {offer.channel!r} of {offer.maker!r}", "left"
            )


def _picks(system: System, given: Sequence[Any], found: Any) -> None:
    day, rows = system.model.purchases, len(system.model.table)
    for name in ("picks", "visited"):
        chosen = getattr(day, name)
        if np.shape(chosen) != np.shape(day.consumer) or chosen.dtype.kind not in "iu":
            raise Refused(
                f"{name} of another shape or type; must be a row of the table for each need", "left"
            )
        if len(chosen) and not 0 <= int(chosen.min()) <= int(chosen.max()) < rows:
            raise Refused(
                f"{name} of a row that the table does not have; rows run from 0 to {rows - 1}", "left"
            )


def _served(system: System, given: Sequence[Any], found: Any) -> None:
    served = system.model.purchases.served
    if np.shape(served) != np.shape(system.model.purchases.consumer) or served.dtype.kind != "b":
        raise Refused("served of another shape or type; must be True or False for each need", "left")


def _hazards(system: System, given: Sequence[Any], found: Any) -> None:
    if not (np.isfinite(given[0]).all() and (given[0] >= 0).all()):
        raise Refused("chances of adoption that are negative or no numbers", "left")


def _hazard_x(system: System, given: Sequence[Any], found: Any) -> Any:
    if found is None:
        return None
    people = len(system.model.consumers)
    factors = np.asarray(found)
    if factors.shape != (people,) or factors.dtype.kind not in "fiub":
        raise Refused(f"{told(found)}; must be an array of {people} numbers, one for each consumer, or None")
    if not (np.isfinite(factors).all() and (factors >= 0).all()):
        raise Refused("factors that are negative or no numbers")
    return found


def _listed(found: Any, what: str) -> list[Any]:
    if not isinstance(found, Iterable):
        raise Refused(f"{told(found)}; must be a list of {what}")
    return list(found)


def _agents(system: System, given: Sequence[Any], found: Any) -> list[Any]:
    agents = _listed(found, "agents")
    for agent in agents:
        if not isinstance(getattr(agent, "name", None), str) or not callable(getattr(agent, "decide", None)):
            raise Refused(f"{told(agent)}; an agent has a name (a text) and a method decide(model)")
    return agents


def _options(system: System, given: Sequence[Any], found: Any) -> list[Option]:
    options = _listed(found, "Option")
    for option in options:
        if not isinstance(option, Option):
            raise Refused(f"{told(option)}; must be an Option")
        number(option.gain, "a gain")
        number(option.cost, "a cost")
    return options


def _phases(system: System, given: Sequence[Any], found: Any) -> list[Any]:
    phases = list(found) if isinstance(found, Sequence) and not isinstance(found, str) else None
    pairs = [p for p in phases or () if isinstance(p, tuple) and len(p) == 2 and callable(p[1])]
    if phases is None or len(pairs) < len(phases) or not all(isinstance(name, str) for name, _ in pairs):
        raise Refused(f"{told(found)}; must be the list of phases, each (name, function of the model)")
    return phases


def _expected_x(system: System, given: Sequence[Any], found: Any) -> Any:
    return number(found, "a multiple", 0, above=True)


def _figures(system: System, given: Sequence[Any], found: Any) -> dict[str, float]:
    if not isinstance(found, Mapping):
        raise Refused(f"{told(found)}; must be a dict of numbers by the names of columns")
    for name, value in found.items():
        if not isinstance(name, str) or not name.strip():
            raise Refused(f"a column with the name {told(name)}; must be a text")
        if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
            raise Refused(f"{told(value)} for the column {name!r}; must be a number")
    return dict(found)


def _store_columns(system: System, given: Sequence[Any], found: Any) -> dict[str, Sequence[Any]]:
    if not isinstance(found, Mapping):
        raise Refused(f"{told(found)}; must be a dict of lists by the names of columns")
    stores = len(given[0])
    for name, values in found.items():
        if not isinstance(name, str) or not name.strip():
            raise Refused(f"a column with the name {told(name)}; must be a text")
        column = np.asarray(values)
        if column.shape != (stores,) or column.dtype.kind not in "fiub":
            raise Refused(
                f"{told(values)} for the column {name!r}; must be {stores} numbers, one for each store"
            )
    return dict(found)


def _at_bounds(system: System, given: Sequence[Any], found: Any) -> list[tuple[str, str, str, str]]:
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise Refused(f"{told(found)}; must be a list of what is at a bound")
    for row in found:
        if not isinstance(row, tuple) or len(row) != 4 or not all(isinstance(part, str) for part in row):
            raise Refused(
                f"{told(row)} in the list; must be four texts: what, of what kind whose it is, whose, which limit"
            )
    return list(found)


def _yes_or_no(asked: Any, given: Sequence[Any], found: Any) -> bool:
    if not isinstance(found, bool | np.bool_):
        raise Refused(f"{told(found)}; must be True or False")
    return bool(found)


def _partners(mode: Mode, given: Sequence[Any], found: Any) -> list[Any]:
    platforms = [None, *given[1].platforms]
    if not isinstance(found, Sequence) or any(p not in platforms for p in found):
        raise Refused(f"{told(found)}; must be a list of platforms, or [None] for a mode that needs none")
    return list(found)


def _finite(mode: Mode, given: Sequence[Any], found: Any) -> Any:
    return number(found)


def _expects(mode: Mode, given: Sequence[Any], found: Any) -> Any:
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise Refused(f"{told(found)}; must be two numbers: extra sales, and the share of them that is kept")
    number(found[0], "extra sales")
    number(found[1], "a share")
    return found


def _market(system: System, given: Sequence[Any], found: Any) -> Any:
    _sane(system.model)
    return found


_STORE = ("price_x", "quality", "area_m2", "skill", "staffing")


def _sane(model: O2OModel) -> None:
    """That what a rule may have written into stores, circles and platforms are numbers that they can have."""
    if model.stores:
        values = [(s.price_x, s.quality, s.area_m2, s.skill, s.staffing) for s in model.stores]
        if not _all_sane(values):
            for store, row in zip(model.stores, values):
                for name, value in zip(_STORE, row):
                    with _about(f"{name} of the store {store.name!r}"):
                        least = -math.inf if name == "quality" else 0
                        number(value, "", least, above=name in ("price_x", "area_m2"))
    for circle in model.circles.values():
        with _about(f"rent of the circle {circle.name!r}"):
            number(circle.rent, "", 0)
    for platform in model.platforms:
        with _about(f"subsidy_yuan of the platform {platform.name!r}"):
            number(platform.subsidy_yuan, "", 0)
        with _about(f"commission of the platform {platform.name!r}"):
            number(platform.commission)
    with _about("wage of the city"):
        number(model.wage_yuan(), "", 0)


def _all_sane(values: list[tuple[Any, ...]]) -> bool:
    try:
        x = np.array(values, np.float64)
    except (TypeError, ValueError):
        return False
    return bool(np.isfinite(x).all() and (x[:, [0, 2]] > 0).all() and (x[:, [3, 4]] >= 0).all())


class _about:
    """Say of a refusal within the block what it is about."""

    def __init__(self, what: str):
        self.what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, fault: BaseException | None, trace: Any) -> None:
        if isinstance(fault, Refused):
            raise Refused(f"{self.what} at {fault}", "left the") from None


CHECKS: dict[str, dict[str, Check]] = {
    "store": {"review": _decision},
    "rent": {"decide": _rent},
    "subsidy": {"decide": _subsidy},
    "entry": {"choose": _newcomer},
    "channel": {"publish": _channel_offers},
    "mode": {
        "publish": _mode_offer,
        "hoped_lift": _finite,
        "expects": _expects,
        "order_cost_yuan": _finite,
        "works_with": _yes_or_no,
        "partners": _partners,
    },
    "system": {
        "schedule": _phases,
        "offers": _system_offers,
        "amend": _system_offers,
        "published": _table,
        "after_choice": _picks,
        "serve": _served,
        "agents": _agents,
        "allows": _yes_or_no,
        "options": _options,
        "hazards": _hazards,
        "hazard_x": _hazard_x,
        "expected_x": _expected_x,
        "figures": _figures,
        "store_columns": _store_columns,
        "at_bounds": _at_bounds,
        **dict.fromkeys(
            ("morning", "after_sales", "after_learning", "bills", "decided", "month_end"), _market
        ),
    },
}


# -- the guard ----------------------------------------------------------------------------------------------
def guard(cls: type, kind: str) -> None:
    """Put a check around every method of a user's class that the program calls, once."""
    for owner, name, entry in _own_entries(cls):
        function = entry.__func__ if isinstance(entry, staticmethod) else entry
        if (
            name in CHECKS[kind]
            and isinstance(function, FunctionType)
            and not hasattr(function, "__guarded__")
        ):
            unbound = isinstance(entry, staticmethod)
            setattr(owner, name, _guarded(function, CHECKS[kind][name], unbound))


def _guarded(function: FunctionType, check: Check, unbound: bool) -> Callable[..., Any]:
    @functools.wraps(function)
    def crossing(self: Any, *given: Any, **named: Any) -> Any:
        found = function(*given, **named) if unbound else function(self, *given, **named)
        try:
            return check(self, [*given, *named.values()], found)
        except Refused as fault:
            raise refused(function, str(fault), (self, *given), fault.verb) from None

    crossing.__guarded__ = True  # type: ignore[attr-defined]
    return crossing


def refused(
    method: Callable[..., Any], message: str, given: Sequence[Any] = (), verb: str = "returned"
) -> ScenarioError:
    """That what a user's method returned cannot be used, at its line; `given` is what it was called with, among
    which are whom it was about and the model."""
    function = inspect.unwrap(getattr(method, "__func__", method))
    models = (getattr(thing, "model", None) for thing in given)
    about = next((text for thing in given if (text := whom(thing))), "")
    about += next((f" on {model.date}" for model in models if model is not None), "")
    head, mark, rest = message.partition("; ")
    said = f"{function.__qualname__} {verb} {head}{about}{mark}{rest}"
    return ScenarioError(at_line(function.__code__.co_filename, line_of(function), said))


# -- before it is used --------------------------------------------------------------------------------------
def examine(cls: type, kind: str, module: ModuleType) -> list[Problem]:
    """What is wrong with a user's class that can be known without calling it."""
    problems = []
    for owner, name, entry in _own_entries(cls):
        function = getattr(entry, "__func__", entry)
        wanted = _wanted(kind, name)
        if wanted is not None:
            if message := _uncallable(owner, name, entry, wanted):
                line = getattr(getattr(function, "__code__", None), "co_firstlineno", None)
                problems.append(_at(owner, function, line, message))
        elif meant := _misspelt(kind, name, module):
            what = f"{owner.__name__}.{name} is never called: there is no such {_thing(entry)}"
            problems.append(_at(owner, function, None, what, f"did you mean {meant}?"))
    return problems


def _own_entries(cls: type) -> Iterator[tuple[type, str, Any]]:
    """What the user's own classes among the bases of a class define, by name."""
    for owner in cls.__mro__:
        if owner is not object and not owner.__module__.startswith(_OURS) and owner.__module__ != "builtins":
            for name, entry in list(vars(owner).items()):
                yield owner, name, entry


def _wanted(kind: str, name: str) -> tuple[str, ...] | None:
    """The arguments that a method is called with; None for one that the program does not call."""
    if kind in ARGUMENTS:
        return ARGUMENTS[kind].get(name)
    method = vars(BASES[kind]).get(name)
    if not isinstance(method, FunctionType) or (name.startswith("_") and name != "__init__"):
        return None
    parameters = list(inspect.signature(method).parameters.values())[1:]
    return tuple(p.name for p in parameters if p.default is p.empty)


def _uncallable(owner: type, name: str, entry: Any, wanted: tuple[str, ...]) -> str | None:
    full = f"{owner.__name__}.{name}"
    function = entry.__func__ if isinstance(entry, staticmethod) else entry
    asked = wanted if isinstance(entry, staticmethod) else ("self", *wanted)
    if not callable(function):
        return f"{full} must be a method, found {told(entry)}"
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return f"{full} must not be async; write def"
    if inspect.isgeneratorfunction(function) and name not in _MAY_YIELD:
        return f"{full} must return a value, but it yields"
    if not isinstance(function, FunctionType):
        return None
    try:
        inspect.signature(function).bind(*asked)
    except TypeError:
        found = ", ".join(inspect.signature(function).parameters)
        first = ""
        if "self" in asked and not found.startswith("self"):
            first = "; the first argument of a method is self"
        return f"{full} is called with ({', '.join(asked)}), but takes ({found}){first}"
    return None


def _misspelt(kind: str, name: str, module: ModuleType) -> str | None:
    """The method or attribute that a name was likely meant for, if nothing in the user's file ever uses it."""
    if (
        name.startswith("_")
        or name == "Settings"
        or hasattr(BASES.get(kind, object), name)
        or hasattr(Agent, name)
    ):
        return None
    known = [n for n in dir(BASES[kind]) if not n.startswith("_")] if kind in BASES else list(ARGUMENTS[kind])
    near = similar(name, [*known, "Settings", "settings", *getattr(Agent, "__annotations__", ())])
    return near if near and near != name and not _is_used(name, module) else None


def _is_used(name: str, module: ModuleType) -> bool:
    """Whether code of a module mentions an attribute or a name."""
    import ast

    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):
        return True
    return any(
        (isinstance(node, ast.Attribute) and node.attr == name)
        or (isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.Constant) and node.value == name)
        for node in ast.walk(tree)
    )


def _thing(entry: Any) -> str:
    return "method" if isinstance(entry, FunctionType | staticmethod | classmethod) else "attribute"


def _at(owner: type, function: Any, line: int | None, message: str, hint: str | None = None) -> Problem:
    """A problem at a method of a user's class, or at the class."""
    code = getattr(function, "__code__", None)
    if code is not None:
        return at_line(code.co_filename, line or code.co_firstlineno, message, hint)
    try:
        file, first = inspect.getsourcefile(owner) or "", inspect.getsourcelines(owner)[1]
    except (OSError, TypeError):
        file, first = "", None
    return at_line(file, first, message, hint)


def wrong_default(cls: type, settings: type[Block]) -> Problem | None:
    """What is wrong with a default that a user's class declares for one of its settings."""
    try:
        settings()
    except ValidationError as fault:
        odd = [e for e in fault.errors() if e["type"] != "missing"]
        if odd and not settings.__module__.startswith(_OURS):
            name = ".".join(map(str, odd[0]["loc"]))
            said = f"the default of the setting {name!r} is not what it declares: {odd[0]['msg']}"
            return _at(settings, None, None, f"{cls.__name__}: {said}")
    except Exception as fault:  # a validator of the user's own
        return _at(settings, None, None, f"{cls.__name__}: its settings cannot be made: {fault}")
    return None


def examine_rule(rule: Callable[..., Any]) -> Problem | None:
    """What is wrong with a choice rule that can be known without calling it."""
    code: Any = getattr(rule, "__code__", None)
    name, message = getattr(rule, "__qualname__", "the rule"), None
    if inspect.iscoroutinefunction(rule) or inspect.isasyncgenfunction(rule):
        message = f"{name} must not be async; write def"
    elif inspect.isgeneratorfunction(rule):
        message = f"{name} must return a number, but it yields"
    else:
        try:
            inspect.signature(rule).bind(1, 2, 3, 4)
        except TypeError:
            found = ", ".join(inspect.signature(rule).parameters)
            message = f"{name} is called with (me, offer, trip, today), but takes ({found})"
    return at_line(code.co_filename, code.co_firstlineno, message) if message and code else None
