"""From the name of a scenario file to a validated `Spec`.

    text --yamlio--> tree --extends, overrides--> one tree --pydantic--> Spec

`extends: other.yaml` (or a list) puts a file on top of others: mappings are merged key by key, lists and
scalars are replaced, and `key: null` removes what was inherited. Every file counts once, also if it is
reached by two ways. `--set key=value` is read as if a last file on top said it. Instead of a file, the name of a
shipped one may stand (shipped.py): `extends: town`. Earlier names of keys are replaced in each file before
it is merged (renamed.py). What lies in memory already (memory.py) takes the place of the tree.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from ..errors import Problem, ScenarioError, ScenarioWarning
from .memory import Plain, positions_over, tree_of
from .messages import in_file_order, problems_of
from .places import Key, Located, Node, Origin, Place, Positions, Source, dotted
from .renamed import current_names, notice, rename
from .shape import NAME, Slot, closest, with_defaults
from .shipped import find
from .textfile import UNWANTED, first, override_source, printable, read_source
from .use import name_of, superseded
from .yamlio import parse

if TYPE_CHECKING:
    from .schema import Spec

__all__ = ["Origin", "Resolved", "content_hash", "from_plain", "load_scenario", "resolve", "to_plain"]

DEEPEST_CHAIN = 16
MOST_FILES = 64


@dataclass(frozen=True)
class Override:
    """One `--set`: the path it names and the text it came from."""

    path: tuple[str, ...]
    source: Source


@dataclass(frozen=True)
class Resolved:
    """A scenario file with everything it extends and all overrides, before validation.

    `data` is plain (no `extends`), `files` are all files read, the given one last, `folder` is that of the
    given file, `positions` tells where each key and value was written, `names` are
    the files and overrides as the user calls them, in the order of reading, `warnings` what they should be
    changed in.
    """

    data: dict[str, Any]
    positions: Positions
    files: list[Path]
    folder: Path
    overrides: tuple[Override, ...] = ()
    names: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def folder_of(self, key: Key) -> Path:
        """The folder of the file that gave `key`, where the relative paths it holds start."""
        return self.positions.folder_of(key)


def load_scenario(
    path: str | os.PathLike[str] | Spec | Plain,
    overrides: Sequence[str] = (),
    *,
    model: type[BaseModel] | None = None,
    shown: Callable[[Problem], Problem] | None = None,
) -> Spec:
    """Read, merge and validate a scenario: a file, or the name of a shipped one. `overrides` are texts
    `key.path=value`.

    In place of a file it takes a `Spec`, of which the result is a copy with the overrides, and a mapping of
    what a file would say. Files that a mapping or an override names are looked for in the current folder.

    What should be changed in the files is a ScenarioWarning, and kept with the scenario's origin; `shown`
    says where to show one about an override, if another file makes the override. Raises ScenarioError with
    every problem found, each with its file, line and column.
    """
    from .schema import Spec as Root

    if isinstance(path, Located) and not overrides:
        return path.model_copy()  # type: ignore[return-value]
    resolved = resolve(path, overrides, model or Root)
    told = [shown(problem) if shown else problem for problem in resolved.warnings]
    spec = _validated(resolved, model or Root, tuple(dict.fromkeys(told)))
    for problem in (*dict.fromkeys(told), *(superseded(spec) if isinstance(spec, Root) else ())):
        warnings.warn(ScenarioWarning(problem), stacklevel=2)
    return spec


def from_plain(data: Plain, name: str, shown: str, folders: Mapping[Key, Path] | None = None) -> Spec:
    """The scenario that `to_plain` made `data` of.

    `name` is the file it once came from, `shown` what messages name instead of a place in it, `folders` are where
    the paths given at some keys start. Raises ScenarioError as `load_scenario` does."""
    from .schema import Spec as Root

    root = _placed(tree_of(data), Place(Source(shown, "", None, Path.cwd())))
    for key, folder in (folders or {}).items():
        node = root
        try:
            for part in key.split(".") if isinstance(key, str) else key:
                node = node.value[int(part)] if isinstance(node.value, list) else node.value[part]
        except (LookupError, TypeError, ValueError):
            raise ScenarioError(
                f"says where the file at {key!r} lies, but the scenario names none", file=shown
            ) from None
        node.at = Place(Source(shown, "", None, folder))
    resolved = Resolved(root.plain(), Positions(root), [Path(name)], Path.cwd(), names=(shown,))
    spec: Spec = _validated(resolved, Root, ())
    return spec


def _placed(node: Node, at: Place) -> Node:
    """A tree all of which stands at one place."""
    for _, part in node.walk():
        part.at = part.key_at = at
    return node


def _validated(resolved: Resolved, chosen: type[BaseModel], told: tuple[Problem, ...]) -> Any:
    from .checks import check
    from .schema import Spec as Root

    problems = [p for override in resolved.overrides if (p := _stray_name(override, chosen, resolved))]
    try:
        # As JSON, so that lists may fill tuples and text may fill enumerations, and nothing else is coerced.
        spec: Any = chosen.model_validate_json(json.dumps(with_defaults(Slot((chosen,)), resolved.data)))
    except ValidationError as fault:
        strays = {problem.file for problem in problems}  # what else is wrong with these follows from it
        found = problems_of(fault, chosen, resolved.data, resolved.positions)
        problems += [problem for problem in found if problem.file not in strays]
    if problems:
        raise ScenarioError(first(in_file_order(problems, resolved.names)))
    if "_origin" in chosen.__private_attributes__ and resolved.files:
        spec._origin = Origin(resolved.files[-1], resolved.positions, told)
    if chosen is Root and (faults := check(spec)):
        raise ScenarioError(first(in_file_order(faults, resolved.names)))
    return spec


def resolve(
    path: str | os.PathLike[str] | Located | Plain,
    overrides: Sequence[str] = (),
    model: type[BaseModel] | None = None,
) -> Resolved:
    """Read a file, everything it extends, and the overrides, into one tree of plain data, with the names that
    keys have now in `model`.

    Raises ScenarioError for whatever cannot be read; nothing else is checked against the schema yet.
    """
    slot, told = Slot((model,) if model else ()), list[Problem]()
    if isinstance(path, Located | Mapping):
        root = tree_of(path)
        told += rename(root, slot)
        leaf, sources = root.at.source, list[Source]()
    else:
        root, sources = _merged_files(path, slot, told)
        leaf = sources[-1]
    said = []
    for text in overrides:
        override, value = _read_override(text)
        said.append(Override(_put(root, override, value, slot, told), override.source))
    origin = path._origin if isinstance(path, Located) else None
    files = [origin.path] if origin else [source.path for source in sources if source.path]
    names = tuple(source.shown for source in [*sources, *(override.source for override in said)])
    return Resolved(
        data=root.plain(),
        positions=positions_over(origin.positions, root) if origin else Positions(root),
        files=files,
        folder=leaf.folder,
        overrides=tuple(said),
        names=names,
        warnings=tuple(in_file_order(told, names)),
    )


def _merged_files(path: str | os.PathLike[str], slot: Slot, told: list[Problem]) -> tuple[Node, list[Source]]:
    """The tree of a file and all that it extends, and these files, the given one last. What should be changed
    in them is added to `told`."""
    layers = _Layers()
    layers.add(find(path), None, ())
    told += [problem for layer in layers.nodes for problem in rename(layer, slot)]
    root = layers.nodes[0]
    for layer in layers.nodes[1:]:
        root = _merge(root, layer)
    sources = [layer.at.source for layer in layers.nodes]
    # Merged or not, the whole belongs to the file that was asked for.
    return Node(dict(root.value), Place(sources[-1])), sources


class _Layers:
    """The files of a scenario from the lowest to the one on top, each of them once."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._done: set[str] = set()

    def add(
        self, path: str | os.PathLike[str], named_at: Place | None, chain: tuple[tuple[str, str], ...]
    ) -> None:
        """Read `path`, which `named_at` extends, after all that it extends. `chain` leads there."""
        source = read_source(path, named_at)
        identity = os.path.realpath(path)
        if named_at and identity in [seen for seen, _ in chain]:
            shown = " -> ".join([*(name for _, name in chain), source.shown])
            raise ScenarioError(named_at.problem(f"goes round in a circle: {shown}", key="extends"))
        if identity in self._done:
            return
        if named_at and (len(chain) >= DEEPEST_CHAIN or len(self._done) >= MOST_FILES):
            limit = f"{DEEPEST_CHAIN} files one upon another, {MOST_FILES} in all"
            raise ScenarioError(named_at.problem(f"extends too many files (at most {limit})", key="extends"))
        node = parse(source)
        for name, at in _extended(node):
            # Not tidied up: behind a linked folder `..` is not what it looks like.
            self.add(find(name, Path(path).parent), at, (*chain, (identity, source.shown)))
        self._done.add(identity)
        self.nodes.append(node)


