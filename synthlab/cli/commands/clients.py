"""`logs`, `exec`, `open`: the containers of a lab, one by one."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from typing import Annotated

import typer

from ...control import addresses
from ...control.backend import Backend
from ...control.container_lookup import find_member, find_members
from ...control.logs import read_lines
from ...control.page_console import console_lines
from ...engine.containers import Container, LogQuery
from ...errors import SynthlabError, WrongUse
from ...stack.durations import read_duration
from ...text.durations import seconds_of
from .. import console
from .options import ClientArgument, ClientsArgument, JsonOption, LabOption

FollowOption = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written, until Ctrl-C.")]
SinceOption = Annotated[str | None, typer.Option("--since", metavar="10min", help="Only what is not older than this.")]
TailOption = Annotated[int | None, typer.Option("--tail", "-n", min=0, help="Only so many lines of each.")]
ConsoleOption = Annotated[bool, typer.Option("--console", help="What pages in clients' browsers wrote instead.")]
CommandArgument = Annotated[list[str], typer.Argument(metavar="COMMAND...", help="What to run, and its arguments.")]
VncOption = Annotated[bool, typer.Option("--vnc", help="The screen, for a VNC viewer.")]
PageOption = Annotated[bool, typer.Option("--page", help="The page that the client itself shows.")]
PrintOption = Annotated[bool, typer.Option("--print", help="Print the address, and open nothing.")]


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
    """Show what clients and `sfu` have written.

    All if none is named, in the order of their times.

    On a terminal colours are left out and control characters are escaped; a file or a program gets the lines as they
    were written.

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
    """Those whose pages have a console; raises WrongUse for one that is named and has no browser."""
    from ...runner.evidence.screenshots import has_browser

    found = [container for container in wanted if has_browser(container)]
    without = [container.title for container in wanted if container not in found]
    if named and without:
        raise WrongUse(f"--console: {without[0]} has no browser")
    if not found:
        raise WrongUse(f"--console: no client of lab '{lab}' has a browser")
    return found


def exec_(context: typer.Context, client: ClientArgument, command: CommandArgument, lab: LabOption = None) -> None:
    """Run a command in a client, as its application.

    It has the application's user and network, and no more rights.

    Terminal, input and exit status are the command's, and so is all that stands behind its name.

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
    vnc: VncOption = False,
    page: PageOption = False,
    print_only: PrintOption = False,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Open a client's control page, screen or own page.

    In the browser of this machine.

    \b
    Examples:
      synthlab open client1
      synthlab open client2 --vnc
      synthlab open client1 --print
    """
    if vnc and page:
        raise WrongUse("--vnc and --page do not go together")
    backend: Backend = context.obj
    name, members = backend.members(lab)
    container = find_member(name, members, client)
    address = _address(backend, container, members, vnc, page)
    console.print_json({"client": container.title, "address": address}) if json else console.print_line(address)
    if not page and not backend.is_near(container):
        raise addresses.far_away(container, address, backend.engine.address())
    if not print_only and not _opened(address):
        raise SynthlabError("no browser could be opened on this machine: use the address above")


def _address(backend: Backend, container: Container, members: list[Container], vnc: bool, page: bool) -> str:
    if container.role != "client":
        raise WrongUse(f"{container.title} is no client: it has no control page")
    if vnc:
        return addresses.screen(container)
    if page:
        return addresses.shown_page(container, backend.engine.environment(container), members)
    return addresses.control_page(container)


def _opened(address: str) -> bool:
    import webbrowser

    return webbrowser.open(address)


def _begin(since: str | None) -> float | None:
    return None if since is None else time.time() - seconds_of(read_duration("--since", since))
