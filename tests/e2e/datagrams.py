"""UDP datagrams seen in the network of a process, with the kernel's stamps: where and when each one passed.

Run as a program, `python3 datagrams.py SECONDS` prints, for each datagram of UDP over IPv4 that passes any interface
for the first time, a hash of its payload and when the kernel saw it, in ns since the epoch.
"""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping

_ETH_P_ALL, _SO_TIMESTAMPNS, _SO_RCVBUFFORCE = 3, 35, 33
_LEAST = 24
"""Shorter payloads, such as keepalives, may repeat."""


class Datagrams:
    """The datagrams that pass the network of a process during this time; entering it needs root."""

    def __init__(self, pid: int, seconds: float) -> None:
        inside = ["nsenter", "--target", str(pid), "--net", sys.executable, __file__, str(seconds)]
        self._process = subprocess.Popen(inside, stdout=subprocess.PIPE, text=True)

    def result(self) -> dict[str, int]:
        """When each was first seen, in ns, by the hash of its payload."""
        output, _ = self._process.communicate()
        assert self._process.returncode == 0
        stamps: dict[str, int] = json.loads(output)
        return stamps


def delays_ms(sent: Mapping[str, int], arrived: Mapping[str, int]) -> Iterable[float]:
    """How long each datagram took that was seen first in one network and then in the other."""
    return [(arrived[key] - at) / 1e6 for key, at in sent.items() if arrived.get(key, 0) > at]


def _seen(seconds: float) -> dict[str, int]:
    watcher = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    watcher.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
    watcher.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    watcher.settimeout(0.2)
    stamps: dict[str, int] = {}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            frame, control, *_ = watcher.recvmsg(1 << 16, 100)
        except TimeoutError:
            continue
        if frame[12:14] == b"\x08\x00" and frame[23] == socket.IPPROTO_UDP and len(payload := _payload(frame)) > _LEAST:
            whole, rest = struct.unpack("qq", control[0][2])
            stamps.setdefault(hashlib.sha1(payload).hexdigest(), whole * 10**9 + rest)
    return stamps


def _payload(frame: bytes) -> bytes:
    """Of a datagram of UDP over IPv4, in an Ethernet frame that may be padded."""
    start = 14 + (frame[14] & 15) * 4
    length = int.from_bytes(frame[start + 4 : start + 6], "big")
    return frame[start + 8 : start + length]


if __name__ == "__main__":
    print(json.dumps(_seen(float(sys.argv[1]))))
