"""Where compiled code is kept."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba


def _user_cache() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    else:
        base = os.environ.get("XDG_CACHE_HOME")
    return Path(base) if base else Path.home() / ".cache"


@functools.cache
def cache_root() -> Path:
    """The user's cache folder, or a temporary one where that cannot be written to."""
    try:
        root = _user_cache() / "o2o_sim"
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            return root
    except (OSError, RuntimeError):
        return Path(tempfile.mkdtemp(prefix="o2o_sim-"))


@contextmanager
def caching_in(folder: Path) -> Iterator[None]:
    """Keep what is compiled of functions that are declared in the block in a folder."""
    settings: Any = numba.config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        settings.CACHE_DIR = before
