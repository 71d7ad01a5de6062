"""The Python files that a file needs: those that it imports, those that they import, and so on.

Imports are read from the source, also those inside functions, and found where Python would find them, but nothing
is run. Modules of the standard library, of this package and of installed libraries are not followed: libraries go
by their versions."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder
from pathlib import Path
from typing import NamedTuple

from . import package
from .files import Stamp, by_file, digest_of, file_digest, is_settled, stamp
from .libraries import check_unchanged, is_installed, is_standard, owner_of, spec_path

US = __name__.partition(".")[0]


class Module(NamedTuple):
    """A Python file by its path and its SHA-256."""

    path: Path
    digest: str


@dataclass(frozen=True)
class Sources:
    """A Python file, the modules it needs beside those of libraries by their names, and the versions of the libraries
    that it and they import."""

    file: Module
    modules: dict[str, Module] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all of it (64 hex digits); folders do not count."""
        parts = [self.file.digest, {n: m.digest for n, m in sorted(self.modules.items())}, self.libraries]
        return digest_of(json.dumps(parts, sort_keys=True))


# -- what a file says --------------------------------------------------------------------------------------------
class _Import(NamedTuple):
    """An import as it is written: `level` dots before `name`, and the `names` taken from it. `all_of` says that
    modules of it are imported by names that only its run knows."""

    name: str
    level: int = 0
    names: tuple[str, ...] = ()
    all_of: bool = False


