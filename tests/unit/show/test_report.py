"""The report: one file without a network, whatever the names; the same bytes for the same folder; right
figures."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import math
import os
import re
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from o2o_sim.cli import app
from o2o_sim.errors import ScenarioError
from o2o_sim.record.result import RunResult
from o2o_sim.scenario.load import content_hash, load_scenario
from o2o_sim.show import report
from o2o_sim.show.report import Run, page, write_report
from o2o_sim.show.report_figures import as_svg, pictures, survival_curve, typical
from o2o_sim.show.report_pair import changed_keys, meaning_of, pair, pair_answer
from o2o_sim.show.report_tables import side_by_side
from o2o_sim.show.report_words import answer, headline_sentence, last_half_year
from o2o_sim.studies.run import run

NASTY = (
    "<script>alert(1)</script>",
    "]]> --> &amp; \"'",
    "</script><b onmouseover=alert(1)>",
    "a\u2028b\x00c",
    "$\\frac{1}{2}$",
)


class Seen(HTMLParser):
    """What a browser would meet: elements with their attributes, scripts with their text, the visible
    words."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.styles, self.words = "", ""
        self._in = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._in = tag
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag):
        self._in = ""

    def handle_data(self, data):
        if self._in == "script":
            attrs, text = self.scripts[-1]
            self.scripts[-1] = (attrs, text + data)
        elif self._in == "style":
            self.styles += data
        else:
            self.words += data


@pytest.fixture(scope="session")
def folder(tiny, tmp_path_factory):
    """A run as `o2o-sim run` leaves it."""
    return run(tiny, out=tmp_path_factory.mktemp("report") / "run").folder


@pytest.fixture(scope="session")
def dearer(tiny, tmp_path_factory):
    """The same city at thirty times the rent and with stores that have nothing, so that they close within
    weeks."""
    out = tmp_path_factory.mktemp("report") / "dearer"
    return run(
        tiny, out=out, overrides=["levers.rent_x=30", "stores.cash_months=0.2", "stores.credit_months=0"]
    ).folder


@pytest.fixture(scope="session")
def html(folder):
    return page([Run.load(folder, "")])


@pytest.fixture(scope="session")
def of_two(folder, dearer):
    return page([Run.load(folder, "A"), Run.load(dearer, "B")])


# -- one file, and nothing from elsewhere -------------------------------------------------------------------
def loads_nothing(text: str) -> Seen:
    seen = Seen(text)
    for tag, attrs in seen.elements:
        assert tag not in ("link", "base", "iframe", "object", "embed", "form", "audio", "video"), tag
        for name, value in attrs.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href", "xlink:href", "srcset", "action", "poster", "background"):
                assert value is not None and value.startswith(("#", "data:")), (tag, name, value)
            if name == "style":
                assert value is not None and not re.search(r"url\(\s*['\"]?(?!#)", value), value
    assert not re.search(r"@import|url\(\s*['\"]?(?!#|data:)", seen.styles)
    return seen


def allows_its_own_script_only(seen: Seen) -> None:
    policy = next(a["content"] for t, a in seen.elements if t == "meta" and a.get("http-equiv"))
    assert policy is not None and policy.startswith("default-src 'none'; ")
    live = [text for attrs, text in seen.scripts if attrs.get("type") == "module"]
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in live]
    assert re.findall(r"script-src ([^;]*);", policy) == [" ".join(f"'sha256-{d}'" for d in digests)]
    assert "unsafe-eval" not in policy and "http" not in policy
    kinds = {attrs.get("type") for attrs, _ in seen.scripts}
    assert kinds <= {"module", "text/plain", "application/json"}
    # The policy must come before anything it is to forbid.
    order = [t for t, a in seen.elements if t in ("script", "style") or a.get("http-equiv")]
    assert order[0] == "meta"


def test_the_page_needs_no_network(html, of_two):
    for text in (html, of_two):
        allows_its_own_script_only(loads_nothing(text))


