"""URLs of a client as seen from the host: API, control page, screen, DevTools, and the page it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from ..contract import API_PORT, CDP_PORT, HOST, VNC_PORT
from ..engine.containers import Container
from ..errors import SynthlabError
from ..stack.apps import CLIENT_APPS


def api_url(container: Container) -> str | None:
    """The URL of a client's API; None unless its container runs: after a crash, an engine may still list old ports."""
    if container.state not in ("running", "paused", "restarting"):
        return None
    port = container.ports.get(container.api_port)
    if not port:
        return None
    return f"https://{container.host}:{port}" if container.node else f"http://{HOST}:{port}"


def control_page(client: Container, port: int | None = None) -> str:
    """Its API, or a `port` of this machine that leads there. Raises SynthlabError if the client is not running."""
    url = api_url(client)
    if url is None:
        raise not_running(client)
    return f"{url}/" if port is None else f"http://{HOST}:{port}/"


def check_screen(client: Container) -> None:
    """Raises SynthlabError for a client without a screen."""
    if client.state != "running":
        raise not_running(client)
    if not client.opens(VNC_PORT):
        raise SynthlabError(f"{client.title} has no screen: it is headless")


def check_debugger(client: Container) -> None:
    """Raises SynthlabError for a client without a browser's debugger (DevTools)."""
    if client.state != "running":
        raise not_running(client)
    if not client.opens(CDP_PORT):
        raise no_browser(client)


def screen(client: Container, port: int | None = None) -> str:
    """The VNC address, at a `port` of this machine that leads to it, by default the published one.

    Raises SynthlabError for a client without a screen.
    """
    check_screen(client)
    return f"vnc://{HOST}:{client.ports[VNC_PORT] if port is None else port}"


def debugging(client: Container, port: int | None = None) -> str:
    """The DevTools (CDP) address of a client's browser, at the same ports; raises SynthlabError if it has none."""
    check_debugger(client)
    return f"http://{HOST}:{client.ports[CDP_PORT] if port is None else port}"


def shown_page(client: Container, environment: Mapping[str, str], members: Sequence[Container]) -> str:
    """The page a client shows. A server of the lab is given by address: on Linux, the host can reach that.

    Raises SynthlabError if there is none, or if no machine outside the lab reaches it.
    """
    url = environment.get("SYNTHLAB_URL")
    if not url:
        raise SynthlabError(f"{client.title} shows no page: its stack sets no url")
    parts = urlsplit(url)
    for member in members:
        if parts.hostname == member.title and member.node:
            raise SynthlabError(
                f"{client.title} shows {url}, which only the lab's own network reaches: see it with --screen"
            )
        if parts.hostname == member.title and member.address:
            port = f":{parts.port}" if parts.port else ""
            return parts._replace(netloc=f"{member.address}{port}").geturl()
    return url


def far_away(client: Container, address: str, engine: str) -> SynthlabError:
    """The error for an address that leads to no client here: on another machine, or closed to this one by `allow`."""
    port = urlsplit(address).port
    if engine.startswith("unix:"):
        return SynthlabError(
            f"{address} does not reach {client.title} from here: if `allow` in the stack names a network, add `host` "
            f"to it; if the engine ({engine}) publishes on another machine, forward port {port} and the API's port "
            f"({client.ports.get(API_PORT)}) from there"
        )
    return SynthlabError(
        f"{address} is on the engine's machine ({engine}) and does not reach {client.title} from here: forward the "
        f"port in another terminal with `ssh -N -L {port}:{HOST}:{port} MACHINE`, and the API's port "
        f"({client.ports.get(API_PORT)}) as well"
    )


def no_browser(client: Container) -> SynthlabError:
    """The error for a client without a browser, or without a known one: a user's own image may contain one."""
    if client.role != "client" or client.app in CLIENT_APPS:
        return SynthlabError(f"{client.title} has no browser: use a client with `app: chrome`")
    return SynthlabError(
        f"{client.title} has no known browser: if its image contains one, publish its debugging port in the stack "
        "with `ports: {cdp: 9222}`"
    )


def not_running(client: Container) -> SynthlabError:
    name = client.network_of or client.title
    return SynthlabError(f"{client.title} is not running ({client.status}): start it with `synthlab restart {name}`")
