"""How the runs of a study are carried out: by whom, which part of them, and who is told."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import TracebackType

from ..errors import ScenarioError
from ..scenario.shape import closest
from .cluster import check_address
from .engines import Engine, Here, Processes
from .own import Own
from .shown import Drawing, Shown
from .study import Case

STUDIES = "runs"

Progress = Callable[[int, int, int], None]
"""Told how many runs are done, how many there are, and how many of those done here failed."""


def _nobody(done: int, total: int, failed: int) -> None:
    """Nobody wants to know."""


@dataclass
class Work:
    """How the runs of a study are carried out; usually entered with `with`, which lets go of the workers.

    `workers` is the number of processes on this machine (None: one per core; 0: this process does all by
    itself, which functions of a notebook need), `cluster` instead the address
    of a Dask cluster or "local", `shard` (i, n) the i-th of n equal parts to do here. `plugins=False` refuses
    scenarios that bring rules of their own. `retry` runs again what failed before. `progress(done, total,
    failed)` is told of every finished run. `plots=False` draws no pictures, `drawing(done, pictures, name)` is
    told of each that is drawn.

    Raises ScenarioError if `cluster` is no address."""

    workers: int | None = None
    cluster: str | None = None
    shard: tuple[int, int] = (1, 1)
    plugins: bool = True
    retry: bool = False
    progress: Progress = _nobody
    plots: bool = True
    drawing: Drawing | None = None
    kept: str = field(default="", init=False)
    """What there is of the study that was last worked at, in a sentence; nothing before there is any."""
    _engine: Engine | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.cluster is not None:
            check_address(self.cluster)  # before a folder is made for the study

    @property
    def engine(self) -> Engine:
        """Who carries out the runs; made when first needed."""
        if self._engine is None:
            if self.cluster:
                from .cluster import Cluster

                self._engine = Cluster(self.cluster, self.workers)
            else:
                self._engine = Here() if self.workers == 0 else Processes(self.workers)
        return self._engine

    def admit(self, own: Own) -> None:
        """Raise ScenarioError for code in memory with which the runs cannot be carried out so."""
        if self.cluster or self.workers != 0:
            own.needs_to_travel(far=bool(self.cluster))
        if self.shard != (1, 1) and not own.is_kept:
            message = "cannot be used with a model or metrics of your own that have no version"
            hint = 'Give each function or class a version: boutiques_closed.version = "1".'
            raise ScenarioError(message, file="--shard", hint=hint)

    def told(self, folder: Path, done: int, total: int, failed: int) -> None:
        """So many runs of the study in `folder` are done, of so many to be done here."""
        runs = f"{done} of {total} runs are" if done < total else f"All {total} runs are"
        self.kept = f"{runs} kept in {folder}; the same command goes on from there."
        self.progress(done, total, failed)

    def draw(self, found: Shown, folder: Path) -> None:
        """Draw the pictures of what was found into the folder of its study, unless none are wanted."""
        if self.plots:
            found.draw(folder, self.drawing)

    def whole(self, why: str) -> None:
        """Refuse to be a part of a study that must see its results before it goes on."""
        if self.shard != (1, 1):
            raise ScenarioError(f"cannot be used here: {why}", file="--shard")

    def __enter__(self) -> Work:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None


def parse_shard(text: str) -> tuple[int, int]:
    """`i/n` as (i, n). Raises ScenarioError unless 1 <= i <= n."""
    i, slash, n = text.partition("/")
    if not (slash and i.isdecimal() and n.isdecimal() and 1 <= int(i) <= int(n)):
        raise ScenarioError(f"must be written i/n with i from 1 to n, found {text!r}", file="--shard")
    return int(i), int(n)


def check_metrics(wanted: Iterable[str], known: Sequence[str], *, option: str, listed: str) -> None:
    """Raise ScenarioError for a metric that is not known, with the one that was likely meant.

    `option` named it, and `listed` says where all of them are.
    """
    for metric in wanted:
        if metric not in known:
            near = closest(metric, known)
            hint = f"did you mean {near}?" if near else f"See {listed}."
            raise ScenarioError(f"there is no metric {metric!r}", file=option, hint=hint)


def folder_of(kind: str, stem: str, cases: Iterable[Case], out: str | os.PathLike[str] | None) -> Path:
    """Where a study lies: `out`, or `runs/KIND-STEM-DIGEST`, the same for the same scenarios however many
    replicates are asked for."""
    if out is not None:
        return Path(out)
    keys = sorted(c.job.key for c in cases if c.replicate == 0)
    digest = sha256("".join(keys).encode()).hexdigest()[:8]
    name = re.sub(r"[^\w .()+-]", "_", stem.replace("/", "-"))[:60]  # scenarios in memory may have any name
    return Path(STUDIES) / f"{kind}-{name}-{digest}"
