"""Claims and their verdicts: as a table for a terminal, and as a page that can be forwarded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from ..studies.claim import difference, label
from ..terminal import Table, Text
from .tables_studies import LOOK, failure_notes, kind_of
from .wording import written, written_interval

if TYPE_CHECKING:
    from ..studies.claim import ClaimSpec, Expectation
    from ..studies.claims import Claims, Test, Tested

COLOURS = {"supported": "green", "contradicted": "red", "no evidence": "yellow"}


def claims_tables(found: Claims) -> list[RenderableType]:
    """Every claim with its headline effect and verdict; below it whatever else it expects."""
    look: dict[str, Any] = {**LOOK, "show_lines": False}
    table = Table(**look)
    table.add_column("", no_wrap=True)
    table.add_column("claim, and what was looked at", ratio=1)
    table.add_column("effect [95 %]", justify="right")
    table.add_column("n", justify="right")
    table.add_column("verdict", no_wrap=True)
    for tested in found.tested:
        verdict = Text(tested.verdict, style=f"bold {COLOURS[tested.verdict]}")
        table.add_row(tested.claim.id, Text(tested.claim.claim, style="bold"), "", "", verdict)
        for test in tested.tests:
            seen = Text(test.verdict if len(tested.tests) > 1 else "", style=COLOURS[test.verdict])
            effect = Text(effect_text(test))
            table.add_row(
                "",
                Text(f"{test.label}: {expected(test.expectation)} expected"),
                effect,
                str(test.effect.n),
                seen,
            )
    counts = [t.verdict for t in found.tested]
    summary = ", ".join(f"{counts.count(v)} {v}" for v in COLOURS if v in counts)
    return [table, Text(f"\n{summary}", style="bold"), *failure_notes(found), Text("")]


def _kind(e: Expectation) -> str:
    return "share" if e.relative else kind_of(e.metric)


def expected(e: Expectation) -> str:
    """What is expected, in words."""
    kind = _kind(e)
    size = written(e.smallest, kind).replace("%", "%" if e.relative else "pp")
    against = e.against if isinstance(e.against, str) else written(e.against, kind_of(e.metric))
    way = {"up": f"more by {size}", "down": f"less by {size}", "none": f"no change beyond {size}"}[
        e.direction
    ]
    if e.smallest == 0:
        way = {"up": "more", "down": "less"}[e.direction]
    return f"{e.arm} against {against}, {way}"


def claim_summary(claim: ClaimSpec) -> RenderableType:
    """The arms that a claim compares, and what it expects of them."""
    lines = [claim.claim, f"All arms: {claim.scenario} with {difference(claim.common)} changed"]
    lines += [f"  {name} changes {difference(changes)}" for name, (_, changes) in claim.arms.items()]
    lines += [f"  expected: {label(claim, e)}, {expected(e)}" for e in claim.expect]
    return Text("\n".join(lines))


def claims_text(found: Claims) -> str:
    """The claims as a Markdown page: the table, then each claim with its arms, reasons and findings."""
    lines = [
        "| id | claim | looked at | effect | 95 % interval | n | headline | seen | verdict |",
        "|---|---|---|---:|---:|---:|---|---:|---|",
    ]
    for t in found.tested:
        head = t.tests[0]
        cells = [
            t.claim.id,
            t.claim.claim,
            head.label,
            *_effect(head),
            str(head.effect.n),
            head.verdict,
            t.seen,
        ]
        lines.append("| " + " | ".join(map(_cell, [*cells, f"**{t.verdict}**"])) + " |")
    whole, heads = [t.verdict for t in found.tested], [t.tests[0].verdict for t in found.tested]
    names: Any = COLOURS
    told, told_heads = (", ".join(f"{v.count(name)} {name}" for name in names) for v in (whole, heads))
    lines += ["", f"Claims with all that they expect: {told}. Their headlines alone: {told_heads}."]
    lines += ["", f"All runs together: `{found.digest}` (content hash over the key of every run).", ""]
    for t in found.tested:
        lines += _section(t)
    return "\n".join(lines).rstrip() + "\n"


def effect_text(test: Test) -> str:
    """An effect with its interval; what is relative is in percent."""
    text = written_interval(test.effect, _kind(test.expectation))
    return text.replace("pp", "%") if test.expectation.relative else text


def _effect(test: Test) -> tuple[str, str]:
    mean, _, rest = effect_text(test).partition(" [")
    return mean, f"[{rest}" if rest else ""


def _section(t: Tested) -> list[str]:
    claim = t.claim
    lines = [f"### {claim.id}: {t.verdict}", "", f"{_cell(claim.claim)} *({_cell(claim.by)})*", ""]
    lines.append(f"- All arms: `{claim.scenario.rpartition('/')[2]}` with {_code(claim.common)} changed")
    lines += [f"- Arm {name} changes {_code(changes)}" for name, (_, changes) in claim.arms.items()]
    lines += [
        "",
        "| looked at | expected | reference | effect | 95 % interval | seen |",
        "|---|---|---:|---:|---:|---|",
    ]
    for test in t.tests:
        reference = written(test.reference, kind_of(test.expectation.metric))
        cells = (test.label, expected(test.expectation), reference, *_effect(test), test.verdict)
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    lines += ["", *(f"- {_cell(e.because)}" for e in claim.expect if e.because), ""]
    if claim.finding:
        lines += [f"**Finding.** {_cell(claim.finding)}", ""]
    return lines


def _code(changes: Any) -> str:
    return f"`{difference(changes)}`" if changes else "nothing"


def _cell(text: str) -> str:
    """Text that breaks no table and is no markup."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
