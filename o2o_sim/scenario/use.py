"""A class that a scenario takes by its name, with or without settings: a policy, a system, a mode.

    systems: [rain.Rain]                       # as it is
    systems: [{run: rain.Rain, chance: 0.3}]   # with settings

What the settings may be, the class says in a nested `Settings`. That is known only when the plugin's file has
been imported; a `Use` therefore keeps them as they were written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import GetJsonSchemaHandler, PrivateAttr, model_serializer, model_validator
from pydantic.config import ConfigDict
from pydantic_core import CoreSchema

from .keys import Block, key

if TYPE_CHECKING:
    from ..errors import Problem
    from .schema import Spec


@dataclass
class Bound:
    """The settings of a `Use` as its class reads them, once they have been. They say nothing that the `Use`
    does not, so any two are equal."""

    settings: Block | None = field(default=None, compare=False)


class Use(Block):
    """A class by its name, and its settings as the file writes them.

    One without settings is the same as its plain name: it is equal to that text and is written so."""

    model_config = ConfigDict(extra="allow")

    run: str = key(
        ..., "The name of the class: a built-in name, or `plugin.Class`; other keys are its settings"
    )
    _bound: Bound = PrivateAttr(default_factory=Bound)

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, said: Any) -> Any:
        if isinstance(said, str):
            return {"run": said}
        if not isinstance(said, Mapping | Use):
            raise ValueError("must be a name, or a group of keys with the name under `run`")
        return said

    @model_serializer
    def _as_written(self) -> str | dict[str, Any]:
        return {"run": self.run, **self.said} if self.said else self.run

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        group = handler.resolve_ref_schema(handler(core))
        about = group.pop("description", "")
        return {"description": about, "anyOf": [group, {"type": "string"}]}

    @property
    def said(self) -> dict[str, Any]:
        """The settings that the file writes, as plain data."""
        return self.__pydantic_extra__ or {}

    @property
    def settings(self) -> Block | None:
        """The settings as the class reads them, defaults included; None before its plugin was imported."""
        return self._bound.settings

    def bind(self, settings: Block) -> Block:
        """Keep what the class reads. What was kept before for the same class stays: a running model may hold
        it, and the levers of a live page move it."""
        if type(self._bound.settings) is not type(settings):
            self._bound.settings = settings
        assert self._bound.settings is not None
        return self._bound.settings

    def put(self, path: Sequence[str], value: Any) -> None:
        """Write a setting, as if the file said so."""
        group = self.__pydantic_extra__
        assert group is not None
        for part in path[:-1]:
            group = group.setdefault(part, {})
        group[path[-1]] = value

    def __bool__(self) -> bool:
        return bool(self.run)

    def __str__(self) -> str:
        return self.run

    def __eq__(self, other: object) -> bool:
        return not self.said and self.run == other if isinstance(other, str) else super().__eq__(other)

    def __hash__(self) -> int:
        return hash(self.run)

    def __getstate__(self) -> dict[Any, Any]:
        # The class of the settings lives in the plugin's file, which another process imports for itself.
        return {**super().__getstate__(), "__pydantic_private__": {"_bound": Bound()}}


def name_of(plain: Any) -> str | None:
    """The name of the class in plain data that says one, with settings or without."""
    said = plain.get("run") if isinstance(plain, Mapping) else plain
    return said if isinstance(said, str) else None


def superseded(spec: Spec) -> list[Problem]:
    """Keys that work until version 0.2.0 only, and what to write instead; extend.py makes them systems."""
    found = []
    for name, hint in (
        (
            "channels",
            "a class derived from System, whose method `offers` returns them, named under `systems`",
        ),
        (
            "phases",
            "a class derived from System with a method for the place in the day, named under `systems`",
        ),
    ):
        if getattr(spec, name):
            found.append(spec.problem_at(name, "works until version 0.2.0 only", f"write {hint}"))
    return found


def uses(spec: Spec) -> Iterator[tuple[tuple[str | int, ...], str, Use]]:
    """Every class that a scenario takes by name: its key, what kind of class it is, and the use."""
    yield ("stores", "policy"), "store", spec.stores.policy
    for name, f in spec.stores.formats.items():
        if f.policy:
            yield ("stores", "formats", name, "policy"), "store", f.policy
    for name, s in spec.stores.named.items():
        if s.policy:
            yield ("stores", "named", name, "policy"), "store", s.policy
    for name, happening in spec.timeline.items():
        for shop, s in happening.open.items():
            if s.policy:
                yield ("timeline", name, "open", shop, "policy"), "store", s.policy
    yield ("landlords", "policy"), "rent", spec.landlords.policy
    for name, c in spec.circles.items():
        if c.landlord:
            yield ("circles", name, "landlord"), "rent", c.landlord
    for name, p in spec.platforms.items():
        yield ("platforms", name, "subsidy", "policy"), "subsidy", p.subsidy.policy
    yield ("entry", "policy"), "entry", spec.entry.policy
    for name, mode in spec.modes.own.items():
        yield ("modes", name), "mode", mode
    for k, system in enumerate(spec.systems):
        yield ("systems", k), "system", system
