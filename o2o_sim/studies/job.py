"""One run of a study: what is simulated, the key it is known by, and how a worker carries it out.

The key is a digest of everything that the result depends on, so that a study that finds a finished run under a key
need not run it again.
"""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError
from ..inputs.files import digest_of
from ..inputs.inputs import Inputs, inputs_of
from ..machine import of_machine
from .own import NOTHING, Own, check_plugins
from .rows import pack

if TYPE_CHECKING:
    from ..scenario.schema import Spec


@dataclass(frozen=True)
class Job:
    """A scenario and the seed it runs with. `plugins` says whether it may bring rules of its own, `own` is
    code that is given in memory, `inputs` all that the run reads."""

    key: str
    spec: Spec
    seed: int
    plugins: bool = True
    own: Own = NOTHING
    inputs: Inputs | None = None


def job(spec: Spec, seed: int, *, plugins: bool = True, own: Own = NOTHING) -> Job:
    """The job of running `spec` with `seed`.

    Raises ScenarioError if the scenario names plugins and they are refused, a file it names cannot be read,
    or its settings of plugins are not valid."""
    check_plugins(spec, plugins)
    plug_in(spec)
    inputs = inputs_of(spec, own.digests())
    return Job(_key(inputs, seed), spec, seed, plugins, own, inputs)


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
    """The key of a run: 24 hex digits of a SHA-256 over the seed and all that the run reads (inputs.py)."""
    return _key(inputs_of(spec, own.digests()), seed)


def _key(inputs: Inputs, seed: int) -> str:
    return digest_of(f"{inputs.digest} {seed}")[:24]


def check_same(job: Job) -> None:
    """Raise ScenarioError, which says what differs, unless the run would read here what its key stands for."""
    here = inputs_of(job.spec, job.own.digests())
    if _key(here, job.seed) == job.key:
        return
    said = list(job.inputs.differences(here)) if job.inputs is not None else [("", "its key is another one")]
    hint = "Start the study again: what is done and still holds is not run again. Workers need the same versions."
    message = "what a run reads is not what it was when the study began"
    raise ScenarioError([job.spec.problem_at(key, f"{message}: {what}", hint) for key, what in said])


def execute(job: Job, threads: int | None = 1) -> bytes:
    """Simulate a job and return the content of its file. A run that fails is a result too: its traceback."""
    from ..border.trial import take_as_tried
    from ..city.shared import ways_shared
    from .run import run

    take_as_tried(job.spec)  # who made the job has tried it
    began = time.perf_counter()
    try:
        model, plugins = job.own.model, job.plugins
        with ways_shared(
            model is None and not job.spec.plugins
        ):  # code of the user's own may change what it gets
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
