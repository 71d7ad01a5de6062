"""What a part of the validation hands back, and how it is written down.

Every module of this folder that `validate.py` names has `results() -> list[Result]`, and may have
`details() -> str`, Markdown to stand below its table.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Result:
    """One figure beside what it is held against.

    `kind`: `fitted` if the figure (or what it follows from) was moved to match the reference, `predicted` if
    it was not, `checked` if the model is held against its own theory. `n` says how many of what it rests on.
    `interval` is of 95 % unless `note` says otherwise. `passed` is None for a figure that is reported without
    a bar."""

    name: str
    kind: Literal["fitted", "predicted", "checked"]
    n: str
    value: float
    interval: tuple[float, float] | None
    reference: str
    passed: bool | None
    note: str = ""
    digits: int = 3

    @property
    def verdict(self) -> str:
        return {True: "pass", False: "miss", None: "reported"}[self.passed]

    def as_json(self) -> dict[str, Any]:
        """Plain values; what is not a finite number becomes null."""
        found = asdict(self) | {"verdict": self.verdict}
        found["value"] = self.value if math.isfinite(self.value) else None
        if self.interval is not None:
            found["interval"] = [x if math.isfinite(x) else None for x in self.interval]
        return found


def _number(x: float, digits: int) -> str:
    return f"{x:.{digits}f}" if math.isfinite(x) else "-"


def table(results: list[Result]) -> str:
    """Markdown, a row per result; notes stand below in the order of their rows."""
    lines = [
        "| figure | kind | n | value | 95 % interval | held against | |",
        "|---|---|---|---:|---:|---|---|",
    ]
    notes = []
    for r in results:
        span = "" if r.interval is None else " to ".join(_number(x, r.digits) for x in r.interval)
        mark = ""
        if r.note:
            notes.append(r.note)
            mark = f" ({len(notes)})"
        value = _number(r.value, r.digits)
        lines.append(
            f"| {r.name}{mark} | {r.kind} | {r.n} | {value} | {span} | {r.reference} | {r.verdict} |"
        )
    text = "\n".join(lines) + "\n"
    return (
        text + "".join(f"\n({k}) {note}" for k, note in enumerate(notes, start=1)) + ("\n" if notes else "")
    )