def test_the_same_folder_gives_the_same_bytes(folder, tmp_path):
    written = [write_report(folder, out=tmp_path / name).read_bytes() for name in ("x.html", "y.html")]
    assert written[0] == written[1]
    assert page([Run.load(folder, "")]).encode() == written[0]


def test_ids_are_there_once(html, of_two):
    for text in (html, of_two):
        ids = [a["id"] for _, a in Seen(text).elements if a.get("id")]
        assert len(ids) == len(set(ids))
        targets = re.findall(r'(?:url\(|href=")#([^)"]*)', text.partition("<script")[0])
        assert targets and set(targets) <= set(ids)


def test_it_holds_the_recording_and_a_card_for_every_store(folder, html):
    blocks = {attrs["id"]: text for attrs, text in Seen(html).scripts if attrs.get("id")}
    assert json.loads(blocks["o2o-runs"])[0]["key"] == "run"
    assert base64.b64decode(blocks["o2o-replay-run"]) == (folder / "replay.o2o").read_bytes()
    cards = json.loads(gzip.decompress(base64.b64decode(blocks["o2o-cards-run"])))
    names = Run.load(folder, "").result.outcomes["name"]
    assert [card["title"] for card in cards] == list(names)
    assert [card["id"] for card in cards] == list(range(len(names)))


def test_figures_are_described_for_who_cannot_see_them(html):
    seen = Seen(html)
    drawn = [a for t, a in seen.elements if a.get("role") == "img"]
    assert len(drawn) >= 5
    assert all(len(a["aria-label"] or "") > 60 for a in drawn)
    assert all(a.get("alt") for t, a in seen.elements if t == "img")
    assert [a for t, a in seen.elements if t == "svg" and a.get("aria-hidden") != "true"] == []


def test_the_scenario_on_the_page_is_the_one_that_ran(html, folder, tmp_path):
    link = next(a for t, a in Seen(html).elements if t == "a" and "download" in a)
    _, _, content = link["href"].partition(";base64,")
    (tmp_path / "again.yaml").write_bytes(base64.b64decode(content))
    manifest = Run.load(folder, "").result.manifest
    assert content_hash(load_scenario(tmp_path / "again.yaml")) == manifest["content_hash"]
    words = Seen(html).words
    assert manifest["content_hash"] in words
    assert f"o2o-sim run scenario.yaml --seed {manifest['seed']}" in words


# -- names that would like to be markup ---------------------------------------------------------------------
def spoilt(loaded: Run, letter: str = "") -> Run:
    """The run with nasty names wherever a name can be."""
    old = loaded.result
    frames = {name: table.copy() for name, table in old.frames.items()}
    names = dict(zip(old.outcomes["name"], (NASTY[k % 5] + str(k) for k in range(len(old.outcomes)))))
    others = {
        v: NASTY[k % 5] + "x"
        for k, v in enumerate(dict.fromkeys([*old.outcomes["category"], *old.outcomes["circle"]]))
    }
    for table in frames.values():
        for column in ("name", "who", "category", "circle", "format", "reason", "decision", "mode"):
            if column in table and column != "name" and column != "who":
                table[column] = [
                    others.get(v, NASTY[2] if column in ("format", "reason") else v) for v in table[column]
                ]
            elif column in table:
                table[column] = [names.get(v, v) for v in table[column]]
    scenario = {**old.manifest["scenario"], "name": NASTY[0], "question": NASTY[2], "currency": NASTY[1]}
    platforms = {p: NASTY[k % 5] + "p" for k, p in enumerate(scenario["platforms"])}
    scenario["platforms"] = {platforms[p]: v for p, v in scenario["platforms"].items()}
    for table in ("daily", "city_monthly"):
        frames[table].columns = [
            f"{c.partition('/')[0]}/{platforms[c.partition('/')[2]]}"
            if c.partition("/")[2] in platforms
            else c
            for c in frames[table].columns
        ]
    manifest = {
        **old.manifest,
        "scenario": scenario,
        "file": NASTY[0] + ".yaml",
        "plugins": {NASTY[3]: "0" * 64},
    }
    manifest["versions"] = {**manifest["versions"], NASTY[0]: NASTY[1]}
    return replace(loaded, result=RunResult(old.folder, manifest, frames), letter=letter)


