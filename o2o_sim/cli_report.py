"""The command that makes a page of a finished run to forward: report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .cli_app import command, say_look


@command("o2o-sim report runs/town -o town.html --open")
def report(
    run: Annotated[
        Path, typer.Argument(metavar="RUN_DIR", help="The folder of a finished run.", show_default=False)
    ],
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
    written = write(run, other, out or Path("report.html"))
    if not open_:
        say_look(written)
    else:
        import webbrowser

        webbrowser.open(written.absolute().as_uri())


def write(run: Path, other: Path | None, out: Path) -> Path:
    """Write a report and say where it lies and how large it is."""
    from .scenario.textfile import printable
    from .show.report import write_report

    written = write_report(run, other, out=out)
    size = written.stat().st_size / 1e6
    typer.echo(f"{printable(str(written))} ({size:.1f} MB)")
    return written
