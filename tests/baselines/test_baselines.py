"""A small run is what it was, on every Python and Mesa that we support."""

from __future__ import annotations

from .figures import changes, measure, stored


def test_the_small_run_is_what_it_was():
    """If the change is meant: `python -m tests.baselines.update`, and commit `small.json` with it."""
    lines = changes(stored(), measure())
    told = "\n".join(lines[:30])
    assert not lines, f"{len(lines)} figures changed (python -m tests.baselines.update stores them):\n{told}"
