"""The documentation as a site: what is made from the code is complete, links lead somewhere, and it builds."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from itertools import pairwise

import pytest
import typer
from documents import DOCUMENTS, ROOT, prose

from o2o_sim.cli import app
from o2o_sim.scenario.schema import Spec
from o2o_sim.scenario.shape import ITEM, NAME, known_paths

sys.path.insert(0, str(ROOT / "docs"))

from website import commands, keys, outside

WORDS = {NAME: "NAME", ITEM: "N"}


def test_every_key_has_a_row_in_the_section_of_its_place():
    pages = {uri.rpartition("/")[2].removesuffix(".md"): text for uri, text in keys.pages().items()}
    for known in known_paths(Spec):
        *place, name = known.path
        page = keys.index() if not place else pages[place[0]]
        place = ".".join(WORDS.get(part, part) for part in place)
        sections = re.split(r"^##? ", page, flags=re.MULTILINE)
        mine = sections if not place else [s for s in sections if re.split(r"[ \n]", s)[0] == place]
        assert any(f"| `{name}` |" in s or f"| [`{name}`]" in s for s in mine), known.path


def test_a_row_of_a_key_says_meaning_default_unit_and_bounds():
    row = next(r for r in keys.pages()["reference/keys/levers.md"].splitlines() if "`rent_x`" in r)
    assert [c.strip() for c in row.strip("|").split("|")] == [
        *("`rent_x`", "Factor on every rent. *Adjustable while a city runs.*"),
        *("1", "x", "number ≥ 0, ≤ 100"),
    ]


def test_every_command_and_option_is_in_the_reference():
    reference = commands.reference()
    sections = dict(re.findall(r"^## ([\w-]+)\n(.*?)(?=^## |\Z)", reference, re.MULTILINE | re.DOTALL))
    found = typer.main.get_command(app).commands
    assert list(sections) == list(found)
    for name, command in found.items():
        options = [o for p in command.params for o in p.opts if o.startswith("-")]
        assert [o for o in options if o not in sections[name]] == []


@pytest.mark.parametrize(
    ("link", "becomes"),
    [
        ("[a](../../o2o_sim/model.py)", "[a](../files/o2o_sim/model.py.md)"),
        ("[a](../make_odd.py)", "[a](../files/docs/make_odd.py.md)"),
        ("[a](../../CHANGELOG.md#added)", "[a](../changelog.md#added)"),
        ("[a](../claims.md)", "[a](../claims.md)"),
        ("[a](../../scenarios)", "a"),
        ("[a](https://example.org/b.py)", "[a](https://example.org/b.py)"),
        ("[a](#below)", "[a](#below)"),
        ("`[a](../../o2o_sim/model.py)`", "`[a](../../o2o_sim/model.py)`"),
        ("![a](../pictures/live.png)", "![a](../pictures/live.png)"),
    ],
)
def test_a_link_leads_to_the_page_that_the_site_has(link, becomes):
    assert outside.with_links(link, "docs/systems/people.md", "systems/people.md") == becomes


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.relative_to(ROOT).as_posix())
def test_a_blank_line_comes_before_a_list_or_table(document):
    """GitHub does without; the site would show one paragraph."""
    lines = prose(document).splitlines()
    begins = re.compile(r"(- |1\. |\|)")
    for before, line in pairwise(lines):
        inside = not before.strip() or re.match(r"(- |\d+\. |\||\s|#|<)", before)
        assert inside or not begins.match(line), f"{before!r}, {line!r}"


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="the extra 'docs' is not installed")
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > len(DOCUMENTS)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|iframe)[^>]* src=\"?(\S+?)[\"> ]", text)
        loaded += re.findall(
            r"<link[^>]* rel=\"?(?:stylesheet|preconnect)\"?[^>]* href=\"?(\S+?)[\"> ]", text
        )
        assert loaded
        assert not [address for address in loaded if re.match(r"(https?:)?//", address)], page
