"""The package against another copy of its code, as it was before: how long the shop phase and whole runs take.

    git worktree add ../before COMMIT
    python -m benchmarks.before --code ../before
    python -m benchmarks.before --code ../before --scenarios base --days 365 --repeat 9 --threads 1 --json out.json

Each round runs every scenario with either code, one after the other, so that both see the same machine; told is the median over
rounds of the ratio of this code to the other, by the clock and by CPU time, which others on the machine move least.
Each measurement is a process of its own. What is compiled is kept from a first round, which does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve()
DAYS = {"base": 120, "town": 365, "classroom": 365}
BARS = {("base", "shop"): 1 / 3, ("base", "days"): 0.45, ("town", "days"): 0.5, ("classroom", "command"): 0.5}
PARTS = {
    "shop": "the shop phase",
    "days": "a run from Python: the city built, all its days",
    "command": "`o2o-sim run`: start, run, files, pictures",
}
Seconds = dict[str, dict[str, float]]


def worker(scenario: str, days: int) -> None:
    """In a process with the code to measure: run a scenario and print what it took as a line of JSON."""
    from o2o_sim import O2OModel, load_scenario

    spec = load_scenario(scenario, [f"days={days}"])
    clock, cpu = time.perf_counter(), time.process_time()
    model = O2OModel(spec)
    spent = {"clock": 0.0, "cpu": 0.0}

    def timed(phase: Any) -> Any:
        def run(given: Any) -> None:
            clock, cpu = time.perf_counter(), time.process_time()
            phase(given)
            spent["clock"] += time.perf_counter() - clock
            spent["cpu"] += time.process_time() - cpu

        return run

    model.schedule = [(name, timed(phase) if name == "shop" else phase) for name, phase in model.schedule]
    model.run()
    whole = {"clock": time.perf_counter() - clock, "cpu": time.process_time() - cpu}
    print(json.dumps({"shop": spent, "days": whole}))


def measure(code: Path, scenario: str, days: int, threads: int) -> Seconds:
    """What a scenario takes with the code of a folder, by part and clock."""
    # Not up there: the worker has the benchmarks of the other code.
    from benchmarks.child import with_byte_code

    file = str(code / "scenarios" / f"{scenario}.yaml")
    environment = {**with_byte_code(), "PYTHONPATH": str(code), "NUMBA_NUM_THREADS": str(threads)}
    given = {"cwd": code, "env": environment, "capture_output": True, "text": True, "check": True}
    command = [sys.executable, str(HERE), "--worker", "--scenarios", file, "--days", str(days)]
    found = json.loads(subprocess.run(command, **given).stdout.splitlines()[-1])  # type: ignore[call-overload]
    with tempfile.TemporaryDirectory() as folder:
        began, before = time.perf_counter(), os.times()
        command = [
            sys.executable,
            "-m",
            "o2o_sim",
            "run",
            file,
            "--days",
            str(days),
            "--out",
            f"{folder}/run",
        ]
        subprocess.run(command, **given)  # type: ignore[call-overload]
        clock, after = time.perf_counter() - began, os.times()
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return {**found, "command": {"clock": clock, "cpu": cpu}}


def compare(code: Path, scenarios: dict[str, int], repeat: int, threads: int) -> list[dict[str, Any]]:
    """Rounds over all scenarios with either code; a row for each scenario and part."""
    codes = {"before": code.resolve(), "now": HERE.parent.parent}
    taken: dict[tuple[str, str], list[Seconds]] = {(s, c): [] for s in scenarios for c in codes}
    for turn in range(repeat + 1):
        for scenario, days in scenarios.items():
            for name, folder in codes.items():
                print(f"  {scenario}, {name} ({turn}/{repeat})", file=sys.stderr, flush=True)
                seconds = measure(folder, scenario, days if turn else 2, threads)
                if turn:
                    taken[scenario, name].append(seconds)
    rows = []
    for scenario, days in scenarios.items():
        for part in PARTS:
            row: dict[str, Any] = {"scenario": scenario, "days": days, "part": part}
            for by in ("cpu", "clock"):
                before, now = ([s[part][by] for s in taken[scenario, name]] for name in codes)
                row[by] = {"before": median(before), "now": median(now)}
                row[by]["ratio"] = median(b / a for a, b in zip(before, now))
            row["bar"] = BARS.get((scenario, part))
            rows.append(row)
    return rows


def show(rows: list[dict[str, Any]], threads: int) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"This code against that of before, {threads} threads", title_justify="left")
    for column in ("scenario", "days", "part"):
        table.add_column(column)
    for column in ("CPU s before", "now", "ratio", "s before", "now", "ratio", "bar"):
        table.add_column(column, justify="right")
    for r in rows:
        figures = (f"{r[by][k]:.2f}" for by in ("cpu", "clock") for k in ("before", "now", "ratio"))
        bar = (
            ""
            if r["bar"] is None
            else f"<= {r['bar']:.2f} {'ok' if r['cpu']['ratio'] <= r['bar'] else 'missed'}"
        )
        table.add_row(r["scenario"], str(r["days"]), PARTS[r["part"]], *figures, bar)
    Console(width=None if sys.stdout.isatty() else 150).print(table)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.before", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--code", type=Path, metavar="FOLDER", help="the other copy: a checkout of the repository"
    )
    parser.add_argument("--scenarios", nargs="+", default=list(DAYS), metavar="NAME")
    parser.add_argument("--days", type=int, help="days to simulate (default: " + str(DAYS) + ")")
    parser.add_argument("--repeat", type=int, default=5, help="rounds that count")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--strict", action="store_true", help="exit 1 if a bar is missed, by CPU time")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        worker(options.scenarios[0], options.days)
        return 0
    if options.code is None or not (options.code / "o2o_sim").is_dir():
        parser.error(
            f"--code must be a checkout of the repository, with a folder o2o_sim in it; it is {options.code}"
        )
    scenarios = {name: options.days or DAYS.get(name, 120) for name in options.scenarios}
    try:
        rows = compare(options.code, scenarios, options.repeat, options.threads)
    except subprocess.CalledProcessError as error:
        print("\n".join([f"failed: {' '.join(error.cmd)}", *error.stderr.splitlines()[-5:]]), file=sys.stderr)
        return 1
    show(rows, options.threads)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return int(options.strict and any(r["bar"] and r["cpu"]["ratio"] > r["bar"] for r in rows))


if __name__ == "__main__":
    sys.exit(main())
