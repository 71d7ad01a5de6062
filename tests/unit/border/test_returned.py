"""What rules of users return is looked at where it comes back, in both engines: a wrong value ends the run with the
user's line, and says for whom it was."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.errors import ScenarioError
from o2o_sim.market.expected import Needs
from o2o_sim.scenario.describe import starter_text

KIND = pytest.mark.faults("What rules of users return")
HEAD = "import sys\nfrom dataclasses import replace\nimport numpy as np\nfrom o2o_sim.plugin import *\n\n"
FARM = """        c = self.model.spec.categories["groceries"]
        terms = dict(key=name_bits("farm"), maker="farmers", channel="farm box",
                     category=self.model.category_number["groceries"], price=c.ticket_yuan,
                     usual=c.ticket_yuan, seller=OUTSIDE_SELLERS, goods=0.5 * c.ticket_yuan, needs=int(ONLINE))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch) -> Path:
    (tmp_path / "city.yaml").write_text(starter_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def model_of(code: str, said: str, engine: str = "compiled", days: int = 32) -> O2OModel:
    """A small city with a plugin; without a trial, so that a fault is met on the day on which it comes."""
    Path("own.py").write_text(HEAD + code)
    Path("case.yaml").write_text(
        f"extends: city.yaml\npopulation: 300\ndays: {days}\nengine: {engine}\nplugins: [own]\n{said}\n"
    )
    return O2OModel(load_scenario("case.yaml"), 1)


def refusal(code: str, said: str, engine: str = "compiled", days: int = 32) -> tuple[str, str]:
    """What ends the run, and the text of the line that it names."""
    with pytest.raises(ScenarioError) as fault:
        model_of(code, said, engine, days).run()
    (problem,) = fault.value.problems
    assert problem.file == "own.py"
    return problem.message, (problem.excerpt or "").strip()


def returning(base: str, method: str, value: str) -> str:
    return f"class Own{base}:\n    def {method}:\n        return {value}\n"


STORE = ("(StorePolicy)", "review(self, store, view, chance)", "stores: {policy: own.Own}")
RENT = ("", "decide(self, circle, rules)", "landlords: {policy: own.Own}")
SUBSIDY = ("", "decide(self, platform, rivals)", "platforms: {marketplace: {subsidy: {policy: own.Own}}}")
ENTRY = ("", "choose(self, circle, prospects, view, chance)", "entry: {policy: own.Own}")
FIGURES = ("(System)", "figures(self)", "systems: [own.Own]")
COLUMNS = ("(System)", "store_columns(self, stores)", "systems: [own.Own]")
BOUNDS = ("(System)", "at_bounds(self)", "systems: [own.Own]")
HAZARD = ("(System)", "hazard_x(self, technology)", "systems: [own.Own]")
VALUES = [
    (STORE, "Decision('price', price_x=-2)", "a price_x of -2 for the store"),
    (STORE, "Decision('price', price_x=0)", "a price_x of 0 for the store"),
    (STORE, "Decision('price', price_x=np.nan)", "a price_x of nan for the store"),
    (STORE, "Decision('price', price_x=np.inf)", "a price_x of inf for the store"),
    (STORE, "Decision('price', price_x='1')", "a price_x of '1' for the store"),
    (STORE, "Decision('price', price_x=np.ones(2))", "an array of shape (2,)"),
    (STORE, "Decision('quit', mode='app')", "the mode 'app' to quit"),
    (STORE, "Decision('keep', figures={'x': object()})", "figures that cannot be kept"),
    (STORE, "KEEP, None", "must be a Decision"),
    (RENT, "-50", "a rent of -50 for the circle"),
    (RENT, "np.nan", "a rent of nan for the circle"),
    (RENT, "None", "a rent of nothing (None) for the circle"),
    (RENT, "'80'", "a rent of '80' for the circle"),
    (SUBSIDY, "-1.0", "a subsidy of -1.0 for the platform 'marketplace'"),
    (SUBSIDY, "float('nan')", "a subsidy of nan for the platform"),
    (SUBSIDY, "True", "a subsidy of True for the platform"),
    (ENTRY, "'boutique'", "one of the prospects"),
    (ENTRY, "1", "one of the prospects"),
    (FIGURES, "{'a': 'text'}", "'text' for the column 'a'"),
    (FIGURES, "{'a': None}", "nothing (None) for the column 'a'"),
    (FIGURES, "{'a': True}", "True for the column 'a'"),
    (FIGURES, "{1: 1.0}", "a column with the name 1"),
    (FIGURES, "[1.0]", "a dict of numbers"),
    (FIGURES, "{'month': 1.0}", "the column 'month', which is there already"),
    (FIGURES, "{'pays_by_phone': 1.0}", "the column 'pays_by_phone'"),
    (FIGURES, "{'members/marketplace': 1.0}", "the column 'members/marketplace'"),
    (COLUMNS, "{'a': [1.0]}", "numbers, one for each store"),
    (COLUMNS, "{'a': ['x'] * len(stores)}", "numbers, one for each store"),
    (COLUMNS, "{1: [1.0] * len(stores)}", "a column with the name 1"),
    (COLUMNS, "[1.0]", "a dict of lists"),
    (COLUMNS, "{'visits': [1.0] * len(stores)}", "the column 'visits', which is there already"),
    (BOUNDS, "'rents'", "a list of what is at a bound"),
    (BOUNDS, "[('rents', 1)]", "must be four texts"),
    (HAZARD, "np.ones(3)", "an array of shape (3,)"),
    (HAZARD, "-np.ones(len(self.model.consumers))", "factors that are negative"),
    (HAZARD, "np.full(len(self.model.consumers), np.nan)", "factors that are negative or no numbers"),
    (("(System)", "agents(self)", "systems: [own.Own]"), "[self.model]", "an agent has a name"),
    (("(System)", "options(self, store, view)", "systems: [own.Own]"), "['close']", "must be an Option"),
    (("(System)", "schedule(self, phases)", "systems: [own.Own]"), "['x']", "the list of phases"),
    (("(System)", "amend(self, rows)", "systems: [own.Own]"), "None", "must be a list of Offer"),
    (("(System)", "offers(self)", "systems: [own.Own]"), "[1]", "must be an Offer"),
]


@KIND
@pytest.mark.parametrize(("where", "value", "message"), VALUES)
def test_a_wrong_value_is_refused_with_the_line_and_for_whom(where, value, message):
    base, method, said = where
    days = 130 if method.startswith("options") else 32  # asked only of stores with a memory
    told, line = refusal(returning(base, method, value), said, days=days)
    assert message in told and line == f"return {value}"
    assert told.startswith(f"Own.{method.partition('(')[0]} returned ")


OFFERS = [
    ("price", "np.nan", "must be a finite number"),
    ("price", "-3.0", "0 or more"),
    ("price", "'7'", "must be a number"),
    ("price", "None", "must be a number"),
    ("usual", "0.0", "above 0"),
    ("area", "-1.0", "above 0"),
    ("goods", "np.inf", "must be a finite number"),
    ("appeal", "np.nan", "must be a finite number"),
    ("queue", "-5", "0 or more"),
    ("category", "99", "must be a whole number from 0 to"),
    ("category", "'groceries'", "must be a whole number"),
    ("cell", "10**9", "must be a whole number from -1 to"),
    ("store", "10**6", "must be a whole number from -1 to"),
    ("platform", "12", "must be a whole number from -1 to"),
    ("seller", "-7", "must be a whole number from 0 to"),
    ("seen", "9", "must be a whole number from 0 to 3"),
    ("channel", "None", "must be a text"),
]


@KIND
@pytest.mark.parametrize(("field", "value", "message"), OFFERS)
@pytest.mark.parametrize("hook", ["offers", "amend"])
def test_a_wrong_offer_is_refused_with_its_channel_and_maker(hook, field, value, message):
    body = FARM + f"        terms['{field}'] = {value}\n        return [Offer(**terms)]\n"
    code = f"class Own(System):\n    def {hook}(self{', rows' if hook == 'amend' else ''}):\n{body}"
    told, line = refusal(code, "systems: [own.Own]")
    assert f"Own.{hook} returned " in told and "'farmers'" in told and message in told
    assert line == "return [Offer(**terms)]"


WRITTEN = [
    ("self.model.stores[0].price_x = -2", "left the price_x of the store"),
    ("self.model.stores[0].quality = np.nan", "left the quality of the store"),
    ("self.model.stores[0].area_m2 = 0", "left the area_m2 of the store"),
    ("self.model.stores[0].staffing = -1.0", "left the staffing of the store"),
    ("self.model.stores[0].skill = 'good'", "left the skill of the store"),
    ("next(iter(self.model.circles.values())).rent = -50", "left the rent of the circle"),
    ("self.model.platforms[0].subsidy_yuan = np.nan", "left the subsidy_yuan of the platform"),
    ("self.model.platforms[0].commission = None", "left the commission of the platform"),
    ("self.model.spec.stores.__dict__['wage_yuan_month'] = -1.0", "left the wage of the city"),
    ("self.model.no_such_thing", "no attribute 'no_such_thing'"),
    ("sys.exit(0)", "ends the program (sys.exit)"),
    ("1 / 0", "ZeroDivisionError"),
]


@KIND
@pytest.mark.parametrize(("statement", "message"), WRITTEN)
def test_what_a_hook_leaves_in_the_market_is_looked_at(statement, message):
    code = f"class Own(System):\n    def morning(self):\n        if self.model.day == 3:\n            {statement}\n"
    told, line = refusal(code, "systems: [own.Own]")
    assert message in told and "Own.morning" in told and "2013-01-04" in told
    assert line in (statement, "def morning(self):")


@KIND
@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("day.picks[:] = 10**6", "a row that the table does not have"),
        ("day.picks = day.picks[:-1]", "picks of another shape"),
        ("day.visited = day.visited.astype(float)", "visited of another shape or type"),
    ],
)
def test_picks_that_no_table_has_are_refused(statement, message):
    code = f"class Own(System):\n    def after_choice(self):\n        day = self.model.purchases\n        {statement}\n"
    assert message in refusal(code, "systems: [own.Own]")[0]


