"""What all commands share."""

from __future__ import annotations

import gc
import importlib

import pytest

from o2o_sim.cli_app import import_at_once


@pytest.mark.parametrize("on", [True, False], ids=["collector on", "collector off"])
@pytest.mark.parametrize("fails", [False, True])
def test_importing_at_once_leaves_the_collector_as_it_was(on, fails, monkeypatch):
    seen = []

    def imported(name):
        seen.append((name, gc.isenabled()))
        if fails and name == "two":
            raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", imported)
    (gc.enable if on else gc.disable)()
    try:
        if fails:
            with pytest.raises(ImportError):
                import_at_once.__wrapped__("one", "two")
        else:
            import_at_once.__wrapped__("one", "two")
        assert seen == [("one", False), ("two", False)]
        assert gc.isenabled() == on and gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.enable()
