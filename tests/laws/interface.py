"""The public interface as text: every public name with its signature, and of a class its methods and fields.

    python -m tests.laws.interface            (in the root of the repository)

stores today's. Do this when a change of the public interface is meant, and commit `interface.txt` with that
change, beside a line of the changelog: users' scripts and rule files hold on to these names."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel

STORED = Path(__file__).with_name("interface.txt")
DOORS = ("o2o_sim", "o2o_sim.plugin")


def lines(door: str) -> list[str]:
    """The interface of one of the doors, a line per name, method and field."""
    module = import_module(door)
    return [f"{door}.{line}" for name in sorted(module.__all__) for line in _told(module, name)]


def _told(module: ModuleType, name: str) -> Iterator[str]:
    try:
        found = getattr(module, name)
    except module.ScenarioError:  # it needs an extra that is not installed
        return
    if isinstance(found, type):
        yield from _class(name, found)
    elif callable(found):
        yield name + _signature(found)
    else:
        yield f"{name}: {type(found).__name__}"


def _class(name: str, cls: type) -> Iterator[str]:
    """A class with what it and its bases define here. What a block of settings holds is the schema's to
    tell."""
    if issubclass(cls, BaseModel):
        yield f"{name}: settings"
        return
    how = cls if issubclass(cls, tuple) else cls.__init__
    yield name + ("()" if how is object.__init__ else _signature(how))
    parts: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.partition(".")[0] == "o2o_sim":
            parts |= vars(base)
    fields = {f.name for f in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set()
    # What a later Mesa hangs on every class that inherits from it is no part of ours.
    others = {
        part for base in cls.__mro__ if base.__module__.partition(".")[0] != "o2o_sim" for part in vars(base)
    }
    fields |= {part for part, value in parts.items() if part in others and not inspect.isfunction(value)}
    for part, value in sorted(parts.items()):
        value = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if not part.startswith("_") and part not in fields:
            yield f"{name}.{part}" + (_signature(value) if inspect.isfunction(value) else "")


class _Bare(str):
    """An annotation that is shown without quotes."""

    def __repr__(self) -> str:
        return str(self)


def _signature(found: Any) -> str:
    signature = inspect.signature(found)

    def bare(annotation: Any) -> Any:
        return _Bare(annotation) if isinstance(annotation, str) else annotation

    parameters = [
        p.replace(annotation=bare(p.annotation)) for p in signature.parameters.values() if p.name != "self"
    ]
    result = bare(signature.return_annotation)
    text = str(signature.replace(parameters=parameters, return_annotation=result))
    return re.sub(r"<function (\w+) at 0x\w+>", r"\1", text)


def main() -> None:
    """Store today's interface."""
    STORED.write_text("".join(f"{line}\n" for door in DOORS for line in lines(door)), encoding="utf-8")


if __name__ == "__main__":
    main()
