"""Starts the prober, which measures what others answer to this container's requests."""

from __future__ import annotations

import socket
from typing import NamedTuple

from .. import syscalls
from ..heartbeat import Pulse
from .children import Children
from .settings import Settings

USER = 65313
"""Without an entry in the image: it owns nothing."""


class Channel(NamedTuple):
    """Both ends of the way from the prober to the API. PID 1 owns them, so either side can be restarted."""

    prober: socket.socket
    api: socket.socket


def open_channel(settings: Settings) -> Channel | None:
    """None without probes: then nothing is started."""
    if not settings.probes:
        return None
    channel = Channel(*socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    for end in channel:
        end.setblocking(False)
    return channel


def start(children: Children, settings: Settings, channel: Channel | None) -> None:
    """Start the prober as a user without capabilities; its code is loaded here, before the application can alter it."""
    if channel is None:
        return
    from ..probes import process

    pulse, results = Pulse(), channel.prober

    def probe(_: int) -> None:
        syscalls.become(USER, USER)
        process.main(settings.probes, results, pulse)

    children.start("prober", probe, pulse)
