"""The keys of the `limits` block: how large a simulation may become before it is refused."""

from __future__ import annotations

from .keys import Block, key


class Limits(Block):
    """How large a simulation may become. A mistyped number can ask for a city that no computer can build; it is
    refused with the number that is odd. Who means so large a city raises the limit."""

    shops: int = key(20_000, "Shops of the first day and units to let, in all", ge=1, le=10_000_000)
    cells: int = key(250_000, "Cells of the map", ge=1, le=100_000_000)
    rows: int = key(20_000_000, "Rows of the largest table of results", ge=1, le=10_000_000_000)
    memory_gb: float = key(16.0, "Memory, as estimated before anything is built", unit="GB", gt=0, le=10_000)
