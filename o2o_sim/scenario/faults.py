"""What a check finds: a fault at a key. Apart from `checks`, so that a scenario file can hold checks of its
own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import NamedTuple

from .shape import closest

Key = tuple[str | int, ...]
MOST_SHOWN = 20


class Fault(NamedTuple):
    """A fault and the path of the key it is about; `of_name` if the name is to blame, not what it holds."""

    key: Key
    message: str
    hint: str | None = None
    of_name: bool = False


Faults = Iterator[Fault]


def unknown(key: Key, what: str, word: str, known: Collection[str], *, of_name: bool = False) -> Fault:
    """The fault of a name that is not among those known, with the nearest that is."""
    return Fault(key, f"there is no {what} '{word}'", hint_for(word, known), of_name)


def hint_for(word: str, known: Collection[str]) -> str:
    """What to write in place of a name that is not among those known: the nearest, or what there is."""
    if near := closest(word, list(known)):
        return f"did you mean {near}?"
    more = ", ..." if len(known) > MOST_SHOWN else ""
    return f"known here: {', '.join(list(known)[:MOST_SHOWN]) or 'none'}{more}"


def unknown_names(at: Key, what: str, said: Iterable[str], known: Collection[str]) -> Faults:
    """The faults of those names of the list at a key that are not among those known."""
    for k, word in enumerate(said):
        if word not in known:
            yield unknown((*at, k), what, word, known)


def ends_early(at: Key, start: date | None, end: date | None) -> Faults:
    """The fault of a block whose `end` is not after its `start`, if it has both."""
    if start is not None and end is not None and end <= start:
        yield Fault((*at, "end"), f"must be after the start, {start}")
