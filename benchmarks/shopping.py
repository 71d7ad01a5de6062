"""The same shopping by everyone, side by side: speed, memory, and whether the market shares are the same.

    python -m benchmarks.shopping                       100,000 and 1,000,000 consumers
    python -m benchmarks.shopping --quick               20,000, to see that everything works
    python -m benchmarks.shopping --consumers 1000000 --engines package mesa --days 2 --json out.json

Exit code 1 if an engine fails or its market shares are wrong; with --strict also if a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.child import ChildFailed, call
from benchmarks.engines import BARS, ENGINES, FLOOR, PACKAGE
from benchmarks.shares import Expected, compare, expected
from benchmarks.world import SHOPPING, World, make_world, save

MAX_Z = 5.0
PACKAGES = ("numpy", "numba", "mesa", "mesa-frames", "polars", "jax", "o2o-sim")
MB = 1e6


def measure(world: World, names: list[str], days: int | None, repeat: int, threads: int) -> list[dict]:
    """Every engine in its own process, in `repeat` rounds through all of them; of each engine the median."""
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    truth, pairs = expected(world), world.pairs()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "world.npz")
        save(world, path)
        for turn in range(repeat):
            for name in names:
                say(f"  {world.consumers:,} consumers: {ENGINES[name].label} ({turn + 1}/{repeat})")
                n = days or max(1, round(ENGINES[name].decisions / (SHOPPING * world.consumers)))
                try:
                    result = call("benchmarks.worker", name, path, n, threads=threads)
                except ChildFailed as error:
                    result = {"failed": str(error)}
                rounds[name].append(judge(result, name, n, truth, pairs))
    return [middle(rounds[name]) for name in names]


def middle(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """The middle one of an engine's rounds by speed, with the speeds of `all` and their worst deviation; a failed one if there
    is any."""
    for result in rounds:
        if "seconds" not in result:
            return result
    found = sorted(rounds, key=lambda r: r["per_second"])[(len(rounds) - 1) // 2]
    found = found | {"all": [r["per_second"] for r in rounds]}
    return found | {"z": max(r["z"] for r in rounds)} if "z" in found else found


def judge(result: dict[str, Any], name: str, days: int, truth: Expected, pairs: float) -> dict:
    """Add rates and the comparison of market shares to a worker's result."""
    result["engine"] = name
    if "seconds" not in result:
        return result
    result["per_second"] = result["decisions"] / result["seconds"]
    result["pairs_per_second"] = result["per_second"] * pairs
    buyers = np.array(result.pop("buyers"))
    if name != FLOOR:
        agreement = compare(buyers, days, truth)
        result |= {"distance": agreement.distance, "noise": agreement.noise, "z": agreement.z}
    return result


def rate(results: list[dict[str, Any]], consumers: int) -> None:
    """Add the package's advantage over each engine, the median of those of each round, and whether it clears the bar."""
    mine = next((r for r in results if r["engine"] == PACKAGE and "per_second" in r), None)
    for result in results:
        name = result["engine"]
        if mine is None or name == PACKAGE or "per_second" not in result:
            continue
        ahead = median(a / b for a, b in zip(mine["all"], result["all"]))
        result["package_ahead"] = ahead
        bar = BARS.get(consumers, {}).get(name)
        if bar:
            result["bar"], result["clears"] = bar, 1 / ahead <= bar if name == FLOOR else ahead >= bar


def show(results: list[dict[str, Any]], consumers: int, pairs: float) -> None:
    """Print the table of one world."""
    title = f"{consumers:,} consumers, {pairs:.1f} offers a decision, {SHOPPING:.0%} shopping a day"
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.caption = (
        "share error: total variation distance to the exact logit shares (in brackets what chance alone gives); "
        f"z: the worst offer in standard errors, at most {MAX_Z:g}"
    )
    table.add_column("engine")
    for column in (
        "days",
        "decisions/s",
        "pairs/s",
        "ns/pair",
        "package is",
        "bar",
        "peak MB",
        "share error",
        "z",
    ):
        table.add_column(column, justify="right")
    for r in results:
        label = ENGINES[r["engine"]].label
        if "seconds" not in r:
            table.add_row(label, "[dim]skipped[/]" if "missing" in r else "[red]failed[/]")
            continue
        ahead, bar = r.get("package_ahead"), r.get("bar")
        if r["engine"] == FLOOR and ahead:
            standing, limit = f"{1 / ahead:.2f}x its time", f"<= {bar}x" if bar else ""
        else:
            standing, limit = f"{ahead:.1f}x faster" if ahead else "", f">= {bar}x" if bar else ""
        if bar:
            limit += " [green]ok[/]" if r["clears"] else " [red]missed[/]"
        shares = (f"{r['distance']:.4f} ({r['noise']:.4f})", f"{r['z']:.2f}") if "distance" in r else ("", "")
        rates = (
            f"{r['days']}",
            f"{r['per_second'] / 1e6:.3f} M",
            f"{r['pairs_per_second'] / 1e6:.1f} M",
            f"{1e9 / r['pairs_per_second']:.2f}",
        )
        table.add_row(label, *rates, standing, limit, f"{r['peak'] / MB:,.0f}", *shares)
    console.print(table)
    for r in results:
        if problem := r.get("missing") or r.get("failed"):
            console.print(f"{ENGINES[r['engine']].label}: {problem}", markup=False)


def machine(threads: int) -> dict[str, Any]:
    """Where and with what this was measured."""
    versions: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "threads": threads,
        "versions": versions,
    }


def say(text: str) -> None:
    """Progress, on the error stream."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.shopping", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--consumers", type=int, nargs="+", default=[100_000, 1_000_000], metavar="N")
    parser.add_argument("--days", type=int, help="days to time (default: as many as each engine needs)")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES), metavar="ENGINE")
    parser.add_argument(
        "--repeat",
        type=int,
        default=1,
        help="rounds through all engines; the median counts, as others use the machine",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1, help="of the world")
    parser.add_argument("--quick", action="store_true", help="20,000 consumers, five days")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a bar is missed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    options = parser.parse_args(arguments)
    if options.quick:
        options.consumers, options.days = [20_000], options.days or 5

    report: dict[str, Any] = {"machine": machine(options.threads), "worlds": []}
    wrong = missed = False
    for consumers in options.consumers:
        world = make_world(consumers, options.seed)
        results = measure(world, options.engines, options.days, options.repeat, options.threads)
        rate(results, consumers)
        show(results, consumers, world.pairs())
        report["worlds"].append({"consumers": consumers, "pairs": world.pairs(), "results": results})
        wrong |= any("failed" in r or (r.get("z") or 0) > MAX_Z for r in results)
        missed |= any(r.get("clears") is False for r in results)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if wrong:
        console.print("[red]Wrong: an engine failed or its market shares are off.[/]")
    return int(wrong or (missed and options.strict))


console = Console(width=None if sys.stdout.isatty() else 140)

if __name__ == "__main__":
    sys.exit(main())
