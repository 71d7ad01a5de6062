"""`platforms.NAME.network`: shops draw users, and users draw shops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


class Network(Block):
    """A two-sided network: shops make a platform worth using, and users make it worth joining for shops.

    Its reach is log(1 + shops with it) / log(1 + shops that could be): 0 with none, 1 with all (a logarithm,
    because the tenth restaurant adds more choice than the hundredth). The other side, shops that come because
    users do, is in what shops expect of a partnership or a marketplace."""

    # Guesses: as much as its usual lack of trust (base.yaml: -0.5); and twice as many newcomers.
    appeal: float = key(0.5, "Utility of its offers when all shops are on it", unit="utils", ge=0, le=20)
    joining: float = key(
        1.0, "By how much the chance to join is higher when all shops are on it", unit="share", ge=0, le=100
    )


NO_SHOPS = "there are no shops on this platform"
WHO_HAS_PARTNERS = "it sells itself; only marketplaces and local services have partners"


def check(spec: Spec) -> Faults:
    """Only a platform with partners has a network."""
    for name, p in spec.platforms.items():
        if p.network is not None and p.kind == "self_operated":
            yield Fault(("platforms", name, "network"), NO_SHOPS, WHO_HAS_PARTNERS)