@pytest.mark.filterwarnings("ignore:Glyph")
def test_names_never_become_markup(folder, dearer, html):
    plain = Seen(html)
    bad = spoilt(Run.load(folder, ""))
    text = page([bad])
    seen = loads_nothing(text)
    allows_its_own_script_only(seen)
    # Nothing that runs or loads came in with the names, and what came in is there to be read.
    for tag in ("script", "img", "style", "iframe"):
        assert sum(t == tag for t, _ in seen.elements) == sum(t == tag for t, _ in plain.elements), tag
    assert not any(t == "b" and len(a) and "class" not in a for t, a in seen.elements)
    assert NASTY[0] in seen.words and NASTY[2] in seen.words
    assert "\u2028" not in text and "\x00" not in text
    pairs = loads_nothing(page([spoilt(Run.load(folder, ""), "A"), spoilt(Run.load(dearer, ""), "B")]))
    allows_its_own_script_only(pairs)


def test_the_script_cannot_end_early(monkeypatch, folder):
    real = report.files

    class Fake:
        def __init__(self, path):
            self.path = path

        def __truediv__(self, name):
            return Fake(name)

        def is_file(self):
            return True

        def read_text(self, encoding):
            return (
                "const a = '</SCRIPT><!--<script>', b = 1<script;"
                if self.path == "o2o.js"
                else "p::after{content:'</STYLE>'}"
            )

    monkeypatch.setattr(report, "files", lambda package: Fake(package))
    seen = Seen(page([Run.load(folder, "")]))
    assert [t for a, t in seen.scripts if a.get("type") == "module"] == [
        r"const a = '\x3c/SCRIPT>\x3c!--<script>', b = 1<script;"
    ]
    allows_its_own_script_only(seen)
    assert r"<\/STYLE>" in seen.styles
    assert real is not None


# -- files --------------------------------------------------------------------------------------------------
def cli(*arguments: object):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_the_command(folder, dearer, tmp_path):
    done = cli("report", folder, "-o", tmp_path / "one.html")
    assert done.exit_code == 0, done.output
    assert "one.html" in done.output and "MB" in done.output
    assert cli("report", folder, dearer, "--out", tmp_path / "two.html").exit_code == 0
    assert "A and B compared" in (tmp_path / "two.html").read_text(encoding="utf-8")
    assert {p.name for p in tmp_path.iterdir()} == {"one.html", "two.html"}


def test_run_writes_a_report_when_asked(tiny, tmp_path):
    done = cli("run", tiny, "--days", 32, "--out", tmp_path / "r", "--report", "--quiet")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "r" / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert done.output.strip().splitlines()[-1] == str(tmp_path / "r")


def test_what_cannot_become_a_report_is_told(folder, tmp_path):
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    for arguments, told in (
        ([tmp_path / "nothing"], "is not the folder of a run"),
        ([tmp_path / "file"], "is not the folder of a run"),
        ([folder, tmp_path], "is not the folder of a run"),
        ([folder, "-o", tmp_path], "is a folder"),
        ([folder, "-o", tmp_path / "no" / "x.html"], "there is no folder"),
        ([folder, "-o", tmp_path / "pipe"], "not a regular file"),
        ([folder, "-o", "x" * 300 + ".html"], "cannot be written"),
    ):
        done = cli("report", *arguments)
        assert done.exit_code == 2, (arguments, done.output)
        assert told in done.output, done.output
    assert {p.name for p in tmp_path.iterdir()} == {"file", "pipe"}


def test_a_failure_leaves_the_old_report(folder, tmp_path, monkeypatch):
    (tmp_path / "r.html").write_text("old")
    monkeypatch.setattr(report, "page", lambda runs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_report(folder, out=tmp_path / "r.html")
    with pytest.raises(ScenarioError):
        write_report(tmp_path, out=tmp_path / "r.html")
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]
    assert (tmp_path / "r.html").read_text() == "old"


