"""Huff's model of Freiburg, the multinomial and the nested logit, the log-sum, Converse's breakpoint."""

from __future__ import annotations

import csv
import functools
import math
from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.market.expected import Needs

from .rows import NotReached, Row, assert_passed

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "experiments" / "validation" / "data"
EULER = 0.5772156649015329
GUMBEL_SD = math.pi / math.sqrt(6)

MNL = ("MNL logsum welfare", "V=(0,0.5,1)")
NESTED = ("Nested logit", "nests {store1,store2} V=0,0 lam=.5 ; {online} V=0.5")
CONVERSE = ("Converse breakpoint", "Pa=400 Pb=100 D=30")
FREIBURG = ("Huff, Freiburg groceries", "42 districts, 63 stores, area^1 km^-2")


def model_of(name: str, days: int = 1, **changes: str) -> O2OModel:
    """A scenario of this folder after some days."""
    said = [f"{key.replace('__', '.')}={value}" for key, value in changes.items()]
    model = O2OModel(load_scenario(HERE / name, said), plugins=True)
    for _ in range(days):
        model.step()
    return model


def todays(model: O2OModel, which: np.ndarray | slice = slice(None)) -> Needs:
    """The needs that were due today, each once."""
    consumer, category = model.purchases.consumer, model.purchases.category
    return Needs(consumer[which], category[which], np.ones(len(consumer[which])))


# -- Huff ----------------------------------------------------------------------------------------------------
@functools.cache
def freiburg() -> tuple[np.ndarray, np.ndarray]:
    """Yearly turnover by store in EUR: the model's, and that of the package MCI."""
    model = model_of("freiburg.yaml")
    found = 365 * model.expected_sales(as_city=True).turnover_yuan
    with (DATA / "freiburg_huff_expected.csv").open(encoding="utf-8", newline="") as file:
        wanted = {float(row["store"]): float(row["huff_E_j_EUR"]) for row in csv.DictReader(file)}
    rows = [next(r for r, o in enumerate(model.table.rows) if o.maker == s.name) for s in model.stores]
    assert len(rows) == len(wanted) == 63
    return found[rows], np.array([wanted[float(s.name)] for s in model.stores])


def huff_rows() -> list[Row]:
    found, wanted = freiburg()
    off = np.abs(found / wanted - 1)
    k = int(off.argmax())
    note = f"the worst of them: EUR {found[k]:,.2f} beside {wanted[k]:,.2f} a year; median error {np.median(off):.1e}"
    tolerance = (
        "1e-6; of it 3e-7 are a purchase's rounding to whole cents, the reference itself is good to 5e-10"
    )
    return [
        Row(
            *FREIBURG,
            "largest relative error of 63 expected turnovers",
            0.0,
            float(off[k]),
            1e-6,
            tolerance,
            note,
        )
    ]


def test_huff_turnovers_of_freiburg():
    assert_passed(*huff_rows())


# -- multinomial logit and log-sum ---------------------------------------------------------------------------
def mnl_rows() -> list[Row]:
    v = np.array([0.0, 0.5, 1.0])
    logsum = math.log(np.exp(v).sum())
    model = model_of("logit.yaml")
    expected = model.expected_sales(todays(model))
    n = len(model.purchases.picks)
    share = expected.by_store(expected.purchases, 3) / n
    counted = np.bincount(model.table.store[model.purchases.picks], minlength=3) / n
    p = np.exp(v - logsum)
    best = float(model.purchases.surplus.astype(float).mean())
    three_se = 3 * GUMBEL_SD / math.sqrt(n)
    worst = float(np.abs(expected.logsum - logsum).max())
    return [
        Row(
            *MNL,
            "log-sum",
            1.680270,
            float(expected.logsum.mean()),
            5e-7,
            "the reference is rounded to 6 digits",
        ),
        Row(*MNL, "log-sum of each person, largest error", 0.0, worst, 1e-12, "table: 1e-12"),
        Row(*MNL, "E[max] simulated", 1.680270 + 0.577216, best, three_se, f"3 s.e., n = {n}"),
        *(
            Row(*MNL, f"share of V = {v[k]:g}, expected", p[k], float(share[k]), 1e-12, "rounding")
            for k in range(3)
        ),
        *(
            Row(
                *MNL,
                f"share of V = {v[k]:g}, simulated",
                p[k],
                float(counted[k]),
                3 * math.sqrt(p[k] * (1 - p[k]) / n),
                f"3 s.e., n = {n}",
            )
            for k in range(3)
        ),
    ]


