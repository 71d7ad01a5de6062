"""Who sells what was ordered on a marketplace: local shops on it, or its outside sellers.

A logit among them, with a draw per (order, seller), so that a shop that leaves moves only its own buyers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..streams import exponential, extend, high_half, low_half, name_bits, pair_bits
from .board import Sellers
from .compiled import kernel

_OUTSIDE = name_bits("outside sellers")


class Rivals(NamedTuple):
    """The Board's `sellers` in columns: `group` (int32[rows of the table]) is the number of the group that competes for
    the orders of a row, -1 where nobody does; the shops of group g are shop[first[g]:first[g + 1]] (uint32, rows of the
    table), with their `weight` (float64; outside sellers weigh 1)."""

    group: NDArray[np.int32]
    first: NDArray[np.int64]
    shop: NDArray[np.uint32]
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, sellers: Sellers, rows: int) -> Rivals:
        """Those of a table with so many rows."""
        group = np.full(rows, -1, np.int32)
        group[list(sellers)] = np.arange(len(sellers))
        first = np.cumsum([0, *(len(shops) for _, shops in sellers.values())])
        shop = [np.zeros(0, np.uint32), *(shops for _, shops in sellers.values())]
        weight = [np.zeros(0), *(weights for weights, _ in sellers.values())]
        return cls(group, first, np.concatenate(shop), np.concatenate(weight))


def share_orders(
    rivals: Rivals,
    keys: NDArray[np.uint64],
    ids: NDArray[np.uint32],
    consumer: NDArray[np.uint32],
    picks: NDArray[np.uint32],
    stream: np.uint64,
) -> None:
    """Put the row of the shop that sells it in `picks` (uint32[needs]) in place of a marketplace's. `keys`
    (uint64[rows]) are those of the offers, `ids` everybody's, `stream` that of the day's draws."""
    if len(rivals.shop):
        orders = np.flatnonzero(rivals.group[picks] >= 0)
        _share(*rivals, keys, ids[consumer[orders]], picks, orders, stream, _OUTSIDE)


@kernel
def _share(group, first, shop, weight, keys, ids, picks, orders, stream, outside):
    for k in range(len(orders)):
        n = orders[k]
        row = picks[n]
        g = group[row]
        key = extend(extend(stream, np.uint64(ids[k])), keys[row])
        low, high = low_half(key), high_half(key)
        best = np.float64(exponential(pair_bits(low, high, low_half(outside), high_half(outside))))
        for j in range(first[g], first[g + 1]):
            other = keys[shop[j]]
            draw = exponential(pair_bits(low, high, low_half(other), high_half(other)))
            time = np.float64(draw) / weight[j]
            if time < best:
                picks[n], best = shop[j], time