def test_without_a_recording_the_rest_is_there(folder):
    loaded = Run.load(folder, "")
    seen = loads_nothing(page([replace(loaded, replay=None)]))
    assert "no recording of its days" in seen.words
    assert not any(a.get("id") == "o2o" for _, a in seen.elements)
    assert any(t == "img" for t, _ in seen.elements)  # the still map of the last day
    bare = loads_nothing(page([replace(loaded, replay=None, still=None)]))
    assert not any(t == "img" for t, _ in bare.elements)


def test_a_figure_that_fails_does_not_lose_the_report(folder, monkeypatch):
    monkeypatch.setattr(report, "as_svg", lambda picture, salt: 1 / 0)
    with pytest.warns(RuntimeWarning, match="could not be drawn"):
        seen = loads_nothing(page([Run.load(folder, "")]))
    assert "This figure could not be drawn." in seen.words


# -- what it says -------------------------------------------------------------------------------------------
def stores(*rows: tuple[str, int, int | None], last: int = 100) -> tuple[pd.DataFrame, str]:
    """Outcomes of (category, day opened, day closed or None), and the last day."""
    first = date(2013, 1, 1)
    table = pd.DataFrame(
        [
            {
                "store": k,
                "name": f"s{k}",
                "category": c,
                "format": "shop",
                "circle": "streets",
                "mode": "",
                "outcome": "survived" if gone is None else "closed",
                "reason": "" if gone is None else "gave up: rent too high",
                "opened": (first + timedelta(opened)).isoformat(),
                "changed": (first + timedelta(gone if gone is not None else opened)).isoformat(),
            }
            for k, (c, opened, gone) in enumerate(rows)
        ]
    )
    return table, (first + timedelta(last)).isoformat()


def test_survival_is_kaplan_and_meiers():
    # Ten stores: two close after 30 days, one is new and seen for 50 days only, two close after 80, five
    # last.
    rows = [("a", 0, 29)] * 2 + [("a", 51, None)] + [("a", 0, 79)] * 2 + [("a", 0, None)] * 5
    curve = survival_curve(*stores(*rows))
    by_day = dict(zip(curve.days, curve.share))
    assert by_day[30] == pytest.approx(8 / 10)
    assert by_day[80] == pytest.approx(8 / 10 * 5 / 7)
    assert (curve.stores, curve.closed) == (10, 4)
    # Greenwood's variance on the log-log scale, by hand.
    s = 8 / 10 * 5 / 7
    spread = math.sqrt(2 / (10 * 8) + 2 / (7 * 5)) / abs(math.log(s))
    low, high = (math.exp(-math.exp(math.log(-math.log(s)) + sign * 1.959964 * spread)) for sign in (1, -1))
    assert (curve.low[-1], curve.high[-1]) == pytest.approx((low, high), abs=1e-6)


def test_survival_at_its_ends():
    whole = survival_curve(*stores(("a", 0, None), ("a", 0, None)))
    assert set(whole.share) == {1.0} and whole.closed == 0
    none = survival_curve(*stores(("a", 0, 9), ("a", 0, 9)))
    assert none.share[-1] == 0


@pytest.mark.parametrize("kind", ["folder", "dearer"])
def test_the_answer_counts_what_the_tables_hold(kind, request):
    folder = request.getfixturevalue(kind)
    html = page([Run.load(folder, "")])
    result = Run.load(folder, "").result
    said = headline_sentence(result)
    counts = result.outcomes["outcome"].value_counts()
    for outcome, n in counts.items():
        assert (f"{n} (" if len(counts) > 1 else f"all {n} stores") in said, (outcome, said)
    told = {s.about: s.text for s in answer(result)}
    closed = result.outcomes[result.outcomes["outcome"] == "closed"]
    assert f"{len(closed)} store" in told["Closed"] if len(closed) else "No store closed" in told["Closed"]
    assert f"{result.headline()['online_share']:.0%}".replace("%", "\u00a0%") in told["Online"]
    words = Seen(html).words
    assert said in words and words.index(said) < words.index("How far to trust this")
    assert "one draw of chance" in words and "o2o-sim compare" in words


