"""A name server that does not answer holds up the lookup of a name, and nothing else."""

from __future__ import annotations

import pytest

from .labs import docker, synthlab

pytestmark = [pytest.mark.docker, pytest.mark.issue(14)]

# Prints how long the program stood still, and how long the lookup took, in s.
PROGRAM = """
import socket, threading, time
from syntheticnet.api.remote_names import lookup

silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 53))
start = last = time.monotonic()
thread = threading.Thread(target=lookup, args=("call", "10.1.2.3"))
thread.start()
longest = 0.0
while thread.is_alive():
    time.sleep(0.01)
    now = time.monotonic()
    longest, last = max(longest, now - last), now
print(longest, last - start)
"""
TIMEOUT_S = 2
MOST_STILL_S = 1.0


def test_a_lookup_holds_up_no_other_thread() -> None:
    """The lookup waits for its timeout meanwhile; what else runs depends on the image's Python, so it runs there."""
    synthlab("images", "build")
    resolver = f"nameserver 127.0.0.1\noptions timeout:{TIMEOUT_S} attempts:1\n"
    steps = 'printf \'%s\' "$0" > /etc/resolv.conf; exec /opt/synthlab/bin/python -I -c "$1"'
    command = ["run", "--rm", "--network", "none", "--entrypoint", "sh", "syntheticnet", "-c", steps, resolver, PROGRAM]
    longest, took = map(float, docker(*command).split())
    assert took >= TIMEOUT_S
    assert longest < MOST_STILL_S
