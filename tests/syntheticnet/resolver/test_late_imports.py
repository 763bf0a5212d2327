"""The resolver imports nothing after its start: the application may then be able to change the container's files."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.issue(17)

PROGRAM = """
import os, socket, sys
from threading import Thread
from syntheticnet.heartbeat import Pulse
from syntheticnet.lookup_board import LookupBoard
from syntheticnet.supervisor.without_openssl import without_openssl
with without_openssl():
    from syntheticnet.resolver import process

class Late:
    def find_spec(self, name, *_):
        print(name, flush=True)

def echo_datagrams():
    while True:
        engine.sendto(*engine.recvfrom(999))

def echo_streams():
    while True:
        one = engine_streams.accept()[0]
        one.sendall(one.recv(999))

def look_up():
    for name in (b"plain", b"slow", b"gone", b"made"):
        asked = b"\\0\\7\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0" + bytes([len(name)]) + name + b"\\0\\0\\1\\0\\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(asked, datagrams.getsockname())
            own.recv(999)
        with socket.socket() as own:
            own.connect(listening.getsockname())
            own.sendall(len(asked).to_bytes(2, "big") + asked)
            own.recv(999)
    print("done", flush=True)
    os._exit(0)

engine_streams = socket.create_server(("127.0.0.1", 0))
engine, datagrams = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
engine.bind(engine_streams.getsockname())
datagrams.bind(("127.0.0.1", 0))
listening = socket.create_server(("127.0.0.1", 0))
board = LookupBoard()
board.request({"slow": {"delay": "10ms"}, "gone": {"answer": "nxdomain"}, "made": {"answer": "10.0.0.9"}})
sys.meta_path.insert(0, Late())
for body in (echo_datagrams, echo_streams, look_up):
    Thread(target=body, daemon=True).start()
process.main(process.ResolverWiring(datagrams, listening, engine.getsockname(), board, Pulse()), 0)
"""


def test_nothing_is_imported_late() -> None:
    """Look-ups of every kind, over UDP and TCP, are answered with what was loaded before."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, timeout=30)
    assert done.stderr == ""
    assert done.stdout.split() == ["done"]
