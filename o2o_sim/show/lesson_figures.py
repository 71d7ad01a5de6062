"""Figures in the texts of lessons that the page reads off the run: sums of money are never typed, for another run or
another calibration has others.

    {cash of tuan on 2013-10-01}              what a platform has more or less than on the first day
    {profit of tuan shop 1 in 2013-05}        the profit of a store in a month
    {rent of High Street in 2013-12 in B}     the rent level of a circle before the lever, here in run B"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

FIGURE = re.compile(
    r"\{(?P<what>cash|profit|rent) of (?P<who>[^{}\n]+?)\s+(?:on|in)\s+(?P<when>\d{4}-\d\d(?:-\d\d)?)"
    r"(?:\s+in\s+(?P<run>[AB]))?\}"
)
KINDS = {"cash": "platform", "profit": "store", "rent": "circle"}
FORM = "write {cash of PLATFORM on 2013-10-01}, {profit of STORE in 2013-05} or {rent of CIRCLE in 2013-12}, and ' in B' before } for run B"


@dataclass(frozen=True)
class Figure:
    """A figure of a text: `kind` and name of whom it is, a day or (for profit and rent) a month, run A or B."""

    what: str
    who: str
    when: str
    run: str

    @property
    def kind(self) -> str:
        return KINDS[self.what]

    @property
    def last_day(self) -> date:
        """A day on or before the last one that it needs: the day itself, or the first of the month."""
        return date.fromisoformat(self.when if len(self.when) > 7 else f"{self.when}-01")


def figures_of(text: str) -> Iterator[Figure | str]:
    """The figures of a text; what stands in braces and is none is yielded as it stands there."""
    flat = " ".join(text.split())
    for part in re.findall(r"\{[^{}]*\}?|\}", flat):
        found = FIGURE.fullmatch(part)
        if (
            found is None
            or (found["what"] == "cash") != (len(found["when"]) > 7)
            or not _is_date(found["when"])
        ):
            yield part
        else:
            yield Figure(found["what"], found["who"], found["when"], found["run"] or "A")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text if len(text) > 7 else f"{text}-01")
    except ValueError:
        return False
    return True
