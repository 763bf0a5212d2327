"""The forwarder as a separate process: `python -m tests.syntheticnet.veth.child CONTROL_FD OUTER INNER`."""

from __future__ import annotations

import os
import socket
import sys

from syntheticnet.forwarder import process as forwarder
from syntheticnet.forwarder.networks import NetworkSockets
from syntheticnet.forwarder.port import open_socket
from syntheticnet.forwarder.process import Wiring
from syntheticnet.forwarder.shared_memory import SharedDocument


def main(control: int, outer: str, inner: str) -> None:
    """Forward between two interfaces of this network namespace until killed, at raised priority."""
    os.nice(-20)
    end = socket.socket(fileno=control)
    with open_socket(socket.if_nametoindex(outer)) as one, open_socket(socket.if_nametoindex(inner)) as other:
        forwarder.main(Wiring([NetworkSockets(one.fileno(), other.fileno())], end, SharedDocument.create()))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
