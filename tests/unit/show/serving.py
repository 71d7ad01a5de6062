"""A real server in a thread, and clients of it, for tests."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from o2o_sim.show.catalogue import offers
from o2o_sim.show.messages import Limits
from o2o_sim.show.server import VISITOR, Served, bind, create_app, web_server

HAMLET = Path(__file__).parents[1] / "systems" / "hamlet.yaml"
TINY = Path(__file__).parents[2] / "scenarios" / "tiny.yaml"


class Running:
    """A server that runs: its address, and what it serves."""

    def __init__(self, served: Served):
        self.served = served
        self.app = create_app(served)
        self.sock = bind("127.0.0.1", 0)
        self.port = self.sock.getsockname()[1]
        self.server = web_server(self.app, served.limits)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.sock]}, daemon=True)

    @property
    def pool(self) -> Any:
        return self.app.app.state.pool

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive()

    @contextlib.contextmanager
    def talk(self, *, query: str = "", visitor: str = "", **more: Any) -> Iterator[Talk]:
        """A connection, of a browser that has this cookie; `more` goes to websockets' `connect`."""
        if visitor:
            more["additional_headers"] = {"Cookie": f"{VISITOR}={visitor:_<16}"}
        url = f"ws://127.0.0.1:{self.port}/ws{query}"
        with connect(url, max_size=None, compression=None, close_timeout=1, **more) as line:
            yield Talk(line)


class Talk:
    """A client's side of a conversation."""

    def __init__(self, line: ClientConnection):
        self.line = line

    def say(self, **message: Any) -> None:
        self.line.send(json.dumps(message))

    def hear(self, seconds: float = 90.0) -> Any:
        """The next message: a dict or bytes. A worker that starts on a busy machine may take half a minute."""
        said = self.line.recv(seconds)
        return json.loads(said) if isinstance(said, str) else said

    def until(self, say: str, seconds: float = 90.0) -> dict[str, Any]:
        """The next message of a kind; others before it are skipped."""
        while True:
            said = self.hear(seconds)
            if isinstance(said, dict) and said["say"] == say:
                return said

    def frames(self, n: int) -> list[bytes]:
        """The next so many binary messages."""
        found: list[bytes] = []
        while len(found) < n:
            said = self.hear()
            if isinstance(said, bytes):
                found.append(said)
            else:
                assert said["say"] != "error", said
        return found

    def open(self, scenario: str = "hamlet", **more: Any) -> dict[str, Any]:
        self.say(do="open", scenario=scenario, **more)
        return self.until("opened")


@contextlib.contextmanager
def running(**said: Any) -> Iterator[Running]:
    """A server for the length of a block. `limits` may be given as a dict."""
    limits = Limits(**said.pop("limits", {}))
    offered = said.pop("offered", None) or offers([HAMLET])
    server = Running(Served(offered, limits, **said))
    server.thread.start()
    try:
        while not server.server.started:
            assert server.thread.is_alive()
            time.sleep(0.01)
        yield server
    finally:
        server.stop()


def ask(server, path, method="GET", **headers):
    """The status, headers (with small letters) and body of an answer. The path is sent as it is."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        line.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            line.putheader(name, value)
        line.endheaders()
        answer = line.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        line.close()
