"""The notebooks of docs/notebooks, executed as they stand, and kept without what executing leaves behind."""

from __future__ import annotations

import json
import os
import re
import sys

import pytest
from documents import ROOT

FOLDER = ROOT / "docs/notebooks"
NOTEBOOKS = ["first_steps", "your_own_rule"]


def cells(name: str) -> list[dict]:
    return json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]


def test_these_are_all_the_notebooks():
    assert sorted(p.stem for p in FOLDER.glob("*.ipynb")) == NOTEBOOKS


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_kept_clean(name):
    """No outputs and no numbers of execution: they would change in every run, and differ on every machine."""
    for cell in cells(name):
        assert not cell.get("outputs") and cell.get("execution_count") is None and cell["metadata"] == {}
    assert len({cell["id"] for cell in cells(name)}) == len(cells(name))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_a_notebook_points_to_is_there(name):
    text = "".join(line for cell in cells(name) if cell["cell_type"] == "markdown" for line in cell["source"])
    links = re.findall(r"\]\(([^)#]+)", text)
    assert links
    for link in links:
        assert (FOLDER / link).exists(), link


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom(name, tmp_path, monkeypatch):
    """In an empty folder, in a kernel of this environment: every cell, and widgets are shown for what they
    are."""
    nbclient = pytest.importorskip("nbclient", reason="notebooks need the extra [notebook] and nbclient")
    pytest.importorskip("ipykernel", reason="notebooks need a kernel: pip install ipykernel")
    pytest.importorskip("anywidget", reason="notebooks need the extra [notebook]")
    import nbformat

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    client = nbclient.NotebookClient(
        notebook,
        timeout=240,
        kernel_name=_kernel(tmp_path, monkeypatch),
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    shown = [out["data"] for cell in notebook.cells for out in cell.get("outputs", ()) if "data" in out]
    views = [data for data in shown if "application/vnd.jupyter.widget-view+json" in data]
    assert len(views) == {"first_steps": 2, "your_own_rule": 1}[name]


def _kernel(folder, monkeypatch) -> str:
    """The Python that runs the tests, as a kernel, whatever kernels the machine knows."""
    spec = folder / "share" / "kernels" / "here"
    spec.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": command, "display_name": "here", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(about), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(folder / "share"))
    return "here"