def test_the_typical_store_is_the_median_of_the_commonest_format(folder):
    result = Run.load(folder, "").result
    for t in typical(result):
        mine = result.outcomes[
            (result.outcomes["outcome"] == t.outcome) & (result.outcomes["format"] == t.format)
        ]
        assert t.name in set(mine["name"])
        assert sum(v for bar, v in t.books.items() if bar != "profit") == pytest.approx(t.books["profit"])
        books = result.stores_monthly[result.stores_monthly["name"] == t.name].tail(6)
        assert t.books["profit"] == pytest.approx(books["profit_yuan"].mean(), rel=1e-6, abs=0.01)


def told_of(run: RunResult) -> dict[str, str]:
    return {s.about: s.text for s in answer(run)}


def with_outcomes(folder, rows, **frames: pd.DataFrame) -> RunResult:
    """The run with other stores, which close on days counted from 1 January 2013."""
    loaded = Run.load(folder, "").result
    table, last = stores(*rows, last=364)
    manifest = {**loaded.manifest, "first_day": "2013-01-01", "last_day": last}
    return RunResult(None, manifest, {**loaded.frames, "outcomes": table, **frames})


def test_sentences_for_none_one_and_all(folder):
    one_gone = with_outcomes(folder, [("a", 0, 272)])
    assert headline_sentence(one_gone) == "On 31 December 2013 the one store of this city had closed."
    assert "for the one that closed" in told_of(one_gone)["Why"]
    caption = {p.name: p.caption for p in pictures(one_gone)}["reasons"]
    assert "1 store closed, in September 2013." in caption
    gone = with_outcomes(folder, [("a", 0, 272)] * 3 + [("b", 0, 300)])
    assert headline_sentence(gone) == "On 31 December 2013 all 4 stores of this city had closed."
    assert "for all 4 that closed" in told_of(gone)["Why"]
    caption = {p.name: p.caption for p in pictures(gone)}["reasons"]
    assert "4 stores closed, the most (3) in September 2013." in caption


def test_the_first_day_on_which_anybody_can_give_up_is_told(folder):
    early = told_of(with_outcomes(folder, [("a", 0, 272)] * 3 + [("a", 0, 364)]))["Closed"]
    assert "30 September 2013 is the first day on which any could" in early
    assert "first day on which any" not in told_of(with_outcomes(folder, [("a", 0, 303)] * 4))["Closed"]
    assert (
        "9 months of losses at the earliest, and this run was shorter"
        in told_of(Run.load(folder, "").result)["Closed"]
    )


def test_groups_too_small_to_tell_are_not_compared_and_ties_are_all_named(folder):
    rows = [("a", 0, 272)] * 8 + [("b", 0, 272)] * 8 + [("c", 0, None)] * 8 + [("d", 0, None)] * 2
    text = told_of(with_outcomes(folder, rows))["Closed"]
    assert "Of the trades with at least 8 stores, a (8 of 8) and b (8 of 8) lost the largest part" in text
    assert "c (none of 8) the smallest" in text and "d (" not in text


def test_causes_are_told_as_the_model_found_them(dearer):
    text = told_of(Run.load(dearer, "").result)["Why"]
    assert (
        "names only what set a store apart from others of its kind" in text and "By their books" not in text
    )


