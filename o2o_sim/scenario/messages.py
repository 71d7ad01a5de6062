"""Pydantic's errors, in the words of somebody who wrote a YAML file and shown where they wrote it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from ..errors import Problem
from .places import Positions, dotted
from .shape import Slot, closest, did_you_mean, slot_at
from .textfile import printable

LONGEST = 40
TOP_KEYS = ("extends",)

# What a value of each type should be, keyed by the stem of pydantic's error type (`int_type`, `int_parsing`).
_SHOULD_BE = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "string": "text",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "iterable": "a list",
    "dict": "a group of keys",
    "mapping": "a group of keys",
    "model": "a group of keys",
    "model_attributes": "a group of keys",
    "dataclass": "a group of keys",
    "date": "a date written YYYY-MM-DD",
    "date_from_datetime": "a date written YYYY-MM-DD",
    "none_required": "empty",
}
_LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}


@dataclass(frozen=True)
class _Fault:
    """One error of pydantic, its `loc` split into the path in the file and the alternatives tried on it."""

    error: dict[str, Any]
    path: tuple[str, ...]
    union: tuple[str, ...] | None  # where several alternatives were tried, if they were
    label: str = ""  # the alternative that this error belongs to
    of_key: bool = False  # about the key itself, not what it holds


def problems_of(
    fault: ValidationError,
    model: type[BaseModel],
    data: Any,
    positions: Positions,
    top_keys: Sequence[str] = TOP_KEYS,
) -> list[Problem]:
    """Every error of a validation as a located problem, in no particular order. `top_keys` are what `data`
    may hold at its top besides the keys of the model."""
    faults = [_locate(dict(error), model) for error in fault.errors(include_url=False)]
    unions: dict[tuple[str, ...] | None, list[_Fault]] = {}
    for one in faults:
        unions.setdefault(one.union, []).append(one)
    problems = [_problem(one, model, data, positions, top_keys) for one in unions.pop(None, [])]
    for tried in unions.values():
        problems += _of_union(tried, model, data, positions, top_keys)
    return list(dict.fromkeys(problems))


def _locate(error: dict[str, Any], model: type[BaseModel]) -> _Fault:
    slot = Slot((model,))
    path: list[str] = []
    union, label, of_key = None, "", False
    for part in error["loc"]:
        if slot.is_union:
            # Pydantic names the alternative here. With a discriminator only one was tried.
            if union is None and slot.discriminator is None:
                union, label = tuple(path), str(part)
            slot = slot.choose(str(part))
        elif part == "[key]":
            of_key = True
        else:
            path.append(str(part))
            slot = slot.step(part)
    return _Fault(error, tuple(path), union, label, of_key)


def _of_union(
    tried: list[_Fault], model: type[BaseModel], data: Any, positions: Positions, top_keys: Sequence[str]
) -> list[Problem]:
    """One message for all alternatives: those that fit the value's kind, or else what would have fitted."""
    deeper = [one for one in tried if one.path != one.union]
    if deeper:
        labels = [one.label for one in deeper]
        likely = min(labels, key=labels.count)
        return [_problem(one, model, data, positions, top_keys) for one in deeper if one.label == likely]
    texts = [_message(one.error, value_at(data, one.path)) for one in tried]
    wanted = [re.sub(r"^must be |, found .*$", "", text, flags=re.DOTALL) for text in texts]
    found = describe(value_at(data, tried[0].path))
    message = f"must be {' or '.join(dict.fromkeys(wanted))}, found {found}"
    return [_place(tried[0].path, message, None, positions)]


def _place(path: tuple[str, ...], message: str, hint: str | None, positions: Positions) -> Problem:
    return positions.value(path).problem(message, key=dotted(path) or None, hint=hint)


def _problem(
    fault: _Fault, model: type[BaseModel], data: Any, positions: Positions, top_keys: Sequence[str]
) -> Problem:
    kind, path = fault.error["type"], fault.path
    value = value_at(data, path)
    if kind == "extra_forbidden":
        at = positions.key(path)
        hint = did_you_mean(model, path, top_keys)
        inherited = at.source.path and at.source is not positions.value(()).source
        if inherited and not (hint or "").startswith("did"):
            drop = f"inherited; '{path[-1]}: null' in the file that extends this one drops it"
            hint = f"{hint}; {drop}" if hint else drop
        return at.problem("is not a key here", key=dotted(path), hint=hint)
    if kind == "missing" and isinstance(value_at(data, path[:-1]), list):
        return _place(path[:-1], f"must have at least {int(path[-1]) + 1} entries", None, positions)
    if kind == "missing":
        field = slot_at(model, path[:-1]).fields().get(path[-1])
        return _place(path, "is missing and has no default", field.description if field else None, positions)
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _of_tag(fault, data, positions)
    message = _message(fault.error, value)
    if kind == "value_error" and isinstance(value, dict):
        # A check of a whole group may name the key it objects to: "weekend: weekdays are ...".
        named, colon, rest = message.partition(": ")
        if colon and named in value:
            path, message = (*path, named), rest
    if fault.of_key:
        return positions.key(path).problem(f"the name itself {message}", key=dotted(path))
    return _place(path, message, _hint(fault.error, value), positions)


