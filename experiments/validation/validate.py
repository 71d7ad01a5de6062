"""Every part of the validation, one after the other; their tables go into docs/validation.md.

    python experiments/validation/validate.py                      # everything
    python experiments/validation/validate.py five_shops closing   # some parts
    python experiments/validation/validate.py --dry                # prints, writes nothing
    python experiments/validation/validate.py --quick --dry        # tiny runs: only to see that all works

A part is a module of this folder with `results() -> list[Result]` and, if it likes, `details() -> str`
(results.py). Both may take `quick=True`. What stands on the page of other parts is kept, between their two
comments. `results.json` beside this file has the same figures for programs."""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import re
import sys
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

from results import Result, table  # noqa: E402

PARTS = (
    "five_shops",
    "china",
    "withdrawal",
    "gradients",
    "showroomers",
    "hotelling_plane",
    "platform_growth",
    "closing",
    "lives",
    "elasticities",
)
PAGE, FIGURES = ROOT / "docs" / "validation.md", HERE / "results.json"
HEAD = """# Does it agree with what was observed?

Each part holds the simulation against something that was counted, surveyed or published. Its table says what was *fitted* (moved until
it matched) and what was *predicted* (not moved), on how many observations, within what 95 % interval, and whether it meets the bar
that was written down before the full run. Misses stay. What must not be concluded all the same stands in [limits.md](limits.md); where
theory knows the answer, in [verification.md](verification.md). Data and their sources:
[experiments/validation/data](../experiments/validation/data/README.md). All parts, about an hour:

    make validate
    python experiments/validation/validate.py PART ...    # some of them; python experiments/validation/validate.py --help
"""
KINDS = ("predicted", "checked", "fitted")


def call(module: ModuleType, name: str, quick: bool) -> object:
    """A part's function, told to be quick if it can be; None if the part has no such function."""
    function = getattr(module, name, None)
    if function is None:
        return None
    return function(**({"quick": quick} if "quick" in inspect.signature(function).parameters else {}))


def section(module: ModuleType, results: list[Result], details: str | None) -> str:
    """Markdown of one part: the first sentence of its docstring as the heading."""
    title = (module.__doc__ or module.__name__).strip().splitlines()[0].rstrip(".")
    command = f"    python experiments/validation/{module.__name__}.py\n"
    return f"## {title}\n\n{command}\n{table(results)}" + (f"\n{details}" if details else "")


def title(text: str) -> str:
    """The heading of a part's section."""
    return text.strip().splitlines()[0].removeprefix("## ")


def summary(blocks: dict[str, str], figures: dict[str, list[dict[str, object]]]) -> str:
    """A table of how many figures of each part pass and miss, and the misses by name."""
    lines = ["| part | predicted | checked | fitted | reported without a bar |", "|---|---|---|---|---:|"]
    missed = []
    for part in blocks:
        cells = []
        for kind in KINDS:
            judged = [f for f in figures[part] if f["kind"] == kind and f["passed"] is not None]
            passed = sum(bool(f["passed"]) for f in judged)
            cells.append(f"{passed} of {len(judged)} pass" if judged else "")
        reported = sum(f["passed"] is None for f in figures[part])
        lines.append(f"| [{title(blocks[part])}](#{part}) | {' | '.join(cells)} | {reported or ''} |")
        missed += [f"- {f['name']} ({part}, {f['kind']})" for f in figures[part] if f["passed"] is False]
    misses = "\n\nWhat misses its bar:\n\n" + "\n".join(missed) if missed else ""
    return "\n".join(lines) + misses


def sections(page: str) -> dict[str, str]:
    """The parts' lines of a page, by part."""
    found = re.findall(r"<!-- (\w+): begin -->\n(?:<a id=.*?>\n)?(.*?)<!-- \1: end -->", page, re.DOTALL)
    return {part: text.strip() for part, text in found}


def written(blocks: dict[str, str], figures: dict[str, list[dict[str, object]]]) -> str:
    """The page: its head, the table of all parts, and the parts in the order of PARTS."""
    blocks = {part: blocks[part] for part in PARTS if part in blocks}
    parts = [
        f'<!-- {part}: begin -->\n<a id="{part}"></a>\n\n{text.strip()}\n\n<!-- {part}: end -->\n'
        for part, text in blocks.items()
    ]
    return "\n".join([HEAD, summary(blocks, figures) + "\n", *parts])


def main(arguments: list[str] | None = None) -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("parts", nargs="*", default=[], help=f"which of {', '.join(PARTS)} (all)")
    asked.add_argument("--dry", action="store_true", help="print, and write nothing")
    asked.add_argument("--quick", action="store_true", help="tiny runs instead of the base city")
    given = asked.parse_args(arguments)
    if strays := set(given.parts) - set(PARTS):
        asked.error(f"there is no part {', '.join(sorted(strays))}")
    blocks = sections(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    for part in given.parts or PARTS:
        module = importlib.import_module(part)
        results = call(module, "results", given.quick)
        text = section(module, results, call(module, "details", given.quick))  # type: ignore[arg-type]
        print(text, flush=True)
        blocks[part], figures[part] = text, [r.as_json() for r in results]  # type: ignore[attr-defined]
        if not given.dry:
            PAGE.write_text(written(blocks, figures), encoding="utf-8", newline="\n")
            FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
