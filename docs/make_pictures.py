"""Run the base scenario; put two of its pictures into docs/pictures and its first table into the README.

python docs/make_pictures.py, or `make pictures`
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from rich.console import Console

from o2o_sim import run
from o2o_sim.show.tables import outcome_tables

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PICTURES = ("outcomes.png", "city_map.png")
BETWEEN = re.compile(r"(?<=<!-- outcomes: made by `make pictures` -->\n).*?(?=<!-- /outcomes -->)", re.DOTALL)


def main() -> None:
    result = run(ROOT / "scenarios/base.yaml")
    assert result.folder is not None
    for name in PICTURES:
        shutil.copy(result.folder / "plots" / name, ROOT / "docs/pictures" / name)
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        for part in outcome_tables(result)[:2]:
            console.print(part)
    lines = ["    " + line.rstrip() if line.strip() else "" for line in captured.get().splitlines()]
    block = "\n" + "\n".join(lines).strip("\n") + "\n\n"
    text = README.read_text(encoding="utf-8")
    README.write_text(BETWEEN.sub(lambda _: block, text), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
