"""Who carries out the runs of a study: processes of this machine, or a cluster (cluster.py).

An engine gets jobs and gives back the content of their files, in whatever order they are done. What a dying
worker had in hand is run again; nothing else is.
"""

from __future__ import annotations

import gc
import time
import traceback
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Connection, Pipe, wait
from typing import Protocol

from .. import processes
from ..errors import ScenarioError
from .job import Job, check_same, execute, failed

TRIES = 3
"""So often a worker may die with a run in hand before the run counts as the one that kills them."""


class Engine(Protocol):
    """Something that carries out runs."""

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, bytes]]:
        """Every job with the content of its file, as they get done."""
        ...

    def close(self) -> None:
        """Let go of the workers; what they have in hand is lost."""
        ...


def carry_out(job: Job) -> bytes:
    """What every worker does with a job: the content of its file, whatever happens in the run.

    Raises ScenarioError if what would run here is not what the job's key stands for.
    """
    check_same(job)
    began = time.monotonic()
    try:
        return execute(job)
    except BaseException:  # also of tables that a plugin made impossible to count
        return failed(job, traceback.format_exc())
    finally:
        _keep_libraries()
        if time.monotonic() - began > _LONG_S:
            gc.collect()  # a model is a ring of references; those of short runs are few or small


_LONG_S = 1.0


@cache
def _keep_libraries() -> None:
    """Leave what is there after a worker's first run, its libraries, out of every later collection, which
    then takes no time."""
    gc.collect()
    gc.freeze()


class Here:
    """This process, which carries out one run after the other; for code that no other process can be
    given."""

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, bytes]]:
        """Every job with the content of its file. Raises ScenarioError for one that would read something else than
        when the study began."""
        for job in jobs:
            check_same(job)
            yield job, execute(job, threads=None)

    def close(self) -> None:
        """There is nobody to let go."""


class Processes:
    """Worker processes of this machine, with one thread each; `workers` None takes one per core.

    They are forked off a server that has imported what a run needs (preload.py), not off this process, which may
    have threads; where systems have no such servers they start afresh. They live for the whole study, and end when
    this process ends, also if it is killed.
    """

    def __init__(self, workers: int | None = None):
        if workers is not None and workers < 1:
            raise ScenarioError(f"must be at least 1, found {workers}", file="--workers")
        self.most = workers or processes.cores()
        with suppress(OSError):  # of which the start of a worker tells
            processes.serve(processes.RUNS)
        self._workers: list[_Worker] = []

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, bytes]]:
        """Every job with the content of its file, as they get done.

        A job with which three workers died one after the other becomes a failed run. Raises ScenarioError if
        workers cannot be started, or find other code or data than the study began with.
        """
        waiting = deque(jobs)
        deaths: Counter[str] = Counter()
        failed_starts = 0
        try:
            while waiting or self._busy:
                self._deal(waiting)
                for worker in self._heard_of():
                    job, answer = worker.hear()
                    if answer is None:
                        end = self._drop(worker, patience=5)
                        waiting.extendleft(reversed(worker.jobs))  # which it had not begun
                        failed_starts += not worker.ready
                        if failed_starts == TRIES:
                            raise ScenarioError(FAILED_STARTS, hint=GUARD)
                        if job is None:
                            continue
                        deaths[job.key] += 1
                        if deaths[job.key] < TRIES:
                            waiting.appendleft(job)
                            continue
                        answer = failed(job, _DIED.format(end=end))
                    else:
                        failed_starts = 0
                    if isinstance(answer, ScenarioError):
                        raise answer
                    # Before the caller keeps what was found, so that the worker has something to do
                    # meanwhile.
                    self._deal(waiting)
                    if job is not None:
                        yield job, answer
        finally:
            for worker in self._busy:
                self._drop(worker)

    def _deal(self, waiting: deque[Job]) -> None:
        """A job for every worker that has none; as many workers as there is work for. While there is plenty, each
        has one more, which it begins without waiting for this process; the last ones go to who is free first."""
        while len(self._workers) < min(self.most, len(waiting) + len(self._busy)):
            self._workers.append(_Worker())
        for ahead, left in ((0, 0), (1, self.most)):
            for worker in self._workers:
                has_room = worker.ready and len(worker.jobs) <= ahead
                if len(waiting) > left and has_room and worker.take(waiting[0]):
                    waiting.popleft()

    @property
    def _busy(self) -> list[_Worker]:
        return [w for w in self._workers if w.jobs]

    def _heard_of(self) -> list[_Worker]:
        """The workers that have said something or died, as soon as there is one."""
        heard = wait([w.line for w in self._workers])
        return [w for w in self._workers if w.line in heard]

    def _drop(self, worker: _Worker, patience: float = 0.0) -> str:
        self._workers.remove(worker)
        return worker.end(patience)

    def close(self) -> None:
        """End the workers, whatever they do."""
        for worker in list(self._workers):
            self._drop(worker)


_DIED = (
    f"The worker process died {TRIES} times while it carried out this run, the last time by {{end}}. It was "
    "killed, or ended by itself (a crash in compiled code, a plugin). Where memory runs out, the system kills what "
    "uses most of it, with SIGKILL: lower --workers, or `population`."
)
FAILED_STARTS = "worker processes end before they have begun; what they said stands above"
GUARD = "In a script of your own, everything that runs a study belongs under `if __name__ == '__main__':`."


class _Worker:
    """A process that carries out one run after the other, and the line to it."""

    def __init__(self) -> None:
        self.line, there = Pipe()
        self.process = processes.start(_work, (there,), preload=processes.RUNS)
        there.close()  # else its end would not be heard of
        self.ready = False
        self.jobs: deque[Job] = deque()
        """What it was given, in its order: the first is the one in hand."""

    def take(self, job: Job) -> bool:
        """Give it a job, unless it is dead; that is then heard of."""
        with suppress(OSError):
            self.line.send(job)
            self.jobs.append(job)
            return True
        return False

    def hear(self) -> tuple[Job | None, bytes | ScenarioError | None]:
        """The job it had in hand, and what it says to it; None if it died. Its first word is that it is
        ready."""
        job = self.jobs.popleft() if self.jobs else None
        try:
            answer = self.line.recv()
        except (EOFError, OSError):
            return job, None
        self.ready = True
        return job, answer

    def end(self, patience: float = 0.0) -> str:
        """End it, if it does not end by itself within `patience` seconds, and tell how it ended."""
        self.line.close()
        return processes.end(self.process, patience)


def _work(line: Connection) -> None:
    """The life of a worker."""
    processes.end_with_parent()
    with suppress(EOFError, OSError):  # nobody is there any more
        line.send("ready")
        while True:
            job = line.recv()
            try:
                answer: bytes | ScenarioError = carry_out(job)
            except ScenarioError as fault:
                answer = fault
            line.send(answer)
