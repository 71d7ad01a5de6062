"""A study: many runs in one folder that is never done twice and never lost.

    DIR/study.json       what was asked: points, seeds, the key of every run
    DIR/runs/KEY.parquet one finished run each (rows.py), written as it gets done
    DIR/runs.parquet     one row per run: point, replicate, seed, factors, metrics   } when
    DIR/stores.parquet   every store of every run                                    } all is
    DIR/monthly.parquet  every run's months                                          } done

Whatever happens to the process, the files under `runs/` are whole, and asking again goes on from them. Runs
that a study in a neighbouring folder has finished are taken from there.

Every file can be told from one that something has changed: a run by its checksum and the key inside (rows.py), the
tables by the digests in study.json, that by its own. Who asks the study again has what is damaged done again, with
a warning, for a run is known by its key and comes out the same. Who only reads it is refused: numbers must not
change in silence, and reading simulates nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..errors import ScenarioError
from ..files import MB, Most, content, json_of, parquet_of
from ..record.archive import flush, parquet_bytes, whole_file, write_whole
from ..record.leftovers import remove_leftovers
from ..record.metrics import HEADLINE, Window, window_value
from ..record.runlog import log_into, logged
from ..scenario.textfile import printable
from .job import Job
from .rows import is_failed, metrics_of, read_rows, unnested, whole_content

if TYPE_CHECKING:
    from .work import Work

STUDY = "study.json"
RUNS = "runs"
TABLES = ("runs", "stores", "monthly")
COLUMNS = ("point", "replicate", "seed", "key", "status", "error")
"""What the table of runs begins with, before factors and metrics."""
MOST_PLAN, MOST_TABLE = 1_000 * MB, 4_000 * MB
_EACH = Most(rows=200_000, columns=20_000, cells=1_000_000, bytes=50 * MB)
_MOST = Most(rows=100_000_000, columns=20_000, cells=500_000_000, bytes=20_000 * MB)
"""What a table of a study may hold for each of its runs, and in all."""
_NAMES_S = 1.0
"""So many seconds the names of finished runs may not be on the disk, which only a power cut could tell."""
_AT_ONCE = 200  # runs whose stores are in memory together while the tables are written


@dataclass(frozen=True)
class Case:
    """One run of a study: which point of its design with which replicate, and the value of every factor
    there."""

    point: int
    replicate: int
    job: Job
    factors: Mapping[str, Any] = field(default_factory=dict)


class Study:
    """A folder of runs that grows by `run` and is closed by `finish`.

    `about` is kept as it is (JSON): what kind of study it is, its title, labels, and what its reader needs.
    `windows` are metrics made of a run's months. Raises ScenarioError if the folder holds something else.
    """

    def __init__(
        self, folder: str | os.PathLike[str], about: Mapping[str, Any], windows: Sequence[Window] = ()
    ):
        self.folder = Path(folder)
        self.about = dict(about)
        self.windows = tuple(windows)
        self.cases: list[Case] = []
        _claim(self.folder)

    @logged("o2o_sim.studies")
    def run(
        self,
        cases: Sequence[Case],
        work: Work,
    ) -> None:
        """Add runs to the study and carry out those that are not there yet, a replicate of all points before
        the next replicate."""
        self.cases = sorted([*self.cases, *cases], key=lambda c: (c.replicate, c.point))
        self._write_plan(complete=False)
        self._log()
        jobs = {c.job.key: c.job for c in sorted(cases, key=lambda c: (c.replicate, c.point))}
        mine = list(jobs.values())[work.shard[0] - 1 :: work.shard[1]]
        wanted = [job for job in mine if not self._has(job.key, work.retry)]
        done, failed = len(mine) - len(wanted), 0
        work.told(self.folder, done, len(mine), failed)
        if not wanted:
            return
        names_written = time.monotonic()
        for job, data in work.engine.run(wanted):
            at_once = time.monotonic() - names_written > _NAMES_S
            write_whole(self._file(job.key), data, at_once=at_once)
            if at_once:
                names_written = time.monotonic()
            done += 1
            failed += is_failed(data)
            work.told(self.folder, done, len(mine), failed)
        flush(self.folder / RUNS)

    def finish(self) -> Results:
        """Write the tables, if every run is there, and return what there is."""
        results = Results(self.folder, self._plan(complete=False), self.windows)
        if all(self._file(c.job.key).is_file() for c in self.cases):
            self._write_plan(complete=True, tables=results.write_tables())
        return load_results(self.folder)

    def _log(self) -> None:
        from .run import versions

        seeds = sorted({c.job.seed for c in self.cases})
        said = f"{seeds[0]} to {seeds[-1]}, {len(seeds)} in all" if seeds else "none"
        log_into(self.folder, {"runs": len(self.cases), "seeds": said, "versions": versions()})

    def _file(self, key: str) -> Path:
        return self.folder / RUNS / f"{key}.parquet"

    def _has(self, key: str, retry: bool) -> bool:
        """Whether a run is there, here or in a neighbouring study (which then is here, too)."""
        here = self._file(key)
        try:
            if os.path.lexists(here):
                return not (_is_failed(here) and retry)
        except ScenarioError as fault:
            told = replace(fault.problems[0], hint="That run is done again.")
            warnings.warn(str(ScenarioError(told)), RuntimeWarning, stacklevel=4)
        for other in self._neighbours:
            with contextlib.suppress(ScenarioError):  # none there, or a damaged one
                if not _is_failed(other / here.name):
                    write_whole(here, whole_content(other / here.name))
                    return True
        return False

    @cached_property
    def _neighbours(self) -> list[Path]:
        above = self.folder.absolute().parent
        found = sorted(f.parent / RUNS for f in above.glob(f"*/{STUDY}"))
        return [runs for runs in found if runs.parent != self.folder.absolute()]

    def _plan(self, complete: bool, tables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        cases = [
            {
                "point": c.point,
                "replicate": c.replicate,
                "seed": c.job.seed,
                "key": c.job.key,
                "factors": c.factors,
            }
            for c in self.cases
        ]
        windows = [{k: _plain(v) for k, v in vars(w).items()} for w in self.windows]
        plan = {"about": self.about, "windows": windows, "complete": complete, "cases": cases}
        return plan | ({"tables": tables} if tables else {})

    def _write_plan(self, complete: bool, tables: Mapping[str, Any] | None = None) -> None:
        text = json.dumps(self._plan(complete, tables), ensure_ascii=False, default=_plain, allow_nan=False)
        plan = json.loads(text)  # as it will be read
        plan["checksum"] = _checksum(plan)
        text = json.dumps(plan, indent=1, ensure_ascii=False)
        write_whole(self.folder / STUDY, text.encode() + b"\n")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _checksum(plan: Mapping[str, Any]) -> str:
    """SHA-256 over a plan, apart from its own checksum."""
    said = {name: value for name, value in plan.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _is_failed(file: Path) -> bool:
    return read_rows([file], ["status"])["status"][0].as_py() == "failed"


def _claim(folder: Path) -> None:
    """Make the folder of a study, or take up the one that is there."""
    try:
        if folder.is_dir() and not (folder / STUDY).is_file() and any(map(_is_foreign, folder.iterdir())):
            hint = "Name another folder with --out; only folders of earlier studies are taken up."
            raise ScenarioError(
                "holds files that are not a study, and was left alone", file=printable(str(folder)), hint=hint
            )
        (folder / RUNS).mkdir(parents=True, exist_ok=True)
        for place in (folder, folder / RUNS):
            remove_leftovers(place, now=True)
    except OSError as fault:
        message = f"cannot be written: {fault.strerror or fault}"
        raise ScenarioError(message, file=printable(str(folder))) from fault


def _is_foreign(path: Path) -> bool:
    """Whether this is something that a study which was killed at its very beginning does not leave behind."""
    return ".part-" not in path.name and not (path.name == RUNS and path.is_dir() and not any(path.iterdir()))


@dataclass
class Results:
    """The runs of a study, finished or not. `about` is what the study says of itself."""

    folder: Path
    plan: dict[str, Any] = field(repr=False)
    windows: tuple[Window, ...] = ()

    @property
    def about(self) -> dict[str, Any]:
        return self.plan["about"]

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per finished run: point, replicate, seed, key, status, error, the value of every factor,
        and every metric. Failed runs have no metrics (NaN)."""
        if self.plan["complete"]:
            return self._kept("runs").to_pandas()
        return self._collect_runs()

    @property
    def metrics(self) -> list[str]:
        """The names of all metrics: first those that were given as functions, then the headline figures."""
        before = {*COLUMNS, *(name for case in self.plan["cases"][:1] for name in case["factors"])}
        known = [str(c) for c in self.runs.columns if c not in before]
        return [*self.headline, *(m for m in known if m not in self.headline)]

    @property
    def headline(self) -> list[str]:
        """What tables and pictures show first: metrics that were given as functions, and the headline
        figures."""
        own = self.about.get("own", ())
        return [m for m in (*own, *HEADLINE) if m in self.runs.columns]

    @cached_property
    def stores(self) -> pd.DataFrame:
        """One row per run and store: point, replicate, and what became of it, when and why."""
        return self._nested("stores")

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """One row per run, month and series: point, replicate, month, series, value (a mean per day)."""
        return self._nested("monthly")

    @property
    def failures(self) -> pd.DataFrame:
        """The runs that failed, with their tracebacks."""
        failed = self.runs[self.runs["status"] == "failed"]
        return failed[["point", "replicate", "seed", "key", "error"]].reset_index(drop=True)

    @property
    def missing(self) -> int:
        """How many runs are still to be done."""
        return 0 if self.plan["complete"] else len(self.plan["cases"]) - len(self._cases)

    def needs_some(self) -> None:
        """Raise ScenarioError with the first failure if no run succeeded: there is nothing to be said
        then."""
        if self.ok.empty and len(self.runs):
            said = str(self.runs["error"].iloc[0]).strip()
            raise ScenarioError(f"none of {len(self.runs)} runs succeeded; the first failed with\n{said}")

    @property
    def ok(self) -> pd.DataFrame:
        """The runs that did not fail."""
        return self.runs[self.runs["status"] == "ok"].reset_index(drop=True)

    def values(self, factor: str, name: str, metric: str) -> np.ndarray:
        """A metric of the runs in which a factor is `name`, by replicate, float64; NaN where a run failed or
        has no such metric."""
        mine = self.runs[self.runs[factor] == name].set_index("replicate")[metric]
        return mine.reindex(sorted(self.runs["replicate"].unique())).to_numpy(np.float64)

    # -- from the files of single runs -------------------------------------------------------------------
    @cached_property
    def _cases(self) -> list[dict[str, Any]]:
        """The cases whose run is there, by point and replicate."""
        found = [c for c in self.plan["cases"] if os.path.lexists(self._file(c))]
        return sorted(found, key=lambda c: (c["point"], c["replicate"]))

    def _file(self, case: Mapping[str, Any]) -> Path:
        return self.folder / RUNS / f"{case['key']}.parquet"

    def _collect_runs(self) -> pd.DataFrame:
        cases = self._cases
        columns = ["key", "status", "error", "metrics"]
        rows = read_rows([self._file(c) for c in cases], columns)
        head = pd.DataFrame({n: [c[n] for c in cases] for n in ("point", "replicate", "seed", "key")})
        head["status"], head["error"] = rows["status"].to_pylist(), rows["error"].to_pylist()
        factors = pd.DataFrame([c["factors"] for c in cases], index=head.index).apply(_of_one_kind)
        measured = metrics_of(rows)
        made = pd.DataFrame({w.name: self._window_values(w) for w in self.windows}, index=head.index)
        return pd.concat([head, factors, measured, made], axis=1)

    def _window_values(self, window: Window) -> list[float]:
        """A metric of the study's own, run by run; NaN in a run without the series (a platform that it has
        not).

        Raises ScenarioError if no run has it.
        """
        values, strange = [], None
        for months in self._months:
            try:
                values.append(window_value(months, window) if len(months) else math.nan)
            except ScenarioError as fault:
                strange = fault
                values.append(math.nan)
        if strange and all(map(math.isnan, values)):
            raise strange
        return values

    @cached_property
    def _months(self) -> list[pd.DataFrame]:
        tables = (unnested(read_rows([self._file(c)], ["monthly"]), "monthly")[0] for c in self._cases)
        return [table.to_pandas(date_as_object=True) for table in tables]

    def _nested(self, name: str) -> pd.DataFrame:
        if self.plan["complete"]:
            table = self._kept(name)
        else:
            table = self._collect(name, self._cases)
        return table.to_pandas(date_as_object=True)

    def _kept(self, name: str) -> pa.Table:
        """One of the tables of a finished study. Raises ScenarioError if it is not the one that was written."""
        path = self.folder / f"{name}.parquet"
        try:
            data = content(path, MOST_TABLE)
            if digest_of(data) != self.plan["tables"][name]:
                raise ValueError(f"it was changed: its SHA-256 is not the one in {STUDY}")
            table = parquet_of(data, _most(len(self.plan["cases"])))
            kinds = COLUMNS if name == "runs" else COLUMNS[:2]
            if missing := [column for column in kinds if column not in table.column_names]:
                raise ValueError(f"column {missing[0]!r} is missing")
            return table
        except (OSError, ValueError) as fault:
            said = getattr(fault, "strerror", None) or fault
            hint = "Ask the study again with its command: its tables are made anew of its runs."
            raise ScenarioError(
                f"cannot be read: {printable(str(said))}", file=printable(str(path)), hint=hint
            ) from fault

    def _collect(self, name: str, cases: Sequence[Mapping[str, Any]]) -> pa.Table:
        """The nested tables of some runs, one below the other, led by their point and replicate."""
        table, parents = unnested(read_rows([self._file(c) for c in cases], [name]), name)
        for k, label in enumerate(("point", "replicate")):
            table = table.add_column(k, label, pa.array([c[label] for c in cases], pa.int64()).take(parents))
        return table

    def write_tables(self) -> dict[str, str]:
        """Write the three tables, and return the SHA-256 of each; the same runs give the same bytes in whatever
        order they were done."""
        write_whole(self.folder / "runs.parquet", parquet_bytes(self._collect_runs()))
        for name in ("stores", "monthly"):
            with whole_file(self.folder / f"{name}.parquet") as part:
                schema = self._collect(name, []).schema
                with pq.ParquetWriter(part, schema, compression="zstd", store_schema=False) as writer:
                    for start in range(0, len(self._cases), _AT_ONCE):
                        writer.write_table(self._collect(name, self._cases[start : start + _AT_ONCE]))
        return {name: digest_of(content(self.folder / f"{name}.parquet", MOST_TABLE)) for name in TABLES}


