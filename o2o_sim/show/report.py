"""A run, or two runs side by side, as one HTML file that needs no network: the answer first, then the
evidence.

The page is put together from text that nobody vouches for (names of stores, platforms, scenarios): all of it
passes `esc` on its way into markup and `data_block` on its way into a script. The page's own rules (its
content security policy) allow the one script that was built into the package, by its digest, and nothing
else."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import math
import os
import re
import shlex
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ..errors import ScenarioError
from ..record.archive import load_run, write_whole
from ..record.given import replay_of
from ..record.listing import Listing
from ..record.replay import REPLAY
from ..record.result import RunResult
from ..scenario.textfile import escaped, printable
from ..units import date_of
from . import report_tables as tables
from .cards import Cards
from .report_figures import pictures
from .report_pair import Pairing, pair, pair_answer
from .report_svg import Picture, as_svg
from .report_words import MEANINGS, REASONS, WAYS, Said, answer, headline_sentence, name_of
from .wording import day, listed

if TYPE_CHECKING:
    from ..model import O2OModel

STILL = "plots/city_map.png"
LONGEST_NAME = 160
"""Bytes of a file's name: while it is written it has a longer one."""
PNG = b"\x89PNG\r\n\x1a\n"
NO_REPLAY = (
    "The folder of this run holds no recording of its days (runs made before o2o-sim recorded them have none), so there "
    "is no map to replay. Everything else is here."
)
LIVE = (
    "This run was simulated on the live page, which keeps no recording of its days, so there is no map to replay here: "
    "`o2o-sim run` records them. Everything else is here."
)


def write_report(
    folder: str | os.PathLike[str],
    other: str | os.PathLike[str] | None = None,
    *,
    out: str | os.PathLike[str],
) -> Path:
    """Write the report of the run in `folder`, or of two runs, as the file `out`, whole or not at all;
    returns its path.

    Raises ScenarioError if a folder holds no readable run or the file cannot be written; then an existing
    file is as it was."""
    path = Path(out)
    check_out(path)
    runs = [Run.load(folder, "A" if other is not None else "")]
    if other is not None:
        runs.append(Run.load(other, "B"))
    write_whole(path, page(runs).encode("utf-8"))
    return path


def check_out(path: Path) -> None:
    """Refuse, before any work is done, a name that cannot become a file. Raises ScenarioError."""
    shown = printable(str(path))
    try:
        if len(os.fsencode(path.name)) > LONGEST_NAME:
            raise ScenarioError("cannot be written: the name is too long", file=shown)
        if path.is_dir():
            raise ScenarioError("is a folder", file=shown, hint="name a file, like report.html")
        if os.path.lexists(path) and not path.is_file():
            raise ScenarioError("is in the way: it is not a regular file", file=shown)
        if not path.absolute().parent.is_dir():
            raise ScenarioError(
                f"cannot be written: there is no folder {printable(str(path.parent))}", file=shown
            )
    except (OSError, ValueError):
        raise ScenarioError("cannot be the name of a file", file=shown) from None


def report_of(model: O2OModel, moved: Sequence[tuple[int, str, float]] = ()) -> str:
    """The report of a city that was simulated on a page, without a map. `moved` are the levers that were moved
    while it ran: (day, key, value), day 0 being the first."""
    from ..studies.run import describe

    # How long it took is not known: it waited for whoever watched it.
    manifest = describe(model, wall=math.inf, simulating=math.inf)
    dated = [(date_of(model.spec.start, on), key, value) for on, key, value in moved]
    return page([Run(RunResult(None, manifest, model.results()), "", None, None, dated)])


@dataclass(frozen=True)
class Run:
    """What a report needs of a run: its tables, "A" or "B" of a pair, its recording and its still map, if
    there. `moved` are the levers that were moved while it ran on a page; None if it ran elsewhere."""

    result: RunResult
    letter: str
    replay: bytes | None
    still: bytes | None
    moved: Sequence[tuple[date, str, float]] | None = None

    @classmethod
    def load(cls, folder: str | os.PathLike[str], letter: str) -> Run:
        """Read the folder of a run. Raises ScenarioError if it holds none."""
        path = Path(folder)
        result, listing = load_run(path), Listing.of(path)
        still = listing.read(STILL)
        return cls(
            result,
            letter,
            replay_of(path, result.manifest, result.daily).file if REPLAY in listing.files else None,
            still if still and still.startswith(PNG) else None,
        )

    @property
    def key(self) -> str:
        """What ids on the page begin with."""
        return self.letter.lower() or "run"


# -- text into markup ---------------------------------------------------------------------------------------
def esc(text: object) -> str:
    """A text for element content or a quoted attribute; what is unprintable is written as an escape."""
    return html.escape(escaped(str(text)))


