"""The list of a run's files: `files.json`, with the size and the SHA-256 of each, written after all others.

Whoever reads a run holds its files against the list first, so that a byte that flipped, a table of another run, and a
file that is missing or was put there are found before anything is made of them. The list is no signature: who
changes it together with the files is not found out, and what such files hold is looked at where it is read.

Data are held against the list whenever a run is read. Pictures are listed, too, but may be deleted or drawn again;
a report takes only one that is as listed. `run.log` and HTML pages, which are written later, are not listed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Problem, ScenarioError
from ..files import MB, content, json_of
from ..scenario.textfile import printable

LISTING = "files.json"
PICTURES = "plots"
RUN_LOG = "run.log"
VERSION = 1
MOST_BYTES = 2_000 * MB
"""Of all data of a run; ten years of a city of 40,000 consumers take about 100 MB."""
_MOST_LISTING = 1 * MB
_MOST_PROBLEMS = 20
_NOT_DATA = re.compile(r"run\.log|.+\.html|\.DS_Store|Thumbs\.db|desktop\.ini|\._.+|\..+\.part-.+", re.I)
"""What may lie in a run's folder without being listed: pages and logs, which are written later, what systems put
into every folder they show, and what is being written."""
_PICTURE = re.compile(r"[^/\\\0]+\.(png|svg|pdf)", re.I)
_NAME = re.compile(r"(?!\.)[\w.+-]{1,100}")
_AGAIN = "Take an unchanged copy of the folder, or simulate the scenario again."


@dataclass(frozen=True)
class Entry:
    """What a file was when the run was written."""

    size: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> Entry:
        """The entry of a file that holds `data`."""
        return cls(len(data), hashlib.sha256(data).hexdigest())


@dataclass(frozen=True)
class Listing:
    """The list of a run's folder, in which every file listed is there and no other data are."""

    folder: Path
    files: Mapping[str, Entry]
    pictures: Mapping[str, Entry]

    @classmethod
    def of(cls, folder: Path) -> Listing:
        """Read the list of a folder. Raises ScenarioError if there is none, or if files are missing or extra."""
        path = folder / LISTING
        try:
            said = json_of(content(path, _MOST_LISTING))
            files, pictures = _entries(said["files"], _NAME), _entries(said["pictures"], _PICTURE)
            if said["version"] != VERSION:
                raise ValueError(f"it has version {str(said['version'])[:20]}, this o2o_sim reads {VERSION}")
        except FileNotFoundError as fault:
            message = "is not there: the run was made by an earlier o2o_sim, or the folder is not whole"
            raise _problem(path, message) from fault
        except (OSError, ValueError, KeyError, TypeError) as fault:
            said = getattr(fault, "strerror", None) or fault
            raise _problem(path, f"is no list of a run's files: {said}") from fault
        if sum(entry.size for entry in files.values()) > MOST_BYTES:
            raise _problem(path, f"lists more than {MOST_BYTES // MB:,} MB, which is more than is read")
        found = cls(folder, files, pictures)
        found._check(found._missing_and_extra())
        return found

    def contents(self) -> dict[str, bytes]:
        """The content of every file that is data, by name. Raises ScenarioError with all that are not as
        listed."""
        found: dict[str, bytes] = {}
        self._check(self._changed(found))
        return found

    def read(self, name: str) -> bytes | None:
        """The content of one file, also of a picture (`plots/NAME`); None if none is listed, or if a picture has
        been deleted. Raises ScenarioError if it is not as listed."""
        where, _, last = name.rpartition("/")
        entry = (self.pictures if where == PICTURES else self.files).get(last)
        path = self.folder / name
        if entry is None or (where == PICTURES and not os.path.lexists(path)):
            return None
        data, problem = self._read(path, entry)
        self._check(iter([problem] if problem else []))
        return data

    def _missing_and_extra(self) -> Iterator[Problem]:
        there = {entry.name: entry for entry in os.scandir(self.folder)}
        for name in self.files:
            if name not in there:
                yield _as_problem(self.folder / name, f"is missing; {LISTING} lists it")
        for name, entry in sorted(there.items()):
            if name == PICTURES and entry.is_dir(follow_symlinks=False):
                yield from self._extra_pictures()
            elif name not in self.files and name != LISTING and not _NOT_DATA.fullmatch(name):
                hint = "Move it out of the folder, if you know what it is."
                yield _as_problem(self.folder / name, f"is not of this run: {LISTING} does not list it", hint)

    def _extra_pictures(self) -> Iterator[Problem]:
        for entry in sorted(os.scandir(self.folder / PICTURES), key=lambda e: e.name):
            known = _PICTURE.fullmatch(entry.name) or _NOT_DATA.fullmatch(entry.name)
            if not known or not entry.is_file(follow_symlinks=False):
                path, hint = self.folder / PICTURES / entry.name, "Move it out of the folder."
                yield _as_problem(path, "is no picture: there may be nothing else in this folder", hint)

    def _changed(self, found: dict[str, bytes]) -> Iterator[Problem]:
        for name, entry in self.files.items():
            found[name], problem = self._read(self.folder / name, entry)
            if problem:
                yield problem

    def _read(self, path: Path, entry: Entry) -> tuple[bytes, Problem | None]:
        try:
            found = os.lstat(path)
            if stat.S_ISREG(found.st_mode) and found.st_size != entry.size:
                message = f"has {found.st_size:,} bytes; {LISTING} says {entry.size:,}"
                return b"", _as_problem(path, message)
            data = content(path, entry.size)
        except OSError as fault:
            return b"", _as_problem(path, f"cannot be read: {fault.strerror or fault}")
        now = Entry.of(data)
        if now == entry:
            return data, None
        other = next((name for name, known in self.files.items() if known == now), None)
        message = f"was changed since the run: its SHA-256 is {now.sha256[:12]}..., {LISTING} says {entry.sha256[:12]}..."
        if other:
            message = f"holds what {other} should hold"
        return b"", _as_problem(path, message)

    def _check(self, problems: Iterator[Problem]) -> None:
        """Raise what was found, if anything was: the first twenty."""
        found = [problem for problem, _ in zip(problems, range(_MOST_PROBLEMS))]
        if found:
            raise ScenarioError(found)


