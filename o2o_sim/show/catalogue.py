"""The scenarios that a server offers: those that come with the package, and those named on the command line.

A client names a scenario by its id (the file's name without the ending), which is looked up here; no request
ever becomes the name of a file."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ScenarioError
from ..scenario.shipped import find, shipped_files
from .messages import Limits, without_paths

FIRST_CHOICE = "classroom"


@dataclass(frozen=True)
class Offer:
    """A scenario file, the `key=value` texts on top of it, and whether its plugins may run."""

    path: str
    overrides: tuple[str, ...] = ()
    plugins: bool = False


Offers = Mapping[str, Offer]


def offers(
    named: Sequence[Path] = (), overrides: Sequence[str] = (), *, plugins: bool = True
) -> dict[str, Offer]:
    """The scenarios to offer, by id, the first of those named first.

    `overrides` go on top of the named ones only, and only theirs may bring plugins (with `plugins`). A named
    one, a file or a shipped name, stands in for a shipped one of the same id. Raises ScenarioError if two named
    ones have the same id.
    """
    found: dict[str, Offer] = {}
    for path in (Path(find(name)) for name in named):
        if path.stem in found:
            raise ScenarioError(f"has the same name as another scenario here: '{path.stem}'", file=str(path))
        found[path.stem] = Offer(str(path.absolute()), tuple(overrides), plugins)
    shipped = {name: Offer(str(path)) for name, path in shipped_files("scenario").items()}
    first = {name: shipped[name] for name in (FIRST_CHOICE,) if name in shipped}
    return {**found, **{name: offer for name, offer in {**first, **shipped}.items() if name not in found}}


def read(offer: Offer) -> Any:
    """The `Spec` of a scenario. Raises ScenarioError, whose text names no folder."""
    from ..scenario.load import load_scenario

    try:
        spec = load_scenario(offer.path, offer.overrides)
    except ScenarioError as fault:
        raise ScenarioError(without_paths(str(fault))) from None
    if spec.plugins and not offer.plugins:
        raise ScenarioError(
            "this scenario brings rules of its own (plugins), which this server refuses to run"
        )
    return spec


def within(spec: Any, limits: Limits) -> None:
    """Raises ScenarioError if a scenario is too large for this server."""
    if spec.population > limits.consumers:
        raise ScenarioError(
            f"has {spec.population:,} consumers; this server shows at most {limits.consumers:,}"
        )
    if spec.days > limits.days:
        raise ScenarioError(f"has {spec.days:,} days; this server shows at most {limits.days:,}")


def listing(offered: Offers, most_consumers: int, most_days: int) -> list[dict[str, Any]]:
    """What the page's list shows of every scenario: id, name, question, population, days, start.

    Scenarios that are too large for this server, or cannot be read, are left out. Takes about 50 ms a
    scenario."""
    from ..scenario.load import resolve
    from ..scenario.schema import Spec

    keys = ("name", "question", "population", "days", "start")
    usual = {key: Spec.model_fields[key].get_default() for key in keys}
    found = []
    for name, offer in offered.items():
        try:
            data = resolve(offer.path, offer.overrides).data
            row = {key: data.get(key, usual[key]) for key in keys}
            if int(row["population"]) > most_consumers or int(row["days"]) > most_days:
                continue
            found.append({"id": name, **row, "start": str(row["start"]), "name": str(row["name"] or name)})
        except (ScenarioError, TypeError, ValueError):
            continue
        time.sleep(0.001)  # lets other threads of this process run
    return found
