"""Sends measured traffic between two clients; run in their containers by `python3 -`, prints JSON."""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

_STAMP = struct.Struct("!Id")  # number and send time: all containers of an engine share one monotonic clock
_HEADERS = 14 + 20 + 8  # Ethernet, IPv4 and UDP: a rate counts whole frames
_QUIET_S = 1.0


def sink(port: str, seconds: str) -> dict[str, Any]:
    """Count stamped datagrams until none arrives for _QUIET_S after the first."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    receiver.bind(("", int(port)))
    receiver.settimeout(float(seconds))
    print("listening", flush=True)
    delays: list[float] = []
    times: list[float] = []
    octets = 0
    try:
        while True:
            data = receiver.recv(2048)
            now = time.monotonic()
            delays.append((now - _STAMP.unpack_from(data)[1]) * 1000)
            octets += len(data) + _HEADERS if times else 0  # the span starts at the first arrival, after its bits
            times.append(now)
            receiver.settimeout(_QUIET_S)
    except TimeoutError:
        pass
    span = times[-1] - times[0] if len(times) > 1 else 0.0
    return {
        "received": len(times),
        "delay_p50_ms": sorted(delays)[len(delays) // 2] if delays else None,
        "rate_bps": octets * 8 / span if span else None,
    }


def send(host: str, port: str, count: str, per_second: str, size: str) -> dict[str, Any]:
    """Send numbered, stamped datagrams at a constant rate."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect((host, int(port)))
    padding = bytes(int(size) - _STAMP.size)
    start = time.monotonic()
    for number in range(int(count)):
        ahead = start + number / float(per_second) - time.monotonic()
        if ahead > 0.0005:
            time.sleep(ahead)
        sender.send(_STAMP.pack(number, time.monotonic()) + padding)
    return {"sent": int(count)}


MODES: dict[str, Callable[..., dict[str, Any]]] = {"sink": sink, "send": send}

if __name__ == "__main__":
    print(json.dumps(MODES[sys.argv[1]](*sys.argv[2:])))
