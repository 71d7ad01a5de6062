"""Reading a text file that may be anything: a directory, a pipe, a film, half a UTF-16 table.

It is looked at before it is opened, and what comes out is plain printable text of a bearable size.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from ..errors import Problem, ScenarioError
from ..files import MB, content
from .places import Place, Source
from .shipped import advice, is_name

MAX_BYTES = 1 * MB
MAX_PROBLEMS = 100

# Every other character breaks lines, is invisible, or moves the cursor of the terminal that shows the error.
UNWANTED = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


HIDDEN = re.compile(
    UNWANTED.pattern
    + "|\r|[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\uffa0\ufff9-\ufffb]"
    "|[\U000e0000-\U000e0fff]"
)
"""What is never shown as it is: also what a text file may hold but nobody can see, or what turns the direction of
writing, so that a line reads as another than it is."""


def escaped(text: str) -> str:
    """`text` with everything that cannot be seen, or would act on a terminal, written as an escape; ends of lines
    (\\n) and tabs stay."""
    return HIDDEN.sub(lambda hit: hit[0].encode("unicode_escape").decode(), text)


def printable(text: str) -> str:
    """`text` on one line with everything unprintable written as an escape, for messages, tables and pages."""
    return escaped(re.sub(r"[\n\r\t]", " ", text))


def first(problems: list[Problem]) -> list[Problem]:
    """The first hundred problems; more are most likely one mistake made many times."""
    if len(problems) <= MAX_PROBLEMS:
        return problems
    rest = len(problems) - MAX_PROBLEMS
    return [*problems[:MAX_PROBLEMS], Problem(f"... and {rest} more like these", file=problems[0].file)]


def read_source(path: str | os.PathLike[str], named_at: Place | None = None) -> Source:
    """Read one file as text. `named_at` is where another file named it, for the message.

    Raises ScenarioError if it is not a regular file, is too large, or is not plain UTF-8 text.
    """
    shown = printable(os.fspath(path))

    def fail(message: str, hint: str | None = None) -> ScenarioError:
        if named_at is None:
            return ScenarioError(Problem(message, file=shown, hint=hint))
        return ScenarioError(named_at.problem(f"'{shown}' {message}", key="extends", hint=hint))

    try:
        raw = content(path, MAX_BYTES, links=True)
        whole = Path(path).absolute()
    except OSError as fault:
        reason, hint = fault.strerror or str(fault), None
        if fault.errno == errno.EFBIG:
            hint = "keep long tables in CSV files"
        if isinstance(fault, FileNotFoundError):
            reason = "it is neither a file nor a shipped name" if is_name(path) else reason
            hint = advice(path)
        raise fail(f"cannot be read: {reason}", hint) from None
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        hint = "save the file as UTF-8"
        raise ScenarioError("is not UTF-8 text", file=shown, line=line, column=1, hint=hint) from None
    source = Source(shown, text, whole, whole.parent)
    _check_characters(source)
    return source


def override_source(override: str, value: str) -> Source:
    """The value part of `--set key=value` as a source; files it names start from the current folder."""
    source = Source(f"--set {printable(override)}", value, None, Path.cwd())
    _check_characters(source)
    return source


def _check_characters(source: Source) -> None:
    if hit := UNWANTED.search(source.text):
        before = source.text[: hit.start()].replace("\r\n", "\n").replace("\r", "\n")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        message = f"holds the character U+{ord(hit[0]):04X}, which has no place in a text file"
        raise ScenarioError(
            Problem(message, source.shown, line, column)
            if source.path
            else Problem(message, file=source.shown)
        )
