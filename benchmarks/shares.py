"""What the market shares must be: exact logit expectations to hold every engine against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.world import OFFERS, PLATFORMS, SHOPPING, World, pad

CHUNK = 20_000


@dataclass(frozen=True)
class Expected:
    """Mean and variance of one day's buyers of each offer."""

    mean: np.ndarray
    variance: np.ndarray


def expected(world: World) -> Expected:
    """Sum the exact choice probabilities of all consumers, in float64.

    Every consumer-day is an independent draw that ends at offer o with probability q = SHOPPING * P_io, hence
    a mean of sum q and a variance of sum q (1 - q).
    """
    table = pad(world)
    mean, variance = np.zeros(OFFERS), np.zeros(OFFERS)
    for low in range(0, world.consumers, CHUNK):
        me = slice(low, low + CHUNK)
        home = world.home[me]
        value = table.appeal[home].astype(np.float64)
        value -= world.price_sensitivity[me, None] * table.price[home].astype(np.float64)
        value -= world.value_of_time[me, None] * table.minutes[home].astype(np.float64)
        value[:, :PLATFORMS] += world.familiarity[me]
        value[np.arange(len(home)), table.favourite[me]] += world.loyalty[me]
        weight = np.exp(value - value.max(axis=1, keepdims=True))
        q = (SHOPPING * weight / weight.sum(axis=1, keepdims=True)).ravel()
        offer = table.offer[home].ravel()
        mean += np.bincount(offer, q, OFFERS)
        variance += np.bincount(offer, q * (1 - q), OFFERS)
    return Expected(mean, variance)


@dataclass(frozen=True)
class Agreement:
    """How far counted buyers are from the expected ones."""

    distance: float  # total variation distance of the market shares
    noise: float  # what sampling alone would give for it, on average
    z: float  # largest deviation of an offer, in standard errors


def compare(picks: np.ndarray, days: int, truth: Expected) -> Agreement:
    """Hold `days` days of picks against the expectation."""
    mean, error = days * truth.mean, np.sqrt(days * truth.variance)
    share, due = picks / picks.sum(), mean / mean.sum()
    noise = 0.5 * np.sqrt(2 / np.pi) * error.sum() / mean.sum()
    z = np.abs(picks - mean) / np.maximum(error, 1e-9)
    return Agreement(float(0.5 * np.abs(share - due).sum()), float(noise), float(z.max()))
