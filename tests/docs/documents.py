"""The documents, and what tests take out of them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "benchmarks/README.md"],
    key=lambda path: path.relative_to(ROOT).as_posix(),
)

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_MARKED = re.compile(r"^<!-- file: (\S+) -->\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
_TO_RUN = re.compile(r"^<!-- run -->\n```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def text(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def prose(document: Path) -> str:
    """The text without its code blocks."""
    return _FENCE.sub("", text(document))


def marked_files(document: Path) -> dict[str, str]:
    """The code blocks that are marked as the content of a file, by file name."""
    return dict(_MARKED.findall(text(document)))


def blocks_to_run(document: Path) -> list[str]:
    """The Python blocks that are marked to be run."""
    return _TO_RUN.findall(text(document))


def command_lines(document: Path) -> list[str]:
    """The lines that are commands: indented by four spaces, or in `...` and in one line."""
    indented = re.findall(r"^    (\S.*)$", text(document), re.MULTILINE)
    return [
        line.partition("  #")[0].strip() for line in [*indented, *re.findall(r"`([^`\n]+)`", text(document))]
    ]


def table_rows(document: Path, heading: str) -> list[list[str]]:
    """The cells of all tables under a heading, without the heads of the tables."""
    part = re.split(rf"^#+ {re.escape(heading)}\n", text(document), maxsplit=1, flags=re.MULTILINE)[1]
    part = re.split(r"^#+ ", part, maxsplit=1, flags=re.MULTILINE)[0]
    rows = []
    for table in re.findall(r"(?:^\|.*\n)+", part, re.MULTILINE):
        rows += [[c.strip() for c in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return rows
