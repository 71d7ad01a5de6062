"""Where compiled code is kept when the user's own folder cannot be had."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from o2o_sim.inputs import caching

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="owners and rights of Unix")


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """The only folder into which anything can be written: a file stands where the user's cache would be."""
    (tmp_path / "home").write_text("")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path / "tmp"


def root() -> Path:
    """What a process that begins now would find."""
    return caching.cache_root.__wrapped__()


def test_the_users_own_folder_is_taken_first(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert root() == tmp_path / "cache" / "o2o_sim"


def test_every_process_of_a_user_without_one_finds_the_same(temporary):
    first = root()
    assert first.parent == temporary and root() == first
    assert first.stat().st_mode & 0o777 == 0o700 and first.stat().st_uid == os.getuid()


@pytest.mark.parametrize("what", ["others may write", "a link", "a file"])
def test_code_of_others_is_never_run(what, temporary, tmp_path):
    shared = temporary / f"o2o_sim-cache-{os.getuid()}"
    if what == "others may write":
        shared.mkdir()
        shared.chmod(0o777)
    elif what == "a link":
        (tmp_path / "elsewhere").mkdir()
        shared.symlink_to(tmp_path / "elsewhere")
    else:
        shared.write_text("")
    found = root()
    assert found != shared and found.parent == temporary and found.stat().st_mode & 0o777 == 0o700
