"""The shape of a model: which dotted paths exist, what may stand at each, and what a mistyped key meant.

A path of the schema writes `<name>` for a name the user chooses and `<n>` for a place in a list:
`platforms.<name>.subsidy.per_order_yuan`.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

NAME, ITEM = "<name>", "<n>"
DEEPEST = 12


@dataclass(frozen=True)
class Slot:
    """What may stand at one place: the alternatives, and the key that tells them apart, if one does."""

    choices: tuple[Any, ...] = ()
    discriminator: str | None = None

    @property
    def is_union(self) -> bool:
        return len(self.choices) > 1 or self.discriminator is not None

    @property
    def has_free_names(self) -> bool:
        """True where the user chooses the keys (entities by name)."""
        return any(get_origin(choice) is dict or choice is dict for choice in self.choices)

    def choose(self, label: str) -> Slot:
        """The alternative that pydantic calls `label`: a tag, or the name of a type."""
        if self.discriminator:
            return Slot(tuple(c for c in self.choices if label in tags(c, self.discriminator)))
        return Slot(tuple(c for c in self.choices if label.split("[")[0] == getattr(c, "__name__", str(c))))

    def fields(self) -> dict[str, FieldInfo]:
        """The keys of the models that may stand here, as a file writes them."""
        found: dict[str, FieldInfo] = {}
        for choice in self.choices:
            if isinstance(choice, type) and issubclass(choice, BaseModel):
                found |= {field.alias or name: field for name, field in choice.model_fields.items()}
        return found

    def step(self, part: Any) -> Slot:
        """What may stand one step further down, at key or index `part`."""
        if part in (fields := self.fields()):
            return slot_of(fields[part])
        below: list[Any] = []
        for choice in self.choices:
            arguments = [a for a in get_args(choice) if a is not Ellipsis]
            if get_origin(choice) is dict and len(arguments) == 2:
                below.append(arguments[1])
            elif get_origin(choice) in (list, tuple, set, frozenset, Sequence) and arguments:
                below.append(arguments[0])
        return _slot(below)


def slot_of(field: FieldInfo) -> Slot:
    """What may stand at a field of a model."""
    return _slot([field.annotation], getattr(field, "discriminator", None))


def _slot(annotations: list[Any], discriminator: Any = None) -> Slot:
    choices: list[Any] = []
    for annotation in annotations:
        origin = get_origin(annotation)
        if hasattr(annotation, "__value__"):
            below = _slot([annotation.__value__])
        elif origin is Annotated:
            for mark in annotation.__metadata__:
                discriminator = getattr(mark, "discriminator", None) or discriminator
            below = _slot([annotation.__origin__])
        elif origin in (Union, types.UnionType):
            below = _slot([arg for arg in get_args(annotation) if arg is not type(None)])
        else:
            choices.append(annotation)
            continue
        choices += below.choices
        discriminator = below.discriminator or discriminator
    return Slot(tuple(choices), discriminator if isinstance(discriminator, str) else None)


def tags(model: Any, discriminator: str) -> tuple[Any, ...]:
    """The values of its discriminator by which a member of a union is chosen."""
    field = getattr(model, "model_fields", {}).get(discriminator)
    return get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()


def slot_at(model: type[BaseModel], path: Sequence[Any]) -> Slot:
    """What may stand at `path`; an empty slot if there is no such path."""
    slot = Slot((model,))
    for part in path:
        slot = slot.step(part)
    return slot


def with_defaults(slot: Slot, data: Any) -> Any:
    """`data` on top of those defaults that are not simply the block's own.

    A block may be declared with other values than its class has (each way of integrating has its own cost);
    a file that gives one key of it must not lose the others.
    """
    if isinstance(data, list):
        return [with_defaults(slot.step(0), item) for item in data]
    if not isinstance(data, dict):
        return data
    fields = slot.fields() if not slot.is_union else {}
    filled = {}
    for key, value in data.items():
        field = fields.get(key)
        default = field.get_default(call_default_factory=True) if field and not field.is_required() else None
        # Of a union the file may mean another member, which shares nothing with the default.
        if isinstance(default, BaseModel) and isinstance(value, dict) and not slot.step(key).is_union:
            value = _over(default.model_dump(mode="json", by_alias=True), value)
        filled[key] = with_defaults(slot.step(key) if field else slot.step(NAME), value)
    return filled


def _over(low: dict[str, Any], high: dict[str, Any]) -> dict[str, Any]:
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


@dataclass(frozen=True)
class Known:
    """A path that the schema has; `owner` is the model that declares its last key, `when` says under which
    choice of a union it exists ('kind: a')."""

    path: tuple[str, ...]
    owner: Any
    when: str = ""


@lru_cache(maxsize=8)
def known_paths(model: type[BaseModel]) -> tuple[Known, ...]:
    """Every path of the schema."""
    return tuple(_walk(Slot((model,)), (), ""))


def _walk(slot: Slot, path: tuple[str, ...], when: str) -> Iterator[Known]:
    if len(path) >= DEEPEST:
        return
    for choice in slot.choices:
        one = Slot((choice,))
        if slot.discriminator:
            when = f"{slot.discriminator}: {' or '.join(map(str, tags(choice, slot.discriminator)))}"
        for name, field in one.fields().items():
            yield Known((*path, name), choice, when)
            yield from _walk(slot_of(field), (*path, name), when)
        if one.has_free_names:
            yield from _walk(one.step(NAME), (*path, NAME), when)
        elif get_origin(choice) in (list, tuple):
            yield from _walk(one.step(0), (*path, ITEM), when)


def did_you_mean(model: type[BaseModel], path: Sequence[str], extra: Sequence[str] = ()) -> str | None:
    """Advice about an unknown key: a slip of the keyboard here, or the right key in the wrong group.

    `extra` are keys that a file may hold besides those of the model, at its top level.
    """
    parent, wrong = tuple(map(str, path[:-1])), str(path[-1])
    siblings, elsewhere = [], []
    for known in known_paths(model):
        if not _fits(known.path[:-1], parent):
            elsewhere.append(known)
        elif known.path[-1] == wrong and known.when:
            return f"this key belongs to {known.when}"
        else:
            siblings.append(known.path[-1])
    siblings += [] if parent else extra
    if near := _close(wrong, siblings, 0.75):
        return f"did you mean {_join((*parent, near[0]))}?"
    for wanted in ([wrong], _close(wrong, {known.path[-1] for known in elsewhere}, 0.8)):
        found = [known for known in elsewhere if known.path[-1] in wanted]
        best = max((_shared(known.path, parent) for known in found), default=0)
        # One path for each kind of group: that all four modes have the key need not be said four times.
        kinds = {known.owner: known.path for known in reversed(found) if _shared(known.path, parent) == best}
        if names := sorted(
            {_join(_fill(path, parent)) for path in kinds.values()}, key=lambda n: (len(n), n)
        )[:3]:
            return f"did you mean {' or '.join(names)}?"
    if near := _close(wrong, siblings, 0.6):
        return f"did you mean {_join((*parent, near[0]))}?"
    if siblings and len(set(siblings)) <= 12:
        return f"keys here: {', '.join(dict.fromkeys(siblings))}"
    return None


def closest(word: str, words: Sequence[str]) -> str | None:
    """The one of `words` that `word` most likely meant."""
    near = _close(word, words, 0.6)
    return near[0] if near else None


def similar(word: str, words: Sequence[str]) -> str | None:
    """The one of `words` that `word` is so much like that it can hardly be another word."""
    near = _close(word, words, 0.8)
    return near[0] if near else None


def _close(word: str, words: Any, cutoff: float) -> list[str]:
    plain = {_plain(known): known for known in words}
    return [plain[hit] for hit in difflib.get_close_matches(_plain(word)[:100], plain, n=3, cutoff=cutoff)]


def _plain(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")


def _fits(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return len(pattern) == len(path) and _shared(pattern, path) == len(path)


def _shared(pattern: tuple[str, ...], path: tuple[str, ...]) -> int:
    """How many steps the two have in common from the top; a free name agrees with any."""
    count = 0
    for known, part in zip(pattern, path):
        if known != part and known not in (NAME, ITEM):
            break
        count += 1
    return count


def _fill(pattern: tuple[str, ...], path: tuple[str, ...]) -> tuple[str, ...]:
    """The pattern with the names that stand on the way to `path`."""
    shared = _shared(pattern, path)
    return (*path[:shared], *pattern[shared:])


def _join(path: tuple[str, ...]) -> str:
    return ".".join(path)
