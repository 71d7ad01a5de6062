"""Which code each piece of prose describes, and whether that code is still what was read when it was written.

A template says `<!-- code: market/needs.py _learn_one adopt; phases.py learn -->` above its formulas. The
digests of these functions stand in read.json; when one changes, somebody has to read the formulas again."""

from __future__ import annotations

import json
import re

from .source import HERE, digest

READ = HERE / "read.json"
MARK = re.compile(r"<!-- code: (.+?) -->", re.DOTALL)


def described(text: str) -> list[tuple[str, str]]:
    """(file, function) of every mark of a text."""
    found = []
    for mark in MARK.findall(text):
        for part in mark.split(";"):
            file, *names = part.split()
            found += [(file, name) for name in names]
    return found


def digests(text: str) -> dict[str, str]:
    """Digest of each piece of code that a text describes."""
    return {f"{file} {name}": digest(file, name) for file, name in sorted(set(described(text)))}


def changed(text: str) -> list[str]:
    """What has changed since the formulas were read, or was not read yet."""
    read = json.loads(READ.read_text(encoding="utf-8")) if READ.exists() else {}
    now = digests(text)
    return sorted(k for k in now.keys() | read.keys() if now.get(k) != read.get(k))


def keep(text: str) -> None:
    """Somebody has read the formulas beside this code."""
    READ.write_text(json.dumps(digests(text), indent=1) + "\n", encoding="utf-8", newline="\n")


def linked(text: str) -> str:
    """The marks as a line that says where the code stands."""

    def line(mark: re.Match[str]) -> str:
        parts = []
        for part in mark[1].split(";"):
            file, *names = part.split()
            parts.append(f"[{file}](../o2o_sim/{file}) " + ", ".join(f"`{n}`" for n in names))
        return "*Code: " + "; ".join(parts) + ".*"

    return MARK.sub(line, text)
