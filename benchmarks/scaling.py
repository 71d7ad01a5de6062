"""How the package's day grows with the number of consumers, in time and in memory.

    python -m benchmarks.scaling                       10^4 ... 10^7 consumers on 2 threads, and on 1
    python -m benchmarks.scaling --quick               10^4 and 10^5
    python -m benchmarks.scaling --consumers 1000000 --threads 2 --json out.json

Every size runs in a process of its own, on benchmarks/bench.yaml with its population replaced.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.bars import report
from benchmarks.child import ChildFailed, call, keep_to_threads, peak_bytes

SCENARIO = Path(__file__).with_name("bench.yaml")
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
WARM_UP = 2  # days: the first compiles, the second fills the caches
SHOP = "shop"  # the phase that is the shopping loop
MAX_SLOPE, MAX_DAY, MIN_THREADS, MAX_BYTES, MAX_PEAK = 1.05, 2.0, 1.6, 150, 4e9


def worker(consumers: int, days: int) -> None:
    """In the child: simulate and print the measurements as a line of JSON."""
    keep_to_threads()
    from o2o_sim import O2OModel, load_scenario

    imported = peak_bytes()
    model = O2OModel(load_scenario(SCENARIO, [f"population={consumers}"]), seed=1)
    for _ in range(WARM_UP):
        model.step()
    shop_before = model.day_seconds[SHOP]
    seconds = []
    for _ in range(days):
        begin = time.perf_counter()
        model.step()
        seconds.append(time.perf_counter() - begin)
    peak = peak_bytes()
    result = {
        "consumers": consumers,
        "days": days,
        "day": sum(seconds) / days,  # the mean, as some phases are not for every day
        "median_day": sorted(seconds)[days // 2],
        "shop": (model.day_seconds[SHOP] - shop_before) / days,
        "phases": dict(model.day_seconds),
        "peak": peak,
        "bytes_per_consumer": (peak - imported) / consumers,
    }
    print(json.dumps(result))


def slope(points: list[dict[str, Any]]) -> float:
    """Least-squares slope of log(time of a day) against log(consumers)."""
    import numpy as np

    x, y = (np.log([p[key] for p in points]) for key in ("consumers", "day"))
    return float(np.polyfit(x, y, 1)[0])


def show(results: list[dict[str, Any]]) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="A day of the package", title_justify="left")
    for column in (
        "consumers",
        "threads",
        "s/day",
        "shopping",
        "day / shopping",
        "peak MB",
        "bytes/consumer",
    ):
        table.add_column(column, justify="right")
    for r in results:
        head = (f"{r['consumers']:,}", f"{r['threads']}")
        if "failed" in r:
            table.add_row(*head, "[red]failed[/]")
            continue
        times = (f"{r['day']:.4f}", f"{r['shop']:.4f}", f"{r['day'] / r['shop']:.2f}")
        table.add_row(*head, *times, f"{r['peak'] / 1e6:,.0f}", f"{r['bytes_per_consumer']:,.0f}")
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table)
    for r in results:
        if "failed" in r:
            console.print(f"{r['consumers']:,}: {r['failed']}", markup=False)


def verdicts(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The bars of the project that these measurements can judge."""
    most = max(r["threads"] for r in results)
    fine = {(r["consumers"], r["threads"]): r for r in results if "failed" not in r}
    points = [r for (_, threads), r in sorted(fine.items()) if threads == most]
    found = []

    def judge(what: str, value: float, bar: float, at_most: bool = True) -> None:
        clears = value <= bar if at_most else value >= bar
        found.append({"what": what, "value": value, "bar": bar, "at_most": at_most, "clears": clears})

    if len(points) > 1:
        judge("log-log slope of the day's time", slope(points), MAX_SLOPE)
    if million := fine.get((1_000_000, most)):
        judge("whole day / shopping loop at 1,000,000", million["day"] / million["shop"], MAX_DAY)
    if ten := fine.get((10_000_000, most)):
        judge("peak GB at 10,000,000", ten["peak"] / 1e9, MAX_PEAK / 1e9)
        judge("bytes per consumer at 10,000,000", ten["bytes_per_consumer"], MAX_BYTES)
    pairs = [
        (n, r, fine[n, 1]) for (n, threads), r in sorted(fine.items()) if threads == 2 and (n, 1) in fine
    ]
    for n, two, one in pairs[-1:]:
        judge(f"2 threads / 1, shopping loop at {n:,}", one["shop"] / two["shop"], MIN_THREADS, at_most=False)
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__.splitlines()[0])
    parser.add_argument("--consumers", type=int, nargs="+", default=list(SIZES), metavar="N")
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 1])
    parser.add_argument("--days", type=int, default=10, help="days to time after the warm-up")
    parser.add_argument("--quick", action="store_true", help="10,000 and 100,000 consumers, 3 days")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a bar is missed")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        worker(options.consumers[0], options.days)
        return 0
    if options.quick:
        options.consumers, options.days = [10_000, 100_000], 3

    results = []
    for threads in options.threads:
        # One thread is there to be compared with more: one large size says it.
        sizes = options.consumers if threads == max(options.threads) else [min(max(options.consumers), 10**6)]
        for n in sizes:
            print(f"  {n:,} consumers, {threads} threads", file=sys.stderr, flush=True)
            child = ("benchmarks.scaling", "--worker", "--consumers", n, "--days", options.days)
            try:
                result = call(*child, threads=threads)
            except ChildFailed as error:
                result = {"consumers": n, "failed": str(error)}
            results.append(result | {"threads": threads})
    show(results)
    missed = report(results, verdicts(results), options.json)
    return int(any("failed" in r for r in results) or (missed and options.strict))


if __name__ == "__main__":
    sys.exit(main())
