"""Faults in what a user wrote, each with its place.

Everything that the user can correct is a `ScenarioError` (exit code 2). Every other exception is a fault of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input file.

    `file`, `line` and `column` say where (1-based; None where no single place is to blame), `key` is the
    dotted path of the setting, `message` says what is wrong, `hint` what to do, `excerpt` is the
    offending line as it stands in the file.
    """

    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    key: str | None = None
    hint: str | None = None
    excerpt: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(p) for p in (self.file, self.line, self.column) if p is not None)
        # a key of a file of others may hold tabs and ends of lines
        key = self.key and " ".join(self.key.replace("\t", " ").splitlines())
        head = ": ".join(p for p in (place, key, self.message) if p)
        lines = [head]
        if self.excerpt is not None:
            lines.append("    " + self.excerpt)
            if self.column is not None:
                lines.append("    " + " " * (self.column - 1) + "^")
        if self.hint:
            lines.append("  " + self.hint)
        return "\n".join(lines)


class ScenarioWarning(FutureWarning):
    """An input that can be simulated but should be changed. `problem` says where and what to do."""

    def __init__(self, problem: Problem):
        self.problem = problem
        super().__init__(str(problem))


class ScenarioError(Exception):
    """An input that cannot be simulated. `problems` lists everything found wrong, in file order."""

    def __init__(self, problems: Problem | list[Problem] | str, **where: Any):
        if isinstance(problems, str):
            problems = Problem(problems, **where)
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class Stopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM ended the work. The text says what is kept and how to go on, `code` is the exit code."""

    def __init__(self, message: str = "", code: int = 130):
        super().__init__(message)
        self.code = code


@contextmanager
def keeping(kept: str | Callable[[], str]) -> Iterator[None]:
    """When the block is stopped, it is said what is kept: a sentence, or a function that makes it. What was said
    further inside goes first, and an empty sentence leaves it to those outside.

    Raises Stopped instead of KeyboardInterrupt."""
    try:
        yield
    except KeyboardInterrupt as stop:
        said = kept if isinstance(kept, str) else kept()
        if str(stop) or not said:
            raise
        raise Stopped(f"Stopped. {said}", getattr(stop, "code", 130)) from None
