"""Rules of your own: found in the Python files that a scenario names, and nowhere else."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from .border.blame import Files, not_imported
from .border.guard import examine, examine_rule, guard, wrong_default
from .border.scan import unseeded_draws
from .errors import Problem, ScenarioError
from .inputs.inputs import plugin_file
from .inputs.loading import load
from .inputs.sources import Sources
from .market import rules
from .market.offers import Offer
from .modes import Mode
from .policies import best_response, entry, pricing, rent, store, subsidy
from .scenario.keys import Block
from .scenario.messages import in_file_order
from .scenario.people import FieldSpec
from .scenario.places import Key
from .scenario.schema import Spec
from .scenario.settings import read_settings, settings_class
from .scenario.shape import closest
from .scenario.textfile import first
from .scenario.use import Use, uses
from .systems.base import System

if TYPE_CHECKING:
    from .model import O2OModel


class Kind(NamedTuple):
    """What a scenario takes by name under some keys: what it is called, the built-in classes, the base that a
    class of one's own must have, and the methods."""

    called: str
    built_in: dict[str, Any]
    base: type = object
    methods: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    "store": Kind(
        "a policy of stores",
        {
            "satisficing": store.Satisficing,
            "never_integrate": store.NeverIntegrate,
            "price_match": pricing.PriceMatch,
            "best_response": best_response.BestResponse,
        },
        methods=("review",),
    ),
    "subsidy": Kind(
        "a policy of subsidies",
        {"fixed": subsidy.Fixed, "match_rival": subsidy.MatchRival, "buy_share": subsidy.BuyShare},
        methods=("decide",),
    ),
    "rent": Kind(
        "a policy of landlords",
        {"fixed": rent.Fixed, "indexed": rent.Indexed, "vacancy": rent.Vacancy},
        methods=("decide",),
    ),
    "entry": Kind(
        "a policy of entry", {"best_category": entry.BestCategory, "none": entry.NoEntry}, methods=("choose",)
    ),
    "system": Kind("a system", {}, base=System),
    "mode": Kind("a way of integrating", {}, base=Mode),
    "channel": Kind("a channel", {}, methods=("publish",)),
}
VALUES: dict[str, Any] = {"default": rules.value, "huff": rules.huff.value}
MOST_FIELDS = 8


_SUFFIX: ContextVar[str] = ContextVar("suffix", default="")


@contextmanager
def fresh_modules() -> Iterator[None]:
    """Within the block the files of plugins are imported as modules of their own, which share nothing with those
    imported before."""
    token = _SUFFIX.set("_trial")
    try:
        yield
    finally:
        _SUFFIX.reset(token)