def _extended(node: Node) -> list[tuple[str, Place]]:
    """Take `extends` out of a file and return the names it holds."""
    said = node.value.pop("extends", None)
    if said is None:
        return []
    items = said.value if isinstance(said.value, list) else [said]
    for item in items:
        if not isinstance(item.value, str) or not item.value.strip():
            message = "must be the name of a file, or a list of names"
            raise ScenarioError(item.at.problem(message, key="extends"))
        if "://" in item.value:
            raise ScenarioError(item.at.problem("must be a file on this computer", key="extends"))
    return [(item.value, item.at) for item in items]


def _merge(low: Node, high: Node) -> Node:
    """`high` on top of `low`."""
    if not isinstance(low.value, dict) or not isinstance(high.value, dict):
        return high
    merged = dict(low.value)
    for key, node in high.value.items():
        if key not in merged:
            merged[key] = node
        elif node.bare:
            # Usually a heading whose lines were commented out; dropping all it inherits must be meant.
            message = f"'{printable(key)}' is left empty here, but an extended file gives it"
            hint = "write null to remove what was inherited, or leave the line out"
            raise ScenarioError((node.key_at or node.at).problem(message, key=printable(key), hint=hint))
        elif node.value is None:
            del merged[key]
        else:
            _refuse_empty(merged[key], node, key)
            merged[key] = _merge(merged[key], node)
    return Node(merged, high.at, high.key_at)


