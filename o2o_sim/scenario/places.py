"""Where every setting of a scenario was written, so that a fault can be shown where it was made.

A file is read into a tree of `Node`s. Merging files moves nodes about, and every node keeps its own `Place`;
so a value always points at the file it came from, however many files extend one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr

from ..errors import Problem
from .keys import Block

WIDEST_EXCERPT = 200
Key = str | tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Source:
    """One text that was read: a file, or (where `path` is None) an override of the command line.

    `shown` is what the user calls it, `folder` is where the relative paths it names start from.
    """

    shown: str
    text: str
    path: Path | None
    folder: Path

    @cached_property
    def lines(self) -> list[str]:
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@dataclass(frozen=True, eq=False)
class Place:
    """A point of a source; line and column count from 1."""

    source: Source
    line: int = 1
    column: int = 1

    def problem(self, message: str, *, key: str | None = None, hint: str | None = None) -> Problem:
        """A `Problem` made here. Overrides have no lines: the override itself is the place."""
        source = self.source
        if source.path is None:
            return Problem(message, file=source.shown, key=key, hint=hint)
        excerpt = None
        if self.column <= WIDEST_EXCERPT and self.line <= len(source.lines):
            line = source.lines[self.line - 1].replace("\t", " ")
            excerpt = line if len(line) <= WIDEST_EXCERPT else line[: WIDEST_EXCERPT - 1] + "…"
        return Problem(message, source.shown, self.line, self.column, key, hint, excerpt)


@dataclass
class Node:
    """One value as written: a scalar, a list of nodes, or a mapping of text to nodes.

    `bare` is True where nothing at all was written after the key.
    """

    value: Any
    at: Place
    key_at: Place | None = None
    bare: bool = False

    def plain(self) -> Any:
        """The value without its places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def walk(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Every node below and including this one, with its path."""
        yield path, self
        if isinstance(self.value, dict):
            for key, node in self.value.items():
                yield from node.walk((*path, key))
        elif isinstance(self.value, list):
            for number, node in enumerate(self.value):
                yield from node.walk((*path, str(number)))


def dotted(path: tuple[Any, ...]) -> str:
    """A path as people write it: `a.b.0.c`."""
    return ".".join(str(part) for part in path)


class Positions:
    """The places of all keys and values of a resolved scenario.

    Keys are asked for by path, either dotted text or a tuple (which stays clear where a name holds a dot).
    What is not written anywhere (a default, a missing key) is placed at the nearest group around it.
    """

    def __init__(self, root: Node | None = None):
        root = root if root is not None else Node({}, Place(Source("", "", None, Path())))
        self._places = {path: (node.key_at or node.at, node.at) for path, node in root.walk()}
        self._by_text = {dotted(path): path for path in reversed(self._places)}

    def replaced(self, other: Positions, taken: Callable[[tuple[str, ...]], bool]) -> Positions:
        """These places, but those of `other` for the paths that are `taken` from there."""
        found = Positions.__new__(Positions)
        found._places = {path: at for path, at in self._places.items() if not taken(path)}
        found._places |= {path: at for path, at in other._places.items() if taken(path)}
        found._by_text = {dotted(path): path for path in reversed(found._places)}
        return found

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: Key) -> bool:
        return self._path(key) in self._places

    def written(self) -> Iterator[tuple[tuple[str, ...], Source]]:
        """The path of everything that is written, and where its value was."""
        return ((path, at.source) for path, (_, at) in self._places.items())

    def _path(self, key: Key) -> tuple[str, ...]:
        if isinstance(key, str):
            return self._by_text.get(key, tuple(key.split(".")) if key else ())
        return tuple(str(part) for part in key)

    def _nearest(self, key: Key) -> tuple[bool, Place, Place]:
        path = self._path(key)
        exact = path in self._places
        while path not in self._places:
            path = path[:-1]
        return exact, *self._places[path]

    def key(self, key: Key) -> Place:
        """Where the key was written."""
        return self._nearest(key)[1]

    def value(self, key: Key) -> Place:
        """Where the value was written; for a key that is not there, the name of the group it should be in."""
        exact, key_at, value_at = self._nearest(key)
        return value_at if exact else key_at

    def folder_of(self, key: Key) -> Path:
        """The folder of the file that gave the value, where relative paths in it start."""
        return self._nearest(key)[2].source.folder

    def below(self, path: tuple[str, ...]) -> Positions:
        """The places of the group at `path`, whose keys are asked for as if it were a file of its own."""
        part = Positions()
        part._places = {
            at[len(path) :]: place for at, place in self._places.items() if at[: len(path)] == path
        }
        part._places.setdefault((), self._nearest(path)[1:])
        part._by_text = {dotted(at): at for at in reversed(part._places)}
        return part


@dataclass(frozen=True)
class Origin:
    """Where a scenario came from. It says nothing about what the scenario means, so any two are equal."""

    path: Path = field(compare=False)
    positions: Positions = field(compare=False, repr=False)
    warnings: tuple[Problem, ...] = field(default=(), compare=False, repr=False)
    """What its files should be changed in although it can be simulated, each with its place."""

    def folder_of(self, key: Key) -> Path:
        """The folder from which a file or plugin named at `key` is found."""
        return self.positions.folder_of(key)

    def problem_at(self, key: Key, message: str, hint: str | None = None) -> Problem:
        """A problem with the value of `key`, shown where that value was written."""
        text = key if isinstance(key, str) else dotted(key)
        return self.positions.value(key).problem(message, key=text or None, hint=hint)


class Located(Block):
    """What a file of its own says, and where in it each key was written."""

    _origin: Origin | None = PrivateAttr(default=None)

    def problem_at(self, key: Key, message: str, hint: str | None = None) -> Problem:
        """A problem with one of its keys, shown where it is written if it was read from a file."""
        if self._origin is None:
            return Problem(message, key=key if isinstance(key, str) else dotted(key), hint=hint)
        return self._origin.problem_at(key, message, hint)
