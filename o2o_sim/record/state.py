"""A city saved in the middle of its run: one file, from which the run goes on as if nothing had happened.

The file holds the scenario, the seed, and everything that has changed since the first day, as graph.py writes it.
Whoever loads it builds the city anew from scenario and seed, and puts the rest back into it. Nothing in the file is
run: classes come from this package and from the plugins that the scenario names, functions from the city that was
built. It is a message (message.py) with three packed sections; its digest covers all of them."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..city.build import City
from ..errors import ScenarioError
from ..files import content
from ..inputs.inputs import named_files
from ..inputs.package import code_digest
from ..levers import as_written, drift_again
from ..scenario.load import from_plain, load_scenario, to_plain
from ..scenario.textfile import printable
from ..scenario.use import uses
from .graph import ATOMS, Names, Unreadable, Unwritable, Written, attributes, class_name
from .graph_reader import read
from .graph_writer import write
from .message import decode, encode, read_header
from .replay import deflated, inflated

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.schema import Spec

STATE = ".o2os"
"""What the name of a state's file ends with."""
VERSION = 1
MOST_FILE = 1 << 32
_MOST_NAMED = 1 << 28  # bytes of a table or a plugin that the scenario names
_MOST_SCENARIO = 1 << 24
_MOST_FIXED, _MOST_EACH = 1 << 28, 1 << 13
"""A state may hold so many bytes, and so many more per consumer; a consumer has some hundred."""
_MOST_PEOPLE = 50_000_000
_MOST_RATIO = 1100
_MOST_HEADER = 1 << 20
_TOP = Path(__file__).parent.parent
_NO_POLICIES = ("system", "mode")
"""Kinds of class that a model makes of its own, not by `Plugins.policy`."""
_NOT_CITY = ("__main__", "cli", "show")


@dataclass(frozen=True)
class State:
    """A state that was read and is whole: `header` says what it is, the rest is still as in the file."""

    shown: str
    folder: Path
    header: Mapping[str, Any]
    scenario: dict[str, Any]
    written: Written

    @property
    def day(self) -> int:
        """How many days are simulated."""
        return int(self.header["day"])

    @cached_property
    def spec(self) -> Spec:
        """The scenario as it was when the city was saved."""
        return self.changed()

    def changed(self, overrides: Sequence[str] = ()) -> Spec:
        """The scenario with `overrides` (`key.path=value`). Raises ScenarioError, also for a file that the
        scenario names and that is no longer what it was."""
        folders = {said["key"]: self._folder(said) for said in self.header["files"]}
        spec = from_plain(self.scenario, self.header["file"], self.shown, folders)
        return load_scenario(spec, overrides) if overrides else spec

    def _folder(self, said: Mapping[str, str]) -> Path:
        """The folder from which a file that the scenario names is found now: where it was, or that of the state."""
        name, was = said["name"], Path(said["folder"])
        at = Path(os.path.normpath(self.folder / was))
        found = [folder for folder in (at, self.folder) if (folder / name).is_file()]
        shown = printable(Path(name).name)
        for folder in found:
            try:
                data = content(folder / name, _MOST_NAMED, links=True)
            except OSError as fault:
                raise self.fault(f"{shown} cannot be read: {fault.strerror}", said["key"]) from fault
            if hashlib.sha256(data).hexdigest() == said["digest"]:
                return folder
        if found:
            hint = "Put back the file that the city was saved with, or start a new run."
            raise self.fault(f"{shown} has changed since the city was saved", said["key"], hint)
        hint = f"From the state it was {printable(str(was / name))}; put it there, or beside the state."
        raise self.fault(f"there is no file {shown}", said["key"], hint)

    def fault(self, message: str, key: str | None = None, hint: str | None = None) -> ScenarioError:
        """What is wrong with the state."""
        return ScenarioError(message, file=self.shown, key=key, hint=hint)

    def _check_code(self, model: O2OModel) -> None:
        """Raise ScenarioError unless plugins would import now what they imported when the city was saved."""
        saved = replace(model.inputs, modules=self.header["modules"], libraries=self.header["libraries"])
        hint = "Put back what the city was saved with, or start a new run."
        message = "what the city reads has changed since it was saved"
        if said := list(saved.differences(model.inputs)):
            raise ScenarioError(
                [self.fault(f"{message}: {what}", key, hint).problems[0] for key, what in said]
            )

    def put_into(self, model: O2OModel) -> dict[str, Any]:
        """Put the state into a model that was just made of the same scenario; returns what was saved with it.

        Raises ScenarioError if it does not fit."""
        self._check_code(model)
        if self.header["ground"] != ground(model.city):
            hint = "A run that changes streets or places in passing cannot be saved; let the scenario say it."
            raise self.fault("the city itself is no longer that of the scenario", "city", hint)
        modules = _modules(model)
        try:
            found = read(
                self.written, _roots(model), _names(model, modules), modules, without=_without(model)
            )
            del found["policies"]
            if found.pop("model") is not model:
                raise Unreadable("it is of another kind of model")
            drift_again(model)
            _register(model, [agent for agent in found.pop("model.agents") if isinstance(agent, mesa.Agent)])
        except Unreadable as fault:
            raise self.fault(f"cannot be put back: {printable(str(fault))}") from fault
        return dict(found)


