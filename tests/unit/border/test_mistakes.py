"""Typical mistakes of who writes rules: each is told with the user's file and line, without a trace.

What no trial finds: a loop that never ends (Ctrl-C stops it), `os._exit`, which ends the process before anybody can
say why, and a KeyboardInterrupt that a rule raises itself, which is what Ctrl-C does."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import NamedTuple

import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.border import guard, trial
from o2o_sim.cli import app
from o2o_sim.errors import ScenarioError
from o2o_sim.extend import Plugins
from o2o_sim.scenario.describe import starter_text


class Mistake(NamedTuple):
    """A plugin's file, what a scenario says for it, the line to blame, and words of the message."""

    what: str
    code: str
    said: str
    line: int | None
    words: tuple[str, ...]


RULE = "consumers: {value: own.value}"
HEAD = "from o2o_sim.plugin import *\n"


def rule(what: str, body: str, line: int, *words: str, head: str = "", said: str = RULE) -> Mistake:
    """A choice rule with a body of lines; `line` is counted within the body from 1."""
    before = "import math\nimport time\nimport numpy as np\n" + head + "def value(me, offer, trip, today):\n"
    code = before + "".join(f"    {part}\n" for part in body.splitlines())
    return Mistake(what, code, said, before.count("\n") + line, words)


def system(what: str, body: str, line: int, *words: str) -> Mistake:
    """A system with a body of lines."""
    before = HEAD + "import random\nimport sys\nimport numpy as np\n\nclass Own(System):\n"
    code = before + "".join(f"    {part}\n" for part in body.splitlines())
    return Mistake(what, code, "systems: [own.Own]", before.count("\n") + line, words)


def policy(what: str, body: str, line: int, *words: str) -> Mistake:
    """A policy of stores with a body of lines."""
    before = HEAD + "import numpy as np\n\nclass Own(StorePolicy):\n"
    code = before + "".join(f"    {part}\n" for part in body.splitlines())
    return Mistake(what, code, "stores: {policy: own.Own}", before.count("\n") + line, words)


def plain(what: str, code: str, said: str, line: int | None, *words: str) -> Mistake:
    return Mistake(what, code, said, line, words)


