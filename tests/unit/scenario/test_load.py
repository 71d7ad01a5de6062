"""From files to a validated scenario: what is merged, what is refused, and where the blame is put."""

from __future__ import annotations

import json
import os
import pickle
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, PrivateAttr, ValidationError, model_validator

from o2o_sim.errors import ScenarioError
from o2o_sim.scenario import content_hash, load_scenario
from o2o_sim.scenario.describe import starter_text
from o2o_sim.scenario.keys import Block, Day, block, key
from o2o_sim.scenario.load import Origin, resolve, to_plain
from o2o_sim.scenario.schema import Spec


class Fixed(Block):
    policy: Literal["fixed"] = "fixed"
    amount: float = key(1.0, "How much", ge=0)


class Match(Block):
    policy: Literal["match"]
    rival_x: float = key(1.0, "How much of the rival's", ge=0)


class Roof(StrEnum):
    flat = "flat"
    steep = "steep"


class Cost(Block):
    setup: float = key(0.0, "Once")
    monthly: float = key(0.0, "Every month")


class Shop(Block):
    kind: Literal["bakery", "grocer"] = key(..., "What it sells")
    rent: float = key(1.0, "Rent", unit="yuan", ge=0, le=10)
    margin: float = key(0.5, "Margin", gt=0, lt=1)
    open: bool = key(True, "Whether it is open")
    since: Day | None = key(None, "First day")
    staff: int = key(1, "Staff", ge=0)
    tags: list[str] = key([], "Tags", max_length=2)
    place: tuple[float, float] = key((0.0, 0.0), "Place")
    size: int | Literal["auto"] = key("auto", "Size")
    roof: Roof = key(Roof.flat, "Roof")
    pay: Annotated[Fixed | Match, Field(discriminator="policy")] = key(Fixed(), "Pay")
    name: str = key("", "Its name", max_length=5, pattern="^[a-z]*$")


class Grid(Block):
    cell: float = key(250.0, "Cell", gt=0)
    lines: dict[str, list[int]] = key({}, "Lines")

    @model_validator(mode="after")
    def _enough(self):
        if self.cell > 1000:
            raise ValueError("cell: is too large for the lines")
        return self


class Town(Block):
    name: str = key("", "Name")
    days: int = key(10, "Days", ge=1, le=1000)
    shops: dict[str, Shop] = key({}, "Shops", max_length=3)
    grid: Grid = block(Grid, "The ground")
    app: Cost = key(Cost(setup=100, monthly=7), "Cost of an app")
    files: dict[Literal["a", "b"], str] = key({}, "Files")
    wages: dict[int, float] = key({}, "Wage by age")
    must: int = key(..., "A number that must be given")
    either: Fixed | list[int] = key(Fixed(), "A policy, or numbers")

    _origin: Origin | None = PrivateAttr(default=None)


def load(folder: Path, text: str | bytes, *overrides: str, **files: str):
    path = folder / "town.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content)
    return load_scenario(path, overrides, model=Town)


def problems(folder: Path, text: str | bytes, *overrides: str, **files: str):
    with pytest.raises(ScenarioError) as caught:
        load(folder, text, *overrides, **files)
    return caught.value.problems