# -- what stays the same -------------------------------------------------------------------------------------
@lru_cache(maxsize=1)
def _own_modules() -> frozenset[str]:
    """The modules of this package in which what a state holds can be declared."""
    names = (path.relative_to(_TOP).with_suffix("").parts for path in _TOP.rglob("*.py"))
    return frozenset(
        ".".join(["o2o_sim", *(p for p in parts if p != "__init__")])
        for parts in names
        if not parts[0].startswith(_NOT_CITY)
    )


def _modules(model: O2OModel) -> frozenset[str]:
    """Modules whose classes a state may bring with it: ours, and the plugins of the scenario."""
    plugins = (module.__name__ for module in model.extensions.modules.values())
    return _own_modules() | frozenset(plugins)


def _names(model: O2OModel, modules: frozenset[str]) -> Names:
    """What is not saved but found again by name: the blocks of the scenario, the city, constants of modules."""
    names = Names()
    names.add(model.spec._origin, ["origin"])
    names.add(model.extensions, ["plugins"])
    _name_blocks(names, model.spec, ["scenario"])
    for key, _, use in uses(model.spec):
        _name_blocks(names, use.settings, ["settings", *key])
    _name_city(names, model.city, ["city"])
    for module in sorted(modules & sys.modules.keys()):
        for name, thing in vars(sys.modules[module]).items():
            said = getattr(type(thing), "__dataclass_params__", None)
            if type(thing) is object or (said is not None and said.frozen):
                names.add(thing, ["constant", module, name])
    return names


def _name_blocks(names: Names, thing: Any, name: list[Any]) -> None:
    if isinstance(thing, BaseModel):
        parts: Any = vars(thing).items()
    elif isinstance(thing, dict):
        parts = thing.items()
    elif isinstance(thing, list | tuple):
        parts = enumerate(thing)
    else:
        return
    if thing != () and names.add(thing, name):
        for key, part in parts:
            _name_blocks(names, part, [*name, key])


def _name_city(names: Names, thing: Any, name: list[Any]) -> None:
    if type(thing) in ATOMS or not names.add(thing, name):
        return
    if type(thing).__module__.startswith("o2o_sim.city"):
        parts: Any = attributes(thing).items()
    elif isinstance(thing, dict):
        parts = thing.items()
    elif isinstance(thing, list | tuple):
        parts = enumerate(thing)
    else:
        return
    for key, part in parts:
        # Matrices of travel are made when they are asked for, and not the same in every city.
        if not (isinstance(key, str) and key.startswith("_")) and not isinstance(part, type):
            _name_city(names, part, [*name, key])


def ground(city: City) -> str:
    """SHA-256 of what a city is before anybody trades in it: its arrays and its ways."""
    digest = hashlib.sha256()
    for name, thing in sorted({**attributes(city), **attributes(city.travel)}.items()):
        if isinstance(thing, np.ndarray):
            digest.update(name.encode() + np.ascontiguousarray(thing).tobytes())
        elif hasattr(thing, "indptr"):
            digest.update(thing.indptr.tobytes() + thing.indices.tobytes() + thing.data.tobytes())
    graph = city.travel.graph
    digest.update(repr(list(graph.nodes(data=True))).encode())
    digest.update(repr([(a, b, *d.items()) for a, b, d in graph.edges(data=True)]).encode())
    return digest.hexdigest()


def mesas_own(model: mesa.Model) -> frozenset[str]:
    """What Mesa keeps in a model for itself: lists of agents, which are made anew, and its own `step`."""
    names = vars(mesa.Model()).keys() & vars(model).keys()
    return frozenset(n for n in names if not isinstance(vars(model)[n], (*ATOMS, _Generator, _Random)))


_Generator = type(mesa.Model().rng)
_Random = type(mesa.Model().random)


