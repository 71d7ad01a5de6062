"""Tables of runs that are made once and read afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

KEPT = Path(__file__).resolve().parents[2] / "runs" / "validation"
"""The folder of what is kept; git ignores it. A file's name has the key of its run (studies/job.py)."""


def made_once(file: Path, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """The table of a file; if it is not there, what `make` gives is put there first. Always as it is read
    back, so that a run just made and a kept one give the same figures. A file is there whole or not at
    all."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".part")
        make().to_csv(unfinished, index=False)
        unfinished.replace(file)
    return pd.read_csv(file)