REVIEW = "def review(self, store, view, chance):\n    "
MISTAKES = [
    # -- choice rules
    plain("three arguments", "def value(me, offer, trip):\n    return 1.0\n", RULE, 1, "(me, offer, trip, today)"),
    plain("five arguments", "def value(a, b, c, d, e):\n    return 1.0\n", RULE, 1, "takes (a, b, c, d, e)"),
    rule("a typo in a field", "return offer.qualty", 1, "no attribute 'qualty'", "did you mean offer.quality?", "wait"),
    rule("a field of me that nobody declared", "return me.bargain", 1, "Fields of me: price_sensitivity"),
    rule("a forgotten return", "u = offer.appeal - offer.price", 0, "returned nothing", "on every path"),
    rule("a return on one path only", "if offer.price < 0.5:\n    return 1.0", 2, "returned nothing"),
    rule("a text", "return 'good'", 1, "returned a text"),
    rule("a tuple", "return offer.appeal, offer.price", 1, "returned a tuple"),
    rule("an array", "return np.array([offer.appeal, 1.0])", 1, "returned an array of shape (2,)"),
    rule("a dict of weights", "return W['a'] * me.income", 1, "cannot use W", "dict", head="W = {'a': 1.0}\n"),
    rule("a dict made on the way", "w = {0.0: 'a', 1.0: 2.0}\nreturn 1.0", 1, "cannot be compiled: a dict"),
    rule("an f-string", "s = f'{me.income:.2f}'\nreturn 1.0", 1, "an f-string"),
    rule("a raise", "if offer.price < -9:\n    raise ValueError(f'bad {offer.price}')\nreturn 1.0", 2, "raise cannot"),
    rule("an assert", "assert offer.price > -9\nreturn 1.0", 1, "assert cannot"),
    rule("division by zero", "return 1.0 / offer.queue", 1, "ZeroDivisionError"),
    rule("infinity", "return math.inf", 1, "returned infinity"),
    rule("NaN", "return math.nan", 1, "returned NaN"),
    rule("the logarithm of nothing", "return math.log(offer.discount)", 1, "math domain error"),
    rule("an index out of range", "return (1.0, 2.0)[5]", 1, "IndexError"),
    rule("a name that is not defined", "return apeal * 2", 1, "name 'apeal' is not defined"),
    rule("a module that is not imported", "return statistics.mean((1.0, 2.0))", 1, "define or import statistics"),
    rule("print left in", "print(me.income)\nreturn 1.0", 1, "prints"),
    rule("a file", "with open('/dev/null') as f:\n    return 1.0", 1, "cannot be compiled"),
    rule("the time of day", "return time.time() * 0.0", 1, "cannot be compiled", "time"),
    rule("np.random", "return np.random.rand()", 1, "numpy.random.rand", "uniforms(seed"),
    rule("a changed global", "global N\nN += 1\nreturn 1.0", 2, "cannot be compiled", head="N = 0\n"),
    rule("a list that grows", "S.append(1.0)\nreturn 1.0", 1, "cannot be compiled", head="S = []\n"),
    rule("recursion without end", "return value(me, offer, trip, today)", 1, "RecursionError"),
    rule("yield", "yield 1.0", 0, "it yields"),
    plain("async", "async def value(me, offer, trip, today):\n    return 1.0\n", RULE, 1, "must not be async"),
    plain("a class", "class value:\n    pass\n", RULE, None, "must be a function of (me, offer, trip, today)"),
    plain(
        "a decorator",
        "import functools\n\n@functools.lru_cache\ndef value(me, offer, trip, today):\n    return 1.0\n",
        RULE,
        None,
        "must be a function",
    ),
    rule("an object", "return A().x", 1, "cannot be compiled", "A", head="class A:\n    x = 1.0\n"),
    rule("sys.exit", "import sys\nsys.exit(0)", 2, "ends the program (sys.exit)"),
    # -- files
    plain("a syntax error", "def value(me, offer, trip, today)\n    return 1.0\n", RULE, 1, "SyntaxError"),
    plain("an indentation", "def value(me, offer, trip, today):\nreturn 1.0\n", RULE, 2, "IndentationError"),
    plain("a missing module", "import pandsa\n", RULE, 1, "No module named 'pandsa'"),
    plain("a name not in o2o_sim.plugin", "from o2o_sim.plugin import Sytsem\n", RULE, 1, "cannot import name"),
    # -- systems
    system("a hook with a typo", "def mornning(self):\n    pass", 1, "never called", "did you mean morning?"),
    system("an attribute with a typo", "kind = ('close',)", 0, "never called", "did you mean kinds?"),
    system("no self", "def morning():\n    pass", 1, "the first argument of a method is self"),
    system("an argument too few", "def amend(self):\n    return []", 1, "is called with (self, rows)"),
    system("async", "async def morning(self):\n    pass", 1, "must not be async"),
    system("forgotten return of amend", "def amend(self, rows):\n    rows.pop()", 1, "nothing (None)", "list of Offer"),
    system("figures of text", "def figures(self):\n    return {'a': 'b'}", 2, "'b' for the column 'a'"),
    system("a column of ours", "def figures(self):\n    return {'smartphone': 1.0}", 2, "'smartphone'", "already"),
    system("random", "def morning(self):\n    self.x = random.random()", 2, "random.random", "uniforms"),
    system("Mesa's random", "def morning(self):\n    self.x = self.model.random.random()", 2, "model.random"),
    system("sys.exit", "def morning(self):\n    sys.exit(0)", 2, "ends the program"),
    system("a constructor without super", "def __init__(self, model):\n    self.x = 1\ndef morning(self):\n    self.model.day", 4, "super().__init__(model)"),
    system("a store that does not exist", "def morning(self):\n    self.model.store('nobody')", 2, "no store 'nobody'"),
    # -- policies
    plain("a wrong base class", HEAD + "class Own:\n    pass\n", "systems: [own.Own]", None, "derived from System"),
    plain("no method", HEAD + "class Own:\n    pass\n", "stores: {policy: own.Own}", None, "no method 'review'"),
    policy("a forgotten return", REVIEW + "KEEP", 1, "nothing (None)", "must be a Decision", "for the store"),
    policy("a text", REVIEW + "return 'close'", 2, "returned 'close'", "must be a Decision"),
    policy("a decision that is none", REVIEW + "return Decision('clsoe')", 2, "did you mean close?"),
    policy("a mode that is none", REVIEW + "return Decision('adopt', mode='scoial')", 2, "did you mean social?"),
    policy("a negative price", REVIEW + "return Decision('price', price_x=-2)", 2, "a price_x of -2", "above 0"),
    policy("a price of NaN", REVIEW + "return Decision('price', price_x=np.nan)", 2, "a price_x of nan"),
    policy("a typo in a field of the store", REVIEW + "return store.price_xx", 2, "did you mean store.price_x?"),
    policy(
        "a setting of a wrong type",
        "class Settings(Block):\n    step: float = key('a', 'A step')\n" + REVIEW + "return KEEP",
        1,
        "step",
    ),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    (tmp_path / "city.yaml").write_text(starter_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(trial, "_TRIED", set())
    return tmp_path


def case(folder: Path, code: str, said: str, days: int = 62) -> None:
    (folder / "own.py").write_text(code)
    text = f"extends: city.yaml\npopulation: 300\ndays: {days}\nplugins: [own]\n{said}\n"
    (folder / "case.yaml").write_text(text)


@pytest.mark.faults("Messages about rules of users")
@pytest.mark.parametrize("mistake", MISTAKES, ids=[m.what for m in MISTAKES])
def test_a_mistake_is_told_with_the_line_of_the_user(folder, capsys, mistake):
    case(folder, mistake.code, mistake.said)
    code = app(["check", "case.yaml"], standalone_mode=False)
    told = capsys.readouterr().err
    assert code == 2
    assert "fault of o2o-sim" not in told and "Traceback" not in told
    assert len(told.splitlines()) <= 8
    for word in mistake.words:
        assert word in told
    if mistake.line is None:
        assert "case.yaml:" in told
    else:
        assert f"own.py:{mistake.line}" in told
        assert mistake.code.splitlines()[mistake.line - 1].strip() in told


@pytest.mark.parametrize("kind", ["system", "mode"])
def test_every_method_that_the_program_calls_has_a_check(kind):
    """A hook that is added gets one, too."""
    base = guard.BASES[kind]
    called = {n for n, f in vars(base).items() if inspect.isfunction(f) and not n.startswith("_")}
    assert called - {"open_account"} == set(guard.CHECKS[kind])


NAMES = [
    ("mornin", "morning"),
    ("after_sale", "after_sales"),
    ("figure", "figures"),
    ("month_ends", "month_end"),
    ("hazards_x", "hazard_x"),
    ("on_morning", "morning"),
    ("count", None),  # a helper of the user's own: not like enough
    ("prices", None),
    ("decide", None),  # an agent's method
]


@pytest.mark.faults("messages about rules of users")
@pytest.mark.parametrize(("name", "meant"), NAMES)
def test_a_name_like_that_of_a_hook_is_refused_unless_it_is_used(folder, name, meant):
    code = (
        f"from o2o_sim.plugin import System\n\nclass Own(System):\n    def {name}(self):\n        return 1\n"
    )
    case(folder, code, "systems: [own.Own]", days=2)
    if meant is None:
        Plugins(load_scenario("case.yaml"))
        return
    with pytest.raises(
        ScenarioError, match=rf"own\.py:4: Own\.{name} is never called[^?]*did you mean {meant}\?"
    ):
        Plugins(load_scenario("case.yaml"))
    case(
        folder,
        code + f"\n    def morning(self):\n        return self.{name}()\n",
        "systems: [own.Own]",
        days=2,
    )
    Plugins(load_scenario("case.yaml"))


DRAWS = [
    ("import random", "random.random()", True),
    ("from random import gauss", "gauss(0, 1)", True),
    ("import numpy as np", "np.random.normal()", True),
    ("import numpy.random as nr", "nr.rand(3)", True),
    ("from numpy import random", "random.rand(3)", True),
    ("from numpy.random import default_rng", "default_rng().random()", True),
    ("import secrets", "secrets.randbelow(3)", True),
    ("", "self.model.rng.random()", True),
    ("import random", "random.Random(self.model.seed_number).random()", False),
    ("import numpy as np", "np.random.default_rng(7).random()", False),
    ("import numpy as np", "np.random.Generator(np.random.Philox(7)).random()", False),
    ("", "uniforms(self.model.seed_number, 'own', self.model.day, [0])[0]", False),
]


@pytest.mark.faults("messages about rules of users")
@pytest.mark.parametrize(("imported", "draw", "refused"), DRAWS)
def test_random_numbers_come_from_streams_or_from_a_generator_with_a_seed(folder, imported, draw, refused):
    code = f"from o2o_sim.plugin import System, uniforms\n{imported}\n\nclass Own(System):\n"
    case(folder, f"{code}    def morning(self):\n        self.x = {draw}\n", "systems: [own.Own]", days=2)
    if refused:
        with pytest.raises(ScenarioError, match=r"own\.py:6: .* is no part of a run's seed"):
            Plugins(load_scenario("case.yaml"))
    else:
        O2OModel(load_scenario("case.yaml"), 1).step()


def test_a_plugin_without_a_mistake_passes_its_trial(folder, capsys):
    case(
        folder, RULE_OF_ALL, "consumers: {value: own.value}\nsystems: [own.Own]\nstores: {policy: own.Policy}"
    )
    assert not app(["check", "case.yaml"], standalone_mode=False)
    assert "in a trial" not in capsys.readouterr().out


RULE_OF_ALL = """from o2o_sim.plugin import *
import numpy as np

def value(me, offer, trip, today):
    return offer.appeal - offer.price

class Own(System):
    def morning(self):
        print("in a trial")
        self.draws = np.random.default_rng(self.model.seed_number).random(3)

class Policy(StorePolicy):
    def review(self, store, view, chance):
        return KEEP
"""
