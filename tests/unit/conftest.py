"""Studies whose runs are what a test says, instead of simulations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import pandas as pd


class Pretend:
    """An engine for studies. `answer(job)` gives the tables of a run as `rows.pack` takes them; what it
    raises is why the run failed. Every run has all headline figures, 0 where the answer says nothing of them;
    all stores survive.

    `done` are the jobs that were carried out; `backwards` does the last one first.
    """

    def __init__(self) -> None:
        self.answer: Any = lambda job: {}
        self.done: list[Any] = []
        self.backwards = False

    def run(self, jobs: Sequence[Any]) -> Iterator[tuple[Any, bytes]]:
        for job in reversed(list(jobs)) if self.backwards else jobs:
            self.done.append(job)
            yield job, self._content(job)

    def close(self) -> None:
        pass

    def work(self, **how: Any) -> Any:
        """A `Work` of this engine, for one study."""
        from o2o_sim.studies.work import Work

        work = Work(**how)
        work._engine = self
        return work

    @staticmethod
    def shops(fates: Mapping[str, str | tuple[str, str]]) -> pd.DataFrame:
        """The stores of a run: name -> outcome, or (outcome, reason)."""
        import pandas as pd

        rows = []
        for name, fate in fates.items():
            outcome, reason = (fate, "") if isinstance(fate, str) else fate
            rows.append((len(rows), name, "food", "row", "old town", outcome, "", reason, "2013-01-01", ""))
        head = [
            "store",
            "name",
            "category",
            "format",
            "circle",
            "outcome",
            "mode",
            "reason",
            "opened",
            "changed",
        ]
        return pd.DataFrame(rows, columns=head)

    def _content(self, job: Any) -> bytes:
        from o2o_sim.record.metrics import HEADLINE
        from o2o_sim.studies.job import failed
        from o2o_sim.studies.rows import pack

        shares = {"share_survived": 1.0, "share_integrated": 0.0, "share_closed": 0.0}
        try:
            found: dict[str, Any] = dict(self.answer(job))
        except Exception as fault:
            return failed(job, f"Traceback (most recent call last):\n{type(fault).__name__}: {fault}")
        found["metrics"] = dict.fromkeys(HEADLINE, 0.0) | shares | dict(found.get("metrics", {}))
        return pack(key=job.key, seed=job.seed, seconds=0.0, **found)


@pytest.fixture
def pretend() -> Pretend:
    return Pretend()


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario file that is quick to read, in the folder where the process stands."""
    from o2o_sim.scenario.describe import starter_text

    monkeypatch.chdir(tmp_path)
    path = tmp_path / "town.yaml"
    path.write_text(starter_text(), encoding="utf-8")
    return path