@KIND
@pytest.mark.parametrize("code", ["sys.exit(0)", "raise SystemExit", "exit()"])
def test_a_phase_that_ends_the_program_is_a_fault_of_the_plugin(code):
    own = f"def stop(model):\n    {code}\n"
    told, line = refusal(own, "phases: [{run: own.stop, before: shop}]")
    assert "ends the program (sys.exit)" in told and line == code


# -- choice rules: marked in the loop, explained afterwards ---------------------------------------------------------
@KIND
@pytest.mark.parametrize("engine", ["compiled", "python"])
@pytest.mark.parametrize("field", ["price_sensitivity", "value_of_time"])
def test_a_consumer_with_nan_is_named(engine, field):
    code = f"class Own(System):\n    def morning(self):\n        self.model.consumers.{field}[40] = np.nan\n"
    with pytest.raises(ScenarioError) as fault:
        model_of(code, "systems: [own.Own]", engine).run()
    model = model_of(code, "systems: [own.Own]", engine)
    (problem,) = fault.value.problems
    assert f"for consumer {int(model.consumers.id[40])} with a need of" in problem.message
    assert "returned NaN" in problem.message and f"me.{field} is nan" in (problem.hint or "")


def appeal(worth: float) -> str:
    """A system that makes all walk-ins of the first supermarket worth something."""
    return f"""class Own(System):
    def published(self, table):
        rows = [k for k, r in enumerate(table.rows) if (r.maker, r.channel) == ("supermarket 1", "walk-in")]
        table.columns["appeal"][rows] = float("{worth}")
"""


