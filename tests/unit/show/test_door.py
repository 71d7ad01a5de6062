"""Connections that say nothing, or half of something: they go, and nobody else is shut out."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time

import pytest
import talkers
from serving import ask, running
from websockets.exceptions import ConnectionClosed

pytestmark = pytest.mark.faults("Visitors and places")
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SILENT = {
    "nothing": b"",
    "half a line": b"GET / HT",
    "half a head": REQUEST + b"X-Slow: ",
    "half a head after a request": REQUEST + b"\r\n" + REQUEST,
    "a body that never comes": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n",
    "a websocket without a word": REQUEST.replace(b"/ ", b"/ws ", 1)
    + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
}


@pytest.fixture(scope="module")
def small():
    """A server that lets 12 connections in, and waits for nobody for long."""
    limits = {"connections": 12, "connections_each": 10, "head_seconds": 600.0, "hello_seconds": 600.0}
    with running(limits=limits, spares=1, make=talkers.Talker) as server:
        yield server


@pytest.fixture(scope="module")
def hasty():
    """A server that waits half a second for anything."""
    soon = dict.fromkeys(("head_seconds", "hello_seconds", "answer_seconds"), 0.5)
    with running(limits=soon, spares=1, make=talkers.Talker) as server:
        yield server


def line(server, said):
    """A connection of its own that has said something."""
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    sock.sendall(said)
    return sock


def is_closed(sock):
    """Has the other side closed it? What it said before is read."""
    sock.setblocking(False)
    try:
        while sock.recv(65536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def eventually(holds, seconds=20.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("said", SILENT.values(), ids=SILENT)
def test_a_flood_of_silent_connections_shuts_nobody_out(small, said):
    with contextlib.ExitStack() as open_:
        talk = open_.enter_context(small.talk(visitor="here"))
        talk.open()
        flood = [open_.enter_context(contextlib.closing(line(small, said))) for _ in range(40)]
        assert ask(small, "/")[0] == 200
        with small.talk(visitor="new") as new:
            assert new.open()
        talk.say(do="want", day=3)
        assert len(talk.frames(5)) == 5, "who talks stays"
        eventually(lambda: sum(not is_closed(sock) for sock in flood) <= 9)
        assert is_closed(flood[0]), "the oldest goes first"


@pytest.mark.parametrize("said", [name for name in SILENT if "websocket" not in name])
def test_a_silent_connection_is_closed_after_its_time(hasty, said):
    with contextlib.closing(line(hasty, SILENT[said])) as sock, hasty.talk() as talk:
        assert talk.open()
        eventually(lambda: is_closed(sock))
        talk.say(do="want", day=3)
        assert len(talk.frames(5)) == 5


def test_a_websocket_without_a_word_is_told_why_it_is_closed(hasty):
    with hasty.talk() as talk, pytest.raises(ConnectionClosed) as end:
        talk.hear()
    assert end.value.rcvd.code == 1001 and "Nothing was heard for 0.5 seconds" in end.value.rcvd.reason


def test_nonsense_is_no_first_word(hasty):
    with hasty.talk() as talk, pytest.raises(ConnectionClosed) as end:
        talk.say(do="fly")
        while True:
            talk.hear()
    assert "Nothing was heard" in end.value.rcvd.reason


def test_when_all_talk_the_newest_is_turned_away(small):
    with contextlib.ExitStack() as open_:
        talks = [open_.enter_context(small.talk(visitor=f"v{k}")) for k in range(10)]
        for talk in talks:
            talk.say(do="inspect", kind="store", id=1)
            assert talk.hear()["say"] == "error"
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(small, "/")
    eventually(lambda: not all(one.is_silent for one in small.app.app.state.door._lines.values())
               or len(small.app.app.state.door._lines) < 10)  # fmt: skip
    assert ask(small, "/")[0] == 200


def test_a_reader_that_never_reads_its_answer_is_let_go(hasty):
    many = (REQUEST.replace(b"/ ", b"/static/o2o.js ", 1) + b"\r\n") * 40
    with contextlib.closing(socket.socket()) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", hasty.port))
        sock.sendall(many)
        door = hasty.app.app.state.door
        eventually(lambda: any(one.peer == sock.getsockname() for one in list(door._lines.values())))
        eventually(lambda: all(one.peer != sock.getsockname() for one in list(door._lines.values())))
