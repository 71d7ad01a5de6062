"""The commands that ask questions of many runs: compare, sweep, explain, find, sensitivity, claims."""

from __future__ import annotations

import contextlib
import inspect
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .cli_app import NoPlots, Set, command, say_look, say_next
from .errors import keeping

if TYPE_CHECKING:
    from .studies.work import Work


class By(StrEnum):
    """How changed keys are taken together."""

    group = "group"
    key = "key"


Scenarios = Annotated[
    list[Path],
    typer.Argument(
        metavar="A.yaml B.yaml...", help="Scenario files, or names of shipped ones.", show_default=False
    ),
]
StudyFile = Annotated[
    Path,
    typer.Argument(metavar="STUDY", help="A study file, or the name of a shipped one.", show_default=False),
]
Out = Annotated[
    Path | None, typer.Option(help="Folder of the study; by default one under runs/.", show_default=False)
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Processes on this machine; one per core if not said.", show_default=False),
]
ClusterAt = Annotated[
    str | None, typer.Option("--cluster", metavar="ADDRESS", help="Dask cluster: tcp://HOST:PORT, or local.")
]
Shard = Annotated[str | None, typer.Option(metavar="I/N", help="Do the I-th of N equal parts only.")]
Retry = Annotated[bool, typer.Option("--retry", help="Run again what failed before.")]
NoPlugins = Annotated[bool, typer.Option("--no-plugins", help="Refuse to run plugins.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar, no tables.")]
Replicates = Annotated[int | None, typer.Option(min=1, help="Runs of each scenario.", show_default=False)]


@contextlib.contextmanager
def working(
    quiet: bool,
    workers: int | None,
    cluster: str | None,
    shard: str | None,
    retry: bool,
    no_plugins: bool,
    no_plots: bool,
) -> Iterator[Work]:
    """How the runs are carried out, with a bar on stderr that shows them and the time left. Who stops them is told
    what is kept."""
    from . import processes
    from .errors import ScenarioError

    if not cluster:
        with contextlib.suppress(OSError):  # of which the start of a worker tells
            processes.serve(processes.RUNS)  # gets ready while this process reads what is asked
    from .studies.work import Work, parse_shard

    if cluster and shard:
        raise ScenarioError("is for job arrays; a cluster divides the work itself", file="--shard")
    with _bar(quiet) as (progress, drawing):
        part = parse_shard(shard) if shard is not None else (1, 1)
        chosen: dict[str, Any] = {"workers": workers, "cluster": cluster, "shard": part}
        chosen |= {"plugins": not no_plugins, "retry": retry, "plots": not no_plots}
        with Work(**chosen, progress=progress, drawing=drawing) as work, keeping(lambda: work.kept):
            yield work


@contextlib.contextmanager
def _bar(quiet: bool) -> Iterator[Any]:
    if quiet:
        yield (lambda done, total, failed: None), None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from .terminal import console

    shown = console(err=True)
    if not shown.is_terminal:
        yield _Lines(), None
        return
    said = TextColumn("{task.description} {task.completed:.0f} of {task.total:.0f} {task.fields[what]}")
    left = TimeRemainingColumn(compact=True, elapsed_when_finished=True)
    with Progress(said, BarColumn(), left, console=shown, transient=True) as bar:
        task = bar.add_task("Simulating", total=0, start=False, what="runs")
        before: list[int] = []

        def report(done: int, total: int, failed: int) -> None:
            if not before or total != before[0]:
                # What was there already says nothing of how long a run takes.
                before[:] = [total]
                bar.reset(task, total=total, completed=done, start=True)
            bar.update(task, completed=done, what=f"runs, {failed} failed" if failed else "runs")

        def draw(done: int, pictures: int, name: str) -> None:
            if not done:
                bar.reset(task, total=pictures, description="Drawing", what="pictures")
            bar.update(task, completed=done)

        yield report, draw