def _of_tag(fault: _Fault, data: Any, positions: Positions) -> Problem:
    context = fault.error["ctx"]
    name = str(context["discriminator"]).strip("'")
    path = (*fault.path, name)
    if fault.error["type"] == "union_tag_not_found":
        return _place(path, "is missing: it says which kind this is", None, positions)
    value = value_at(data, path)
    message = f"must be one of {context['expected_tags']}, found {describe(value)}"
    return _place(path, message, _nearest_word(str(context["expected_tags"]), value), positions)


def _message(error: dict[str, Any], value: Any) -> str:
    kind, context = error["type"], error.get("ctx", {})
    stem = re.sub(r"_(type|parsing|from_float|parsing_size|from_datetime_inexact)$", "", kind)
    if stem in _SHOULD_BE:
        return f"must be {_SHOULD_BE[stem]}, found {describe(value)}"
    if kind in _LIMITS:
        word, limit = _LIMITS[kind]
        return f"must be {word} {context[limit]:,}, found {describe(value)}"
    if kind in ("literal_error", "enum"):
        return f"must be {context['expected']}, found {describe(value)}"
    if kind in ("value_error", "assertion_error"):
        return printable(str(context.get("error", error["msg"])))
    if kind in ("too_short", "string_too_short", "too_long", "string_too_long"):
        few = kind.endswith("short")
        limit = context["min_length" if few else "max_length"]
        things = "characters" if kind.startswith("string") else "entries"
        things = things if limit != 1 else {"characters": "character", "entries": "entry"}[things]
        return f"must have at {'least' if few else 'most'} {limit:,} {things}"
    if kind == "string_pattern_mismatch":
        return f"must be text of the form {context['pattern']}, found {describe(value)}"
    if kind == "finite_number":
        return "must be a finite number"
    # A validator of a plugin's own, or a kind that pydantic added since: its own words, without the polish.
    return printable(error["msg"][:1].lower() + error["msg"][1:])


def sentence(fault: ValidationError, value: Any) -> str:
    """What is wrong with a single value, in words."""
    return _message(dict(fault.errors(include_url=False)[0]), value)


def _hint(error: dict[str, Any], value: Any) -> str | None:
    kind = error["type"]
    if kind.startswith(("int_", "float_")):
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            return f"write {int(value)}"
        if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9.]+", value):
            return "remove the quotes"
        if isinstance(value, str) and (hit := re.fullmatch(r"([-+]?[0-9.]+) ?%", value)):
            return f"write {float(hit[1]) / 100:g}" if hit[1].count(".") < 2 else None
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", value):
            return f"write {value.replace(',', '')}"
    if kind.startswith("bool_") and isinstance(value, str):
        meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(value.lower())
        return f"write {meant}" if meant else None
    if kind == "string_type" and isinstance(value, int | float):
        return "put quotes around it"
    if kind == "list_type" and value is not None and not isinstance(value, dict):
        return "put square brackets around it"
    if kind == "literal_error":
        return _nearest_word(error["ctx"]["expected"], value)
    return None


def _nearest_word(expected: str, value: Any) -> str | None:
    words = re.findall(r"'([^']*)'", expected)
    near = closest(value, words) if isinstance(value, str) else None
    return f"did you mean {near}?" if near else None


def describe(value: Any) -> str:
    """A value of a file in a few words, for messages."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        text = printable(value)
        return f"the text '{text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}'"
    return "a list" if isinstance(value, list) else "a group of keys"


def value_at(data: Any, path: Sequence[str]) -> Any:
    """What stands at `path` in plain data; None if nothing does."""
    for part in path:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        else:
            return None
    return data


def in_file_order(problems: list[Problem], files: Sequence[str]) -> list[Problem]:
    """Sorted by the file as first read, then from top to bottom; what has no line comes first."""

    def order(problem: Problem) -> tuple[int, int, int]:
        file = files.index(problem.file) if problem.file in files else len(files)
        return file, problem.line or 0, problem.column or 0

    return sorted(problems, key=order)
