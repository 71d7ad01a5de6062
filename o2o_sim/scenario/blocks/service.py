"""`stores.service`: money that a shop can put into service and assortment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import Fault, Faults, unknown
from ..keys import Block, key

if TYPE_CHECKING:
    from ..schema import Spec


class Service(Block):
    """Money that a shop can put into service and assortment: staff trained, fittings, a wider range."""

    step_yuan_m2: float = key(
        100.0, "What one step of it costs, per m2 of floor", unit="yuan/m2", gt=0, le=1e6
    )
    gain: float = key(0.3, "Appeal that no amount of it exceeds", unit="utils", ge=0, le=20)
    scale_yuan_m2: float = key(
        600.0, "Worth of it in place that gives 63 % of that gain", unit="yuan/m2", gt=0, le=1e7
    )
    decay: float = key(
        0.04,
        "Share of it that is lost in a month, as staff leave and fittings wear",
        unit="share/month",
        ge=0,
        le=1,
    )
    hoped_lift: float = key(
        0.5, "Extra sales that a store hopes for per util of appeal, as a share of its sales", ge=0, le=20
    )
    kept_up: dict[str, float] = key(
        {},
        "Format -> worth of it that its shops have from their first day and pay to keep up [yuan/m2]",
        max_length=50,
    )


def check(spec: Spec) -> Faults:
    """What is kept up belongs to formats that are there, and is a sum that a shop can pay."""
    for name, worth in spec.stores.service.kept_up.items() if spec.stores.service is not None else ():
        at = ("stores", "service", "kept_up", name)
        if name not in spec.stores.formats:
            yield unknown(at, "format", name, spec.stores.formats, of_name=True)
        elif not 0 <= worth <= 1e7:
            yield Fault(at, "must be from 0 to 10 million yuan per m2")
