"""Exact sums of numbers in single precision: the same however they are divided and in whatever order they come.

Sums in floating point depend on the order in which they are added up. So the digits of numbers of one size are added
up as whole numbers, for each size apart, and what that makes together is rounded once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

DIGITS = 24
LEAST, SIZES = -148, 128 + 149
"""The binary exponents of single precision (those of numbers from 1/2 to 1 are 0): the least, and how many there are."""


def nothing() -> NDArray[np.int64]:
    """The sum of no numbers."""
    return np.zeros(SIZES, np.int64)


def parts(x: NDArray[np.float32]) -> NDArray[np.int64]:
    """The sum of finite numbers (fewer than 2**29), by their size: int64[SIZES]; such sums may be added up."""
    bits = np.ascontiguousarray(x, np.float32).view(np.int32)
    field = (
        bits >> 23
    ) & 0xFF  # 0 of numbers so small that they have no leading digit, with the exponent of 1
    digits = (bits & 0x7FFFFF) + ((field > 0).astype(np.int32) << 23)
    exponent = np.maximum(field, 1) - 126
    by_size = np.bincount(exponent - LEAST, np.where(bits < 0, -digits, digits), SIZES)
    return by_size.astype(np.int64)


def total(sums: NDArray[np.int64]) -> float:
    """The number that a sum by size stands for, correctly rounded. (`math.fsum` adds doubles exactly: Shewchuk 1997.)"""
    k = np.flatnonzero(sums)
    return math.fsum(math.ldexp(int(sums[i]), int(i) + LEAST - DIGITS) for i in k)
