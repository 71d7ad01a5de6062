"""Saved cities: files that are damaged, foreign or hostile are refused by name, and nothing half-written is left."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
import random
import shutil
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pytest

from o2o_sim import O2OModel
from o2o_sim.errors import ScenarioError
from o2o_sim.record import archive, state
from o2o_sim.record.message import decode, encode
from o2o_sim.record.replay import deflated
from tests.laws.cities import SMALL, small, stepped
from tests.laws.objects import differences

PLUGIN = '''
from collections import deque
from dataclasses import dataclass

from o2o_sim.systems import System


@dataclass
class Note:
    store: object
    day: int


class Diary(System):
    """Keeps what it likes, also objects of its own, and moves prices by what it kept."""

    def __init__(self, model):
        super().__init__(model)
        self.notes, self.last = [], deque(maxlen=3)
        self.rate = lambda: 1 + 0.01 * len(self.notes)

    @staticmethod
    def wanted(spec):
        return True

    def morning(self):
        store = self.model.stores[self.model.day % len(self.model.stores)]
        self.notes.append(Note(store, self.model.day))
        self.last.append(self.notes[-1])
        self.last[0].store.price_x *= self.rate()
        self.model.offers_changed = True
'''


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> bytes:
    folder = tmp_path_factory.mktemp("saved")
    stepped(small(folder)).save(folder / "city.o2os")
    return (folder / "city.o2os").read_bytes()


def refused(path: Path, match: str) -> ScenarioError:
    with pytest.raises(ScenarioError, match=match) as caught:
        O2OModel.load(path)
    assert all(p.file == str(path) for p in caught.value.problems)
    return caught.value


def test_a_file_that_is_cut_off_or_goes_on_is_refused(saved, tmp_path):
    path = tmp_path / "bad.o2os"
    for length in [0, 1, 4, 8, 9, 200, len(saved) // 2, len(saved) - 9, len(saved) - 1]:
        path.write_bytes(saved[:length])
        refused(path, "is damaged, or is no state")
    path.write_bytes(saved + bytes(8))
    refused(path, "is damaged, or is no state")


def test_a_flipped_bit_is_refused_wherever_it_is(saved, tmp_path):
    path = tmp_path / "bad.o2os"
    for at in np.unique(np.r_[np.arange(0, 64), np.linspace(0, len(saved) - 1, 150).astype(int)]):
        bad = bytearray(saved)
        bad[at] ^= 1
        path.write_bytes(bad)
        refused(path, "is damaged|another format|was saved by")


def test_what_is_no_regular_file_is_refused(saved, tmp_path):
    real, link, pipe = tmp_path / "real.o2os", tmp_path / "link.o2os", tmp_path / "pipe.o2os"
    real.write_bytes(saved)
    link.symlink_to(real)
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path, Path("/dev/zero")):
        refused(path, "it is a [a-z]+, and not a regular file")
    refused(tmp_path / "nowhere.o2os", "No such file")


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "other.o2os"
    for content in (
        pickle.dumps({"a": 1}),
        b"PK\x03\x04" + bytes(60),
        SMALL.read_bytes(),
        encode({"kind": "replay"}, {}),
    ):
        path.write_bytes(content)
        refused(path, "is damaged, or is no state")


def forged(saved: bytes, path: Path, parts: dict[str, bytes] | None = None, **header) -> Path:
    """The state with another header or other parts, and the right digest for them."""
    message = decode(saved)
    kept = {name: state.inflated(a, message.header["sizes"][name]) for name, a in message.arrays.items()}
    kept |= parts or {}
    sizes = {name: len(data) for name, data in kept.items()}
    packed = {name: np.frombuffer(deflated(data), np.uint8) for name, data in kept.items()}
    said = {**message.header, "sizes": sizes, **header}
    said["digest"] = state._digest(said, packed)
    path.write_bytes(encode(said, packed))
    return path


def test_sizes_are_looked_at_before_anything_is_unpacked(saved, tmp_path, monkeypatch):
    sizes = decode(saved).header["sizes"]
    asked: list[int] = []
    real = state.inflated
    monkeypatch.setattr(state, "inflated", lambda data, size: asked.append(size) or real(data, size))
    for name, size in (
        ("arrays", 1 << 60),
        ("graph", -1),
        ("scenario", 1 << 30),
        ("arrays", True),
        ("graph", 1.5),
    ):
        refused(forged(saved, tmp_path / "bad.o2os", sizes={**sizes, name: size}), "is damaged")
    # A bomb: 300 MB of nothing for a city of 200 people.
    monkeypatch.setattr(state, "_MOST_FIXED", 1 << 20)
    refused(forged(saved, tmp_path / "bad.o2os", {"arrays": bytes(3 << 20)}), "is damaged")
    assert max(asked) < 1 << 22


def test_a_state_brings_neither_classes_nor_functions(saved, tmp_path):
    graph = state.inflated(decode(saved).arrays["graph"], decode(saved).header["sizes"]["graph"])
    for ours, theirs in (
        (b"o2o_sim.agents.circle:Circle", b"subprocess:Popen"),
        (b'["code","', b'["code","os:'),
    ):
        assert ours in graph
        bad = forged(saved, tmp_path / "bad.o2os", {"graph": graph.replace(ours, theirs)})
        refused(bad, "cannot be put back: it (holds an object of subprocess:Popen|needs os:)")


FILE = {"key": "plugins.0", "name": "a.py", "folder": ".", "digest": "0"}


@pytest.mark.faults("Saved cities")
@pytest.mark.parametrize(
    "header",
    [
        *[
            {"files": files}
            for files in (None, 5, {}, [{}], [5], [FILE | {"name": 5}], [FILE | {"key": None}])
        ],
        *[{"day": day} for day in (None, "x", -5, 1.5, True)],
        *[{"seed": seed} for seed in (None, "x", -1, 1.5)],
        *[{name: 5} for name in ("model", "date", "file", "ground")],
    ],
    ids=str,
)
def test_a_header_that_says_nonsense_is_refused(saved, tmp_path, header):
    refused(forged(saved, tmp_path / "bad.o2os", **header), "is damaged, or is no state")


@pytest.mark.faults("Saved cities")
@pytest.mark.parametrize("key", ["plugins.0", "a.b", "city.import.zones", "seed.x", "circles.0"])
def test_a_file_at_a_key_that_names_none_is_refused(saved, tmp_path, key):
    (tmp_path / "a.py").write_bytes(b"")
    digest = hashlib.sha256(b"").hexdigest()
    files = [FILE | {"key": key, "folder": str(tmp_path), "digest": digest}]
    refused(forged(saved, tmp_path / "bad.o2os", files=files), "but the scenario names none")


@pytest.mark.faults("Saved cities", tries=40)
def test_a_forged_city_is_refused_whatever_it_holds(saved, tmp_path):
    """Values of the graph are exchanged for others, and the digest made to fit."""
    rng = random.Random(4)
    message = decode(saved)
    graph = state.inflated(message.arrays["graph"], message.header["sizes"]["graph"])
    for _ in range(40):
        nodes = json.loads(graph)
        place = nodes
        while True:
            key = rng.choice(range(len(place)) if isinstance(place, list) else list(place))
            if not isinstance(place[key], list | dict) or not place[key] or rng.random() < 0.1:
                break
            place = place[key]
        place[key] = rng.choice([None, -1, 10**6, 1.5, "x", [], {}, True, [0], {"a": 1}])
        path = forged(saved, tmp_path / "bad.o2os", {"graph": json.dumps(nodes).encode()})
        with contextlib.suppress(ScenarioError):  # or a city, if it was no harm
            O2OModel.load(path)


def test_another_version_is_refused(saved, tmp_path):
    path = tmp_path / "old.o2os"
    refused(forged(saved, path, package="0.0.9"), r"was saved by o2o_sim 0\.0\.9 .*results could differ")
    refused(forged(saved, path, code="0" * 24), "results could differ")
    refused(forged(saved, path, version=99), "another format")


def test_a_model_of_another_class_is_refused(saved, tmp_path):
    class Mine(O2OModel):
        pass

    (tmp_path / "city.o2os").write_bytes(saved)
    with pytest.raises(ScenarioError, match=r"was saved of a o2o_sim\.model:O2OModel"):
        Mine.load(tmp_path / "city.o2os")


def with_plugin(folder: Path) -> Path:
    (folder / "diary.py").write_text(PLUGIN, encoding="utf-8")
    return small(folder, plugins=["diary"], systems=["diary.Diary"])


def test_a_plugin_goes_on_too(tmp_path):
    model = stepped(with_plugin(tmp_path), 4)
    model.save(tmp_path / "city.o2os")
    loaded = O2OModel.load(tmp_path / "city.o2os")
    assert differences(model, loaded) == []
    for each in (model, loaded):
        each.run()
    assert differences(model, loaded) == []
    diary = next(s for s in loaded.systems if type(s).__name__ == "Diary")
    assert diary.rate() == 1 + 0.01 * 9, "its function knows the system that was filled"


def test_a_plugin_that_changed_or_is_gone_is_refused_by_name(tmp_path):
    model = stepped(with_plugin(tmp_path))
    model.save(tmp_path / "city.o2os")
    plugin = tmp_path / "diary.py"
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.copy(tmp_path / "city.o2os", moved)
    shutil.copy(plugin, moved)
    plugin.write_text(PLUGIN.replace("0.01", "0.02"), encoding="utf-8")
    refused(tmp_path / "city.o2os", r"plugins\.0: diary\.py has changed since")
    assert O2OModel.load(moved / "city.o2os").day == 2, "beside the state it is found"
    plugin.unlink()
    refused(tmp_path / "city.o2os", r"plugins\.0: there is no file diary\.py")
    with pytest.raises(ScenarioError, match="plugins are refused"):
        O2OModel.load(moved / "city.o2os", plugins=False)


def test_files_of_a_scenario_in_other_folders_are_found(tmp_path):
    """Wherever the state lies, behind a link too."""
    for name in ("rules", "cities", "states/deep"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "states/deep")
    with_plugin(tmp_path / "rules")
    model = stepped(small(tmp_path / "cities", extends="../rules/city.yaml"))
    for folder in (tmp_path / "link", tmp_path / "states", tmp_path / "cities"):
        model.save(folder / "city.o2os")
        assert O2OModel.load(folder / "city.o2os").day == 2


def test_what_cannot_be_saved_is_named_and_leaves_no_file(tmp_path):
    model = stepped(small(tmp_path))
    model.stores[1].counting = (k for k in range(3))
    with pytest.raises(
        ScenarioError, match=r"model\.agents\[\d+\]\.counting is a generator, which cannot be saved"
    ):
        model.save(tmp_path / "city.o2os")
    assert [p.name for p in tmp_path.iterdir()] == ["city.yaml"]


def test_a_city_that_was_changed_in_passing_is_refused(tmp_path):
    """Streets are not saved but built anew, so a change of them must not be lost in silence."""
    model = stepped(small(tmp_path))
    model.city.travel.graph.remove_edge(*next(iter(model.city.travel.graph.edges)))
    model.save(tmp_path / "city.o2os")
    refused(tmp_path / "city.o2os", "the city itself is no longer that of the scenario")


def test_a_file_of_another_kind_is_not_written_over(tmp_path):
    scenario = small(tmp_path)
    before = scenario.read_bytes()
    model = stepped(scenario, 1)
    with pytest.raises(ScenarioError, match="is there already, is no saved city"):
        model.save(scenario)
    assert scenario.read_bytes() == before
    with pytest.raises(ScenarioError, match="is there already"):
        model.save(tmp_path)
    with pytest.raises(ScenarioError, match="cannot be written"):
        model.save(tmp_path / "no" / "city.o2os")


def test_a_state_is_replaced_whole_or_not_at_all(saved, tmp_path, monkeypatch):
    path = tmp_path / "city.o2os"
    model = stepped(small(tmp_path), 1)
    model.save(path)
    first = path.read_bytes()
    model.step()

    def full(where: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(archive, "flush", full)
        with pytest.raises(ScenarioError, match="No space left"):
            model.save(path)
    assert path.read_bytes() == first
    assert sorted(p.name for p in tmp_path.iterdir()) == ["city.o2os", "city.yaml"]
    model.save(path)
    assert O2OModel.load(path).day == 2


def test_agents_are_known_to_mesa_again(tmp_path):
    model = stepped(small(tmp_path))
    model.agents.shuffle(inplace=True)
    model.save(tmp_path / "city.o2os")
    loaded = O2OModel.load(tmp_path / "city.o2os")
    assert [a.unique_id for a in loaded.agents] == [a.unique_id for a in model.agents]
    assert len(loaded.agents_by_type[type(loaded.stores[0])]) == len(loaded.stores)
    s = loaded.stores[0]
    new = loaded.open_store("new", s.format_name, s.circle, s.cell)
    assert new.unique_id == 1 + max(a.unique_id for a in model.agents)


def test_a_policy_is_that_of_the_scenario_again_and_one_of_a_store_s_own_stays_its_own(tmp_path):
    """Stores that open later must decide with the policy that the others have."""
    model = stepped(small(tmp_path))
    use = model.spec.stores.policy
    model.stores[0].policy = type(model.extensions.policy(use))()
    model.save(tmp_path / "city.o2os")
    loaded = O2OModel.load(tmp_path / "city.o2os")
    assert loaded.extensions.policy(loaded.spec.stores.policy) is loaded.stores[1].policy
    assert loaded.stores[0].policy is not loaded.stores[1].policy


@pytest.mark.skipif(not hasattr(mesa.Model, "schedule_event"), reason="this Mesa has no calendar")
def test_an_event_in_mesas_calendar_is_not_lost_in_silence(tmp_path):
    model = stepped(small(tmp_path))
    at: Any = model
    at.schedule_event(model.results, after=2)
    with pytest.raises(ScenarioError, match="Mesa's calendar"):
        model.save(tmp_path / "city.o2os")
    assert not (tmp_path / "city.o2os").exists()