def _register(model: O2OModel, agents: list[mesa.Agent]) -> None:
    """Tell Mesa of the agents, in the order in which they came and under the numbers that they had, and of the day."""
    kept: Any = model
    numbers, counted = [agent.unique_id for agent in agents], getattr(model, "agent_id_counter", None)
    for agent in list(model.agents):
        mesa.Model.deregister_agent(model, agent)  # it does not leave the market
    for agent, number in zip(agents, numbers, strict=True):
        model.register_agent(agent)
        agent.unique_id = number  # Mesa gives a new one from 3.4 on
    if counted is not None:
        kept.agent_id_counter = counted
    counters: Any = getattr(mesa.Agent, "_ids", None)
    if counters is not None:  # Mesa 3.3 counts in its class
        counters[model] = itertools.count(1 + max(numbers, default=0))
    steps: Any = getattr(model, "_default_schedule", None)
    if steps is not None:  # in the calendar of Mesa 3.5 and later the next step still stands for day one
        steps.pause()
        steps.resume()


def _check_calendar(model: mesa.Model) -> None:
    """Refuse a model into whose calendar (Mesa 3.5 and later) somebody has put something else than its days."""
    calendar = getattr(model, "_event_list", None)
    waiting = [] if calendar is None else [event for event in calendar._events if not event.CANCELED]
    if len(waiting) > 1:
        raise Unwritable("Mesa's calendar of the model holds an event that is to come, which cannot be saved")


# -- the file ------------------------------------------------------------------------------------------------
def save_state(
    model: O2OModel, path: str | os.PathLike[str], others: Mapping[str, Any] | None = None
) -> None:
    """Save a model between two of its days, and `others` by name that belong to it, such as its recording.

    The file is there whole or not at all. Raises ScenarioError if it cannot be written, or if the city holds
    something that cannot be saved (an open file, a generator, a function with a memory)."""
    from .archive import write_whole

    path = Path(path)
    _check_free(path)
    try:
        written = _written(model, others or {})
    except Unwritable as fault:
        hint = "Keep what a day leaves behind in numbers, arrays, lists and objects of your own classes."
        raise ScenarioError(printable(str(fault)), file=printable(str(path)), hint=hint) from fault
    write_whole(path, _packed(model, path, written))


def _check_free(path: Path) -> None:
    """Refuse a name under which there is something else than a state: a scenario, perhaps."""
    if not os.path.lexists(path):
        return
    try:
        header, _ = read_header(content(path, MOST_FILE, first=_MOST_HEADER))
        is_state = header.get("kind") == "state"
    except (OSError, ValueError, ScenarioError):
        is_state = False
    if not is_state:
        hint = f"Name another file, such as {printable(path.stem)}{STATE}."
        raise ScenarioError(
            "is there already, is no saved city, and was left alone", file=printable(str(path)), hint=hint
        )


def first_day(model: O2OModel) -> Written:
    """All that a model holds that was just made, to be compared with another."""
    return _written(model, {})


def _written(model: O2OModel, others: Mapping[str, Any]) -> Written:
    _check_calendar(model)
    roots = {**_roots(model), **others}
    return write(roots, _names(model, _modules(model)), without=_without(model))


def _roots(model: O2OModel) -> dict[str, Any]:
    """What a graph is followed from. Policies come first, so that each is found where `Plugins` has it."""
    policies = [model.extensions.policy(use) for _, kind, use in uses(model.spec) if kind not in _NO_POLICIES]
    return {"policies": policies, "model": model, "model.agents": list(model.agents)}


def _without(model: O2OModel) -> dict[int, frozenset[str]]:
    return {id(model): mesas_own(model) | {"inputs"}}


def _packed(model: O2OModel, path: Path, written: Written) -> bytes:
    spec = model.spec
    parts = {
        "scenario": json.dumps(to_plain(as_written(model))).encode(),
        "graph": json.dumps(written.nodes, separators=(",", ":")).encode(),
        "arrays": written.data,
    }
    header = {
        "kind": "state",
        "version": VERSION,
        **_made_by(),
        "model": class_name(type(model)),
        "day": model.day,
        "date": model.date.isoformat(),
        "seed": model.seed_number,
        "file": spec._origin.path.name if spec._origin is not None else "scenario",
        "files": list(_files(model, Path(os.path.realpath(path)).parent)),
        "modules": dict(model.inputs.modules),
        "libraries": dict(model.inputs.libraries),
        "ground": ground(model.city),
        "sizes": {name: len(data) for name, data in parts.items()},
    }
    packed = {name: np.frombuffer(deflated(data, level=1), np.uint8) for name, data in parts.items()}
    header["digest"] = _digest(header, packed)
    return encode(header, packed)


