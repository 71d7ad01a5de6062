"""Code in memory: which runs it may be found again by, who can be given it, and what it may answer."""

from __future__ import annotations

import functools
import importlib.util
import math
import sys
import types

import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.model import O2OModel
from o2o_sim.scenario.load import load_scenario
from o2o_sim.studies.job import key_of
from o2o_sim.studies.own import Own
from o2o_sim.studies.work import Work


def closed(result) -> float:
    return float((result.outcomes["outcome"] == "closed").sum())


class Model(O2OModel):
    """As usual."""


def test_without_code_the_key_is_that_of_the_scenario(tiny):
    spec = load_scenario(tiny)
    assert key_of(spec, 1) == key_of(spec, 1, Own.of())


def test_runs_with_code_are_found_again_by_no_other_call(tiny):
    spec = load_scenario(tiny)
    for code in ({"metrics": {"closed": closed}}, {"model": Model}):
        first, second = Own.of(**code), Own.of(**code)
        assert not first.is_kept
        assert len({key_of(spec, 1), key_of(spec, 1, first), key_of(spec, 1, second)}) == 3
        assert key_of(spec, 1, first) == key_of(spec, 1, first)


def test_unless_it_has_a_version(tiny, monkeypatch):
    spec = load_scenario(tiny)
    keys = {}
    for version in ("1", "2"):
        monkeypatch.setattr(closed, "version", version, raising=False)
        monkeypatch.setattr(Model, "version", version, raising=False)
        owns = [Own.of(Model, {"closed": closed}) for _ in range(2)]
        assert all(own.is_kept for own in owns)
        keys[version] = {key_of(spec, 1, own) for own in owns}
    assert [len(found) for found in keys.values()] == [1, 1] and keys["1"] != keys["2"]

    class Heir(Model):
        """Its parent's version says nothing of it."""

    assert not Own.of(Heir).is_kept
    assert key_of(spec, 1, Own.of(metrics={"a": closed})) != key_of(spec, 1, Own.of(metrics={"b": closed}))


def test_a_version_counts_with_the_file_that_the_code_stands_in(tiny, tmp_path, monkeypatch):
    spec, keys = load_scenario(tiny), set()
    for body in ("return 1.0", "return 2.0"):
        file = tmp_path / "figures.py"
        file.write_text(f"def one(result):\n    {body}\n\n\none.version = '1'\n")
        found = importlib.util.spec_from_file_location("figures", file)
        module = importlib.util.module_from_spec(found)
        monkeypatch.setitem(sys.modules, "figures", module)
        found.loader.exec_module(module)
        keys.add(key_of(spec, 1, Own.of(metrics={"one": module.one})))
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            {"metrics": {"online_share": closed}},
            "metrics.online_share: there is a built-in metric 'online_share'",
        ),
        ({"metrics": {"members/x": closed}}, "built-in metric 'members'"),
        ({"metrics": {"closed": 3}}, "metrics.closed: must be a function of a run's result, found int"),
        ({"metrics": {"": closed}}, "the name of a metric must be a text"),
        ({"model": "Model"}, "model: must be a subclass of O2OModel"),
    ],
)
def test_what_is_no_code_is_refused(code, message):
    with pytest.raises(ScenarioError, match=message):
        Own.of(**code)


def test_what_no_other_process_can_be_given_is_refused_with_advice(monkeypatch):
    for code in (lambda result: 1.0, functools.partial(lambda a, result: a, 1.0)):
        own = Own.of(metrics={"mine": code})
        with pytest.raises(ScenarioError, match=r"metrics.mine: cannot be sent(.|\n)*Work\(workers=0\)"):
            Work(workers=2).admit(own)
        Work(workers=0).admit(own)
    Work().admit(Own.of(Model, {"closed": closed}))


def test_what_a_notebook_defines_cannot_be_found_by_another_process(monkeypatch):
    """It can be pickled, by its name in `__main__`; but a worker's `__main__` is another one."""
    main = types.ModuleType("__main__")
    main.closed = closed
    monkeypatch.setattr(closed, "__module__", "__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    own = Own.of(metrics={"closed": closed})
    with pytest.raises(ScenarioError, match="because it is defined in a notebook or a script"):
        Work().admit(own)
    main.__file__ = "script.py"  # which worker processes of this machine import, too
    Work().admit(own)
    with pytest.raises(ScenarioError, match="because it is defined in a notebook or a script"):
        Work(cluster="local").admit(own)


def test_parts_of_a_study_share_only_code_with_a_version(monkeypatch):
    own = Own.of(metrics={"closed": closed})
    with pytest.raises(ScenarioError, match=r"--shard: cannot be used with .* no version"):
        Work(shard=(1, 2)).admit(own)
    monkeypatch.setattr(closed, "version", "1", raising=False)
    Work(shard=(1, 2)).admit(own)


def test_a_metric_is_a_number_or_none():
    found = Own.of(metrics={"a": lambda r: 3, "b": lambda r: None, "c": lambda r: True}).measure(None)
    assert (found["a"], math.isnan(found["b"]), found["c"]) == (3.0, True, 1.0)
    with pytest.raises(TypeError, match="the metric 'a' must be a number, found list"):
        Own.of(metrics={"a": lambda r: [1]}).measure(None)


def test_what_makes_no_model_and_refused_plugins(tiny, tmp_path):
    spec = load_scenario(tiny)
    with pytest.raises(TypeError, match="should make an O2OModel, but made str"):
        Own.of(lambda spec, seed: "model").make(spec, 1)
    (tmp_path / "mine.yaml").write_text(f"extends: {tiny}\nplugins: [mine]\n")
    with pytest.raises(ScenarioError, match=r"mine.yaml:2.*refused"):
        Own.of(Model).make(load_scenario(tmp_path / "mine.yaml"), 1, plugins=False)
