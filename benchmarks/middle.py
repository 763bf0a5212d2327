"""Runs the forwarder as a separate process: `python -m benchmarks.middle CONTROL_FD OUTER INNER [SAMPLES]`."""

from __future__ import annotations

import ctypes
import signal
import socket
import sys
from pathlib import Path

from syntheticnet.forwarder import process as forwarder
from syntheticnet.forwarder.networks import NetworkSockets
from syntheticnet.forwarder.port import open_socket
from syntheticnet.forwarder.process import Wiring
from syntheticnet.forwarder.shared_memory import SharedDocument

_PR_SET_PDEATHSIG = 1


def main(control: int, outer: str, inner: str, samples: str = "") -> None:
    """Forward between two interfaces of this network namespace until killed; profile into file `samples` if given."""
    die_with_parent()
    if samples:
        from .sampler import Sampler

        Sampler(Path(samples)).start()
    end = socket.socket(fileno=control)
    with open_socket(socket.if_nametoindex(outer)) as one, open_socket(socket.if_nametoindex(inner)) as other:
        forwarder.main(Wiring([NetworkSockets(one.fileno(), other.fileno())], end, SharedDocument.create()))


def die_with_parent() -> None:
    """Have the kernel kill this process when the parent dies for any reason."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