@by_file
def _imports(path: Path) -> tuple[_Import, ...]:
    """What a Python file imports; nothing if it is not Python, of which whoever runs it will tell."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError):
        return ()
    return tuple(found for node in ast.walk(tree) for found in _said(node))


def _said(node: ast.AST) -> Iterator[_Import]:
    if isinstance(node, ast.Import):
        yield from (_Import(alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        names = tuple(alias.name for alias in node.names)
        yield _Import(node.module or "", node.level, names)
    elif isinstance(node, ast.Call) and node.args and _called(node.func) in ("import_module", "__import__"):
        start, whole = _constant_start(node.args[0])
        level = len(start) - len(start.lstrip("."))
        name = start.lstrip(".")
        if whole:
            yield _Import(name, level)
        else:
            yield _Import(name.rpartition(".")[0], level, all_of=True)


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _constant_start(text: ast.expr) -> tuple[str, bool]:
    """How a text surely begins, and whether that is all of it."""
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        return text.value, True
    if isinstance(text, ast.JoinedStr) and text.values:
        return _constant_start(text.values[0])[0], False
    if isinstance(text, ast.BinOp):
        start = _constant_start(text.left)[0]
        return (start.partition("%")[0] if isinstance(text.op, ast.Mod) else start), False
    return "", False


# -- where it is found -------------------------------------------------------------------------------------------
def find(name: str) -> list[tuple[str, ModuleSpec]]:
    """A module and the packages that it is in, the outermost first, by their names; none of them is imported. Ends
    before the first that is not there."""
    found: list[tuple[str, ModuleSpec]] = []
    parts = name.split(".")
    where: list[str] | None = None
    for k, part in enumerate(parts):
        spec = top_level(part) if where is None else _below(part, where)
        if spec is None:
            break
        found.append((".".join(parts[: k + 1]), spec))
        if spec.submodule_search_locations is None:
            break
        where = list(spec.submodule_search_locations)
    return found


def top_level(name: str) -> ModuleSpec | None:
    """Where a module that is in no package would be imported from; None if it is not there."""
    for finder in sys.meta_path:
        if type(finder).__module__.startswith(__name__.rpartition(".")[0]):
            continue  # it knows where modules were, not where they are
        try:
            spec = finder.find_spec(name, None)
        except Exception:  # a finder of others
            continue
        if spec is not None:
            return spec
    return None


def _below(name: str, where: list[str]) -> ModuleSpec | None:
    # By the last part of its name: with all of it, Python asks for the package that it is in, which is not loaded.
    try:
        return PathFinder.find_spec(name, where)
    except (ImportError, ValueError):
        return None


class _Search:
    """The files that are needed, as they are found."""

    def __init__(self, file: Path):
        self.modules: dict[str, Module] = {}
        self.libraries: dict[str, str] = {}
        self._seen: set[str] = set()
        self._todo: list[tuple[Path, str]] = [(file, "")]

    def all(self) -> None:
        while self._todo:
            path, package_name = self._todo.pop()
            for said in _imports(path):
                self._follow(said, package_name, path)

    def _follow(self, said: _Import, package_name: str, path: Path) -> None:
        name = said.name
        if said.level:
            above = package_name.split(".")[: len(package_name.split(".")) - said.level + 1]
            name = ".".join(part for part in (*above, said.name) if part)
        if said.all_of:
            self._take_all(name, path)
        elif name:
            spec = self.take(name)
            if spec is not None and spec.submodule_search_locations is not None:
                for part in _taken(said.names, spec):
                    self.take(f"{name}.{part}")

    def take(self, name: str) -> ModuleSpec | None:
        """A module that is needed, and with it the packages that it is in. None if it need not be followed."""
        top = name.partition(".")[0]
        if top in sys.builtin_module_names or (top in sys.stdlib_module_names and top in sys.modules):
            return None
        found = find(name)
        for at, spec in found:
            if at not in self._seen:
                self._seen.add(at)
                self._note(at, spec)
        return found[-1][1] if found and found[-1][0] == name and not _is_foreign(found[-1][1]) else None

    def _note(self, name: str, spec: ModuleSpec) -> None:
        path = spec_path(spec)
        if path is None or not path.is_file() or is_standard(path) or _is_ours(path):
            return
        is_package = spec.submodule_search_locations is not None
        if owner := owner_of(name, path, package=is_package):
            self.libraries |= owner
        elif path.name.endswith(tuple(EXTENSION_SUFFIXES)):
            # Python loads a compiled module once in a process, like a library.
            self.libraries[name] = file_digest(path)
            check_unchanged(path.parent, name, self.libraries[name])
        else:
            self.modules[name] = Module(path, file_digest(path))
            self._todo.append((path, name if is_package else name.rpartition(".")[0]))

    def _take_all(self, name: str, path: Path) -> None:
        """Every module of a package, or if none is named, every one beside a file."""
        spec = self.take(name) if name else None
        folders = spec.submodule_search_locations if spec is not None else None
        for folder in folders if folders is not None else [str(path.parent)]:
            for file in sorted(Path(folder).glob("*.py")):
                if file.stem != "__init__" and file != path:
                    self.take(f"{name}.{file.stem}" if folders is not None else file.stem)


def _is_ours(path: Path) -> bool:
    top = package.top().resolve()
    return path.is_relative_to(top) and package.counts(path.relative_to(top).as_posix())


def _is_foreign(spec: ModuleSpec) -> bool:
    path = spec_path(spec)
    return path is not None and (is_installed(path) or is_standard(path) or _is_ours(path))


def _taken(names: tuple[str, ...], spec: ModuleSpec) -> tuple[str, ...]:
    """The names taken from a package, which may be modules of it; of all (*), those that it lists."""
    path = spec_path(spec)
    if "*" not in names or path is None:
        return names
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "__all__" for t in node.targets):
            try:
                return tuple(ast.literal_eval(node.value))
            except (ValueError, TypeError):
                pass
    return ()


# -- kept within this process ------------------------------------------------------------------------------------
class _Kept(NamedTuple):
    path: tuple[str, ...]
    marks: dict[Path, Stamp | None]
    sources: Sources


_kept: dict[tuple[Path, tuple[str, ...]], _Kept] = {}


def sources_of(path: Path, more: Iterable[str] = ()) -> Sources:
    """The Python files and libraries that a file needs, and `more` modules by their names.

    Raises OSError if the file cannot be read, ScenarioError if a library was exchanged while this process ran."""
    path, more = path.resolve(), tuple(more)
    kept = _kept.get((path, more))
    if kept is None or kept.path != tuple(sys.path) or not _holds(kept.marks):
        search = _Search(path)
        for name in more:
            search.take(name)
        search.all()
        found = Sources(Module(path, file_digest(path)), search.modules, search.libraries)
        files = [path, *(module.path for module in search.modules.values())]
        folders = {file.parent for file in files} | {Path(entry).resolve() for entry in sys.path}
        _kept[path, more] = kept = _Kept(tuple(sys.path), _marks([*files, *sorted(folders)]), found)
    return kept.sources


def _marks(paths: Iterable[Path]) -> dict[Path, Stamp | None]:
    return {path: _mark(path) for path in paths}


def _mark(path: Path) -> Stamp | None:
    try:
        return stamp(path)
    except OSError:
        return None


def _holds(marks: dict[Path, Stamp | None]) -> bool:
    """Whether no file has changed, and no folder in which another module may have come."""
    return all(_mark(path) == mark and (mark is None or is_settled(mark)) for path, mark in marks.items())
