"""`timeline`: what changes in the city on a date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Date
from datetime import timedelta
from typing import TYPE_CHECKING

from ...errors import ScenarioError
from ..changing import find, own_copy
from ..circles import STREETS
from ..faults import Fault, Faults, Key, unknown
from ..keys import Block, Day, key
from ..stores import NamedStore
from ..use import uses

if TYPE_CHECKING:
    from ..schema import Spec


class Happening(Block):
    """What happens on one date: keys get other values; stores, platforms and circles come and go."""

    date: Day = key(..., "The day on whose morning it happens")
    about: str = key("", "What it is, in a sentence that pages and reports show", max_length=300)
    until: Day | None = key(
        None, "The keys under `set` move in a straight line until this day; empty: they jump"
    )
    set: dict[str, bool | int | float | str] = key(
        {}, "Other values of keys, by their path: `{levers.rent_x: 1.2}`", max_length=100
    )
    open: dict[str, NamedStore] = key({}, "Stores that open, placed by hand", max_length=500)
    close: list[str] = key([], "Stores, circles and platforms that close, by name", max_length=500)
    begin: list[str] = key([], "Platforms that are not there before", max_length=16)


def begin_later(spec: Spec) -> frozenset[str]:
    """The platforms that are not there on the first morning."""
    return frozenset(name for h in spec.timeline.values() for name in h.begin if h.date > spec.start)


def platforms_on(spec: Spec, day: Date) -> list[str]:
    """The platforms that are there on a day."""
    later = {name for h in spec.timeline.values() for name in h.begin if h.date > max(day, spec.start)}
    gone = {name for h in spec.timeline.values() for name in h.close if h.date <= day}
    return [name for name in spec.platforms if name not in later | gone]


def in_order(spec: Spec) -> list[tuple[str, Happening]]:
    """What happens, by date; what happens on one day in the order in which it is written."""
    return sorted(spec.timeline.items(), key=lambda item: item[1].date)


def last_day(spec: Spec) -> Date:
    """The last day that is simulated."""
    return spec.start + timedelta(days=spec.days - 1)


def of_plugins(spec: Spec, path: str) -> bool:
    """Whether a key is a setting of a plugin's class, which only the plugin's file can explain."""
    names = [".".join(map(str, at)) for at, _, _ in uses(spec)]
    return path.startswith("systems.") or any(path.startswith(f"{name}.") for name in names)


# -- checks -------------------------------------------------------------------------------------------------
def check(spec: Spec) -> Faults:
    """Keys that can change, names that there are, and no two changes at odds with one another."""
    if not spec.timeline:
        return
    yield from _empty(spec)
    wrong = list(_keys(spec))
    yield from wrong
    yield from _clashes(spec)
    if not wrong:
        yield from _wholes(spec)
    yield from _stores(spec)
    yield from _endings(spec)
    yield from _beginnings(spec)


def _each(spec: Spec) -> Iterator[tuple[Key, Happening]]:
    return ((("timeline", name), h) for name, h in in_order(spec))


def _empty(spec: Spec) -> Faults:
    for at, h in _each(spec):
        if not (h.set or h.open or h.close or h.begin):
            yield Fault(at, "says nothing that happens", "give set, open, close or begin", of_name=True)
        if h.until is not None and h.until <= h.date:
            yield Fault((*at, "until"), f"must be after the date, {h.date}")
        if h.until is not None and not h.set:
            yield Fault((*at, "until"), "there is nothing under `set` that could move until then")


def _keys(spec: Spec) -> Faults:
    for at, h in _each(spec):
        for path, value in h.set.items():
            if of_plugins(spec, path):
                continue  # the model knows them, once the plugin's file is imported
            here = (*at, "set", path)
            try:
                scalar = find(spec, path)
                new = scalar.check(value)
            except ScenarioError as fault:
                problem = fault.problems[0]
                yield Fault(here, problem.message, problem.hint)
                continue
            if h.until is not None and (not scalar.is_number or isinstance(new, bool)):
                yield Fault(here, "cannot move in a straight line: it is no number", "leave `until` out")


def _clashes(spec: Spec) -> Faults:
    """No key is moved by two happenings at a time."""
    known: dict[str, list[tuple[Date, Date, str]]] = {}
    for at, h in _each(spec):
        for path in h.set:
            begins, ends = h.date, h.until or h.date
            for first, last, other in known.get(path, []):
                if begins <= last and first <= ends:
                    message = f"is moved by timeline.{other} at the same time"
                    yield Fault((*at, "set", path), message, "let one end before the other begins")
            known.setdefault(path, []).append((begins, ends, str(at[1])))


def _wholes(spec: Spec) -> Faults:
    """After each change the whole must still be a scenario that can be simulated."""
    from ..checks import check as check_all

    changed = own_copy(spec)
    changed.__dict__["timeline"] = {}
    told = {(p.key, p.message) for p in check_all(changed)}
    for at, h in _each(spec):
        for path, value in h.set.items():
            if not of_plugins(spec, path):
                scalar = find(changed, path)
                scalar.hold(scalar.check(value))
        for problem in check_all(changed):
            if h.set and (problem.key, problem.message) not in told:
                told.add((problem.key, problem.message))
                message = f"from then on {problem.key}: {problem.message}"
                yield Fault((*at, "set"), message, problem.hint)


def _stores(spec: Spec) -> Faults:
    """Stores that open are placed, sell what there is, and have a name of their own."""
    from ..checks import named_store

    taken = set(spec.stores.named)
    for at, h in _each(spec):
        for name, store in h.open.items():
            here = (*at, "open", name)
            if name in taken:
                yield Fault(here, "another store placed by hand has this name", of_name=True)
            taken.add(name)
            yield from named_store(spec, name, store, here, h.date)
            if store.circle and (closed := _closed_on(spec, store.circle)) and closed <= h.date:
                yield Fault((*here, "circle"), f"the circle has closed on {closed}")


def _closed_on(spec: Spec, name: str) -> Date | None:
    return next((h.date for _, h in in_order(spec) if name in h.close), None)


def _endings(spec: Spec) -> Faults:
    """What closes is there, once, and has begun before."""
    opened = dict.fromkeys(spec.stores.named, spec.start)
    for _, h in in_order(spec):
        opened |= dict.fromkeys(h.open, h.date)
    imports = spec.city.import_
    of_files = imports is not None and (imports.stores is not None or imports.circles is not None)
    kinds: dict[str, dict[str, Date]] = {
        "store": opened,
        "circle": {name: c.opens or spec.start for name, c in spec.circles.items()},
        "platform": dict.fromkeys(spec.platforms, spec.start) | _begun(spec),
    }
    closed: dict[str, Date] = {}
    for at, h in _each(spec):
        for k, name in enumerate(h.close):
            here = (*at, "close", k)
            found = [kind for kind, names in kinds.items() if name in names]
            if name in closed:
                yield Fault(here, f"'{name}' has closed on {closed[name]} already")
            elif len(found) > 1:
                yield Fault(here, f"'{name}' is a {' and a '.join(found)}: it is not clear which closes")
            elif name == STREETS:
                yield Fault(here, "the streets of the city cannot close")
            elif found and kinds[found[0]][name] > h.date:
                yield Fault(here, f"'{name}' is not there before {kinds[found[0]][name]}")
            elif not found and not of_files and not _drawn(spec, name):
                known = [n for names in kinds.values() for n in names]
                yield unknown(here, "store, circle or platform", name, known)
            closed.setdefault(name, h.date)


def _begun(spec: Spec) -> dict[str, Date]:
    return {name: h.date for _, h in in_order(spec) for name in h.begin if name in spec.platforms}


def _drawn(spec: Spec, name: str) -> bool:
    """Whether a store that nobody named may have this name: the format's, and what follows it."""
    return any(name.startswith(f"{form} ") for form in spec.stores.formats)


