"""`stores.chains_decide`: chains that take one decision for all their shops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Faults, unknown_names
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


class ChainsDecide(Block):
    """Chains that decide for all their shops: one look at the pooled books a month, one decision for all."""

    formats: list[str] = key([], "Formats whose chains do so; empty means all", max_length=50)


def check(spec: Spec) -> Faults:
    """Formats that are there."""
    if spec.stores.chains_decide is not None:
        at = ("stores", "chains_decide", "formats")
        yield from unknown_names(at, "format", spec.stores.chains_decide.formats, spec.stores.formats)
