"""How the package's day grows with shops, circles and platforms.

    python -m benchmarks.cities                        600 ... 10,000 shops, 1 ... 16 platforms
    python -m benchmarks.cities --quick                up to 2,500 shops and 4 platforms
    python -m benchmarks.cities --parts shops --json out.json

Every city runs in a process of its own, for a month after a month to warm up: most of what is done for shops is done
once a month. It is scenarios/base.yaml with a number of people that stays. For more shops it stands for more residents, and
circles, which each have as many units as before, are more in proportion; platforms are copies of its three.
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

SCENARIO = Path(__file__).parent.parent / "scenarios" / "base.yaml"
FACTORS = (1, 2, 4, 8, 17)
PLATFORMS = (1, 2, 4, 8, 16)
PEOPLE = 20_000
JANUARY, FEBRUARY = 31, 28
MAX_SLOPE, MAX_PUBLISH = 1.1, 3.0
SHOWN = ("publish", "shop", "serve", "settle", "learn", "review", "record")


def many_shops(base: dict[str, Any], factor: int) -> dict[str, Any]:
    """The scenario for so many times as many residents, circles and hence shops."""
    side = base["city"]["width_km"], base["city"]["height_km"]
    circles = dict(base["circles"])
    for name, circle in base["circles"].items():
        for copy in range(1, factor):
            # Off to a place of its own by golden ratios, so that copies lie all over the city.
            x, y = ((circle[k] + copy * g * s) % s for k, g, s in zip(("x_km", "y_km"), (0.618, 0.382), side))
            circles[f"{name} {copy + 1}"] = {**circle, "x_km": round(x, 2), "y_km": round(y, 2)}
    return {**base, "residents": base["residents"] * factor, "circles": circles}


def many_platforms(base: dict[str, Any], number: int) -> dict[str, Any]:
    """The scenario with so many platforms."""
    known = list(base["platforms"].items())
    named = ((f"{known[k % len(known)][0]} {k + 1}", known[k % len(known)][1]) for k in range(number))
    return {**base, "platforms": dict(named)}


GROWS = {"shops": (FACTORS, many_shops), "platforms": (PLATFORMS, many_platforms)}


def worker(part: str, number: int, people: int) -> None:
    """In the child: simulate two months, and print what the second took as a line of JSON."""
    keep_to_threads()
    import yaml

    from o2o_sim import O2OModel, load_scenario

    base = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    spec = load_scenario(GROWS[part][1](base, number), [f"population={people}"])
    begin = time.perf_counter()
    model = O2OModel(spec, seed=1)
    start = time.perf_counter() - begin
    for last in (JANUARY, JANUARY + FEBRUARY):  # the first compiles
        before, begin, cpu = dict(model.day_seconds), time.perf_counter(), time.process_time()
        while model.day < last:
            model.step()
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    result = {
        "number": len(model.stores) if part == "shops" else number,
        "circles": len(model.circles),
        "start": start,
        "day": seconds / FEBRUARY,
        "cpu": cpu / FEBRUARY,
        "phases": {name: s - before[name] for name, s in model.day_seconds.items()},
        "peak": peak_bytes(),
    }
    print(json.dumps(result))


def slope(points: list[dict[str, Any]]) -> float:
    """Least-squares slope of log(CPU time of a day) against log(number): others on the machine move it least."""
    import numpy as np

    x, y = (np.log([p[key] for p in points]) for key in ("number", "cpu"))
    return float(np.polyfit(x, y, 1)[0])


def show(part: str, points: list[dict[str, Any]]) -> None:
    """Print the table of one part."""
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=f"A month of the package against the number of {part}, in seconds", title_justify="left"
    )
    for column in (part, "circles", "start", *SHOWN, "s/day", "CPU s/day", "peak MB"):
        table.add_column(column, justify="right")
    for r in points:
        phases = (f"{r['phases'][name]:.2f}" for name in SHOWN)
        head = f"{r['number']:,}", f"{r['circles']}", f"{r['start']:.1f}"
        table.add_row(*head, *phases, f"{r['day']:.3f}", f"{r['cpu']:.3f}", f"{r['peak'] / 1e6:,.0f}")
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def verdicts(part: str, points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The bars of the project that these measurements can judge. `publish` holds the rebuild of the lists of who sees
    what."""
    found = [("log-log slope of a day's CPU time", slope(points), MAX_SLOPE)] if len(points) > 1 else []
    most = points[-1]
    if part == "shops":
        found.append(
            (f"a month's publish with {most['number']:,} shops, s", most["phases"]["publish"], MAX_PUBLISH)
        )
    return [{"part": part, "what": w, "value": v, "bar": bar, "clears": v <= bar} for w, v, bar in found]


def measure(part: str, numbers: list[int], people: int, threads: int, repeat: int) -> list[dict[str, Any]]:
    """Every city in its own process; of `repeat` rounds through all of them each one's fastest."""
    rounds: dict[int, list[dict[str, Any]]] = {n: [] for n in numbers}
    for turn in range(repeat):
        for n in numbers:
            print(f"  {part}: {n} ({turn + 1}/{repeat})", file=sys.stderr, flush=True)
            child = ("benchmarks.cities", "--worker", part, "--numbers", n, "--people", people)
            rounds[n].append(call(*child, threads=threads))
    return [min(some, key=lambda r: r["cpu"]) for some in rounds.values()]


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cities", description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=GROWS, default=list(GROWS))
    parser.add_argument(
        "--numbers", type=int, nargs="+", metavar="N", help="times as many shops, or platforms"
    )
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--repeat", type=int, default=1, help="rounds; the fastest counts, as others use the machine"
    )
    parser.add_argument("--quick", action="store_true", help="the three smallest cities of each part")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a bar is missed")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--worker", choices=GROWS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        worker(options.worker, options.numbers[0], options.people)
        return 0

    results, bars = [], []
    for part in options.parts:
        numbers = options.numbers or list(GROWS[part][0][: 3 if options.quick else None])
        try:
            points = measure(part, numbers, options.people, options.threads, options.repeat)
        except ChildFailed as error:
            print(f"{part}: {error}", file=sys.stderr)
            return 1
        show(part, points)
        bars += verdicts(part, points)
        results += [r | {"part": part} for r in points]
    missed = report(results, bars, options.json)
    return int(options.strict and missed)


if __name__ == "__main__":
    sys.exit(main())
