"""TCP through a client with `app: proxy`, timed from this machine."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

SECONDS = 5.0
_GET = b"GET / HTTP/1.0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Times:
    """How long a connection took to open and the first byte of an answer to come, each one round trip, in seconds."""

    opened: float
    answered: float

    def __sub__(self, other: Times) -> Times:
        return Times(self.opened - other.opened, self.answered - other.answered)


Open = Callable[[socket.socket, str, int], None]


def socks(tunnel: socket.socket, host: str, port: int) -> None:
    """Ask for a connection by SOCKS5; raises ConnectionError with the code of a refusal."""
    tunnel.sendall(b"\5\1\0")
    assert _exactly(tunnel, 2) == b"\5\0"
    tunnel.sendall(bytes([5, 1, 0, 3, len(host)]) + host.encode() + port.to_bytes(2))
    code = _exactly(tunnel, 10)[1]
    if code:
        raise ConnectionError(f"SOCKS code {code}")


def connect(tunnel: socket.socket, host: str, port: int) -> None:
    """Ask for a connection by HTTP CONNECT; raises ConnectionError with the status of a refusal."""
    tunnel.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\n\r\n".encode())
    line = tunnel.recv(4096).partition(b"\r\n")[0].decode()
    if " 200 " not in line:
        raise ConnectionError(line)


def times(proxy: str, open_tunnel: Open, host: str, port: int) -> Times:
    """Of one request through the proxy at this address of this machine."""
    name, _, number = proxy.partition(":")
    with socket.create_connection((name, int(number)), SECONDS) as tunnel:
        began = time.monotonic()
        open_tunnel(tunnel, host, port)
        opened = time.monotonic()
        tunnel.sendall(_GET)
        assert tunnel.recv(16)
        return Times(opened - began, time.monotonic() - opened)


def best(proxy: str, open_tunnel: Open, host: str, port: int, count: int = 3) -> Times:
    """The shortest times of several requests: what is longer is this machine's doing."""
    taken = [times(proxy, open_tunnel, host, port) for _ in range(count)]
    return Times(min(one.opened for one in taken), min(one.answered for one in taken))


def _exactly(tunnel: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = tunnel.recv(size - len(got))
        if not more:
            raise ConnectionError("the proxy has closed the connection")
        got += more
    return got
