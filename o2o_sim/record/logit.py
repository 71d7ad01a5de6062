"""Logistic regression by Newton's method: a dozen lines instead of a dependency."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def logit(y: ArrayLike, x: ArrayLike, n: ArrayLike | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (constant first) and their standard errors, of y successes in n trials (1 each) on the
    columns x.

    Maximum likelihood by iteratively reweighted least squares (McCullagh & Nelder 1989); standard errors from
    the inverse of the information. nan throughout if the data are separated or tell nothing."""
    y, x = np.asarray(y, float), np.asarray(x, float)
    trials = np.ones_like(y) if n is None else np.asarray(n, float)
    design = np.column_stack([np.ones(len(y)), x])
    b = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ b, -500, 500)))
        information = (design.T * (trials * p * (1 - p))) @ design
        if np.linalg.cond(information) > 1e12 or np.abs(b).max() > 1e3:
            break
        step = np.linalg.solve(information, design.T @ (y - trials * p))
        b = b + step
        if np.abs(step).max() < 1e-10:
            return b, np.sqrt(np.diag(np.linalg.inv(information)))
    return np.full_like(b, np.nan), np.full_like(b, np.nan)
