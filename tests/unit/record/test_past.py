"""The tables of a run as of an earlier day are those that were there on that day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from o2o_sim.model import O2OModel
from o2o_sim.record.past import tables_until
from o2o_sim.scenario.load import load_scenario

SCENARIOS = Path(__file__).parents[3] / "scenarios"
ENDED = ["closed", "showroom", "moved online"]


@pytest.mark.faults("The day that is shown")
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("classroom", ["stores.satisficing.patience_months=3"]),
        ("flower_shop", ["stores.satisficing.patience_months=3"]),
        ("own_app", ["levers.rent_x=2", "stores.satisficing.patience_months=3"]),
    ],
)
def test_tables_of_an_earlier_day_are_those_that_were_there_then(name: str, settings: list[str]) -> None:
    spec = load_scenario(SCENARIOS / f"{name}.yaml", ["days=160", "population=500", *settings])
    model = O2OModel(spec, 1)
    then = []
    for _ in range(spec.days):
        model.step()
        then.append(model.recorder.frames())
    frames = then[-1]
    fates = frames["outcomes"]["outcome"]
    assert (
        fates.isin(ENDED).any()
        and (then[20]["outcomes"]["outcome"] != fates[: len(then[20]["outcomes"])]).any()
    )
    for day in (0, 1, 29, 30, 31, 58, 59, 89, 90, 100, 119, 120, 150, 159):
        found = tables_until(frames, spec.start + timedelta(days=day))
        assert list(found) == list(then[day])
        for table, was in then[day].items():
            now = found[table]
            if not len(was):
                assert not len(now), (day, table)
                continue
            if table == "outcomes":  # a reason is told of whom it ended
                was = was.assign(reason=was["reason"].where(was["outcome"].isin(ENDED), ""))
            # Channels that came later have their columns already.
            pd.testing.assert_frame_equal(
                now[list(was.columns)], was, check_dtype=False, obj=f"{table}, day {day}"
            )