class _Lines:
    """Progress for the log of a job: a line at every twentieth of the runs."""

    def __init__(self) -> None:
        self.total, self.first, self.told, self.began = 0, 0, 0, 0.0

    def __call__(self, done: int, total: int, failed: int) -> None:
        if total != self.total:
            self.total, self.first, self.told, self.began = total, done, done, time.monotonic()
        if done - self.told < max(total / 20, 1) and not self.told < done == total:
            return
        self.told = done
        from .terminal import say

        seconds = (time.monotonic() - self.began) / (done - self.first) * (total - done)
        bad = f", {failed} failed" if failed else ""
        say(f"{done} of {total} runs{bad}, {seconds / 60:.0f} min left", err=True)


TABLES = ("claims.md", "stores_changed.csv", "saved.csv", "find.csv", "boxes.csv", "sobol.csv", "morris.csv", "summary.csv",
          "replicates.csv", "runs.parquet")  # fmt: skip
"""Files of studies, the one that tells most of what was asked first."""


def look_at(found: Asked) -> Path | None:
    """The one file to look at after a study: its first picture, if it was drawn, else the table that tells most."""
    folder = found.results.folder
    drawn = [folder / "plots" / f"{name}.png" for name in found.pictures()]
    return next((file for file in [*drawn, *(folder / name for name in TABLES)] if file.is_file()), None)


def show(found: Asked, quiet: bool) -> None:
    """Print what a study found and what to look at next, and on the last line where it lies; quietly: that,
    and what failed (stderr)."""
    from .terminal import console, say

    results = found.results
    if quiet and len(results.failures):
        say(f"{len(results.failures)} of {len(results.runs)} runs failed", err=True)
    if not quiet:
        out = console()
        for part in found.tables():
            out.print(part)
        if (file := look_at(found)) is not None:
            say_look(file)
    say(str(results.folder))


def still_missing(quiet: bool) -> None:
    """Say that this part is done, and others are not."""
    if not quiet:
        from .terminal import say

        say("This part is done. Runs of other parts are still missing; the same command without --shard")
        say("does what is left and shows what was found.")


How = dict[str, Any]
"""What every question hands on to the function that answers it: out, overrides, work."""
Asked = Any
"""What was found, a `Shown`; None while runs of other shards are missing."""


def question(example: str) -> Callable[[Callable[..., Asked]], Callable[..., None]]:
    """Register a command that asks a question of many runs, with the options that all of them have."""

    def register(ask: Callable[..., Asked]) -> Callable[..., None]:
        def answer(
            *,
            out: Out = None,
            set_: Set = None,
            workers: Workers = None,
            cluster: ClusterAt = None,
            shard: Shard = None,
            retry: Retry = False,
            no_plugins: NoPlugins = False,
            no_plots: NoPlots = False,
            quiet: Quiet = False,
            **own: Any,
        ) -> None:
            with working(quiet, workers, cluster, shard, retry, no_plugins, no_plots) as work:
                found = ask(**own, how={"out": out, "overrides": set_ or (), "work": work})
            with keeping(lambda: work.kept):
                if found is None:
                    still_missing(quiet)
                else:
                    show(found, quiet)

        # Typer reads the options off the signature: first those of the question, then those of all.
        mine, all_have = (inspect.signature(f, eval_str=True).parameters.values() for f in (ask, answer))
        shown = [p for p in (*mine, *all_have) if p.name not in ("how", "own")]
        shown = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in shown]
        answer.__name__, answer.__doc__ = ask.__name__, ask.__doc__
        answer.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
        answer.__annotations__ = {p.name: p.annotation for p in shown}
        return command(example)(answer)

    return register


@question("o2o-sim compare base rent_squeeze --replicates 20")
def compare(
    files: Scenarios,
    replicates: Replicates = None,
    until_width: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC=W", help="Add pairs until the 95 % interval is this narrow; may be repeated."
        ),
    ] = None,
    most: Annotated[int, typer.Option(min=2, help="With --until-width: pairs at which it gives up.")] = 200,
    *,
    how: How,
) -> Asked:
    """Run scenarios in pairs with the same seeds and say what differs from the first, and how surely."""
    from .errors import ScenarioError
    from .studies.comparison import compare as run

    if replicates and until_width:
        raise ScenarioError("cannot be used together with --replicates", file="--until-width")
    widths = dict(_width(text) for text in until_width or ())
    return run(files, replicates=replicates, until_width=widths, most=most, **how)


