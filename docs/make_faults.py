"""Run every try of the suite that is marked as one against faults, and say what held, by kind.

python docs/make_faults.py [--write] [options of pytest], or `make faults`

Tries are tests with the mark `faults("kind")`; one that makes several tries is marked `faults("kind", tries=30)`.
With `--write` the table goes into docs/faults.md, also if something failed. What stands before it is written by
hand."""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/faults.md"
BEGIN = "<!-- what follows is written by docs/make_faults.py -->\n"


@dataclass
class Kind:
    """What came of the tries of one kind, and the modules in which they stand."""

    tries: int = 0
    failures: int = 0
    skipped: int = 0
    modules: set[str] = field(default_factory=set)

    def line(self, name: str) -> str:
        tests = ", ".join(f"[{Path(module).stem}](../{module})" for module in sorted(self.modules))
        cells = name, f"{self.tries:,}", str(self.failures), str(self.skipped or ""), tests
        return f"| {' | '.join(cells)} |\n"


class Tally:
    """A plugin of pytest that counts the tries of each kind as their tests end."""

    def __init__(self) -> None:
        self.kinds: defaultdict[str, Kind] = defaultdict(Kind)
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: Any) -> None:
        said = dict(report.user_properties)
        kind = self.kinds[said["faults"]]
        kind.modules.add(report.nodeid.partition("::")[0])
        if report.skipped:
            kind.skipped += 1
        elif report.failed and report.nodeid not in self._failed:  # once, if its clearing up fails, too
            self._failed.add(report.nodeid)
            kind.failures += 1
        if (report.when == "call" and not report.skipped) or (report.when == "setup" and report.failed):
            kind.tries += said["tries"]

    def table(self, seconds: float, options: str) -> str:
        every = self.kinds.values()
        head = f"| kind | tries | failures | skipped | tests |\n{'|---' * 5}|\n"
        lines = "".join(kind.line(name) for name, kind in sorted(self.kinds.items()))
        tries, failures, skipped = (
            sum(getattr(kind, name) for kind in every) for name in ("tries", "failures", "skipped")
        )
        total = f"| **all** | **{tries:,}** | **{failures}** | {skipped or ''} | |\n"
        return f"{head}{lines}{total}\nThis took {seconds / 60:.0f} minutes on {os.cpu_count()} cores{options}.\n"


def main() -> int:
    import pytest

    tally, begun = Tally(), time.monotonic()
    said = [argument for argument in sys.argv[1:] if argument != "--write"]
    sys.path.insert(0, str(ROOT))
    code = int(pytest.main(["-m", "faults", "-n", "2", "--rootdir", str(ROOT), *said], plugins=[tally]))
    table = tally.table(time.monotonic() - begun, f" (`{' '.join(said)}`)" if said else "")
    print(f"\n{table}", end="")
    if "--write" in sys.argv:
        head = PAGE.read_text(encoding="utf-8").partition(BEGIN)[0]
        PAGE.write_text(f"{head}{BEGIN}\n{table}", encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
