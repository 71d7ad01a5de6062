"""Pictures: all of them are drawn, from any run, and faults in one do not lose the run."""

from __future__ import annotations

import warnings
from itertools import pairwise

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from o2o_sim.show import style
from o2o_sim.show.plots import PICTURES, draw_all

ALL = {*PICTURES, "city_map"}


@pytest.fixture(autouse=True)
def strict():
    """A warning of matplotlib (overfull layouts, missing data) is a fault here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("error", RuntimeWarning)
        yield
    assert plt.get_fignums() == []


def drawn(frames, manifest, folder, **options):
    files = draw_all(frames, manifest, folder, **options)
    for file in files:
        assert plt.imread(file).std() > 0, file.name
    return {file.stem for file in files}


def test_all_pictures_of_a_run(tiny_result, tiny_model, tmp_path):
    assert drawn(tiny_result.frames, tiny_result.manifest, tmp_path, model=tiny_model) == ALL
    assert {p.stem for p in tmp_path.iterdir()} == ALL


@pytest.fixture
def two_pictures(monkeypatch):
    """For what is the same with any picture."""
    for name in set(PICTURES) - {"outcomes", "stores"}:
        monkeypatch.delitem(PICTURES, name)


def test_without_the_model_there_is_no_map(tiny_result, tmp_path, two_pictures):
    assert drawn(tiny_result.frames, tiny_result.manifest, tmp_path) == set(PICTURES)


@pytest.mark.parametrize("days", [1, 33])
def test_runs_of_a_few_days(tiny, tmp_path, days):
    from o2o_sim import run

    result = run(tiny, out=False, days=days)
    assert drawn(result.frames, result.manifest, tmp_path) == set(PICTURES)


def test_a_city_without_platforms_and_circles(tiny_result, tmp_path):
    frames, manifest = tiny_result.frames, tiny_result.manifest
    daily = frames["daily"]
    gone = [c for c in daily if c.startswith(("orders/", "footfall/", "sales/parcel"))]
    bare = frames | {
        "daily": daily.drop(columns=gone),
        "outcomes": frames["outcomes"].iloc[:0],
        "circles_monthly": pd.DataFrame(),
        "stores_monthly": pd.DataFrame(),
        "city_monthly": frames["city_monthly"][["month", "smartphone", "pays_by_phone"]],
    }
    scenario = manifest["scenario"] | {"platforms": {}, "circles": {}}
    assert drawn(bare, manifest | {"scenario": scenario}, tmp_path) == set(PICTURES)


def test_names_that_mean_something_to_matplotlib(tiny_result, tmp_path):
    frames = dict(tiny_result.frames)
    for column in ("category", "circle", "format"):
        for table in ("outcomes", "stores_monthly", "circles_monthly"):
            if column in frames[table]:
                frames[table] = frames[table].assign(**{column: "_$^$" + frames[table][column] + "{" * 40})
    assert drawn(frames, tiny_result.manifest, tmp_path) == set(PICTURES)


def test_a_picture_that_fails_is_left_out_with_a_warning(tiny_result, tmp_path, monkeypatch, two_pictures):
    monkeypatch.setitem(PICTURES, "stores", lambda frames, manifest: 1 / 0)
    with pytest.warns(RuntimeWarning, match=r"stores\.png could not be drawn: ZeroDivisionError"):
        files = draw_all(tiny_result.frames, tiny_result.manifest, tmp_path)
    assert {f.stem for f in files} == {"outcomes"}


def test_a_full_disk_is_no_matter_of_one_picture(tiny_result, tmp_path, monkeypatch):
    def full(figure, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(style, "save", full)
    with pytest.raises(OSError, match="No space"):
        draw_all(tiny_result.frames, tiny_result.manifest, tmp_path)


def test_pictures_are_the_same_bytes_twice(tiny_result, tmp_path, two_pictures):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        draw_all(tiny_result.frames, tiny_result.manifest, tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


@pytest.mark.parametrize(
    ("heights", "wanted"),
    [
        ([], []),
        ([0.5], [0.5]),
        ([0.2, 0.8], [0.2, 0.8]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.0, 0.0, 0.9], [0.0, 0.1, 0.9]),
        ([0.3, 0.35, 0.5, 0.52], [0.275, 0.375, 0.475, 0.575]),
    ],
)
def test_labels_are_moved_apart_as_little_as_needed(heights, wanted):
    placed = style.apart(heights, 0.1)
    assert placed == pytest.approx(wanted, abs=0.02)
    assert all(b - a >= 0.1 - 1e-9 for a, b in pairwise(placed))
    assert all(p >= 0 for p in placed)


def test_colours_of_outcomes_differ_also_in_grey():
    """Told apart by lightness alone, at least where they stand side by side in the bars."""
    from matplotlib.colors import to_rgb

    grey = {
        n: sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), to_rgb(c)))
        for n, c in style.OUTCOME_COLOURS.items()
    }
    ordered = sorted(grey.values())
    assert grey["survived"] - grey["integrated"] > 0.15
    assert min(b - a for a, b in pairwise(ordered)) > 0.01
