"""Who switches when a shop closes, and how exact the polynomials are. Figures of decision 0002.

python docs/decisions/measure_0002.py
"""

import numpy as np

from o2o_sim import streams

PEOPLE, OFFERS, CLOSED = 200_000, 20, 7

rng = np.random.default_rng(1)
utility = rng.normal(0.0, 1.0, OFFERS)
people = np.arange(PEOPLE, dtype=np.uint64)


def by_one_uniform(u: np.ndarray) -> np.ndarray:
    """Choices by the inverse of the cumulative shares: one draw per consumer."""
    shares = np.exp(u) / np.exp(u).sum()
    return np.searchsorted(np.cumsum(shares), streams.uniforms(1, "taste", 0, people), side="right")


def by_pairs(u: np.ndarray) -> np.ndarray:
    """Choices by the race of exponentials: one draw per consumer and offer."""
    draws = [-np.log(streams.uniforms(1, "taste", 0, people, offer)) for offer in range(1, OFFERS + 1)]
    return (np.stack(draws, axis=1) * np.exp(-u)).argmin(axis=1)


closed = utility.copy()
closed[CLOSED] = -50.0
for name, choose in (("one draw per consumer", by_one_uniform), ("one draw per pair", by_pairs)):
    before, after = choose(utility), choose(closed)
    others = before != CLOSED
    print(f"{name}: {100 * (before != after)[others].mean():.1f} % of those who bought elsewhere switched")

bits = rng.integers(0, 2**32, 1_000_000, dtype=np.uint32)
y = rng.uniform(-80, 80, 1_000_000).astype(np.float32)
with np.errstate(over="ignore"):
    exact = -np.log(((bits >> 9).astype(np.float64) + 0.5) / 2**23)
    draw_error = np.abs(streams.exponential(bits) / exact - 1).max()
    exp_error = np.abs(streams.exp_single(y) / np.exp(y.astype(np.float64)) - 1).max()
print(f"largest relative error: draw {draw_error:.0e}, exp {exp_error:.0e}")