# What is wrong, the text, the line, the column, the key, and a part of the message (with its advice).
BAD = [
    ("tab", "must: 1\ngrid:\n\tcell: 5", 3, 1, "grid", "tab"),
    ("colon", "must: 1\nname: a: b", 2, 8, None, "quotes around"),
    ("no colon", "must: 1\nname\ndays: 3", 2, 1, None, "':' is missing"),
    ("indent", "must: 1\n  days: 3", 2, 7, None, "indentation"),
    ("outdent", "grid:\n    cell: 5\n  lines: {}\nmust: 1", 3, 3, None, "indentation"),
    ("open bracket", "must: 1\nwages: [1, 2", 2, 8, None, "not closed"),
    ("open brace", "must: 1\ngrid: {cell: 5", 2, 7, None, "not closed"),
    ("open quote", "must: 1\nname: 'x", 2, 7, "name", "quotes is not closed"),
    ("at sign", "must: 1\nname: @x", 2, 7, "name", "needs quotes"),
    ("percent", "must: 1\nname: %x", 2, 7, "name", "needs quotes"),
    ("backtick", "must: 1\nname: `x`", 2, 7, "name", "needs quotes"),
    ("bare star", "must: 1\nname: *", 2, 8, "name", "not YAML"),
    ("bad escape", 'must: 1\nname: "\\q"', 2, 9, "name", "not YAML"),
    ("huge escape", 'must: 1\nname: "\\UFFFFFFFF"', 2, None, "name", "not YAML"),
    ("half a surrogate", 'must: 1\nname: "\\ud800"', 2, 7, "name", "U+D800"),
    ("NUL by escape", 'must: 1\nname: "\\0"', 2, 7, "name", "U+0000"),
    ("anchor", "must: &a 1\ndays: 3", 1, 7, "must", "extends"),
    ("alias", "must: 1\ndays: *a", 2, 7, "days", "extends"),
    ("merge key", "must: 1\ngrid:\n  <<: {cell: 5}", 3, 3, "grid", "extends"),
    ("tag", "must: !!int 1", 1, 7, "must", "'!...'"),
    ("python tag", "must: !!python/object/apply:os.system [ls]", 1, 7, "must", "'!...'"),
    ("exclamation", "must: 1\nname: !", 2, 7, "name", "'!...'"),
    ("two documents", "must: 1\n---\ndays: 3", 2, 1, None, "second document"),
    ("tag directive", "%TAG ! tag:x,2000:\n---\nmust: 1", 1, 1, None, "%TAG"),
    ("version", "%YAML 9.9\n---\nmust: 1", 1, None, None, "not YAML"),
    ("duplicate", "must: 1\ndays: 3\nmust: 2", 3, 1, "must", "line 1"),
    ("duplicate inside", "must: 1\ngrid: {cell: 5, cell: 6}", 2, 17, "grid.cell", "twice"),
    ("duplicate by spelling", "must: 1\nwages: {60: 1, '60': 2}", 2, 16, "wages.60", "twice"),
    ("list on top", "- must: 1", 1, 1, None, "'key: value'"),
    ("text on top", "must", 1, 1, None, "'key: value'"),
    ("number on top", "5", 1, 1, None, "'key: value'"),
    ("empty key", "'': 1\nmust: 1", 1, 1, None, "must be text"),
    ("null key", "~: 1\nmust: 1", 1, 1, None, "must be text"),
    ("boolean key", "true: 1\nmust: 1", 1, 1, None, "quotes"),
    ("list as key", "[1]: 1\nmust: 1", 1, 1, None, "must be text"),
    ("mapping as key", "? {a: 1}\n: 1", 1, 3, None, "must be text"),
    ("long key", "k" * 201 + ": 1\nmust: 1", 1, 1, None, "200"),
    ("long text", "must: 1\nname: " + "x" * 10_001, 2, 7, "name", "10,000"),
    ("deep", "must: 1\ngrid: " + "{a: " * 41 + "}" * 41, 2, None, None, "40 levels"),
    ("many", "must: 1\nwages: [" + "1," * 50_000 + "]", 2, None, None, "50,000"),
    ("NaN", "must: 1\ngrid: {cell: .nan}", 2, 14, "grid.cell", "'.nan'"),
    ("infinity", "must: 1\ngrid: {cell: -.INF}", 2, 14, "grid.cell", "'-.INF'"),
    ("overflow", "must: 1\ngrid: {cell: 1e999}", 2, 14, "grid.cell", "too large"),
    ("beyond 64 bits", "must: 9223372036854775808", 1, 7, "must", "too large"),
    ("thousands of digits", "must: " + "9" * 9000, 1, 7, "must", "too large"),
    ("control character", "must: 1\nname: a\x07b", 2, 8, None, "U+0007"),
    ("terminal escape", "must: 1\nname: a\x1b[31m", 2, 8, None, "U+001B"),
    ("NUL", "must: 1\nname: \0", 2, 7, None, "U+0000"),
    ("line separator", "must: 1\nname: a\u2028b", 2, 8, None, "U+2028"),
    ("unknown key", "must: 1\ndayz: 3", 2, 1, "dayz", "did you mean days?"),
    ("unknown, capitals", "must: 1\nDays: 3", 2, 1, "Days", "did you mean days?"),
    ("unknown, extend", "must: 1\nextend: a", 2, 1, "extend", "did you mean extends?"),
    (
        "unknown inside",
        "must: 1\nshops: {a: {kind: grocer, rnt: 5}}",
        2,
        27,
        "shops.a.rnt",
        "mean shops.a.rent?",
    ),
    ("key of a nested group", "must: 1\nrent: 3", 2, 1, "rent", "did you mean shops.<name>.rent?"),
    (
        "key of the group below",
        "must: 1\nshops: {a: {kind: grocer, amount: 5}}",
        2,
        27,
        "shops.a.amount",
        "did you mean shops.a.pay.amount?",
    ),
    (
        "key of several members",
        "must: 1\nshops: {a: {kind: grocer, policy: fixed}}",
        2,
        27,
        "shops.a.policy",
        "did you mean shops.a.pay.policy?",
    ),
    (
        "key of groups near and far",
        "must: 1\nshops: {a: {kind: grocer, pay: {policy: fixed, name: x}}}",
        2,
        48,
        "shops.a.pay.name",
        "did you mean shops.a.name?",
    ),
    (
        "key of a group above",
        "must: 1\nshops: {a: {kind: grocer, days: 5}}",
        2,
        27,
        "shops.a.days",
        "did you mean days?",
    ),
    ("key of another group", "must: 1\ngrid: {setup: 3}", 2, 8, "grid.setup", "did you mean app.setup?"),
    ("dotted key", "must: 1\ngrid.cell: 3", 2, 1, "grid.cell", "not a key"),
    ("unknown of all", "must: 1\ngrid: {qqqqq: 3}", 2, 8, "grid.qqqqq", "keys here: cell, lines"),
    ("missing", "days: 3", 1, 1, "must", "is missing and has no default"),
    ("missing inside", "must: 1\nshops:\n  a:\n    rent: 3", 3, 3, "shops.a.kind", "What it sells"),
    ("text for int", "must: x", 1, 7, "must", "must be a whole number, found the text 'x'"),
    ("quoted int", "must: '5'", 1, 7, "must", "remove the quotes"),
    ("float for int", "must: 5.5", 1, 7, "must", "must be a whole number, found the number 5.5"),
    ("exponent for int", "must: 1e6", 1, 7, "must", "write 1000000"),
    ("bool for int", "must: true", 1, 7, "must", "must be a whole number, found true"),
    ("nothing for int", "must:", 1, 6, "must", "must be a whole number, found nothing"),
    ("list for int", "must: [1]", 1, 7, "must", "found a list"),
    ("group for int", "must: {a: 1}", 1, 7, "must", "found a group of keys"),
    ("octal", "must: 0o17", 1, 7, "must", "found the text '0o17'"),
    ("time for int", "must: 12:30", 1, 7, "must", "found the text '12:30'"),
    ("text for float", "must: 1\ngrid: {cell: wide}", 2, 14, "grid.cell", "must be a number"),
    ("percent for float", "must: 1\ngrid: {cell: 5%}", 2, 14, "grid.cell", "write 0.05"),
    ("comma in number", "must: 1\ngrid: {cell: '1,000'}", 2, 14, "grid.cell", "write 1000"),
    ("nan as text", "must: 1\ngrid: {cell: nan}", 2, 14, "grid.cell", "found the text 'nan'"),
    ("int for text", "must: 1\nname: 5", 2, 7, "name", "quotes around"),
    ("yes for bool", "must: 1\nshops: {a: {kind: grocer, open: yes}}", 2, 33, "shops.a.open", "write true"),
    ("int for bool", "must: 1\nshops: {a: {kind: grocer, open: 1}}", 2, 33, "shops.a.open", "true or false"),
    ("word", "must: 1\nshops: {a: {kind: grocr}}", 2, 19, "shops.a.kind", "did you mean grocer?"),
    (
        "enumeration",
        "must: 1\nshops: {a: {kind: grocer, roof: flt}}",
        2,
        33,
        "shops.a.roof",
        "'flat' or 'steep'",
    ),
    ("date", "must: 1\nshops: {a: {kind: grocer, since: 2013-13-01}}", 2, 34, "shops.a.since", "YYYY-MM-DD"),
    (
        "number for date",
        "must: 1\nshops: {a: {kind: grocer, since: 20130101}}",
        2,
        34,
        "shops.a.since",
        "YYYY",
    ),
    ("above", "must: 1\ndays: 1_001", 2, 7, "days", "must be at most 1,000, found the number 1001"),
    ("below", "must: 1\ndays: 0", 2, 7, "days", "must be at least 1"),
    ("not above", "must: 1\nshops: {a: {kind: grocer, margin: 0}}", 2, 35, "shops.a.margin", "more than 0"),
    ("not below", "must: 1\nshops: {a: {kind: grocer, margin: 1}}", 2, 35, "shops.a.margin", "less than 1"),
    (
        "text for list",
        "must: 1\nshops: {a: {kind: grocer, tags: x}}",
        2,
        33,
        "shops.a.tags",
        "square brackets",
    ),
    (
        "item of list",
        "must: 1\nshops:\n  a:\n    kind: grocer\n    tags: [x, 5]",
        5,
        15,
        "shops.a.tags.1",
        "text",
    ),
    (
        "long list",
        "must: 1\nshops: {a: {kind: grocer, tags: [a, b, c]}}",
        2,
        33,
        "shops.a.tags",
        "most 2 entries",
    ),
    (
        "short pair",
        "must: 1\nshops: {a: {kind: grocer, place: [1]}}",
        2,
        34,
        "shops.a.place",
        "at least 2 entries",
    ),
    ("long word", "must: 1\nshops: {a: {kind: grocer, name: abcdef}}", 2, 33, "shops.a.name", "5 characters"),
    ("pattern", "must: 1\nshops: {a: {kind: grocer, name: AB}}", 2, 33, "shops.a.name", "of the form"),
    ("list for group", "must: 1\ngrid: [1]", 2, 7, "grid", "must be a group of keys, found a list"),
    ("text for entities", "must: 1\nshops: none", 2, 8, "shops", "group of keys, found the text 'none'"),
    ("entity left empty", "must: 1\nshops:\n  a:", 3, 5, "shops.a", "group of keys, found nothing"),
    ("too many entities", "must: 1\nshops: {a: &x 1}", 2, 12, "shops.a", "extends"),
    (
        "union",
        "must: 1\nshops: {a: {kind: grocer, size: big}}",
        2,
        33,
        "shops.a.size",
        "must be a whole number or 'auto', found the text 'big'",
    ),
    (
        "union of groups",
        "must: 1\neither: {amuont: 3}",
        2,
        10,
        "either.amuont",
        "did you mean either.amount?",
    ),
    ("union, list item", "must: 1\neither: [1, x]", 2, 13, "either.1", "whole number"),
    ("union, neither", "must: 1\neither: 5", 2, 9, "either", "must be a group of keys or a list"),
    (
        "wrong tag",
        "must: 1\nshops: {a: {kind: grocer, pay: {policy: mach}}}",
        2,
        41,
        "shops.a.pay.policy",
        "did you mean match?",
    ),
    (
        "no tag",
        "must: 1\nshops: {a: {kind: grocer, pay: {rival_x: 2}}}",
        2,
        27,
        "shops.a.pay.policy",
        "missing",
    ),
    (
        "key of the other choice",
        "must: 1\nshops: {a: {kind: grocer, pay: {policy: match, amount: 2}}}",
        2,
        48,
        "shops.a.pay.amount",
        "belongs to policy: fixed",
    ),
    (
        "inside a choice",
        "must: 1\nshops: {a: {kind: grocer, pay: {policy: fixed, amount: -2}}}",
        2,
        56,
        "shops.a.pay.amount",
        "at least 0",
    ),
    ("name of a key", "must: 1\nfiles: {c: x}", 2, 9, "files.c", "the name itself must be 'a' or 'b'"),
    (
        "name that is no number",
        "must: 1\nwages: {old: 5}",
        2,
        9,
        "wages.old",
        "the name itself must be a whole",
    ),
    ("check of a group", "must: 1\ngrid: {cell: 2000}", 2, 14, "grid.cell", "too large for the lines"),
    ("extends nothing", "extends: nothing.yaml\nmust: 1", 1, 10, "extends", "No such file"),
    ("extends a folder", "extends: .\nmust: 1", 1, 10, "extends", "regular file"),
    ("extends a number", "extends: 5\nmust: 1", 1, 10, "extends", "name of a file"),
    ("extends null", "extends:\nmust: 1", 1, 9, "extends", "name of a file"),
    ("extends empty", "extends: ['']\nmust: 1", 1, 11, "extends", "name of a file"),
    ("extends a group", "extends: {a: 1}\nmust: 1", 1, 10, "extends", "name of a file"),
    ("extends the web", "extends: https://x.org/a.yaml\nmust: 1", 1, 10, "extends", "on this computer"),
    ("extends itself", "extends: town.yaml\nmust: 1", 1, 10, "extends", "town.yaml -> "),
]


