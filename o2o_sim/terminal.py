"""What is shown on a terminal: text in which nothing is hidden, and tables that fit any width.

Names come from files that anybody may have written. Everything that is shown goes through `Text` or `say`, which
write control, escape, bidirectional and zero-width characters as escapes; none of it is markup.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from rich import console as rich_console
from rich import table as rich_table
from rich import text as rich_text
from rich.cells import cell_len
from rich.padding import Padding

from .scenario.textfile import escaped

WIDEST_WORD = 18
"""Cells; longer words, and Chinese names, which have no words, may break."""
INDENT = 2


def _shown(text: Any) -> str:
    return escaped(str(text).replace("\r", " ").expandtabs(4))


class Text(rich_text.Text):
    """Text in which everything can be seen."""

    def __init__(self, text: str = "", *arguments: Any, **options: Any):
        super().__init__(_shown(text), *arguments, **options)

    def append(self, text: Any, style: Any = None) -> Text:
        """Add text, in which everything can be seen too."""
        super().append(_shown(text) if isinstance(text, str) else text, style)
        return self


def console(*, err: bool = False, width: int = 100, **options: Any) -> rich_console.Console:
    """The console of stdout, or of stderr. Output that has no width of its own (a pipe, a file) gets `width`, which
    the tables need."""
    stream = sys.stderr if err else sys.stdout
    return rich_console.Console(
        stderr=err, highlight=False, width=None if stream.isatty() else width, markup=False, **options
    )


def say(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Print lines as they are: none is broken, and everything in them can be seen."""
    stream = sys.stderr if err else sys.stdout
    stream.write(_shown(text) + end)
    stream.flush()


class Table(rich_table.Table):
    """A table of text in which nothing is lost, however narrow the terminal.

    Numbers (columns on the right, or that must not wrap) are never broken, words of other columns only if they are
    very long. Where there is no room for that, each row becomes lines of its own, which begin with its name."""

    def add_column(self, header: Any = "", footer: Any = "", **options: Any) -> None:
        """Add a column; a text is no markup."""
        super().add_column(_text(header), _text(footer), **{"overflow": "fold", **options})

    def add_row(self, *cells: Any, **options: Any) -> None:
        """Add a row; a text is no markup."""
        super().add_row(*map(_text, cells), **options)

    def fits(self, width: int) -> bool:
        """Whether it can be shown as a table in so many cells."""
        return sum(least for least, _ in self._needs()) + self._between() <= width

    def __rich_console__(
        self, console: rich_console.Console, options: rich_console.ConsoleOptions
    ) -> rich_console.RenderResult:
        if not self.columns:
            return
        if not self.fits(options.max_width):
            yield from self._one_by_one()
            return
        fitted = copy.copy(self)
        widths = _widths(self._needs(), options.max_width - self._between())
        fitted.columns = [
            replace(c, width=width, min_width=None, max_width=None, ratio=None)
            for c, width in zip(self.columns, widths)
        ]
        yield from rich_table.Table.__rich_console__(fitted, console, options)

    def _between(self) -> int:
        """Cells that no column has for its text."""
        return self._extra_width + sum(self._get_padding_width(k) for k in range(len(self.columns)))

    def _needs(self) -> list[tuple[int, int]]:
        """(the least, the most) cells of every column's text."""
        return [self._need(column) for column in self.columns]

    def _need(self, column: rich_table.Column) -> tuple[int, int]:
        ends = [
            c for c, shown in ((column.header, self.show_header), (column.footer, self.show_footer)) if shown
        ]
        whole = column.no_wrap or column.justify == "right"
        if column.width is not None:
            return column.width, column.width
        cells = [str(c) for c in column.cells]
        most = max((_longest(c) for c in (*cells, *map(str, ends))), default=0)
        least = max((_longest(c) if whole else _word(c) for c in cells), default=0)
        least = max(least, *map(_word, map(str, ends)), column.min_width or 0) if ends else least
        if column.max_width is not None:
            most = max(least, min(most, column.max_width))
        return least, max(least, most)

    def _one_by_one(self) -> Iterator[Any]:
        """Every row as its name and, indented, what else there is: `head value; head value`."""
        if self.title is not None:
            yield self.title
        heads = [_on_one_line(column.header) if self.show_header else "" for column in self.columns]
        rows = [[_on_one_line(c) for c in row] for row in zip(*(column.cells for column in self.columns))]
        if self.show_footer:
            rows.append([_on_one_line(column.footer) for column in self.columns])
        for name, *cells in rows:
            if name:
                yield Text(name, style="bold", overflow="fold")
            told = "; ".join(f"{head} {cell}".strip() for head, cell in zip(heads[1:], cells) if cell)
            if told:
                yield Padding(Text(told, overflow="fold"), (0, 0, 0, INDENT))


def _text(cell: Any) -> Any:
    return Text(cell) if isinstance(cell, str) else cell


def _longest(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def _word(text: str) -> int:
    return min(max(map(cell_len, text.split()), default=0), WIDEST_WORD)


def _on_one_line(text: Any) -> str:
    return " ".join(str(text).replace("-\n", "").split())


def _widths(needs: Sequence[tuple[int, int]], room: int) -> list[int]:
    """Cells for each column: its least, and of what is left as much as it can use, those first that lack the
    least."""
    widths = [least for least, _ in needs]
    left = room - sum(widths)
    for done, k in enumerate(sorted(range(len(needs)), key=lambda k: needs[k][1] - needs[k][0])):
        more = min(needs[k][1] - needs[k][0], left // (len(needs) - done))
        widths[k] += more
        left -= more
    return widths


__all__ = ["Table", "Text", "console", "say"]
