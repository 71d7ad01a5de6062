"""The shipped scenarios with their questions, from the files."""

from __future__ import annotations

import yaml
from odd.source import ROOT, table

FOLDER = ROOT / "scenarios"


def questions() -> str:
    """A table of all shipped scenarios: file, name, question."""
    rows: list[list[object]] = []
    for path in sorted(FOLDER.glob("*.yaml")):
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        rows.append([f"[{path.stem}](../scenarios/{path.name})", said.get("question", "")])
    return "## By question\n\n" + table(["scenario", "question"], rows)