def test_the_table_of_bad_files_is_large_enough():
    assert len(BAD) >= 100
    assert len({name for name, *_ in BAD}) == len(BAD)


@pytest.mark.parametrize(
    ("text", "line", "column", "where", "says"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_a_bad_file_is_refused_with_the_place(tmp_path, text, line, column, where, says):
    found = problems(tmp_path, text)
    hits = [p for p in found if says in str(p)]
    assert hits, [str(p) for p in found]
    (hit,) = hits
    assert (hit.file, hit.line) == (str(tmp_path / "town.yaml"), line)
    assert column is None or hit.column == column
    assert where is None or hit.key == where
    if hit.excerpt is not None:
        assert text.split("\n")[line - 1].replace("\t", " ")[:100] == hit.excerpt[:100]
    # The words are those of somebody who writes files, not of the library that validates them.
    assert not any(word in str(found) for word in ("input", "pydantic", "Input", "union", "extra", "literal"))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n\n# nothing but words\n", "is empty"),
        (b"---\n", "is empty"),
        (b"~\n", "is empty"),
        ("must: 1".encode("utf-16"), "not UTF-8"),
        (b"must: 1\nname: \xe9t\xe9", "not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "not UTF-8"),
        (b"PK\x03\x04 must: 1", "U+0003"),
        (b"#" * 1_000_001, "1 MB"),
    ],
)
def test_what_is_no_text_or_says_nothing_is_refused(tmp_path, raw, says):
    (problem,) = problems(tmp_path, raw)
    assert says in problem.message
    assert problem.file == str(tmp_path / "town.yaml")


def test_a_good_file(tmp_path):
    town = load(
        tmp_path,
        "must: 2_000\nshops:\n  1st: {kind: grocer, since: 2013-01-01, place: [1, 2.5], size: 3, roof: steep,\n"
        "    pay: {policy: match, rival_x: 2}}\nwages: {60: 5}\nfiles: {a: x.csv}\neither: [1]\n",
    )
    shop = town.shops["1st"]
    assert town.must == 2000
    assert shop.since.isoformat() == "2013-01-01"
    assert (shop.place, shop.size, shop.roof, shop.pay) == (
        (1, 2.5),
        3,
        Roof.steep,
        Match(policy="match", rival_x=2),
    )
    assert town.wages == {60: 5.0}


def test_problems_come_in_the_order_of_the_file(tmp_path):
    found = problems(tmp_path, "grid: {cell: x}\nzz: 1\nname: 5\nmust: a\n", "days=x")
    assert [p.line for p in found] == [1, 2, 3, 4, None]


def test_a_block_with_defaults_of_its_own_keeps_those_that_a_file_does_not_give(tmp_path):
    assert load(tmp_path, "must: 1\napp: {monthly: 8}").app == Cost(setup=100, monthly=8)
    assert load(tmp_path, "must: 1", "app.setup=5").app == Cost(setup=5, monthly=7)


# --- extends ---------------------------------------------------------------------------------------------


def test_extends_merges_groups_and_replaces_the_rest(tmp_path):
    base = "must: 1\ndays: 5\nshops:\n  a: {kind: grocer, rent: 2, tags: [x, y]}\n  b: {kind: bakery}\n  c: {kind: grocer}\n"
    town = load(
        tmp_path,
        "extends: base.yaml\ndays: 6\nshops: {a: {tags: [z]}, b: null, d: {kind: bakery}}",
        base=base,
    )
    assert town.days == 6
    assert list(town.shops) == ["a", "c", "d"]
    assert town.shops["a"].rent == 2
    assert town.shops["a"].tags == ["z"]


def test_a_heading_left_empty_drops_nothing_by_accident(tmp_path):
    (problem,) = problems(
        tmp_path, "extends: base.yaml\nshops:\n  # a: {rent: 3}\n", base="must: 1\nshops: {a: {kind: grocer}}"
    )
    assert (problem.line, problem.key) == (2, "shops")
    assert "write null" in problem.hint


@pytest.mark.faults("Empty groups")
@pytest.mark.parametrize("group", ["platforms", "circles", "categories", "cohorts", "landlords", "levers"])
def test_an_empty_group_on_top_of_one_that_is_not_is_refused(tmp_path, group):
    from o2o_sim.scenario.describe import starter_text

    (tmp_path / "low.yaml").write_text(starter_text())
    (tmp_path / "high.yaml").write_text(f"extends: low.yaml\n{group}: {{}}\n")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(tmp_path / "high.yaml")
    (problem,) = caught.value.problems
    assert (problem.key, problem.line) == (group, 2) and "write null" in problem.hint
    with pytest.raises(ScenarioError) as caught:
        load_scenario(tmp_path / "low.yaml", [f"{group}={{}}"])
    assert caught.value.problems[0].file == f"--set {group}={{}}"


def test_the_last_of_several_wins_and_each_counts_once(tmp_path):
    files = {
        "base": "must: 1\nname: base\ndays: 1\ngrid: {cell: 1}",
        "one": "extends: base.yaml\nname: one\ndays: 2",
        "two": "extends: base.yaml\nname: two",
    }
    resolved = None
    town = load(tmp_path, "extends: [one.yaml, two.yaml]\ngrid: {cell: 9}", **files)
    # `two` says nothing about days: what it extends does not undo what `one` says.
    assert (town.name, town.days, town.grid.cell, town.must) == ("two", 2, 9, 1)
    resolved = resolve(tmp_path / "town.yaml")
    assert [file.name for file in resolved.files] == ["base.yaml", "one.yaml", "two.yaml", "town.yaml"]
    assert "extends" not in resolved.data


def test_a_circle_shows_the_whole_way_round(tmp_path):
    (problem,) = problems(
        tmp_path,
        "extends: a.yaml",
        a="extends: b.yaml",
        b="must: 1\nextends: ./../" + tmp_path.name + "/town.yaml",
    )
    assert problem.file == str(tmp_path / "b.yaml")
    assert problem.line == 2
    names = [Path(part).name for part in problem.message.split(": ", 1)[1].split(" -> ")]
    assert names == ["town.yaml", "a.yaml", "b.yaml", "town.yaml"]


def test_a_circle_through_a_link_is_seen(tmp_path):
    (tmp_path / "link.yaml").symlink_to(tmp_path / "town.yaml")
    (problem,) = problems(tmp_path, "extends: link.yaml\nmust: 1")
    assert "circle" in problem.message
    assert problem.message.count(" -> ") == 1


def test_the_way_up_from_a_linked_folder_is_that_of_the_real_one(tmp_path):
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "far" / "base.yaml").write_text("must: 7\n")
    (tmp_path / "far" / "deep" / "a.yaml").write_text("extends: ../base.yaml\n")
    (tmp_path / "near").symlink_to(tmp_path / "far" / "deep")
    assert load(tmp_path, "extends: near/a.yaml").must == 7


