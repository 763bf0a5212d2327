"""A steady stream of datagrams that survives the loss of the network, run with `python3 -c ... MODE ...`; prints JSON.

Standard library only, because it runs on the container's Python.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_STAMP = struct.Struct("!d")  # send time; all containers of an engine share one monotonic clock


def sent(host: str, port: str, seconds: str, per_second: str) -> dict[str, Any]:
    """Send regardless of errors: how many datagrams the kernel accepted, and how many it refused."""
    outcomes = {True: 0, False: 0}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        due, end = time.monotonic(), time.monotonic() + float(seconds)
        while due < end:
            time.sleep(max(0.0, due - time.monotonic()))
            taken = False
            with suppress(OSError):
                taken = sender.sendto(_STAMP.pack(time.monotonic()), (host, int(port))) > 0
            outcomes[taken] += 1
            due += 1 / float(per_second)
    return {"taken": outcomes[True], "refused": outcomes[False]}


def heard(port: str, seconds: str) -> dict[str, Any]:
    """When each arrived, and its delay, in seconds."""
    arrivals = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("", int(port)))
        print("listening", flush=True)
        end = time.monotonic() + float(seconds)
        while (left := end - time.monotonic()) > 0:
            receiver.settimeout(left)
            with suppress(TimeoutError):
                began = _STAMP.unpack(receiver.recv(64))[0]
                now = time.monotonic()
                arrivals.append((now, now - began))
    return {"arrivals": arrivals}


MODES: dict[str, Callable[..., dict[str, Any]]] = {"sent": sent, "heard": heard}

if __name__ == "__main__":
    print(json.dumps(MODES[sys.argv[1]](*sys.argv[2:])))
