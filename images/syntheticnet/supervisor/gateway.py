"""The host's hardware address, learned before the application starts, so that no neighbour can pretend to be it.

Published ports arrive with the gateway's address. A neighbour that has raw sockets (Docker's default) may send packets
with it too, but hears the answers only if this container believes the gateway to be at the neighbour's own hardware
address (ARP spoofing). So that address is learned once, with more than one claim refused, and then pinned.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from struct import pack

from .interface import Interface

ARP = 0x0806
REQUEST, REPLY = 1, 2
PATIENCE_SECONDS = 1.0
AGAIN_SECONDS = 0.1
# The host answers within a fraction of a millisecond; so long we listen for somebody else who claims the same.
RIVAL_SECONDS = 0.03
RECEIVE_BUFFER = 65536

_HEADER = pack("!HHBB", 1, 0x0800, 6, 4)  # Ethernet and IPv4


class Pretended(Exception):
    """Several machines claim one address; reads as one line."""


def open_asker() -> socket.socket:
    """The socket that `settle` asks by; needs NET_RAW, which asking does not."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)  # all ARP is heard, and seldom read
    return wire


def settle(wire: socket.socket, own: Interface, gateway: str) -> str | None:
    """The gateway's hardware address, as an interface that has an IPv4 address leads to it; None where nobody answers.

    Raises Pretended.
    """
    _bind(wire, own.index)
    asked = request(own.mac, own.ipv4 or "0.0.0.0", gateway)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        wire.send(asked)
        claims = set(_claims(_heard(wire, AGAIN_SECONDS), gateway))
        if len(claims) > 1:
            raise Pretended(f"{' and '.join(sorted(claims))} both claim the gateway's address {gateway}")
        if claims:
            return claims.pop()
    return None


def request(mac: str, address: str, wanted: str) -> bytes:
    """The frame that asks everybody who has the address `wanted`."""
    own = bytes.fromhex(mac.replace(":", ""))
    kind = pack("!H", ARP) + _HEADER + pack("!H", REQUEST)
    return b"\xff" * 6 + own + kind + own + socket.inet_aton(address) + bytes(6) + socket.inet_aton(wanted)


def _claims(frames: Iterable[bytes], gateway: str) -> Iterator[str]:
    """The hardware addresses that say they have the gateway's address, in answers or unasked (RFC 826)."""
    for frame in frames:
        if frame[12:20] == pack("!H", ARP) + _HEADER and frame[28:32] == socket.inet_aton(gateway):
            yield frame[22:28].hex(":")


def _heard(wire: socket.socket, seconds: float) -> Iterator[bytes]:
    """What comes within `seconds`; after the first answer only for as long as a rival would take."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            frame = wire.recv(64)
        except TimeoutError:
            return
        if frame[20:22] == pack("!H", REPLY):
            deadline = min(deadline, time.monotonic() + RIVAL_SECONDS)
        yield frame


def _bind(wire: socket.socket, index: int) -> None:
    """Put the asker on an interface, and forget what it has heard before."""
    wire.bind((socket.if_indextoname(index), ARP))
    wire.setblocking(False)
    wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # that the interface it was on has gone is no error any more
    with suppress(BlockingIOError):
        while wire.recv(1):
            pass