def _refuse_empty(low: Node, high: Node, key: str) -> None:
    """Whoever writes `{}` over a group means to empty it; merged key by key it would change nothing."""
    if high.value == {} and isinstance(low.value, dict) and low.value:
        message = f"'{printable(key)}' is an empty group here, which keeps all that is inherited"
        hint = "write null to remove what was inherited, or leave it out"
        raise ScenarioError((high.key_at or high.at).problem(message, key=printable(key), hint=hint))


def _read_override(text: str) -> tuple[Override, Node]:
    key, equals, value = text.partition("=")
    key = key.strip()
    shown = f"--set {printable(text)}"
    if not equals or not key or "" in key.split("."):
        raise ScenarioError(Problem("must be written key.path=value", file=shown))
    if UNWANTED.search(key) or set(key) & set("\n\r\t"):
        raise ScenarioError(Problem("its key holds a character that cannot be printed", file=shown))
    if key.split(".")[0] == "extends":
        raise ScenarioError(Problem("'extends' can only be said in a file", file=shown))
    if not value.strip():
        hint = "null removes what the file says, \"''\" is empty text"
        raise ScenarioError(Problem("has no value", file=shown, key=printable(key), hint=hint))
    source = override_source(text, value)
    return Override(tuple(key.split(".")), source), parse(source, as_value=True)


