"""Replays: what is unpacked is what was packed, little of it, and files that cannot be shown are refused by
name."""

from __future__ import annotations

import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from o2o_sim.errors import ScenarioError
from o2o_sim.record import replay as replay_module
from o2o_sim.record.message import decode, encode
from o2o_sim.record.replay import BLOCK, REPLAY, Packer, Replay, pack, unpack
from tests.baselines.frames import REPLAY as STORED

KEY = encode({"kind": "key", "name": "<script>🏪\ud800"}, {"home": np.arange(3, dtype=np.int32)})


def frame(day, **sections):
    return encode(
        {"kind": "frame", "day": day, "date": "any"}, {n: np.asarray(a) for n, a in sections.items()}
    )


def frames(n, people=5, first=0):
    """Days with as many shops as days, and now and then a map of sales."""
    made = []
    for k in range(n):
        day = {"people": np.arange(k, k + people, dtype=np.uint16) * 300, "state": np.ones(k, np.uint8)}
        if k % 7 == 6:
            day["heat"] = np.full(9, k % 256, np.uint8)
        made.append(frame(first + k, **day, totals=np.array([k / 3, -k], np.float32)))
    return made


kinds = st.sampled_from([np.uint8, np.uint16, np.uint32, np.int32, np.float32])
names = st.text(min_size=1, max_size=8)


@st.composite
def any_frames(draw):
    """Frames with any sections of any length, of which a name keeps its type."""
    types = draw(st.dictionaries(names, kinds, max_size=4))
    made = []
    for day in range(draw(st.integers(0, 6))):
        has = draw(st.sets(st.sampled_from(sorted(types)))) if types else set()
        lengths = {n: draw(st.integers(0, 9)) for n in sorted(has)}
        raw = {n: draw(st.binary(min_size=k * 4, max_size=k * 4)) for n, k in lengths.items()}
        sections = {n: np.frombuffer(raw[n], types[n])[: lengths[n]] for n in raw}
        made.append(frame(day, **sections))
    return made


@settings(deadline=None)
@given(any_frames())
def test_what_is_unpacked_is_what_was_packed(days):
    assert unpack(pack(KEY, days)) == (KEY, days)


