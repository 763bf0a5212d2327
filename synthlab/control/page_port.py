"""What a port of this machine needs to lead to a client's API on another machine, such as to its control page.

A browser there has no token of the lab. So each of its requests gets it on the way, but none that a page of another
site has sent, nor one under a host name that was made to point here (DNS rebinding). As the token opens a connection
for all that follows, each connection has one request.
"""

from __future__ import annotations

import socket
from contextlib import suppress

from ..engine.lab_access import LabAccess
from .tls_access import authorization

HEAD_BYTES = 16 << 10
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

_OURS = (b"authorization", b"connection", b"keep-alive", b"upgrade")
_OWN_SITES = (b"none", b"same-origin")


def with_token(access: LabAccess, here: socket.socket) -> bytes:
    """Read the head of the request; return what is sent in place of it. Raises ConnectionRefusedError."""
    port = here.getsockname()[1]
    head, end, rest = _read(here).partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers = [(line.partition(b":")[0].strip().lower(), line) for line in lines]
    if not end or not _is_own(headers, port):
        with suppress(OSError):
            here.sendall(REFUSED)
        raise ConnectionRefusedError("a request of somebody else's page")
    added = [f"{name}: {value}".encode() for name, value in authorization(access).items()]
    kept = [line for name, line in headers if name not in _OURS]
    return b"\r\n".join([first, *kept, *added, b"Connection: close", b"", b""]) + rest


def _read(here: socket.socket) -> bytes:
    """What comes, until the head is complete."""
    read = b""
    while b"\r\n\r\n" not in read and len(read) < HEAD_BYTES and (piece := here.recv(HEAD_BYTES)):
        read += piece
    return read


def _is_own(headers: list[tuple[bytes, bytes]], port: int) -> bool:
    """Whether a program, or a page from this port, has sent it."""

    def values(wanted: bytes) -> list[bytes]:
        return [line.partition(b":")[2].strip() for name, line in headers if name == wanted]

    hosts, origins, sites = values(b"host"), values(b"origin"), values(b"sec-fetch-site")
    if len(hosts) != 1 or hosts[0] not in (b"127.0.0.1:%d" % port, b"localhost:%d" % port):
        return False
    return all(origin == b"http://" + hosts[0] for origin in origins) and all(site in _OWN_SITES for site in sites)