def _width(text: str) -> tuple[str, float]:
    from .errors import ScenarioError

    metric, equals, width = text.rpartition("=")
    try:
        number = float(width)
    except ValueError:
        number = -1.0
    if not equals or not metric or not 0 < number < float("inf"):
        raise ScenarioError(f"must be written METRIC=WIDTH, found {text!r}", file="--until-width")
    return metric, number


@question("o2o-sim replicate town --replicates 30")
def replicate(
    file: Annotated[
        Path, typer.Argument(metavar="SCENARIO", help="A scenario file or shipped name.", show_default=False)
    ],
    replicates: Replicates = None,
    *,
    how: How,
) -> Asked:
    """Run a scenario with many seeds, and say how its figures vary and how surely their means are known."""
    from .studies.replicates import replicate as run

    return run(file, replicates=replicates, **how)


@question("o2o-sim sweep levers --report")
def sweep(
    study: StudyFile,
    replicates: Replicates = None,
    report: Annotated[
        bool, typer.Option("--report", help="Draw curves, heat maps and the outcome map.")
    ] = False,
    *,
    how: How,
) -> Asked:
    """Run a base scenario at every point of a design, and write one tidy table of what came out."""
    from .studies.sweeps import sweep as run

    return run(study, replicates=replicates, report=report, **how)


@question("o2o-sim explain base subsidy_war")
def explain(
    a: Annotated[
        Path, typer.Argument(metavar="A.yaml", help="The scenario to start from.", show_default=False)
    ],
    b: Annotated[Path, typer.Argument(metavar="B.yaml", help="The scenario to explain.", show_default=False)],
    replicates: Replicates = None,
    by: Annotated[By, typer.Option(help="Take changed keys in groups, or each by itself.")] = By.group,
    join: Annotated[
        list[str] | None,
        typer.Option(metavar="GROUP,GROUP", help="Take groups together; may be given several times."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="A metric to explain, instead of the headline figures; may be repeated."),
    ] = None,
    *,
    how: How,
) -> Asked:
    """Say how much of the difference between two scenarios is due to which change, and what would have saved
    the stores that close in the second alone."""
    from .studies.explanation import explain as run

    joined = [[name.strip() for name in text.split(",")] for text in join or ()]
    return run(a, b, replicates=replicates, by=by.value, join=joined, metrics=metric, **how)


@question("o2o-sim find my_study.yaml")
def find(
    study: StudyFile,
    *,
    how: How,
) -> Asked:
    """Seek the value of a factor that reaches a target, or the conditions under which a metric passes a
    line."""
    from .studies.search import find as run

    return run(study, **how)


@question("o2o-sim sensitivity my_study.yaml")
def sensitivity(
    study: StudyFile,
    *,
    how: How,
) -> Asked:
    """Say which factors of a study matter: Morris screening, then Sobol indices."""
    from .studies.screening import sensitivity as run

    return run(study, **how)


@question("o2o-sim claims C01 C20 --replicates 10")
def claims(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID...", help="Numbers of claims, like C07; all if none.", show_default=False),
    ] = None,
    replicates: Replicates = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--claims",
            help="The folder of the claims' files; the shipped claims by default.",
            show_default=False,
        ),
    ] = None,
    *,
    how: How,
) -> Asked:
    """Put claims to the test: paired runs of base and treatment, the effect with its interval, and the
    verdict."""
    from .studies.claims import run_claims

    return run_claims(ids or (), claims=folder, replicates=replicates, **how)


@command('o2o-sim why runs/base "restaurant row 16"')
def why(
    run: Annotated[
        Path, typer.Argument(metavar="RUN_DIR", help="The folder of a finished run.", show_default=False)
    ],
    store: Annotated[str, typer.Argument(metavar="STORE", help="The store's name.", show_default=False)],
) -> None:
    """Tell the life of one store: what it saw, considered and decided, its profit and loss, and what ended
    it."""
    from .record.archive import load_run
    from .record.life import life_of
    from .show.tables_life import life_tables
    from .terminal import Text, console

    found = load_run(run)
    life = life_of(store, found.frames)
    out = console(width=120)
    for part in life_tables(life):
        out.print(part)
    for line in found.bounds(store):
        out.print(Text(line))
    say_next("o2o-sim", "report", run, "--open")
