"""Put all claims to the test and write what was found into docs/claims.md and docs/pictures/claims.png.

python docs/make_claims.py, or `make claims`

Together they are some 1,900 runs of a few seconds; what is done is not done again. With `--as-found` nothing
is run: the page is written from runs/claims as it is."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from o2o_sim import Work, run_claims

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/claims.md"
BEGIN = "<!-- what follows is written by docs/make_claims.py -->\n"


def told(done: int, total: int, failed: int) -> None:
    print(f"\r{done} of {total} runs, {failed} failed ", end="", file=sys.stderr, flush=True)


def main() -> None:
    folder = ROOT / "runs/claims"
    if sys.argv[1:] != ["--as-found"]:
        found = run_claims(claims=ROOT / "experiments/claims", out=folder, work=Work(progress=told))
        assert found is not None
    head = PAGE.read_text(encoding="utf-8").partition(BEGIN)[0]
    text = (folder / "claims.md").read_text(encoding="utf-8")
    PAGE.write_text(head + BEGIN + "\n" + text, encoding="utf-8")
    shutil.copy(folder / "plots/claims.png", ROOT / "docs/pictures/claims.png")


if __name__ == "__main__":
    main()
