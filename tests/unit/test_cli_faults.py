"""Commands that are handed things which they cannot use: each ends with exit code 2, says what is wrong and where
in words, and leaves nothing behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from o2o_sim import cli

PORT = """\
name: A port town
days: 21
seed: 7
population: 300
residents: 30_000
city:
  width_km: 5
  height_km: 4
  centres:
    harbour: {x_km: 1, y_km: 2, spread_km: 1}
    hill: {x_km: 4, y_km: 3, spread_km: 1}
categories:
  fish: {every_days: 3, ticket_yuan: 45, gross_margin: 0.25, outside_option: -3}
cohorts:
  all: {share: 1, smartphone_start: 0.5, pays_by_phone_start: 0, literacy: 0.5}
stores:
  formats:
    stall: {demand_share: {fish: 1}, area_m2: 30, sales_per_m2_year_yuan: 30000, in_circles: 0.5}
circles:
  quay: {x_km: 1.2, y_km: 2, units: 30, rent_yuan_m2_month: 90}
"""
STUDY = "base: port.yaml\nfactors:\n  levers.rent_x: [1, 2]\n"


def make_things(at: Path) -> None:
    """What strangers hand to commands, in a folder."""
    texts = {
        "port.yaml": PORT, "study.yaml": STUDY, "claim.yaml": "claim: x\n", "empty.yaml": "", "comments.yaml": "# a\n\n",
        "table.csv": "name,x,y\na,1,2\n", "list.yaml": "- a\n- b\n", "text.yaml": "hello\n", "number.yaml": "17\n",
        "page.html": "<html><body>x</body></html>\n", "twice.yaml": '{"days": 3, "days": 4}', "self.yaml": "extends: self.yaml\n",
        "deep.yaml": "a: " + "[" * 3000, "huge.yaml": "a: 1\n" + "#" * 1_100_000, "line\nend.yaml": "days: -1\n",
        "escape\x1b[31m.yaml": "days: -1\n", "-dash.yaml": "days: -1\n",
    }  # fmt: skip
    for name, text in texts.items():
        (at / name).write_text(text, encoding="utf-8")
    (at / "bytes.yaml").write_bytes(bytes(range(256)) * 40)
    (at / "utf16.yaml").write_bytes(PORT.encode("utf-16"))
    (at / "gbk.yaml").write_bytes("name: 福州\n".encode("gbk"))
    (at / "book.xlsx").write_bytes(b"PK\x03\x04" + bytes(300))
    for folder in ("folder", "folder.yaml", "run", "half_run"):
        (at / folder).mkdir()
    (at / "run/manifest.json").write_text("{}")
    (at / "half_run/manifest.json").write_text('{"format": 1')
    if hasattr(os, "mkfifo"):
        os.mkfifo(at / "pipe.yaml")
    os.symlink("loop.yaml", at / "loop.yaml")
    os.symlink("gone.yaml", at / "dangling.yaml")


THINGS = [
    "missing.yaml", "missing", "empty.yaml", "comments.yaml", "bytes.yaml", "utf16.yaml", "gbk.yaml", "table.csv", "list.yaml",
    "text.yaml", "number.yaml", "page.html", "book.xlsx", "folder", "folder.yaml", ".", "/", "pipe.yaml", "/dev/null", "/dev/zero",
    "loop.yaml", "dangling.yaml", "huge.yaml", "self.yaml", "deep.yaml", "twice.yaml", "line\nend.yaml", "escape\x1b[31m.yaml", "-dash.yaml",
    "", "-", "x" * 5000, "a\0b", "port.yaml/x", "~", "*.yaml", "http://localhost/a.yaml", "run", "half_run", "claim.yaml", "\udcff.yaml", "上海.yaml",
]  # fmt: skip


class Ended(NamedTuple):
    code: object
    said: str
    made: list[str]


@pytest.fixture(scope="module")
def things(tmp_path_factory):
    folder = tmp_path_factory.mktemp("things")
    make_things(folder)
    return folder


@pytest.fixture
def call(things, monkeypatch, capsys) -> Callable[..., Ended]:
    """Carry out a command in the folder of things: its exit code, what it said, and what lies there since."""
    monkeypatch.chdir(things)
    monkeypatch.setattr("o2o_sim.show.server.serve", lambda *_: None)  # it would go on for ever

    def call(*arguments: str) -> Ended:
        before = {str(path) for path in things.rglob("*")}
        monkeypatch.setattr(sys, "argv", ["o2o-sim", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Ended(ended.value.code, out + err, sorted({str(path) for path in things.rglob("*")} - before))

    return call


def is_refused(ended: Ended) -> None:
    assert (ended.code, ended.made) == (2, [])
    assert len(ended.said) > 15
    assert "Traceback" not in ended.said and "fault of o2o-sim" not in ended.said
    assert not any(character in ended.said for character in "\x1b\x07\x00\r")


@pytest.mark.faults("Commands")
@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: ascii(thing)[:30])
@pytest.mark.parametrize(
    "command",
    ["check X", "run X", "run --from X", "schema X", "compare port.yaml X", "explain X port.yaml", "sweep X", "find X", "sensitivity X",
     "replicate X", "report X", "report run X", "serve X --no-open", "serve --replay X --no-open", "serve --lessons X --no-open", "why X a",
     "claims --claims X", "new made.yaml --from X"],
)  # fmt: skip
def test_things_that_are_not_what_a_command_needs(call, command, thing):
    is_refused(call(*(thing if word == "X" else word for word in command.split())))


# -- options and overrides ----------------------------------------------------------------------------------
NUMBERS = ["-1", "abc", "1.5", "", "1e3", "0x10", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 40, "--"]
OPTIONS = [
    *(["run", "port.yaml", option, number] for option in ("--seed", "--days", "--threads") for number in NUMBERS),
    *(["compare", "port.yaml", "town", option, number] for option in ("--replicates", "--workers", "--most") for number in NUMBERS[:6]),
    *(["compare", "port.yaml", "town", "--shard", part]
      for part in ("", "0/0", "3/2", "0/2", "-1/2", "a/b", "1", "1/", "/2", "1/2/3", "1.5/2", "\u00b2/3", "9" * 30 + "/2")),
    *(["compare", "port.yaml", "town", "--cluster", address] for address in ("", "nonsense", "ftp://x", "tcp://", "tcp://x", "tcp://a b:1")),
    *(["compare", "port.yaml", "town", "--until-width", width]
      for width in ("", "x", "=", "nothing=1", "share_survived=0", "share_survived=-1", "share_survived=nan", "share_survived=inf")),
    *(["run", "port.yaml", "--checkpoint", where]
      for where in ("0", "", "-5", "1.5", "1e3", "folder", "/dev/full", "nowhere/x.o2os", "port.yaml")),
    *(["run", "port.yaml", "--out", where] for where in ("port.yaml", "", "/dev/null", "port.yaml/x", "/proc/x", ".", "/", "x" * 300, "a\0b")),
    *(["sweep", "study.yaml", "--out", where] for where in ("port.yaml", "", "/dev/null", "port.yaml/x", "/proc/x", ".", "x" * 300)),
    *(["explain", "port.yaml", "town", *said.split(" ")]
      for said in ("--by colour", "--join ", "--join a", "--join a,b", "--metric no", "--metric ", "x")),
    *(["serve", "--no-open", *said]
      for said in (["--port", "0"], ["--port", "70000"], ["--port", "x"], ["--host", "nowhere.invalid"], ["--host", ""], ["--host", "256.1.1.1"],
                   ["--host", "a b"], ["--host", "x" * 300], ["--sessions", "0"], ["--max-days", "0"], ["port.yaml", "--max-days", "1"],
                   ["port.yaml", "--max-consumers", "1"], ["--set", "days=3"], ["port.yaml", "--replay", "run"],
                   ["--broadcast", "--replay", "run"])),
    *(["new", *said] for said in ([], ["a", "b"], ["port.yaml"], ["folder"], [""], ["nowhere/x.yaml"], ["/proc/x.yaml"], ["x" * 300], ["a\0b"],
                                  ["x.yaml", "--from", "../base"], ["x.yaml", "--from", "base.yaml"])),
    *(["claims", *said] for said in (["C99"], ["nonsense"], [""], ["C01", "--replicates", "0"], ["C01", "--claims", "folder"])),
    *(said.split() for said in (
        "run", "run port.yaml port.yaml", "run port.yaml --from x.o2os", "run port.yaml --engine gpu", "run port.yaml --checkpoint a --checkpoint b",
        "check", "check port.yaml --zz", "check port.yaml missing.yaml", "compare port.yaml", "compare port.yaml port.yaml", "explain port.yaml",
        "explain port.yaml port.yaml", "find study.yaml", "replicate port.yaml --replicates 0", "report", "report run -o folder", "why run",
        "schema port.yaml port.yaml", "scenarios x", "chek port.yaml", "--nonsense")),
]  # fmt: skip


@pytest.mark.faults("Commands")
@pytest.mark.parametrize("arguments", OPTIONS, ids=lambda arguments: ascii(" ".join(arguments))[1:50])
def test_options_that_cannot_be(call, arguments):
    is_refused(call(*arguments))


OVERRIDES = [
    "", "=", "a", "a=", "=1", "a.=1", ".a=1", "a..b=1", "days", "days=", "days=x", "days=-1", "days=0", "days=[]", "days={}", "days=1 2",
    "days=nan", "days=1e999", "days=1.5", "days=true", "days=" + "9" * 5000, "extends=base", "x.y.z=1", "levers.rent_x=*a", "levers.rent_x=&a 1",
    "levers.rent_x=!!int 1", "levers={rent_x: 1, rent_x: 2}", "levers.rent_x=.inf", "levers.rent_x=1\n2", "categories=null", "start=2013-02-30",
    "start=9999-12-31", "start=0000-00-00", "start=31.12.2013", "seed=-1", "seed=1e3", "population=0", "population=40000", "circles.no.units=3",
    "circles.quay=7", "circles.quay.x_km=-5", "circles.quay.x_km=1e30", "circles.quay.opens=2013-13-01", "circles.quay.units=-1",
    "stores.formats.stall.demand_share.fish=2", "stores.formats.stall.demand_share.meat=1", "stores.formats.stall.area_m2=0",
    "stores.policy=no.Such", "stores.policy=", "stores.named.x={}", "plugins=[nothing.py]", "plugins=[../x.py]", "plugins=../x",
    "phases=[{run: a.b}]", "da\0ys=1", "da\x1bys=1", "name=\x1b[31m", "a" * 20000 + "=1", "x=" + "[" * 500, "cohorts.all.share=0.9",
    "city={import: {zones: nowhere.csv}}", "city.cell_m=0", "city.cell_m=-250", "categories.fish.every_days=0", "landlords=3",
    "modes.app.available=perhaps", "categories.fish.gross_margin=5",
]  # fmt: skip


@pytest.mark.faults("Overrides")
@pytest.mark.parametrize("override", OVERRIDES, ids=lambda override: ascii(override)[1:50])
@pytest.mark.parametrize("command", ["check", "run", "replicate"])
def test_overrides_that_cannot_be(call, command, override):
    ended = call(command, "port.yaml", "--set", override)
    is_refused(ended)
    assert "--set" in ended.said or "port.yaml" in ended.said
