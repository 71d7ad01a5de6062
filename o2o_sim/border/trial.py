"""Try the rules of a scenario's plugins in the interpreter, on a few consumers, before anything is compiled.

A trial is a short run of the same city with few consumers, from its first day over its first two monthly reviews.
Everything that a plugin brings is called in it, and what is wrong is told with the user's line as in every run. It has
modules of its own, so that what a plugin keeps in them is not changed; what a plugin prints in it is not shown."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ..extend import Plugins, fresh_modules
from ..levers import own_copy
from ..market.binding import Shopping
from ..market.consumers import layout_of
from ..market.shoppers import LocalShoppers
from ..model import O2OModel
from ..modes import Holding
from ..scenario.schema import Spec
from ..scenario.use import uses
from ..units import is_month_end
from .blame import answers

if TYPE_CHECKING:
    from ..agents.platform import Platform

CONSUMERS, FIRST, LATER, REVIEWS = 200, 24, 4, 2
"""How many consumers a trial has, how many of their needs it goes through on the first day and on later ones, and
how many reviews."""
_TRIED: set[Any] = set()


def try_out(spec: Spec) -> None:
    """Try what the plugins of a scenario bring, once in a process for the same files and names. Raises
    ScenarioError with the line of a user's file that is wrong."""
    if not spec.plugins:
        return
    tried = _identity(spec)
    if tried in _TRIED:
        return
    small = own_copy(spec)
    small.__dict__.update(engine="python", population=min(spec.population, CONSUMERS))
    before = set(sys.modules)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), fresh_modules():
            warnings.simplefilter("ignore")
            model = _Trial(small, spec.seed)
            model.go()
            if spec.engine == "compiled":
                model.compile_rule()
    finally:
        for name in set(sys.modules) - before:
            if name.startswith("o2o_plugin_"):
                del sys.modules[name]
    _TRIED.add(tried)


def take_as_tried(spec: Spec) -> None:
    """Another process has tried the plugins of a scenario."""
    if spec.plugins:
        _TRIED.add(_identity(spec))


def _identity(spec: Spec) -> Any:
    """What tells one trial from another: the files, what they are used for, and the engine."""
    named = [(key, kind, str(use)) for key, kind, use in uses(spec)]
    categories, fields = tuple(spec.categories), tuple(spec.consumers.fields)
    files = tuple((stem, found.digest) for stem, found in sorted(Plugins(spec).sources.items()))
    return files, repr(named), spec.consumers.value, spec.engine, categories, fields


class _Few(Shopping):
    """The shopping loop in the interpreter, for a few of the day's needs; the others find nothing."""

    def day(self, world: Any, needs_consumer: Any, needs_category: Any, seed: int, day: int) -> Any:
        n = len(needs_consumer)
        some = np.linspace(0, n - 1, min(n, LATER if day else FIRST)).astype(np.int64)
        found = super().day(world, needs_consumer[some], needs_category[some], seed, day)
        whole = tuple(np.zeros(n, part.dtype) for part in found)
        for every, part in zip(whole, found):
            every[some] = part
        return whole


class _Trial(O2OModel):
    """A small copy of the city."""

    def __init__(self, spec: Spec, seed: int):
        super().__init__(spec, seed)
        assert isinstance(self.shoppers, LocalShoppers)
        whole = self.shoppers.shopping
        self.shoppers.shopping = _Few(whole.rule, whole.fields, whole.bound.layout, compiled=False)

    def go(self) -> None:
        """The first day; and if there is more to try than a choice rule, all days to the second review."""
        self.step()
        self.try_modes()
        spec = self.spec
        own = [use for _, _, use in uses(spec) if "." in str(use)]
        if not (own or spec.channels or spec.phases):
            return
        reviews = 0
        while self.day < spec.days and reviews < REVIEWS:
            reviews += is_month_end(self.date)
            self.step()
            if reviews == 1:
                self.try_hopes()

    @answers
    def try_modes(self) -> None:
        """Each way of integrating of the scenario's own, in the first store that can have it."""
        for name in self.spec.modes.own:
            mode = self.modes[name]
            for store in self.stores:
                works = [p for p in self.platforms for c in store.floor if mode.works_with(p, c)]
                if store.is_here and (works or mode.partner is None):
                    partner: Platform | None = works[0] if mode.partner is not None else None
                    category, share = next(iter(store.floor.items()))
                    mode.publish(store, category, share, Holding(self.date, partner))
                    break

    @answers
    def try_hopes(self) -> None:
        """What a store would expect of each of them."""
        for name in self.spec.modes.own:
            mode, store = self.modes[name], next((s for s in self.stores if s.is_trading), None)
            if store is not None:
                partner = next(iter(mode.partners(store, self.view)), None)
                mode.expects(store, self.view, 10_000.0, 0.3, partner)
                mode.order_cost_yuan(self.spec)

    @answers
    def compile_rule(self) -> None:
        """The choice rule, alone."""
        rule, fields = self.extensions.rule()
        layout = layout_of(fields, len(self.spec.categories))
        Shopping(rule, tuple(fields), layout, compiled=True)
