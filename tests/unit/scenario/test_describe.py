"""What is told about scenarios: the JSON Schema, the summary, the file to start from."""

from __future__ import annotations

import io
import json

import pytest

from o2o_sim.scenario import content_hash, load_scenario
from o2o_sim.scenario.describe import json_schema, starter_text, summary
from o2o_sim.scenario.load import to_plain
from o2o_sim.scenario.schema import Spec
from o2o_sim.scenario.shape import known_paths


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "city.yaml"
    path.write_text(starter_text())
    return load_scenario(path)


def shown(spec) -> str:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=200)
    console.print(summary(spec))
    return console.file.getvalue()


def at(schema, path):
    """The schema of one path, through references and alternatives."""
    here = schema
    for part in path:
        while True:
            if "$ref" in here:
                here = schema["$defs"][here["$ref"].split("/")[-1]]
            elif "allOf" in here:
                (here,) = here["allOf"]
            elif "anyOf" in here and "properties" not in here:
                here = next(choice for choice in here["anyOf"] if choice.get("type") != "null")
            else:
                break
        if part == "<n>":
            here = here["items"]
        else:
            here = here["additionalProperties"] if part == "<name>" else here["properties"][part]
    return here


def test_the_json_schema_has_every_key_with_its_sentence():
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["title"] == "o2o_sim scenario"
    for known in known_paths(Spec):
        assert at(schema, known.path).get("description"), known.path
    tax = at(schema, ("platforms", "<name>", "commission"))
    assert tax["adjustable"] is True
    assert tax["unit"] == "share"
    assert tax["anyOf"][0]["maximum"] == 0.9
    assert schema["additionalProperties"] is False


def test_a_file_that_changes_one_key_is_valid_for_an_editor():
    schema = json_schema()
    assert '"required"' not in json.dumps(schema)
    assert "extends" in schema["properties"]
    # `key: null` drops what is inherited: of an entity, of a block, of a number.
    for path in (("platforms", "<name>"), ("levers",), ("days",), ("start",)):
        assert {"type": "null"} in at(schema, path)["anyOf"], path


def test_the_starter_is_small_and_says_something_about_every_line(spec):
    for line in starter_text().splitlines():
        assert not line.strip() or "#" in line, line
    assert spec.population <= 20_000
    assert spec.days <= 550  # long enough for shops to close, which bear nine months of loss
    assert sum(cohort.share for cohort in spec.cohorts.values()) == pytest.approx(1)
    for category in spec.categories:
        served = [kind.demand_share.get(category, 0) for kind in spec.stores.formats.values()]
        assert sum(served) == pytest.approx(1), category


def test_the_summary_names_what_matters(spec):
    text = shown(spec)
    for part in ("A small city", "2013-01-01 to 2014-06-24 (540 days)", "10,000 consumers", "stands for 20"):
        assert part in text
    rows = [line.split() for line in text.splitlines()]
    assert ["circles", "2", "main_street,", "new_mall"] in rows
    assert ["rent_x", "1"] in rows
    assert ["stores.policy", "satisficing"] in rows
    assert ["platforms.marketplace.subsidy.policy", "fixed"] in rows
    assert ["landlords.street_rent_yuan_m2_month", "60", "70"] in rows
    # What is at its default is not news.
    assert "vacancy_target" not in text


def test_the_summary_of_many_changes_stays_short_and_markup_is_text(tmp_path):
    path = tmp_path / "city.yaml"
    consumers = "".join(
        f"  {name}: {value / 2 if value else 0.125}\n"
        for name, value in to_plain(Spec.model_construct())["consumers"].items()
        if isinstance(value, float) and value >= 0
    )
    stores = "".join(f"    {name}: 4\n" for name in ("memory_months", "trial_months", "patience_months"))
    text = starter_text().replace("stores:  ", "stores:\n  satisficing:\n" + stores + "#")
    path.write_text(text + "consumers:\n" + consumers + "modes:\n  social: {skill: 0.9}\n")
    spec = load_scenario(path, ["name='[red]x[/nope]'"])
    text = shown(spec)
    assert "[red]x[/nope]" in text
    assert "modes.social.skill" in text or "more keys that differ" in text
    assert len(text.splitlines()) < 100


def test_describing_changes_nothing(spec):
    before = content_hash(spec)
    shown(spec)
    json_schema()
    assert content_hash(spec) == before
