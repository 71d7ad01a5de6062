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
    digits, exponent = np.frexp(x)
    by_size = np.bincount(exponent - LEAST, np.ldexp(digits, DIGITS), SIZES)
    return by_size.astype(np.int64)


def total(sums: NDArray[np.int64]) -> float:
    """The number that a sum by size stands for, correctly rounded. (`math.fsum` adds doubles exactly: Shewchuk 1997.)"""
    k = np.flatnonzero(sums)
    return math.fsum(math.ldexp(int(sums[i]), int(i) + LEAST - DIGITS) for i in k)