def _beginnings(spec: Spec) -> Faults:
    begun: dict[str, str] = {}
    for at, h in _each(spec):
        for k, name in enumerate(h.begin):
            here = (*at, "begin", k)
            if name not in spec.platforms:
                yield unknown(here, "platform", name, spec.platforms)
            elif name in begun:
                yield Fault(here, f"'{name}' begins in timeline.{begun[name]} already")
            begun.setdefault(name, str(at[1]))


def never(spec: Spec) -> Iterator[tuple[str, str]]:
    """(name, why) of what lies outside the days of the run: nothing comes of it."""
    for name, h in in_order(spec):
        if h.date < spec.start:
            yield name, f"{h.date} is before the first day, {spec.start}: it never happens"
        elif h.date > last_day(spec):
            yield name, f"{h.date} is after the last day, {last_day(spec)}: it never happens"
        elif h.until is not None and h.until > last_day(spec):
            yield name, f"it would go on until {h.until}, after the last day, {last_day(spec)}"


def told(name: str, h: Happening) -> str:
    """What happens, in one sentence."""
    if h.about:
        return h.about
    parts = [
        f"{path} {'moves to' if h.until else 'becomes'} {_shown(value)}" for path, value in h.set.items()
    ]
    parts += [f"{who} opens" for who in h.open]
    parts += [f"{who} closes" for who in h.close]
    parts += [f"{who} begins" for who in h.begin]
    return f"{name}: {', '.join(parts)}"


def _shown(value: bool | int | float | str) -> str:
    return f"{value:.10g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
