"""Lessons: what a file becomes, and what a teacher is told who made a mistake."""

import json
import re
from pathlib import Path

import pytest

from o2o_sim.errors import ScenarioError
from o2o_sim.scenario.load import load_scenario
from o2o_sim.show.lessons import SHIPPED, Explain, Predict, Run, load_lesson, load_lessons

SCENARIOS = Path(__file__).parents[3] / "scenarios"

GOOD = """\
title: Rents
minutes: 10
question: Who closes?
steps:
  - kind: predict
    text: |
      First
      paragraph.

      Second.
    ask: How many?
    options: [few, many]
  - kind: run
    text: Look.
    scenario: classroom
    levers: {levers.rent_x: 2}
    versus: {levers: {levers.rent_x: 1}}
    until: 2013-12-31
    watch: [outcomes]
    select: {kind: circle, name: High Street}
  - kind: explain
    text: Because.
    answer: many
  - kind: try
    text: Now you.
    levers: [levers.rent_x]
"""


def load(name):
    path = SCENARIOS / f"{name}.yaml"
    if not path.is_file():
        raise ScenarioError(f"there is no scenario {name!r}")
    return load_scenario(path)


def written(folder, text, name="rents.yaml"):
    (folder / name).write_text(text)
    return folder / name


def at(text):
    """The line of the good lesson that first holds a text."""
    return next(k for k, line in enumerate(GOOD.splitlines(), 1) if text in line)


def problem(folder, old, new, load=None):
    """What is said of the good lesson with one thing changed."""
    assert GOOD.count(old) == 1
    written(folder, GOOD.replace(old, new))
    with pytest.raises(ScenarioError) as fault:
        load_lessons([folder], load)
    assert len(fault.value.problems) == 1
    return fault.value.problems[0]


def test_a_lesson_becomes_plain_data(tmp_path):
    written(tmp_path, GOOD)
    [lesson] = load_lessons([tmp_path], load)
    plain = lesson.as_json()
    assert json.loads(json.dumps(plain)) == plain
    assert (plain["id"], plain["minutes"], len(plain["steps"])) == ("rents", 10, 4)
    predict, run, explain, _ = plain["steps"]
    assert predict["text"] == "First\nparagraph.\n\nSecond.\n"
    assert run["until"] == "2013-12-31" and run["seed"] == 1
    assert run["versus"] == {"scenario": "", "levers": {"levers.rent_x": 1.0}, "since": None}
    assert lesson.as_json(load)["names"] == {"classroom": "Classroom town", "levers.rent_x": "Rents"}
    assert run["select"] == {"kind": "circle", "name": "High Street"}
    assert explain["answer"] == ["many"]


def test_what_is_misspelt_is_shown_where_it_stands(tmp_path):
    said = problem(tmp_path, "watch: [outcomes]", "wotch: [outcomes]")
    assert (said.line, said.key, said.hint) == (at("watch"), "steps.1.wotch", "did you mean steps.1.watch?")
    said = problem(tmp_path, "watch: [outcomes]", "watch: [outcome]")
    assert said.line == at("watch") and "did you mean outcomes?" in said.hint
    said = problem(tmp_path, "kind: explain", "kind: explane")
    assert said.line == at("kind: explain") and "explain" in said.hint
    said = problem(tmp_path, "minutes: 10", "minutes: ten")
    assert said.line == at("minutes") and "whole number" in said.message
    said = problem(tmp_path, "until: 2013-12-31", "until: 31.12.2013")
    assert said.line == at("until") and "YYYY-MM-DD" in said.message


def test_an_answer_must_have_been_asked_for(tmp_path):
    said = problem(tmp_path, "answer: many", "answer: many more")
    assert (said.line, said.key) == (at("answer"), "steps.2.answer") and "'many'" in said.hint
    said = problem(tmp_path, "answer: many", "answer: [few, all of them]")
    assert said.key == "steps.2.answer.1"
    said = problem(tmp_path, "options: [few, many]", "options: [many, many]")
    assert "the same" in said.message


@pytest.mark.faults("The day that is shown")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("text: Because.", "text: '{cash of bazaar}'", "no figure of a run"),
        ("text: Because.", "text: '{cash of bazaar on 2013-05}'", "no figure of a run"),
        ("text: Because.", "text: '{profit of shop in 2013-05-01}'", "no figure of a run"),
        ("text: Because.", "text: '{rent of High Street in 2013-13}'", "no figure of a run"),
        ("text: Because.", "text: 'A brace { alone'", "no figure of a run"),
        ("text: Because.", "text: '{cash of bazaar on 2014-01-01}'", "the run ends on 2013-12-31"),
        ("text: Because.", "text: '{cash of bazar on 2013-05-01}'", "there is no platform 'bazar'"),
        ("text: Because.", "text: '{rent of Low Street in 2013-05}'", "there is no circle 'Low Street'"),
        ("ask: How many?\n", "ask: How many?\n", ""),
        ("      First\n", "      {cash of bazaar on 2013-05-01}\n", "no run comes before it"),
        ("levers.rent_x: 1}}", "levers.rent_x: 1}, since: 2014-05-01}", "after the last day that is played"),
    ],
)
def test_a_figure_in_a_text_is_one_that_can_be_read_off_the_run_before_it(tmp_path, old, new, said):
    if said:
        assert said in problem(tmp_path, old, new, load).message
    else:
        written(tmp_path, GOOD.replace("Because.", "'{cash of bazaar on 2013-05-01 in B}'"))
        assert load_lessons([tmp_path], load)


