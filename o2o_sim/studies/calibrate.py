"""The weights of a choice rule from choices that were observed: how many people of each origin went where.

    from o2o_sim.studies.calibrate import Choices, estimate, leave_one_out, share_r2

    seen = Choices.of_table(pd.read_csv("survey.csv"), "origin", "store", "people", "minutes", "area_m2")
    fit = estimate(seen, ["stores.size_weight", "consumers.value_of_time.median"])
    print(fit.table(), fit.mcfadden_r2, share_r2(seen, leave_one_out(seen, fit.free)))
    fit.changes(seen)          # the estimates as scenario keys

What is maximised is the likelihood of the package's own rule (or of any rule like those of market/rules.py):
the same function that the shopping loop compiles gives the utilities here. Parameters are called as the keys
of the scenario that set them:

- `consumers.value_of_time.median`, `.spread`, and `consumers.price_sensitivity.median`, `.spread`: how people
  differ is part of the model, so a spread makes it a mixed logit (McFadden & Train 2000);
- `stores.size_weight`, and `consumers.variety_weight` (reads the column `others`);
- `stores.named.NAME.quality`, the constant of one alternative;
- `consumers.fields.NAME.mean`, a field of the rule's own, such as `area_exponent` of the rule `huff`;
- `appeal.COLUMN`: utility per unit of a column of one's own. It is no key; what it adds to each store's appeal
  becomes that store's `quality`.

What is named neither as free nor as fixed counts nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from ..market import rules

Floats = NDArray[np.float64]

GRID = np.arange(-20, 21) * 0.25
"""Standard normal quantiles at which people who differ are looked at. The trapezoidal rule converges faster
for smooth functions on the whole line than Gauss-Hermite does here (Trefethen & Weideman 2014): with a spread
of 1.1 and trips of half an hour shares are right to 1e-5, where 61 Gauss-Hermite nodes leave 2e-4."""
_TRAITS = ("value_of_time", "price_sensitivity")
_START = {"consumers.value_of_time.median": 0.05, "consumers.value_of_time.spread": 0.5,
          "consumers.price_sensitivity.median": 1.0, "consumers.price_sensitivity.spread": 0.5}  # fmt: skip
_ELSE = dict.fromkeys(
    ("queue", "wait", "unseen", "payment", "quality", "discount", "days", "channel", "category"), 0.0
)


@dataclass(frozen=True)
class Choices:
    """Observed choices: `counts`, `minutes` (one way) and `area_m2` are float64[origins, alternatives].

    `columns` holds what else differs (same shape): `price` (what a purchase costs, in usual tickets; 1 if it
    is not there), `others` (shops around), and columns of one's own for `appeal.COLUMN`."""

    origins: tuple[str, ...]
    alternatives: tuple[str, ...]
    counts: Floats
    minutes: Floats
    area_m2: Floats
    columns: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (len(self.origins), len(self.alternatives))
        given = {"counts": self.counts, "minutes": self.minutes, "area_m2": self.area_m2, **self.columns}
        for name, values in given.items():
            if np.shape(values) != shape:
                raise ValueError(f"{name} is {np.shape(values)}, not origins x alternatives {shape}")
            if not np.isfinite(values).all():
                raise ValueError(f"{name} has values that are not finite numbers")
        if (self.counts < 0).any() or (self.counts.sum(axis=1) <= 0).any():
            raise ValueError("every origin needs counts, none below zero")
        if (self.area_m2 <= 0).any():
            raise ValueError("floor areas are above zero")

    @classmethod
    def of_table(
        cls, table: pd.DataFrame, origin: str, alternative: str, count: str, minutes: str, area_m2: str,
        columns: Sequence[str] = (),
    ) -> Choices:  # fmt: skip
        """From a table with a row per origin and alternative, given the names of its columns."""

        def square(name: str) -> pd.DataFrame:
            return table.pivot(index=origin, columns=alternative, values=name)

        seen = square(count)
        return cls(
            origins=tuple(map(str, seen.index)),
            alternatives=tuple(map(str, seen.columns)),
            counts=seen.to_numpy(float),
            minutes=square(minutes).to_numpy(float),
            area_m2=square(area_m2).to_numpy(float),
            columns={name: square(name).to_numpy(float) for name in columns},
        )

    def take(self, rows: ArrayLike) -> Choices:
        """Some of the origins."""
        k = np.atleast_1d(np.asarray(rows))
        k = np.flatnonzero(k) if k.dtype == bool else k
        return replace(
            self,
            origins=tuple(self.origins[i] for i in k),
            counts=self.counts[k],
            minutes=self.minutes[k],
            area_m2=self.area_m2[k],
            columns={name: values[k] for name, values in self.columns.items()},
        )

    @property
    def shares(self) -> Floats:
        """Of each origin's choices."""
        return self.counts / self.counts.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Fit:
    """Estimates by name, with what they were estimated from.

    `errors` are standard errors from the inverse of the observed information (the Hessian of the negative
    log-likelihood at its minimum); `robust_errors` are those of the sandwich that treats an origin, not a
    single choice, as independent (White 1982), which need many more origins than parameters. Neither means
    much for a spread that came out near zero, the end of its range. `null_log_likelihood` is that of equal
    shares. The constant of the multinomial is left out of both."""

    free: tuple[str, ...]
    values: dict[str, float]
    errors: dict[str, float]
    robust_errors: dict[str, float]
    fixed: dict[str, float]
    log_likelihood: float
    null_log_likelihood: float
    n: float
    covariance: Floats
    rule: Callable[..., Any] = field(repr=False)
    shrink: dict[str, float] = field(default_factory=dict)

    @property
    def mcfadden_r2(self) -> float:
        """1 - log-likelihood over that of equal shares (McFadden 1974)."""
        return 1.0 - self.log_likelihood / self.null_log_likelihood

    @property
    def aic(self) -> float:
        """2 k - 2 log-likelihood (Akaike 1974)."""
        return 2 * len(self.free) - 2 * self.log_likelihood

    def predict(self, choices: Choices) -> Floats:
        """The share of each alternative at each origin."""
        return probabilities(choices, {**self.fixed, **self.values}, self.rule)

    def table(self) -> pd.DataFrame:
        """A row per parameter: estimate, standard error, robust standard error."""
        rows = [(n, self.values[n], self.errors[n], self.robust_errors[n]) for n in self.free]
        return pd.DataFrame(rows, columns=["parameter", "estimate", "s.e.", "robust s.e."])

    def changes(self, choices: Choices) -> dict[str, float]:
        """The estimates as scenario keys. Appeals are given as the stores' `quality`, and their mean is
        zero."""
        every = {**self.fixed, **self.values}
        keys = {k: v for k, v in every.items() if not k.startswith(("appeal.", "stores.named."))}
        below = [k for k, v in keys.items() if v < 0 and not k.startswith("consumers.fields.")]
        if below:
            raise ValueError(f"a scenario has no {below[0]} below zero ({keys[below[0]]:.4g})")
        if len(keys) == len(every):
            return keys
        only = {k: v for k, v in every.items() if k not in keys}
        quality = _appeal(choices, only)
        if np.ptp(quality, axis=0).max() > 1e-9:
            raise ValueError("a store has one quality: its appeal cannot depend on the origin")
        level = quality[0] - quality[0].mean()
        return keys | {f"stores.named.{a}.quality": float(q) for a, q in zip(choices.alternatives, level)}


