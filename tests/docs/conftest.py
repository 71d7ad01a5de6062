"""A place to work in, with the small city that the documents start from."""

from __future__ import annotations

import pytest

from o2o_sim.scenario.describe import starter_text


@pytest.fixture
def beside_my_city(tmp_path, monkeypatch):
    """The current folder: empty but for the file that `o2o-sim new my_city.yaml` writes."""
    (tmp_path / "my_city.yaml").write_text(starter_text(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path
