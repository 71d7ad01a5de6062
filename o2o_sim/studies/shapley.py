"""Which change did it: the difference between two scenarios, shared among groups of changed keys ("levers").

A *coalition* is a set of groups that are as in scenario B while all others are as in scenario A. Its *value*
is a figure of the city so changed, one per replicate. The Shapley value (Shapley 1953) of a group is what it
adds when the groups are switched to B one after another, averaged over all orders of switching; what two
groups do only together is shared equally. The values of all groups sum to the whole difference, B less A."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import ArrayLike

EXACT_UP_TO = 6
"""Most groups for which every coalition is simulated: 64 of them."""

Coalition = frozenset[str]


# -- what to simulate ---------------------------------------------------------------------------------------
def coalitions(groups: Sequence[str]) -> list[Coalition]:
    """All subsets of at most `EXACT_UP_TO` groups, the smaller first, else in the order of `groups`.

    Raises ValueError for more groups (see `sampled_orders`) and for a group named twice.
    """
    _check_distinct(groups)
    if len(groups) > EXACT_UP_TO:
        raise ValueError(f"{len(groups)} groups have too many subsets; sample orders of them")
    return [frozenset(some) for size in range(len(groups) + 1) for some in combinations(groups, size)]


def sampled_orders(groups: Sequence[str], n: int, seed: int) -> list[tuple[str, ...]]:
    """`n` random orders of switching the groups (Castro et al. 2009), an even number of at least two.

    Each is followed by its reverse: what is early in one is late in the other, and the error is smaller than
    of independent orders (antithetic sampling, Mitchell et al. 2022). The orders belong to the names of the
    groups, whatever their order in `groups`, and more orders begin with those of a smaller `n`. Raises
    ValueError for another `n` and for a group named twice.
    """
    from ..streams import name_bits, uniforms

    _check_distinct(groups)
    if n < 2 or n % 2:
        raise ValueError(f"orders come in pairs, so their number must be even and at least 2, found {n}")
    names = sorted(groups)
    bits = np.array([name_bits(name) for name in names], np.uint64)
    orders = []
    for pair in range(n // 2):
        draws = uniforms(seed, "order of levers", 0, bits, pair)
        order = tuple(names[i] for i in np.argsort(draws, kind="stable"))
        orders += [order, order[::-1]]
    return orders


def coalitions_of(orders: Iterable[Sequence[str]]) -> list[Coalition]:
    """The coalitions met on the way through these orders, and those that `alone` and `last` need.

    So always: none, every single group, all but one group, all. The smaller first, else by name. Raises
    ValueError for orders of different groups.
    """
    orders = list(orders)
    groups = _groups_of(orders)
    needed = {groups, *(frozenset([g]) for g in groups), *(groups - {g} for g in groups)}
    for order in orders:
        needed.update(frozenset(order[:length]) for length in range(len(order)))
    return sorted(needed, key=lambda some: (len(some), sorted(some)))


# -- what came out ------------------------------------------------------------------------------------------
def shapley(
    value: Mapping[Coalition, ArrayLike],
    groups: Sequence[str],
    orders: Iterable[Sequence[str]] | None = None,
) -> dict[str, np.ndarray]:
    """What each group contributed to value[all groups] - value[none], to which the contributions sum.

    `value` has for every coalition one figure per replicate, shape (n,); so has the answer for every group,
    in the unit of the figures. Without `orders` every subset is needed, and the answer is exact (Shapley
    1953): the mean over sizes s of the mean of v(S + g) - v(S) over the coalitions S of s other groups. With
    `orders` it is the mean over them of what g adds when its turn comes (Castro et al. 2009); it then has an
    error of sampling that the spread over replicates does not show.

    Raises KeyError for a coalition without a value, ValueError for a group named twice and for orders that
    are not of these groups."""
    _check_distinct(groups)
    if orders is not None:
        return _over_orders(value, groups, list(orders))
    shares = {}
    for group in groups:
        others = sorted(set(groups) - {group})
        sizes = []
        for size in range(len(groups)):
            gains = [_gain(value, frozenset(some), group) for some in combinations(others, size)]
            sizes.append(sum(gains) / comb(len(others), size))
        shares[group] = np.asarray(sum(sizes) / len(groups))
    return shares


def alone(value: Mapping[Coalition, ArrayLike], groups: Sequence[str]) -> dict[str, np.ndarray]:
    """What each group does when it is changed and nothing else is; per replicate, shape (n,)."""
    return {group: _gain(value, frozenset(), group) for group in groups}


def last(value: Mapping[Coalition, ArrayLike], groups: Sequence[str]) -> dict[str, np.ndarray]:
    """What each group does when all others are changed already; per replicate, shape (n,).

    Where it differs from `alone`, the group works together with others, or against them.
    """
    return {group: _gain(value, frozenset(groups) - {group}, group) for group in groups}


def _over_orders(
    value: Mapping[Coalition, ArrayLike], groups: Sequence[str], orders: list[Sequence[str]]
) -> dict[str, np.ndarray]:
    if _groups_of(orders) != set(groups):
        raise ValueError("orders of other groups than those to share among")
    gains: dict[str, list[np.ndarray]] = {group: [] for group in groups}
    for order in orders:
        for turn, group in enumerate(order):
            gains[group].append(_gain(value, frozenset(order[:turn]), group))
    return {group: np.asarray(sum(gains[group]) / len(orders)) for group in groups}


def _gain(value: Mapping[Coalition, ArrayLike], before: Coalition, group: str) -> np.ndarray:
    return np.asarray(np.asarray(value[before | {group}], float) - np.asarray(value[before], float))


def _groups_of(orders: Sequence[Sequence[str]]) -> Coalition:
    if not orders:
        raise ValueError("no orders to go by")
    groups = frozenset(orders[0])
    for order in orders:
        _check_distinct(order)
        if groups != set(order):
            raise ValueError(f"orders of different groups: {orders[0]} and {order}")
    return groups


def _check_distinct(groups: Sequence[str]) -> None:
    if len(set(groups)) < len(groups):
        raise ValueError(f"a group is named twice in {list(groups)}")