def test_the_last_half_year_is_of_stores_in_whatever_form_and_as_long_as_it_was(folder):
    result = Run.load(folder, "").result
    books = result.stores_monthly
    assert "the 2 complete months of their books" in told_of(result)["Survived"]
    store = int(books["store"].iloc[0])
    moved = books.assign(state=["online only" if s == store else "open" for s in books["store"]])
    fates = result.outcomes.assign(
        outcome=["moved online" if s == store else "survived" for s in result.outcomes["store"]]
    )
    online = RunResult(None, result.manifest, {**result.frames, "outcomes": fates, "stores_monthly": moved})
    figures = last_half_year(online)
    mine = books[books["store"] == store]
    assert figures.loc[store, "margin"] == pytest.approx(
        mine["profit_yuan"].sum() / mine["revenue_yuan"].sum()
    )
    assert [t.name for t in typical(online) if t.outcome == "moved online"] == [mine["name"].iloc[0]]


def test_stores_the_scenario_names_and_decisions_of_others_are_told(folder):
    run_ = with_outcomes(folder, [("a", 0, 272), ("a", 0, None), ("b", 0, None)])
    scenario = run_.manifest["scenario"]
    scenario = {**scenario, "stores": {**scenario["stores"], "named": {"s0": {}, "s1": {}}}}
    events = pd.DataFrame(
        [
            dict(
                zip(
                    run_.events.columns,
                    ["2013-05-01", "platform", "bazaar", "boycott begins: malls", "called", {}],
                )
            )
        ]
    )
    run_ = RunResult(None, {**run_.manifest, "scenario": scenario}, {**run_.frames, "events": events})
    told = told_of(run_)
    assert (
        told["Named"]
        == "Of the stores that the scenario names: of 2 “shop” 1 was still a plain shop and 1 had closed."
    )
    assert told["Also"] == "Other decisions: boycott begins: malls (bazaar, on 1 May 2013)."


def test_nothing_online_and_cash_from_the_first_day(folder):
    result = Run.load(folder, "").result
    daily = result.daily.copy()
    daily[[c for c in daily if c.startswith("sales/") and c != "sales/walk-in"]] = 0.0
    assert (
        "Nothing of it came by parcel."
        in told_of(RunResult(None, result.manifest, {**result.frames, "daily": daily}))["Online"]
    )
    platform = next(iter(result.manifest["scenario"]["platforms"]))
    months = result.city_monthly.assign(**{f"cash_yuan/{platform}": 4e8})
    text = told_of(RunResult(None, result.manifest, {**result.frames, "city_monthly": months}))["Platforms"]
    assert (
        f"The cash of {platform} fell most, from 1 billion yuan on the first day to 400 million yuan" in text
    )


def test_survival_at_the_right_end_is_no_share_of_all_stores(folder):
    # Those of the first day all close; the newcomers are there still.
    rows = [("a", 0, 272)] * 8 + [("b", 0, 272)] * 8 + [("b", 200, None)] * 4
    caption = {p.name: p.caption for p in pictures(with_outcomes(folder, rows))}["survival"]
    assert "it is 0\u00a0%" in caption and "ever opened 20\u00a0% have not closed" in caption


def test_every_picture_of_short_and_empty_runs(folder):
    result = Run.load(folder, "").result
    short = {
        **result.frames,
        "stores_monthly": result.stores_monthly.iloc[:0],
        "events": result.events.iloc[:0],
    }
    short |= {
        "circles_monthly": result.circles_monthly.iloc[:0],
        "city_monthly": result.city_monthly.iloc[:0],
    }
    none = {**short, "outcomes": result.outcomes.iloc[:0]}
    for frames in (short, none):
        poor = RunResult(None, result.manifest, frames)
        for picture in pictures(poor):
            assert picture.caption
            assert picture.draw is None or "<svg" in as_svg(picture, "x")
        assert all(said.text for said in answer(poor))
        loads_nothing(page([Run(poor, "", None, None)]))


