"""The server of `o2o-sim serve`: a page, a few lists, and a websocket to a city.

    served = Served(offers([Path("my_city.yaml")]))
    serve(create_app(served), served.limits, bind("127.0.0.1", None))

Needs the extra [web] (starlette, uvicorn, websockets).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import hashlib
import hmac
import importlib.util
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .. import __version__
from ..errors import ScenarioError
from .admission import Holder
from .broadcast import BroadcastRoom, ReplayRoom
from .catalogue import Offers, listing, read
from .door import BACKLOG, Door, guarded
from .messages import Limits
from .pages import FOR_EVER, Guard, Hosts, asset, is_loopback, page
from .rooms import Client, LiveRoom, Room
from .sessions import Pool

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import HTTPConnection

PORT, PORTS_TRIED = 8765, 20
EXTRA = "needs the extra [web]: pip install 'o2o-sim[web]'"
PATIENCE = 4.0
"""Seconds that opening the page waits for the first warm worker."""
VISITOR = "o2o_visitor"
"""The cookie that tells one browser from another. It is no secret of ours: anybody may make one up."""
KNOWN = re.compile(r"[\w-]{16,64}", re.ASCII)
FILES = 4096
"""Open files and connections that the server asks the system for."""
SEND_BYTES = 128 * 1024
"""What the system may hold of one connection for a slow reader: little, so that an answer is not behind minutes of
days."""


def new_token() -> str:
    """A secret that cannot be guessed, fit for an address."""
    return base64.urlsafe_b64encode(os.urandom(18)).decode()


@dataclass
class Served:
    """What is served: scenarios by id (the first is shown first), within limits, to whom, and how.

    In mode "broadcast" who has the `token` is the teacher. In mode "replay" `run` is the folder of a finished
    run. `lessons` is a folder of lessons of one's own; `make` stands in for the conversation in tests."""

    offered: Offers
    limits: Limits = field(default_factory=Limits)
    mode: Literal["live", "broadcast", "replay"] = "live"
    host: str = "127.0.0.1"
    names: Sequence[str] = ()
    token: str = field(default_factory=new_token)
    run: Path | None = None
    lessons: Path | None = None
    spares: int = 2
    make: Callable[..., Any] | None = None