def test_multinomial_logit_and_logsum():
    assert_passed(*mnl_rows())


# -- nested logit --------------------------------------------------------------------------------------------
def nested_rows() -> list[Row]:
    model = model_of("nested.yaml")
    t, people = model.table, model.consumers
    can = (
        people.access[model.purchases.consumer] & 5
    ) == 5  # a smartphone, and a member: who sees both nests
    n = int(can.sum())
    expected = model.expected_sales(todays(model, can))
    iv = math.log(2.0)
    p = math.exp(0.5 * iv) / (math.exp(0.5 * iv) + math.exp(0.5))
    assert abs(p - 0.46172) < 5e-6 and abs(iv - 0.69315) < 5e-6, "the table's figures, to its five digits"
    shop = t.store[model.purchases.picks[can]] >= 0
    binomial = 3 * math.sqrt(p * (1 - p) / n)
    # Each person's chance, given her tastes: their mean scatters less than counts do.
    mean = float(expected.purchases[t.store >= 0].sum()) / n
    # The inclusive value of the shops alone, as who cannot order sees it: her log-sum less her taste for
    # shops.
    alone = model.expected_sales(todays(model, ~can))
    z = people.shops_z[model.purchases.consumer[~can]].astype(float)
    inclusive = alone.logsum + np.log(2 * z * z)
    return [
        Row(
            *NESTED,
            "IV_store",
            0.69315,
            float(inclusive.mean()),
            5e-6,
            "the reference is rounded to 5 digits",
        ),
        Row(*NESTED, "P(store nest), simulated", 0.46172, float(shop.mean()), binomial, f"3 s.e., n = {n}"),
        Row(*NESTED, "P(store nest), expected given tastes", 0.46172, mean, binomial, f"3 s.e., n = {n}"),
    ]


@pytest.mark.slow  # compiles a rule of its own
def test_nested_logit():
    assert_passed(*nested_rows())


@pytest.mark.slow  # compiles a rule of its own
def test_nests_matter():
    """Without shared tastes the same scenario is a plain logit, which the nested logit's figure is not."""
    model = model_of(
        "nested.yaml",
        consumers__fields__shops_z="{mean: 0.70710678, spread: 0, draw: constant}",
        consumers__fields__online_z="{mean: 0.70710678, spread: 0, draw: constant}",
    )
    can = (model.consumers.access[model.purchases.consumer] & 5) == 5
    expected = model.expected_sales(todays(model, can))
    share = expected.purchases[model.table.store >= 0].sum() / can.sum()
    assert share == pytest.approx(2 / (2 + math.e), abs=1e-6)


# -- Converse ------------------------------------------------------------------------------------------------
def converse_rows() -> list[Row]:
    """Where along the line the small town's expected share passes one half: between the middles of two
    cells."""
    model = model_of("converse.yaml")
    a, b = model.store("A"), model.store("B")
    grid, share = model.city.grid, {}
    for cell in range(a.cell, b.cell + 1):
        lives = np.flatnonzero(model.consumers.home == cell)[:1]
        e = model.expected_sales(Needs(lives, np.zeros(1, int), np.ones(1)))
        share[cell] = float(e.by_store(e.purchases, 2)[b.number])
    half = next(cell for cell, s in share.items() if s >= 0.5 - 1e-9)
    far = (grid.centre_of(b.cell)[0] - grid.centre_of(half)[0]) / 1000
    return [
        Row(*CONVERSE, "km from B of the first cell with half of the trade", 10.0, far, 0.25, "half a cell"),
        Row(*CONVERSE, "expected share of B in that cell", 0.5, share[half], 1e-6, "minutes in float32"),
    ]


def test_converses_breakpoint():
    assert_passed(*converse_rows())


def rows() -> list[Row | NotReached]:
    """Every figure above, for docs/verification.md."""
    return [*huff_rows(), *mnl_rows(), *nested_rows(), *converse_rows()]