# -- two runs -----------------------------------------------------------------------------------------------
def test_two_runs_are_paired_by_name(folder, dearer, of_two):
    a, b = Run.load(folder, "A").result, Run.load(dearer, "B").result
    found = pair(a, b)
    assert not found.why_not
    expected = a.outcomes.merge(b.outcomes, on="name")
    expected = expected[expected["outcome_x"] != expected["outcome_y"]]
    assert set(found.differ["name"]) == set(expected["name"]) != set()
    told = {s.about: s.text for s in pair_answer(a, b, found)}
    assert "levers.rent_x" in told["Changed"] and "is 1 in A, 30 in B" in told["Changed"]
    assert f"{len(expected)} (" in told["Stores"]
    seen = Seen(of_two)
    for name in expected["name"]:
        assert name in seen.words
    assert "one draw of chance" in seen.words and "o2o-sim compare A.yaml B.yaml" in seen.words
    assert sum(a.get("data-store") is not None for _, a in seen.elements) == len(a.outcomes) + len(
        b.outcomes
    ) + len(expected)


def test_money_of_two_currencies_is_not_subtracted_and_stays_text(folder):
    a = Run.load(folder, "").result
    b = RunResult(
        None, {**a.manifest, "scenario": {**a.manifest["scenario"], "currency": NASTY[0]}}, a.frames
    )
    table = side_by_side(a, b, report.esc)
    row = next(r for r in table.split("<tr>") if ">sales<" in r)
    assert "yuan</td>" in row and report.esc(NASTY[0]) in row and "<td class=number>–</td>" in row
    assert "<script" not in table


def test_runs_of_other_length_say_so_whether_paired_or_not(folder):
    a = with_outcomes(folder, [("a", 0, 272), ("a", 0, 30), ("a", 0, None)])
    b = with_outcomes(folder, [("a", 0, None), ("a", 0, 30), ("a", 0, None)])
    b.manifest["last_day"] = "2013-03-01"
    told = {s.about: s.text for s in pair_answer(a, b, pair(a, b))}
    assert "On 1 March 2013, the last day of both, 1 store had closed in A and 1 in B." in told["Days"]
    b.manifest["seed"] += 1
    told = {s.about: s.text for s in pair_answer(a, b, pair(a, b))}
    assert "No pairs" in told and "1 store had closed in A" in told["Days"]
    assert told["Changed"] == "The seed only; the scenarios are the same."


def test_changes_are_told_in_words(folder):
    a = Run.load(folder, "").result
    assert pair_answer(a, a, pair(a, a))[0].text == "Nothing: scenario and seed are the same."
    scenario = {**a.manifest["scenario"], "levers": None, "residents": 8_200_000, "days": True}
    text = pair_answer(a, RunResult(None, {**a.manifest, "scenario": scenario}, a.frames), pair(a, a))[0].text
    assert "levers" in text and "is there in A only" in text and "8,200,000 in B" in text and "{" not in text


def test_other_cities_are_not_paired(folder):
    a = Run.load(folder, "A").result
    m = a.manifest
    for manifest, why in (
        ({**m, "seed": m["seed"] + 1}, "different seeds"),
        ({**m, "scenario": {**m["scenario"], "residents": 5}}, "different cities"),
    ):
        b = RunResult(a.folder, manifest, a.frames)
        found = pair(a, b)
        assert why in found.why_not and found.both.empty
        assert "not compared one by one" in " ".join(s.text for s in pair_answer(a, b, found))
    stranger = a.outcomes.assign(name=[f"other {k}" for k in range(len(a.outcomes))])
    b = RunResult(a.folder, m, {**a.frames, "outcomes": stranger})
    assert "of the same name" in pair(a, b).why_not
    alike = pair(a, a)
    assert "All" in " ".join(s.text for s in pair_answer(a, a, alike))


def test_changed_keys_know_what_they_mean(folder, dearer):
    a, b = (Run.load(f, "").result.manifest["scenario"] for f in (folder, dearer))
    found = {path: (x, y) for path, x, y in changed_keys(a, b)}
    assert found.pop(("levers", "rent_x")) == (1.0, 30)
    assert found.keys() == {("stores", "cash_months"), ("stores", "credit_months")}
    assert "rent" in meaning_of(("levers", "rent_x")).lower()
    assert meaning_of(("platforms", "nobody", "nothing")) == ""
    assert yaml.safe_load(yaml.safe_dump(a)) == a
