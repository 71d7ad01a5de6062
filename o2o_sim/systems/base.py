"""What a special system of the market is, and where in the day it is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ..market.ledger import KINDS

if TYPE_CHECKING:
    from datetime import date

    import numpy as np

    from ..agents.store import Store
    from ..market.offers import Offer, Table
    from ..model import O2OModel
    from ..policies.decisions import Decision, View
    from ..policies.integration import Option
    from ..scenario.schema import Spec


class Agent(Protocol):
    """Somebody who decides once a month, in an order drawn anew each time for all who do: `name` is what the
    draw is keyed on and what events show."""

    name: str

    def decide(self, model: O2OModel) -> None:
        """Its turn. Everything may be changed that the agent itself decides; see `System.agents`."""


class System:
    """One special way in which a market can work: a festival, a boycott, a hub for fresh food.

    A scenario switches it on with a block of its own, one of a plugin with its name under `systems`. A model
    makes and asks only the systems that its scenario wants, so that one that is off costs nothing and changes
    no draw. Each stands in one class: what it does to offers, to money, to people and to decisions is read in
    one place. All methods but `wanted` may be left out; that of a plugin needs not even this.

    A plugin's system declares its settings in a nested `class Settings(Block)`; what the scenario says stands
    in `self.settings`, which is there before `__init__` runs. Settings that are `adjustable` may change from
    one day to the next: read them where they are used, and keep no copy.

    Random numbers come from `streams` alone, money moves through `model.ledger.book` alone."""

    kinds: tuple[str, ...] = ()
    """Kinds of decision that stores can take thanks to it, and that it carries out in `decided`."""

    offline_channels: tuple[str, ...] = ()
    """Channels of its own that do not count as online sales, though their offers are ordered by phone and brought
    (which those do that ask for a smartphone and are not at a place): the deliveries of a shop nearby, say."""

    settings: Any
    """What the scenario says for a plugin's system, as its `Settings` declares it."""

    def __init__(self, model: O2OModel):
        """Called once, with nothing but the model. Everything stands already: consumers, stores, platforms,
        circles, the ledger; the first day has not begun, so that there are no offers. A class with a
        constructor of its own calls this one first."""
        self.model = model

    @staticmethod
    def wanted(spec: Spec) -> bool:
        """Whether the scenario switches it on. Not asked of a plugin's system, which is named."""
        raise NotImplementedError

    def schedule(self, phases: list[tuple[str, Callable[[O2OModel], None]]]) -> list[Any]:
        """Called once, after all systems have been made: the phases of a day by name, in order. Returns them
        with phases of its own (functions of the model, under a name of their own) put in their place. Most
        systems need none, because each phase asks one of the methods below."""
        return phases

    def open_account(self, name: str, kind: str = "providers") -> int:
        """Open an account in the ledger, once, and return its number, to be the `seller` or `carrier` of
        offers, or a payer or receiver of `model.ledger.book`. It begins with nothing and may be overdrawn;
        capital is booked on the line `owners`. `kind` says with whose money its own is summed up in the
        ledger's tables: one of `ledger.KINDS`, by default with that of all who serve shops. Raises ValueError
        for another kind."""
        if kind not in KINDS:
            raise ValueError(f"there is no kind of account {kind!r}; there are {', '.join(KINDS)}")
        return self.model.ledger.open(name, KINDS.index(kind))

    # -- every day, in the order of the day -------------------------------------------------------------------
    def morning(self) -> None:
        """In the phase `calendar`, before offers are published; `model.date` and `model.today` are of the new
        day. May change anything. Who changes what is on offer sets `model.offers_changed`."""

    def offers(self) -> Sequence[Offer]:
        """In the phase `publish`, only on days on which offers are published anew (`model.offers_changed`):
        at the latest on the first day of a month. Offers of its own, made anew each time; other systems
        (seasons, festivals, ...) amend them as they do those of stores and platforms. Changes nothing."""
        return ()

    def amend(self, rows: list[Offer]) -> list[Offer]:
        """In the phase `publish`, after everybody's offers have been collected, on the same days as `offers`.
        Returns the offers changed, added to or cut; the `Offer` objects may be changed in place."""
        return rows

    def published(self, table: Table) -> None:
        """In the phase `publish`, after the offers became the rows of a table; who sees which is worked out
        next. May change the columns of the table, but not which rows there are."""

    def after_choice(self) -> None:
        """At the end of the phase `shop`: everybody has chosen. May change `picks` and `visited` of
        `model.purchases`."""

    def serve(self, inside: np.ndarray) -> None:
        """At the end of the phase `serve`: everybody stands in the shop she chose, and shops have served up to
        their capacity. `inside` (per need) is that shop's number + 1, 0 for who stands in none. May change
        `served` of `model.purchases`: who is not served comes again tomorrow."""

    def after_sales(self) -> None:
        """In the phase `settle`, after the purchases of the day are booked: `model.purchases` says what they
        were. May book money of its own; may not change purchases."""

    def after_learning(self) -> None:
        """At the end of the phase `learn`: people have made of their purchases what they make of them;
        `model.purchases` is still that of the day. May change what people remember, and when they need next."""

    # -- on the last day of a month, in the phase `review` ------------------------------------------------------
    def bills(self) -> None:
        """After stores and platforms paid their month, before the books of the month are closed. Books money
        of its own."""

    def agents(self) -> Sequence[Agent]:
        """After the books are closed and before anybody decides: who else takes a turn, besides landlords,
        platforms and stores, in the order drawn for the month. One more agent changes the place of no other
        relative to the rest. On its turn an agent may change its own price or plan, and log it
        (`model.log(name, kind, decision, reason, **figures)`); offers are published anew afterwards."""
        return ()

    def allows(self, store: Store, mode: str, platform: Any) -> bool:
        """Asked by policies: whether a store may take up a mode (with a platform, or None). Changes nothing."""
        return True

    def options(self, store: Store, view: View) -> list[Option]:
        """Asked by policies: what a store that is not content could do thanks to it, each of one of its
        `kinds`. Changes nothing."""
        return []

    def expected_x(self, store: Store, days: Sequence[date]) -> float:
        """Asked of owners who learn what their shop earns (`stores.owners`): what a store may expect to sell on the mean of
        some days, as a multiple of the mean of a year, because of something that comes again every year. Changes nothing."""
        return 1.0

    def decided(self, store: Store, decision: Decision) -> None:
        """A store has decided, and it is done. A decision of one of its `kinds` is carried out here."""

    def hazards(self, hazard: np.ndarray) -> None:
        """Before the month's adoption: change, in place, the chances of somebody of literacy 1 to take up a
        smartphone (column 0), paying by phone (1), and each platform (2 + its number), by cohort:
        float64[cohorts, 2 + platforms]. See `hazard_x` for differences between consumers."""

    def hazard_x(self, technology: int) -> np.ndarray | None:
        """After `hazards`: factors on the chance of each consumer to take up a technology (numbered as the
        columns of `hazards`), float32[consumers] in the order of `model.consumers`, 0 or more; None for all
        alike. The factors of several systems multiply. No draw changes. Changes nothing."""
        return None

    def month_end(self) -> None:
        """At the end of the phase: everybody has decided, units are let again, technologies adopted. May
        change anything; offers are published anew tomorrow."""

    def store_columns(self, stores: Sequence[Store]) -> dict[str, Sequence[Any]]:
        """On the last day of a month, for the month's rows of `stores_monthly`: columns that it adds, by name, with a
        value for each of `stores`. The same names every month. Changes nothing."""
        return {}

    def at_bounds(self) -> Sequence[tuple[str, str, str, str]]:
        """On the last day of a month: what of it is pressed against a limit, each as (what it is, of what kind
        whose it is, whose, which limit), such as `("the floor", "store", "market 3", "at its smallest")`. What is so
        for three months is told beside the run's results. Changes nothing."""
        return ()

    def figures(self) -> dict[str, float]:
        """On the last day of a month, for the month's row of `city_monthly`: what it adds to it, by the name
        of the column; names of a family have a slash: `till_min/mall`. Changes nothing."""
        return {}
