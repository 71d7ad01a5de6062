"""`stores.luck`: what no owner can help, month by month and for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..faults import Faults, unknown_names
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec

_KEYS: dict[str, tuple[str, dict[str, Any]]] = {
    "appeal": ("Standard deviation of the appeal that wanders", {"unit": "utils", "ge": 0, "le": 5}),
    "appeal_lasts": (
        "Part of a month's luck of appeal that lasts into the next",
        {"unit": "share/month", "ge": 0, "lt": 1},
    ),
    "appeal_hidden": (
        "Standard deviation of the appeal drawn for good at the opening",
        {"unit": "utils", "ge": 0, "le": 5},
    ),
    "cost": (
        "Standard deviation of the costs that wander, of usual sales",
        {"unit": "share", "ge": 0, "le": 0.5},
    ),
    "cost_lasts": (
        "Part of a month's luck of costs that lasts into the next",
        {"unit": "share/month", "ge": 0, "lt": 1},
    ),
    "cost_hidden": (
        "Standard deviation of the costs drawn for good at the opening, of usual sales",
        {"unit": "share", "ge": 0, "le": 0.5},
    ),
}
"""What each key means, its unit and its bounds: the same for all stores and for those of one format."""


def _key(name: str, default: float | None) -> Any:
    sentence, said = _KEYS[name]
    return key(default, sentence if default is not None else f"{sentence}, if not as in general", **said)


class LuckOfFormat(Block):
    """What is otherwise for the stores of one format."""

    appeal: float | None = _key("appeal", None)
    appeal_lasts: float | None = _key("appeal_lasts", None)
    appeal_hidden: float | None = _key("appeal_hidden", None)
    cost: float | None = _key("cost", None)
    cost_lasts: float | None = _key("cost_lasts", None)
    cost_hidden: float | None = _key("cost_hidden", None)


class Luck(Block):
    """The luck of stores: their appeal and their costs wander from month to month, each on its own, and a part of
    both is drawn once, when a store opens, and known to nobody.

    What wanders is an autoregressive process of the first order in months, from its stationary distribution on."""

    appeal: float = _key("appeal", 0.2)
    appeal_lasts: float = _key("appeal_lasts", 0.7)
    appeal_hidden: float = _key("appeal_hidden", 0.3)
    cost: float = _key("cost", 0.04)
    cost_lasts: float = _key("cost_lasts", 0.7)
    cost_hidden: float = _key("cost_hidden", 0.02)
    formats: dict[str, LuckOfFormat] = key({}, "Formats whose stores differ from this", max_length=50)

    def of(self, format_name: str, name: str) -> float:
        """The value of a key (`appeal`, `cost_lasts`, ...) for the stores of a format."""
        own = getattr(self.formats.get(format_name), name, None)
        return float(getattr(self, name) if own is None else own)


def check(spec: Spec) -> Faults:
    """Formats that are there."""
    if spec.stores.luck is not None:
        at = ("stores", "luck", "formats")
        yield from unknown_names(at, "format", spec.stores.luck.formats, spec.stores.formats)
