"""Where the time of a run goes: processor seconds of its start, of each phase of the day, of writing and drawing.

    python -m benchmarks.profile                                  base, town and classroom, three runs of each
    python -m benchmarks.profile scenarios/town.yaml --days 60 --set population=20000
    python -m benchmarks.profile --runs 5 --threads 1 --json out.json

Each run has a process of its own, after one that is not counted and that compiles; the table shows medians. Seconds of
threads that work at once are added up, so that the figures hardly depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.child import ROOT, call

SCENARIOS = ("base", "town", "classroom")
IMPORTS = ("o2o_sim.studies.run", "o2o_sim.border.trial", "o2o_sim.record.archive")
DRAWING = "o2o_sim.show.plots"
PARTS = {
    "read the scenario": ("o2o_sim.studies.variant", "Variant.spec"),
    "try plugins out": ("o2o_sim.border.trial", "try_out"),
    "build the city": ("o2o_sim.model", "O2OModel.__init__"),
    "days": ("o2o_sim.model", "O2OModel.run"),
    "replay": ("o2o_sim.studies.run", "_Recording.take"),
    "make tables": ("o2o_sim.model", "O2OModel.results"),
    "write": ("o2o_sim.record.archive", "write_run"),
    "draw": (DRAWING, "draw_all"),
}
"""What is timed, and the function that does it; the phases of the day stand among them by their own names. Time in a
part that another one calls counts as that one's alone."""


class Clock:
    """Processor seconds by part; of parts within each other the inner one's are its alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._open: list[str] = []
        self._since = 0.0  # the processor time of this process began with it

    def _turn(self) -> None:
        now = time.process_time()
        part = self._open[-1] if self._open else "the rest"
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self._since
        self._since = now

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """What is done inside belongs to a part."""
        self._turn()
        self._open.append(name)
        try:
            yield
        finally:
            self._turn()
            self._open.pop()

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, as a part."""

        @functools.wraps(function)
        def call(*given: Any, **named: Any) -> Any:
            with self.part(name):
                return function(*given, **named)

        return call

    def watch(self, name: str, module: str, path: str) -> None:
        """Time a function or method wherever it is called by its name."""
        owner: Any = importlib.import_module(module)
        *classes, last = path.split(".")
        for each in classes:
            owner = getattr(owner, each)
        setattr(owner, last, self.timed(name, getattr(owner, last)))


def measure(scenario: str, overrides: list[str], pictures: bool) -> dict[str, float]:
    """In the child: one run, and the processor seconds of its parts."""
    clock = Clock()
    with clock.part("imports"):
        for module in IMPORTS:
            importlib.import_module(module)
    with clock.part("imports to draw"):
        if pictures:
            importlib.import_module(DRAWING)
    from o2o_sim.model import O2OModel
    from o2o_sim.studies.run import run

    for name, (module, path) in PARTS.items():
        if pictures or module != DRAWING:
            clock.watch(name, module, path)
    steps = O2OModel.run

    @functools.wraps(steps)
    def by_phase(model: O2OModel, *given: Any, **named: Any) -> Any:
        model.schedule = [(name, clock.timed(name, phase)) for name, phase in model.schedule]
        return steps(model, *given, **named)

    O2OModel.run = by_phase  # type: ignore[method-assign, assignment]
    with tempfile.TemporaryDirectory() as folder:
        run(scenario, out=Path(folder) / "run", overrides=overrides, plots=pictures)
    with clock.part("whole run"):
        pass
    return {**clock.seconds, "whole run": time.process_time()}


def table(found: dict[str, list[dict[str, float]]]) -> str:
    """Medians in seconds, a row per part and a column per scenario."""
    parts = list(dict.fromkeys(part for runs in found.values() for run in runs for part in run))
    parts.sort(key=lambda part: part in ("the rest", "whole run"))
    wide = max(len(part) for part in parts)
    lines = [" " * wide + "".join(f"{Path(name).stem:>14.14}" for name in found)]
    for part in parts:
        values = [median(run.get(part, 0.0) for run in runs) for runs in found.values()]
        lines.append(f"{part:<{wide}}" + "".join(f"{value:14.2f}" for value in values))
    return "\n".join(lines)


def main() -> None:
    """Profile each scenario and show the table."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("scenarios", nargs="*", default=SCENARIOS, help="files, or names of shipped scenarios")
    ask.add_argument("--days", type=int)
    ask.add_argument("--set", action="append", default=[], metavar="KEY.PATH=VALUE", dest="overrides")
    ask.add_argument("--runs", type=int, default=3, help="runs of each scenario that are counted")
    ask.add_argument("--threads", type=int, default=2)
    ask.add_argument("--no-pictures", action="store_true")
    ask.add_argument("--json", type=Path)
    ask.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    said = ask.parse_args()
    overrides = [*said.overrides, *([f"days={said.days}"] if said.days else [])]
    if said.child:
        print(json.dumps(measure(said.scenarios[0], overrides, not said.no_pictures)))
        return
    options = [part for text in overrides for part in ("--set", text)]
    options += ["--no-pictures"] if said.no_pictures else []
    found: dict[str, list[dict[str, float]]] = {}
    for scenario in said.scenarios:
        name = str(Path(scenario).resolve()) if Path(scenario).is_file() else scenario
        runs = [
            call("benchmarks.profile", name, "--child", *options, threads=said.threads)
            for _ in range(said.runs + 1)
        ]
        found[scenario] = runs[1:]
        print(f"{scenario}: {len(runs) - 1} runs", file=sys.stderr)
    print(f"Processor seconds of a run, medians of {said.runs}; {said.threads} threads\n\n{table(found)}")
    if said.json is not None:
        said.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