def data_block(name: str, content: bytes) -> str:
    """Bytes as base64 in a script element that no browser executes."""
    return f'<script type="text/plain" id="{name}">{base64.b64encode(content).decode()}</script>'


def json_block(name: str, value: Any) -> str:
    """Plain data in a script element; no text in it can end the element."""
    text = json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/json" id="{name}">{text}</script>'


def _data_url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


# -- the page -----------------------------------------------------------------------------------------------
def page(runs: Sequence[Run]) -> str:
    """The whole page of one run or two."""
    script = _script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    found = pair(runs[0].result, runs[1].result) if len(runs) == 2 else None
    title = _title(runs)
    parts = list(_sections(runs, found))
    contents = "".join(f'<li><a href="#{name}">{esc(head)}</a></li>' for name, head, _ in parts)
    sections = "\n".join(
        f'<section id="{name}"><h2>{esc(head)}</h2>\n{body}\n</section>' for name, head, body in parts
    )
    return f"""<!DOCTYPE html>
<html lang="en" data-o2o="report">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="o2o-sim">
<title>{esc(title)}</title>
<style>
{_static("o2o.css")}
{_static("report.css")}
</style>
</head>
<body>
<a class="skip" href="#answer">Skip to the answer</a>
<main class="report{" pair" if found else ""}">
{_head(runs, title)}
<nav aria-label="Contents"><ul>{contents}</ul></nav>
{sections}
<footer><p>Made by o2o-sim {esc(runs[0].result.manifest["versions"].get("o2o_sim", ""))} from the folder of {
        "two finished runs" if found else "a finished run"
    }. This file needs no network and sends nothing.</p></footer>
</main>
{"".join(_data(runs))}
<script type="module">{script}</script>
</body>
</html>
"""


def _static(name: str) -> str:
    """A file of the package's pages; nothing in it can end the style element that holds it."""
    file = files("o2o_sim.show") / "static" / name
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return re.sub(r"</(?=style)", r"<\\/", text.replace("\r\n", "\n"), flags=re.I)


def _script() -> str:
    """The pages' module, such that nothing in it ends the script element."""
    file = files("o2o_sim.show") / "static" / "o2o.js"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return re.sub(r"<(?=/script|!--)", r"\\x3c", text.replace("\r\n", "\n"), flags=re.I)


def _title(runs: Sequence[Run]) -> str:
    names = [name_of(run.result) for run in runs]
    if len(names) == 1:
        return names[0]
    return f"{names[0]}: A and B compared" if names[0] == names[1] else f"{names[0]} and {names[1]}"


def _head(runs: Sequence[Run], title: str) -> str:
    questions = dict.fromkeys(str(run.result.manifest["scenario"].get("question") or "") for run in runs)
    asked = "".join(f'<p class="question">{esc(q)}</p>' for q in questions if q)
    lines = "".join(f"<li>{_badge(run)}{esc(_run_line(run))}</li>" for run in runs)
    kind = "Comparison of two simulations of a city" if len(runs) == 2 else "Report of a simulated city"
    return f'<header><p class="kind">{kind}</p><h1>{esc(title)}</h1>{asked}<ul class="runs">{lines}</ul></header>'


def _badge(run: Run) -> str:
    return f'<b class="letter letter-{run.key}">{run.letter}</b> ' if run.letter else ""


def _run_line(run: Run) -> str:
    m = run.result.manifest
    s = m["scenario"]
    return (
        f"{name_of(run.result)}: {day(m['first_day'])} to {day(m['last_day'])}; {s['residents']:,.0f} residents, simulated by "
        f"{s['population']:,} consumers; seed {m['seed']}"
    )


Section = tuple[str, str, str]
"""Id, heading and markup of a section."""


def _sections(runs: Sequence[Run], found: Pairing | None) -> Iterable[Section]:
    yield ("answer", "The differences in words" if found else "The answer", _answer(runs, found))
    yield ("map", "The city, day by day", _map(runs))
    shown = [(run, pictures(run.result)) for run in runs]
    for k, picture in enumerate(shown[0][1]):
        drawn = "".join(_figure(run, mine[k]) for run, mine in shown)
        yield (picture.name, picture.title, drawn)
    yield ("stores", "Outcomes, store by store", _tables(runs))
    yield ("words", "What the words mean", _glossary())
    yield (
        "scenario",
        "Scenario, versions, and how to repeat this",
        "".join(_provenance(run) for run in runs),
    )


def _paragraphs(told: Iterable[Said]) -> str:
    return "".join(f"<dt>{esc(said.about)}</dt><dd>{esc(said.text)}</dd>" for said in told)


