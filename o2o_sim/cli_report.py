"""The commands that make something of a finished run: a page to forward, and its pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .cli_app import command, progress_bar, say_look
from .errors import keeping

Run = Annotated[
    Path, typer.Argument(metavar="RUN_DIR", help="The folder of a finished run.", show_default=False)
]


@command("o2o-sim report runs/town -o town.html --open")
def report(
    run: Run,
    other: Annotated[
        Path | None,
        typer.Argument(
            metavar="[RUN_DIR_B]", help="Another run, to be set beside the first.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write; by default report.html here.", show_default=False),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write one HTML file that says what a run found, with its map to replay; it needs no network.

    With two folders it says first what differs, and shows both maps with one scrubber.
    """
    with keeping("No report was written."):
        written = write(run, other, out or Path("report.html"))
    if not open_:
        say_look(written)
    else:
        import webbrowser

        webbrowser.open(written.absolute().as_uri())


def write(run: Path, other: Path | None, out: Path) -> Path:
    """Write a report and say where it lies and how large it is."""
    from .show.report import write_report
    from .terminal import say

    written = write_report(run, other, out=out)
    size = written.stat().st_size / 1e6
    say(f"{written} ({size:.1f} MB)")
    return written


@command("o2o-sim plot runs/town")
def plot(
    run: Run,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Draw the pictures of a finished run into its folder, after --no-plots or when they were deleted.

    The city map can be drawn only while the city runs. Pictures of a study are drawn by its own command, which
    repeats no run.
    """
    from .show.plots import draw_later
    from .terminal import say

    with progress_bar(quiet) as bar, keeping("The pictures that were there are as they were."):
        drawn = draw_later(run, bar.picture if bar else None)
    say(f"{len(drawn)} pictures in {run / 'plots'}")


@command("o2o-sim lives runs/town")
def lives(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN_DIR...", help="Folders of finished runs of one scenario.", show_default=False
        ),
    ],
) -> None:
    """Say how shops lived: how their sales moved, which left, how long newcomers lasted, how soon places were taken.

    Beside each figure stands that of 5,493 real venues, computed in the same way. Several runs of one scenario (other
    seeds) are taken together, which makes the figures surer. Those about exits need two years.
    """
    from .errors import ScenarioError
    from .record.archive import load_run
    from .record.vital import joined, of_run
    from .show.tables_lives import lives_tables
    from .terminal import console

    results = [load_run(folder) for folder in runs]
    each = [of_run(result.frames) for result in results]
    for folder, found in zip(runs[1:], each[1:]):
        if found.months != each[0].months:
            raise ScenarioError(
                f"has {found.months} months, {runs[0]} has {each[0].months}: runs that are taken together must be equally long",
                file=str(folder),
            )
    out = console()
    for part in lives_tables(joined(each), results):
        out.print(part)
