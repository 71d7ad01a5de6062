"""The scenarios, studies and claims that come with the package, by name.

A name is that of a file without its ending, and no two files share one: `town`, `levers`, `c20_boycott`. A wheel
carries the files in `o2o_sim/shipped` (setup.py puts them there); in a checkout they are those of its folders
`scenarios` and `experiments`. docs/decisions/0017 says why.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from .shape import closest

KINDS = {"scenario": "scenarios", "study": "experiments/studies", "claim": "experiments/claims"}
"""Kind -> the folder of its files. Files name each other by relative paths, so the folders stay as they are."""
STARTER = Path(__file__).with_name("starter.yaml")
"""A small commented scenario that stands on its own and runs in seconds; no shipped scenario builds on it."""
_PACKAGE = Path(__file__).parent.parent
_LIST = "'o2o-sim scenarios' lists what is shipped"


@cache
def shipped_folder(kind: str) -> Path:
    """The folder of the shipped files of a kind: scenario, study or claim."""
    carried = _PACKAGE / "shipped"
    return (carried if carried.is_dir() else _PACKAGE.parent) / KINDS[kind]


@cache
def shipped_files(kind: str | None = None) -> dict[str, Path]:
    """Name -> file of all shipped files, or of those of one kind, sorted by name."""
    # A folder `scenarios` beside the package may be anybody's; ours has the base city in it.
    if not (shipped_folder("scenario") / "base.yaml").is_file():
        return {}
    kinds = KINDS if kind is None else (kind,)
    return {file.stem: file for k in kinds for file in sorted(shipped_folder(k).glob("*.yaml"))}


def kind_of(name: str) -> str | None:
    """The kind of the shipped file of a name: scenario, study or claim; None if there is none."""
    return next((kind for kind in KINDS if name in shipped_files(kind)), None)


def find(said: str | os.PathLike[str], start: str | os.PathLike[str] = "") -> str | os.PathLike[str]:
    """The file that is meant by `said`, a path from the folder `start` or the name of a shipped file.

    A name has no folder and no ending, and a file of that name in `start` goes before the shipped one. What is
    neither there nor shipped comes back as the path that it would be; whoever reads it tells the user.
    """
    path = Path(start) / said if start else said
    if not is_name(said) or (os.path.lexists(path) and not os.path.isdir(path)):
        return path
    return shipped_files().get(os.fspath(said)) or path


def advice(said: str | os.PathLike[str]) -> str | None:
    """What to do about a file that is not there: the name of the shipped file that was likely meant."""
    path = Path(said)
    if is_name(path.name):
        near = closest(path.name, list(shipped_files()))
        return f"did you mean '{near}'? {_LIST}" if near else _LIST
    if path.stem in shipped_files():
        return f"did you mean '{path.stem}'? Shipped files are called by name, without folder and ending"
    return None


def is_name(said: str | os.PathLike[str]) -> bool:
    """Whether this may be the name of a shipped file: it has no folder and no ending."""
    text = os.fspath(said)
    return bool(text) and Path(text).name == text and not Path(text).suffix
