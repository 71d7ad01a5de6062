"""What every command of `o2o-sim` shares: the application they register with, and how their faults end.

Exit codes: 0 done; 2 an input that the user can correct, a disk that refuses, no memory left; 1 a fault of ours; 130
stopped with Ctrl-C; 143 stopped by SIGTERM; 141 done, but who read the output has gone.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from . import __version__, cli_stop

if TYPE_CHECKING:
    from datetime import date

    from .errors import Problem

BAD_INPUT, OUR_FAULT, INTERRUPTED = 2, 1, 130

COMPILING = "Compiling the simulation, once for each rule on this machine: this takes some 10 seconds."

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

NoPlots = Annotated[
    bool, typer.Option("--no-plots", help="Draw no pictures; o2o-sim plot FOLDER draws them later.")
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
    """Carry out a command, and turn what ends it into an exit code."""
    from .errors import ScenarioError
    from .machine import check_memory, of_machine

    try:
        with cli_stop.working():
            check_memory()
            done = work()
            if not cli_stop.asked():
                return done
            raise KeyboardInterrupt  # somebody's code has kept the signal to itself
    except ScenarioError as error:
        show_problems(error.problems)
        raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt as stop:
        _say_stopped(stop)
    except typer.Exit:
        raise
    except Exception as fault:
        # Typer's own errors (a bad option) know how to show themselves.
        if hasattr(fault, "exit_code"):
            raise
        if cli_stop.asked():  # what a library makes of a signal
            _say_stopped(fault)
        if problem := of_machine(fault):
            show_problems([problem])
            raise typer.Exit(BAD_INPUT) from None
        _own_up(fault)
        raise typer.Exit(OUR_FAULT) from None


def _say_stopped(fault: BaseException) -> NoReturn:
    from .terminal import say

    said = str(fault) if isinstance(fault, KeyboardInterrupt) else ""
    say(said or "Stopped.", err=True)
    raise typer.Exit(
        getattr(fault, "code", 128 + cli_stop.asked() if cli_stop.asked() else INTERRUPTED)
    ) from None


@contextlib.contextmanager
def _warnings_shown() -> Iterator[None]:
    """Show on stderr what should be changed in scenario files, each place once, and what we warn of ourselves; the
    warnings of libraries as ever."""
    import warnings

    from .errors import Problem, ScenarioWarning

    top = str(Path(__file__).parent)
    shown: set[Problem] = set()
    usual = warnings.showwarning

    def show(message: Any, category: type[Warning], filename: str, *where: Any, **more: Any) -> None:
        if isinstance(message, ScenarioWarning):
            problem = message.problem
        elif category is RuntimeWarning and filename.startswith(top):
            problem = Problem(str(message))
        else:
            usual(message, category, filename, *where, **more)
            return
        if problem not in shown:
            shown.add(problem)
            _print([problem], "bold yellow", "warning: ")

    with warnings.catch_warnings():
        warnings.simplefilter("always", ScenarioWarning)
        warnings.showwarning = show
        yield


def _own_up(fault: Exception) -> None:
    import traceback

    from .terminal import say

    say("This is a fault of o2o-sim, not of your scenario. Please report it with these lines:", err=True)
    say(f"o2o-sim {__version__}, Python {sys.version.split()[0]}, {sys.platform}", err=True)
    say("".join(traceback.format_exception(fault)), err=True)


def say_next(*command: object) -> None:
    """Name the one command to give next, as it can be typed."""
    from .terminal import say

    say(f"Next: {shlex.join(map(str, command))}")


def say_look(file: Path) -> None:
    """Name the one file to look at next."""
    from .terminal import say

    say(f"Next: look at {file}")


def show_problems(problems: list[Problem]) -> None:
    """Print problems to stderr."""
    _print(problems, "bold red")


def _print(problems: list[Problem], style: str, prefix: str = "") -> None:
    """As they are: brackets in them are no markup, and long lines stay whole."""
    from .terminal import Text, console

    out = console(err=True, soft_wrap=True)
    for problem in problems:
        head, _, rest = str(problem).partition("\n")
        out.print(Text(prefix + head, style=style), Text(rest), sep="\n" if rest else "")


class Bar:
    """A bar on stderr: what is compiled on a machine's first run, the simulated date and the time left, then the pictures
    that are drawn."""

    def __init__(self, progress: Any):
        self._progress = progress
        self._days = progress.add_task("Preparing", total=None)
        self._pictures: Any = None

    def day(self, day: int, days: int, today: date) -> None:
        """A day was simulated."""
        self._progress.update(self._days, completed=day + 1, total=days, description=today.isoformat())

    def compiling(self, functions: int) -> None:
        """So many functions are compiled, the last of them now."""
        if functions == 1:
            self._progress.console.print(COMPILING, highlight=False)
        self._progress.update(self._days, description=f"Compiling ({functions} functions)")

    def picture(self, done: int, pictures: int, name: str) -> None:
        """So many pictures are drawn, and the next one is `name`."""
        if self._pictures is None:
            self._pictures = self._progress.add_task("", total=pictures)
        said = f"Drawing {name}" if name else "Pictures drawn"
        self._progress.update(self._pictures, completed=done, total=pictures, description=said)


@contextlib.contextmanager
def progress_bar(quiet: bool) -> Iterator[Bar | None]:
    """The bar of a run; none if it is to be quiet."""
    if quiet:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from .market.compiled import told_of_compiling
    from .terminal import console

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=console(err=True), transient=True) as progress:
        bar = Bar(progress)
        with told_of_compiling(bar.compiling):
            yield bar


@functools.cache
def import_at_once(*modules: str) -> None:
    """Import what a command will need, and let the collector of cycles never look at it: it would do so again and again
    while more is imported and later, find nothing, and take a fifth of the time for it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        for module in modules:
            importlib.import_module(module)
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