def test_chains_and_numbers_of_files_are_limited(tmp_path):
    chain = {f"f{i}": f"extends: f{i + 1}.yaml" for i in range(20)} | {"f20": "must: 1"}
    assert "too many" in problems(tmp_path, "extends: f0.yaml", **chain)[0].message
    assert load(tmp_path, "extends: f6.yaml", **chain).must == 1
    many = {f"g{i}": "must: 1" for i in range(70)}
    text = "extends: [" + ", ".join(f"{name}.yaml" for name in many) + "]"
    assert "too many" in problems(tmp_path, text, **many)[0].message


def test_every_value_knows_its_file_and_the_folder_of_that_file(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "base.yaml").write_text("must: 1\nfiles: {a: a.csv}\nshops: {x: {kind: grocer}}\n")
    town = load(tmp_path, "extends: lib/base.yaml\nfiles: {b: b.csv}\nshops: {x: {rent: 3}}", "name=x")
    origin = town._origin
    assert origin.path == tmp_path / "town.yaml"
    assert origin.folder_of("files.a") == tmp_path / "lib"
    assert origin.folder_of("files.b") == tmp_path
    assert origin.folder_of("shops.x.kind") == tmp_path / "lib"
    assert origin.folder_of("shops.x.rent") == tmp_path
    assert origin.folder_of("shops.x.margin") == tmp_path  # a default belongs to who spoke last of its group
    assert origin.folder_of("name") == Path.cwd()
    problem = origin.problem_at("files.a", "there is no such file", "look again")
    assert str(problem).startswith(f"{tmp_path / 'lib' / 'base.yaml'}:2:12: files.a: there is no such file")
    assert problem.excerpt == "files: {a: a.csv}"
    assert origin.problem_at(("name",), "is odd").file == "--set name=x"


