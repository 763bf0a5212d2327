"""Learns the gateway's MAC before the application starts, so that no neighbour can impersonate the host.

Traffic to published ports arrives from the gateway's address. A neighbour with raw sockets (Docker's default) can send
from that address too, but gets the answers only by ARP spoofing, if this container maps the gateway to the neighbour's
MAC. So the MAC is learned once, refused if several machines claim the address, and then pinned.
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
# The host answers within a fraction of a millisecond; keep listening this long for a rival claim.
RIVAL_SECONDS = 0.03
RECEIVE_BUFFER = 65536

_HEADER = pack("!HHBB", 1, 0x0800, 6, 4)  # Ethernet and IPv4


class Pretended(Exception):
    """Several machines claim one address; the message is one line."""


def open_asker() -> socket.socket:
    """A socket for `settle`. Opening it needs NET_RAW, using it does not."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)  # receives all ARP, but is rarely read
    return wire


def settle(wire: socket.socket, own: Interface, gateway: str) -> str | None:
    """Ask for the gateway's MAC on an interface with an IPv4 address; None if nobody answers.

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
    """A broadcast ARP request for `wanted`."""
    own = bytes.fromhex(mac.replace(":", ""))
    kind = pack("!H", ARP) + _HEADER + pack("!H", REQUEST)
    return b"\xff" * 6 + own + kind + own + socket.inet_aton(address) + bytes(6) + socket.inet_aton(wanted)


def _claims(frames: Iterable[bytes], gateway: str) -> Iterator[str]:
    """The MACs that claim the gateway's address, in replies or unsolicited (RFC 826)."""
    for frame in frames:
        if frame[12:20] == pack("!H", ARP) + _HEADER and frame[28:32] == socket.inet_aton(gateway):
            yield frame[22:28].hex(":")


def _heard(wire: socket.socket, seconds: float) -> Iterator[bytes]:
    """Frames received within `seconds`; after the first reply only within `RIVAL_SECONDS`."""
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
    """Bind the socket to an interface and discard what it received before."""
    wire.bind((socket.if_indextoname(index), ARP))
    wire.setblocking(False)
    wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # clear the error left by its previous interface's removal
    # What came from the previous interface claims nothing about this one.
    with suppress(BlockingIOError):
        while wire.recv(1):
            pass
