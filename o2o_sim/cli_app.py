"""What every command of `o2o-sim` shares: the application they register with, and how their faults end.

Exit codes: 0 done; 2 an input that the user can correct; 1 a fault of ours; 130 stopped with Ctrl-C; 143 stopped by
SIGTERM.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from .errors import Problem

BAD_INPUT, OUR_FAULT, INTERRUPTED = 2, 1, 130

app = typer.Typer(
    name="o2o-sim",
    help="Simulate a city's shops and platforms: which stores survive, integrate with online, or close.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY.PATH=VALUE", help="Change one key; may be given several times."),
]


def command(example: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a command whose help ends with `example` and whose faults become exit codes."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            from .record.runlog import logged

            with logged(shlex.join(["o2o-sim", *sys.argv[1:]]), terminal=True), _warnings_shown():
                return _guard(lambda: function(*args, **kwargs))

        app.command(epilog=f"Example: {example}", **options)(guarded)
        return function

    return register


def _guard(work: Callable[[], Any]) -> Any:
    from .errors import ScenarioError

    try:
        return work()
    except ScenarioError as error:
        show_problems(error.problems)
        raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt as stop:
        typer.echo(str(stop) or "Stopped.", err=True)
        raise typer.Exit(getattr(stop, "code", INTERRUPTED)) from None
    except BrokenPipeError:
        # The reader of our output has closed it; writing the rest must not fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(OUR_FAULT) from None
    except typer.Exit:
        raise
    except Exception as fault:
        # Typer's own errors (a bad option) know how to show themselves.
        if hasattr(fault, "exit_code"):
            raise
        _own_up(fault)
        raise typer.Exit(OUR_FAULT) from None


@contextlib.contextmanager
def _warnings_shown() -> Iterator[None]:
    """Show what should be changed in scenario files on stderr, each place once; other warnings as ever."""
    import warnings

    from .errors import ScenarioWarning

    shown: set[Problem] = set()
    usual = warnings.showwarning

    def show(message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
        if not isinstance(message, ScenarioWarning):
            usual(message, category, *where, **more)
        elif message.problem not in shown:
            shown.add(message.problem)
            _print([message.problem], "bold yellow", "warning: ")

    with warnings.catch_warnings():
        warnings.simplefilter("always", ScenarioWarning)
        warnings.showwarning = show
        yield


def _own_up(fault: Exception) -> None:
    import traceback

    text = "".join(traceback.format_exception(fault))
    typer.echo(
        "This is a fault of o2o-sim, not of your scenario. Please report it with these lines:", err=True
    )
    typer.echo(f"o2o-sim {__version__}, Python {sys.version.split()[0]}, {sys.platform}", err=True)
    typer.echo(text, err=True)


def say_next(*command: object) -> None:
    """Name the one command to give next, as it can be typed."""
    from .scenario.textfile import printable

    typer.echo(f"Next: {printable(shlex.join(map(str, command)))}")


def say_look(file: Path) -> None:
    """Name the one file to look at next."""
    from .scenario.textfile import printable

    typer.echo(f"Next: look at {printable(str(file))}")


def show_problems(problems: list[Problem]) -> None:
    """Print problems to stderr."""
    _print(problems, "bold red")


def _print(problems: list[Problem], style: str, prefix: str = "") -> None:
    """As they are: brackets in them are no markup, and long lines stay whole."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for problem in problems:
        head, _, rest = str(problem).partition("\n")
        console.print(Text(prefix + head, style=style), Text(rest), sep="\n" if rest else "")
