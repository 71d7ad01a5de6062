"""Digests of files, kept within this process for as long as a file is the same by its entry on the disk."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")
Stamp = tuple[int, int, int, int]

_SETTLED_NS = 2_000_000_000
"""A file changed less than 2 s ago may be changed once more without another time or size: it is read again."""


def stamp(path: Path) -> Stamp:
    """What tells whether a file or folder has changed: size, times and number on its disk. Raises OSError."""
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def is_settled(mark: Stamp) -> bool:
    """Whether a file with this stamp can be taken to be unchanged as long as it has it."""
    return time.time_ns() - max(mark[1], mark[2]) > _SETTLED_NS


def by_file(function: Callable[[Path], Found]) -> Callable[[Path], Found]:
    """Keep what a function found in a file until the file changes. Never kept between processes."""

    @lru_cache(maxsize=1024)
    def as_of(path: Path, mark: Stamp) -> Found:
        return function(path)

    @wraps(function)
    def found(path: Path) -> Found:
        mark = stamp(path)
        return as_of(path, mark) if is_settled(mark) else function(path)

    return found


@by_file
def file_digest(path: Path) -> str:
    """SHA-256 of a file (64 hex digits). Raises OSError, also for what is no regular file and may never end."""
    if not path.is_file():
        raise OSError(errno.EINVAL, "it is not a regular file")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(text: str) -> str:
    """SHA-256 of a text (64 hex digits)."""
    return hashlib.sha256(text.encode()).hexdigest()
