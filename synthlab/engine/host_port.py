"""Whether a port of this machine is free."""

from __future__ import annotations

import socket
import sys

from ..contract import HOST

_HERE = ("unix:", "http+unix:", "npipe:")


def is_free(port: int) -> bool:
    """Whether nothing listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        if sys.platform != "win32":  # there the option would allow to take a port that is in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return True  # a low port that only the engine may open: let it try
        except OSError:
            return False
    return True


def is_free_on(engine: str, port: int) -> bool:
    """Whether a port is free where the engine at this address publishes it; True elsewhere, where nobody knows."""
    return not engine.startswith(_HERE) or is_free(port)
