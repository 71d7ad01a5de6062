"""The tiny city as frames: what is stored of it for the readers of frames, here and in JavaScript.

`tiny.o2o` is a replay of 300 of its people, 70 days; `tiny_frames.json` what is in it, and the SHA-256 of
every frame."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from o2o_sim import O2OModel, load_scenario
from o2o_sim.record.frames import Encoder, Replay, decode

HERE = Path(__file__).parent
REPLAY, EXPECTED = HERE / "tiny.o2o", HERE / "tiny_frames.json"
TINY = HERE.parent / "scenarios" / "tiny.yaml"
PEOPLE = 300
DAYS = (0, 1, 6, 40, 69)
"""Days whose numbers are told one by one."""


def recorded() -> tuple[bytes, list[bytes]]:
    """The key and the frames of the tiny city as they are today."""
    model = O2OModel(load_scenario(TINY))
    encoder = Encoder(model, PEOPLE)
    frames = []
    for _ in range(model.spec.days):
        model.step()
        frames.append(encoder.frame())
    return encoder.key(), frames


def told(key: bytes, frames: list[bytes]) -> dict[str, Any]:
    """What the messages hold."""
    first, days = decode(key), [decode(f) for f in frames]
    stores = [store for day in days for store in day.header["stores"]]
    return {
        "key": {**first.header, **_plain(first.arrays)},
        "stores": stores,
        "channels": next(d.header["channels"] for d in reversed(days) if "channels" in d.header),
        "news": [{**news, "day": d.header["day"]} for d in days for news in d.header["news"]],
        "heat drawn": [k for k, d in enumerate(days) if "heat" in d.arrays],
        "days": {str(k): {"date": days[k].header["date"], **_plain(days[k].arrays)} for k in DAYS},
        "sums": {name: _sums([d.arrays[name] for d in days]) for name in ("people", "state", "visits")},
        "sha256": {"key": _digest(key), "frames": [_digest(f) for f in frames]},
    }


def _plain(arrays: Any) -> dict[str, Any]:
    """Long arrays of codes as a digest, short ones number by number (float32 is exact in JSON)."""
    return {
        name: _digest(a.tobytes()) if len(a) > PEOPLE else [v.item() for v in a] for name, a in arrays.items()
    }


def _sums(days: list[Any]) -> list[int]:
    return [int(day.sum(dtype="int64")) for day in days]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def stored() -> dict[str, Any]:
    """What is kept."""
    return json.loads(EXPECTED.read_text(encoding="utf-8")) if EXPECTED.is_file() else {}


def store() -> bool:
    """Keep what is there today; False if that is what is kept already."""
    key, frames = recorded()
    figures = told(key, frames)
    if figures == stored() and REPLAY.is_file():
        return False
    Replay.of(key, frames).save(REPLAY)
    text = json.dumps(figures, ensure_ascii=True, separators=(",", ":")) + "\n"
    EXPECTED.write_text(text, encoding="utf-8")
    return True
