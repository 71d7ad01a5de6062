"""The workers of a Dask cluster as an engine; see docs/cluster.md for how to get one.

Dask keeps track of workers that come and go and gives their runs to others. Here stands what a study asks on
top: that every worker has this very code and sees these very files, and that a run which kills its worker is
told from one that merely waited there."""

from __future__ import annotations

import logging
import pickle
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any

from .. import processes
from ..errors import ScenarioError
from ..inputs.package import code_digest
from .engines import FAILED_STARTS, GUARD, carry_out
from .job import Job, failed

LOCAL = "local"
_AT_HAND = 100  # runs that the scheduler has at least, lest workers that join have to wait
_SECONDS = 10  # for the scheduler to answer


def check_address(address: str) -> None:
    """Raise ScenarioError unless this may be the address of a cluster."""
    if address != LOCAL and not re.fullmatch(r"(tcp|tls)://[^\s/]+:\d+", address):
        raise ScenarioError(f"must be local or tcp://HOST:PORT, found {address!r}", file="--cluster")


class Cluster:
    """The workers of a Dask cluster: `address` is that of its scheduler (`tcp://HOST:PORT`), or "local" for a
    cluster that is made on this machine, of `workers` processes (None: one per core), and ends with this
    process.

    Raises ScenarioError if Dask is not installed or no scheduler answers.
    """

    def __init__(self, address: str, workers: int | None = None):
        try:
            import distributed
        except ModuleNotFoundError:
            raise ScenarioError("a cluster needs Dask", hint="pip install 'o2o-sim[cluster]'") from None
        check_address(address)
        self._local: Any = None
        self._set = ExitStack()
        # What it logs about lost connections is said here in fewer words.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        if address == LOCAL:
            self._set.enter_context(_workers_forked())
            try:
                self._local = distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address=None,
                    silence_logs=logging.CRITICAL,
                    env=processes.ONE_THREAD,
                )
            except RuntimeError:
                self._set.close()
                raise ScenarioError(FAILED_STARTS, hint=GUARD) from None
        elif workers is not None:
            raise ScenarioError("a cluster has the workers that it has", file="--workers")
        self.client = self._reached(distributed.Client, address)
        self._address = address

    def _reached(self, client: Any, address: str) -> Any:
        try:
            return client(self._local or address, timeout=_SECONDS, set_as_default=False)
        except OSError as fault:
            said = str(fault).partition("\n")[0]
        # Raised out here, the error does not keep the half-made client, which would be waited for at the end.
        raise ScenarioError(f"no Dask scheduler answers at {address}: {said}", file="--cluster")

    def workers(self) -> list[str]:
        """The addresses of the workers that are there, in a fixed order."""
        return sorted(self.client.scheduler_info(n_workers=-1)["workers"])

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, bytes]]:
        """Every job with the content of its file, as they get done.

        A job with which workers died again and again, at last with nothing beside it, becomes a failed run.
        Raises ScenarioError if the scheduler is lost, or a worker has other code or files; what was given
        back stays good."""
        suspects = []
        for job, content in self._together(deque(jobs)):
            if content is None:
                suspects.append(job)
            else:
                yield job, content
        # Dask suspects every run that a dying worker had, also those that had not begun.
        for suspect in suspects:
            for job, content in self._together(deque([suspect]), "alone"):
                yield job, content or failed(job, _KILLED)

    def _together(self, waiting: deque[Job], how: str = "run") -> Iterator[tuple[Job, bytes | None]]:
        """Jobs with the content of their files, or None if their workers died."""
        from distributed import CancelledError, KilledWorker, as_completed

        client, task, code = self.client, _task(), code_digest()
        done = as_completed(loop=client.loop)
        in_hand: dict[Any, Job] = {}
        enough = 2 * _AT_HAND
        try:
            while waiting or in_hand:
                if waiting and len(in_hand) <= enough // 2:
                    enough = max(2 * _AT_HAND, 4 * len(client.nthreads()))
                    while waiting and len(in_hand) < enough:
                        job = waiting.popleft()
                        key = f"{how}-{job.key}"
                        future = client.submit(task, pickle.dumps(job), code, key=key, pure=False)
                        in_hand[future] = job
                        done.add(future)
                future = next(done)
                job = in_hand.pop(future)
                try:
                    content = future.result()
                except KilledWorker:
                    content = None
                except ImportError as fault:
                    raise ScenarioError(str(fault), hint="Install the same o2o_sim everywhere.") from None
                future.release()
                yield job, content
        except (CancelledError, OSError) as fault:
            hint = "Start the study again when it is there: what is done is kept."
            raise ScenarioError(
                f"the scheduler at {self._address} was lost", file="--cluster", hint=hint
            ) from fault
        finally:
            with suppress(Exception):  # the scheduler may be gone
                client.cancel(list(in_hand))

    def close(self) -> None:
        """Let go of the workers; those of a cluster of one's own finish the run in hand, and nobody gets
        it."""
        with suppress(Exception):
            self.client.close(timeout=_SECONDS)
        if self._local is not None:
            with suppress(Exception):
                self._local.close(timeout=_SECONDS)
        self._set.close()


@contextmanager
def _workers_forked() -> Iterator[None]:
    """Inside the block Dask forks workers of this machine off the server that a study's own workers are forked off, and
    which has imported what a run needs, on systems that have such servers."""
    import dask

    has_server = False
    with suppress(OSError):  # of which the start of a worker tells
        has_server = processes.serve(processes.RUNS, "distributed")
    method = {"distributed.worker.multiprocessing-method": "forkserver"} if has_server else {}
    with dask.config.set(method):
        yield


_KILLED = (
    "Workers of the cluster died again and again while they carried out this run: they were killed, or ended by "
    "themselves (no memory left, a crash in compiled code, a plugin). Their logs may say more."
)


def _task() -> Callable[[bytes, str], bytes]:
    """What is sent to workers. A nested function travels as it is, not by its name, so that also a worker
    without this package can say what is wrong with it; Dask would have it end and wait for another."""

    def task(packed: bytes, code: str) -> bytes:
        from distributed import get_worker

        try:
            from o2o_sim.studies.cluster import carry_out_there
        except ImportError as fault:
            raise ImportError(f"the worker {get_worker().address} lacks what it needs: {fault}") from None
        return carry_out_there(packed, code, get_worker())

    return task


def carry_out_there(packed: bytes, code: str, worker: Any) -> bytes:
    """Carry out a pickled job on a Dask worker. Raises ScenarioError, which names the worker, if that is none
    on which it can be: `code` is the digest that it must have."""
    if code_digest() != code:
        said = f"the worker {worker.address} has another o2o_sim than this process"
        raise ScenarioError(said, hint="Install the same everywhere, and start the workers again.")
    if worker.state.nthreads > 1:
        # Numba may end a process in which two threads begin parallel work at once.
        said = f"the worker {worker.address} has {worker.state.nthreads} threads; every run needs a process of its own"
        raise ScenarioError(said, hint="Start it with: dask worker ADDRESS --nworkers auto --nthreads 1")
    try:
        return carry_out(pickle.loads(packed))
    except ScenarioError as fault:
        seen = f"(seen by the worker {worker.address})"
        raise ScenarioError([replace(p, message=f"{p.message} {seen}") for p in fault.problems]) from None
