"""Run every verification of tests/verify and write what was found into docs/verification.md.

python docs/make_verification.py; some minutes. The rows are those that the tests judge. With names of modules
(`test_bass test_queues`) only they are run, and the other lines stay as they are. What stands before the
tables is written by hand."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/verification.md"
BEGIN = "<!-- what follows is written by docs/make_verification.py -->\n"
sys.path.insert(0, str(ROOT / "tests"))

HEAD = (
    "| theory | case | figure | reference | model | off by | allowed | tests/verify | verdict |\n"
    + "|---" * 9
    + "|\n"
)


def collect(names: list[str]) -> list[tuple[str, Any]]:
    """(module, row) of every module in the order of their names."""
    found = []
    for name in names:
        module = importlib.import_module(f"verify.{name}")
        if hasattr(module, "rows"):  # others judge no figure of theory
            print(f"{name} ...", file=sys.stderr, flush=True)
            found += [(name, row) for row in module.rows()]
    return found


def cells(*texts: str) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |\n"


def line(module: str, row: Any) -> str:
    """One line of the table."""
    if not hasattr(row, "found"):
        return cells(row.test, row.config, "", "", "", "", "", module, f"not reached: {row.why}")
    off = row.found - row.reference
    relative = f"{off / row.reference:+.2%}" if row.reference else f"{off:+.1e}"
    allowed = f"{row.allowed / abs(row.reference):.2%}: {row.tolerance}" if row.reference else row.tolerance
    note = f" ({row.note})" if row.note else ""
    return cells(
        row.test,
        row.config,
        row.quantity + note,
        f"{row.reference:.6g}",
        f"{row.found:.6g}",
        relative,
        allowed,
        module,
        "pass" if row.passed else "**miss**",
    )


def key_of(line: str) -> tuple[str, str]:
    """(test, config) of a line."""
    parts = [part.strip() for part in line.split(" | ")]
    return parts[0].removeprefix("| "), parts[1]


def written(text: str, but: list[str]) -> list[str]:
    """The lines of a page, but for those of some modules and of what was not tested."""
    lines = [
        part + "\n"
        for part in text.splitlines()
        if part.startswith("| ") and not part.startswith("| theory |")
    ]
    return [part for part in lines if not any(f" | {name} | " in part for name in [*but, ""])]


def tables(lines: list[str]) -> str:
    """A table of the published values in their order, and one of all others."""
    from verify.rows import published

    first, seen = "", set()
    for said in published():
        key = said["test"], said["config"]
        seen.add(key)
        mine = "".join(part for part in lines if key_of(part) == key)
        todo = cells(*key, "", said["reference_value"], "", "", said["tolerance"], "", "not tested yet")
        first += mine or todo
    others = "".join(part for part in lines if key_of(part) not in seen)
    passed, missed = (sum(part.endswith(f"| {word} |\n") for part in lines) for word in ("pass", "**miss**"))
    text = f"{passed} of {passed + missed} figures pass.\n\n## Published values\n\n{HEAD}{first}"
    return text + (f"\n## Besides these\n\n{HEAD}{others}" if others else "")


def main() -> None:
    names = sys.argv[1:] or sorted(path.stem for path in (ROOT / "tests/verify").glob("test_*.py"))
    fresh = [line(*pair) for pair in collect(names)]
    print("".join(fresh), end="")
    head, _, found = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    kept = written(found, names) if sys.argv[1:] else []
    PAGE.write_text(head + BEGIN + "\n" + tables(kept + fresh), encoding="utf-8")


if __name__ == "__main__":
    main()