def probabilities(
    choices: Choices, parameters: Mapping[str, float], rule: Callable[..., Any] = rules.value
) -> Floats:
    """The share of each alternative at each origin, float64[origins, alternatives], at given parameters.

    The logit shares of the rule's utilities, averaged over people (see `GRID`) if they differ.
    Raises ValueError for a parameter that is not known.
    """
    _check(choices, parameters)
    weights = np.exp(-(GRID**2) / 2) / np.exp(-(GRID**2) / 2).sum()
    varied = [t for t in _TRAITS if parameters.get(f"consumers.{t}.spread", 0.0)]
    total = np.zeros_like(choices.counts)
    for z in np.ndindex(*(len(GRID),) * len(varied)):
        people = {t: parameters.get(f"consumers.{t}.median", 0.0) for t in _TRAITS}
        weight = 1.0
        for t, k in zip(varied, z):
            people[t] *= math.exp(parameters[f"consumers.{t}.spread"] * GRID[k])
            weight *= weights[k]
        u = _utilities(choices, parameters, people, rule)
        e = np.exp(u - u.max(axis=1, keepdims=True))
        total += weight * e / e.sum(axis=1, keepdims=True)
    return total


def estimate(
    choices: Choices, free: Sequence[str], *, fixed: Mapping[str, float] | None = None,
    rule: Callable[..., Any] = rules.value, shrink: Mapping[str, float] | None = None,
    start: Mapping[str, float] | None = None,
) -> Fit:  # fmt: skip
    """Maximum likelihood for the parameters named in `free`, with those in `fixed` held.

    `shrink` draws parameters towards zero as a normal prior of that standard deviation would: {name: sd},
    where a name stands also for all that begin with it, as `stores.named` for every store's constant. The
    estimates are then the mode of the posterior, and `log_likelihood` is without the prior. Raises ValueError
    if the data do not tell the parameters apart, or an alternative that nobody chose has a constant of its
    own that is not shrunk."""
    names, held = tuple(free), dict(fixed or {})
    if not names or len(set(names) | set(held)) < len(names) + len(held):
        raise ValueError("name at least one free parameter, and each only once")
    prior = np.array([_shrunk(n, shrink or {}) for n in names])
    for a, taken in zip(choices.alternatives, choices.counts.sum(axis=0)):
        constant = f"stores.named.{a}.quality"
        if not taken and constant in names and not math.isfinite(prior[names.index(constant)]):
            raise ValueError(
                f"nobody chose {a}: its constant {constant} would run off without end; shrink it"
            )

    def by_origin(x: Floats) -> Floats:
        p = probabilities(choices, {**held, **dict(zip(names, x.tolist()))}, rule)
        return (choices.counts * np.log(np.maximum(p, 1e-300))).sum(axis=1)

    def loss(x: Floats) -> float:
        return float(-by_origin(x).sum() + 0.5 * ((x / prior) ** 2).sum())

    def slope(x: Floats) -> Floats:
        return _slopes(lambda y: np.array([loss(y)]), x)[0]

    x = np.array([(start or {}).get(n, _START.get(n, 0.0)) for n in names])
    x = np.asarray(minimize(loss, x, jac=slope, method="BFGS").x)
    bent = _slopes(slope, x)
    information = (bent + bent.T) / 2
    own = np.diag(information).copy()
    told = np.isfinite(x).all() and own.min() > 0
    told = told and np.linalg.eigvalsh(information / np.sqrt(np.outer(own, own)))[0] > 1e-7
    if not told or (g := slope(x)) @ np.linalg.solve(information, g) > 1e-4:
        raise ValueError("found no maximum of the likelihood; are all parameters told by these data?")
    covariance: Floats = np.linalg.inv(information).astype(float)
    score = _slopes(by_origin, x)
    robust = covariance @ (score.T @ score) @ covariance
    # A spread of -s is one of s.
    sign = np.where([n.endswith(".spread") and v < 0 for n, v in zip(names, x)], -1.0, 1.0)
    x, covariance = sign * x, covariance * np.outer(sign, sign)
    given = choices.counts.sum()
    return Fit(
        names,
        dict(zip(names, x.tolist())),
        dict(zip(names, np.sqrt(np.diag(covariance)).tolist())),
        dict(zip(names, np.sqrt(np.diag(robust)).tolist())),
        held,
        float(by_origin(x).sum()),
        float(-given * math.log(len(choices.alternatives))),
        float(given),
        covariance,
        rule,
        dict(shrink or {}),
    )