def _put(node: Node, override: Override, value: Node, slot: Slot, told: list[Problem]) -> tuple[str, ...]:
    """Put an override into the tree, which makes the groups on its way where they are missing, and append
    what is to be warned of to `told`. Returns its path with the names that keys have now."""
    here = Place(override.source)
    parts = list(override.path)
    path: tuple[str, ...] = ()
    while parts:
        if isinstance(node.value, list):
            number = _next_item(node.value, parts, here, override)
            path, slot = (*path, str(number)), slot.step(0)
            if not parts:
                told += rename(value, slot, path)
                node.value[number] = value
            else:
                node = node.value[number]
            continue
        if isinstance(node.value, str):
            # A class by its plain name, which gets a setting; anything else does not become right by it.
            node.value = {"run": Node(node.value, node.at, node.at)}
        if not isinstance(node.value, dict):
            node.value, node.at = {}, here
        part = _next_key(node.value, parts)
        if part in (now := current_names(slot)):
            told.append(notice(here, path, part, *now[part]))
            part = now[part][0]
        path, slot = (*path, part), slot.step(part if part in slot.fields() else NAME)
        if parts:
            node = node.value.setdefault(part, Node({}, here, here))
            continue
        told += rename(value, slot, path)
        low = node.value.get(part)
        if low is not None and value.value is None:
            del node.value[part]
        else:
            value.key_at = here
            if low is not None:
                _refuse_empty(low, value, dotted(path))
            node.value[part] = _merge(low, value) if low else value
    return path


def _next_item(items: list[Node], parts: list[str], here: Place, override: Override) -> int:
    """Take the number of an item off `parts`, or the name of the class of which a setting follows."""
    if parts[0].isdecimal() and int(parts[0]) < len(items):
        return int(parts.pop(0))
    names = [str(name_of(item.plain())) for item in items]
    for length in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:length])
        if names.count(name) == 1:
            del parts[:length]
            return names.index(name)
        if name in names:
            message = f"there are {names.count(name)} '{printable(name)}' in this list"
            hint = "say which by its number; the first is 0"
            raise ScenarioError(here.problem(message, key=printable(dotted(override.path)), hint=hint))
    message = f"there is no '{printable(parts[0])}' in this list of {len(items)} (the first is 0)"
    near = closest(".".join(parts[:2]), [name for name in names if name != "None"])
    advice = f"did you mean {near}?" if near else None
    raise ScenarioError(here.problem(message, key=printable(dotted(override.path)), hint=advice))


def _next_key(group: dict[str, Node], parts: list[str]) -> str:
    """Take the next key off `parts`; a name that itself holds dots is found if the group has it."""
    for length in range(len(parts), 1, -1):
        if (joined := ".".join(parts[:length])) in group:
            del parts[:length]
            return joined
    return parts.pop(0)


def _stray_name(override: Override, model: type[BaseModel], resolved: Resolved) -> Problem | None:
    """A mistyped name of a shop or platform would quietly make a new one out of defaults: refuse it.

    A new one is given as a whole: `--set 'platforms.new={kind: marketplace}'`.
    """
    slot, group = Slot((model,)), resolved.data
    parts = list(override.path)
    for number, part in enumerate(parts[:-1]):
        path = tuple(parts[: number + 1])
        if part not in slot.fields() and slot.has_free_names:
            written = resolved.positions.key(path).source if path in resolved.positions else None
            if written is override.source:
                names = [name for name in group if name != part] if isinstance(group, dict) else []
                near = closest(part, names)
                hint = f"did you mean {dotted((*path[:-1], near, *parts[number + 1 :]))}?" if near else None
                message = f"there is no '{printable(part)}' in {dotted(path[:-1])}"
                return Place(override.source).problem(message, key=dotted(override.path), hint=hint)
        slot = slot.step(part)
        group = group.get(part, {}) if isinstance(group, dict) else {}
    return None


def to_plain(spec: BaseModel) -> dict[str, Any]:
    """The whole scenario, defaults included, as data that JSON and YAML can hold; dates become text."""
    return spec.model_dump(mode="json", by_alias=True)


def content_hash(spec: BaseModel) -> str:
    """SHA-256 of what a scenario says, as hex. The order of keys, file names and comments do not change it.

    Data files count by their name only, not by what is in them.
    """
    text = json.dumps(to_plain(spec), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