def _answer(runs: Sequence[Run], found: Pairing | None) -> str:
    if found is None:
        run = runs[0].result
        body = f'<p class="lead">{esc(headline_sentence(run))}</p><dl class="said">{_paragraphs(answer(run))}</dl>'
        return body + _caveat(runs)
    a, b = runs[0].result, runs[1].result
    each = "".join(f"<li>{_badge(run)}{esc(headline_sentence(run.result))}</li>" for run in runs)
    body = f'<ul class="lead">{each}</ul><dl class="said">{_paragraphs(pair_answer(a, b, found))}</dl>'
    body += _caveat(runs) + tables.side_by_side(a, b, esc)
    if not found.differ.empty:
        body += tables.fates(found, esc)
    singles = "".join(
        f"<details><summary>{_badge(run)}{esc(name_of(run.result))}: the answer of this run in full</summary>"
        f'<dl class="said">{_paragraphs(answer(run.result))}</dl></details>'
        for run in runs
    )
    return body + singles


def _caveat(runs: Sequence[Run]) -> str:
    """One run is one draw, and what to do about it."""
    if len(runs) == 2:
        said = (
            "These are two single runs: one draw of chance. A difference means something only if it appears for many "
            "seeds. Save the two scenarios (at the end of this page) and ask for error bars:"
        )
        command = "o2o-sim compare A.yaml B.yaml --replicates 20"
        after = ""
    else:
        seed = runs[0].result.manifest["seed"]
        said = (
            f"This is one run with one seed ({seed}): one draw of chance. Which store closes depends on it, and so do small "
            "numbers. Save the scenario (at the end of this page), look at another draw, and compare it with a "
            "scenario of your own over many draws, with error bars:"
        )
        command = f"o2o-sim run scenario.yaml --seed {seed + 1}\no2o-sim compare scenario.yaml other.yaml --replicates 20"
        after = ""
    model = " And a simulation is no forecast: it says what follows from the scenario's rules and numbers."
    return (
        f'<aside class="caveat"><p><strong>How far to trust this.</strong> {esc(said)}</p><pre><code>{esc(command)}</code></pre>'
        f"<p>{esc(after + model.strip())}</p></aside>"
    )


def _map(runs: Sequence[Run]) -> str:
    missing = [run for run in runs if run.replay is None]
    told = "".join(f"<p>{_badge(run)}{esc(NO_REPLAY if run.moved is None else LIVE)}</p>" for run in missing)
    stills = "".join(
        f'<figure class="still"><img alt="{esc(_still_words(run))}" src="{_data_url("image/png", run.still)}">'
        f"<figcaption>{_badge(run)}{esc(_still_words(run))}</figcaption></figure>"
        for run in runs
        if run.still is not None
    )
    stills = f'<div class="stills">{stills}</div>' if stills else ""
    if len(missing) == len(runs):
        return told + stills
    kind = " has-still" if stills else ""
    hint = (
        "Press play, or pull the slider to a day. Click a store for its card: what it earned, what it considered, what it "
        "decided and why."
    )
    days = {run.result.manifest["days"] for run in runs}
    if len(days) > 1:
        hint += f" The slider covers the {min(days):,} days that both runs have."
    return (
        f'{told}<p class="hint screen">{esc(hint)}</p><div id="o2o" class="o2o report-map{kind}" role="group" aria-label="Map replay"></div>'
        f'<p class="starting screen" role="status">The map needs JavaScript and a browser of 2023 or later.</p>{stills}'
    )


def _still_words(run: Run) -> str:
    last = day(run.result.manifest["last_day"])
    return f"The city on {last}: where people live (grey), and every store by what became of it."


def _figure(run: Run, picture: Picture) -> str:
    badge = f"{_badge(run)}{esc(name_of(run.result))}. " if run.letter else ""
    if picture.draw is None:
        return f'<p class="nothing">{badge}{esc(picture.caption)}</p>'
    try:
        svg = as_svg(picture, f"{run.key}-{picture.name}")
    except Exception as fault:  # of ours, but no reason to lose the rest
        warnings.warn(
            f"the figure {picture.name} could not be drawn: {fault!r}", RuntimeWarning, stacklevel=2
        )
        return f'<p class="nothing">{badge}This figure could not be drawn. {esc(picture.caption)}</p>'
    words = esc(f"{picture.title}. {picture.caption}")
    return (
        f'<figure><div class="drawing" role="img" aria-label="{words}" tabindex="0">{svg}</div>'
        f"<figcaption>{badge}{esc(picture.caption)}</figcaption></figure>"
    )