@KIND
@pytest.mark.parametrize("engine", ["compiled", "python"])
def test_infinity_is_refused_with_the_offer(engine):
    with pytest.raises(ScenarioError) as fault:
        model_of(appeal(math.inf), "systems: [own.Own]", engine).run()
    (problem,) = fault.value.problems
    assert (
        "returned infinity" in problem.message and "the offer 'walk-in' of 'supermarket 1'" in problem.message
    )


@pytest.mark.parametrize("engine", ["compiled", "python"])
def test_minus_infinity_is_never_chosen_and_no_fault(engine):
    model = model_of(appeal(-math.inf), "systems: [own.Own]", engine, days=4)
    bought = 0
    for _ in range(4):
        model.step()
        rows = [
            k for k, r in enumerate(model.table.rows) if (r.maker, r.channel) == ("supermarket 1", "walk-in")
        ]
        bought += int(np.isin(model.purchases.picks, rows).sum())
        assert np.isfinite(model.purchases.surplus).all()
        some = np.arange(20)
        expected = model.expected_sales(Needs(some, some * 0, np.ones(20)))
        assert expected.purchases[rows].sum() == 0 and not np.isnan(expected.logsum).any()
    assert bought == 0


@KIND
@pytest.mark.parametrize("engine", ["compiled", "python"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_expected_sales_refuse_what_shopping_refuses(engine, value):
    model = model_of("class Own(System):\n    pass\n", "systems: [own.Own]", engine)
    model.step()
    columns = model.table.columns.copy()
    columns["appeal"][model.table.store >= 0] = value
    some = np.arange(20)
    with pytest.raises(ScenarioError, match=r"returned (NaN|infinity)"):
        model.expected_sales(Needs(some, some * 0, np.ones(20)), columns=columns)


@KIND
@pytest.mark.slow
def test_a_compiled_rule_is_named_with_its_line_consumer_and_offer():
    code = """FIELDS = {"strange": 0.0}

def value(me, offer, trip, today):
    return offer.appeal - offer.price + me.strange

class Own(System):
    def morning(self):
        if self.model.day == 2:
            self.model.consumers.strange[7] = np.inf
"""
    told, line = refusal(code, "consumers: {value: own.value}\nsystems: [own.Own]")
    assert "value returned " in told and "for consumer " in told and "and the offer " in told
    assert line == "return offer.appeal - offer.price + me.strange"


# -- studies -----------------------------------------------------------------------------------------------------
@KIND
@pytest.mark.slow
def test_a_study_keeps_the_line_as_the_reason_of_a_failed_run(folder):
    from o2o_sim.studies.points import load_study
    from o2o_sim.studies.sweeps import sweep
    from o2o_sim.studies.work import Work

    code = returning(
        "(StorePolicy)",
        "review(self, store, view, chance)",
        "Decision('price', price_x=1 - 2 * (len(store.months) > 2))",
    )
    Path("own.py").write_text(HEAD + code)
    Path("case.yaml").write_text(
        "extends: city.yaml\npopulation: 200\ndays: 95\nplugins: [own]\nstores: {policy: own.Own}\n"
    )
    Path("study.yaml").write_text("base: case.yaml\nreplicates: 1\nfactors: {levers.rent_x: [1, 2]}\n")
    with pytest.raises(ScenarioError, match=r"own\.py:\d+: Own\.review returned a price_x of -1"):
        study = sweep(load_study("study.yaml"), work=Work(workers=1))
        study.needs_some()