def create_app(served: Served, *, when_warm: Callable[[], None] | None = None) -> Guard:
    """The application (its `app` is Starlette's). `when_warm` is called in a thread once a first city can be
    shown quickly.

    Raises ScenarioError without the extra [web], if the stored run cannot be read, or the lessons are wrong.
    """
    require_web()
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket

    limits = served.limits
    # Browsers keep one cookie of a name for all ports of a machine, where another server may run.
    cookie = f"o2o_teacher_{hashlib.sha256(served.token.encode()).hexdigest()[:12]}"
    if served.lessons is not None:
        check_lessons(served.lessons, served.offered)
    pool = Pool(served.offered, limits, spares=served.spares, make=served.make)
    replay = read_replay(served.run) if served.mode == "replay" and served.run else None
    room: Room
    if replay is not None:
        room = replay
    else:
        room = BroadcastRoom(pool, limits) if served.mode == "broadcast" else LiveRoom(pool, limits)
    lists: dict[str, asyncio.Task[list[dict[str, Any]]]] = {}
    door = Door(limits)

    def is_teacher(asked: HTTPConnection) -> bool:
        if served.mode != "broadcast":
            return False
        said = (asked.cookies.get(cookie, ""), asked.query_params.get("teacher", ""))
        return any(hmac.compare_digest(one.encode(), served.token.encode()) for one in said)

    async def front(request: Any) -> Response:
        if is_teacher(request) and "teacher" in request.query_params:
            # The address bar of a teacher is seen by the whole class: the secret moves into a cookie.
            response: Response = RedirectResponse("/", 303)
            response.set_cookie(cookie, served.token, httponly=True, samesite="strict")
            return response
        response = HTMLResponse(page())
        if not KNOWN.fullmatch(request.cookies.get(VISITOR, "")):
            response.set_cookie(VISITOR, new_token(), httponly=True, samesite="strict")
        return response

    async def static(request: Any) -> Response:
        found = asset(request.path_params["name"])
        if found is None:
            return PlainTextResponse("There is no such file.", 404)
        kept = FOR_EVER if request.query_params.get("v") else "no-cache"
        return Response(found[0], headers={"Content-Type": found[1], "Cache-Control": kept})

    async def a_list(request: Any) -> Response:
        return JSONResponse(await asyncio.shield(lists[request.url.path]))

    async def about(request: Any) -> Response:
        first = ReplayRoom.SCENARIO if replay else next(iter(served.offered), "")
        said = {
            "mode": served.mode,
            "teacher": is_teacher(request),
            "scenario": first,
            "version": __version__,
        }
        return JSONResponse(said)

    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        offered = served.offered if replay is None else (ReplayRoom.SCENARIO,)
        client = Client(
            websocket,
            limits,
            offered,
            holder=_holder(websocket),
            teacher=is_teacher(websocket),
            on_hello=lambda: door.mark(websocket.client, "talks"),
        )
        await room.host(client)

    async def announce() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await (pool.warm.wait() if replay is None else asyncio.sleep(0))
        if when_warm is not None:
            await asyncio.to_thread(when_warm)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if replay is None:
            pool.start()
        # Read beside everything else: a page is shown before they are there.
        read_all = [listing, served.offered, limits.consumers, limits.days] if replay is None else [list]
        lists["/api/scenarios"] = asyncio.create_task(asyncio.to_thread(*read_all))
        lists["/api/lessons"] = asyncio.create_task(
            asyncio.to_thread(read_lessons, served.lessons, served.offered)
        )
        announcing = asyncio.create_task(announce())
        try:
            yield
        finally:
            announcing.cancel()
            await room.close()
            await pool.close()

    routes = [
        Route("/", front),
        Route("/static/{name}", static),
        Route("/api/scenarios", a_list),
        Route("/api/lessons", a_list),
        Route("/api/about", about),
        WebSocketRoute("/ws", talk),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.pool, app.state.room, app.state.door = pool, room, door
    return Guard(app, Hosts(served.host, served.names))


def _holder(websocket: HTTPConnection) -> Holder:
    """Who connects, as far as places are concerned."""
    cookie, page_id = websocket.cookies.get(VISITOR, ""), websocket.query_params.get("page", "")
    return Holder(
        address=websocket.client.host if websocket.client else "",
        cookie=cookie if KNOWN.fullmatch(cookie) else "",
        page=page_id if KNOWN.fullmatch(page_id) else "",
    )


def require_web() -> None:
    """Raises ScenarioError without the extra [web]."""
    if any(importlib.util.find_spec(name) is None for name in ("starlette", "uvicorn", "websockets")):
        raise ScenarioError(EXTRA, file="serve")


def check_lessons(folder: Path, offered: Offers) -> None:
    """Raises ScenarioError with all that is wrong with lessons of one's own, also with what they say of
    scenarios."""
    from .lessons import load_lessons

    if not load_lessons([folder], partial(_scenario_of, offered)):
        raise ScenarioError("holds no lessons (files *.yaml)", file=str(folder))


def read_lessons(folder: Path | None, offered: Offers) -> list[dict[str, Any]]:
    """The lessons in a folder of one's own, if there is one, and those that come with the package, as plain
    data, with what people call the scenarios that are offered and their levers."""
    from .lessons import SHIPPED, load_lessons

    load = lru_cache(partial(_scenario_of, offered))
    return [lesson.as_json(load) for lesson in load_lessons([folder, SHIPPED] if folder else [SHIPPED])]


def _scenario_of(offered: Offers, name: str) -> Any:
    if name not in offered:
        raise ScenarioError(f"there is no scenario '{name}' here")
    return read(offered[name])


def read_replay(folder: Path) -> ReplayRoom:
    """A stored run with its cards. Raises ScenarioError if it has none, or cannot be read."""
    from ..record.archive import load_run
    from ..record.given import replay_of
    from .cards import Cards

    result = load_run(folder)
    replay = replay_of(folder, result.manifest, result.daily)
    cards = Cards(result.frames, result.manifest, replay=replay)

    @lru_cache(maxsize=1)
    def report() -> str:
        from .report import Run, page

        return page([Run.load(folder, "")])

    return ReplayRoom(replay.key, replay.frames, cards.card, report)


# -- listening ----------------------------------------------------------------------------------------------
def bind(host: str, port: int | None) -> socket.socket:
    """A socket that listens at an address. Without a port, 8765 or one of the next that is free.

    Raises ScenarioError if that cannot be.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port or PORT, type=socket.SOCK_STREAM)[
            0
        ]
    except (OSError, UnicodeError) as fault:
        raise ScenarioError(f"there is no address '{host}' here", file="--host") from fault
    tried = [port] if port is not None else range(PORT, PORT + PORTS_TRIED)
    for number in tried:
        sock = socket.socket(family, kind, protocol)
        if sys.platform != "win32":  # there it would let two servers listen at one port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)  # connections inherit it
            sock.bind((address[0], number, *address[2:]))
            sock.listen(BACKLOG)
            return sock
        except OSError as fault:
            sock.close()
            if fault.errno in (errno.EADDRINUSE, errno.EACCES) and port is None:
                continue
            if fault.errno == errno.EADDRINUSE:
                hint = (
                    "Perhaps o2o-sim serve runs already; name another port, or none to get one that is free."
                )
                raise ScenarioError(f"port {number} is in use", file="--port", hint=hint) from None
            said = fault.strerror or str(fault)
            at = "--port" if fault.errno == errno.EACCES else "--host"
            raise ScenarioError(f"cannot listen there: {said}", file=at) from None
    raise ScenarioError(f"ports {PORT} to {PORT + PORTS_TRIED - 1} are all in use", file="--port")


def addresses(sock: socket.socket, host: str) -> list[str]:
    """The addresses at which a browser finds the server, the one for this machine first."""
    at, port = sock.getsockname()[:2]
    if at not in ("0.0.0.0", "::"):
        return [f"http://{f'[{host}]' if ':' in host else host}:{port}/"]
    found = [f"http://127.0.0.1:{port}/"]
    # Which address others see: asking for a way out sends nothing (the address is one of documentation).
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ask:
        ask.connect(("192.0.2.1", 9))
        found.append(f"http://{ask.getsockname()[0]}:{port}/")
    return list(dict.fromkeys(found))


def web_server(app: Guard, limits: Limits) -> uvicorn.Server:
    """What carries an application: `run(sockets=[...])` serves until a signal comes, or `should_exit` is
    set."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            http=guarded(app.app.state.door),
            backlog=BACKLOG,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            ws="auto",
            ws_max_size=limits.message_bytes,
            # A ping stands behind days that a slow computer has not read yet: it keeps a line open, but an answer
            # that is late says nothing. Of a computer that is gone the system tells after some minutes.
            ws_ping_timeout=None,
            ws_per_message_deflate=False,  # costs more than it saves on the way through one room
            timeout_graceful_shutdown=2,
        )
    )


def serve(app: Guard, limits: Limits, sock: socket.socket) -> None:
    """Serve an application until Ctrl-C (which raises KeyboardInterrupt, after every worker has ended)."""
    web_server(app, limits).run(sockets=[sock])


def open_files() -> int:
    """How many files and connections this process may have, after it has asked for enough: on a Mac a class would
    need more than the usual 256."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows has no such limit
        import resource

        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
        if now != resource.RLIM_INFINITY and now < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
        now = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return FILES if now == resource.RLIM_INFINITY else now
    return FILES


__all__ = [
    "Served",
    "addresses",
    "bind",
    "create_app",
    "is_loopback",
    "new_token",
    "open_files",
    "serve",
    "web_server",
]
