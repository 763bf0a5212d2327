"""Checks whether a port of this machine is free."""

from __future__ import annotations

import socket
import sys

from ..contract import HOST

_HERE = ("unix:", "http+unix:", "npipe:")


def is_free(port: int) -> bool:
    """Whether nothing listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        # A port whose connections have just been closed (TIME_WAIT) must not look taken.
        if sys.platform != "win32":  # on Windows, the option allows binding a port in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return True  # a privileged port: only the engine may open it, so let it try
        except OSError:
            return False
    return True


def is_free_on(engine: str, port: int) -> bool:
    """Whether the engine at this URL can publish on a port; True for a remote engine, whose ports we cannot see."""
    return not engine.startswith(_HERE) or is_free(port)