def test_a_fault_in_an_extended_file_is_shown_there(tmp_path):
    found = problems(tmp_path, "extends: base.yaml\ndays: 5000", base="must: x\ngrid: {cel: 3}")
    assert [(Path(p.file).name, p.line, p.key) for p in found] == [
        ("base.yaml", 1, "must"),
        ("base.yaml", 2, "grid.cel"),
        ("town.yaml", 2, "days"),
    ]


def test_a_leftover_of_the_extended_file_comes_with_the_way_to_drop_it(tmp_path):
    base = "must: 1\nshops: {a: {kind: grocer, pay: {policy: fixed, amount: 3}}}"
    (problem,) = problems(tmp_path, "extends: base.yaml\nshops: {a: {pay: {policy: match}}}", base=base)
    assert Path(problem.file).name == "base.yaml"
    assert "belongs to policy: fixed" in problem.hint
    assert "'amount: null'" in problem.hint


# --- overrides -------------------------------------------------------------------------------------------

SHOPS = "must: 1\nshops: {a: {kind: grocer, tags: [x, y]}, St. John: {kind: bakery}}"


@pytest.mark.parametrize(
    ("override", "get", "value"),
    [
        ("days=7", lambda t: t.days, 7),
        (" days =7", lambda t: t.days, 7),
        ("name='5'", lambda t: t.name, "5"),
        ("name=a=b", lambda t: t.name, "a=b"),
        ("name=no", lambda t: t.name, "no"),
        ("shops.a.rent=2.5", lambda t: t.shops["a"].rent, 2.5),
        ("shops.a.tags=[z]", lambda t: t.shops["a"].tags, ["z"]),
        ("shops.a.tags.1=z", lambda t: t.shops["a"].tags, ["x", "z"]),
        ("shops.St. John.rent=2", lambda t: t.shops["St. John"].rent, 2),
        ("shops.a=null", lambda t: list(t.shops), ["St. John"]),
        ("shops.b={kind: bakery}", lambda t: t.shops["b"].kind, "bakery"),
        ("shops.a={rent: 2}", lambda t: (t.shops["a"].rent, t.shops["a"].tags), (2, ["x", "y"])),
        ("grid.cell=5", lambda t: t.grid.cell, 5),
        ("grid.lines.m1=[1, 2]", lambda t: t.grid.lines, {"m1": [1, 2]}),
    ],
)
def test_an_override_changes_one_key(tmp_path, override, get, value):
    assert get(load(tmp_path, SHOPS, override)) == value


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("days", "key.path=value"),
        ("=5", "key.path=value"),
        ("a..b=5", "key.path=value"),
        ("days=", "has no value"),
        ("days=# 5", "is empty"),
        ("days=x", "whole number"),
        ("days=5000", "at most 1,000"),
        ("dayz=5", "did you mean days?"),
        ("rent=5", "did you mean shops.<name>.rent?"),
        ("shops.a.rnt=5", "did you mean shops.a.rent?"),
        ("shops.aa.rent=5", "did you mean shops.a.rent?"),
        ("shops.a.tags.2=x", "list of 2"),
        ("shops.a.tags.x=x", "list of 2"),
        ("days.x=5", "found a group of keys"),
        ("name=a: b", "one value"),
        ("name=[a", "not closed"),
        ("name=*a", "extends"),
        ("name=!x a", "'!...'"),
        ("grid.cell=.nan", "'.nan'"),
        ("must=99999999999999999999", "too large"),
        ("name=\udc80", "U+DC80"),
        ("na\x1bme=5", "cannot be printed"),
        ("name=a\x1b[31m", "U+001B"),
        ("extends=x.yaml", "only be said in a file"),
        ("shops.a.pay={policy: x}", "'fixed', 'match'"),
    ],
)
def test_a_bad_override_is_shown_as_it_was_typed(tmp_path, override, says):
    (problem,) = problems(tmp_path, SHOPS, override)
    assert says in str(problem)
    assert problem.file.startswith("--set ")
    assert problem.file.isprintable()
    assert problem.line is None


