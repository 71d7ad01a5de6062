"""Shops with owners live and die as shops do: no cliff, and not all for one reason."""

from __future__ import annotations

from collections import Counter

import pytest

from .cities import HERE, city

LIVES = HERE.parents[1] / "scenarios/shops_live_and_die.yaml"


@pytest.mark.slow
def test_there_is_no_cliff_and_not_one_reason():
    """Over eighteen months of a small town: some leave in the first quarter, no month has more than three times the mean, and few
    newcomers leave in their first half year."""
    model = city(LIVES, population=3000, days=546)
    model.run()
    ended = [e for e in model.events if e["kind"] == "store" and e["decision"] == "close"]
    months = Counter((e["date"].year - 2013) * 12 + e["date"].month for e in ended)
    assert sum(months[k] for k in (1, 2, 3)) > 0
    assert max(months.values()) <= 3 * len(ended) / 18
    assert len(ended) > 10
    reasons = Counter(e["reason"] for e in ended)
    assert max(reasons.values()) < 0.6 * len(ended)
    assert len({r.partition(":")[0] for r in reasons}) > 1
    came = [s for s in model.stores if s.opened > model.spec.start and (model.date - s.opened).days > 183]
    early = [s for s in came if s.state == "closed" and (s.changed - s.opened).days <= 183]
    assert len(came) > 5
    assert len(early) < 0.25 * len(came)
