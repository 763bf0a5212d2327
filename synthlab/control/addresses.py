"""Where a client can be looked at from the host: its control page, its screen, and the page that it shows itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from ..contract import API_PORT, CDP_PORT, COMPANION_API_PORT, HOST, VNC_PORT
from ..engine.containers import Container
from ..errors import SynthlabError
from ..stack.apps import CLIENT_APPS


def api_url(container: Container) -> str | None:
    """Where a client's API answers, if its container runs; an engine that died may still list an old port of it."""
    if container.state not in ("running", "paused", "restarting"):
        return None
    port = container.ports.get(COMPANION_API_PORT if container.network_of else API_PORT)
    return f"http://{HOST}:{port}" if port else None


def control_page(client: Container) -> str:
    """Raises SynthlabError where the client does not run."""
    url = api_url(client)
    if url is None:
        raise not_running(client)
    return f"{url}/"


def screen(client: Container) -> str:
    """Raises SynthlabError for a client without a screen."""
    if client.state != "running":
        raise not_running(client)
    if VNC_PORT not in client.ports:
        raise SynthlabError(f"{client.title} has no screen: it is headless")
    return f"vnc://{HOST}:{client.ports[VNC_PORT]}"


def debugging(client: Container) -> str:
    """Where Chrome's debugging protocol is spoken; raises SynthlabError for a client without."""
    if client.state != "running":
        raise not_running(client)
    if CDP_PORT not in client.ports:
        raise no_browser(client)
    return f"http://{HOST}:{client.ports[CDP_PORT]}"


def shown_page(client: Container, environment: Mapping[str, str], members: Sequence[Container]) -> str:
    """The page with the name of the lab's own server replaced by its address, which the host can reach on Linux."""
    url = environment.get("SYNTHLAB_URL")
    if not url:
        raise SynthlabError(f"{client.title} shows no page: its stack gives it no url")
    parts = urlsplit(url)
    for member in members:
        if parts.hostname == member.title and member.address:
            port = f":{parts.port}" if parts.port else ""
            return parts._replace(netloc=f"{member.address}{port}").geturl()
    return url


def far_away(client: Container, address: str, engine: str) -> SynthlabError:
    """What to do about an address that only the engine's machine has."""
    port = urlsplit(address).port
    return SynthlabError(
        f"{address} is on the engine's machine ({engine}), and does not lead to {client.title} from here: forward the "
        f"port in another terminal, as with `ssh -N -L {port}:{HOST}:{port} MACHINE`, and that of the API "
        f"({client.ports.get(API_PORT)}), too"
    )


def no_browser(client: Container) -> SynthlabError:
    """What to do where there is none, or none that is known: an image of the user's own may have one."""
    if client.role != "client" or client.app in CLIENT_APPS:
        return SynthlabError(f"{client.title} has no browser: a client with `app: chrome` has one")
    return SynthlabError(
        f"{client.title} has no browser that synthlab knows of: if there is one in its image, publish its debugging "
        "port in the stack with `ports: {cdp: 9222}`"
    )


def not_running(client: Container) -> SynthlabError:
    return SynthlabError(f"{client.title} does not run ({client.status}): `synthlab restart {client.title}` starts it")
