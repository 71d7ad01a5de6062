"""The package without its repository: a wheel in an environment of its own, and every command of the documents in an
empty folder.

The network is not needed: the wheel is built with the setuptools of this environment, and the new environment finds its
dependencies here, by a .pth file that names this one's site-packages (an editable install does not show through it,
because Python reads .pth files in its own site-packages only).
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import sysconfig
import tarfile
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest
from documents import DOCUMENTS, ROOT, marked_files, text

pytest.importorskip("setuptools", "77", reason="the wheel is built with setuptools 77 or later")
pytestmark = pytest.mark.slow

NEEDED = (
    "pyproject.toml",
    "setup.py",
    "README.md",
    "LICENSE",
    "o2o_sim",
    "scenarios",
    "experiments",
    "tests",
)
SHIPPED = ("scenarios/**/*", "experiments/studies/*.yaml", "experiments/claims/*.yaml")
SMALL = ["--set", "population=300", "--set", "days=5", "--replicates", "2"]
# What is added to a command of the documents, to make it small. Of an option that is given twice the last counts.
ADDED = {
    "run": ["--days", "4", "--set", "population=500"],
    "compare": SMALL,
    "replicate": SMALL,
    "explain": SMALL,
    "sweep": ["--replicates", "1", "--set", "set.population=300", "--set", "set.days=5"],
    "claims": ["--replicates", "2", "--set", "population=300"],
}
FEWER = [
    "--set",
    "factors.subsidy.values=[0, 10]",
    "--set",
    "factors.rent.values=[1.0]",
]  # of the study `levers`
STUDY = """\
name: Small
question: Does it run?
base: town
set: {population: 300, days: 5}
factors:
  levers.rent_x: {low: 0.5, high: 2.0}
metrics: [online_share]
points: 4
replicates: 2
design: lhs
find: {seek: highest, factor: levers.rent_x, metric: online_share, at_least: 0.0, replicates: 3, tolerance: 0.5}
sensitivity: {method: morris, trajectories: 2}
"""
# Files that the documents speak of as the reader's own.
YOURS = (
    {"my_study.yaml": STUDY, "STUDY.yaml": STUDY}
    | {
        name: f"extends: town\nlevers: {{rent_x: {rent}}}\n"
        for name, rent in {
            "A.yaml": 1,
            "B.yaml": 1.1,
            "C.yaml": 1.2,
            "dearer.yaml": 1.3,
            "my_plan.yaml": 1.4,
        }.items()
    }
    | {"my_city.yaml": "extends: town\n", "COUNTRY.yaml": "extends: base\n"}
)
RUNS = {"town": "town", "dearer": "dearer.yaml", "boycott": "boycott"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from an sdist that was built from a copy of the checkout (building leaves things behind)."""
    top = tmp_path_factory.mktemp("build")
    source = top / "source"
    source.mkdir()
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    sdist = _built("sdist", source, top)
    with tarfile.open(sdist) as archive:
        archive.extractall(top / "unpacked", filter="data")
    return _built("wheel", next((top / "unpacked").iterdir()), top)


def _built(kind, source, out):
    code = f"from setuptools import build_meta; print(build_meta.build_{kind}({str(out)!r}))"
    return out / _done([sys.executable, "-c", code], cwd=source).stdout.split()[-1]


