"""The schema beside the shipped scenarios is the one that the package prints."""

from __future__ import annotations

import json
from pathlib import Path

from o2o_sim.scenario.describe import json_schema

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SCHEMA = SCENARIOS / "scenario.schema.json"


def test_the_shipped_schema_is_current():
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json_schema(), "stale: run `make schema`"


def test_every_shipped_scenario_points_to_it():
    first = "# yaml-language-server: $schema=scenario.schema.json"
    files = sorted(SCENARIOS.glob("*.yaml"))
    assert files
    assert [f.name for f in files if f.read_text(encoding="utf-8").splitlines()[0] != first] == []
