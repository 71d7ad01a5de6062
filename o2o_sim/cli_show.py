"""The command that shows a city while it runs: serve."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .cli_app import Set, command

if TYPE_CHECKING:
    from .show.catalogue import Offers
    from .show.messages import Limits
    from .show.server import Served


WARNING = """\
Everybody who can reach this machine over the network can open this page, start simulations on it, and read along:
there is no password and no encryption. Use it in a network you trust, and stop it after the class (Ctrl-C)."""


@command("o2o-sim serve classroom --broadcast")
def serve(
    scenarios: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[SCENARIO...]",
            help="Scenario files to offer besides the shipped ones, or names of shipped ones to offer first.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="Port; 8765 or the next free one if not said.", show_default=False
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 lets others in.")] = "127.0.0.1",
    broadcast: Annotated[
        bool, typer.Option("--broadcast", help="One run, which the teacher drives and everybody sees.")
    ] = False,
    replay: Annotated[
        Path | None, typer.Option(metavar="RUN_DIR", help="Show a finished run instead.", show_default=False)
    ] = None,
    lessons: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder with lessons of your own.", show_default=False)
    ] = None,
    places: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=500,
            help="Most visitors at a time, each with one map or two; what the machine carries if not said.",
            show_default=False,
        ),
    ] = None,
    max_consumers: Annotated[int, typer.Option(min=1, help="Most consumers a scenario may have.")] = 50_000,
    max_days: Annotated[int, typer.Option(min=1, help="Most days a scenario may have.")] = 4000,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the page in a browser.")] = False,
    no_plugins: Annotated[
        bool, typer.Option("--no-plugins", help="Refuse plugins of the scenarios named here too.")
    ] = False,
    set_: Set = None,
) -> None:
    """Show cities in the browser while they run: to play with, to teach with, or to look back at a run.

    Only this machine is let in, unless --host says otherwise. Ctrl-C ends it.
    """
    from .show.server import Served, addresses, bind, create_app, is_loopback, open_files, require_web
    from .show.server import serve as run

    require_web()
    from .show.messages import Limits

    limits = Limits(consumers=max_consumers, days=max_days)
    offered = _offered(scenarios or [], set_ or [], limits, no_plugins, broadcast=broadcast, replay=replay)
    limits = _sized(limits, offered, places, open_files())
    served = Served(
        offered,
        limits,
        mode="replay" if replay else "broadcast" if broadcast else "live",
        host=host,
        names=_own_names(),
        run=replay,
        lessons=lessons,
    )
    with bind(host, port) as sock:
        found = addresses(sock, host)
        first = _teachers(served, found[0]) if broadcast else found[0]
        app = create_app(served, when_warm=None if no_open else lambda: _open(first))
        _tell(served, found, alone=is_loopback(sock.getsockname()[0]))
        run(app, served.limits, sock)


def _offered(
    named: list[Path],
    overrides: list[str],
    limits: Limits,
    no_plugins: bool,
    *,
    broadcast: bool,
    replay: Path | None,
) -> Offers:
    """The scenarios to offer; those named are checked at once. Raises ScenarioError."""
    from .city.survey import survey
    from .errors import ScenarioError
    from .scenario.load import load_scenario
    from .show.catalogue import offers, within
    from .studies.job import plug_in

    if replay and (broadcast or named or overrides):
        raise ScenarioError(
            "shows one finished run; it goes with no scenario, --set or --broadcast", file="--replay"
        )
    if overrides and not named:
        raise ScenarioError("changes the scenario named on the command line, and none is", file="--set")
    for path in named:
        spec = load_scenario(path, overrides)
        try:
            within(spec, limits)
        except ScenarioError as fault:
            hint = "Allow more with --max-consumers or --max-days."
            raise ScenarioError(str(fault), file=str(path), hint=hint) from None
        if spec.plugins and no_plugins:
            key = "plugins.0"
            message = f"plugin {spec.plugins[0]!r} is named here, but plugins are refused"
            raise ScenarioError(spec.problem_at(key, message, "Serve without --no-plugins if you trust it."))
        survey(plug_in(spec, plugins=True))
    return offers(named, overrides, plugins=not no_plugins)


def _sized(limits: Limits, offered: Offers, places: int | None, files: int) -> Limits:
    """Limits with places and connections for this machine, if everybody shows the first scenario."""
    from dataclasses import replace

    from .show.admission import carried, connections
    from .show.catalogue import read

    consumers = read(next(iter(offered.values()))).population
    places = places or carried(consumers, files)
    most = connections(places, files)
    return replace(limits, places=places, connections=most, connections_each=max(1, most * 3 // 4))


def _own_names() -> list[str]:
    """The names by which others in the network may call this machine."""
    name = socket.gethostname()
    return [name, f"{name.partition('.')[0]}.local"] if name else []


def _tell(served: Served, found: list[str], *, alone: bool) -> None:
    from .terminal import say

    say(f"The page is at {' and '.join(found)}  (Ctrl-C ends it)")
    if served.mode == "live":
        say(f"Places for {served.limits.places} visitors, each with one map or two (more: --places)")
    if served.mode == "broadcast":
        say(f"The teacher's page is at {_teachers(served, found[0])}  (keep it to yourself)")
    if not alone:
        say(WARNING, err=True)


def _teachers(served: Served, address: str) -> str:
    return f"{address}?teacher={served.token}"


def _open(address: str) -> None:
    import contextlib
    import webbrowser

    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(address)
