"""The tutorials: every file in them is written, every command run in their order, and what they show is printed."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from documents import ROOT, text

TUTORIALS = sorted(path for path in (ROOT / "docs/tutorials").glob("*.md") if path.name != "README.md")
STEP = re.compile(
    r"^<!-- file: (?P<file>\S+) -->\n```\w+\n(?P<content>.*?)^```"
    r"|^<!-- run -->\n```python\n(?P<python>.*?)^```"
    r"|^    (?P<command>o2o-sim [^\n]+)$"
    r"|^<!-- seen -->\n```text\n(?P<seen>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
PROGRAM = [sys.executable, "-m", "o2o_sim"]
PATIENCE_S = 900


def plain(line: str) -> str:
    """A line without the spaces that align columns, and with any free port taken for the usual one."""
    return re.sub(r":\d{4,5}/", ":8765/", " ".join(line.split()))


def missing(shown: str, printed: str) -> list[str]:
    """The lines of an excerpt that were not printed, in this order; `...` stands for anything."""
    left = iter([plain(line) for line in printed.splitlines()])
    wanted = [re.escape(plain(line)).replace(r"\.\.\.", ".*") for line in shown.splitlines()]
    return [w for w in wanted if not any(re.fullmatch(w, line) for line in left)]


def printed_by(command: list[str]) -> str:
    """What a command prints that ends by itself."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def greeting(words: list[str]) -> str:
    """What `o2o-sim serve` prints until its page can be asked for; Ctrl-C must end it."""
    last = "The teacher's page" if "--broadcast" in words else "The page"
    with subprocess.Popen(
        [*PROGRAM, *words, "--no-open"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as server:
        try:
            assert server.stdout is not None
            lines: list[str] = []
            while not lines or not lines[-1].startswith(last):
                line = server.stdout.readline()
                assert line, "the server ended: " + "".join(lines)
                lines.append(line)
            address = re.search(r"http://\S+", lines[0])
            assert address
            with urllib.request.urlopen(address[0], timeout=60) as page:
                assert b"<title>" in page.read()
            server.send_signal(signal.SIGINT)
            assert server.wait(60) == 130
        finally:
            server.kill()
    return "".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_can_be_followed(tutorial, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    printed = ""
    for step in STEP.finditer(text(tutorial)):
        if step["file"]:
            Path(step["file"]).parent.mkdir(exist_ok=True)
            Path(step["file"]).write_text(step["content"], encoding="utf-8")
        elif step["python"]:
            printed = printed_by([sys.executable, "-c", step["python"]])
        elif step["command"]:
            words = shlex.split(step["command"])[1:]
            printed = greeting(words) if words[0] == "serve" else printed_by([*PROGRAM, *words])
        else:
            assert missing(step["seen"], printed) == []
