"""`dashboard`: serves the lab API, and opens its page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import console

if TYPE_CHECKING:
    from ...dashboard.access import TokenCheck

PortOption = Annotated[
    int, typer.Option("--port", metavar="PORT", help="The port on 127.0.0.1; by default any free one.")
]
NoBrowserOption = Annotated[bool, typer.Option("--no-browser", help="Only print the address.")]
StdinOption = Annotated[
    bool, typer.Option("--stdin", help="End with the standard input, and so with the program that started this.")
]
TokenFileOption = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="Keep the token in this file, for Prometheus."),
]
JsonAddressOption = Annotated[bool, typer.Option("--json", help="Print address and token as one line of JSON.")]


def dashboard(
    context: typer.Context,
    no_browser: NoBrowserOption = False,
    port: PortOption = 0,
    until_end_of_input: StdinOption = False,
    json: JsonAddressOption = False,
    token_file: TokenFileOption = None,
) -> None:
    """Serve all labs to your browser and to programs.

    On 127.0.0.1 only, and only to whoever has the token in the printed address. Stacks and scenarios are bundled ones,
    and files below the current folder. Ctrl-C stops scenarios, and takes down the labs that were brought up here.

    \b
    Examples:
      synthlab dashboard
      synthlab dashboard --no-browser --port 8800
      synthlab dashboard --no-browser --json --stdin
      synthlab dashboard --no-browser --port 8800 --token-file synthlab-token
    """
    from ...dashboard.access import token_in
    from ...dashboard.server import serve

    def show(access: TokenCheck) -> None:
        if json:
            console.print_json_line({"url": access.url, "token": access.token})
        else:
            console.print_text(f"{access.url}/?token={access.token}\n")
        if not no_browser:
            open_page(f"{access.url}/?token={access.token}")

    token = token_in(token_file) if token_file else None
    serve(context.obj, Path.cwd(), port, show, until_end_of_input=until_end_of_input, token=token)


def open_page(address: str) -> None:
    """Open the page in this machine's browser."""
    import webbrowser

    if not webbrowser.open(address):
        console.print_note("no browser could be opened on this machine: use the address above")