def leave_one_out(choices: Choices, free: Sequence[str], **how: Any) -> Floats:
    """Each origin's shares as predicted from all others: float64[origins, alternatives].

    Estimated once for every origin; `how` is as in `estimate`.
    """
    first = estimate(choices, free, **how)
    how["start"] = first.values
    others = [np.arange(len(choices.origins)) != i for i in range(len(choices.origins))]
    return np.concatenate([estimate(choices.take(o), free, **how).predict(choices.take(~o)) for o in others])


def share_r2(choices: Choices, predicted: Floats) -> float:
    """1 - SSE / SST over all pairs of an origin and an alternative, each pair counting alike.

    SSE is the sum of (observed share - predicted share)^2, SST that of (observed share - their mean)^2. The
    mean of all shares is 1 / alternatives. Below zero if equal shares had predicted better."""
    error = ((choices.shares - predicted) ** 2).sum()
    return float(1.0 - error / ((choices.shares - choices.shares.mean()) ** 2).sum())


# -- parts --------------------------------------------------------------------------------------------------
def _check(choices: Choices, parameters: Mapping[str, float]) -> None:
    for name in parameters:
        head, _, last = name.rpartition(".")
        known = (
            name in ("stores.size_weight", "consumers.variety_weight")
            or (head in {f"consumers.{t}" for t in _TRAITS} and last in ("median", "spread"))
            or (name.startswith("consumers.fields.") and last == "mean")
            or (name.startswith("appeal.") and name[7:] in choices.columns)
            or (name.startswith("stores.named.") and last == "quality" and head[13:] in choices.alternatives)
        )
        if not known:
            raise ValueError(f"{name!r} is no parameter of these choices; see o2o_sim/studies/calibrate.py")
    if "consumers.variety_weight" in parameters and "others" not in choices.columns:
        raise ValueError("consumers.variety_weight needs a column 'others': the other shops around each")


