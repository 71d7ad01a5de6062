"""What is kept of compiled code is found again by the next process."""

import importlib

import numba
import pytest

from o2o_sim.market.compiled import compilable

RULES = {
    "alone": "def rule(x):\n    return x + 1.0",
    "with a helper": "def help(x):\n    return x + 1.0\n\ndef rule(x):\n    return help(x)",
}


@pytest.mark.parametrize("module", ["gone_by_the_next_process", "o2o_sim.plugin", None])
@pytest.mark.parametrize("text", RULES.values(), ids=RULES)
def test_a_rule_is_kept_whatever_its_module_is_called(module, text):
    """What Numba keeps of a function names a module, which it imports when it reads that back."""
    names = {"__name__": module}
    exec(text, names)  # noqa: S102
    copy = compilable(names["rule"])
    compiled = numba.njit(copy)
    assert compiled(1.0) == 2.0
    (found,) = compiled.overloads.values()
    assert importlib.import_module(found.environment.__reduce__()[1][0])
