"""Which installed distribution a module belongs to, and in which version."""

from __future__ import annotations

import site
import sys
import sysconfig
from functools import cache, lru_cache
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, distributions
from pathlib import Path

from ..errors import ScenarioError
from .files import stamp

ALWAYS = ("mesa", "networkx", "numba", "numpy", "pandas", "scipy")
"""Libraries that every simulation computes with."""

_first: dict[tuple[Path, str], str] = {}


@cache
def _folders() -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The folders of installed libraries, and those of the standard library."""
    installed = {*site.getsitepackages(), site.getusersitepackages()}
    installed |= {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    standard = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    return tuple(sorted(map(_real, installed))), tuple(sorted(map(_real, standard)))


def _real(path: str) -> Path:
    return Path(path).resolve()


def is_installed(path: Path) -> bool:
    """Whether a file is in a folder of installed libraries."""
    return any(path.is_relative_to(folder) for folder in _folders()[0])


def is_standard(path: Path) -> bool:
    """Whether a file is of Python's standard library."""
    return not is_installed(path) and any(path.is_relative_to(folder) for folder in _folders()[1])


def owner_of(name: str, path: Path, *, package: bool) -> dict[str, str]:
    """The distribution that installed a module, with its version; empty if none did, as for a project of the user's
    own that is installed in place.

    Raises ScenarioError if the version has changed while this process ran, which may hold the old one."""
    depth = name.count(".") + package
    if depth >= len(path.parents):
        return {}
    root = path.parents[depth]
    try:
        found = _owner(root, stamp(root), name.partition(".")[0], path.relative_to(root).as_posix())
    except OSError:
        return {}
    for distribution, version in found.items():
        check_unchanged(root, distribution, version)
    return found


def check_unchanged(root: Path, name: str, version: str) -> None:
    """Raise ScenarioError if something that is loaded once had another version before in this process."""
    if (before := _first.setdefault((root, name), version)) != version:
        message = f"{name} has changed from {before} to {version} while this process ran"
        hint = "Start the process again; in a notebook, restart the kernel."
        raise ScenarioError(message, file=str(root), hint=hint)


@lru_cache(maxsize=256)
def _owner(root: Path, mark: object, top: str, file: str) -> dict[str, str]:
    installed = is_installed(root)
    for found in distributions(name=top, path=[str(root)]):
        if installed or _lists(found, file):
            return _said(found)
    for found in distributions(path=[str(root)]):
        if _lists(found, file) or (installed and top in (found.read_text("top_level.txt") or "").split()):
            return _said(found)
    return {}


def _lists(found: Distribution, file: str) -> bool:
    return any(entry.as_posix() == file for entry in found.files or ())


def _said(found: Distribution) -> dict[str, str]:
    return {found.name.lower().replace("_", "-"): found.version or "unknown"}


def spec_path(spec: ModuleSpec) -> Path | None:
    """The file of a module, if it has one."""
    if not spec.has_location or spec.origin is None:
        return None
    return Path(spec.origin).resolve()


def always() -> dict[str, str]:
    """The versions of Python (without its last number) and of the libraries that every simulation computes with."""
    python = ".".join(map(str, sys.version_info[:2]))
    return {"python": python} | {name: _version(name) for name in ALWAYS}


@cache
def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
