"""Keys that had another name: the earlier one is still read for a while, and a warning says the new one.

A key declares its earlier name (`key(..., was="without", until="0.2")`). The names are replaced in each file
before files are merged, so that a file with the earlier name can extend one with the new name, and in the
dotted paths of overrides, which is also how study and claim files change a scenario.
"""

from __future__ import annotations

from typing import Any

from pydantic.fields import FieldInfo

from ..errors import Problem, ScenarioError
from .messages import in_file_order
from .places import Node, Place, dotted
from .shape import NAME, Slot
from .textfile import first

Path = tuple[str, ...]


def earlier_name(field: FieldInfo) -> tuple[str, str] | None:
    """The name that a key had before and the release that no longer reads it; None for most keys."""
    extra = field.json_schema_extra
    if not isinstance(extra, dict) or "was" not in extra:
        return None
    return str(extra["was"]), str(extra["until"])


def current_names(slot: Slot) -> dict[str, tuple[str, str]]:
    """Earlier name -> (name now, release that no longer reads the earlier one) of the keys at one place."""
    found = {}
    for name, field in slot.fields().items():
        if (was := earlier_name(field)) is not None:
            found[was[0]] = (name, was[1])
    return found


def notice(place: Place, above: Path, old: str, new: str, until: str) -> Problem:
    """The warning about an earlier name that was used at a place."""
    message = f"is called '{new}' now; the earlier name will not be read from version {until} on"
    return place.problem(message, key=dotted((*above, old)), hint=f"write {new}")


def rename(root: Node, slot: Slot, above: Path = ()) -> list[Problem]:
    """Replace all earlier names in what one file (or override) says; returns the warnings.

    Raises ScenarioError, with every place, where a group gives a key by both of its names.
    """
    warnings: list[Problem] = []
    clashes: list[Problem] = []
    _rename(root, slot, above, warnings, clashes)
    if clashes:
        raise ScenarioError(first(in_file_order(clashes, ())))
    return warnings


def _rename(node: Node, slot: Slot, above: Path, warnings: list[Problem], clashes: list[Problem]) -> None:
    if isinstance(node.value, list):
        for number, item in enumerate(node.value):
            _rename(item, slot.step(number), (*above, str(number)), warnings, clashes)
    if not isinstance(node.value, dict):
        return
    for old, (new, until) in current_names(slot).items():
        if old not in node.value:
            continue
        place = node.value[old].key_at or node.value[old].at
        if new in node.value:
            message = f"is the earlier name of '{new}', which is given here as well"
            clashes.append(place.problem(message, key=dotted((*above, old)), hint="leave this line out"))
            continue
        warnings.append(notice(place, above, old, new, until))
        node.value = {new if key == old else key: item for key, item in node.value.items()}
    fields = slot.fields()
    for key, item in node.value.items():
        _rename(item, slot.step(key if key in fields else NAME), (*above, key), warnings, clashes)


def renamed(data: Any, slot: Slot) -> Any:
    """Plain data with the names that keys have now, for what an earlier version recorded."""
    if isinstance(data, list):
        return [renamed(item, slot.step(0)) for item in data]
    if not isinstance(data, dict):
        return data
    now, fields, found = current_names(slot), slot.fields(), {}
    for key, value in data.items():
        name = now[key][0] if key in now and now[key][0] not in data else key
        found[name] = renamed(value, slot.step(name if name in fields else NAME))
    return found
