"""The API's process: the application that answers HTTP, and what runs beside it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from ..allow import Allow
from ..heartbeat import Pulse
from .access import AccessCheck
from .access_middleware import AccessMiddleware
from .admitted import Admitted
from .control_client import ControlClient
from .endpoints import page
from .error_answers import error_handlers
from .followed_hosts import FollowedHosts
from .probe_results import ProbeResults
from .remote_names import RemoteNames, lookup
from .routes import endpoints
from .server import serve
from .state_answer import Identity
from .tls_port import TlsPort

_ANY: Mapping[str, Any] = {"allow_methods": ["*"], "allow_headers": ["*"]}


def main(
    listening: Sequence[socket.socket],
    channel: socket.socket,
    identity: Identity,
    hosts: Sequence[str],
    allow: Allow,
    pulse: Pulse,
    probed: socket.socket | None = None,
    tls: TlsPort | None = None,
) -> None:
    """Serve until killed; `probed` is where a prober sends its numbers."""
    control, admitted = ControlClient(channel), Admitted(hosts, allow)
    names = (identity.name, socket.gethostname()) if allow else ()
    access = AccessCheck(admitted, names, allow.origins, identity.self_control)
    remotes = RemoteNames(hosts, partial(lookup, identity.lab))
    followed, probes = FollowedHosts(control), ProbeResults(probed)
    app = make(control, identity, access, pulse, remotes, probes, followed.named)
    serve(app, listening, _background(pulse, probes, admitted.follow(control), followed.follow()), tls)


def make(
    control: ControlClient,
    identity: Identity,
    access: AccessCheck,
    pulse: Pulse | None = None,
    names: RemoteNames | None = None,
    probes: ProbeResults | None = None,
    named: Callable[[], None] = lambda: None,
) -> Starlette:
    """The ASGI application; every error is a 4xx or 503 with a one-line message."""
    return Starlette(
        routes=[endpoint.route() for endpoint in endpoints(control, identity, names, probes, named)],
        middleware=[
            Middleware(
                AccessMiddleware, access=access, container=identity.container, scripts=page.PAGES.inline_scripts
            ),
            *([Middleware(CORSMiddleware, allow_origins=access.origins, **_ANY)] if access.origins else ()),
        ],
        exception_handlers=error_handlers(pulse),
    )


async def _background(pulse: Pulse, probes: ProbeResults, *following: Coroutine[Any, Any, None]) -> None:
    # In the event loop that serves requests: an answer shows that this loop still runs.
    asyncio.get_running_loop().add_reader(pulse.fileno(), pulse.answer)
    probes.follow()
    await asyncio.gather(*following)
