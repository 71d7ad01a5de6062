"""The pages of the server, what the browser may do on them, and who may ask for them."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from html import escape
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parent / "static"
ASSETS = {"o2o.js": "text/javascript; charset=utf-8", "o2o.css": "text/css; charset=utf-8"}
"""All files there are to be had, and what they are."""

PAGE = """<!doctype html>
<html lang="en" data-o2o="app">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>o2o_sim: see the city</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/o2o.css?v={css}">
<script type="module" src="/static/o2o.js?v={js}"></script>
</head>
<body class="o2o">
<div id="o2o"></div>
<noscript>This page draws a simulated city and needs JavaScript.</noscript>
{note}</body>
</html>
"""
NOT_BUILT = "<p>The page's script is not built yet: run <code>make js</code>.</p>\n"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src {connect}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
FOR_EVER, NEVER = "public, max-age=31536000, immutable", "no-store"


def asset(name: str) -> tuple[bytes, str] | None:
    """The content and type of a static file; None if there is no such file, or it is not built."""
    kind = ASSETS.get(name)
    try:
        return ((STATIC / name).read_bytes(), kind) if kind else None
    except OSError:
        return None


def page() -> str:
    """The page, which names its files by what is in them, so that a browser may keep them."""
    found = {name: asset(name) for name in ASSETS}
    marks = {name: hashlib.sha256(file[0]).hexdigest()[:16] if file else "0" for name, file in found.items()}
    note = NOT_BUILT if found["o2o.js"] is None else ""
    return PAGE.format(css=escape(marks["o2o.css"]), js=escape(marks["o2o.js"]), note=note)


# -- who may ask --------------------------------------------------------------------------------------------
class Hosts:
    """The names under which the server may be asked for.

    A page on another site can make a browser ask for any name that leads here ("DNS rebinding"), but not for
    an address or a name of ours. So addresses are welcome (only those of this machine itself, if it listens
    to nobody else), and of names `localhost` and those given."""

    def __init__(self, listening_at: str, names: Iterable[str] = ()):
        self.names = {"localhost", *(name.lower().rstrip(".") for name in names)}
        self.only_here = is_loopback(listening_at)
        if not _address(listening_at):
            self.names.add(listening_at.lower())

    def welcome(self, host: str) -> bool:
        """Is this header `Host` one of ours? The port does not matter (a tunnel may have another)."""
        name = _name_of(host)
        if name is None:
            return False
        if (address := _address(name)) is not None:
            return address.is_loopback or not self.only_here
        return name in self.names


def is_loopback(host: str) -> bool:
    """Does a server that listens at `host` hear this machine only?"""
    address = _address(host)
    return address.is_loopback if address is not None else host.lower() == "localhost"


def _name_of(host: str) -> str | None:
    """The name in a header `Host`, without the port and brackets; None if it is none."""
    name, port = host.strip().lower(), ""
    if name.startswith("["):
        name, closed, rest = name[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            return None
        port = rest[1:]
    elif ":" in name:
        name, _, port = name.partition(":")
    if (port and not (port.isascii() and port.isdecimal())) or not name:
        return None
    return name.rstrip(".")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        # What follows a '%' (the zone of an address) may be anything, also words for the policy of the page.
        return ipaddress.ip_address(name) if "%" not in name else None
    except ValueError:
        return None


Send = Callable[[dict[str, Any]], Awaitable[None]]


class Guard:
    """Stands before the app: turns away whom it does not know, and tells browsers what pages may do."""

    def __init__(self, app: Any, hosts: Hosts):
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        said = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(said) != 1 or not self.hosts.welcome(said[0]):
            await _refuse(scope, receive, send, "This server is not known by that name.")
            return
        host = said[0].strip().lower()
        if scope["type"] == "websocket":
            origins = [
                value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"origin"
            ]
            # Browsers always say where a page comes from; programs of one's own need not.
            if any(origin not in (f"http://{host}", f"https://{host}") for origin in origins):
                await _refuse(scope, receive, send, "Only pages of this server may connect to it.")
                return
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                usual = _headers(f"'self' ws://{host} wss://{host}")
                message["headers"] = [*message["headers"], *(one for one in usual if one[0] not in there)]
            await send(message)

        await self.app(scope, receive, send_with_headers)


async def _refuse(scope: dict[str, Any], receive: Any, send: Send, text: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": text})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_headers("'none'")]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def _headers(connect: str) -> list[tuple[bytes, bytes]]:
    """The headers of every answer; `connect` is where its page may connect to."""
    said = {"Content-Security-Policy": POLICY.format(connect=connect), "Cache-Control": NEVER, **HEADERS}
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in said.items()]


__all__ = ["FOR_EVER", "Guard", "Hosts", "asset", "is_loopback", "page"]
