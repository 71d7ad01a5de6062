"""How long the command takes to answer, and whether a second run still compiles.

python -m benchmarks.startup [--runs 9] [--scenario FILE] [--json FILE]
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

from benchmarks.child import ROOT, begin_with_byte_code

SCENARIO = Path(__file__).with_name("bench.yaml")
SMALL = ("--set", "population=1000", "--days", "3", "--quiet")
MAX_HELP = 2.0
SIMULATOR = (sys.executable, "-m", "o2o_sim")
HELP = (*SIMULATOR, "--help")
LIBRARIES = (sys.executable, "-c", "import typer, rich")
# Imports that a command which computes nothing must not make.
HEAVY = ("numpy", "numba", "mesa", "pandas", "matplotlib", "scipy", "pyarrow", "networkx")


def seconds(command: tuple[str, ...], environment: dict[str, str] | None = None) -> float:
    """Wall time of a command that must succeed."""
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    spent = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr.strip()[-500:]}")
    return spent


def help_time(runs: int) -> dict[str, float]:
    """Median times of --help and of importing what any such command imports, taken in turn."""
    seconds(HELP), seconds(LIBRARIES)  # write the byte code first
    times = [(seconds(HELP), seconds(LIBRARIES)) for _ in range(runs)]
    ours, theirs = (median(column) for column in zip(*times))
    return {"help": ours, "libraries": theirs, "ratio": ours / theirs}


def heavy_imports() -> list[str]:
    """Which of HEAVY the help imports."""
    done = subprocess.run(
        (sys.executable, "-X", "importtime", *HELP[1:]), cwd=ROOT, capture_output=True, text=True
    )
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    return [name for name in HEAVY if name in loaded]


def compiling(scenario: Path) -> dict[str, object]:
    """Run a tiny scenario in an empty cache, then again: times, and the compiled files each run wrote."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        # Rules of a user may be kept in his cache folder, the package's own loops where Numba is told to.
        environment = dict(os.environ, NUMBA_CACHE_DIR=str(cache / "numba"), XDG_CACHE_HOME=str(cache))
        result: dict[str, object] = {}
        known: dict[Path, int] = {}
        for turn in ("first", "second"):
            command = (*SIMULATOR, "run", str(scenario), *SMALL, "--out", str(Path(folder) / turn))
            result[turn] = seconds(command, environment)
            now = {path: path.stat().st_mtime_ns for path in cache.rglob("*.nb?")}
            result[f"{turn}_wrote"] = sum(known.get(path) != at for path, at in now.items())
            known = now
    return result


def main(arguments: list[str] | None = None) -> int:
    """The command. Exit code 1 if the help is slow or heavy, or if the second run compiles."""
    if arguments is None:
        begin_with_byte_code()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--scenario", type=Path, default=SCENARIO)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)

    start, heavy = help_time(options.runs), heavy_imports()
    print(
        f"o2o-sim --help {start['help']:.3f} s, import typer, rich {start['libraries']:.3f} s: "
        f"{start['ratio']:.2f}x (under {MAX_HELP:g}x); heavy imports: {', '.join(heavy) or 'none'}"
    )
    runs = compiling(options.scenario.resolve())
    print(
        f"first run {runs['first']:.2f} s ({runs['first_wrote']} compiled files written), "
        f"second run {runs['second']:.2f} s ({runs['second_wrote']} written, must be 0)"
    )
    fine = start["ratio"] < MAX_HELP and not heavy and not runs["second_wrote"]
    if options.json:
        figures = {"start": start, "heavy_imports": heavy, "runs": runs, "fine": fine}
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(not fine)


if __name__ == "__main__":
    sys.exit(main())
