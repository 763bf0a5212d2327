"""The VNC screen: Xvnc and a window manager."""

from pathlib import Path

from .children import Program

_DISPLAY = ":1"
_PORT = 5901
_LOCK = Path("/tmp/.X1-lock")
_SOCKET = Path("/tmp/.X11-unix/X1")

ENVIRONMENT = {"DISPLAY": _DISPLAY}


def programs(title: str, geometry: str) -> list[Program]:
    """No password is needed: the lab publishes the port on the host's loopback only."""
    server = ["Xvnc", _DISPLAY, "-rfbport", str(_PORT), "-SecurityTypes", "None", "-AlwaysShared"]
    server += ["-desktop", title, "-geometry", geometry, "-depth", "24", "-Log", "*:stderr:0"]
    window_manager = Program("window manager", ["openbox"], hushed=".*")
    return [Program("screen", server, ready=_SOCKET, hushed=".*"), window_manager]


def clean() -> None:
    """Remove the X lock and socket of a previous run: the pid in the lock may now be another process's."""
    for leftover in (_LOCK, _SOCKET):
        leftover.unlink(missing_ok=True)
