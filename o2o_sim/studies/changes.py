"""What two scenarios differ in, sorted into groups ("levers"), and the scenarios that lie between the two."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from pydantic import ValidationError

from ..errors import ScenarioError
from ..inputs.inputs import file_digests
from ..scenario.checks import check
from ..scenario.load import to_plain
from ..scenario.messages import problems_of, value_at
from ..scenario.places import Origin, dotted
from ..scenario.schema import Spec
from ..scenario.shape import closest
from ..scenario.use import name_of
from .shapley import Coalition

NO_CHANGE = ("name", "question", "seed", "limits")
"""Keys that say nothing about the city."""

GROUPS: dict[str, tuple[str, ...]] = {
    "subsidy": ("levers.subsidy_x", "platforms.*.subsidy"),
    "rent": (
        "levers.rent_x", "landlords", "circles.*.rent_*", "circles.*.landlord", "imported_circles.rent_*",
        "stores.formats.*.rent_*", "stores.named.*.rent_*",
    ),
    "logistics": ("levers.logistics_x", "platforms.*.parcel", "modes.*.delivery_*", "couriers"),
    "rules": (
        "plugins", "channels", "phases", "systems", "consumers.value", "consumers.fields", "entry.policy",
        "stores.policy", "stores.formats.*.policy", "stores.named.*.policy",
    ),
    "circles": ("circles", "imported_circles"),
    "platforms": ("platforms",),
    "stores": ("stores", "entry"),
    "integration": ("modes", "provider", "franchise"),
    "boycott": ("boycott",),
    "accounts": ("messages", "closed_loop"),
    "payment": ("mobile_payment",),
    "people": ("consumers", "cohorts"),
    "needs": ("categories",),
    "city": ("city",),
    "calendar": ("calendar",),
    "world": ("drivers", "timeline"),
    "run": ("measures", "population", "residents", "start", "days", "currency", "engine"),
}  # fmt: skip
"""What a changed key belongs to: the first group with a pattern that the key begins with. A circle, platform
or store that only one of the scenarios has goes whole, with its rent and subsidies."""

Path = tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A key with another value. None stands for nothing: a key left empty, or an entry (a circle, a platform)
    that only one of the scenarios has. Before and after are alike where only the file so named differs."""

    path: Path
    before: Any
    after: Any

    @property
    def key(self) -> str:
        """Its path as people write it."""
        return dotted(self.path)


def changes(a: Spec, b: Spec) -> list[Change]:
    """All that scenario `b` says otherwise than `a`, sorted by path; lists are compared as a whole, but for
    those of the same classes with other settings (`systems`).

    Raises ScenarioError if a data file or plugin that one of them names cannot be read.
    """
    before, after = _plain(a), _plain(b)
    found = {change.path: change for change in plain_changes(before, after, ())}
    for path in _other_files(a, b):
        if not _within(path, found):
            found[path] = Change(path, value_at(before, path), value_at(after, path))
    return [found[path] for path in sorted(found)]


def _plain(spec: Spec) -> dict[str, Any]:
    return {name: value for name, value in to_plain(spec).items() if name not in NO_CHANGE}


def plain_changes(before: Any, after: Any, path: Path = ()) -> Iterator[Change]:
    """What two pieces of plain data (`to_plain`) say otherwise, in the order in which it is written."""
    if groups := _as_groups(before, after):
        x, y = groups
        for name in {**x, **y}:
            if name in x and name in y:
                yield from plain_changes(x[name], y[name], (*path, name))
            else:
                yield Change((*path, name), x.get(name), y.get(name))
    elif before != after:
        yield Change(path, before, after)


