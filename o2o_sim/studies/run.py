"""Simulate one scenario from its file to its folder of results."""

from __future__ import annotations

import os
import platform
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import ScenarioError
from ..record.result import RunResult
from .own import Maker, Own
from .variant import Scenario, variant_of

if TYPE_CHECKING:
    from ..model import O2OModel
    from ..scenario.schema import Spec

RUNS = "runs"
_PACKAGES = ("mesa", "numpy", "numba", "scipy", "networkx", "pandas", "pyarrow", "matplotlib", "pydantic")


def run(
    scenario: Scenario,
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
) -> RunResult:
    """Simulate a scenario, given as a file, a `Spec` or a `Variant`, and write its folder of results.

    `model` makes the model in place of `O2OModel`: a subclass, or a function of (spec, seed).

    `out` is the folder to write: by default `runs/<file>-<seed>-<content hash>`, and with `out=False`
    nothing is written at all. A folder of an earlier run is replaced. `seed`, `days` and `engine` stand in
    for the scenario's own; `overrides` are texts `key.path=value` on top of it. `threads` changes the
    speed, never the result. `plugins=False` refuses scenarios that bring rules of their own. `progress(day,
    days, date)` is told of every simulated day, counted from 0.

    Raises ScenarioError for whatever the user can mend, before anything is simulated if it can be known then.
    """
    began = time.perf_counter()
    variant = variant_of(scenario)
    own = Own.of(model or variant.model)
    spec = _chosen(variant.spec(overrides), {"seed": seed, "days": days, "engine": engine})
    folder = None if out is False else _folder(spec, out)
    if folder is not None:
        from ..record.archive import check_destination

        check_destination(folder)
    with _threads(threads), _model_let_go():
        city = own.make(spec, spec.seed, plugins=plugins)
        recording = None if folder is None else _Recording(city)
        ready = time.perf_counter()
        city.run(_each_day(recording, progress))
        done = time.perf_counter()
        simulating = done - ready - (recording.seconds if recording else 0.0)
        manifest = describe(city, wall=done - began, simulating=simulating)
    result = RunResult(folder, manifest, city.results())
    if folder is not None and recording is not None:
        _write(result, folder, city, recording)
    return result


def _write(result: RunResult, folder: Path, model: O2OModel, recording: _Recording) -> None:
    from ..record.archive import write_run
    from ..show.plots import draw_all

    def draw(plots: Path) -> None:
        draw_all(result.frames, result.manifest, plots, model=model)
        recording.write(plots.parent)

    write_run(folder, result.frames, result.manifest, draw)


def _each_day(
    recording: _Recording | None, progress: Callable[[int, int, date], None] | None
) -> Callable[[int, int, date], None]:
    """What is done after each day. The model tells how many days are done, one more than the number of the
    day."""

    def after(done: int, days: int, today: date) -> None:
        if recording is not None:
            recording.take(today)
        if progress is not None:
            progress(done - 1, days, today)

    return after


class _Recording:
    """The replay of a run, as it grows; `seconds` is what that cost. What goes wrong with it is told of and
    costs the replay, but not the run."""

    def __init__(self, model: O2OModel):
        from ..record.frames import Encoder, Packer

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
                self._warn(f"there is no replay of this run: {type(fault).__name__}: {fault}")
            else:
                if not self._open:
                    self._warn(f"the replay ends before {today}: it would grow too large")
        self.seconds += time.perf_counter() - began

    @staticmethod
    def _warn(said: str) -> None:
        warnings.warn(said, RuntimeWarning, stacklevel=4)

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
            message = f"should be {limit}, found {value}"
        else:
            wanted = limits.get("expected", "a whole number")
            message = f"should be {wanted}, found {value!r}"
        raise ScenarioError(message, file=f"--{name}") from None


def _folder(spec: Spec, out: str | os.PathLike[str] | None) -> Path:
    if out is not None:
        return Path(out)
    from ..scenario.load import content_hash

    origin = spec._origin
    # File systems allow names of 255 bytes; a hundred characters of three bytes leave none for the hash.
    stem = (origin.path.stem if origin is not None else "run")[:60]
    return Path(RUNS) / f"{stem}-{spec.seed}-{content_hash(spec)[:10]}"


@contextmanager
def _threads(threads: int | None) -> Iterator[None]:
    """Let Numba use this many threads inside the block."""
    if threads is None:
        yield
        return
    import numba

    most = int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
    if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= most:
        raise ScenarioError(f"should be a whole number from 1 to {most}, found {threads}", file="--threads")
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
    import mesa

    kept: dict[Any, Any] = getattr(mesa.Agent, "_ids", {})
    before = set(kept)
    try:
        yield
    finally:
        for model in set(kept) - before:
            kept.pop(model, None)


# -- what was simulated -------------------------------------------------------------------------------------
def describe(model: O2OModel, *, wall: float, simulating: float) -> dict[str, Any]:
    """The manifest of a run. `wall` (s) is the time from the call until the last day was done, `simulating`
    (s) the part of it after the city was built; rates per second are over the latter."""
    import numba

    from ..scenario.load import content_hash, to_plain
    from ..units import date_of

    spec = model.spec
    decisions = int(model.day_counts["decisions"])
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
        "consumer_days_per_second": round(model.day * spec.population / simulating),
        "decisions": decisions,
        "decisions_per_second": round(decisions / simulating),
        "threads": numba.get_num_threads(),
        "versions": dict(_versions()),
        "plugins": dict(model.extensions.digests),
        "mode_channels": {name: mode.channel for name, mode in model.modes.items()},
        "online_channels": list(model.recorder.online),
        "scenario": to_plain(spec),
    }


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    from .. import __version__

    found = {"o2o_sim": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


__all__ = ["RunResult", "describe", "run"]