def _tables(runs: Sequence[Run]) -> str:
    parts = []
    for run in runs:
        table = run.result.outcomes
        head = f"<h3>{_badge(run)}{esc(name_of(run.result))}</h3>" if run.letter else ""
        parts.append(head + tables.groups(table, "category", esc) + tables.groups(table, "circle", esc))
        parts.append(tables.lives(run.result, esc))
        parts.append(tables.stores(table, run.key, esc))
    return "".join(parts)


def _glossary() -> str:
    rows = [*MEANINGS.items(), *WAYS.items(), *((name, text) for name, text in REASONS.items())]
    unit = (
        "A store here is a trading unit: a supermarket, a floor of a department store, or a row of like shops that decide "
        "together. Sums of money are of the whole city, not of the simulated consumers alone."
    )
    listing = "".join(f"<div><dt>{esc(name)}</dt><dd>{esc(text)}</dd></div>" for name, text in rows)
    return f'<p>{esc(unit)}</p><details><summary>Outcomes, ways of going online, causes of closing</summary><dl class="words">{listing}</dl></details>'


def _provenance(run: Run) -> str:
    m = run.result.manifest
    text = yaml.safe_dump(m["scenario"], sort_keys=False, allow_unicode=True, width=100)
    name = f"{run.letter}.yaml" if run.letter else "scenario.yaml"
    versions = ", ".join(f"{package} {version}" for package, version in m["versions"].items())
    facts = [
        ("Scenario file", m.get("file") or "none (made in Python)"),
        ("Seed", m["seed"]),
        ("Content hash", m["content_hash"]),
        ("Days", f"{m['days']:,} ({m['first_day']} to {m['last_day']})"),
        _made(run),
        ("Versions", versions),
    ]
    if m.get("plugins"):
        facts.append(("Plugins", listed(f"{p} ({digest[:10]})" for p, digest in m["plugins"].items())))
    rows = "".join(f'<tr><th scope="row">{esc(k)}</th><td>{esc(v)}</td></tr>' for k, v in facts)
    command = shlex.join(["o2o-sim", "run", name, "--seed", str(m["seed"])])
    extra = (
        " The scenario names data files or plugins, which must lie beside it."
        if m.get("plugins") or _imports(m)
        else ""
    )
    head = f"<h3>{_badge(run)}{esc(name_of(run.result))}</h3>" if run.letter else ""
    moves = "".join(f"<li>{esc(f'{on}: {key} = {value:g}')}</li>" for on, key, value in run.moved or ())
    told = (
        f"<p>Levers were moved while it ran; the scenario below holds where they stood in the end. To repeat this run, open "
        f"the link of the live page, which holds the moves:</p><ul>{moves}</ul>"
        if moves
        else ""
    )
    return f"""{head}<div class="wide"><table class="facts">{rows}</table></div>{told}
{"<p>To run it with those levers from the first day" if moves else "<p>To repeat this run"}: <a download="{
        name
    }" href="{_data_url("text/plain;charset=utf-8", text.encode())}">save the scenario as {
        name
    }</a>, install the version of o2o-sim named above, and run{esc(extra and ":")}</p>
<pre><code>{esc(command)}</code></pre>{f"<p>{esc(extra)}</p>" if extra else ""}
<details class="yaml"><summary>The whole scenario, with every default ({
        text.count(chr(10)):,} lines of YAML)</summary>
<pre tabindex="0"><code>{esc(text)}</code></pre></details>
<p class="paper">The whole scenario stands in the file from which this was printed.</p>"""


def _made(run: Run) -> tuple[str, str]:
    """When it was simulated, and in how much time if that was measured."""
    m = run.result.manifest
    created = str(m["created"])[:10]
    if run.moved is not None:
        return "Simulated", f"on the live page, on {created}"
    return "Run time", f"{m['wall_seconds']:.1f} s on {m['threads']} threads, on {created}"


def _imports(manifest: dict[str, Any]) -> bool:
    return bool((manifest["scenario"].get("city") or {}).get("import"))


def _data(runs: Sequence[Run]) -> Iterable[str]:
    """What the script reads: which runs there are, their recordings and the cards of their stores."""
    with_map = [run for run in runs if run.replay is not None]
    about = [{"key": run.key, "letter": run.letter, "name": name_of(run.result)} for run in with_map]
    yield json_block("o2o-runs", about) + "\n"
    for run in with_map:
        assert run.replay is not None
        yield data_block(f"o2o-replay-{run.key}", run.replay) + "\n"
        cards = list(Cards(run.result.frames, run.result.manifest).all_stores())
        text = json.dumps(cards, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        yield data_block(f"o2o-cards-{run.key}", gzip.compress(text.encode(), mtime=0)) + "\n"