def _as_groups(a: Any, b: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The two as groups that can be compared key by key; None if only the whole can be. Settings belong to
    their class: of two classes nothing can be exchanged but the whole."""
    if isinstance(a, list) and isinstance(b, list):
        names = [name_of(item) for item in a]
        same = None not in names and names == [name_of(item) for item in b]
        return ({str(k): x for k, x in enumerate(a)}, {str(k): x for k, x in enumerate(b)}) if same else None
    name = name_of(a)
    if not (isinstance(a, dict) or isinstance(b, dict)) or name != name_of(b):
        return None
    if name is not None:
        a, b = (x if isinstance(x, dict) else {"run": x} for x in (a, b))
    return (a, b) if isinstance(a, dict) and isinstance(b, dict) else None


def _other_files(a: Spec, b: Spec) -> list[Path]:
    """The keys under which both name a file, and another one."""
    before, after = file_digests(a), file_digests(b)
    differ = sorted(key for key in before.keys() & after.keys() if before[key] != after[key])
    return [("plugins",) if key.startswith("plugins.") else tuple(key.split(".")) for key in differ]


def _within(path: Path, taken: Collection[Path]) -> bool:
    """Whether a path is one of those taken, or lies below one."""
    return any(path[:length] in taken for length in range(len(path) + 1))


# -- groups -------------------------------------------------------------------------------------------------
def grouped(
    found: Iterable[Change], by: str = "group", join: Iterable[Sequence[str]] = ()
) -> dict[str, list[Change]]:
    """The changes by group: those of `GROUPS` and in their order, or with `by="key"` every key for itself.

    Each of `join` are groups made into one, called "rent+circles". Raises ScenarioError for another `by`, and
    for a group to join that is not there or named twice.
    """
    if by not in ("group", "key"):
        raise ScenarioError(f"must be group or key, found {by!r}", file="--by")
    groups: dict[str, list[Change]] = {}
    for change in found:
        groups.setdefault(change.key if by == "key" else _group_of(change.path), []).append(change)
    order = [*GROUPS, *sorted(groups.keys() - GROUPS.keys())]
    groups = {name: groups[name] for name in order if name in groups}
    for names in join:
        groups = _joined(groups, list(names))
    return groups


def _group_of(path: Path) -> str:
    for group, patterns in GROUPS.items():
        for pattern in patterns:
            parts = pattern.split(".")
            if len(parts) <= len(path) and all(fnmatchcase(p, said) for p, said in zip(path, parts)):
                return group
    return path[0]


def _joined(groups: dict[str, list[Change]], names: list[str]) -> dict[str, list[Change]]:
    """The groups with some of them made one, which stands where the first of them stood."""
    for name in names:
        if name not in groups:
            near = closest(name, list(groups))
            hint = f"did you mean {near}?" if near else f"what changed: {', '.join(groups)}"
            raise ScenarioError(
                f"nothing called {name!r} changed, or it is joined already", file="--join", hint=hint
            )
    if len(set(names)) < max(len(names), 2):
        raise ScenarioError("must name two groups or more, each once", file="--join")
    together = [change for name in names for change in groups[name]]
    first = next(name for name in groups if name in names)
    return {
        "+".join(names) if name == first else name: together if name == first else some
        for name, some in groups.items()
        if name == first or name not in names
    }


# -- scenarios between the two ------------------------------------------------------------------------------
def mixed(a: Spec, b: Spec, groups: Iterable[Iterable[Change]]) -> Spec:
    """Scenario `a` with these changes of `b`; files and plugins are found from whichever of them names them.

    With all changes it says what `b` says but for name, question and seed. Raises ScenarioError if it cannot
    be simulated.
    """
    taken = {change.path for group in groups for change in group}
    data = _mixed(to_plain(a), to_plain(b), (), taken)
    # What one of them may be, what lies between them may be, too.
    theirs = to_plain(b)["limits"]
    data["limits"] = {name: max(most, theirs[name]) for name, most in data["limits"].items()}
    origin = a._origin
    if origin is not None and b._origin is not None:
        positions = origin.positions.replaced(b._origin.positions, lambda path: _within(path, taken))
        origin = Origin(origin.path, positions)
    try:
        # As JSON, like a file: text for dates, and nothing coerced.
        spec = Spec.model_validate_json(json.dumps(data))
    except ValidationError as fault:
        if origin is None:
            raise ScenarioError(str(fault)) from None
        raise ScenarioError(problems_of(fault, Spec, data, origin.positions)) from None
    spec._origin = origin
    if faults := check(spec):
        raise ScenarioError(faults)
    return spec


def _mixed(a: Any, b: Any, path: Path, taken: Collection[Path]) -> Any:
    if path in taken:
        return b
    groups = _as_groups(a, b)
    if groups is None:
        return a
    x, y = groups
    found = {}
    for name in {**x, **y}:
        if (*path, name) in taken:
            if name in y:
                found[name] = y[name]
        elif name in x:
            found[name] = _mixed(x[name], y.get(name), (*path, name), taken)
    return list(found.values()) if isinstance(a, list) else found


def mixtures(
    a: Spec, b: Spec, groups: Mapping[str, Sequence[Change]], coalitions: Iterable[Coalition]
) -> list[Spec]:
    """The scenario of every coalition: those groups as in `b`, all others as in `a`.

    Raises ScenarioError if one cannot be simulated, saying which groups should be joined.
    """
    found = []
    for some in coalitions:
        try:
            found.append(mixed(a, b, [groups[g] for g in groups if g in some]))
        except ScenarioError:
            raise _inseparable(a, b, groups, some) from None
    return found


def _inseparable(a: Spec, b: Spec, groups: Mapping[str, Sequence[Change]], some: Coalition) -> ScenarioError:
    """Why a coalition cannot be simulated: the fewest of its groups that cannot change as long as the fewest
    of the others stay as they are."""
    for group in sorted(some):
        if _fault(a, b, groups, some - {group}):
            some -= {group}
    without = frozenset(groups) - some
    for group in sorted(without):
        if not _fault(a, b, groups, some | without - {group}):
            without -= {group}
    fault = _fault(a, b, groups, some)
    assert fault is not None
    changed, kept = ([g for g in groups if g in part] for part in (some, without))
    said = f"if {_listed(changed)} changes and {_listed(kept)} does not: {fault.problems[0].message}"
    joined = ",".join([*changed, *kept]).replace("+", ",")
    return ScenarioError(
        replace(fault.problems[0], message=said, hint=f"Take them together: --join {shlex.quote(joined)}")
    )


def _fault(a: Spec, b: Spec, groups: Mapping[str, Sequence[Change]], some: Coalition) -> ScenarioError | None:
    try:
        mixed(a, b, [groups[g] for g in groups if g in some])
    except ScenarioError as fault:
        return fault
    return None


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)
