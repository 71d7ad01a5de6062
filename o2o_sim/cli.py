"""The command `o2o-sim`.

Only what every command needs is imported up here, so that `--help` answers at once.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import __version__, cli_streams
from .cli_app import (
    BAD_INPUT,
    INTERRUPTED,
    NoPlots,
    Set,
    app,
    command,
    import_at_once,
    progress_bar,
    say_look,
    say_next,
    show_problems,
)
from .errors import keeping

if TYPE_CHECKING:
    from .errors import Problem


NOTHING_WRITTEN = "Nothing was written. (With --checkpoint a run that is stopped can be gone on with.)"


class Engine(StrEnum):
    """How the shopping loop runs."""

    compiled = "compiled"
    python = "python"


Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="Scenario files, or names of shipped ones.", show_default=False),
]
File = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="A scenario file, or the name of a shipped one.", show_default=False),
]


@command("o2o-sim check town my_city.yaml")
def check(
    files: Files,
    set_: Set = None,
    no_plugins: Annotated[
        bool, typer.Option("--no-plugins", help="Leave plugins, and what is said for them, unchecked.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print problems only.")] = False,
) -> None:
    """Check scenario, study and claim files and show what each of them resolves to.

    Every problem of every file is reported, with its place and what to do. Plugins are imported for that.
    """
    from .errors import ScenarioError
    from .terminal import Text, console

    out = console()
    problems: list[Problem] = []
    for file in files:
        try:
            found = _summary(file, set_ or (), plugins=not no_plugins)
        except ScenarioError as error:
            problems += error.problems
            continue
        if not quiet:
            out.print(Text(f"{file}: ok", style="bold green"), soft_wrap=True)
            out.print(found)
    if not quiet and not problems:
        say_next("o2o-sim", *_use(files[0], set_ or ()))
    if problems:
        # A fault in a file that several extend is one fault.
        show_problems(list(dict.fromkeys(problems)))
        raise typer.Exit(BAD_INPUT)


def _use(file: Path, overrides: Sequence[str]) -> list[object]:
    """The command that a checked file is for, and what it is given."""
    from .scenario.load import resolve

    said = resolve(file, overrides).data
    if "claim" in said:
        from .studies.claim import load_claim

        return ["claims", load_claim(file).id, *(["--claims", file.parent] if file.exists() else [])]
    sets = [part for override in overrides for part in ("--set", override)]
    return ["sweep" if "base" in said else "run", file, *sets]


def _summary(file: Path, overrides: Sequence[str], *, plugins: bool) -> Any:
    """What a scenario resolves to, or which runs a study or a claim would make: a file with a `claim` is a
    claim, another one with a `base` a study."""
    import warnings

    from rich.console import Group

    from .city.survey import survey
    from .errors import ScenarioWarning
    from .scenario.describe import summary
    from .scenario.foresee import acting, slips, without_effect
    from .scenario.idle import idle_keys
    from .scenario.load import load_scenario, resolve
    from .studies.job import plug_in
    from .terminal import Text

    said = resolve(file, overrides).data
    if "claim" in said:
        from .show.tables_claims import claim_summary
        from .studies.claim import load_claim

        claim = load_claim(file)
        claim.points(overrides, plugins=plugins)
        return claim_summary(claim)
    if "base" not in said:
        spec = plug_in(load_scenario(file, overrides), plugins=plugins)
        for problem in (*idle_keys(spec), *slips(spec, survey(spec))):
            warnings.warn(ScenarioWarning(problem), stacklevel=2)
        return Group(summary(spec), *map(Text, (*acting(spec), *without_effect(spec))))
    from .show.tables_studies import study_summary
    from .studies.points import load_study
    from .studies.sweeps import points_of

    study = load_study(file, overrides)
    return study_summary(study, points_of(study, plugins=plugins))


def _foretell(file: Path, overrides: Sequence[str]) -> None:
    """Before a run: what changes by itself of what the scenario says, and which of the changes have no effect."""
    import warnings

    from .scenario.foresee import acting
    from .scenario.load import load_scenario
    from .studies.idle_changes import warn_of_overrides
    from .terminal import say

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the run itself warns of what the file says
        spec, plain = load_scenario(file, overrides), load_scenario(file) if overrides else None
    if plain is not None:
        warn_of_overrides(plain, spec)
    for line in acting(spec):
        say(line, err=True)


@command("o2o-sim run base --days 90 --set levers.rent_x=1.2")
def run(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="A scenario file, or the name of a shipped one.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of results to write; by default one under runs/.", show_default=False),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed, instead of the file's.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Number of days, instead of the file's.")] = None,
    set_: Set = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads; results do not depend on it.")] = None,
    engine: Annotated[Engine | None, typer.Option(help="Engine, instead of the file's.")] = None,
    no_plugins: Annotated[bool, typer.Option("--no-plugins", help="Refuse to run plugins.")] = False,
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DAYS_OR_FILE",
            help="Save the city every so many days (365), in a file (that of the folder, with .o2os behind it).",
        ),
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option("--from", metavar="STATE", help="Go on from a saved city, instead of a scenario."),
    ] = None,
    shards: Annotated[
        int | None,
        typer.Option(
            min=1, help="Divide the people of a huge city over so many processes.", show_default=False
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Divide them over the workers of a Dask cluster: tcp://HOST:PORT, or local.",
            show_default=False,
        ),
    ] = None,
    no_plots: NoPlots = False,
    report_: Annotated[
        bool, typer.Option("--report", help="Also write report.html into the folder, to be forwarded.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar, no tables.")] = False,
) -> None:
    """Simulate one scenario and say what became of its stores.

    With --checkpoint the city is saved on the way, and when you press Ctrl-C; --from goes on from there, also with
    keys changed by --set: what would have become of it?
    """
    from .terminal import console, say

    with keeping(NOTHING_WRITTEN):
        import_at_once("mesa", "o2o_sim.studies.run", "o2o_sim.border.trial", "o2o_sim.record.archive")
    from .studies.run import run as simulate

    if (file is None) == (from_ is None):
        raise typer.BadParameter("Give a scenario, or with --from a saved city to go on from.")
    from .show.artists import artists_ready

    where, every = _checkpoint(checkpoint or [])
    if file is not None and not quiet:
        with keeping(NOTHING_WRITTEN):
            _foretell(file, set_ or [])
    with artists_ready(not no_plots), progress_bar(quiet) as bar, keeping(NOTHING_WRITTEN):
        result = simulate(
            file,
            out=out,
            seed=seed,
            days=days,
            overrides=tuple(set_ or ()),
            threads=threads,
            engine=engine.value if engine else None,
            plugins=not no_plugins,
            progress=bar.day if bar else None,
            from_state=from_,
            checkpoint=where,
            checkpoint_days=every,
            plots=not no_plots,
            drawing=bar.picture if bar else None,
            shards=shards,
            cluster=cluster,
        )
    with keeping(f"The run is written: {result.folder}"):
        if not quiet:
            from .show.tables import outcome_tables

            shown = console()
            for table in outcome_tables(result):
                shown.print(table)
        if report_ and result.folder is not None:
            from .cli_report import write

            write(result.folder, None, result.folder / "report.html")
        if not quiet and result.folder is not None:
            if report_:
                say_look(result.folder / "report.html")
            else:
                say_next("o2o-sim", "report", result.folder, "--open")
        say(str(result.folder))


def _checkpoint(said: list[str]) -> tuple[Path | None, int | None]:
    """(file, days) of the option, which may be given once for each."""
    from .errors import ScenarioError

    files = [Path(text) for text in said if not text.isdecimal()]
    days = [int(text) for text in said if text.isdecimal()]
    numbers = any(re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?", str(file), re.I) for file in files)
    if numbers or len(files) > 1 or len(days) > 1 or 0 in days or Path("") in files:
        hint = "--checkpoint 90, --checkpoint town.o2os, or both"
        raise ScenarioError("must be a number of days from 1, or a file", file="--checkpoint", hint=hint)
    return next(iter(files), None), next(iter(days), None)


@command("o2o-sim schema > scenario.schema.json")
def schema(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A scenario whose plugins' settings it has, too."),
    ] = None,
) -> None:
    """Print the JSON Schema of scenario files, with which an editor completes and checks keys."""
    import json

    from .scenario.describe import json_schema

    settings = {}
    if file is not None:
        from .extend import Plugins
        from .scenario.load import load_scenario

        settings = Plugins(load_scenario(file)).offered()
    print(json.dumps(json_schema(settings), indent=2), flush=True)


@command("o2o-sim new my_city.yaml --from town", name="new")
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.", show_default=False)],
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="NAME", help="Extend this shipped file.", show_default=False),
    ] = None,
) -> None:
    """Write a small commented scenario to start from, or a file that extends a shipped one.

    `o2o-sim scenarios` lists the shipped ones. An existing file is left alone.
    """
    from .errors import ScenarioError
    from .scenario.describe import extending_text, starter_text
    from .scenario.shipped import advice, kind_of
    from .scenario.textfile import printable
    from .terminal import say

    shown = printable(str(file))
    kind = "scenario" if from_ is None else kind_of(from_)
    if kind is None:
        raise ScenarioError(f"nothing shipped is called {from_!r}", file="--from", hint=advice(from_ or ""))
    text = starter_text() if from_ is None else extending_text(from_)
    try:
        with open(file, "x", encoding="utf-8", newline="\n") as target:
            target.write(text)
    except FileExistsError:
        raise ScenarioError("is there already and was left alone", file=shown) from None
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or "this cannot be the name of a file"
        raise ScenarioError(f"cannot be written: {reason}", file=shown) from None
    following = {"scenario": "run", "study": "sweep", "claim": "check"}[kind]
    say(f"{shown} is written. Next: o2o-sim {following} {shown}")


@command("o2o-sim scenarios")
def scenarios() -> None:
    """List the shipped scenarios, studies and claims. Their names stand for files in all commands."""
    from .show.tables_shipped import shipped_tables
    from .terminal import console

    out = console()
    for table in shipped_tables():
        out.print(table)
    say_next("o2o-sim", "run", "town")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"o2o-sim {__version__}")
        raise typer.Exit()


@app.callback(epilog="Example: o2o-sim new my_city.yaml")
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options of all commands."""


from . import cli_report as _report  # noqa: E402, F401  their commands register themselves, after those above
from . import cli_show as _show  # noqa: E402, F401
from . import cli_studies as _more  # noqa: E402, F401


def main() -> None:
    """Carry out the command line; ends the process with an exit code."""
    cli_streams.prepare()
    try:
        app()
    except SystemExit as end:
        sys.exit(cli_streams.code_of(end.code if isinstance(end.code, int) else 0))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
