"""Scenarios described: a JSON Schema for editors, a summary for people, a file to start from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from ..units import date_of
from .keys import Block
from .shipped import STARTER, shipped_files
from .use import Use

if TYPE_CHECKING:
    from rich.console import Group

    from ..terminal import Table
    from .schema import Spec

MOST_CHANGES = 40
EXTENDING = """\
# What is not said here is as in the shipped file that this one extends. The text of that file follows as comments.
# To change something, take the '# ' from its line and from the lines that it is indented under. Keys that are left
# out keep their values, a list is replaced as a whole, and `key: null` removes what the shipped file says.
extends: {name}
"""
# What stands in the heading of the summary already.
_IN_HEAD = {"name", "question", "start", "days", "seed", "population", "residents", "systems"}


def json_schema(plugins: Mapping[str, type[Block]] | None = None) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a scenario file.

    A file that extends another gives only what it changes, and `key: null` removes what it inherits. So
    nothing is marked as required and every key may be null; `o2o-sim check` is the one that knows whether
    the whole is complete. `plugins` are the settings of plugins' classes by the name under which a scenario
    takes them (`rain.Rain`).
    """
    from .schema import Spec

    schema = Spec.model_json_schema(by_alias=True)
    for name, settings in (plugins or {}).items():
        _describe_settings(schema["$defs"], name, settings)
    _loosen(schema)
    for definition in schema.get("$defs", {}).values():
        _loosen(definition)
    names = {"type": "string", "minLength": 1}
    extends = {
        "description": "File or files that this one changes, relative to this file, or names of shipped ones; later ones win.",
        "anyOf": [names, {"type": "array", "items": names}],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "o2o_sim scenario",
        "description": "A scenario of o2o_sim. Nothing is required here, because a file may extend another.",
        **{key: value for key, value in schema.items() if key not in ("title", "description", "properties")},
        "properties": {"extends": extends, **schema["properties"]},
    }


def _describe_settings(definitions: dict[str, Any], name: str, settings: type[Block]) -> None:
    """Let a `Use` that names this class have its settings, and no other keys."""
    group = settings.model_json_schema(by_alias=True, ref_template=f"#/$defs/{name}.{{model}}")
    definitions |= {f"{name}.{model}": below for model, below in group.pop("$defs", {}).items()}
    run, *others = definitions["Use"]["anyOf"]
    names = run["properties"]["run"]
    group["properties"] = {
        "run": {"const": name, "description": names["description"]},
        **group.get("properties", {}),
    }
    # Whatever else is named may have any keys: what they mean is known from its file only.
    names.setdefault("not", {"enum": []})["enum"].append(name)
    definitions["Use"]["anyOf"] = [run, {**group, "title": name, "additionalProperties": False}, *others]


def _loosen(schema: dict[str, Any]) -> None:
    schema.pop("required", None)
    for choice in schema.get("anyOf", []):
        _loosen(choice)
    for name, value in list(schema.get("properties", {}).items()):
        was, until = value.pop("was", None), value.pop("until", None)
        schema["properties"][name] = value = _or_null(value)
        if was:
            # Files with the earlier name can still be read, so an editor strikes it through and no more.
            note = f"Earlier name of {name}, not read from version {until} on"
            schema["properties"][was] = {**value, "description": note, "deprecated": True}
    for part in ("additionalProperties", "items"):
        if isinstance(schema.get(part), dict):
            _loosen(schema[part])
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = _or_null(schema["additionalProperties"])


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    _loosen(schema)
    schema.pop("title", None)  # only the name again, with capitals
    if schema.get("type") == "null" or {"type": "null"} in schema.get("anyOf", []):
        return schema
    kept = ("description", "default", "unit", "adjustable")
    about: dict[str, Any] = {key: schema.pop(key) for key in kept if key in schema}
    if not schema:  # anything goes already
        return about
    choices = schema["anyOf"] if set(schema) == {"anyOf"} else [schema]
    return {**about, "anyOf": [*choices, {"type": "null"}]}


def starter_text() -> str:
    """A small commented scenario that stands on its own and runs in seconds."""
    return STARTER.read_text(encoding="utf-8")


