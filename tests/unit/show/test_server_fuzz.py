"""Requests and messages of any shape: each gets a proper answer, nothing goes wrong inside, and the server goes on."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import talkers
from fuzzing import fuzz
from hypothesis import given
from hypothesis import strategies as st
from serving import Running, ask, running
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from o2o_sim.show.messages import Limits, Nonsense, parse
from o2o_sim.show.worker import as_json

GOOD: list[dict[str, Any]] = [
    {"do": "open", "scenario": "hamlet", "seed": 3, "set": {"levers.rent_x": 1.5}, "moves": [[2, "levers.rent_x", 2]]},
    {"do": "want", "day": 3},
    {"do": "move", "key": "levers.rent_x", "value": 2},
    {"do": "inspect", "kind": "store", "id": 1, "ask": 7},
    {"do": "shown", "day": 2, "playing": True},
]  # fmt: skip
ODD: list[Any] = [
    None, True, "", "x" * 300, "a\0b", "\ud800", "\u202e", "../x", "store", -1, 0, 0.5, 1e18, 1e300, 2**53 + 1, 2**63, 10**400, [], {}, [[]],
    [1, 2], [[1, "a", 2]] * 3, {"": 0}, {"a": None}, {"levers.rent_x": "1"}, ["store"], {"do": "open"},
]  # fmt: skip
values = st.sampled_from(ODD) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(sorted({name for one in GOOD for name in one})) | st.text(max_size=5)


@st.composite
def changed(draw: Any) -> str:
    """A good message in which some fields are others, as JSON; now and then JSON of something else, or none."""
    said = dict(draw(st.sampled_from(GOOD))) | draw(st.dictionaries(names, values, max_size=3))
    for name in draw(st.lists(names, max_size=1)):
        said.pop(name, None)
    text = json.dumps(said)
    cut = draw(st.integers(0, len(text)))
    return draw(
        st.sampled_from([text, text, text, text, text[:cut], text * 2, f"[{text}]", text.replace("{", "[[")])
    )


spoken = (
    changed()
    | st.text(max_size=30)
    | st.sampled_from(["NaN", "[" * 5000, '{"a":' * 3000, "9" * 6000, "\0", '"\\ud800"'])
)


@fuzz("Messages to the server")
@given(text=spoken)
def test_a_message_is_understood_or_nonsense(text):
    try:
        message = parse(text, Limits(), ("hamlet",))
    except Nonsense as fault:
        assert str(fault) and fault.about
    else:
        assert message["do"] in {one["do"] for one in GOOD}
        assert json.loads(as_json(message))["do"] == message["do"]


class Errors(logging.Handler):
    """What libraries report as errors."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(self.format(record))


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Running, Errors]]:
    limits = {"days": 8, "rate": 1e6, "burst": 10**6, "nonsense": 10**6, "moves": 10**6}
    errors = Errors()
    loggers = [logging.getLogger(name) for name in ("uvicorn.error", "asyncio", "websockets", "starlette")]
    with running(spares=1, limits=limits, make=talkers.Talker) as served:
        for one in loggers:
            one.addHandler(errors)
        yield served, errors
        for one in loggers:
            one.removeHandler(errors)


def goes_on(served: Running, errors: Errors, capfd: Any) -> None:
    assert errors.told == []
    assert "Traceback" not in capfd.readouterr().err
    assert ask(served, "/api/about")[0] == 200


@fuzz("Messages to the server")
@given(said=st.lists(spoken | st.binary(max_size=20), min_size=1, max_size=5))
def test_a_conversation_is_answered_to_its_end(server, capfd, said):
    served, errors = server
    with served.talk(proxy=None) as talk:  # looking for one reads what another thread may be changing
        try:
            for one in said:
                talk.line.send(
                    one if isinstance(one, bytes) else one.encode("utf-8", "replace"),
                    text=isinstance(one, str),
                )
            talk.say(do="inspect", kind="store", id=0, ask=987654321)
            while (heard := talk.hear(20)) is not None:
                if isinstance(heard, dict):
                    assert isinstance(heard["say"], str)
                    if heard.get("ask") == 987654321:
                        break
        except ConnectionClosed as closed:
            assert closed.rcvd is not None and closed.rcvd.code in (1000, 1007, 1008, 1009)
    goes_on(served, errors, capfd)


