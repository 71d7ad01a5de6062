"""One run of a study: what is simulated, the key it is known by, and how a worker carries it out.

The key is a digest of everything that the result depends on, so that a study that finds a finished run under a key
need not run it again.
"""

from __future__ import annotations

import hashlib
import json
import time
import traceback
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError
from ..machine import of_machine
from .own import NOTHING, Own, check_plugins
from .rows import pack

if TYPE_CHECKING:
    from ..scenario.schema import Spec

_NOT_SIMULATION = ("studies/", "show/", "cli", "processes.py", "__main__.py")
"""How the names of the parts of the package begin that cannot change what a run finds, apart from the two
modules below."""
_BUT = ("studies/run.py", "studies/rows.py")
_NOR = ("record/frames.py", "record/message.py", "record/replay.py")
"""Modules of other parts that cannot either: a picture of a run is made beside it, and changes no row of
it."""


@dataclass(frozen=True)
class Job:
    """A scenario and the seed it runs with. `plugins` says whether it may bring rules of its own, `own` is
    code that is given in memory."""

    key: str
    spec: Spec
    seed: int
    plugins: bool = True
    own: Own = NOTHING


def job(spec: Spec, seed: int, *, plugins: bool = True, own: Own = NOTHING) -> Job:
    """The job of running `spec` with `seed`.

    Raises ScenarioError if the scenario names plugins and they are refused, a file it names cannot be read,
    or its settings of plugins are not valid."""
    check_plugins(spec, plugins)
    key = key_of(spec, seed, own)
    plug_in(spec)
    return Job(key, spec, seed, plugins, own)


def plug_in(spec: Spec, *, plugins: bool = True) -> Spec:
    """The scenario, after its plugins have been imported, what it says for them has been read, and their rules have
    been tried (trial.py), as long as `plugins` may be. Raises ScenarioError with all that is wrong with them."""
    if spec.plugins and plugins:
        from ..border.trial import try_out
        from ..extend import Plugins

        Plugins(spec)
        try_out(spec)
    return spec


def key_of(spec: Spec, seed: int, own: Own = NOTHING) -> str:
    """The key of a run: 24 hex digits of a SHA-256 over the resolved scenario (without its name, question and
    seed, which change nothing), the seed, the package's code, the data files and plugins it names, and code
    that was given in memory (own.py).

    The order of the user's own names (circles, platforms, ...) counts: the first circle is the first to be
    let."""
    from ..scenario.load import to_plain

    said = {name: value for name, value in to_plain(spec).items() if name not in ("name", "question", "seed")}
    parts = {"scenario": said, "seed": seed, "code": code_digest(), "files": file_digests(spec)}
    if code := own.digests():
        parts["own"] = code
    text = json.dumps(parts, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def named_files(spec: Spec) -> dict[str, tuple[Path, str]]:
    """Every file that a scenario names, its data and its plugins, by key: the folder where its name starts, and
    the name."""
    named = {
        f"plugins.{k}": name if name.endswith(".py") else f"{name}.py" for k, name in enumerate(spec.plugins)
    }
    if spec.city.import_ is not None:
        kinds = ("zones", "circles", "stores", "travel")
        files = {kind: getattr(spec.city.import_, kind) for kind in kinds}
        named |= {f"city.import.{kind}": name for kind, name in files.items() if name}
    origin = spec._origin
    return {key: (origin.folder_of(key) if origin else Path(), name) for key, name in named.items()}


def file_digests(spec: Spec) -> dict[str, str]:
    """SHA-256 of every file that a scenario names."""
    digests = {}
    for key, (folder, name) in named_files(spec).items():
        path = folder / name
        try:
            digests[key] = _file_digest(path)
        except OSError as fault:
            said = f"{path.name} cannot be read: {fault.strerror}"
            raise ScenarioError(spec.problem_at(key, said)) from fault
    return digests


def _file_digest(path: Path) -> str:
    """The digest of a file, read again only when its size or time has changed."""
    stat = path.stat()
    return _digest_as_of(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _digest_as_of(path: Path, size: int, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def code_digest() -> str:
    """SHA-256 over the modules of this package that make up a simulation."""
    top = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(top.rglob("*.py"), key=lambda p: p.relative_to(top).as_posix()):
        name = path.relative_to(top).as_posix()
        counts = not name.startswith(_NOT_SIMULATION) and name not in _NOR
        if counts or name in _BUT:
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def execute(job: Job, threads: int | None = 1) -> bytes:
    """Simulate a job and return the content of its file. A run that fails is a result too: its traceback."""
    from ..border.trial import take_as_tried
    from .run import run

    take_as_tried(job.spec)  # who made the job has tried it
    began = time.perf_counter()
    try:
        model, plugins = job.own.model, job.plugins
        result = run(job.spec, out=False, seed=job.seed, model=model, threads=threads, plugins=plugins)
        measured = job.own.measure(result)
    except KeyboardInterrupt:
        raise
    except ScenarioError as fault:  # a line of a plugin's, which says all that there is to say
        return failed(job, str(fault), time.perf_counter() - began)
    except BaseException as fault:
        error = "".join(traceback.format_exception(fault))
        if problem := of_machine(fault):
            error += f"{problem.message}. {problem.hint or ''}\n"
        return failed(job, error, time.perf_counter() - began)
    from ..record.metrics import metrics, monthly, stores

    tables: dict[str, Any] = {
        "metrics": metrics(result) | measured,
        "stores": stores(result),
        "monthly": monthly(result),
    }
    return pack(key=job.key, seed=job.seed, seconds=time.perf_counter() - began, **tables)


def failed(job: Job, error: str, seconds: float = 0.0) -> bytes:
    """The file of a run that failed, with the reason."""
    return pack(key=job.key, seed=job.seed, seconds=seconds, error=error)
