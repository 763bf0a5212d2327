"""`logs`, `exec`, `open`: single containers of a lab."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from json import dumps
from typing import Annotated

import typer

from ...contract import VNC_PORT
from ...control import addresses
from ...control.backend import Backend
from ...control.container_lookup import find_member, find_members
from ...control.logs import read_lines
from ...control.page_console import console_lines
from ...control.proxied_browser import ProxiedBrowser, is_proxy, proxied_browser
from ...engine.containers import Container, LogQuery
from ...errors import SynthlabError, WrongUse
from ...stack.durations import read_duration
from ...text.durations import seconds_of
from .. import console
from ..carried import reached
from .options import ClientArgument, ClientsArgument, JsonOption, LabOption

FollowOption = Annotated[bool, typer.Option("--follow", "-f", help="Follow the logs, until Ctrl-C.")]
SinceOption = Annotated[str | None, typer.Option("--since", metavar="10min", help="Only entries this recent.")]
TailOption = Annotated[int | None, typer.Option("--tail", "-n", metavar="N", min=0, help="The last N lines of each.")]
ConsoleOption = Annotated[bool, typer.Option("--console", help="Show the console of browsers' pages instead.")]
CommandArgument = Annotated[list[str], typer.Argument(metavar="COMMAND...", help="The command and its arguments.")]
ScreenOption = Annotated[bool, typer.Option("--screen", help="Open the screen, in a VNC viewer.")]
PageOption = Annotated[bool, typer.Option("--page", help="Open the web page that the client shows.")]
PrintOption = Annotated[bool, typer.Option("--print", help="Only print the address.")]


def logs(
    context: typer.Context,
    names: ClientsArgument = None,
    follow: FollowOption = False,
    since: SinceOption = None,
    tail: TailOption = None,
    of_pages: ConsoleOption = False,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Show the logs of clients and `sfu`.

    Of all if none is named, ordered by time.

    On a terminal, colours are dropped and control characters are escaped; a file or a pipe gets the original lines.

    \b
    Examples:
      synthlab logs
      synthlab logs client2 --tail 20
      synthlab logs sfu -f --since 5min
      synthlab logs client1 --console
    """
    backend: Backend = context.obj
    name, members = backend.members(lab, past=True)
    wanted = find_members(name, members, names or ())
    query = LogQuery(tail=tail, since=_begin(since), follow=follow)
    if of_pages:
        wanted = _with_browser(name, wanted, named=bool(names))
        lines = console_lines({container.title: backend.api(container) for container in wanted}, query)
    else:
        lines = read_lines(backend.engine, wanted, query)
    width = max(len(container.title) for container in wanted) if len(wanted) > 1 else 0
    for line in lines:
        if json:
            console.print_json_line(asdict(line))
        else:
            console.print_log(f"{line.writer:{width}} | " if width else "", line.text)


def _with_browser(lab: str, wanted: list[Container], named: bool) -> list[Container]:
    """The containers with a browser; raises WrongUse if there are none, or if a named one has none."""
    from ...runner.evidence.screenshots import has_browser

    browsers = [container for container in wanted if has_browser(container)]
    without = [container.title for container in wanted if container not in browsers]
    if named and without:
        raise WrongUse(f"--console: {without[0]} has no browser")
    if not browsers:
        raise WrongUse(f"--console: no client of lab '{lab}' has a browser")
    return browsers


def exec_(context: typer.Context, client: ClientArgument, command: CommandArgument, lab: LabOption = None) -> None:
    """Run a command in a client.

    It runs as the application's user, in its network and with its rights.

    Everything after the command's name is passed to it. Its exit status becomes that of `exec`.

    \b
    Examples:
      synthlab exec client1 sh
      synthlab exec client1 getent hosts sfu
      synthlab exec client1 --lab call -- ls -l
    """
    from ...engine.process import run_attached

    backend: Backend = context.obj
    name, members = backend.members(lab)
    container = find_member(name, members, client)
    if container.state != "running":
        raise addresses.not_running(container)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    raise typer.Exit(run_attached(backend.engine.exec_command(container, command, terminal)))


def open_(
    context: typer.Context,
    client: ClientArgument,
    screen: ScreenOption = False,
    page: PageOption = False,
    print_only: PrintOption = False,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Open a client's control page, screen or web page.

    The control page opens in this machine's browser. Where the client is on another machine, `--screen` carries the
    connections of a VNC viewer, until Ctrl-C; in a lab on a swarm, this command carries those of the browser, too.

    Of a client with `app: proxy`, also prints how to start a browser of your own that takes part over its network.

    \b
    Examples:
      synthlab open client1
      synthlab open client2 --screen
      synthlab open client1 --print
      synthlab open me --json
    """
    if screen and page:
        raise WrongUse("--screen and --page cannot be combined")
    backend: Backend = context.obj
    name, members = backend.members(lab)
    container = find_member(name, members, client)
    with _address(backend, container, members, screen, page) as address:
        browser = _proxied(backend, container)
        shown = {"client": container.title, "address": address, "browser": browser.to_dict() if browser else None}
        console.print_json_line(shown) if json else console.print_text(f"{address}\n{_described(browser)}")
        if not page and not screen and not container.node and not backend.is_near(container):
            raise addresses.far_away(container, address, backend.engine.address())
        if not print_only and not _opened(address):
            raise SynthlabError("no browser could be opened on this machine: use the address above")


def _address(
    backend: Backend, container: Container, members: list[Container], screen: bool, page: bool
) -> AbstractContextManager[str]:
    """The address, which leads there inside the `with`."""
    if container.role not in ("client", "router"):
        raise WrongUse(f"{container.title} is not a client: it has no control page")
    if screen:
        addresses.check_screen(container)
        return reached(backend, container, VNC_PORT, addresses.screen)
    if page and is_proxy(container):
        raise WrongUse(
            f"{container.title} shows no page itself: your own browser does, see `synthlab open {container.title}`"
        )
    if page:
        return nullcontext(addresses.shown_page(container, backend.engine.environment(container), members))
    there = addresses.control_page(container)
    if container.node:
        return reached(backend, container, container.api_port, addresses.control_page)
    return nullcontext(there)


def _proxied(backend: Backend, container: Container) -> ProxiedBrowser | None:
    return proxied_browser(container, backend.engine.environment(container)) if is_proxy(container) else None


def _described(browser: ProxiedBrowser | None) -> str:
    """Lines that say how to take part through a proxy; nothing for other clients."""
    if browser is None:
        return ""
    ice = dumps(browser.ice)
    return (
        f"browser: {browser.command}\nother programs: socks5h://{browser.proxy}, or HTTP CONNECT there\npages: {ice}\n"
    )


def _opened(address: str) -> bool:
    import webbrowser

    return webbrowser.open(address)


def _begin(since: str | None) -> float | None:
    return None if since is None else time.time() - seconds_of(read_duration("--since", since))