PATHS = [
    "/", "/ws", "/api/about", "/api/scenarios", "/api/lessons", "/static/o2o.js", "/static/..%2f..%2fserver.py", "//", "*", "http://x/", "/%", "/%ff",
    "/\xff", "/?teacher=\xff", "/ws?page=" + "x" * 500, "/static/" + "a" * 3000, "/api/about/..", "/a b", "", "/\0", "/;x=1#y",
]  # fmt: skip
HEADERS = [
    "Host: 127.0.0.1", "Host: localhost:1", "Host: evil.example", "Host: [::1", "Host: 127.0.0.1:x", "Host:", "Host: \xff", "Content-Length: 5",
    "Content-Length: -1", "Content-Length: 99999999999999999999", "Content-Length: x", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip",
    "Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c", "Sec-WebSocket-Key: x", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 99", "Sec-WebSocket-Extensions: permessage-deflate; a=\xff", "Sec-WebSocket-Protocol: a,b",
    "Origin: null", "Origin: http://evil.example", "Cookie: a=b; \xff=\x01", "Cookie: o2o_visitor=;;==", "Expect: 100-continue", "Range: bytes=0-",
    "Accept-Encoding: \x80", "X: " + "y" * 5000, "no colon", ": no name", " folded: x", "A\0B: c", "If-None-Match: *", "Cookie: " + "a=b;" * 900,
]  # fmt: skip
methods = st.sampled_from(
    ["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "CONNECT", "TRACE", "PRI", "get", "G\xff", ""]
)
requests = st.builds(
    lambda method, path, version, headers, end, body: (
        "\r\n".join([f"{method} {path} {version}", *headers]).encode("latin-1", "replace") + end + body
    ),
    methods,
    st.sampled_from(PATHS) | st.text(max_size=10).map(lambda text: "/" + text),
    st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", ""]),
    st.lists(st.sampled_from(HEADERS), max_size=6).map(
        lambda some: ["Host: 127.0.0.1", *some] if len(some) % 3 else some
    ),
    st.sampled_from([b"\r\n\r\n", b"\r\n\r\n", b"\r\n\r\n", b"\n\n", b"\r\n", b""]),
    st.binary(max_size=20) | st.just(b"5\r\nhello\r\n0\r\n\r\n"),
)


@fuzz("Requests to the server")
@given(sent=requests | st.binary(max_size=60))
def test_a_request_gets_a_proper_answer(server, capfd, sent):
    served, errors = server
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as line:
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while part := line.recv(65536):
                answer += part
    status = re.match(rb"HTTP/1\.[01] ([1-4]\d\d) ", answer)
    assert status or not answer, answer[:200]
    assert b"from __future__" not in answer  # no file of ours
    goes_on(served, errors, capfd)


@fuzz("Requests to the server")
@given(
    query=st.text(max_size=20),
    headers=st.dictionaries(
        st.sampled_from(["Origin", "Cookie", "Host", "X"]), st.text(max_size=12), max_size=3
    ),
)
def test_a_websocket_is_opened_or_refused(server, capfd, query, headers):
    served, errors = server
    query = "".join(f"%{byte:02x}" for byte in query.encode("utf-8", "replace"))
    said = {name: re.sub(r"[^\x20-\x7e]", "?", value) for name, value in headers.items()}
    try:
        with served.talk(query=f"?page={query}&teacher={query}", additional_headers=said, proxy=None) as talk:
            talk.say(do="want", day=1)
            assert talk.hear()["say"] == "error"
    except (InvalidStatus, InvalidMessage) as refused:
        assert not isinstance(refused, InvalidStatus) or refused.response.status_code in (400, 403, 421)
    goes_on(served, errors, capfd)
