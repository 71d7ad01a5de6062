"""The figures of one small run that should not change unless the model does."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from o2o_sim import O2OModel, load_scenario

HERE = Path(__file__).parent
STORED = HERE / "small.json"


def digest(values: np.ndarray) -> str:
    """First 16 hexadecimal digits of the SHA-256 of an integer array."""
    assert values.dtype.kind in "iu"
    return hashlib.sha256(np.ascontiguousarray(values, dtype=np.int64).tobytes()).hexdigest()[:16]


def measure() -> dict[str, Any]:
    """Simulate the town and take its figures: counts and fen are exact, other numbers are rounded."""
    model = O2OModel(load_scenario(HERE / "town.yaml"))
    picks = hashlib.sha256()
    for _ in range(model.spec.days):
        model.step()
        picks.update(model.consumers.id[model.purchases.consumer].astype("<u4").tobytes())
        picks.update(model.table.columns["key"][model.purchases.picks].astype("<u8").tobytes())
    frames = model.results()
    outcomes, sales, daily = frames["outcomes"], frames["sales_monthly"], frames["daily"]
    by_month = sales.groupby(["month", "channel"])["sales_yuan"].sum()
    kinds = {name: model.ledger.kind == number for number, name in enumerate(_kinds())}
    events = frames["events"].groupby(["kind", "decision"]).size()
    return {
        "purchases": {
            "of everybody every day": picks.hexdigest()[:16],
            "in all": int(daily["purchases"].sum()),
        },
        "sales in fen": {
            f"{m:%Y-%m} {c}": round(v * 100) for (m, c), v in by_month.items() if c != "without"
        },
        "balances in fen": {name: int(model.ledger.balance[mask].sum()) for name, mask in kinds.items()},
        "balance of every account": digest(model.ledger.balance),
        "outcomes": {str(k): int(v) for k, v in outcomes["outcome"].value_counts().sort_index().items()},
        "closed": sorted(
            f"{n}, {d}: {r}"
            for n, o, d, r in zip(
                outcomes["name"], outcomes["outcome"], outcomes["changed"], outcomes["reason"]
            )
            if o == "closed"
        ),
        "decisions": {f"{kind}: {what}": int(n) for (kind, what), n in events.items()},
        "needs": int(daily["needs"].sum()),
        "turned away": int(daily["turned_away"].sum()),
        "showroomed": int(daily["showroomed"].sum()),
        "footfall": {c[9:]: round(float(daily[c].sum())) for c in daily if c.startswith("footfall/")},
        "surplus": round(float(daily["surplus_mean"].mean()), 4),
        "vacancy": round(float(daily["vacancy"].iloc[-1]), 6),
        "rent": {c.name: round(float(c.rent), 4) for c in model.circles.values()},
        "members": {p.name: round(p.members, 6) for p in model.platforms},
        "mean familiarity": [
            round(float(v), 4) for v in model.consumers.familiarity.mean(axis=0, dtype=float)
        ],
        "next needs": digest(model.consumers.due[np.argsort(model.consumers.id)]),
        "favourites": digest(model.consumers.favourite[np.argsort(model.consumers.id)]),
    }


def _kinds() -> tuple[str, ...]:
    from o2o_sim.market.ledger import KINDS

    return KINDS


def stored() -> dict[str, Any]:
    """The figures as they are kept."""
    return json.loads(STORED.read_text(encoding="utf-8")) if STORED.is_file() else {}


def flat(figures: Any, name: str = "") -> dict[str, Any]:
    """Nested figures as one level: {"sales in fen / 2013-01 walk-in": 5, ...}."""
    if isinstance(figures, dict):
        found: dict[str, Any] = {}
        for key, value in figures.items():
            found |= flat(value, f"{name} / {key}" if name else key)
        return found
    return {name: figures}


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """One line for every figure that is not what it was."""
    old, new = flat(before), flat(after)
    lines = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            lines.append(f"{name}: new, {new[name]}")
        elif name not in new:
            lines.append(f"{name}: gone, was {old[name]}")
        elif old[name] != new[name]:
            lines.append(f"{name}: {old[name]} -> {new[name]}")
    return lines
