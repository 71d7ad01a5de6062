"""Any switches together: no crash, no fen lost, nothing negative, no number that is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from o2o_sim import O2OModel, load_scenario
from o2o_sim.systems import SYSTEMS

from .cities import SMALL
from .test_scenarios import laws_hold, live

SWITCHES = {
    name.strip(): yaml.safe_load(text)
    for name, text in re.findall(
        r"^# (.*)\n((?:[^#\n].*\n|\n)+)", (Path(__file__).parent / "switches.yaml").read_text(), re.MULTILINE
    )
}
"""Every switch by name, with what a scenario says to have it on in the small town."""


def merged(a: dict, b: dict) -> dict:
    """Two pieces of a scenario in one."""
    both = {
        k: merged(a[k], b[k])
        for k in a.keys() & b.keys()
        if isinstance(a[k], dict) and isinstance(b[k], dict)
    }
    lists = {
        k: [*a[k], *b[k]] for k in a.keys() & b.keys() if isinstance(a[k], list) and isinstance(b[k], list)
    }
    return {**a, **b, **both, **lists}


EITHER = ("fresh hub", "stores as warehouses")
"""Two ways to do one thing; a scenario with both is refused."""


def town(folder: Path, names: list[str], **changes) -> O2OModel:
    """The small town with some switches on; of two that exclude one another the second."""
    names = [name for name in names if name != EITHER[0] or EITHER[1] not in names]
    said: dict = {"extends": str(SMALL), "population": 500, "days": 40, "start": "2013-01-20"}
    for name in names:
        said = merged(said, SWITCHES[name])
    file = folder / "switched.yaml"
    file.write_text(yaml.safe_dump(said | changes, allow_unicode=True), encoding="utf-8")
    return O2OModel(load_scenario(file))


@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_alone(name, tmp_path):
    model = town(tmp_path, [name])
    live(model, 40)
    laws_hold(model)


def test_every_system_has_a_switch_here(tmp_path):
    on = {type(s) for name in SWITCHES for s in town(tmp_path, [name]).systems}
    assert [s.__name__ for s in SYSTEMS if s not in on] == []


def test_all_at_once(tmp_path):
    model = town(tmp_path, list(SWITCHES))
    live(model, 40)
    laws_hold(model)


@pytest.mark.slow
@settings(
    max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
@given(
    names=st.lists(st.sampled_from(sorted(SWITCHES)), min_size=2, max_size=12, unique=True),
    seed=st.integers(0, 2**31),
    rent=st.sampled_from([0.0, 1.0, 4.0]),
    logistics=st.sampled_from([0.0, 1.0, 5.0]),
    subsidy=st.sampled_from([0.0, 1.0, 20.0]),
)
def test_any_switches_together(names, seed, rent, logistics, subsidy, tmp_path_factory):
    """Thirty days with switches, seed and levers drawn at random: rents that kill, subsidies that ruin."""
    levers = {"rent_x": rent, "logistics_x": logistics, "subsidy_x": subsidy}
    model = town(tmp_path_factory.mktemp("any"), names, seed=seed, levers=levers, days=30, start="2013-01-20")
    live(model, 30)
    laws_hold(model)


@pytest.mark.slow
def test_all_at_once_is_the_same_on_two_threads(tmp_path):
    import numba

    from o2o_sim.record.archive import tables_digest

    digests = set()
    before = numba.get_num_threads()
    try:
        for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(threads)
            model = town(tmp_path, list(SWITCHES))
            live(model, 40)
            digests.add(tables_digest(model.results()))
    finally:
        numba.set_num_threads(before)
    assert len(digests) == 1
