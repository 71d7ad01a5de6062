"""Tables of the terminal as HTML, for the cells of a notebook."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console, RenderableType

WIDTH = 110
"""Characters of a line."""
FORMAT = '<pre style="line-height:1.3;overflow-x:auto;font-family:monospace">{code}</pre>'


def as_html(parts: Iterable[RenderableType], folder: Path | None) -> str:
    """The same lines as on a terminal, with the folder that everything lies in below. Names in them are text:
    Rich escapes what would be markup."""
    console = Console(record=True, file=io.StringIO(), width=WIDTH, highlight=False, force_terminal=False)
    for part in parts:
        console.print(part)
    if folder is not None:
        console.print(str(folder), markup=False)
    return console.export_html(inline_styles=True, code_format=FORMAT)


__all__ = ["as_html"]
