"""Where compiled code is kept."""

from __future__ import annotations

import functools
import getpass
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numba


def _user_cache() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    else:
        base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "o2o_sim"


@functools.cache
def cache_root() -> Path:
    """The user's cache folder; where that cannot be written to one among the temporary files, which later processes of
    the same user find again; and if that is not to be trusted, one of this process alone."""
    for root in (_user_cache, _temporary_cache):
        with suppress(OSError, RuntimeError):
            folder = root()
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if root is _temporary_cache and not _is_ours(folder):
                continue
            with tempfile.TemporaryFile(dir=folder):
                return folder
    return Path(tempfile.mkdtemp(prefix="o2o_sim-"))


def _temporary_cache() -> Path:
    who = os.getuid() if hasattr(os, "getuid") else getpass.getuser()
    return Path(tempfile.gettempdir()) / f"o2o_sim-cache-{who}"


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder, and no link to one, into which only this user writes: what is in it is run."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return False
    return not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o022)


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
