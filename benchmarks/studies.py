"""What the machinery around many runs costs, and what common random numbers save.

python -m benchmarks.studies [--runs 200] [--workers 2] [--engines processes dask] [--pairs 30] [--json FILE]

The ideal time of a study is the work in it over the workers: runs times the mean time of a run (in the
worker, by its own clock, without the first of every worker, which also loads the libraries) by the number of
workers. Throughput counts from the call to the last file on disk, the start of the workers included; "once
started" counts from the first finished run of every worker."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from benchmarks.child import ROOT, begin_with_byte_code
from o2o_sim.scenario.load import load_scenario
from o2o_sim.studies.points import Point, cases
from o2o_sim.studies.rows import read_rows
from o2o_sim.studies.study import Study
from o2o_sim.studies.work import Work

CLASSROOM = ROOT / "scenarios" / "classroom.yaml"
BASE = ROOT / "scenarios" / "base.yaml"
SHORT = ("days=50", "population=1000")  # about 0.2 s
SUBSIDY = tuple(f"platforms.{p}.subsidy.per_order_yuan=3" for p in ("bazaar", "swift", "tuan"))
CITY = ("population=10000", "days=365")
BARS = {"processes": 0.90, "dask": 0.80, "online_share": 20.0, "stores_survived": 5.0}


def throughput(engine: str, runs: int, workers: int) -> dict[str, Any]:
    """Carry out a study of short runs, and compare its time with the ideal."""
    spec = load_scenario(CLASSROOM, SHORT)
    wanted = cases([Point(spec, {})], range(runs))
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        work = Work(workers=workers, cluster="local" if engine == "dask" else None)
        work.progress = lambda done, total, failed: ends.append(time.perf_counter())
        begin = time.perf_counter()
        with work as w:
            study = Study(Path(folder) / "study", {"kind": "benchmark"})
            study.run(wanted, w)
            spent = time.perf_counter() - begin
        files = sorted((study.folder / "runs").glob("*.parquet"))
        each = mean(sorted(read_rows(files, ["seconds"])["seconds"].to_pylist())[:-workers])
    ideal = runs * each / workers
    started = ends[workers]  # the first end is the call's own, of what was there before
    steady = (runs - workers) * each / workers / (ends[-1] - started)
    return {"run_s": each, "ideal_s": ideal, "spent_s": spent, "share": ideal / spent, "steady": steady}


def common_numbers(pairs: int, workers: int, folder: Path) -> dict[str, Any]:
    """How many times smaller the variance of a difference is with common seeds than with independent ones."""
    points = [Point(load_scenario(BASE, (*CITY, *more)), {"arm": k}) for k, more in enumerate(((), SUBSIDY))]
    with Work(workers=workers) as work:
        study = Study(folder, {"kind": "benchmark"})
        study.run(cases(points, range(pairs)), work)
        runs = study.finish().ok
    found: dict[str, Any] = {"pairs": pairs}
    for metric in ("online_share", "stores_survived", "stores_closed", "sales_yuan"):
        a, b = (runs[runs["arm"] == arm].sort_values("replicate")[metric].to_numpy() for arm in (0, 1))
        paired, independent = float(np.var(b - a, ddof=1)), float(np.var(a, ddof=1) + np.var(b, ddof=1))
        found[metric] = {"difference": float((b - a).mean()), "times_smaller": independent / paired}
    return found


def main() -> None:
    """Run what was asked for, and print it beside the bars."""
    begin_with_byte_code()
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engines", nargs="*", default=["processes", "dask"])
    parser.add_argument("--pairs", type=int, default=30, help="0 leaves out the common random numbers")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    report: dict[str, Any] = {}
    for engine in args.engines:
        found = report[engine] = throughput(engine, args.runs, args.workers)
        print(
            f"{engine}: {args.runs} runs of {found['run_s']:.2f} s on {args.workers} workers in "
            f"{found['spent_s']:.1f} s, {found['share']:.0%} of the ideal (bar {BARS[engine]:.0%}); "
            f"once started {found['steady']:.0%}"
        )
    if args.pairs:
        with tempfile.TemporaryDirectory() as folder:
            found = report["common_numbers"] = common_numbers(
                args.pairs, args.workers, Path(folder) / "study"
            )
        print(f"variance of base against subsidy, {args.pairs} pairs, independent over common seeds:")
        for metric, values in found.items():
            if isinstance(values, dict):
                bar = f" (bar {BARS[metric]:.0f}x)" if metric in BARS else ""
                print(
                    f"  {metric}: {values['times_smaller']:.1f}x{bar}, difference {values['difference']:+.4g}"
                )
    if args.json:
        args.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
