"""Who is to blame: from an exception to the line of a user's file.

What a plugin does wrong ends the run with the user's file and line, the text of the line, and what it was about.
The whole traceback stays behind it as the cause."""

from __future__ import annotations

import functools
import inspect
import linecache
import math
import os
import site
import sysconfig
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..errors import Problem, ScenarioError
from ..market.alone import HINT, NotCompilable
from ..market.culprit import RuleFault
from ..scenario.shape import closest
from ..scenario.textfile import printable

if TYPE_CHECKING:
    from ..model import O2OModel

_TOP = Path(__file__).parents[1]
_LIBRARIES = tuple(
    os.path.join(folder, "")
    for folder in {sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    | set(site.getsitepackages() if hasattr(site, "getsitepackages") else ())
)
RULE = {"me": "me", "alternative": "offer", "trip": "trip", "today": "today"}
"""The arguments of a choice rule, by the class of what it is given."""
MOST_FIELDS = 40


class Files:
    """The files of a scenario's plugins. `owns` says whether code stands in one of them, or beside one, and thus
    is the user's."""

    def __init__(self) -> None:
        self.named: list[Path] = []

    def owns(self, file: str) -> bool:
        """Whether a file is one of the user's."""
        path = Path(file)
        if file.startswith(_LIBRARIES) or path.is_relative_to(_TOP):
            return False
        return any(path == own or path.is_relative_to(own.parent) for own in self.named)


def shown(file: str | os.PathLike[str]) -> str:
    """A file as messages name it: from the current folder, if it lies there."""
    path = Path(file)
    try:
        path = path.relative_to(Path.cwd())
    except ValueError:
        path = Path(path.name)
    return printable(path.as_posix())


def at_line(
    file: str, line: int | None, message: str, hint: str | None = None, column: int | None = None
) -> Problem:
    """A problem at a line of a user's Python file, with its text."""
    text = linecache.getline(file, line).rstrip() if line else ""
    return Problem(
        message, shown(file), line, column if text else None, hint=hint, excerpt=printable(text) or None
    )


# -- exceptions ---------------------------------------------------------------------------------------------
def answers(method: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a method of the model: what goes wrong in a plugin that it calls is raised as a ScenarioError
    with the user's line; every other exception passes as it is."""

    @functools.wraps(method)
    def answering(self: O2OModel, *given: Any, **named: Any) -> Any:
        try:
            return method(self, *given, **named)
        except (ScenarioError, KeyboardInterrupt, GeneratorExit, MemoryError):
            raise
        except BaseException as fault:
            if problem := located(fault, self):
                raise ScenarioError(problem) from fault
            raise

    return answering


def located(fault: BaseException, model: O2OModel) -> Problem | None:
    """Where a plugin is to blame for an exception of a model, and for what; None if none is."""
    extensions = getattr(model, "extensions", None)
    if extensions is None or not extensions.files.named:
        return None
    if isinstance(fault, RuleFault):
        return _of_rule(fault, model)
    if isinstance(fault, NotCompilable) and extensions.files.owns(fault.file):
        return at_line(fault.file, fault.line, str(fault), HINT)
    steps = [
        (frame, line)
        for frame, line in traceback.walk_tb(fault.__traceback__)
        if extensions.files.owns(frame.f_code.co_filename)
    ]
    if not steps:
        return None
    frame, line = steps[-1]
    about = _about(steps[0][0])
    on = f" on {model.date}" if hasattr(model, "day") else ""
    return _raised(fault, frame, line, f"{about}{on}")


def _raised(fault: BaseException, frame: FrameType, line: int, about: str) -> Problem:
    code = frame.f_code
    head = f"{code.co_qualname} failed{about}: {_sentence(fault)}"
    last = traceback.extract_tb(fault.__traceback__)[-1]
    if Path(last.filename).is_relative_to(_TOP):
        head += f" (raised in o2o_sim/{Path(last.filename).relative_to(_TOP).as_posix()})"
    return at_line(code.co_filename, line, head, advice(fault, frame))


def _sentence(fault: BaseException) -> str:
    """What an exception says, in one line."""
    if isinstance(fault, SystemExit):
        return (
            "it ends the program (sys.exit), which a rule must not do; let it return, or raise an exception"
        )
    name, said = type(fault).__name__, printable(str(fault)).strip()
    return f"{name}: {said}" if said else name


def _about(frame: FrameType) -> str:
    """For which store, circle or platform the first of the user's functions was called."""
    for name in frame.f_code.co_varnames[: frame.f_code.co_argcount]:
        if found := whom(frame.f_locals.get(name)):
            return found
    return ""


def whom(thing: Any) -> str:
    """An agent of the market in words, as ` for the store 'x'`; empty for everything else."""
    from ..agents.circle import Circle
    from ..agents.platform import Platform
    from ..agents.store import Store

    for kind, called in ((Store, "store"), (Circle, "circle"), (Platform, "platform")):
        if isinstance(thing, kind):
            return f" for the {called} {thing.name!r}"
    return ""


def advice(fault: BaseException, frame: FrameType) -> str | None:
    """What to do about an exception: the name that was likely meant, and the names that there are."""
    if isinstance(fault, AttributeError) and fault.name is not None and fault.obj is not None:
        return _about_field(fault.obj, fault.name, frame)
    if isinstance(fault, NameError) and fault.name is not None:
        known = {**frame.f_builtins, **frame.f_globals, **frame.f_locals}
        near = closest(fault.name, [n for n in known if not n.startswith("_")])
        return f"did you mean {near}?" if near else f"define or import {fault.name} in this file"
    if isinstance(fault, RecursionError):
        return "a function that calls itself must stop at some time"
    return None


def _about_field(thing: Any, name: str, frame: FrameType) -> str | None:
    fields = getattr(type(thing), "_fields", None)
    known = fields or [n for n in dir(thing) if not n.startswith("_")]
    called = RULE.get(type(thing).__name__.lower()) or next(
        (n for n, value in frame.f_locals.items() if value is thing), type(thing).__name__
    )
    if not fields and name == "model" and "__init__" in vars(type(thing)):
        return "an __init__ of its own must call super().__init__(model) first"
    near = closest(name, list(known))
    parts = [f"did you mean {called}.{near}?"] if near else []
    if len(known) <= MOST_FIELDS:
        parts.append(f"Fields of {called}: {', '.join(known)}.")
    return " ".join(parts) or None


# -- choice rules -------------------------------------------------------------------------------------------
def _of_rule(fault: RuleFault, model: O2OModel) -> Problem:
    """A choice rule that went wrong for a consumer and an offer."""
    need = list(model.category_number)[fault.category]
    about = f" for consumer {fault.consumer} with a need of {need}"
    if fault.offer:
        offer = model.table.rows[fault.offer]
        about += f" and the offer {offer.channel!r} of {offer.maker or 'nobody'!r}"
    about += f" on {model.date}"
    files = model.extensions.files
    cause = fault.__cause__
    if cause is not None:
        steps = [
            (frame, line)
            for frame, line in traceback.walk_tb(cause.__traceback__)
            if files.owns(frame.f_code.co_filename)
        ]
        if steps:
            return _raised(cause, *steps[-1], about)
    name = getattr(fault.rule, "__qualname__", "the choice rule")
    message = (
        f"{name} {fault.said.replace('; ', about + '; ', 1) if '; ' in fault.said else fault.said + about}"
    )
    source = inspect.getsourcefile(inspect.unwrap(fault.rule)) or ""
    if not files.owns(source):
        wrote = "One of the plugins wrote it into the consumers, or into the table of offers."
        return Problem(f"the choice rule {message}", hint=_odd_inputs(fault.read) or wrote)
    return at_line(source, line_of(fault.rule), message, _odd_inputs(fault.read))


def _odd_inputs(read: Mapping[str, Any]) -> str | None:
    """Which of the numbers that a rule was given are none."""
    odd = [
        f"{name} is {value}" for name, value in read.items() if isinstance(value, float) and math.isnan(value)
    ]
    return f"It was given no number: {', '.join(odd)}." if odd else None


def line_of(function: Callable[..., Any]) -> int | None:
    """The line to name for what a function returns: that of its only `return`, else its first."""
    import ast
    import textwrap

    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return None
    try:
        text = inspect.getsource(code)
        tree = ast.parse(textwrap.dedent(text))
    except (OSError, TypeError, SyntaxError):
        return int(code.co_firstlineno)
    returns = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return int(code.co_firstlineno + (returns[0] - 1 if len(returns) == 1 else 0))


# -- files that cannot be imported --------------------------------------------------------------------------
def not_imported(fault: BaseException, path: Path, files: Files) -> Problem:
    """That a plugin's file cannot be imported, at the line of the user's where that fails."""
    said = _sentence(fault)
    if isinstance(fault, SyntaxError) and fault.filename and files.owns(fault.filename):
        message = f"cannot be imported: {type(fault).__name__}: {fault.msg}"
        return at_line(fault.filename, fault.lineno, message, column=fault.offset)
    steps = [
        (frame, line)
        for frame, line in traceback.walk_tb(fault.__traceback__)
        if files.owns(frame.f_code.co_filename)
    ]
    frame, line = steps[-1] if steps else (None, None)
    file = frame.f_code.co_filename if frame is not None else str(path)
    return at_line(
        file, line, f"cannot be imported: {said}", advice(fault, frame) if frame is not None else None
    )