def _appeal(choices: Choices, parameters: Mapping[str, float]) -> Floats:
    """As a store's own: quality + size_weight ln(area / 1000 m2) + variety_weight ln(1 + others)."""
    total = np.zeros_like(choices.counts)
    for name, value in parameters.items():
        if name == "stores.size_weight":
            total += value * np.log(choices.area_m2 / 1000.0)
        elif name == "consumers.variety_weight":
            total += value * np.log1p(choices.columns["others"])
        elif name.startswith("appeal."):
            total += value * choices.columns[name[7:]]
        elif name.startswith("stores.named."):
            total[:, choices.alternatives.index(name[13 : -len(".quality")])] += value
    return total


def _utilities(
    choices: Choices, parameters: Mapping[str, float], people: Mapping[str, float], rule: Callable[..., Any]
) -> Floats:
    own = {n.split(".")[2]: v for n, v in parameters.items() if n.startswith("consumers.fields.")}
    me = SimpleNamespace(
        **people, income=1.0, radius=math.inf, literacy=1.0, cohort=0.0, pays_by_phone=0.0, online=0.0, **own
    )
    price = choices.columns.get("price", np.ones_like(choices.counts))
    appeal = _appeal(choices, parameters)
    today = SimpleNamespace(day=0.0, weekday=0.0, month=1.0, workday=0.0)

    def value(minutes: Any, area: Any, worth: Any, cost: Any) -> Any:
        offer = SimpleNamespace(appeal=worth, price=cost, area=area, **_ELSE)
        trip = SimpleNamespace(minutes=minutes, familiarity=0.0, loyalty=0.0, follows=0.0)
        return rule(me, offer, trip, today)

    given = (choices.minutes, choices.area_m2, appeal, price)
    if rule is rules.value:  # nothing but sums and products: takes all pairs at once
        return np.asarray(value(*given), float)
    pairs = [value(*(float(x) for x in pair)) for pair in zip(*(a.ravel() for a in given))]
    return np.array(pairs, float).reshape(choices.counts.shape)


def _shrunk(name: str, shrink: Mapping[str, float]) -> float:
    found = [sd for prefix, sd in shrink.items() if name == prefix or name.startswith(prefix + ".")]
    return min(found, default=math.inf)


def _slopes(function: Callable[[Floats], Floats], x: Floats) -> Floats:
    """Central differences of a function of x, float64[values, parameters]."""
    found = []
    for k in range(len(x)):
        step = np.zeros_like(x)
        step[k] = 1e-4 * max(1.0, abs(x[k]))
        found.append((function(x + step) - function(x - step)) / (2 * step[k]))
    return np.column_stack(found)
