"""The city in a notebook, as the notebook's end sees it: messages, slices, and what may be shown."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import pytest

pytest.importorskip("anywidget", reason="the widget needs the extra [notebook]")

from o2o_sim.errors import ScenarioError
from o2o_sim.model import O2OModel
from o2o_sim.record.archive import tables_digest
from o2o_sim.record.frames import decode
from o2o_sim.scenario.load import load_scenario
from o2o_sim.show import widget as module
from o2o_sim.show.following import Following
from o2o_sim.show.widget import CityWidget

ROOT = Path(__file__).parents[3]
HAMLET = Path(__file__).parents[1] / "systems" / "hamlet.yaml"


class Page:
    """The other end: what the widget sent, in order; `more` is asked for as the page does."""

    def __init__(self, widget):
        self.widget, self.said, self.frames, self.slices = widget, [], [], 0
        widget.send = self._take

    def _take(self, content, buffers=None):
        if content == {"say": "bytes"}:
            self.frames += buffers
        elif content["say"] == "more":
            self.slices += 1
            self.asks(do="want", day=content["day"])
        else:
            self.said.append(content)

    def asks(self, **message):
        self.widget._heard(self.widget, message, [])
        return self.said[-1] if self.said else None


def hamlet(days: int = 40):
    return load_scenario(HAMLET, [f"days={days}"])


def test_the_page_opens_wants_moves_and_inspects():
    page = Page(CityWidget(hamlet()))
    assert page.asks(do="open", scenario="")["say"] == "opened"
    assert decode(page.frames.pop()).header["kind"] == "key"
    page.asks(do="want", day=4)
    assert [decode(f).header["day"] for f in page.frames] == [0, 1, 2, 3, 4]
    assert page.asks(do="move", key="levers.rent_x", value=2)["day"] == 5
    assert page.asks(do="inspect", kind="store", id=1, ask=3)["card"]["title"] == "right"
    assert page.asks(do="nonsense")["say"] == "error"
    assert page.asks(do="want", day=99) == {"say": "end", "day": 39}
    assert page.widget.model.spec.levers.rent_x == 2 and page.widget.model.day == 40


def test_long_wishes_are_fulfilled_in_slices_between_which_the_kernel_listens(monkeypatch):
    monkeypatch.setattr(module, "SLICE_S", 0.0)
    page = Page(CityWidget(hamlet()))
    page.asks(do="open", scenario="")
    page.frames.clear()
    page.asks(do="want", day=9)
    assert page.slices == 10
    assert [decode(f).header["day"] for f in page.frames] == list(range(10))
    assert tables_digest(page.widget.model.run().results()) == tables_digest(
        O2OModel(hamlet()).run().results()
    )


def test_frames_are_sent_together_but_not_without_bound(monkeypatch):
    page, sent = Page(CityWidget(hamlet())), []
    monkeypatch.setattr(module, "SLICE_S", 60.0)
    page.asks(do="open", scenario="")
    page.widget.send = lambda content, buffers=None: sent.append(sum(map(len, buffers or ())))
    page.asks(do="want", day=3)
    assert len(sent) == 1
    monkeypatch.setattr(module, "BATCH", 1)
    page.asks(do="want", day=6)
    assert len(sent) == 4


def test_a_scenario_is_copied_and_a_model_is_not():
    spec = hamlet()
    page = Page(CityWidget(spec, seed=7))
    assert page.widget.model.spec is not spec and page.widget.model.seed_number == 7
    page.asks(do="open", scenario="")
    page.asks(do="move", key="levers.rent_x", value=2)
    page.asks(do="want", day=0)
    assert spec.levers.rent_x == 1
    model = O2OModel(spec)
    assert CityWidget(model).model is model
    assert CityWidget(str(HAMLET)).model.spec.name == "Hamlet" == CityWidget(HAMLET).model.spec.name


def test_what_cannot_be_shown_is_said():
    model = O2OModel(hamlet())
    model.step()
    with pytest.raises(ScenarioError, match="already simulated 1 days"):
        CityWidget(model)
    with pytest.raises(TypeError, match="not list"):
        CityWidget([])
    with pytest.raises(ScenarioError, match="cannot be read"):
        CityWidget("nowhere.yaml")


def test_a_finished_run_is_played(tmp_path):
    page = Page(CityWidget(hamlet(8)))
    page.asks(do="open", scenario="")
    page.asks(do="want", day=8)
    replay = types.SimpleNamespace(key=page.frames[0], frames=page.frames[1:])
    past = Page(CityWidget.replay(replay, height=400))
    opened = past.asks(do="open", scenario="")
    assert opened["days"] == 8 and opened["levers"] == [] and past.widget.height == 400
    past.asks(do="want", day=2)
    assert past.frames == page.frames[:4]
    assert past.asks(do="move", key="levers.rent_x", value=1)["about"] == "move"


def test_the_page_of_the_widget_is_the_built_one(monkeypatch):
    static = ROOT / "o2o_sim/show/static"
    widget = CityWidget(hamlet())
    assert widget._esm == (static / "o2o.js").read_text(encoding="utf-8")
    assert widget._css == (static / "o2o.css").read_text(encoding="utf-8")
    assert "export{" in widget._esm.replace(" ", ""), "a module that anywidget can import"
    with pytest.raises(ScenarioError, match="node js/build"):
        module._built("nothing.js")


def test_pictures_do_not_import_the_widget():
    """`o2o_sim.show` is imported by every command; what notebooks need is not."""
    lines = (
        "import sys, o2o_sim.show; "
        "heavy = {'anywidget', 'traitlets', 'starlette', 'matplotlib', 'pandas', 'mesa'} & set(sys.modules); "
        "assert not heavy, heavy; "
        "from o2o_sim.show import CityWidget; assert 'anywidget' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", lines], check=True, cwd=ROOT)
    import o2o_sim.show

    with pytest.raises(AttributeError, match="has no attribute 'Citywidget'"):
        o2o_sim.show.Citywidget  # noqa: B018


def test_without_the_extra_it_is_said_which_one():
    lines = (
        "import sys; sys.modules['anywidget'] = None\n"
        "from o2o_sim.errors import ScenarioError\n"
        "try:\n    from o2o_sim.show import CityWidget\n"
        "except ScenarioError as fault:\n    assert \"pip install 'o2o-sim[notebook]'\" in str(fault)\n"
        "else:\n    raise SystemExit('no error')\n"
    )
    subprocess.run([sys.executable, "-c", lines], check=True, cwd=ROOT)


# -- SolaraViz -----------------------------------------------------------------------------------------------
def test_a_city_that_somebody_else_steps_is_followed():
    model, told = O2OModel(hamlet()), []
    talk = Following(model)
    talk.tell = lambda frame, errors, day: told.append((decode(frame).header["day"], errors, day))
    model.step()
    list(talk.answer({"do": "move", "key": "levers.rent_x", "value": 2}))
    assert model.spec.levers.rent_x == 1
    model.step()
    assert model.spec.levers.rent_x == 2 and told == [(0, [], 0), (1, [], 1)]
    assert list(talk.answer({"do": "want", "day": 9})) == [] and model.day == 2
    opened = list(talk.answer({"do": "open", "scenario": ""}))
    assert [m["say"] for m in opened if isinstance(m, dict)] == ["opened", "shown"]
    assert len([m for m in opened if isinstance(m, bytes)]) == 3