def _files(model: O2OModel, folder: Path) -> Iterator[dict[str, str]]:
    digests = model.inputs.files
    for key, (start, name) in named_files(model.spec).items():
        try:
            at = os.path.relpath(os.path.realpath(start), os.path.realpath(folder))
        except ValueError:  # on another drive of Windows
            at = os.path.realpath(start)
        yield {"key": key, "name": name, "folder": Path(at).as_posix(), "digest": digests[key]}


def _made_by() -> dict[str, str]:
    """The package that wrote a state, by its version and its code."""
    from .. import __version__

    frames = b"".join(
        (_TOP / "record" / f"{name}.py").read_bytes() for name in ("frames", "replay", "message")
    )
    return {"package": __version__, "code": code_digest()[:16] + hashlib.sha256(frames).hexdigest()[:8]}


def _digest(header: Mapping[str, Any], packed: Mapping[str, np.ndarray]) -> str:
    said = {name: value for name, value in header.items() if name not in ("digest", "sections")}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for data in packed.values():
        digest.update(data.tobytes())
    return digest.hexdigest()


def read_state(path: str | os.PathLike[str]) -> State:
    """Read a state and check that it is whole. Nothing is built yet.

    Raises ScenarioError if it is no state, is damaged, is larger than it may be, or was written by another version
    of the package."""
    path = Path(path)
    shown = printable(str(path))
    try:
        message = decode(content(path, MOST_FILE))
        header = message.header
        if header.get("kind") != "state":
            raise ValueError("another kind")
        _check_version(header, shown)
        _Header.model_validate(header)
        sizes = _sizes(header, message.arrays)
        if header.get("digest") != _digest(header, message.arrays):
            raise ValueError("digest")
        return State(shown, Path(os.path.realpath(path)).parent, header, *_opened(message.arrays, sizes))
    except OSError as fault:
        raise ScenarioError(f"cannot be read: {fault.strerror or fault}", file=shown) from fault
    except (ScenarioError, ValueError, KeyError, TypeError, RecursionError) as fault:
        if isinstance(fault, ScenarioError) and fault.problems[0].file:
            raise
        hint = "Save it again, or take another one."
        raise ScenarioError("is damaged, or is no state that o2o_sim saved", file=shown, hint=hint) from fault


class _File(BaseModel):
    """A file that the scenario names, in the header of a state."""

    model_config = ConfigDict(strict=True)

    key: str
    name: str
    folder: str
    digest: str


class _Header(BaseModel):
    """What the header of a state says beside its kind and version."""

    model_config = ConfigDict(strict=True)

    model: str
    day: int = Field(ge=0)
    date: str
    seed: int = Field(ge=0)
    file: str
    files: list[_File]
    ground: str
    digest: str


def _check_version(header: Mapping[str, Any], shown: str) -> None:
    if header.get("version") != VERSION:
        message = "is a state of another format, which this version of o2o_sim cannot read"
        raise ScenarioError(message, file=shown)
    ours = _made_by()
    if {name: header.get(name) for name in ours} != ours:
        theirs = printable(f"{header.get('package')} ({header.get('code')})"[:80])
        hint = "Go on with the version that saved it, or start a new run."
        mine = f"{ours['package']} ({ours['code']})"
        message = f"was saved by o2o_sim {theirs}, this is {mine}: results could differ"
        raise ScenarioError(message, file=shown, hint=hint)


def _opened(packed: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> tuple[dict[str, Any], Written]:
    """The scenario and the graph of the sections, each of which is unpacked only if it can be what it says."""

    def unpacked(name: str, most: int) -> bytes:
        size, data = sizes[name], packed[name]
        if not 0 <= size <= min(most, _MOST_RATIO * (len(data) + 8)):
            raise ValueError("too large")
        return inflated(data, size)

    scenario = json.loads(unpacked("scenario", _MOST_SCENARIO))
    most = _MOST_FIXED + _MOST_EACH * min(int(scenario["population"]), _MOST_PEOPLE)
    return scenario, Written(json.loads(unpacked("graph", most)), unpacked("arrays", most))


def _sizes(header: Mapping[str, Any], packed: Mapping[str, np.ndarray]) -> dict[str, int]:
    """What each section says it unpacks to."""
    sizes, names = header["sizes"], ["scenario", "graph", "arrays"]
    if sorted(sizes) != sorted(names) or list(packed) != names:
        raise ValueError("sections")
    if any(type(size) is not int for size in sizes.values()):
        raise ValueError("sizes")
    return dict(sizes)
