"""Where a scenario names circles and chains that must be there. Those of a file are known when it is read
(city/survey.py); without a file, all of them are known at once (checks.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .circles import STREETS
from .faults import Faults, unknown, unknown_names

if TYPE_CHECKING:
    from .schema import Spec


def unknown_circles(spec: Spec, circles: Sequence[str]) -> Faults:
    """The faults of names of circles that are not among those that there are."""
    places = [*circles, STREETS]
    for name, store in spec.stores.named.items():
        if store.circle and store.circle not in places:  # that it may not be STREETS is said elsewhere
            yield unknown(("stores", "named", name, "circle"), "circle", store.circle, circles)
    for name, happening in spec.timeline.items():
        for shop, store in happening.open.items():
            if store.circle and store.circle not in places:
                key = ("timeline", name, "open", shop, "circle")
                yield unknown(key, "circle", store.circle, circles)
    for name, boycott in spec.boycott.items():
        yield from unknown_names(("boycott", name, "circles"), "circle", boycott.circles, places)
    for name, account in spec.messages.items():
        at = ("messages", name, "senders", "circles")
        yield from unknown_names(at, "circle", account.senders.circles, places)


def unknown_chains(spec: Spec, circles: Sequence[str], of_file: Sequence[str] = ()) -> Faults:
    """The faults of names of chains that are neither the scenario's nor those of a file, also where a circle or a
    format might stand in their place."""
    formats = spec.stores.formats
    chains = [*spec.stores.chain_names(), *of_file]
    for name, account in spec.messages.items():
        senders = ("messages", name, "senders", "chains")
        yield from unknown_names(senders, "chain", account.senders.chains, chains)
    for name, brand in spec.franchise.items():
        if brand.dealers not in (*formats, *chains):
            dealers = ("franchise", name, "dealers")
            yield unknown(dealers, "format or chain called", brand.dealers, (*formats, *chains))
    with_stores = [name for name, f in spec.stores.chain_names().items() if formats[f].chain_share]
    for name, platform in spec.platforms.items():
        known = [*with_stores, *of_file, *circles]
        for target in platform.acquire:
            if target not in known and target != STREETS:
                at = ("platforms", name, "acquire", target)
                yield unknown(at, "chain or circle", target, known, of_name=True)