def extending_text(name: str) -> str:
    """A file that extends the shipped file `name` and holds the text of that file as comments, to be changed line
    by line."""
    text = shipped_files()[name].read_text(encoding="utf-8")
    kept = [
        line for line in text.splitlines() if not line.startswith(("extends:", "# yaml-language-server:"))
    ]
    # From the user's folder, relative paths to shipped scenarios lead nowhere; their names do.
    kept = [re.sub(r"(\.\./)+scenarios/(\w+)\.yaml", r"\2", line) for line in kept]
    body = [line if not line or line.startswith("#") else f"# {line}" for line in kept]
    return "\n".join([EXTENDING.format(name=name), *body, ""])


def summary(spec: Spec) -> Group:
    """What a file resolves to: its span, its entities, levers, policies, and where it leaves the defaults."""
    from rich.console import Group

    from ..terminal import Text

    end = date_of(spec.start, spec.days - 1)
    scale = spec.residents / spec.population
    head = [
        *(text for text in (spec.name, spec.question) if text),
        f"{spec.start} to {end} ({spec.days:,} days), seed {spec.seed}",
        f"{spec.population:,} consumers for {spec.residents:,.0f} residents (each stands for {scale:,.4g})",
    ]
    leaves = list(_leaves(spec))
    entities = [(path, f"{len(names)}", ", ".join(names)) for path, names in _entities(spec)]
    levers = [
        (path.removeprefix("levers."), _text(value))
        for path, value, _ in leaves
        if path.startswith("levers.")
    ]
    policies = [(path, _text(value)) for path, value, _ in leaves if value and _is_policy(path)]
    policies += [(f"modes.{name}", _text(use)) for name, use in spec.modes.own.items()]
    policies += [(f"systems.{k}", _text(use)) for k, use in enumerate(spec.systems)]
    changes = [
        (path, _text(value), _text(usual))
        for path, value, usual in leaves
        if value != usual and path not in _IN_HEAD and not path.startswith("levers.") and not _is_policy(path)
    ]
    rest = len(changes) - MOST_CHANGES
    parts: list[Any] = [Text("\n".join(head))]
    parts += [_table(("Entities", "Count", "Names"), entities), _table(("Lever", "Factor"), levers)]
    parts += [_table(("Policy", "Rule"), policies)] if policies else []
    parts += [_table(("Changed key", "Value", "Default"), changes[:MOST_CHANGES])] if changes else []
    parts += [Text(f"... and {rest} more keys that differ from their defaults")] if rest > 0 else []
    return Group(*parts)


def _is_policy(path: str) -> bool:
    return path.rsplit(".", 1)[-1] in ("policy", "landlord") or path == "consumers.value"


def _leaves(
    block: BaseModel, usual: BaseModel | None = None, path: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """Every key with its value and its default, inside blocks but not inside lists of entities."""
    for name, field in type(block).model_fields.items():
        value, here = getattr(block, name), path + (field.alias or name)
        required = field.is_required() and usual is None
        default = (
            None
            if required
            else getattr(usual, name)
            if usual
            else field.get_default(call_default_factory=True)
        )
        if isinstance(value, BaseModel) and not isinstance(value, Use):
            yield from _leaves(value, default if isinstance(default, type(value)) else None, here + ".")
        elif isinstance(value, dict) and any(isinstance(item, BaseModel) for item in value.values()):
            for entity, item in value.items():
                yield from (
                    (p, v, v) for p, v, _ in _leaves(item, None, f"{here}.{entity}.") if _is_policy(p)
                )
        else:
            yield here, value, default


def _entities(block: BaseModel, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every group whose names the user chooses, with these names."""
    for name, field in type(block).model_fields.items():
        value, here = getattr(block, name), path + (field.alias or name)
        if isinstance(value, BaseModel) and not isinstance(value, Use):
            yield from _entities(value, here + ".")
        elif isinstance(value, dict) and value:
            yield here, list(value)


def _text(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Use):
        said = ", ".join(f"{name}: {_text(setting)}" for name, setting in value.said.items())
        return f"{value} ({said})" if said else str(value)
    if isinstance(value, float):
        return f"{value:,.10g}"
    if isinstance(value, list):
        text = ", ".join(_text(item) for item in value)
        return text if len(text) <= 60 else f"{len(value)} entries"
    return str(value)


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    from rich import box

    from ..terminal import Table, Text

    table = Table(*columns, box=box.SIMPLE, title_justify="left")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table
