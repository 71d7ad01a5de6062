"""The server: who is let in, what may be said, what is answered, and what a class sees."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import talkers
from serving import HAMLET, ask, running
from websockets.exceptions import ConnectionClosed, InvalidStatus

from o2o_sim import __version__
from o2o_sim.errors import ScenarioError
from o2o_sim.show import pages
from o2o_sim.show.catalogue import Offer, listing, offers, read
from o2o_sim.show.messages import Limits, Nonsense, Pace, parse, without_paths
from o2o_sim.show.pages import Hosts
from o2o_sim.show.server import bind


@pytest.fixture(scope="module")
def server():
    with running(spares=1, limits={"nonsense": 8}, make=talkers.Talker) as server:
        yield server


# -- pages --------------------------------------------------------------------------------------------------
def test_the_page_holds_nothing_of_its_own_and_says_what_it_may(server):
    status, headers, body = ask(server, "/")
    assert status == 200
    text = body.decode()
    assert '<html lang="en" data-o2o="app">' in text and '<div id="o2o"></div>' in text
    assert (
        "<style" not in text and "style=" not in text and text.count("<script") == 1 and "onload" not in text
    )
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"].split()[:2] == ["'self'", f"ws://127.0.0.1:{server.port}"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_files_are_named_by_their_content_and_kept(server, monkeypatch, tmp_path):
    monkeypatch.setattr(pages, "STATIC", tmp_path)
    before = ask(server, "/")[2].decode()
    assert "not built" in before
    (tmp_path / "o2o.js").write_text("export default 1;")
    (tmp_path / "o2o.css").write_text(".o2o {}")
    after = ask(server, "/")[2].decode()
    assert "not built" not in after
    address = after.partition('src="')[2].partition('"')[0]
    status, headers, body = ask(server, address)
    assert (status, body) == (200, b"export default 1;")
    assert headers["content-type"].startswith("text/javascript") and "immutable" in headers["cache-control"]
    assert headers["content-security-policy"]
    (tmp_path / "o2o.js").write_text("export default 2;")
    assert address not in ask(server, "/")[2].decode()
    assert ask(server, "/static/o2o.js")[1]["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/..%2fserver.py",
        "/static/%2e%2e/server.py",
        "/static//etc/passwd",
        "/static/o2o.js/../../server.py",
        "/static/..\\server.py",
        "/static/o2o.js%00",
        "/static/report.css",
        "/static/",
        "/../pyproject.toml",
        "/api/",
        "/api/scenarios/classroom",
        "/scenarios/base.yaml",
    ],
)
def test_no_request_names_a_file(server, path):
    status, headers, body = ask(server, path)
    assert status == 404
    assert b"import" not in body and headers["x-content-type-options"] == "nosniff"


def test_only_reading_is_allowed(server):
    assert ask(server, "/", "POST")[0] == 405
    assert ask(server, "/api/about", "DELETE")[0] == 405


def test_about(server):
    said = json.loads(ask(server, "/api/about")[2])
    assert said == {"mode": "live", "teacher": False, "scenario": "hamlet", "version": __version__}


def test_scenarios_are_listed_with_what_is_asked(server):
    found = json.loads(ask(server, "/api/scenarios")[2])
    assert [one["id"] for one in found[:2]] == ["hamlet", "classroom"]
    assert set(found[0]) == {"id", "name", "question", "population", "days", "start"}
    assert found[0]["population"] == 200 and found[0]["start"] == "2013-01-01"
    assert all(one["population"] <= 50_000 for one in found)


def test_lessons_are_listed(server):
    found = json.loads(ask(server, "/api/lessons")[2])
    assert found and all(one["steps"] for one in found)


def test_lessons_of_ones_own_are_checked_at_once(tmp_path):
    (tmp_path / "mine.yaml").write_text("title: Mine\nminutes: a few\n")
    with pytest.raises(ScenarioError, match=r"mine\.yaml"), running(lessons=tmp_path):
        pass


# -- who is let in ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8765",
        "127.0.0.1.evil.example",
        "8.8.8.8",
        "[::1",
        "",
        "a b",
        "[::1%a; script-src *]",
    ],
)
def test_other_names_are_turned_away(server, host):
    status, headers, body = ask(server, "/", Host=host)
    assert status in (400, 421) and b"o2o" not in body
    if status == 421:
        assert "connect-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    with pytest.raises(InvalidStatus) as refused, server.talk(additional_headers={"Host": host}):
        pass
    assert refused.value.response.status_code in (400, 403)


@pytest.mark.parametrize("host", ["localhost:1", "LOCALHOST", "127.0.0.1", "[::1]:80", "127.9.9.9"])
def test_our_own_names_are_known(server, host):
    assert ask(server, "/", Host=host)[0] == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1",
        "http://localhost:{port}",
        "ftp://127.0.0.1:{port}",
        "http://127.0.0.1:{port}.evil.example",
    ],
)
def test_pages_of_others_may_not_connect(server, origin):
    origin = origin.format(port=server.port)
    with pytest.raises(InvalidStatus) as refused, server.talk(origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_our_own_page_may_connect(server):
    with server.talk(origin=f"http://127.0.0.1:{server.port}") as talk:
        assert talk.open()


def test_names_when_others_are_let_in():
    alone, others = Hosts("127.0.0.1"), Hosts("0.0.0.0", ["Teacher-PC", "teacher-pc.local"])
    assert not alone.welcome("192.168.1.5:8765") and others.welcome("192.168.1.5:8765")
    assert (
        others.welcome("teacher-pc:8765")
        and others.welcome("TEACHER-PC.local.")
        and others.welcome("[fe80::1]")
    )
    assert not others.welcome("evil.example") and not others.welcome("teacher-pc.evil.example")
    assert Hosts("city.example").welcome("city.example:80")
    for odd in ("", ":80", "a:b", "[]", "[::1]x", "127.0.0.1:8a"):
        assert not others.welcome(odd)


# -- what may be said ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("[" * 20_000, "JSON"),
        ("1" * 5000, "JSON"),
        ('{"do": "want", "day": NaN}', "JSON"),
        ("[]", "object"),
        ('{"do": "fly"}', "'do' must be one of open, want"),
        ('{"do": ["open"]}', "'do' must"),
        ('{"do": "want"}', "'day'"),
        ('{"do": "want", "day": -1}', "'day'"),
        ('{"do": "want", "day": 1.5}', "'day'"),
        ('{"do": "want", "day": true}', "'day'"),
        ('{"do": "open", "scenario": "../x"}', "does not offer that scenario"),
        ('{"do": "open", "scenario": "hamlet.yaml"}', "does not offer that scenario"),
        ('{"do": "open", "scenario": "/etc/passwd"}', "does not offer that scenario"),
        ('{"do": "open", "scenario": ["hamlet"]}', "does not offer that scenario"),
        ('{"do": "open"}', "does not offer that scenario"),
        ('{"do": "open", "scenario": "hamlet", "seed": -1}', "'seed'"),
        ('{"do": "open", "scenario": "hamlet", "seed": 9223372036854775808}', "'seed'"),
        ('{"do": "open", "scenario": "hamlet", "seed": "1"}', "'seed'"),
        ('{"do": "open", "scenario": "hamlet", "set": [1]}', "'set'"),
        ('{"do": "open", "scenario": "hamlet", "set": {"a": "b.yaml"}}', "value must be a number"),
        ('{"do": "open", "scenario": "hamlet", "set": {"a": 1e999}}', "value must be a number"),
        ('{"do": "open", "scenario": "hamlet", "set": {"a": 1e30}}', "value must be a number"),
        ('{"do": "open", "scenario": "hamlet", "set": {"a": 1%s}}' % ("0" * 400), "value must be a number"),
        ('{"do": "open", "scenario": "hamlet", "moves": {"a": 1}}', "moves of levers must be a list"),
        ('{"do": "open", "scenario": "hamlet", "moves": [[1, "a"]]}', "a move must be"),
        ('{"do": "open", "scenario": "hamlet", "moves": [[9999, "a", 1]]}', "a day from 0 to 4000"),
        ('{"do": "move", "key": 1, "value": 1}', "key must be text"),
        ('{"do": "move", "key": "%s", "value": 1}' % ("k" * 201), "key must be text"),
        ('{"do": "move", "key": "a", "value": true}', "value must be a number"),
        ('{"do": "inspect", "kind": "file", "id": 1}', "'kind'"),
        ('{"do": "inspect", "kind": "store", "id": "1"}', "'id'"),
        ('{"do": "inspect", "kind": "store", "id": 1, "ask": -1}', "'ask'"),
        ('{"do": "inspect", "kind": "store", "id": 1, "day": -1}', "'day'"),
        ('{"do": "report", "ask": "x"}', "'ask'"),
        ('{"do": "shown", "day": 1}', "'playing'"),
    ],
)
def test_nonsense_is_told_so(text, said):
    with pytest.raises(Nonsense) as fault:
        parse(text, Limits(), ("hamlet",))
    assert said in str(fault.value)


def test_sense_is_kept_and_nothing_else():
    limits, known = Limits(days=100), ("hamlet",)
    opening = {"do": "open", "scenario": "hamlet", "set": {"a": 1}, "moves": [[1, "b", 2.5]], "seed": 7}
    assert parse(json.dumps({**opening, "plugins": True}), limits, known) == opening
    assert parse('{"do": "want", "day": 5000}', limits, known) == {"do": "want", "day": 100}
    many = {"do": "open", "scenario": "hamlet", "moves": [[1, "b", 2]] * 1000}
    assert len(parse(json.dumps(many), limits, known)["moves"]) == 1000
    many["moves"].append([1, "b", 2])
    with pytest.raises(Nonsense, match="at most 1000"):
        parse(json.dumps(many), limits, known)


def test_messages_are_bounded(server):
    with pytest.raises(Nonsense, match="65536 bytes"):
        parse(json.dumps({"do": "want", "day": 1, "x": "\N{SNOWMAN}" * 40_000}), Limits(), ())
    with server.talk() as talk, pytest.raises(ConnectionClosed) as end:
        talk.line.send("x" * 70_000)
        talk.hear()
    assert end.value.rcvd.code == 1009


def test_too_much_nonsense_ends_the_talk(server):
    with server.talk() as talk:
        talk.line.send(b"binary")
        assert talk.hear()["message"] == "a message must be text"
        for _ in range(8):
            talk.line.send("?")
            assert talk.until("error")["fatal"] is False
        with pytest.raises(ConnectionClosed) as end:
            talk.hear()
    assert end.value.rcvd.code == 1008


def test_before_a_city_is_open_nothing_can_be_asked(server):
    with server.talk() as talk:
        talk.say(do="inspect", kind="store", id=1, ask=4)
        assert talk.hear() == {
            "say": "error",
            "message": "no city is open yet",
            "about": "inspect",
            "fatal": False,
            "ask": 4,
        }
        talk.say(do="open", scenario="nowhere")
        assert "does not offer that scenario" in talk.until("error")["message"]
        assert talk.open()


def test_who_talks_too_fast_is_read_more_slowly(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = Pace(rate=10, burst=3)
    assert [pace.next() for _ in range(3)] == [0, 0, 0]
    assert pace.next() == pytest.approx(0.1)
    assert pace.next() == pytest.approx(0.2)
    now[0] += 10
    assert pace.next() == 0


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/a/b c/x.yaml:3: no", "b c/x.yaml:3: no"),
        ("/home/me/x.yaml:3:1: rent", "x.yaml:3:1: rent"),
        ("'/home/me/x.yaml' cannot", "'x.yaml' cannot"),
        (r"C:\Users\me\x.yaml:3: no", "x.yaml:3: no"),
        ("../up/x.yaml: no", "x.yaml: no"),
        ("~/up/x.yaml: no", "x.yaml: no"),
        ("at most 5 yuan/m2/month, and/or 1/2", "at most 5 yuan/m2/month, and/or 1/2"),
    ],
)
def test_paths_are_taken_out_of_messages(text, left):
    assert without_paths(text) == left


# -- scenarios ----------------------------------------------------------------------------------------------
def test_named_scenarios_come_first_and_alone_have_overrides_and_plugins(tmp_path):
    mine = tmp_path / "base.yaml"
    mine.write_text(HAMLET.read_text())
    found = offers([mine], ["days=5"])
    assert list(found)[:2] == ["base", "classroom"]
    assert found["base"] == Offer(str(mine), ("days=5",), True)
    assert found["classroom"].overrides == () and not found["classroom"].plugins
    with pytest.raises(ScenarioError, match="same name"):
        offers([mine, tmp_path / "b" / "base.yaml"])


def test_plugins_run_only_if_they_were_named(tmp_path):
    (tmp_path / "mine.py").write_text("raise SystemExit('ran')")
    mine = tmp_path / "plugged.yaml"
    mine.write_text(HAMLET.read_text() + "plugins: [mine]\n")
    assert (
        read(Offer(str(mine), plugins=True)).plugins == ["mine"]
        or read(Offer(str(mine), plugins=True)).plugins
    )
    with pytest.raises(ScenarioError, match="refuses to run"):
        read(Offer(str(mine)))


def test_faults_of_scenarios_name_no_folder(tmp_path):
    mine = tmp_path / "broken.yaml"
    mine.write_text(HAMLET.read_text() + "extends: gone.yaml\n")
    with pytest.raises(ScenarioError) as fault:
        read(Offer(str(mine)))
    assert "gone.yaml" in str(fault.value) and str(tmp_path) not in str(fault.value)


def test_the_list_leaves_out_what_cannot_be_opened(tmp_path):
    (tmp_path / "broken.yaml").write_text("a: [")
    offered = {"hamlet": Offer(str(HAMLET)), "broken": Offer(str(tmp_path / "broken.yaml"))}
    assert [one["id"] for one in listing(offered, 200, 90)] == ["hamlet"]
    assert listing(offered, 199, 90) == [] == listing(offered, 200, 89)


# -- listening ----------------------------------------------------------------------------------------------
def test_a_port_in_use_is_told_and_without_one_the_next_is_taken():
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ScenarioError, match=f"port {port} is in use"):
            bind("127.0.0.1", port)
    with bind("127.0.0.1", None) as one, bind("127.0.0.1", None) as two:
        assert one.getsockname()[1] != two.getsockname()[1]


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_an_address_that_is_not_ours(host):
    with pytest.raises(ScenarioError, match="--host"):
        bind(host, 0)


def test_static_folder_is_the_packages():
    assert Path(pages.__file__).parent / "static" == pages.STATIC
