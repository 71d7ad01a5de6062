"""Curves of growth through a few yearly shares: what is known without any model of a city."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import curve_fit

CURVES: dict[str, tuple[Callable[..., np.ndarray], list[float], tuple[list[float], list[float]]]] = {
    "logistic": (
        lambda t, k, r, m: k / (1 + np.exp(-r * (t - m))),
        [50, 0.4, 6],
        ([0, 0, -50], [100, 10, 50]),
    ),
    "logistic, K = 30 %": (lambda t, r, m: 30 / (1 + np.exp(-r * (t - m))), [0.4, 4], ([0, -50], [10, 50])),
    "logistic, K = 100 %": (lambda t, r, m: 100 / (1 + np.exp(-r * (t - m))), [0.4, 8], ([0, -50], [10, 50])),
    "Gompertz": (
        lambda t, k, r, m: k * np.exp(-np.exp(-r * (t - m))),
        [50, 0.2, 6],
        ([0, 0, -50], [100, 10, 99]),
    ),
    "exponential": (lambda t, a, r: a * np.exp(r * t), [4, 0.3], ([0, 0], [100, 10])),
    "straight line": (lambda t, a, b: a + b * t, [4, 2], ([-100, -100], [100, 100])),
}
"""Functions of the years since the first: formula, where the fit begins, bounds. Percentages, K at most 100
%."""


def through(name: str, shares: Sequence[float], years: int) -> tuple[np.ndarray, np.ndarray]:
    """A curve fitted to yearly shares by least squares: its numbers, and its shares of that many years from
    the first."""
    formula, start, bounds = CURVES[name]
    t = np.arange(years, dtype=float)
    best, _ = curve_fit(formula, t[: len(shares)], shares, start, bounds=bounds, max_nfev=50_000)
    return best, formula(t, *best)