class Plugins:
    """The files named under `plugins`, loaded once each, and what the scenario takes from them by name.

    Raises ScenarioError with everything that is wrong: a file or a name that is not there or cannot be
    imported, a class that is not what its key asks for, settings that it does not have. If plugins are named
    but not allowed, it is raised before any is imported.
    """

    def __init__(self, spec: Spec, *, allowed: bool = True):
        self.spec = spec
        self.modules: dict[str, ModuleType] = {}
        self.sources: dict[str, Sources] = {}
        self.files = Files()
        self._classes: dict[int, Any] = {}  # by the identity of the use
        self._policies: dict[tuple[Any, int], Any] = {}
        self._problems: list[Problem] = []
        if spec.plugins and not allowed:
            message = f"plugin {spec.plugins[0]!r} is named here, but plugins are refused"
            raise self._fault("plugins.0", message, "Run without --no-plugins if you trust it.")
        for k, name in enumerate(spec.plugins):
            self._attempt(self._load, name, f"plugins.{k}")
        if not self._problems:  # else all that stands in a missing file would be missing, too
            for key, kind, use in uses(spec):
                self._attempt(self._take, key, KINDS[kind], use)
            for k, channel in enumerate(spec.channels):
                self._attempt(self._class, f"channels.{k}", KINDS["channel"], channel)
            for k, phase in enumerate(spec.phases):
                self._attempt(self.find, phase.run, f"phases.{k}.run")
            self._attempt(self.rule)
        if self._problems:
            raise ScenarioError(first(in_file_order(list(dict.fromkeys(self._problems)), ())))

    def _attempt(self, work: Callable[..., Any], *given: Any) -> None:
        try:
            work(*given)
        except ScenarioError as fault:
            self._problems += fault.problems

    def _fault(self, key: Key, message: str, hint: str | None = None) -> ScenarioError:
        return ScenarioError(self.spec.problem_at(key, message, hint))

    # -- files ----------------------------------------------------------------------------------------------
    def _load(self, name: str, key: str) -> None:
        origin = self.spec._origin
        folder = origin.folder_of(key) if origin is not None else Path()
        path = folder / plugin_file(name)
        stem = path.stem
        if not path.is_file():
            raise self._fault(key, f"there is no file {path.name} beside the scenario")
        if not stem.isidentifier():
            raise self._fault(key, "a plugin's file must be named like a Python module")
        self.files.named.append(path.absolute())
        try:
            loaded = load(path, _SUFFIX.get())
        except ScenarioError:
            raise
        except (Exception, SystemExit) as fault:
            raise ScenarioError(not_imported(fault, path.absolute(), self.files)) from fault
        if drawn := unseeded_draws(path.absolute()):
            raise ScenarioError(drawn)
        self.modules[stem], self.sources[stem] = loaded

    def find(self, dotted: str, key: Key, known: dict[str, Any] | None = None) -> Any:
        """What a name stands for: one of `known`, or `plugin.name`."""
        if known and dotted in known:
            return known[dotted]
        plugin, _, name = dotted.partition(".")
        module = self.modules.get(plugin)
        if module is None:
            offered = ", ".join(known) if known else "plugin.name"
            hint = f"Known here: {offered}; or plugin.name with the plugin's file under `plugins`."
            raise self._fault(key, f"there is no {dotted!r}", hint)
        if not hasattr(module, name):
            near = closest(name, [n for n in vars(module) if not n.startswith("_")])
            meant = f"did you mean {plugin}.{near}?" if near else None
            raise self._fault(key, f"plugin {plugin!r} has no {name!r}", meant)
        return getattr(module, name)

    # -- classes and their settings -------------------------------------------------------------------------
    def _class(self, key: Key, kind: Kind, name: str) -> Any:
        """The class of a name, which is one of its kind."""
        cls = self.find(name, key, kind.built_in)
        if not isinstance(cls, type):
            raise self._fault(key, f"{name!r} is not a class; {kind.called} is one")
        if not issubclass(cls, kind.base):
            raise self._fault(key, f"{name!r} must be a class derived from {kind.base.__name__}")
        for method in kind.methods:
            if not callable(getattr(cls, method, None)):
                raise self._fault(key, f"{name!r} has no method {method!r}, which {kind.called} needs")
        module = self.modules.get(name.partition(".")[0])
        if module is not None:
            called = next(name for name, known in KINDS.items() if known is kind)
            if problems := examine(cls, called, module):
                raise ScenarioError(problems)
            guard(cls, called)
        return cls

    def _take(self, key: Key, kind: Kind, use: Use) -> None:
        cls = self._class(key, kind, use.run)
        try:
            wanted = settings_class(cls)
        except TypeError as fault:
            raise self._fault(key, str(fault)) from None
        if problem := wrong_default(cls, wanted):
            raise ScenarioError(problem)
        use.bind(read_settings(wanted, use.said, key, self.spec._origin))
        self._classes[id(use)] = cls

    def offered(self) -> dict[str, type[Block]]:
        """The settings of every class of the plugins that has any, by the name that a scenario gives it."""
        return {
            f"{stem}.{name}": settings_class(cls)
            for stem, module in self.modules.items()
            for name, cls in vars(module).items()
            if isinstance(cls, type) and cls.__module__ == module.__name__ and _has_settings(cls)
        }

    def policy(self, use: Use) -> Any:
        """The policy of a use. One instance serves all for whom the scenario names it under one key; without
        settings, all for whom it names it anywhere."""
        cls = self._classes[id(use)]
        known = (cls, id(use) if _has_settings(cls) else 0)
        if known not in self._policies:
            self._policies[known] = equipped(cls, use.settings)
        return self._policies[known]

    @property
    def entry(self) -> Any:
        """Who takes an empty unit."""
        return self.policy(self.spec.entry.policy)

    def systems(self, model: O2OModel) -> list[System]:
        """The systems of the scenario's own, made for a model."""
        channels = [self.find(c, f"channels.{k}") for k, c in enumerate(self.spec.channels)]
        functions = [self.find(p.run, f"phases.{k}.run") for k, p in enumerate(self.spec.phases)]
        return [
            *(OldChannel(model, cls()) for cls in channels),
            *(OldPhase(model, k, function) for k, function in enumerate(functions)),
            *(equipped(self._classes[id(use)], use.settings, model) for use in self.spec.systems),
        ]

    def modes(self) -> list[Mode]:
        """The ways of integrating of the scenario's own."""
        own = self.spec.modes.own.items()
        return [equipped(self._classes[id(use)], use.settings, use.settings, name) for name, use in own]

    # -- how people choose ----------------------------------------------------------------------------------
    def rule(self) -> tuple[Callable, dict[str, FieldSpec]]:
        """The choice rule, and the extra consumer fields: those the rule declares in `FIELDS` (name ->
        default), and those of the scenario, which come before."""
        said, key = self.spec.consumers.value, "consumers.value"
        rule = self.find(said, key, VALUES)
        declared: Any = {}
        if said == "huff":
            declared = rules.huff.FIELDS
        elif said not in VALUES:
            if not inspect.isfunction(rule):
                raise self._fault(key, f"{said!r} must be a function of (me, offer, trip, today)")
            if problem := examine_rule(rule):
                raise ScenarioError(problem)
            declared = getattr(self.modules[said.partition(".")[0]], "FIELDS", {})
            rule = self._with_categories(rule)
        fields = {name: self._declared(name, default) for name, default in declared.items()}
        for name, field in self.spec.consumers.fields.items():
            low = fields.get(name, FieldSpec())
            fields[name] = low.model_copy(update={k: getattr(field, k) for k in field.model_fields_set})
            if field.means and fields[name].per != "category":
                at, message = f"consumers.fields.{name}.means", "is not read: the field has one number"
                raise self._fault(at, message, "write per: category")
        if len(fields) > MOST_FIELDS:
            raise self._fault("consumers.fields", f"there can be at most {MOST_FIELDS} extra fields")
        return rule, fields

    def _with_categories(self, rule: Callable) -> Callable:
        """The rule with the numbers of the categories that its file names."""
        numbers = {name: number for number, name in enumerate(self.spec.categories)}
        try:
            return rules.with_categories(rule, numbers)
        except KeyError as fault:
            near = closest(str(fault.args[0]), list(numbers))
            hint = f"did you mean {near}?" if near else f"categories: {', '.join(numbers)}"
            message = f"its file names the category '{fault.args[0]}', which is not there"
            raise self._fault("consumers.value", message, hint) from None

    def _declared(self, name: str, default: Any) -> FieldSpec:
        """A field as the rule's file declares it: a number for all, or the keys of `consumers.fields.NAME`."""
        said = default if isinstance(default, Mapping) else {"mean": default}
        try:
            return FieldSpec.model_validate_json(json.dumps(dict(said)))
        except (ValidationError, TypeError, ValueError) as fault:
            told = fault.errors()[0]["msg"] if isinstance(fault, ValidationError) else str(fault)
            raise self._fault(
                "consumers.value", f"its file declares the field {name!r} wrongly: {told}"
            ) from None


