"""Text to plain data, for files nobody vouches for.

A text is read as a stream of YAML events with the pure Python parser (the C one dies on deep nesting). What
the model never needs - anchors, tags, merge keys, several documents - is refused, so that nothing can grow or
run while it is read. Scalars follow the core schema of YAML 1.2: only true and false are booleans, `NO` and
`12:30` and dates are text. Two departures: digits may be grouped (`2_000_000`), and `0x1F` and `0o17` are
text, because no scenario means them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from ..errors import Problem, ScenarioError
from .places import Node, Place, Source, dotted
from .textfile import UNWANTED, first, printable

MAX_DEPTH = 40
MAX_NODES = 50_000
MAX_SCALAR = 10_000
MAX_KEY = 200

_INT = re.compile(r"[-+]?[0-9]+(?:_[0-9]+)*")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def parse(source: Source, *, as_value: bool = False) -> Node:
    """The one document in `source`, as a tree of nodes.

    A file must hold a mapping; with `as_value` (overrides) a scalar or a flow value such as [1, 2] is wanted.
    Raises ScenarioError with everything that was found wrong.
    """
    loader = yaml.SafeLoader(source.text)
    tree = _Tree(source)
    try:
        for event in _events(loader):
            tree.add(event)
    except yaml.YAMLError as fault:
        tree.fail(*_explain(fault, source))
    except (ValueError, OverflowError, IndexError):
        # PyYAML lets these through for escapes such as "\UFFFFFFFF".
        tree.fail(_place(source, loader.get_mark()), "is not YAML that can be read here", None)
    finally:
        loader.dispose()
    root = tree.root
    if tree.problems:
        raise ScenarioError(first(tree.problems))
    if root is None or (root.value is None and not as_value):
        raise ScenarioError(Problem("is empty", file=source.shown, hint="a value is needed here"))
    if as_value and tree.block_style:
        raise ScenarioError(Problem("must be one value", file=source.shown, hint="use {a: 1} or [1, 2]"))
    if not as_value and not isinstance(root.value, dict):
        raise ScenarioError(root.at.problem("must hold a mapping at its top level: lines of 'key: value'"))
    return root


def _events(loader: yaml.SafeLoader) -> Iterator[Any]:
    while loader.check_event():
        yield loader.get_event()


def _place(source: Source, mark: Any) -> Place:
    return Place(source, mark.line + 1, mark.column + 1) if mark else Place(source)


@dataclass
class _Open:
    """A collection around the node that is read next. `key` is the key read last in a mapping."""

    node: Node
    key: str | None = None
    key_at: Place | None = None
    awaits_key: bool = True

    def part(self) -> str | None:
        return str(len(self.node.value)) if isinstance(self.node.value, list) else self.key


class _Tree:
    """Builds nodes from events and notes what is wrong; only what cannot be read past stops it."""

    def __init__(self, source: Source):
        self.source = source
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self.block_style = False
        self._open: list[_Open] = []
        self._nodes = self._documents = 0

    def fail(self, at: Place, message: str, hint: str | None = None) -> None:
        """Note something that stops the reading."""
        self._note(at, message, hint)
        raise ScenarioError(first(self.problems))

    def _note(self, at: Place, message: str, hint: str | None = None) -> None:
        inner = self._open[-1:]
        if inner and inner[0].awaits_key and isinstance(inner[0].node.value, dict):
            inner = []  # the key read last is done with
        path = tuple(str(around.part()) for around in [*self._open[:-1], *inner])
        self.problems.append(at.problem(message, key=dotted(path) or None, hint=hint))

    def add(self, event: Any) -> None:
        at = _place(self.source, event.start_mark)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self.fail(at, "a second document starts here", "a scenario is one document: remove the '---'")
            if event.tags:
                self.fail(at, "'%TAG' has no place in a scenario")
            self.block_style = bool(event.explicit)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, at)

    def _node(self, event: Any, at: Place) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self.fail(at, f"holds more than {MAX_NODES:,} values", "keep long tables in CSV files")
        if isinstance(event, yaml.AliasEvent):
            self._note(at, f"'*{event.anchor}' repeats another part, which is not allowed", "use 'extends:'")
        elif event.anchor is not None:
            self._note(
                at, f"'&{event.anchor}' marks a part to repeat, which is not allowed", "use 'extends:'"
            )
        elif event.tag is not None:
            self._note(
                at, "a type mark ('!...') is not allowed", "put quotes around a text that starts with '!'"
            )
        if self._open and self._open[-1].awaits_key and isinstance(self._open[-1].node.value, dict):
            self._key(event, at)
            return
        if isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) >= MAX_DEPTH:
                self.fail(at, f"is nested more than {MAX_DEPTH} levels deep")
            node = Node({} if isinstance(event, yaml.MappingStartEvent) else [], at)
            self.block_style = self.block_style or not event.flow_style
            self._place_in_parent(node)
            self._open.append(_Open(node))
        else:
            value = self._scalar(event, at) if isinstance(event, yaml.ScalarEvent) else 0
            self._place_in_parent(Node(value, at, bare=value is None and not event.value))

    def _place_in_parent(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        around = self._open[-1]
        siblings = around.node.value
        if isinstance(siblings, list):
            siblings.append(node)
            return
        key, node.key_at = str(around.key), around.key_at
        if key in siblings and node.key_at:
            line = siblings[key].key_at.line
            self._note(node.key_at, f"is given twice (the first time in line {line})")
        siblings[key] = node
        around.awaits_key = True

    def _key(self, event: Any, at: Place) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            self.fail(at, "a key must be text, not a list, a mapping or a repetition")
        key = event.value
        value = self._scalar(event, at)
        if len(key) > MAX_KEY:
            self._note(at, f"a key is longer than {MAX_KEY} characters")
        elif "\n" in key or "\t" in key:
            self._note(at, "a key must be on one line and hold no tab")
        elif event.implicit[0] and key == "<<":
            self._note(at, "'<<' merges another part, which is not allowed", "use 'extends:'")
        elif value is None or isinstance(value, bool) or value == "":
            self._note(
                at, "a key must be text", "put quotes around it" if key else "nothing precedes the ':'"
            )
        around = self._open[-1]
        known = printable(key[:MAX_KEY]) if UNWANTED.search(key) else key[:MAX_KEY]
        around.key, around.key_at, around.awaits_key = known, at, False

    def _scalar(self, event: Any, at: Place) -> Any:
        text = event.value
        if len(text) > MAX_SCALAR:
            self._note(at, f"is longer than {MAX_SCALAR:,} characters")
        elif hit := UNWANTED.search(text):
            self._note(at, f"holds the character U+{ord(hit[0]):04X}, which cannot be printed")
        elif not event.implicit[0]:
            return text
        elif _NOT_FINITE.fullmatch(text):
            self._note(
                at, f"'{text}' is not a number to compute with", "leave the key out to use its default"
            )
        elif text in _WORDS:
            return _WORDS[text]
        elif _INT.fullmatch(text):
            if len(text) < 30 and -(2**63) <= (whole := int(text)) < 2**63:
                return whole
            self._note(at, "is too large a number")
        elif _FLOAT.fullmatch(text):
            if math.isfinite(number := float(text)):
                return number
            self._note(at, "is too large a number")
        else:
            return text
        return 0


def _explain(fault: yaml.YAMLError, source: Source) -> tuple[Place, str, str | None]:
    """PyYAML's message in words that say what to do."""
    problem = str(getattr(fault, "problem", None) or "cannot be read")
    context = str(getattr(fault, "context", None) or "")
    at = _place(source, getattr(fault, "problem_mark", None))
    opened = _place(source, getattr(fault, "context_mark", None) or getattr(fault, "problem_mark", None))
    if "'\\t'" in problem:
        return at, "a tab stands where only spaces may", "indent with spaces"
    if "end of stream" in problem and "quoted" in context:
        return opened, "a text in quotes is not closed", None
    if "flow sequence" in context or "flow mapping" in context:
        return opened, "a '[' or '{' is not closed, or a ',' is missing after it", None
    if "mapping values are not allowed" in problem:
        hint = "check the indentation, and put quotes around a text that holds ': '"
        return at, "a ':' is not expected here", hint
    if "could not find expected ':'" in problem:
        return opened, "a ':' is missing after the key", None
    if "<block end>" in problem:
        return at, "does not fit the lines above", "check the indentation"
    if "cannot start any token" in problem:
        return at, "starts with a character that needs quotes around the text", None
    return at, f"is not YAML: {problem}", None
