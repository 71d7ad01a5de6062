"""The code of this package: which of its modules can change what a run finds, and their digest."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

_NOT_SIMULATION = ("studies/", "show/", "cli", "processes.py", "__main__.py")
"""How the names of the parts of the package begin that cannot change what a run finds, apart from the two
modules below."""
_BUT = ("studies/run.py", "studies/rows.py")
_NOR = ("record/frames.py", "record/message.py", "record/replay.py")
"""Modules of other parts that cannot either: a picture of a run is made beside it, and changes no row of
it."""


def top() -> Path:
    """The folder of the package."""
    return Path(__file__).parent.parent


def counts(name: str) -> bool:
    """Whether a module of the package, by its path below it with slashes, is part of the simulation."""
    return name in _BUT or (not name.startswith(_NOT_SIMULATION) and name not in _NOR)


@lru_cache(maxsize=1)
def code_digest() -> str:
    """SHA-256 over the modules of this package that make up a simulation."""
    digest = hashlib.sha256()
    for path in sorted(top().rglob("*.py"), key=lambda p: p.relative_to(top()).as_posix()):
        name = path.relative_to(top()).as_posix()
        if counts(name):
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
