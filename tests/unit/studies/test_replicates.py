"""One scenario with many seeds: the table of runs whose figures are known, and the seeds that are run."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.studies.replicates import replicate


def test_the_table_of_runs_made_by_hand(town, pretend):
    pretend.answer = lambda job: {"metrics": {"sales_yuan": {4: 10.0, 5: 12.0, 6: 20.0}[job.seed]}}
    found = replicate(town, seeds=(4, 5, 6), work=pretend.work())
    row = found.table(["sales_yuan"]).iloc[0]
    # Mean 14, standard deviation sqrt(28), t(0.975, 2) = 4.302653.
    assert row[["mean", "least", "median", "greatest", "n"]].tolist() == [14, 10, 12, 20, 3]
    assert [row["sd"], row["low"]] == pytest.approx([28**0.5, 14 - 4.302653 * (28 / 3) ** 0.5])
    assert found.results.runs[["replicate", "seed"]].to_numpy().tolist() == [[0, 4], [1, 5], [2, 6]]
    written = pd.read_csv(found.results.folder / "replicates.csv").set_index("metric")
    assert list(written.index) == found.metrics and written.loc["sales_yuan", "mean"] == 14
    assert [p.name for p in (found.results.folder / "plots").iterdir()] == ["spread.png"]
    assert "[0.855, 27.1]" in found._repr_html_()
    assert plt.get_fignums() == []


def test_failed_runs_are_left_out_and_told_of(town, pretend):
    def answer(job):
        if job.seed == 2:
            raise ValueError("no money")
        return {"metrics": {"closed_after_days": float("nan"), "sales_yuan": 5.0}}

    pretend.answer = answer
    found = replicate(town, replicates=3, work=pretend.work())
    table = found.table().set_index("metric")
    assert table.loc["sales_yuan", "n"] == 2 and table.loc["closed_after_days", "n"] == 0
    assert "1 of 3 runs failed" in found._repr_html_()


def test_more_seeds_repeat_no_run(town, pretend):
    replicate(town, replicates=2, work=pretend.work())
    replicate(town, seeds=[3, 2, 1], work=pretend.work())
    assert [job.seed for job in pretend.done] == [1, 2, 3]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"replicates": 0}, "--replicates: must be at least 1"),
        ({"replicates": 2, "seeds": [1, 2]}, "cannot be used together with seeds"),
        ({"seeds": []}, "seeds: must be at least one seed"),
        ({"seeds": [1, 1]}, "each only once"),
        ({"seeds": [-1]}, "must be whole numbers of 0 or more, found -1"),
        ({"seeds": [1.5]}, "found 1.5"),
    ],
)
def test_seeds_that_are_none(town, pretend, how, message):
    with pytest.raises(ScenarioError, match=message):
        replicate(town, work=pretend.work(), **how)
    assert pretend.done == []