def _most(runs: int) -> Most:
    """What a table of so many runs may hold."""
    each, most = vars(_EACH), vars(_MOST)
    return replace(_EACH, **{k: min(each[k] * max(runs, 1), most[k]) for k in ("rows", "cells", "bytes")})


def digest_of(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def _of_one_kind(values: pd.Series) -> pd.Series:
    """A column of a table has one kind: where a factor has names and numbers, all are names."""
    kinds = {type(v) if isinstance(v, (str, bool)) else float for v in values}
    return values if len(kinds) < 2 else values.map(str)


def _window(said: dict[str, Any]) -> Window:
    days = {k: date.fromisoformat(v) if v else None for k, v in said.items() if k not in ("name", "series")}
    return Window(said["name"], said["series"], **days)  # type: ignore[arg-type]


def load_results(folder: str | os.PathLike[str]) -> Results:
    """Read a study back, finished or not. Raises ScenarioError if the folder holds none, or if its plan was changed;
    a run or table that was changed is refused when it is first used."""
    path = Path(folder)
    try:
        plan = json_of(content(path / STUDY, MOST_PLAN))
        _Plan.model_validate(plan)
        if plan["checksum"] != _checksum(plan):
            raise ValueError("it was changed: its checksum is not that of what it says")
        windows = tuple(_window(w) for w in plan["windows"])
    except FileNotFoundError:
        raise ScenarioError("is not the folder of a study", file=printable(str(path))) from None
    except (OSError, ValueError, KeyError, TypeError) as fault:
        said = getattr(fault, "strerror", None) or str(fault)
        if isinstance(fault, ValidationError):
            said = ".".join(map(str, fault.errors()[0]["loc"])) + f": {fault.errors()[0]['msg']}"
        hint = "Ask the study again with its command: the plan is written anew, and no run is lost."
        raise ScenarioError(
            f"cannot be read: {printable(said)}", file=printable(str(path / STUDY)), hint=hint
        ) from fault
    return Results(path, plan, windows)


class _Case(BaseModel):
    """A run in study.json. The key names a file, so that it may be nothing else."""

    model_config = ConfigDict(strict=True)

    point: int = Field(ge=0, lt=2**63)
    replicate: int = Field(ge=0, lt=2**63)
    seed: int = Field(ge=0, lt=2**63)
    key: str = Field(pattern=r"\A[0-9a-f]{24}\z")
    factors: dict[str, Any]


class _About(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")

    own: list[str] = []


class _Plan(BaseModel):
    """What study.json must say."""

    model_config = ConfigDict(strict=True)

    about: _About
    windows: list[dict[str, str | None]]
    complete: bool
    cases: list[_Case]
    tables: dict[str, str] = {}
    checksum: str

    @model_validator(mode="after")
    def _tables_of_all_runs(self) -> _Plan:
        if self.complete and sorted(self.tables) != sorted(TABLES):
            raise ValueError("a finished study has a digest of each table")
        return self
