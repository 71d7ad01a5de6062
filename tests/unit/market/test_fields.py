"""Extra fields of consumers, of which one may have a number for each category, and categories named in a rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from o2o_sim import O2OModel, load_scenario
from o2o_sim.errors import ScenarioError
from o2o_sim.extend import Plugins
from o2o_sim.market.binding import Rule
from o2o_sim.market.rules import category, with_categories
from o2o_sim.record.archive import tables_digest
from o2o_sim.scenario.describe import starter_text

RULE = """
from o2o_sim.plugin import category, value as usual

FOOD = category("groceries")
FIELDS = {"thrift": 0.5, "taste": {"per": "category", "draw": "normal", "mean": 1.0, "spread": 0.5}}

def is_food(offer):
    return offer.category == FOOD

def value(me, offer, trip, today):
    return usual(me, offer, trip, today) + me.taste * offer.discount - me.thrift * offer.price * is_food(offer)

def of_category(me, offer, trip, today):
    return usual(me, offer, trip, today) - 9.0 * (me.mark != offer.category)
"""


@pytest.fixture
def load(tmp_path: Path):
    (tmp_path / "city.yaml").write_text(starter_text())
    (tmp_path / "own.py").write_text(RULE)

    def load(consumers: str, *overrides: str):
        text = f"extends: city.yaml\npopulation: 300\ndays: 8\nplugins: [own]\nconsumers: {{{consumers}}}\n"
        (tmp_path / "case.yaml").write_text(text)
        return load_scenario(tmp_path / "case.yaml", overrides)

    return load


def test_a_field_has_a_number_for_each_category_where_it_says_so(load):
    spec = load("value: own.value, fields: {taste: {means: {groceries: 9}}}")
    people = O2OModel(spec, 1).consumers
    n, categories = len(people), list(spec.categories)
    assert people.thrift.shape == (n,) and (people.thrift == 0.5).all()
    assert people.taste.shape == (n, len(categories))
    means = dict(zip(categories, people.taste.mean(axis=0)))
    assert means["groceries"] == pytest.approx(9, abs=0.1)
    assert all(mean == pytest.approx(1, abs=0.1) for name, mean in means.items() if name != "groceries")
    assert abs(np.corrcoef(people.taste.T)[0, 1]) < 0.2  # a draw of its own for each category
    people.taste[people.position(7), 0] = 42
    assert people[7].extra["taste"][categories[0]] == 42 and people[7].extra["thrift"] == 0.5


def test_the_rule_sees_the_number_of_the_category_of_the_need(load):
    """Whose number for a category is not that of the offers' category would buy nothing but `without`."""
    spec = load("value: own.of_category, fields: {mark: {per: category}}")
    numbers = {name: k for k, name in enumerate(spec.categories)}
    means = ", ".join(f"{name}: {k}" for name, k in numbers.items())
    usual = O2OModel(load("value: default"), 1).run()
    marked = "value: own.of_category, fields: {mark: {per: category, means: {%s}}}"
    right = O2OModel(load(marked % means), 1).run()
    wrong = O2OModel(load(marked % means.replace("groceries: ", "groceries: 9")), 1).run()
    assert right.results()["daily"].equals(usual.results()["daily"])
    assert not wrong.results()["daily"].equals(usual.results()["daily"])


@pytest.mark.parametrize(
    "said", ["value: own.value", "value: own.of_category, fields: {mark: {per: category, mean: 1}}"]
)
def test_compiled_and_interpreted_choose_alike_and_so_do_expected_sales(load, said):
    models = [O2OModel(load(said, f"engine={engine}"), 1).run() for engine in ("compiled", "python")]
    assert tables_digest(models[0].results()) == tables_digest(models[1].results())
    expected = [m.expected_sales().purchases for m in models]
    assert np.allclose(expected[0], expected[1], rtol=1e-9)


def test_a_rule_of_another_scenario_has_the_numbers_of_its_own_categories(load):
    """The same file, imported once, serves cities in which the category has another number."""
    spec = load("value: own.value")
    rule, _ = Plugins(spec).rule()
    other, _ = Plugins(spec.model_copy(update={"categories": dict(reversed(spec.categories.items()))})).rule()
    number = list(spec.categories).index("groceries")
    said = [r.__globals__["is_food"].__globals__["FOOD"] for r in (rule, other)]
    assert said == [number, len(spec.categories) - 1 - number]
    bound, again, reversed_ = (Rule.of(r, ()) for r in (rule, Plugins(spec).rule()[0], other))
    assert bound == again != reversed_  # what was compiled for it is found again


def test_a_rule_without_categories_is_left_alone():
    def plain(me, offer, trip, today):
        return 0.0

    assert with_categories(plain, {"groceries": 0}) is plain
    assert category("groceries") == "groceries"


@pytest.mark.parametrize(
    ("rule", "consumers", "at", "message"),
    [
        ("FOOD = category('groceris')", "value: own.value", "consumers.value", "names the category 'groceris', which is not there"),
        ("", "value: own.value, fields: {taste: {means: {groceris: 1}}}", "consumers.fields.taste.means.groceris", "no category 'groceris'"),
        ("", "value: own.value, fields: {thrift: {means: {groceries: 1}}}", "consumers.fields.thrift.means", "is not read: the field has one"),
        ("FIELDS = {'x': 'much'}", "value: own.value", "consumers.value", "declares the field 'x' wrongly"),
        ("FIELDS = {'x': {'par': 1}}", "value: own.value", "consumers.value", "declares the field 'x' wrongly"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_fields_and_categories_is_told(load, tmp_path, rule, consumers, at, message):
    content = RULE
    for name in ("FOOD", "FIELDS"):
        if rule.startswith(name):
            content = "\n".join(rule if line.startswith(f"{name} =") else line for line in RULE.splitlines())
    (tmp_path / "own.py").write_text(content)
    with pytest.raises(ScenarioError) as fault:
        Plugins(load(consumers))
    (problem,) = fault.value.problems
    assert message in problem.message and problem.key == at and problem.line == 5
