"""Load a plugin's file, with the modules of the user's own that it imports, as the files are now.

Python imports a module once in a process. A plugin that is loaded anew after a module that it imports has changed
would still meet the old one, and what it computes would not be what its digest says."""

from __future__ import annotations

import ast
import sys
import threading
from functools import lru_cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from .caching import cache_root, caching_in
from .files import by_file
from .libraries import spec_path
from .memory import plain, version_of
from .sources import US, Module, Sources, sources_of, top_level


class Loaded(NamedTuple):
    """A plugin's module, and the sources that it was made of."""

    module: ModuleType
    sources: Sources


_lock = threading.RLock()
_more: dict[str, tuple[str, ...]] = {}
"""Modules that a plugin turned out to use and that its source does not name, by the name of its module."""
_fresh: dict[str, tuple[ModuleType, str]] = {}
"""Modules of the user's own with the digest of the file that they are known to be made of."""


def load(path: Path, suffix: str = "") -> Loaded:
    """The module of a plugin's file. It is run once for each content of the file and of the modules that it needs;
    modules that are no longer as their files say are imported anew, too. Another `suffix` of the module's name gives
    another module.

    Raises OSError if the file cannot be read, ScenarioError if a library was exchanged while this process ran, and
    what the file raises when it is run."""
    with _lock:
        found = sources_of(path)
        name = f"o2o_plugin_{path.stem}_{found.digest[:12]}{suffix}"
        module, whole = sys.modules.get(name), sources_of(path, _more.get(name, ()))
        if _drop_changed(whole) or module is None:
            _finder.know(whole)
            # Numba keeps compiled functions by the file that they stand in, whatever the functions they call.
            with caching_in(cache_root() / f"plugin-{whole.digest[:24]}"):
                module = _run(name, path)
            more = _more[name] = tuple(sorted(_beside(module, whole)))
            whole = sources_of(path, more)
        for known, loaded in _loaded(whole).items():
            _fresh[known] = loaded, whole.modules[known].digest
        return Loaded(module, whole)


class _FromSource(SourceFileLoader):
    """Loads a module from its source. What Python keeps compiled beside it goes by size and whole seconds alone, and
    can be of another source."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _Finder(MetaPathFinder):
    """Has the modules of the user's own that plugins need loaded from their sources."""

    def __init__(self) -> None:
        self._paths: set[Path] = set()
        self._names: set[str] = set()

    def know(self, sources: Sources) -> None:
        """Do so with these modules."""
        own = {n: m.path for n, m in sources.modules.items() if m.path.suffix == ".py" and not _is_us(n)}
        self._paths |= set(own.values())
        self._names |= own.keys()
        if own and self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in self._names:
            return None
        spec = top_level(name) if path is None else PathFinder.find_spec(name, path)
        file = spec_path(spec) if spec is not None else None
        if spec is not None and file in self._paths:
            spec.loader = _FromSource(name, str(spec.origin))
        return spec


_finder = _Finder()


def _is_us(name: str) -> bool:
    return name.partition(".")[0] == US


def _run(name: str, path: Path) -> ModuleType:
    spec = spec_from_file_location(name, path, loader=_FromSource(name, str(path)))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _drop_changed(sources: Sources) -> bool:
    """Forget the modules that a plugin needs if one of those that are loaded is not what its file says, so that they
    are imported anew when they are asked for. Returns whether that was so."""
    loaded = _loaded(sources)
    changed = any(not _is_fresh(name, module, sources.modules[name]) for name, module in loaded.items())
    if changed:
        for name in loaded:
            del sys.modules[name]
            _fresh.pop(name, None)
    return changed


def _loaded(sources: Sources) -> dict[str, ModuleType]:
    """The modules among the sources that this process has, apart from those of this package."""
    names = (name for name in sources.modules if not _is_us(name))
    return {name: sys.modules[name] for name in names if name in sys.modules}


def _is_fresh(name: str, module: ModuleType, now: Module) -> bool:
    known = _fresh.get(name)
    if known is not None and known[0] is module:
        return known[1] == now.digest or says_the_same(module, now.path)
    return says_the_same(module, now.path)


# -- is a module what its file says? -----------------------------------------------------------------------------
def says_the_same(module: ModuleType, path: Path) -> bool:
    """Whether the functions of a module, and the constants that it sets once, are those of its file. Somebody else
    may have imported it before the file changed."""
    file = getattr(module, "__file__", None)
    if file is None or Path(file).resolve() != path:
        return False
    said = _said(path)
    if said is None:
        return False
    codes, constants = said
    held = vars(module)
    if any(name not in held or repr(held[name]) != repr(value) for name, value in constants.items()):
        return False
    return all(f.__code__ in codes for f in _functions(list(held.values()), str(file), module.__name__))


@by_file
def _said(path: Path) -> tuple[frozenset[CodeType], dict[str, Any]] | None:
    """The code of all functions in a file and the constants that it sets once; None if it is not Python."""
    try:
        text = path.read_bytes()
        whole, tree = compile(text, str(path), "exec", dont_inherit=True), ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return frozenset(_codes(whole)), _constants(tree)


def _codes(code: CodeType) -> list[CodeType]:
    inner = [part for part in code.co_consts if isinstance(part, CodeType)]
    return [*inner, *(found for part in inner for found in _codes(part))]


def _constants(tree: ast.Module) -> dict[str, Any]:
    times: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            times[node.id] = times.get(node.id, 0) + 1
    found = {}
    for line in tree.body:
        if isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name):
            name = line.targets[0].id
            try:
                value = ast.literal_eval(line.value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                continue
            if times[name] == 1:
                found[name] = value
    return found


def _functions(values: list[Any], file: str, module: str) -> list[FunctionType]:
    """The functions that a module defines, also in its classes."""
    found, met = [], set()
    while values:
        value = values.pop()
        function = plain(getattr(value, "__func__", value))
        if isinstance(function, FunctionType) and function.__code__.co_filename == file:
            found.append(function)
        elif isinstance(value, type) and value.__module__ == module and value not in met:
            met.add(value)
            values += vars(value).values()
    return found


# -- what a plugin uses beyond what its source names ---------------------------------------------------------------
def _beside(plugin: ModuleType, sources: Sources) -> set[str]:
    """Modules that the names in a plugin's module and in those that it needs come from, and that no source names:
    imported by a name that was put together, perhaps."""
    found: set[str] = set()
    for module in (plugin, *_loaded(sources).values()):
        for name, value in vars(module).items():
            if isinstance(value, ModuleType):
                if not value.__name__.startswith(f"{module.__name__}."):  # that is set by whoever imports it
                    found.add(value.__name__)
            elif not name.startswith("__"):
                found.add(_module_of(value))
    return {
        name
        for name in found - sources.modules.keys() - {plugin.__name__, "__main__", ""}
        if not name.startswith("o2o_plugin_") and _is_own(name)
    }


def _module_of(value: Any) -> str:
    said = (value if isinstance(value, type | FunctionType) else type(value)).__module__
    return said if isinstance(said, str) else ""


@lru_cache(maxsize=4096)
def _is_own(name: str) -> bool:
    """Whether a module is neither Python's, nor a library's, nor of this package."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return bool(file) and not _is_us(name) and not version_of(name)