def write_listing(folder: Path) -> None:
    """List the files of a run that lies in `folder`. Raises OSError."""
    data = [p for p in sorted(folder.iterdir()) if p.is_file() and not _NOT_DATA.fullmatch(p.name)]
    pictures = sorted((folder / PICTURES).iterdir()) if (folder / PICTURES).is_dir() else []
    said = {
        "version": VERSION,
        "files": {p.name: _said(p) for p in data if p.name != LISTING},
        "pictures": {p.name: _said(p) for p in pictures},
    }
    text = json.dumps(said, indent=1, ensure_ascii=False) + "\n"
    (folder / LISTING).write_text(text, encoding="utf-8", newline="\n")


def _said(path: Path) -> dict[str, Any]:
    entry = Entry.of(path.read_bytes())
    return {"bytes": entry.size, "sha256": entry.sha256}


def _entries(said: Any, name: re.Pattern[str]) -> dict[str, Entry]:
    if not isinstance(said, dict):
        raise ValueError("its lists of files are none")
    found = {}
    for key, entry in said.items():
        size, digest = entry["bytes"], entry["sha256"]
        if not name.fullmatch(key):
            raise ValueError(f"{printable(key[:60])!r} is no name of a file of a run")
        if type(size) is not int or not 0 <= size <= MOST_BYTES:
            raise ValueError(f"the size of {key} is {printable(str(size)[:20])}")
        if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
            raise ValueError(f"the SHA-256 of {key} is none")
        found[key] = Entry(size, digest)
    return found


def _as_problem(path: Path, message: str, hint: str = _AGAIN) -> Problem:
    return Problem(message, file=printable(str(path)), hint=hint)


def _problem(path: Path, message: str) -> ScenarioError:
    return ScenarioError(_as_problem(path, printable(message)))
