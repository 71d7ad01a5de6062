"""Which factors matter: sensitivity measures from the outputs of finished runs.

An output `y` has one value per point of the design, shape (points,), or one per point and replicate, shape
(points, replicates). Replicates have the same seeds at every point and are averaged, so that the measures are
about the mean outcome; `noise_share` says how much that leaves out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..errors import ScenarioError
from .designs import Factor, salib, salib_problem
from .draws import generator


def morris_effects(
    factors: Sequence[Factor], unit: NDArray[np.float64], y: ArrayLike, seed: int, level: float = 0.95
) -> pd.DataFrame:
    """Elementary effects of the design `morris`, whose places in the unit cube are `unit` (points, factors).

    An effect is the change of y per whole range of a factor. One row per factor: `mu_star`, the mean of the
    effects' sizes, with a bootstrap interval of `level` from `mu_star_low` to `mu_star_high`; `sigma`, their
    standard deviation, which shows interactions and bends; `mu`, their mean with sign (Morris 1991;
    Campolongo, Cariboni & Saltelli 2007). Raises ScenarioError if a run failed."""
    means = _means(y, len(unit))
    names = [f.name for f in factors]
    if _constant(means):
        found = dict.fromkeys(("mu_star", "mu_star_conf", "sigma", "mu"), np.zeros(len(factors)))
    else:
        # Steps are L / (2 (L - 1)) for L levels, and every trajectory moves the first factor once.
        step = np.abs(np.diff(unit[: len(factors) + 1, 0])).max()
        found = salib("SALib.analyze.morris", "Morris screening").analyze(
            salib_problem(factors),
            unit,
            means,
            num_resamples=1000,
            conf_level=level,
            num_levels=round(2 * step / (2 * step - 1)),
            seed=seed,
        )
    mu_star, half, sigma, mu = (np.asarray(found[k]) for k in ("mu_star", "mu_star_conf", "sigma", "mu"))
    return pd.DataFrame(
        {
            "factor": names,
            "mu_star": mu_star,
            "mu_star_low": np.maximum(mu_star - half, 0.0),
            "mu_star_high": mu_star + half,
            "sigma": sigma,
            "mu": mu,
        }
    )


def sobol_indices(
    factors: Sequence[Factor],
    unit: NDArray[np.float64],
    y: ArrayLike,
    seed: int,
    level: float = 0.95,
    resamples: int = 1000,
) -> pd.DataFrame:
    """Sobol indices from the design `saltelli`, whose places in the unit cube are `unit` (points, factors).

    One row per factor: `first`, the share of the variance of y that the factor explains by itself, and
    `total`, the share that it has a part in, each with an interval `_low` to `_high`: the estimate and,
    either side, the normal quantile of `level` times its standard error over `resamples` bootstrap samples
    (Sobol' 2001; Saltelli et al. 2010; Archer, Saltelli & Sobol' 1997). An estimate of a small index can fall
    below 0. Raises ScenarioError if a run failed."""
    means = _means(y, len(unit))
    if _constant(means):
        found = dict.fromkeys(("S1", "S1_conf", "ST", "ST_conf"), np.zeros(len(factors)))
    else:
        found = salib("SALib.analyze.sobol", "the analysis of Sobol indices").analyze(
            salib_problem(factors),
            means,
            calc_second_order=False,
            num_resamples=resamples,
            conf_level=level,
            seed=generator(seed, "sobol bootstrap"),
        )
    columns: dict[str, Any] = {"factor": [f.name for f in factors]}
    for name, key in (("first", "S1"), ("total", "ST")):
        value, half = np.asarray(found[key]), np.asarray(found[f"{key}_conf"])
        columns |= {name: value, f"{name}_low": value - half, f"{name}_high": value + half}
    # Sums of squares, unlike the estimates of the first order.
    columns["total_low"] = np.maximum(columns["total_low"], 0.0)
    return pd.DataFrame(columns)


def noise_share(y: ArrayLike) -> float | None:
    """The share of the variance of single runs that is due to their seeds rather than to the factors, 0 to 1.

    y has the shape (points, replicates), each replicate with one seed at all points. Variance components of
    the two-way random-effects model without interaction (Searle, Casella & McCulloch 1992): a seed can shift
    all points alike, which a one-way analysis would take away from the factors. None where it cannot be told:
    with one replicate, or one point. Raises ScenarioError if a run failed."""
    runs = np.asarray(y, dtype=float)
    if runs.ndim == 1 or min(runs.shape) < 2:
        return None
    _check_all_there(runs)
    points, replicates = runs.shape
    by_point, by_seed, mean = runs.mean(axis=1), runs.mean(axis=0), runs.mean()
    rest = runs - by_point[:, None] - by_seed + mean
    error = (rest**2).sum() / ((points - 1) * (replicates - 1))
    of_points = max(by_point.var(ddof=1) - error / replicates, 0.0)
    of_seeds = max(by_seed.var(ddof=1) - error / points, 0.0) + error
    if _constant(runs):
        return 0.0
    return float(of_seeds / (of_points + of_seeds))


def _means(y: ArrayLike, points: int) -> NDArray[np.float64]:
    runs = np.asarray(y, dtype=float)
    if runs.ndim not in (1, 2) or len(runs) != points:
        raise ValueError(f"outputs of shape {runs.shape} do not belong to {points} points")
    _check_all_there(runs)
    return runs if runs.ndim == 1 else runs.mean(axis=1)


def _check_all_there(runs: NDArray[np.float64]) -> None:
    failed = int(np.count_nonzero(~np.isfinite(runs)))
    if failed:
        raise ScenarioError(
            f"{failed:,} of {runs.size:,} runs have no result, and sensitivity measures need every run",
            hint="Look why they failed; narrow the range of the factor that makes them fail.",
        )


def _constant(y: NDArray[np.float64]) -> bool:
    """Whether y does not vary, but for the rounding of means."""
    return bool(np.ptp(y) <= 1e-12 * np.abs(y).max())
