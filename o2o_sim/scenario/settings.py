"""Settings of a plugin's class: what a scenario writes for it, read as its nested `Settings` declares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from ..errors import Problem, ScenarioError
from .keys import Block
from .messages import problems_of
from .places import Key, Origin, Positions, dotted
from .shape import Slot, with_defaults


def settings_class(cls: Any) -> type[Block]:
    """The nested `Settings` of a class; one without keys if it has none.

    Raises TypeError, with what to do, if it is something else than a `Block`."""
    found = getattr(cls, "Settings", Block)
    if not (isinstance(found, type) and issubclass(found, Block)):
        raise TypeError(f"the Settings of {cls.__name__} must be a class derived from Block")
    for base in cls.__mro__:
        if not issubclass(found, vars(base).get("Settings", Block)):
            raise TypeError(f"the Settings of {cls.__name__} must be derived from {base.__name__}.Settings")
    if "run" in found.model_fields:
        raise TypeError(f"no setting of {cls.__name__} can be called 'run', which names the class itself")
    return found


def read_settings(wanted: type[Block], said: Mapping[str, Any], key: Key, origin: Origin | None) -> Block:
    """What a scenario says for a class, checked as the keys of our own are: types, bounds, unknown keys.

    `said` is plain data, `key` the path in the scenario under which it stands, `origin` where that was
    written (None: nowhere). Raises ScenarioError with every problem, each with its place."""
    path = tuple(key.split(".")) if isinstance(key, str) else tuple(map(str, key))
    try:
        return wanted.model_validate_json(json.dumps(with_defaults(Slot((wanted,)), dict(said))))
    except ValidationError as fault:
        positions = (origin.positions if origin is not None else Positions()).below(path)
        found = problems_of(fault, wanted, dict(said), positions, top_keys=())
    except Exception as fault:  # a validator of the plugin's own
        message = f"its settings cannot be read: {type(fault).__name__}: {fault}"
        raise ScenarioError(problem_at(origin, path, message)) from fault
    raise ScenarioError([_of_whole(problem, path, origin) for problem in found])


def problem_at(origin: Origin | None, key: Key, message: str, hint: str | None = None) -> Problem:
    """A problem with a key, shown where it is written if that is known."""
    if origin is None:
        return Problem(message, key=key if isinstance(key, str) else dotted(key), hint=hint)
    return origin.problem_at(key, message, hint)


def _of_whole(problem: Problem, path: tuple[str, ...], origin: Origin | None) -> Problem:
    """A problem with a setting as one of the scenario: with the whole key."""
    whole = replace(problem, key=dotted((*path, problem.key) if problem.key else path))
    return whole if origin is not None else Problem(whole.message, key=whole.key, hint=whole.hint)
