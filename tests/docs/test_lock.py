"""requirements.lock: every package of the project is in it, in a version that the project allows, and nothing of the place
where it was made."""

from __future__ import annotations

import re
import tomllib

import pytest
from documents import ROOT, text
from packaging.requirements import Requirement
from packaging.version import Version

PROJECT = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]
LOCK = [line for line in text(ROOT / "requirements.lock").splitlines() if not line.startswith("#")]
LOCKED = [Requirement(line) for line in LOCK]
ASKED = [Requirement(line) for e in ("test", "check", "docs") for line in PROJECT["optional-dependencies"][e]]
ASKED += [Requirement(line) for line in PROJECT["dependencies"]]
ASKED += [
    Requirement(line)
    for e in ASKED
    if e.name == PROJECT["name"]
    for x in sorted(e.extras)  # a set; every worker must collect the tests in one order
    for line in PROJECT["optional-dependencies"][x]
]
PYTHONS = ("3.11.0", "3.12.0", "3.13.0", "3.14.0", "3.15.0")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("asked", [r for r in ASKED if r.name != PROJECT["name"]], ids=str)
def test_one_version_that_is_allowed_is_locked_on_every_python(asked, python):
    here = {"python_full_version": python, "python_version": python[:4], "sys_platform": "linux"}
    found = [
        r
        for r in LOCKED
        if r.name.lower() == asked.name.lower() and (r.marker is None or r.marker.evaluate(here))
    ]
    [version] = [Version(str(r.specifier).removeprefix("==")) for r in found]
    assert asked.specifier.contains(version)


def test_it_names_versions_and_no_places():
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+( ; [^/@]+)?", line) for line in LOCK)
