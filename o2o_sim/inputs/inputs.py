"""Everything that a run reads, and one digest over it.

The same digest is in the key of a run in a study, in a run's manifest and in a saved city, and workers hold theirs
against it before they run anything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ScenarioError
from .files import digest_of, file_digest
from .libraries import always
from .loading import load
from .package import code_digest
from .sources import Sources, sources_of

if TYPE_CHECKING:
    from ..scenario.schema import Spec


@dataclass(frozen=True)
class Inputs:
    """What a run reads: the SHA-256 of its `scenario` (without name, question and seed, which change nothing), of the
    `code` of this package, of the `files` that the scenario names by their keys, of the `modules` that its plugins
    import by their names, and of code given in memory (`own`); and the versions of `libraries`.

    Data that a plugin opens by itself is not among them: nobody can tell from outside."""

    scenario: str
    code: str
    files: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all of it (64 hex digits)."""
        return digest_of(json.dumps(self.parts(), sort_keys=True))

    def parts(self) -> dict[str, Any]:
        """All of it as plain data, what is empty left out."""
        parts = {name: value for name, value in vars(self).items() if name != "digest"}
        return {
            name: value if isinstance(value, str) else dict(value) for name, value in parts.items() if value
        }

    def differences(self, other: Inputs) -> Iterator[tuple[str, str]]:
        """What of these is different in others: the key of the scenario, if it names it, and a sentence."""
        if self.code != other.code:
            yield "", "the code of o2o_sim is not the same"
        if self.scenario != other.scenario:
            yield "", "the scenario is not the same"
        for key in _different(self.files, other.files):
            yield key, f"the file of {key} is not the same"
        for name in _different(self.modules, other.modules):
            yield "plugins", f"the module {name}, which a plugin imports, is not the same"
        for name in _different(self.libraries, other.libraries):
            ours, theirs = (_shown(side.get(name)) for side in (self.libraries, other.libraries))
            yield "", f"the library {name} is {theirs} in place of {ours}"
        for name in _different(self.own, other.own):
            yield name, f"the code of {name} is not the same"


def _different(a: Mapping[str, str], b: Mapping[str, str]) -> list[str]:
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))


def _shown(version: str | None) -> str:
    return "missing" if version is None else version[:20]


def inputs_of(spec: Spec, own: Mapping[str, str] | None = None) -> Inputs:
    """What a run of a scenario reads, `own` being the digests of code given in memory. Plugins are loaded.

    The order of the user's own names (circles, platforms, ...) counts: the first circle is the first to be let.
    Raises ScenarioError for a file that cannot be read, and a plugin that cannot be loaded."""
    from ..scenario.load import to_plain

    said = {name: value for name, value in to_plain(spec).items() if name not in ("name", "question", "seed")}
    scenario = digest_of(json.dumps(said, separators=(",", ":"), allow_nan=False))
    modules, libraries = used_by_plugins(spec, run=True)
    return Inputs(scenario, code_digest(), file_digests(spec), modules, libraries, own or {})


# -- files that a scenario names ---------------------------------------------------------------------------------
def named_files(spec: Spec) -> dict[str, tuple[Path, str]]:
    """Every file that a scenario names, its data and its plugins, by key: the folder where its name starts, and
    the name."""
    named = {f"plugins.{k}": plugin_file(name) for k, name in enumerate(spec.plugins)}
    if spec.city.import_ is not None:
        named |= {f"city.import.{name}": file for name, file in spec.city.import_.files().items()}
    from ..scenario.blocks.drivers import files_of

    named |= files_of(spec)
    origin = spec._origin
    return {key: (origin.folder_of(key) if origin else Path(), name) for key, name in named.items()}


def plugin_file(name: str) -> str:
    """The name of a plugin's file, which a scenario may give without its ending."""
    return name if name.endswith(".py") else f"{name}.py"


def file_digests(spec: Spec) -> dict[str, str]:
    """SHA-256 of every file that a scenario names, by key. Raises ScenarioError for one that cannot be read."""
    return {key: _read(spec, key, path, file_digest) for key, path in _paths(spec)}


def _paths(spec: Spec) -> Iterator[tuple[str, Path]]:
    for key, (folder, name) in named_files(spec).items():
        yield key, folder / name


def _read(spec: Spec, key: str, path: Path, reading: Any) -> Any:
    try:
        return reading(path)
    except ScenarioError:
        raise
    except OSError as fault:
        said = f"{path.name} cannot be read: {fault.strerror}"
        raise ScenarioError(spec.problem_at(key, said)) from fault
    except (Exception, SystemExit) as fault:  # of a plugin's own
        said = f"{path.name} cannot be imported: {type(fault).__name__}: {fault}"
        raise ScenarioError(spec.problem_at(key, said)) from fault


def used_by_plugins(spec: Spec, *, run: bool = False) -> tuple[dict[str, str], dict[str, str]]:
    """SHA-256 of each module that plugins import beside those of libraries, and the versions of libraries that they
    and the package use. Without `run` no plugin is loaded, and only what their sources name is found."""
    modules: dict[str, str] = {}
    libraries = always()
    for key, path in _paths(spec):
        if key.startswith("plugins."):
            found: Sources = _read(spec, key, path, _loaded_sources if run else sources_of)
            modules |= {name: module.digest for name, module in found.modules.items()}
            libraries |= found.libraries
    return dict(sorted(modules.items())), dict(sorted(libraries.items()))


def _loaded_sources(path: Path) -> Sources:
    return load(path).sources
