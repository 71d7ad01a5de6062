"""Shares are Huff's and the multinomial logit's; welfare is the log-sum."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from o2o_sim import O2OModel
from o2o_sim.streams import exp

from .cities import city, days

EULER = 0.5772156649015329
GUMBEL_SD = np.pi / np.sqrt(6)
HUFF = {"consumers__value": "huff"}


def softmax(v: np.ndarray) -> np.ndarray:
    e = np.exp(v - v.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def minutes(model: O2OModel, cells: np.ndarray) -> np.ndarray:
    """One-way minutes from each cell to each store, from the city alone: float64[cells, stores]."""
    unique, inverse = np.unique(cells, return_inverse=True)
    found = np.full((len(unique), len(model.stores)), np.inf)
    reach = model.city.travel.minutes_from(unique, 1e4, model.date)
    for k in range(len(unique)):
        there, away = reach.of(k)
        by_cell = dict(zip(there.tolist(), away.tolist()))
        found[k] = [by_cell[s.cell] for s in model.stores]
    return found[inverse]


def store_rows(model: O2OModel) -> np.ndarray:
    """The row of each store's walk-in offer."""
    rows = model.table.rows
    return np.array(
        [
            next(k for k, o in enumerate(rows) if o.maker == s.name and o.channel == "walk-in")
            for s in model.stores
        ]
    )


def assert_counts(count: np.ndarray, p: np.ndarray) -> None:
    """Counts of independent choices with probabilities p[person, alternative] are within 3 standard errors:
    the bound is such that all of them together pass as often as one fair count is within 3."""
    se = np.sqrt((p * (1 - p)).sum(axis=0))
    z = (count - p.sum(axis=0)) / se
    assert len(p) == count.sum() and np.abs(z).max() < norm.isf(norm.sf(3) / len(z)), z


def test_huff_probabilities():
    """The rule's values, for every origin on the map: their softmax is area^a minutes^-b over its sum."""
    model = city("town.yaml", **HUFF)
    model.step()
    cells = np.unique(model.consumers.home)
    away, rows = minutes(model, cells), store_rows(model)
    me = SimpleNamespace(area_exponent=1.0, distance_exponent=2.0)
    offers = [
        SimpleNamespace(**{n: model.table.columns[n][r] for n in ("area", "appeal", "price")}) for r in rows
    ]
    rule, today = model.shoppers.shopping.rule, SimpleNamespace(day=0.0)
    value = np.array(
        [[rule(me, o, SimpleNamespace(minutes=m), today) for o, m in zip(offers, line)] for line in away]
    )
    attraction = np.array([s.area_m2 for s in model.stores]) / away**2
    wanted = attraction / attraction.sum(axis=1, keepdims=True)
    assert np.abs(softmax(value) - wanted).max() < 1e-9
    # and with the exponential that the shopping loop uses
    e = exp(value)
    assert np.abs(e / e.sum(axis=1, keepdims=True) - wanted).max() < 4e-9


@pytest.mark.parametrize("seed", [1, 2])
def test_huff_counts(seed):
    model, counts, chances = city("town.yaml", seed, **HUFF), 0, []
    for _ in days(model, 12):
        away = minutes(model, model.consumers.home[model.purchases.consumer])
        attraction = np.array([s.area_m2 for s in model.stores]) / away**2
        chances.append(attraction / attraction.sum(axis=1, keepdims=True))
        counts += np.bincount(model.purchases.picks, minlength=len(model.table))[store_rows(model)]
    assert counts.sum() > 40_000
    assert_counts(counts, np.concatenate(chances))


LOGIT = {
    "categories__goods__outside_option": -1.0,
    "categories__goods__online_appeal": 2.0,
    "categories__goods__impatience": 0.2,
    "categories__goods__online_price_x": 0.9,
    "consumers__work_anchor": True,
    "calendar__weekend": "[]",
    "consumers__radius_min__median": 16,
    "consumers__radius_min__spread": 0.4,
    "consumers__radius_max_min": 20,
    "categories__goods__reach_x": 1,
    "platforms": "{post: {kind: marketplace, members_start: 0.9, trust: 0.3, subsidy: {per_order_yuan: 5}}}",
}


def logit_values(model: O2OModel) -> np.ndarray:
    """The values of model.md, section 7, written down once more, for today's needs: float64[needs, rows]."""
    spec, who, people = model.spec, model.purchases.consumer, model.consumers
    c, rule, table = spec.categories["goods"], spec.consumers, model.table
    loyal, favourite = people.loyalty[who, 0], people.favourite[who, 0]
    value = np.full((len(who), len(table)), -np.inf)
    at_home, at_work = minutes(model, people.home[who]), minutes(model, np.maximum(people.work[who], 0))
    for row, offer in enumerate(table.rows[1:], start=1):
        cost = (offer.price - offer.discount - offer.subsidy + offer.fee) / c.ticket_yuan
        base = -people.price_sensitivity[who] * cost * c.price_weight
        if offer.channel == "walk-in":
            store = model.store(offer.maker)
            away = at_home[:, store.number]
            away = np.where(people.work[who] >= 0, np.minimum(away, at_work[:, store.number]), away)
            v = base + store.quality + spec.stores.size_weight * np.log(store.area_m2 / 1000)
            v = v - people.value_of_time[who] * (away + table.columns["queue"][row])
            v = v + rule.loyalty_weight * loyal * (favourite == store.number)
            value[:, row] = np.where(away <= people.radius[who], v, -np.inf)
        elif offer.channel == "parcel":
            p = model.platforms[0]
            v = base + c.online_appeal + p.trust() - c.impatience * p.days()
            v = v - rule.payment_friction * ((people.access[who] & 2) == 0)
            v = v + rule.familiarity_weight * people.familiarity[who, 1]
            value[:, row] = np.where((people.access[who] & 5) == 5, v, -np.inf)
        else:
            assert offer.channel == "without"
            value[:, row] = c.outside_option
    return value


@pytest.mark.parametrize("seed", [1, 2])
def test_logit_counts_and_welfare(seed):
    """The default rule: counts by offer, and the mean of the best value plus its draw."""
    model = city("town.yaml", seed, **LOGIT)
    seen = {}

    def peek(m: O2OModel) -> None:  # what people knew when they chose, before they learn from it
        seen["value"] = logit_values(m)

    names = [name for name, _ in model.schedule]
    model.schedule.insert(names.index("shop") + 1, ("peek", peek))
    model.day_seconds["peek"] = 0.0
    counts, chances, errors = 0, [], []
    for _ in days(model, 5):
        value = seen["value"][:, 1:]
        counts += np.bincount(model.purchases.picks, minlength=len(model.table))[1:]
        chances.append(softmax(value))
        top = value.max(axis=1)
        logsum = top + np.log(np.exp(value - top[:, None]).sum(axis=1))
        errors.append(model.purchases.surplus.astype(float) - (logsum + EULER))
    assert (counts > 100).all(), "every alternative is taken"
    assert_counts(counts, np.concatenate(chances))
    error = np.concatenate(errors)
    assert abs(error.mean()) < 3 * GUMBEL_SD / np.sqrt(len(error))
    # the standard error of a Gumbel sample's standard deviation (kurtosis 5.4), relative to it
    assert abs(error.std() / GUMBEL_SD - 1) < 3 * np.sqrt(4.4 / (4 * len(error)))