def test_later_overrides_win(tmp_path):
    assert load(tmp_path, SHOPS, "days=3", "days=4").days == 4
    assert load(tmp_path, SHOPS, "shops.b={kind: grocer}", "shops.b.rent=3").shops["b"].rent == 3


# --- the whole -------------------------------------------------------------------------------------------


def test_the_hash_is_of_what_is_said_not_of_how(tmp_path):
    (tmp_path / "sub").mkdir()
    one = load(
        tmp_path,
        "must: 1\ndays: 5\nshops: {b: {kind: bakery}, a: {kind: grocer, rent: 2}}",
        "grid.cell=250.0",
    )
    text = "# words\nextends: b.yaml\nshops: {a: {rent: 2.0, kind: grocer}, b: {kind: bakery}}"
    two = load(tmp_path / "sub", text, b="days: 5\nmust: 1")
    other = load(tmp_path, "must: 1\ndays: 5\nshops: {b: {kind: bakery}, a: {kind: grocer, rent: 3}}")
    assert content_hash(one) == content_hash(two)
    assert content_hash(one) != content_hash(other)
    assert len(content_hash(one)) == 64
    assert one == two  # where a scenario came from is not part of what it says


def test_plain_data_makes_the_same_scenario_again(tmp_path):
    town = load(tmp_path, SHOPS, "shops.a.since=2013-05-01")
    plain = to_plain(town)
    assert plain["shops"]["a"]["since"] == "2013-05-01"
    path = tmp_path / "again.yaml"
    path.write_text(json.dumps(plain))
    assert content_hash(load_scenario(path, model=Town)) == content_hash(town)


def test_a_scenario_travels_to_another_process(tmp_path):
    town = pickle.loads(pickle.dumps(load(tmp_path, SHOPS)))
    assert town._origin.problem_at("must", "is odd").line == 1


def test_the_starter_loads_and_nested_keys_are_found(tmp_path):
    path = tmp_path / "city.yaml"
    path.write_text(starter_text())
    spec = load_scenario(path)
    assert isinstance(spec, Spec)
    assert spec._origin.folder_of("platforms") == tmp_path
    path.write_text(starter_text() + "per_order_yuan: 3\n")
    with pytest.raises(ScenarioError, match=r"platforms\.<name>\.subsidy\.per_order_yuan"):
        load_scenario(path)
    path.write_text("extends: missing.yaml\n")
    with pytest.raises(ScenarioError, match=r"1:10: extends: .*missing\.yaml' cannot be read"):
        load_scenario(path)


def test_nothing_is_changed_by_hand_after_loading(tmp_path):
    town = load(tmp_path, SHOPS)
    with pytest.raises(ValidationError):
        town.days = 5
    assert os.path.exists(town._origin.path)
