"""Every part of the validation, one after the other; their tables go into docs/validation.md.

    python experiments/validation/validate.py                      # everything
    python experiments/validation/validate.py five_shops closing   # some parts
    python experiments/validation/validate.py --dry                # prints, writes nothing
    python experiments/validation/validate.py --quick --dry        # tiny runs: only to see that all works

A part is a module of this folder with `results() -> list[Result]` and, if it likes, `details() -> str` (results.py).
Both may take `quick=True`. On the page each part has the lines between its own two comments; the rest of the page, and
what stands there of other parts, is kept. `results.json` beside this file has the same figures for programs.
"""

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

PARTS = ("five_shops", "gradients", "showroomers", "closing")
PAGE, FIGURES = ROOT / "docs" / "validation.md", HERE / "results.json"
EMPTY = """# Does it agree with what was observed?

Each table says what was fitted and what was predicted, on how many observations, within what interval, and whether it
meets its bar. Misses stay. Written by

    python experiments/validation/validate.py
"""


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


def put(page: str, part: str, text: str) -> str:
    """The page with a part's lines replaced, or added at the end."""
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    block = f"{begin}\n\n{text.strip()}\n\n{end}"
    if begin in page:
        return re.sub(re.escape(begin) + ".*?" + re.escape(end), lambda _: block, page, flags=re.DOTALL)
    return f"{page.rstrip()}\n\n{block}\n"


def main(arguments: list[str] | None = None) -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("parts", nargs="*", default=[], help=f"which of {', '.join(PARTS)} (all)")
    asked.add_argument("--dry", action="store_true", help="print, and write nothing")
    asked.add_argument("--quick", action="store_true", help="tiny runs instead of the base city")
    given = asked.parse_args(arguments)
    if strays := set(given.parts) - set(PARTS):
        asked.error(f"there is no part {', '.join(sorted(strays))}")
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else EMPTY
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    for part in given.parts or PARTS:
        module = importlib.import_module(part)
        results = call(module, "results", given.quick)
        text = section(module, results, call(module, "details", given.quick))  # type: ignore[arg-type]
        print(text, flush=True)
        page, figures[part] = put(page, part, text), [r.as_json() for r in results]  # type: ignore[attr-defined]
        if not given.dry:
            PAGE.write_text(page, encoding="utf-8", newline="\n")
            FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
