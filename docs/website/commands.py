"""The reference of commands, from the program's own definitions."""

from __future__ import annotations

import inspect
from typing import Any

import typer
from odd.source import table

from o2o_sim.cli import app


def reference() -> str:
    """A section for each command: what it does, how it is called, its arguments and options, an example."""
    commands = typer.main.get_command(app).commands
    return "\n\n".join(_section(name, command) for name, command in commands.items())


def _section(name: str, command: Any) -> str:
    context = command.make_context(f"o2o-sim {name}", [], resilient_parsing=True)
    usage = " ".join(command.get_usage(context).split()).removeprefix("Usage: ")
    records = [p.get_help_record(context) for p in command.get_params(context)]
    rows: list[list[object]] = [[f"`{called}`", _flat(says)] for called, says in filter(None, records)]
    parts = [
        f"## {name}",
        _paragraphs(command.help),
        "    " + usage,
        table(["argument or option", "meaning"], rows),
    ]
    if command.epilog:
        parts += ["Example:", "    " + command.epilog.removeprefix("Example: ")]
    return "\n\n".join(parts)


def _paragraphs(text: str | None) -> str:
    """A help text as Markdown; `\\b` marks lines that the terminal keeps as they are."""
    parts = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(_flat(p) if "\b" not in p else _lines(p) for p in parts)


def _lines(text: str) -> str:
    return "\n".join("    " + line for line in text.replace("\b", "").strip("\n").splitlines())


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("[", "\\[")
