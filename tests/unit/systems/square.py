"""A square in the hamlet: four equal shops in a circle."""

from __future__ import annotations

import pytest

from o2o_sim.errors import ScenarioError

from .hamlet import hamlet

# Four equal shops, side by side in a circle of four units, where all the hamlet can walk to.
SQUARE = """
circles:
  square: {x_km: 0.5, y_km: 0.5, units: 4, rent_yuan_m2_month: 2, occupied_start: 0%s}
stores:
  named:
    left: null
    right: null
    a: {format: shop, circle: square, area_m2: 100, cash_yuan: 100000}
    b: {format: shop, circle: square, area_m2: 100, cash_yuan: 100000}
    c: {format: shop, circle: square, area_m2: 100, cash_yuan: 100000}
    d: {format: shop, circle: square, area_m2: 100, cash_yuan: 100000}
%s
"""


def square(folder, circle="", more=""):
    """The hamlet with a square; `circle` are keys of the circle, `more` is further YAML."""
    return hamlet(folder, SQUARE % (", " + circle if circle else "", more))


def system(model, cls):
    return next(s for s in model.systems if isinstance(s, cls))


def refused(folder, circle="", more=""):
    """The one problem of a scenario that is wrong."""
    with pytest.raises(ScenarioError) as fault:
        square(folder, circle, more)
    (problem,) = fault.value.problems
    return problem
