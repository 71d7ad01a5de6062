"""Simulate one scenario from its file to its folder of results."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

# Mesa looks at all that calls and all that is loaded while it is imported: first here, it takes a quarter of a second less.
import mesa

from ..errors import ScenarioError, keeping
from ..machine import memory_ran_out
from ..record.result import RunResult
from ..record.runlog import logged
from ..scenario.textfile import printable
from .own import NOTHING, Maker, Own
from .variant import Scenario, variant_of

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.schema import Spec
    from .checkpoints import Checkpoints

RUNS = "runs"
_PACKAGES = ("mesa", "numpy", "numba", "scipy", "networkx", "pandas", "pyarrow", "matplotlib", "pydantic")


@logged("o2o_sim.run()")
def run(
    scenario: Scenario | None = None,
    *,
    model: Maker | None = None,
    out: str | os.PathLike[str] | Literal[False] | None = None,
    seed: int | None = None,
    days: int | None = None,
    overrides: Sequence[str] = (),
    threads: int | None = None,
    engine: str | None = None,
    plugins: bool = True,
    progress: Callable[[int, int, date], None] | None = None,
    from_state: str | os.PathLike[str] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_days: int | None = None,
    plots: bool = True,
    drawing: Callable[[int, int, str], None] | None = None,
    shards: int | None = None,
    cluster: str | None = None,
) -> RunResult:
    """Simulate a scenario, given as a file, a `Spec` or a `Variant`, and write its folder of results.

    `model` makes the model in place of `O2OModel`: a subclass, or a function of (spec, seed).

    `out` is the folder to write: by default `runs/<file>-<seed>-<content hash>`, and with `out=False`
    nothing is written at all. A folder of an earlier run is replaced. `seed`, `days` and `engine` stand in
    for the scenario's own; `overrides` are texts `key.path=value` on top of it. `threads` changes the
    speed, never the result. `plugins=False` refuses scenarios that bring rules of their own. `progress(day,
    days, date)` is told of every simulated day, counted from 0. With `plots=False` no pictures are drawn
    (`show.plots.draw_later` does it); `drawing(done, pictures, name)` is told of each before it is drawn, and at
    the end.

    With `checkpoint` (a file, by default the folder's name with `.o2os` behind it) or `checkpoint_days` (by default
    365) the city is saved every so many days, after the last one, and when the process is asked to stop.
    `from_state` is such a file, and goes on from there instead of a scenario: the result is that of a run that was
    not stopped, unless `days` or `overrides` change the days to come (see `O2OModel.load`).

    With `shards` people stand in so many processes of this machine, or with `cluster` (the address of a Dask scheduler)
    on its workers, which changes the speed and where memory is needed, never the result (docs/cluster.md). It cannot be
    had with a `model` of one's own, a state, checkpoints, or mechanisms that look at people one by one.

    Raises ScenarioError for everything that the user can correct, before anything is simulated if it can be known then.
    """
    from ..border.trial import try_out

    began = time.perf_counter()
    variant = None if scenario is None else variant_of(scenario)
    own = Own.of(model or (variant.model if variant else None))
    in_shards = shards is not None or cluster is not None
    if in_shards:
        _check_shards(model=own.model, from_=from_state, checkpoint=checkpoint or checkpoint_days)
    with ExitStack() as stack, _threads(threads), _model_let_go():
        recording: _Recording | None
        if from_state is not None:
            for name, value in (("seed", seed), ("engine", engine)):
                if value is not None:
                    raise ScenarioError("cannot change in a city that runs", file=f"--{name}")
            city, folder, recording = _resumed(from_state, own, out, days, overrides, plugins)
        elif variant is not None:
            spec = _chosen(variant.spec(overrides), {"seed": seed, "days": days, "engine": engine})
            folder = _destination(spec, out)
            how: dict[str, Any] = {}
            if in_shards:
                from ..shards.shoppers import spread

                how["people"] = stack.enter_context(spread(spec, shards, cluster))
            if plugins:
                try_out(spec)
            city = own.make(spec, spec.seed, plugins=plugins, **how)
            recording = None if folder is None else _Recording(city)
        else:
            raise TypeError("run() needs a scenario, or a state to go on from")
        checkpoints = _checkpoints(checkpoint, checkpoint_days, folder)
        others = {"recording": recording}
        before = city.day, city.day_counts["decisions"]
        ready = time.perf_counter()
        if checkpoints is None:
            city.run(_each_day(recording, progress))
        else:
            checkpoints.begin(city, others)
            with checkpoints.watching():
                city.run(_each_day(recording, progress, lambda: checkpoints.day(city, others)))
        done = time.perf_counter()
        beside = sum(part.seconds for part in (recording, checkpoints) if part is not None)
        manifest = describe(city, wall=done - began, simulating=done - ready - beside, before=before, own=own)
    result = RunResult(folder, manifest, city.results())
    if folder is not None:
        was = _identity(folder)
        with keeping(lambda: f"The run is written: {folder}" if _identity(folder) != was else ""):
            _write(result, folder, city, recording, plots, drawing)
    return result


def _resumed(
    state: str | os.PathLike[str],
    own: Own,
    out: Any,
    days: int | None,
    overrides: Sequence[str],
    plugins: bool,
) -> tuple[O2OModel, Path | None, _Recording | None]:
    """The city of a state, the folder to write, and the replay of the days that are over."""
    from ..record.resume import resume

    said = [*overrides, *([] if days is None else [f"days={days}"])]
    model, kept = resume(state, partial(own.make, plugins=plugins), overrides=said, note=True)
    if model.day >= model.spec.days:
        hint = "Say how many there are to be with --days."
        raise ScenarioError(f"all {model.day} days of it are over", file=printable(str(state)), hint=hint)
    folder = _destination(model.spec, out, model.past)
    recording = kept.get("recording")
    if folder is None:
        return model, None, None
    if not isinstance(recording, _Recording) or recording.model is not model:
        _Recording.warn("there is no replay of this run: its first days were simulated without one")
        return model, folder, None
    recording.go_on()
    return model, folder, recording


def _check_shards(**others: Any) -> None:
    """Refuse what a run over shards cannot have beside it."""
    hint = "Leave it out, or run without shards."
    for name, value in others.items():
        if value is not None:
            what = f"--{name.strip('_')}" if name != "model" else None
            message = "cannot be had in a run over shards"
            raise ScenarioError(message, file=what, key=None if what else "model", hint=hint)


def _destination(spec: Spec, out: Any, past: Sequence[dict[str, Any]] = ()) -> Path | None:
    """The folder to write, which can be written; None if none is wanted."""
    if out is False:
        return None
    from ..record.archive import check_destination

    folder = _folder(spec, out, past)
    check_destination(folder)
    return folder


def _checkpoints(
    file: str | os.PathLike[str] | None, every: int | None, folder: Path | None
) -> Checkpoints | None:
    """Where and how often the run is saved; None if it is not."""
    if file is None and every is None:
        return None
    from ..record.state import STATE
    from .checkpoints import DAYS, Checkpoints

    if file is None and folder is None:
        raise ScenarioError("needs the name of a file, because no folder is written", file="--checkpoint")
    if every is not None and every < 1:
        raise ScenarioError(f"must be 1 day or more, found {every}", file="--checkpoint")
    return Checkpoints(Path(file) if file is not None else Path(f"{folder}{STATE}"), every or DAYS)


def _identity(folder: Path) -> int | None:
    """By which a folder is told from another of the same name; None if there is none."""
    try:
        return folder.stat().st_ino
    except OSError:
        return None


def _write(
    result: RunResult,
    folder: Path,
    model: O2OModel,
    recording: _Recording | None,
    plots: bool,
    drawing: Callable[[int, int, str], None] | None,
) -> None:
    from ..record.archive import write_run

    def add(folder: Path) -> None:
        if plots:
            try:
                from ..show.artists import draw_run

                draw_run(result.frames, result.manifest, folder, model=model, drawing=drawing)
            except Exception as fault:
                if not memory_ran_out(fault):
                    raise
                said = "memory ran out while pictures were drawn; `o2o-sim plot` draws them later"
                warnings.warn(said, RuntimeWarning, stacklevel=2)
        if recording is not None:
            recording.write(folder.parent)

    write_run(folder, result.frames, result.manifest, add)


def _each_day(
    recording: _Recording | None,
    progress: Callable[[int, int, date], None] | None,
    save: Callable[[], None] | None = None,
) -> Callable[[int, int, date], None]:
    """What is done after each day. The model tells how many days are done, one more than the number of the
    day."""

    def after(done: int, days: int, today: date) -> None:
        if recording is not None:
            recording.take(today)
        if progress is not None:
            progress(done - 1, days, today)
        if save is not None:
            save()

    return after


class _Recording:
    """The replay of a run, as it grows; `seconds` is what that cost. What goes wrong with it is told of and
    costs the replay, but not the run."""

    def __init__(self, model: O2OModel):
        from ..record.frames import Encoder, Packer

        self.model = model
        self._encoder = Encoder(model)
        self._packer = Packer(self._encoder.key())
        self._open = self._whole = True
        self.seconds = 0.0

    def take(self, today: date) -> None:
        """Add the day just done."""
        began = time.perf_counter()
        if self._open:
            try:
                self._open = self._packer.add(self._encoder.frame())
            except Exception as fault:  # of ours, or of a plugin's own channels
                self._open = self._whole = False
                self.warn(f"there is no replay of this run: {type(fault).__name__}: {fault}")
            else:
                if not self._open:
                    self.warn(f"the replay ends before {today}: it would grow too large")
        self.seconds += time.perf_counter() - began

    @staticmethod
    def warn(said: str) -> None:
        warnings.warn(said, RuntimeWarning, stacklevel=4)

    def go_on(self) -> None:
        """The days to come may be other ones than the key says, which was made on the first day."""
        self.seconds = 0.0
        self._packer.rekey(self._encoder.key())

    def write(self, folder: Path) -> None:
        """Put the replay into the folder of a run."""
        from ..record.frames import REPLAY

        if self._whole:
            (folder / REPLAY).write_bytes(self._packer.finish())


# -- what to simulate ---------------------------------------------------------------------------------------
def _chosen(spec: Spec, changes: dict[str, Any]) -> Spec:
    said = {name: _checked(type(spec), name, value) for name, value in changes.items() if value is not None}
    return spec.model_copy(update=said)


def _checked(spec: type[Spec], name: str, value: Any) -> Any:
    """`value` if the schema allows it for the key `name`, else a ScenarioError that names the option."""
    from typing import Annotated

    from pydantic import TypeAdapter, ValidationError

    key = spec.model_fields[name]
    try:
        allowed: Any = Annotated[key.annotation, key]  # type: ignore[name-defined]
        return TypeAdapter(allowed).validate_python(value, strict=True)
    except ValidationError as fault:
        error = fault.errors()[0]
        limits = error.get("ctx", {})
        if "ge" in limits or "le" in limits:
            limit = f"at least {limits['ge']}" if "ge" in limits else f"at most {limits['le']}"
            message = f"must be {limit}, found {value}"
        else:
            wanted = limits.get("expected", "a whole number")
            message = f"must be {wanted}, found {value!r}"
        raise ScenarioError(message, file=f"--{name}") from None


def _folder(spec: Spec, out: str | os.PathLike[str] | None, past: Sequence[dict[str, Any]] = ()) -> Path:
    """The folder of a run. One that was changed on its way is not that of a run that was so from its first day;
    one that was only stopped, or goes on for longer, is."""
    if out is not None:
        return Path(out)
    from ..scenario.load import content_hash

    origin = spec._origin
    # File systems allow names of 255 bytes; a hundred characters of three bytes leave none for the hash.
    stem = (origin.path.stem if origin is not None else "run")[:60]
    name = f"{stem}-{spec.seed}-{content_hash(spec)[:10]}"
    if turns := [turn for turn in past if turn["changes"].keys() - {"days"}]:
        said = hashlib.sha256(json.dumps(turns, sort_keys=True).encode()).hexdigest()[:6]
        name += f"-from-{turns[-1]['date']}-{said}"
    return Path(RUNS) / name


@contextmanager
def _threads(threads: int | None) -> Iterator[None]:
    """Let Numba use this many threads inside the block."""
    if threads is None:
        yield
        return
    import numba

    most = int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
    if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= most:
        raise ScenarioError(f"must be a whole number from 1 to {most}, found {threads}", file="--threads")
    before = numba.get_num_threads()
    numba.set_num_threads(threads)
    try:
        yield
    finally:
        numba.set_num_threads(before)


@contextmanager
def _model_let_go() -> Iterator[None]:
    """Let the memory of models that are made in the block be freed after it: Mesa before 3.5 keeps every
    model that ever had agents, beside the number of its next one."""
    kept: dict[Any, Any] = getattr(mesa.Agent, "_ids", {})
    before = set(kept)
    try:
        yield
    finally:
        for model in set(kept) - before:
            kept.pop(model, None)


# -- what was simulated -------------------------------------------------------------------------------------
def describe(
    model: O2OModel,
    *,
    wall: float,
    simulating: float,
    before: tuple[int, int] = (0, 0),
    own: Own = NOTHING,
) -> dict[str, Any]:
    """The manifest of a run. `wall` (s) is the time from the call until the last day was done, `simulating`
    (s) the part of it after the city was built; rates per second are over the latter. `before` are the days and
    decisions that a state already had; when and how the run was gone on with stands in `resumed`. `own` is the
    code that made the model."""
    import numba

    from ..levers import as_written
    from ..scenario.load import content_hash, to_plain
    from ..units import date_of

    spec = as_written(model)
    decisions = int(model.day_counts["decisions"])
    days_here, decisions_here = model.day - before[0], decisions - before[1]
    read = replace(model.inputs, own=own.described())
    resumed: dict[str, Any] = {"resumed": model.past} if model.past else {}
    if bounds := model.recorder.bounds.described():
        resumed["bounds"] = bounds
    return {
        "name": spec.name,
        "question": spec.question,
        "file": spec._origin.path.name if spec._origin is not None else None,
        "content_hash": content_hash(spec),
        "seed": model.seed_number,
        "days": model.day,
        "first_day": spec.start.isoformat(),
        "last_day": date_of(spec.start, max(model.day - 1, 0)).isoformat(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "wall_seconds": round(wall, 3),
        "simulation_seconds": round(simulating, 3),
        "phase_seconds": {name: round(seconds, 3) for name, seconds in model.day_seconds.items()},
        "consumer_days_per_second": round(days_here * spec.population / simulating),
        "decisions": decisions,
        "decisions_per_second": round(decisions_here / simulating),
        "threads": numba.get_num_threads(),
        **resumed,
        "versions": dict(versions()),
        "plugins": {stem: found.file.digest for stem, found in model.extensions.sources.items()},
        "inputs": {"digest": read.digest, **read.parts()},
        "mode_channels": {name: mode.channel for name, mode in model.modes.items()},
        "online_channels": list(model.recorder.online),
        "scenario": to_plain(spec),
    }


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """The versions of this package, of Python, and of the libraries that a run rests on."""
    from .. import __version__

    found = {"o2o_sim": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


__all__ = ["RunResult", "describe", "run"]
