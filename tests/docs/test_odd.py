"""docs/ODD.md is what the code and the prose beside it make, and nothing of the model is missing from it."""

from __future__ import annotations

import ast
import json
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

from o2o_sim.extend import KINDS, VALUES
from o2o_sim.model import DAY
from o2o_sim.modes import BUILT_IN
from o2o_sim.systems import SYSTEMS

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

make_odd = import_module("make_odd")
described, draws, parameters, schedule, source = (
    import_module(f"odd.{name}") for name in ("described", "draws", "parameters", "schedule", "source")
)

PAGE = (ROOT / "docs/ODD.md").read_text(encoding="utf-8")


def cells(heading: str, level: str = "####") -> list[str]:
    """The first cells of the table below a heading."""
    page = PAGE.partition("\n## 8. ")[2] if level == "####" else PAGE
    part = page.partition(f"\n{level} {heading}\n")[2]
    part = re.split(r"^#+ ", part, maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^\| `([^`]+)`", part, re.MULTILINE)


def test_the_page_is_current():
    assert make_odd.page() == PAGE, "stale: run `make odd`"


def test_it_has_the_seven_elements():
    found = re.findall(r"^## (\d)\. (.+)$", PAGE, re.MULTILINE)
    assert [int(k) for k, _ in found] == list(range(1, 9))
    assert [name.split(",")[0].split()[0] for _, name in found[:7]] == [
        "Purpose", "Entities", "Process", "Design", "Initialization", "Input", "Submodels",
    ]  # fmt: skip


def test_it_has_all_eleven_design_concepts():
    part = PAGE.partition("## 4. Design concepts")[2].partition("## 5. ")[0]
    assert re.findall(r"^\*\*([A-Z][a-z ]+)\.\*\*", part, re.MULTILINE) == [
        "Basic principles",
        "Emergence",
        "Adaptation",
        "Objectives",
        "Learning",
        "Prediction",
        "Sensing",
        "Interaction",
        "Stochasticity",
        "Collectives",
        "Observation",
    ]


def test_every_key_of_the_schema_is_in_a_table():
    told = set()
    for group in parameters.groups():
        for key in cells(group.owner.__name__ if any(group.places) else "Spec: the top level"):
            told |= {".".join((*place, key)) for place in group.places}
    assert told == set(parameters.paths())


def test_every_process_that_draws_is_in_the_register():
    register = PAGE.partition("**Stochasticity.**")[2].partition("**Collectives.**")[0]
    told = re.findall(r"^\| `([^`]+)`", register, re.MULTILINE)
    assert sorted(told) == sorted({d.process for d in draws.draws()})
    assert {"taste", "learn", "turn to decide", "home"} <= set(told)


@pytest.mark.parametrize("name", [n for n, _ in DAY])
def test_every_phase_is_there(name):
    assert re.search(rf"^\| \d \| `{name}` \| .", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", [s.__name__ for s in SYSTEMS])
def test_every_system_is_there_with_its_switch_and_its_code(name):
    assert re.search(rf"^\| \d+ \| `{name}` \| `[a-z]", PAGE, re.MULTILINE)
    template = make_odd.template()
    assert f"<!-- odd: system {name} -->" in template
    assert name in {n for _, n in described.described(template)}, f"no formulas say that they describe {name}"


@pytest.mark.parametrize("name", [*(name for kind in KINDS.values() for name in kind.built_in), *VALUES])
def test_every_policy_is_there(name):
    part = PAGE.partition("Rules that a scenario can name:")[2]
    assert re.search(rf"^\| `{name}` \| `\w[\w.]*` \| .", part, re.MULTILINE)


@pytest.mark.parametrize("name", [mode.name for mode in BUILT_IN])
def test_every_mode_is_there(name):
    assert name in cells("Ways of integrating", "###")


def test_every_channel_is_there():
    assert cells("Channels", "###") == schedule.channel_names()
    assert {"walk-in", "parcel", "without", "coupon", "till display"} <= set(schedule.channel_names())


def test_every_state_that_is_told_belongs_to_a_system_of_the_page():
    assert set(re.findall(r"^State of `(\w+)`", PAGE, re.MULTILINE)) == set(source.words()["state"])


def test_a_state_without_words_is_refused(monkeypatch):
    words = source.words()
    monkeypatch.setitem(words["state"], "Seasons", {"usual_days": "days"})
    with pytest.raises(source.Stale, match="Seasons holds usual_days, demand_x"):
        schedule.system("Seasons")


@pytest.mark.parametrize(
    "name", ["outcomes.csv", "daily.parquet", "stores_monthly.parquet", "events.parquet"]
)
def test_the_columns_of_every_table_are_there(name):
    part = PAGE.partition(f"*{name}*. ")[2].partition("\n\n*")[0]
    assert len(re.findall(r"^\| `", part, re.MULTILINE)) > 4


# What is not behaviour: base classes, records that are handed on, counting for the page of a run.
PLUMBING = {
    "policies/decisions.py": {"Decision", "StorePolicy"},
    "policies/entry.py": {"EntryPolicy"},
    "policies/rent.py": {"RentPolicy"},
    "policies/subsidy.py": {"SubsidyPolicy"},
    "review.py": {"review"},  # stands in the page as it is
    "phases.py": {"world", "record"},
    "setup.py": {"habits", "_check_partners"},  # the latter refuses scenarios and decides nothing
}


def test_whatever_decides_is_described_by_some_formula():
    told = set(described.described(make_odd.template()))
    missing = []
    for file in source.files():
        if file not in ("review.py", "phases.py", "setup.py") and not file.startswith("policies/"):
            continue
        for node in source.tree_of(file).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name not in PLUMBING.get(file, ()):
                missing += [f"{file} {node.name}"] if (file, node.name) not in told else []
    assert missing == []


# -- what stops the page from being made ---------------------------------------------------------------------
STREAMS = "from o2o_sim.streams import uniforms\n"


def test_a_draw_without_a_literal_name_is_refused():
    with pytest.raises(source.Stale, match="holds no literal text"):
        draws.draws(STREAMS + "def f(seed, names):\n    return uniforms(seed, names[0], 0, [1])\n")


def test_a_name_that_nobody_gives_is_refused():
    with pytest.raises(source.Stale, match="nobody gives it"):
        draws.draws(STREAMS + "def f(seed, process):\n    return uniforms(seed, process, 0, [1])\n")


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("uniforms(1, 'rain', 0, [1])", "rain"),
        ("uniforms(1, f'rain in {1 + 1}', 0, [1])", "rain in NAME"),
        ("uniforms(1, 'rain in ' + str(2), 0, [1])", "rain in NAME"),
        ("uniforms(seed=1, process='rain', day=0, who=[1])", "rain"),
    ],
)
def test_a_draw_is_found_by_its_name(code, name):
    assert name in {d.process for d in draws.draws(STREAMS + f"x = {code}\n")}


def test_a_name_that_is_handed_on_is_found_where_it_is_given():
    code = STREAMS + "def f(seed, what):\n    return uniforms(seed, what, 0, [1])\nx = f(1, 'rain')\n"
    assert "rain" in {d.process for d in draws.draws(code)}


def test_words_must_fit_the_names_of_the_code():
    have = list(source.words()["outcomes"])
    assert list(source.said("outcomes", have)) == have
    with pytest.raises(source.Stale, match="says nothing of burnt down"):
        source.said("outcomes", [*have, "burnt down"])
    with pytest.raises(source.Stale, match="the code has no more"):
        source.said("outcomes", have[1:])


def test_a_formula_whose_code_has_changed_stops_the_page(tmp_path, monkeypatch):
    read = json.loads(described.READ.read_text(encoding="utf-8"))
    read["review.py spread"] = "another digest"
    monkeypatch.setattr(described, "READ", tmp_path / "read.json")
    described.READ.write_text(json.dumps(read), encoding="utf-8")
    with pytest.raises(source.Stale, match=r"review\.py spread"):
        make_odd.page()


def test_a_formula_of_code_that_is_gone_is_refused():
    with pytest.raises(source.Stale, match="has no gone"):
        described.digests("<!-- code: review.py gone -->")


CODE = 'def f(x):\n    """Says."""\n    return g(x, 1)\n'


@pytest.mark.parametrize(
    "same",
    [
        CODE.replace("Says.", "Says it otherwise."),
        CODE.replace("g(x, 1)", "g(x, 1)  # why"),
        CODE.replace("g(x, 1)", "g(\n        x,\n        1,\n    )"),
        "    " + CODE.replace("\n", "\n    ").rstrip() + "\n",
    ],
)
def test_words_and_form_of_code_do_not_count(same):
    assert source.fingerprint(same) == source.fingerprint(CODE)


@pytest.mark.parametrize(
    "other", [CODE.replace("1", "2"), CODE.replace("g(x", "g(-x"), CODE.replace("x", "y")]
)
def test_what_code_does_counts(other):
    assert source.fingerprint(other) != source.fingerprint(CODE)
