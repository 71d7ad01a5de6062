"""What a killed process leaves of what it was writing, and when that may go.

A file or folder NAME that is being written is called `.NAME.part-HOST-PID-N` until it is whole, and a folder that it
takes the place of is `.NAME.old-HOST-PID-N` for a moment. The next process that writes into the same folder removes
those whose writer is no longer there. An earlier folder that was moved aside, and whose place nobody took, gets its
name back.
"""

from __future__ import annotations

import itertools
import os
import platform
import re
import shutil
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

_PATTERN = re.compile(
    r"\.(?P<name>.+)\.(?P<kind>part|old)-(?:(?P<host>.*)-)?(?P<pid>\d{1,18})-\d+", re.DOTALL
)
_DAY_S = 24 * 3600.0
"""A writer of another machine, of which nothing is known, is gone when it did nothing for so long."""
_AGAIN_S = 600.0
"""A folder is looked through once in so many seconds: a study writes thousands of files into one."""
_ATTEMPT = itertools.count(1)
_looked: dict[Path, float] = {}


def sibling(path: Path, kind: str) -> Path:
    """A hidden name beside `path`, of the kind `part` or `old`, which says who uses it."""
    return path.parent / f".{path.name}.{kind}-{_host()}-{os.getpid()}-{next(_ATTEMPT)}"


@lru_cache(maxsize=1)
def _host() -> str:
    """The machine and, on Linux, the set of process numbers: containers of one name may have several."""
    numbers = ""
    with suppress(OSError):
        numbers = re.sub(r"\D", "", os.readlink("/proc/self/ns/pid"))
    return f"{platform.node()}.{numbers}"


def remove_leftovers(folder: Path, *, now: bool = False) -> None:
    """Remove from `folder` what killed processes left there; with `now` also if it was looked through a moment ago.
    What cannot be removed stays."""
    folder = folder.absolute()
    if not now and time.monotonic() - _looked.get(folder, -_AGAIN_S) < _AGAIN_S:
        return
    _looked[folder] = time.monotonic()
    with suppress(OSError):
        found = [(entry, _PATTERN.fullmatch(entry.name)) for entry in os.scandir(folder)]
        for entry, said in found:
            if said and _is_left(entry, said):
                with suppress(OSError):
                    _clear(entry, folder / said["name"], said["kind"])


def _clear(entry: os.DirEntry[str], place: Path, kind: str) -> None:
    if kind == "old" and not os.path.lexists(place):
        os.rename(entry.path, place)
    elif entry.is_dir(follow_symlinks=False):
        shutil.rmtree(entry.path, ignore_errors=True)
    else:
        os.unlink(entry.path)


def _is_left(entry: os.DirEntry[str], said: re.Match[str]) -> bool:
    """Whether nobody uses it any more."""
    # Windows has no harmless way to ask for a process: to signal it is to end it.
    if said["host"] == _host() and os.name != "nt":
        return not _is_alive(int(said["pid"]))
    with suppress(OSError):
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _DAY_S
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # somebody else's
    return True
