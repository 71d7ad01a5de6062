"""One name for one concept: a block, its system and its test have the file name of their key."""

from __future__ import annotations

from pathlib import Path

import o2o_sim
from o2o_sim.scenario.schema import Spec
from o2o_sim.scenario.shape import known_paths

ROOT = Path(o2o_sim.__file__).parent
TESTS = Path(__file__).parents[1] / "unit" / "systems"
OTHERWISE = {
    "circle_alliance": "alliance",  # the key stands below a circle; a mode is called so as well
    "integration": "measures",  # one of the measures, with a file of its own
    "beyond": "beyond_x",  # a key of the mode marketplace
    "fresh_food": "fresh_hub",  # one account for both: fresh_hub and from_stores
}
"""Files that are not called like their key, and the key."""


def files(folder: Path) -> set[str]:
    return {p.stem for p in folder.glob("*.py")} - {"__init__", "base"}


def test_blocks_and_systems_are_called_like_their_keys():
    keys = {known.path[-1] for known in known_paths(Spec)}
    for folder in ("scenario/blocks", "systems"):
        assert {OTHERWISE.get(name, name) for name in files(ROOT / folder)} <= keys, folder


def test_every_system_has_a_block_of_its_name_and_a_test():
    systems = files(ROOT / "systems")
    assert systems - {"beyond", "integration", "fresh_food"} <= files(ROOT / "scenario" / "blocks")
    tests = {p.stem.removeprefix("test_") for p in TESTS.glob("test_*.py")}
    assert systems - tests == {"places"}  # tests/laws/test_places.py holds it against queueing theory
