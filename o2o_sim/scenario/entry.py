"""The keys of the `entry` block: who takes an empty unit."""

from __future__ import annotations

from .blocks.search import Search
from .keys import Block, key
from .use import Use


class Entry(Block):
    """Who takes an empty unit."""

    policy: Use = key("best_category", "`best_category`, `none`, or `plugin.Class`")
    share_per_month: float = key(
        0.12,
        "Share of empty units that find a tenant in a month in which somebody earns well",
        unit="share/month",
        ge=0,
        le=1,
    )
    margin_wanted: float = key(
        0.02, "Profit on sales that a newcomer wants to see among sitting tenants", unit="share", ge=-1, le=1
    )
    search: Search | None = key(
        None, "Newcomers who look at a few places each; empty: a share of empty units is let each month"
    )
