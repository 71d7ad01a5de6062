"""Carry out the three shipped studies and put a picture of each into docs/pictures.

python docs/make_studies.py [levers subsidy_replies circles], or `make studies`

Together they are some 180 runs of half a minute to a minute on one core; what is done is not done again.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from o2o_sim import Work, sweep

ROOT = Path(__file__).parents[1]
PICTURES = {
    "levers": "outcome_map.png",
    "subsidy_replies": "response_burn.png",
    "circles": "response_circles.png",
}


def told(done: int, total: int, failed: int) -> None:
    print(f"\r{done} of {total} runs, {failed} failed ", end="", file=sys.stderr, flush=True)


def main() -> None:
    for name in sys.argv[1:] or PICTURES:
        found = sweep(ROOT / f"experiments/studies/{name}.yaml", report=True, work=Work(progress=told))
        assert found is not None
        picture = found.results.folder / "plots" / PICTURES[name]
        shutil.copy(picture, ROOT / "docs/pictures" / f"study_{name}.png")
        print(f"\n{name}: {found.results.folder}")


if __name__ == "__main__":
    main()
