"""Rules of your own: found in the Python files that a scenario names, and nowhere else."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .errors import ScenarioError
from .market import rules
from .policies import best_response, entry, pricing, rent, store, subsidy
from .scenario.people import FieldSpec
from .scenario.schema import Spec

if TYPE_CHECKING:
    from .model import Phase

STORE: dict[str, Any] = {
    "satisficing": store.Satisficing,
    "never_integrate": store.NeverIntegrate,
    "price_match": pricing.PriceMatch,
    "best_response": best_response.BestResponse,
}
SUBSIDY: dict[str, Any] = {
    "fixed": subsidy.Fixed,
    "match_rival": subsidy.MatchRival,
    "buy_share": subsidy.BuyShare,
}
RENT: dict[str, Any] = {"fixed": rent.Fixed, "indexed": rent.Indexed, "vacancy": rent.Vacancy}
ENTRY: dict[str, Any] = {"best_category": entry.BestCategory, "none": entry.NoEntry}


class Plugins:
    """The files named under `plugins`, loaded once each, and what the scenario takes from them by name.

    Raises ScenarioError if a file or a name is not there, if it cannot be imported, or if plugins are named
    but not allowed.
    """

    def __init__(self, spec: Spec, *, allowed: bool = True):
        self.spec = spec
        self.modules: dict[str, ModuleType] = {}
        self.digests: dict[str, str] = {}
        for k, name in enumerate(spec.plugins):
            key = f"plugins.{k}"
            if not allowed:
                raise self._fault(
                    key,
                    f"plugin {name!r} is named here, but plugins are refused",
                    "Run without --no-plugins if you trust it.",
                )
            self._load(name, key)
        self.entry = self._make(spec.entry.policy, ENTRY, "entry.policy")
        self._policies: dict[tuple[str, str], Any] = {}
        for key, kind, said in self._named():
            self._policy(kind, said, key)

    def _named(self):
        """Every policy that the scenario names, so that a wrong name is found before the run, not in it."""
        spec = self.spec
        yield "stores.policy", "store", spec.stores.policy
        for name, f in spec.stores.formats.items():
            if f.policy:
                yield f"stores.formats.{name}.policy", "store", f.policy
        for name, s in spec.stores.named.items():
            if s.policy:
                yield f"stores.named.{name}.policy", "store", s.policy
        yield "landlords.policy", "rent", spec.landlords.policy
        for name, c in spec.circles.items():
            if c.landlord:
                yield f"circles.{name}.landlord", "rent", c.landlord
        for name, p in spec.platforms.items():
            yield f"platforms.{name}.subsidy.policy", "subsidy", p.subsidy.policy

    def _fault(self, key: str, message: str, hint: str | None = None) -> ScenarioError:
        return ScenarioError(self.spec.problem_at(key, message, hint))

    def _load(self, name: str, key: str) -> None:
        origin = self.spec._origin
        folder = origin.folder_of(key) if origin is not None else Path()
        path = folder / (name if name.endswith(".py") else name + ".py")
        stem = path.stem
        if not path.is_file():
            raise self._fault(key, f"there is no file {path.name} beside the scenario")
        if not stem.isidentifier():
            raise self._fault(key, "a plugin's file should be named like a Python module")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found = importlib.util.spec_from_file_location(f"o2o_plugin_{stem}_{digest[:12]}", path)
        assert found is not None and found.loader is not None
        module = sys.modules.get(found.name)
        if module is None:
            module = importlib.util.module_from_spec(found)
            sys.modules[found.name] = module
            try:
                found.loader.exec_module(module)
            except Exception as fault:
                del sys.modules[found.name]
                raise self._fault(
                    key, f"{path.name} cannot be imported: {type(fault).__name__}: {fault}"
                ) from fault
        self.modules[stem], self.digests[stem] = module, digest

    def find(self, dotted: str, key: str, known: dict[str, Any] | None = None) -> Any:
        """What a name stands for: one of `known`, or `plugin.name`."""
        if known and dotted in known:
            return known[dotted]
        module, _, name = dotted.partition(".")
        if module in self.modules and hasattr(self.modules[module], name):
            return getattr(self.modules[module], name)
        offered = ", ".join(known) if known else "plugin.name"
        if module in self.modules:
            raise self._fault(key, f"plugin {module!r} has no {name!r}")
        hint = f"Known here: {offered}; or plugin.name with the plugin's file under `plugins`."
        raise self._fault(key, f"there is no {dotted!r}", hint)

    def _make(self, dotted: str, known: dict[str, Any], key: str) -> Any:
        return self.find(dotted, key, known)()

    def _policy(self, kind: str, said: str, key: str = "") -> Any:
        known: dict[str, Any] = {"store": STORE, "subsidy": SUBSIDY, "rent": RENT}[kind]
        if (kind, said) not in self._policies:
            self._policies[kind, said] = self._make(said, known, key)
        return self._policies[kind, said]

    def store_policy(self, said: str) -> Any:
        """The store policy of a name, one instance for all who use it."""
        return self._policy("store", said)

    def subsidy_policy(self, said: str) -> Any:
        """The subsidy policy of a name."""
        return self._policy("subsidy", said)

    def rent_policy(self, said: str) -> Any:
        """The rent policy of a name."""
        return self._policy("rent", said)

    def rule(self) -> tuple[Callable, dict[str, FieldSpec]]:
        """The choice rule, and the extra consumer fields: those the rule declares in `FIELDS` (name ->
        default), and those of the scenario, which come before."""
        said = self.spec.consumers.value
        declared: dict[str, float] = {}
        if said == "default":
            rule = rules.value
        elif said == "huff":
            rule, declared = rules.huff.value, rules.huff.FIELDS
        else:
            rule = self.find(said, "consumers.value", {"default": rules.value, "huff": rules.huff.value})
            declared = getattr(self.modules[said.partition(".")[0]], "FIELDS", {})
        fields = {name: FieldSpec(mean=float(default)) for name, default in declared.items()}
        fields |= self.spec.consumers.fields
        if len(fields) > 8:
            raise self._fault("consumers.fields", "there can be at most eight extra fields")
        return rule, fields

    def channels(self) -> list[Any]:
        """One instance of every channel class of the scenario."""
        return [self.find(c, f"channels.{k}")() for k, c in enumerate(self.spec.channels)]

    def systems(self) -> list[Any]:
        """The system classes of the scenario's own."""
        return [self.find(s, f"systems.{k}") for k, s in enumerate(self.spec.systems)]

    def insert_phases(self, day: tuple[tuple[str, Phase], ...]) -> list[tuple[str, Phase]]:
        """The phases of a day with those of the scenario put in their place."""
        phases = list(day)
        for k, p in enumerate(self.spec.phases):
            function = self.find(p.run, f"phases.{k}.run")
            anchor = p.before or p.after
            at = next((i for i, (name, _) in enumerate(phases) if name == anchor), None)
            if at is None or bool(p.before) == bool(p.after):
                names = ", ".join(name for name, _ in phases)
                raise self._fault(
                    f"phases.{k}", "should come either before or after one of the phases", f"Phases: {names}."
                )
            phases.insert(at if p.before else at + 1, (p.run, function))
        return phases