@pytest.mark.faults("The day that is shown")
def test_shipped_lessons_type_no_sums_of_money_after_a_run():
    for path in sorted(SHIPPED.glob("*.yaml")):
        for step in load_lesson(path).steps:
            if isinstance(step, Explain):
                typed = re.findall(r"\d[\d,.]*\s+(?:million\s+)?yuan", step.text)
                assert not typed, (path.stem, typed)


def test_scenarios_levers_dates_and_names_are_checked_against_the_city(tmp_path):
    said = problem(tmp_path, "scenario: classroom", "scenario: clasroom", load)
    assert (said.line, said.key) == (at("scenario"), "steps.1.scenario") and "clasroom" in said.message
    said = problem(tmp_path, "levers: {levers.rent_x: 2}", "levers: {levers.rents_x: 2}", load)
    assert said.line == at("levers: {levers") and said.hint == "did you mean levers.rent_x?"
    said = problem(tmp_path, "{levers.rent_x: 1}", "{levers.rent_x: 1000}", load)
    assert (said.line, said.key) == (at("versus"), "steps.1.versus.levers.levers.rent_x")
    said = problem(tmp_path, "until: 2013-12-31", "until: 2014-01-01", load)
    assert said.line == at("until") and "2013-01-01 to 2013-12-31" in said.message
    said = problem(tmp_path, "name: High Street", "name: Hihg Street", load)
    assert said.hint == "did you mean High Street?"
    said = problem(tmp_path, "[levers.rent_x]", "[levers.rnt_x]", load)
    assert (said.line, said.key) == (at("levers: ["), "steps.3.levers.0")


def test_without_a_city_only_the_file_itself_is_checked(tmp_path):
    written(tmp_path, GOOD.replace("scenario: classroom", "scenario: nowhere"))
    assert load_lessons([tmp_path])[0].steps[1].scenario == "nowhere"


def test_all_problems_of_all_files_are_told_at_once(tmp_path):
    written(tmp_path, "title: A\n", "a.yaml")
    written(tmp_path, GOOD.replace("minutes: 10", "minutes: 0"), "b.yaml")
    with pytest.raises(ScenarioError) as fault:
        load_lessons([tmp_path])
    assert {Path(p.file).name for p in fault.value.problems} == {"a.yaml", "b.yaml"}
    with pytest.raises(ScenarioError, match="no folder of lessons"):
        load_lessons([tmp_path / "none"])


def test_a_lesson_of_ones_own_stands_for_the_shipped_one_of_its_name(tmp_path):
    written(tmp_path, GOOD, "rent_squeeze.yaml")
    lessons = {lesson.id: lesson for lesson in load_lessons([tmp_path, SHIPPED])}
    assert lessons["rent_squeeze"].title == "Rents" and len(lessons) >= 6


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_lessons_predict_run_and_explain(path):
    lesson = load_lesson(path)
    kinds = [step.kind for step in lesson.steps]
    assert kinds[0] == "predict" and "run" in kinds and kinds[-2:] == ["explain", "try"]
    asked = [step for step in lesson.steps if isinstance(step, Predict)]
    answered = [answer for step in lesson.steps if isinstance(step, Explain) for answer in step.answers]
    assert len(answered) == len(asked), "every question is answered"
    assert any("seed" in step.text for step in lesson.steps if isinstance(step, Explain)), (
        "one seed is one town"
    )
    assert all(step.seed == 1 for step in lesson.steps if isinstance(step, Run))


def test_shipped_lessons_fit_the_shipped_scenarios():
    lessons = load_lessons(load=load)
    assert lessons[0].id == "first_year" and len(lessons) >= 6


def test_the_example_of_the_documentation_is_a_lesson(tmp_path):
    page = (SCENARIOS.parent / "docs/lessons.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    written(tmp_path, example, "parcels.yaml")
    [lesson] = load_lessons([tmp_path], load)
    assert [step.kind for step in lesson.steps] == ["predict", "run", "explain", "try"]


@pytest.mark.slow
@pytest.mark.parametrize(("rent", "closed", "opened"), [(1, 13, 11), (2, 23, 11)])
def test_the_figures_of_the_small_town_are_those_of_the_lessons(rent, closed, opened):
    from o2o_sim.model import O2OModel

    spec = load_scenario(SCENARIOS / "classroom.yaml", [f"levers.rent_x={rent}"])
    outcomes = O2OModel(spec, 1).run().results()["outcomes"]
    gone = outcomes[outcomes["outcome"] == "closed"]
    assert (len(gone), len(outcomes) - 58) == (closed, opened)
    if rent == 1:
        assert (gone["changed"].astype(str) == "2013-09-30").sum() == 12
    told = load_lesson(SHIPPED / "rent_squeeze.yaml").steps[3].text
    assert f"{closed}" in told.split("\n")[0]
