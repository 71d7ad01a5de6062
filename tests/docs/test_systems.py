"""docs/systems: every example is valid in the town, every system and claim is told of, and one's own system
runs."""

from __future__ import annotations

import re

import pytest
from documents import ROOT, marked_files, table_rows, text

from o2o_sim import O2OModel, load_scenario
from o2o_sim.studies.claim import load_claims

PAGES = sorted((ROOT / "docs/systems").glob("*.md"))
README = ROOT / "docs/systems/README.md"
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{k}")
    for page in PAGES
    if page != README
    for k, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_is_a_valid_change_of_the_town(block, tmp_path):
    """Formats and partners that an example takes for granted are those of the scenario that shows it."""
    file = tmp_path / "example.yaml"
    bases = [
        "town",
        "platform_partnership",
        "jd_convenience",
        "flower_shop",
        "alliance",
        "franchise",
        "closed_loop",
    ]
    faults = []
    for base in bases:
        file.write_text(f"extends: {ROOT / 'scenarios' / base}.yaml\n{block}", encoding="utf-8")
        try:
            load_scenario(file)
            return
        except Exception as fault:
            faults.append(str(fault))
    pytest.fail("\n".join(faults[:1]))


def test_every_claim_and_its_scenario_are_in_the_table():
    rows = {row[0]: row for row in table_rows(README, "Every way to go online")}
    claims = {c.id: c for c in load_claims(ROOT / "experiments/claims")}
    assert rows.keys() == claims.keys()
    for name, row in rows.items():
        told = re.findall(r"`(\w+)`", row[3])
        assert all((ROOT / "scenarios" / f"{scenario}.yaml").is_file() for scenario in told), name


def test_the_example_of_a_system_of_ones_own_runs(beside_my_city):
    for name, content in marked_files(README).items():
        (beside_my_city / name).write_text(content, encoding="utf-8")
    model = O2OModel(load_scenario("rainy.yaml", ["population=800", "days=31"])).run()
    usual = O2OModel(load_scenario("my_city.yaml", ["population=800", "days=31"])).run()
    assert "rained_today" in model.results()["city_monthly"]
    assert model.recorder._days[0].keys() == usual.recorder._days[0].keys()
    wet, dry = (m.results()["daily"]["purchases"].sum() for m in (model, usual))
    assert wet < dry
