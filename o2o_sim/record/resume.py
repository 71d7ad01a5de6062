"""Go on from a saved city, as it was or with some keys changed: what would have become of it?

A key may change in a city that runs if the city would have been built the same with its new value, object by
object: then nobody took a copy of it, and everybody reads it anew from the next day on. Levers (levers.py), which
know who took a copy, may always be moved."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import Problem, ScenarioError
from ..levers import find_levers, move, raw
from ..scenario.load import to_plain
from ..scenario.places import dotted
from ..scenario.textfile import printable
from .graph import class_name
from .state import State, first_day, read_state

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.schema import Spec

Model = TypeVar("Model", bound="O2OModel")
FIXED = ("seed", "start")
"""Keys that leave no trace in what was built and still belong to the days that are over."""
_HINT = "It may change only in a new run: o2o-sim run SCENARIO --set {}"


def resume(
    path: str | os.PathLike[str],
    make: Callable[[Spec, int], Model],
    *,
    overrides: Sequence[str] = (),
    note: bool = False,
) -> tuple[Model, dict[str, Any]]:
    """The model that was saved in a file, and what was saved with it, by name.

    `make(spec, seed)` makes a new model of the class that was saved. `overrides` are texts `key.path=value` that
    hold from the next day on; they are noted in `model.past`, and with `note` also that there were none.

    Raises ScenarioError for a file that cannot be read and for keys that cannot change."""
    state = read_state(path)
    branch = _Branch(state, make, overrides)
    model = branch.twin()
    if state.header["model"] != class_name(type(model)):
        saved = printable(str(state.header["model"]))
        raise state.fault(f"was saved of a {saved}, not of a {class_name(type(model))}")
    others = state.put_into(model)
    for key, value in branch.moves.items():
        move(model, key, value)
    for key, said in branch.changes.items():
        if key in model.drift:  # what is said now goes before what its time made of it
            del model.drift[key]
            what = raw(model.spec, key)
            what.hold(what.check(said))
    if branch.changes.keys() - {"days"}:
        model.offers_changed = True  # offers are made anew only when somebody says that they change
    if branch.changes or note:
        model.past.append({"day": model.day, "date": model.date.isoformat(), "changes": branch.changes})
    return model, others


class _Branch(Generic[Model]):
    """What is changed in a saved city: `changes` has all keys with their new values, `moves` the levers."""

    def __init__(self, state: State, make: Callable[[Spec, int], Model], overrides: Sequence[str]):
        self._state, self._make, self._overrides = state, make, overrides
        self._spec = state.changed(overrides)
        before, after = _leaves(to_plain(state.spec)), _leaves(to_plain(self._spec))
        changed = {key: after.get(key) for key in before | after if before.get(key) != after.get(key)}
        # A lever that is put to where the scenario has it may have moved since.
        named = {text.partition("=")[0].strip() for text in overrides}
        levers = find_levers(self._spec)
        old = find_levers(state.spec)
        self.moves = {
            k: lever.value for k, lever in levers.items() if k in old and (k in changed or k in named)
        }
        self.changes = changed | self.moves

    def twin(self) -> Model:
        """A city to put the state into: that of the changed scenario, in which levers are not yet moved.

        Raises ScenarioError if it is not built as the old one was."""
        if not self._overrides:
            return self._built([])
        if self._spec.days < self._state.day:
            message = f"must be {self._state.day} or more: so many days are simulated already"
            raise ScenarioError(message, file=self._state.shown, key="days")
        if wrong := [key for key in self.changes if key in FIXED]:
            raise ScenarioError([self._problem(key) for key in wrong])
        twin = self._built(self._overrides)
        if self.changes.keys() - self.moves.keys() - {"days"}:
            before = first_day(self._built([]))
            if first_day(twin) != before:
                raise ScenarioError(
                    list(self._to_blame(before)) or [self._problem(key) for key in self.changes]
                )
        return twin

    def _built(self, overrides: Sequence[str]) -> Model:
        """The city of the scenario with some overrides, but with the levers where they were."""
        spec = self._state.changed(overrides)
        before = find_levers(self._state.spec)
        for key, lever in find_levers(spec).items():
            if key in before:
                lever.put(before[key].value)
        return self._make(spec, self._state.header["seed"])

    def _to_blame(self, before: Any) -> Iterator[Problem]:
        """Every override that alone would have built another city."""
        for text in self._overrides:
            try:
                same = first_day(self._built([text])) == before
            except ScenarioError:
                same = True  # not possible alone
            if not same:
                yield self._problem(text.partition("=")[0].strip(), text)

    def _problem(self, key: str, text: str = "") -> Problem:
        said = text or next((t for t in self._overrides if t.partition("=")[0].strip() == key), "")
        message = "cannot change in a city that runs: what is there was built by it"
        where = f"--set {printable(said)}" if said else self._state.shown
        return Problem(message, file=where, key=printable(key), hint=_HINT.format(printable(said or key)))


def _leaves(data: Any, path: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every value of plain data by its dotted path; what is empty counts as a value."""
    if isinstance(data, Mapping) and data:
        items: Any = data.items()
    elif isinstance(data, list) and data:
        items = enumerate(data)
    else:
        return {dotted(path): data}
    return {k: v for key, value in items for k, v in _leaves(value, (*path, str(key))).items()}


__all__ = ["FIXED", "resume"]
