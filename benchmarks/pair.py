"""Forks forwarder and API from one parent, as PID 1 does: `python -m benchmarks.pair OUTER INNER JSON`.

Prints the process ids as one line of JSON once both work with the given conditions; exits with its parent.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from syntheticnet import channel  # as in PID 1, whose children share its imports
from syntheticnet.allow import Allow
from syntheticnet.conditions import Conditions
from syntheticnet.forwarder import process as forwarder
from syntheticnet.forwarder.networks import NetworkSockets
from syntheticnet.forwarder.port import open_socket
from syntheticnet.forwarder.process import Wiring
from syntheticnet.forwarder.shared_memory import SharedDocument
from syntheticnet.heartbeat import Pulse
from syntheticnet.supervisor.settings import API_PORT

from .middle import die_with_parent

HOST = "127.0.0.1"
REQUESTS = 20  # so that memory is measured after the API has served requests
_START_SECONDS = 20


def main(outer: str, inner: str, conditions: str) -> None:
    die_with_parent()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    store = SharedDocument.create()
    ours, theirs = channel.make_pair()
    listening = socket.create_server((HOST, API_PORT), backlog=128)
    ends = [open_socket(socket.if_nametoindex(name)).detach() for name in (outer, inner)]

    def serve() -> None:
        from syntheticnet.api import process as api
        from syntheticnet.api.state_answer import Identity

        api.main([listening], theirs, Identity("client1", "bench", Conditions()), [HOST], Allow(), Pulse())

    pids = {
        "forwarder": _forked(lambda: forwarder.main(Wiring([NetworkSockets(ends[0], ends[1])], ours, store))),
        "api": _forked(serve),
    }
    _await_health()
    for _ in range(REQUESTS):
        _ask("PUT", "/v1/conditions", conditions)
        _ask("GET", "/v1/state")
    print(json.dumps(pids), flush=True)
    signal.pause()


def _forked(body: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        die_with_parent()
        body()
    finally:
        os._exit(1)


def _await_health() -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException, SystemExit):
            return _ask("GET", "/v1/health")
        time.sleep(0.05)
    sys.exit("the API did not answer")


def _ask(method: str, path: str, body: str | None = None) -> None:
    """Send one API request; exit if it fails."""
    connection = http.client.HTTPConnection(HOST, API_PORT, timeout=2)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status != 200:
        sys.exit(f"{method} {path}: {answer.status} {text}")


if __name__ == "__main__":
    main(*sys.argv[1:])