def _has_settings(cls: Any) -> bool:
    try:
        return bool(settings_class(cls).model_fields)
    except TypeError:  # told of where a scenario names the class
        return False


def equipped(cls: Any, settings: Any, *given: Any) -> Any:
    """A new instance of a plugin's class. Its `settings` are there before its `__init__` runs, so that a
    class with a constructor of its own has nothing to hand on."""
    made = cls.__new__(cls)
    made.settings = settings
    made.__init__(*given)
    return made


# -- the keys `channels` and `phases`: until version 0.2.0, with `superseded` in scenario/use.py ----------------
class OldChannel(System):
    """A class with the method `publish(model)`, named under `channels`: its offers are those of a system."""

    def __init__(self, model: O2OModel, channel: Any):
        super().__init__(model)
        self.channel = channel

    def offers(self) -> Sequence[Offer]:
        return list(self.channel.publish(self.model))


class OldPhase(System):
    """A function of the model, named under `phases` with the phase that it comes before or after."""

    def __init__(self, model: O2OModel, number: int, function: Callable[[O2OModel], None]):
        super().__init__(model)
        self.number, self.function = number, function

    def schedule(self, phases: list[tuple[str, Callable[[O2OModel], None]]]) -> list[Any]:
        said = self.model.spec.phases[self.number]
        names = [name for name, _ in phases]
        if (anchor := said.before or said.after) not in names:
            key, hint = f"phases.{self.number}", f"Phases: {', '.join(names)}."
            message = "should come either before or after one of the phases"
            raise ScenarioError(self.model.spec.problem_at(key, message, hint))
        at = names.index(anchor) + (0 if said.before else 1)
        return [*phases[:at], (said.run, self.function), *phases[at:]]
