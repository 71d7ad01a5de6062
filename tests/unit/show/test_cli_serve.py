"""The command `serve`: what it refuses, what it prints, and what it opens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from o2o_sim import cli
from o2o_sim.show import server

HAMLET = Path(__file__).parents[1] / "systems" / "hamlet.yaml"


@pytest.fixture
def call(monkeypatch, capsys):
    """Run the command in this process; returns (exit code, stdout, stderr)."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["o2o-sim", "serve", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, *capsys.readouterr()

    return call


@pytest.fixture
def served(monkeypatch):
    """What would have been served: (Served, port). Nothing is."""
    found = []
    monkeypatch.setattr(server, "create_app", lambda served, when_warm: found.append((served, when_warm)))
    monkeypatch.setattr(server, "serve", lambda app, limits, sock: found.append(sock.getsockname()[1]))
    return found


def test_help(call):
    code, out, _ = call("--help")
    assert code == 0 and "Example: o2o-sim serve" in " ".join(out.split())


def test_addresses_are_printed(call, served):
    code, out, err = call(HAMLET, "--no-open", "--max-days", "99", "--set", "days=9")
    (what, when_warm), port = served
    assert code == 0 and err == "" and when_warm is None
    assert f"The page is at http://127.0.0.1:{port}/" in out and "teacher" not in out
    assert what.limits.days == 99 and what.mode == "live"
    assert what.offered["hamlet"].overrides == ("days=9",) and what.offered["hamlet"].plugins


def test_the_teacher_gets_an_address_of_her_own(call, served, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    _, out, _ = call(HAMLET, "--broadcast")
    (what, when_warm), port = served
    address = f"http://127.0.0.1:{port}/?teacher={what.token}"
    assert address in out and len(what.token) >= 24 and what.mode == "broadcast"
    when_warm()
    assert opened == [address]
    call(HAMLET, "--broadcast")
    assert served[2][0].token != what.token


def test_letting_others_in_is_warned_of(call, served):
    _, out, err = call(HAMLET, "--no-open", "--host", "0.0.0.0")
    assert "no password and no encryption" in err
    assert "http://127.0.0.1:" in out
    # Other ways to say it.
    _, out, err = call(HAMLET, "--no-open", "--host", "0")
    assert "no password" in err and "http://127.0.0.1:" in out
    assert call(HAMLET, "--no-open", "--host", "127.1")[2] == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.yaml"], "gone.yaml: cannot be read"),
        ([HAMLET, HAMLET], "has the same name as another"),
        ([HAMLET, "--set", "days=no"], "--set days=no"),
        (["--set", "days=9"], "--set: changes the scenario named on the command line, and none is"),
        (["--replay", ".", HAMLET], "--replay: shows one finished run"),
        (["--replay", ".", "--broadcast"], "--replay: shows one finished run"),
        ([HAMLET, "--host", "192.0.2.1"], "--host: cannot listen there"),
        ([HAMLET, "--port", "0"], "Invalid value for '--port'"),
        ([HAMLET, "--places", "0"], "Invalid value for '--places'"),
        ([HAMLET, "--lessons", "gone"], "gone: is no folder of lessons"),
        ([HAMLET, "--lessons", "."], "holds no lessons"),
        ([HAMLET, "--max-consumers", "199"], "hamlet.yaml: has 200 consumers; this server shows at most 199"),
        ([HAMLET, "--max-days", "9"], "this server shows at most 9"),
    ],
)
def test_what_is_refused(call, arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(server, "serve", lambda *_: pytest.fail("it was served"))
    code, _, err = call(*arguments)
    assert code == 2 and said in err and "Traceback" not in err


def test_a_port_in_use_is_told_plainly(call):
    with server.bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        code, _, err = call(HAMLET, "--no-open", "--port", port)
    assert code == 2 and f"--port: port {port} is in use" in err


def test_plugins_are_refused_on_demand(call, served, tmp_path):
    (tmp_path / "mine.py").write_text("")
    mine = tmp_path / "mine.yaml"
    mine.write_text(HAMLET.read_text() + "plugins: [mine]\n")
    code, _, err = call(mine, "--no-plugins", "--no-open")
    assert code == 2 and "plugins are refused" in err
    assert call(mine, "--no-open")[0] == 0
    assert served[0][0].offered["mine"].plugins


def test_without_the_extra_it_says_what_to_install(call, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, err = call(HAMLET)
    assert code == 2 and "pip install 'o2o-sim[web]'" in err
