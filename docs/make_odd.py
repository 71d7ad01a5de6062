"""Write docs/ODD.md: the prose of docs/odd/*.md, with tables that are read off the code.

python docs/make_odd.py, or `make odd`

`--check` writes nothing and ends with 1 if the page is stale. Formulas are written by hand; each says which
functions it describes, and when one of these has changed this script names it and stops. Read the formula
beside the code, correct it, and say so with `--read`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from odd import columns, described, draws, entities, parameters, schedule
from odd.source import HERE, ROOT, Stale

PAGE = ROOT / "docs/ODD.md"
MARK = re.compile(r"<!-- odd: ([\w-]+)(?: ([\w ]+?))? -->")
FIRST = "<!-- Written by docs/make_odd.py from docs/odd and the code. Do not edit: `make odd` writes it anew. -->\n\n"

PARTS: dict[str, Callable[..., str]] = {
    "consumer": entities.consumer,
    "offer": entities.offer,
    "agent": entities.agent,
    "books": entities.books,
    "day": schedule.day,
    "month-end": schedule.month_end,
    "hooks": schedule.hooks,
    "draws": draws.register,
    "draws-of-studies": draws.of_studies,
    "columns": columns.columns,
    "outcomes": schedule.outcomes,
    "channels": schedule.channels,
    "modes": schedule.modes_table,
    "policies": schedule.policies,
    "choice": schedule.choice,
    "decisions": schedule.decisions_taken,
    "store-decisions": schedule.store_decisions,
    "systems": schedule.systems,
    "system": schedule.system,
    "parameters": parameters.tables,
    "base-city": parameters.base_city,
}
"""What `<!-- odd: NAME argument -->` in a template stands for."""


def template() -> str:
    """All prose, in the order of its files."""
    return "\n".join(p.read_text(encoding="utf-8") for p in sorted(HERE.glob("[0-9]*.md")))


def page() -> str:
    """The whole document; Stale if what is written by hand does not fit the code."""
    text = template()
    if fresh := described.changed(text):
        raise Stale(
            "the code below these formulas is not what it was when they were read: "
            + ", ".join(fresh)
            + ". Read docs/odd/*.md beside the code, correct them, then: python docs/make_odd.py --read"
        )
    # Links of the templates begin one folder further down than those of the page.
    text = text.replace("](../", "](")
    text = MARK.sub(lambda m: PARTS[m[1]](*([m[2]] if m[2] else [])), text)
    return FIRST + described.linked(text).rstrip() + "\n"


def main() -> int:
    try:
        if "--read" in sys.argv[1:]:
            described.keep(template())
        made = page()
    except Stale as fault:
        print(fault, file=sys.stderr)
        return 1
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != made:
            print("docs/ODD.md is stale: run `make odd`", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(made, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
