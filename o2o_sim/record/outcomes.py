"""What became of every store that ever existed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ..agents.store import CLOSED, ONLINE_ONLY, SHOWROOM, Store

if TYPE_CHECKING:
    from ..model import O2OModel

OUTCOMES = ("survived", "integrated", "showroom", "moved online", "closed")
COLUMNS = ["store", "name", "category", "format", "circle", "outcome", "mode", "reason", "opened", "changed"]


def outcome_of(store: Store) -> str:
    """survived (as a plain shop), integrated (it holds a mode, or sells through a plugin's channel), showroom,
    moved online, or closed."""
    if store.state == CLOSED:
        return "closed"
    if store.state == ONLINE_ONLY:
        return "moved online"
    if store.state == SHOWROOM:
        return "showroom"
    return "integrated" if store.modes or store.own_channels else "survived"


def outcomes(model: O2OModel) -> pd.DataFrame:
    """One row per store; `mode` are the ways of integrating it holds (or held when it closed), and the channels of
    plugins' systems through which it sells."""
    rows = [
        {
            "store": s.number,
            "name": s.name,
            "category": s.category,
            "format": s.format_name,
            "circle": s.circle.name,
            "outcome": outcome_of(s),
            "mode": "+".join(sorted({*s.modes, *s.own_channels})),
            "reason": s.reason,
            "opened": s.opened.isoformat(),
            "changed": s.changed.isoformat(),
        }
        for s in model.stores
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