def _done(command, **how):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **how)
    assert done.returncode == 0, (
        f"{shlex.join(map(str, command))}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    )
    return done


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """The variables with which commands find the program of a fresh environment, and nothing of the checkout."""
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    _done([sys.executable, "-m", "venv", "--without-pip", venv])
    install = ["install", "--quiet", "--no-deps", "--no-index", wheel]
    _done([sys.executable, "-m", "pip", "--python", venv, *install])
    bin_folder, site = (Path(sysconfig.get_path(p, "venv", {"base": venv})) for p in ("scripts", "purelib"))
    dependencies = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (site / "dependencies.pth").write_text("\n".join(dependencies), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return kept | {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with nothing in it but what the documents speak of as the reader's own."""
    here = tmp_path_factory.mktemp("empty")
    marked = [found for document in DOCUMENTS for found in marked_files(document).items()]
    for name, said in [*marked, *YOURS.items()]:
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text(said, encoding="utf-8")
    return here


@pytest.fixture(scope="module")
def run(environment, folder):
    """Run a command line there, which must succeed."""

    def run(*words):
        program = shutil.which(words[0], path=environment["PATH"])
        return _done([program, *words[1:]], cwd=folder, env=environment)

    return run


def documented():
    """The command lines of the documents, by document, but those with a placeholder or a variable in them."""
    lines = []
    for document in DOCUMENTS:
        found = [
            shlex.split(line, comments=True)
            for line in re.findall(r"^ *(o2o-sim .*)$", text(document), re.MULTILINE)
        ]
        lines += [
            words
            for words in found
            if len(words) > 1 and not re.search(r"[$>]|HOST|RUN_DIR|\.\.\.", " ".join(words))
        ]
    return lines


def small(words):
    """A command line of the documents with what makes it small, and without what needs a screen."""
    words = [word for word in words if word not in ("--open", "--quiet")]
    added = list(ADDED.get(words[1], []))
    if words[1:3] == ["sweep", "levers"]:
        added += FEWER
    if words[1] == "claims" and not any(re.fullmatch(r"C\d+", word) for word in words):
        added.append("C20")
    if words[1] == "run" and "--from" in words:  # some days more than the run that is continued
        added = ["--days", "6"]
    if "--until-width" in words:
        added[added.index("--replicates") :] = ["--most", "3"]
    if "--workers" in words:
        added += ["--workers", "2"]
    return [*words, *added]


def kind(command):
    """What two commands share that use the program in the same way: the subcommand and the names of its options."""
    return command[1], frozenset(word.partition("=")[0] for word in command if word.startswith("-"))


def test_the_wheel_carries_what_is_shipped_and_nothing_of_the_checkout(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        holds_paths = [name for name in names if str(ROOT).encode() in archive.read(name)]
    assert {name.partition("/")[0] for name in names} == {"o2o_sim", "o2o_sim-0.1.0.dist-info"}
    shipped = [file.relative_to(ROOT) for pattern in SHIPPED for file in ROOT.glob(pattern) if file.is_file()]
    assert {n for n in names if n.startswith("o2o_sim/shipped/")} == {
        f"o2o_sim/shipped/{file.as_posix()}" for file in shipped
    }
    assert len(shipped) > 70 and holds_paths == []
    modules = {
        f"o2o_sim/{file.relative_to(ROOT / 'o2o_sim').as_posix()}"
        for file in (ROOT / "o2o_sim").rglob("*.py")
    }
    assert {name for name in names if name.endswith(".py")} == modules


def test_every_kind_of_command_of_the_documents_runs(run, folder, environment):
    for name, file in RUNS.items():
        run(*small(["o2o-sim", "run", file, "--out", f"runs/{name}"]))
    done = []
    for words in documented():
        command = small(words)
        if command[1] == "new":
            (folder / command[2]).unlink(missing_ok=True)
        elif kind(command) in map(kind, done) and not {"--checkpoint", "--out"} & set(command):
            continue  # one that writes what a later one reads is run
        if command[1] == "serve":
            _served(command, folder, environment)
        else:
            run(*command)
        done.append(command)
    assert {words[1] for words in done} >= {
        "run",
        "new",
        "check",
        "scenarios",
        "serve",
        "claims",
        "compare",
        "sweep",
        "explain",
        "find",
        "sensitivity",
        "report",
        "why",
    }


def _served(command, folder, environment):
    """Start a server, ask for its page, and end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = shutil.which(command[0], path=environment["PATH"])
    command = [program, *command[1:], "--no-open", "--port", str(port)]
    with (folder / "served.txt").open("w+") as said:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
        try:
            page = ""
            for _ in range(300):
                with contextlib.suppress(OSError):
                    page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).read().decode()
                    break
                assert server.poll() is None, (folder / "served.txt").read_text()
                time.sleep(0.2)
            assert "<html" in page
        finally:
            server.terminate()
            server.wait(30)


def test_the_shipped_files_are_those_of_the_wheel(run):
    """What Python finds there: every scenario is offered, every lesson and every claim fits its scenarios."""
    code = """
from pathlib import Path
import o2o_sim
from o2o_sim.scenario.shipped import shipped_files
from o2o_sim.show.catalogue import offers, read
from o2o_sim.show.lessons import load_lessons
from o2o_sim.studies.claim import load_claims
from o2o_sim.scenario.shipped import shipped_folder
offered = offers()
assert list(offered)[0] == "classroom" and set(offered) == set(shipped_files("scenario"))
home = Path(o2o_sim.__file__).parent / "shipped"
assert all(file.is_relative_to(home) for file in shipped_files().values())
assert len(load_lessons(load=lambda name: read(offered[name]))) > 5
assert len(load_claims(shipped_folder("claim"))) > 30
o2o_sim.run("london", days=2, out=False, overrides=["population=500"])
print("fine")
"""
    assert run("python", "-c", code).stdout == "fine\n"