@pytest.mark.parametrize("n", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 3])
def test_also_in_several_blocks(n):
    days = frames(n)
    file = pack(KEY, days)
    assert unpack(file) == (KEY, days)
    assert len(decode(file).header["blocks"]) == -(-n // BLOCK)


def test_a_run_may_be_recorded_from_any_day_but_without_gaps():
    days = frames(3, first=30)
    assert unpack(pack(KEY, days)) == (KEY, days)
    for wrong in ([days[0], days[2]], [days[0], days[0]], [frame(None)]):
        with pytest.raises(ValueError, match="was to come"):
            pack(KEY, wrong)


def test_a_section_keeps_its_type():
    with pytest.raises(ValueError, match="changes its type"):
        pack(KEY, [frame(0, x=np.zeros(2, np.uint8)), frame(1, x=np.zeros(2, np.uint16))])


def test_only_a_key_and_frames_are_packed():
    with pytest.raises(ScenarioError, match="key"):
        pack(frame(0), [])
    with pytest.raises(ScenarioError, match="frame"):
        pack(KEY, [KEY])


def test_a_full_replay_takes_no_more(monkeypatch):
    monkeypatch.setattr(replay_module, "MOST_DAYS", 3)
    packer = Packer(KEY)
    assert [packer.add(f) for f in frames(5)] == [True, True, True, False, False]
    assert unpack(packer.finish())[1] == frames(3)
    with pytest.raises(ValueError, match="no more than"):
        pack(KEY, frames(5))
    monkeypatch.setattr(replay_module, "MOST_DAYS", 9)
    monkeypatch.setattr(replay_module, "MOST_BYTES", 2 * (len(KEY) + len(frames(1)[0])))
    packer = Packer(KEY)
    assert [packer.add(f) for f in frames(2)] == [True, False]
    assert unpack(packer.finish())[1] == frames(1)


def test_a_pattern_of_days_takes_little_room():
    """A person who does the same all her days costs next to nothing, however many others stand beside her."""
    people = (np.arange(10_000) * 37 % 2000).astype(np.uint16)
    file = pack(KEY, [frame(k, people=people) for k in range(BLOCK)])
    assert len(file) < 80_000 < people.nbytes * BLOCK / 30


# -- files ---------------------------------------------------------------------------------------------------
def test_a_replay_is_saved_and_loaded_as_file_and_from_a_folder(tmp_path):
    replay = Replay.of(KEY, frames(5))
    assert replay.save(tmp_path) == tmp_path / REPLAY
    assert replay.save(tmp_path / "other.o2o") == tmp_path / "other.o2o"
    for place in (tmp_path, str(tmp_path), tmp_path / REPLAY, tmp_path / "other.o2o"):
        read = Replay.load(place)
        assert (read.key, read.frames, read.file) == (KEY, frames(5), replay.file)


def test_faults_name_the_file(tmp_path):
    with pytest.raises(ScenarioError, match=r"(?s)replay\.o2o: is not there.*again"):
        Replay.load(tmp_path)
    with pytest.raises(ScenarioError, match=r"none\.o2o: cannot be read: No such file"):
        Replay.load(tmp_path / "none.o2o")
    with pytest.raises(ScenarioError, match="cannot be read"):
        Replay.load("a\0b")
    (tmp_path / "page.o2o").write_bytes(b"<!doctype html>")
    with pytest.raises(ScenarioError, match=r"page\.o2o: the recording is not one of o2o_sim"):
        Replay.load(tmp_path / "page.o2o")
    (tmp_path / "\x1b[31mred.o2o").write_bytes(b"")
    with pytest.raises(ScenarioError) as fault:
        Replay.load(tmp_path / "\x1b[31mred.o2o")
    assert "\x1b" not in str(fault.value)


def test_files_too_large_are_not_read(tmp_path, monkeypatch):
    Replay.of(KEY, frames(5)).save(tmp_path)
    monkeypatch.setattr(replay_module, "MOST_BYTES", 100)
    with pytest.raises(ScenarioError, match=r"replay\.o2o: cannot be read: it is larger than 100 bytes"):
        Replay.load(tmp_path)


def test_every_cut_is_told_plainly():
    file = STORED.read_bytes()
    for cut in (*range(0, 64, 7), *range(64, len(file), 997), len(file) - 1):
        with pytest.raises(ScenarioError, match="the recording"):
            unpack(file[:cut])


@pytest.fixture(scope="module")
def file():
    return pack(KEY, frames(20))


def changed(file, sections=None, **header):
    """The file with other claims in its header, or other sections."""
    message = decode(file)
    arrays = dict(message.arrays)
    for name, data in (sections or {}).items():
        arrays[name] = np.frombuffer(data, np.uint8)
    return encode({**message.header, **header}, arrays)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"kind": "key"}, "no replay"),
        ({"version": 2}, "another version"),
        ({"version": None}, "another version"),
        ({"key": 2**40}, "more than a replay may"),
        ({"key": 10**7}, "more than a replay may"),
        ({"key": -1}, "cannot be read"),
        ({"key": True}, "cannot be read"),
        ({"key": None}, "cannot be read"),
        ({"key": 8}, "damaged"),
        ({"blocks": 3}, "cannot be read"),
        ({"blocks": [[1, 2]]}, "cannot be read"),
        ({"blocks": [[1, 2, "3"]]}, "cannot be read"),
        ({"blocks": [[10**6, 100, 100]]}, "more than a replay may"),
        ({"blocks": [[20, 10**7, 100]]}, "more than a replay may"),
        ({"blocks": []}, "other sections"),
        ({"blocks": [[20, 100, 100]]}, "damaged"),
    ],
)
def test_claims_are_checked_before_anything_is_unpacked(file, header, said):
    with pytest.raises(ScenarioError, match=said):
        unpack(changed(file, **header))


def test_a_stream_that_grows_beyond_its_claim_is_left(file):
    """64 MB of nothing in 64 kB: no more than is claimed is made of it."""
    bomb = zlib.compress(bytes(1 << 26))
    message = decode(file)
    days, heads, columns = message.header["blocks"][0]
    bad = changed(file, {"columns 0": bomb})
    tracemalloc.start()
    with pytest.raises(ScenarioError, match="damaged"):
        unpack(bad)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 22
    with pytest.raises(ScenarioError, match="goes on after its end"):
        unpack(changed(file, {"columns 0": bomb}, blocks=[[days, heads, 1 << 26]]))
    assert columns < 1 << 20


def test_blocks_whose_parts_do_not_fit_are_refused(file):
    message = decode(file)
    days, heads, columns = message.header["blocks"][0]
    raw = zlib.decompress(message.arrays["columns 0"].tobytes())
    short = changed(file, {"columns 0": zlib.compress(raw[8:])}, blocks=[[days, heads, columns - 8]])
    with pytest.raises(ScenarioError, match="do not fit"):
        unpack(short)
    with pytest.raises(ScenarioError, match="goes on after its end"):
        unpack(changed(file, blocks=[[days - 1, heads, columns]]))
    with pytest.raises(ScenarioError, match=r"not one of|cut off"):
        unpack(changed(file, blocks=[[days + 1, heads, columns]]))
    longer = message.arrays["columns 0"].tobytes() + b"more"
    with pytest.raises(ScenarioError, match="damaged"):
        unpack(changed(file, {"columns 0": longer}))
