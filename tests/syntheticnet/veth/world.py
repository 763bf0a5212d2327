"""Two network namespaces joined through a real forwarder, and the sockets to send packets between them."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

from syntheticnet import channel
from syntheticnet.api.control_client import ControlClient
from syntheticnet.channel import Unanswered
from syntheticnet.forwarder.port import Frame, Port, make_ports, open_socket

Side = Literal["client", "server"]
Family = Literal[4, 6]

BOTH: tuple[Side, Side] = ("client", "server")
ADDRESSES: dict[Side, dict[Family, str]] = {
    "client": {4: "10.9.0.1", 6: "fd09::1"},
    "server": {4: "10.9.0.2", 6: "fd09::2"},
}
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_ROOT = Path(__file__).parents[3]
_CLONE_NEWNET = 0x40000000
_SO_RCVBUFFORCE = 33

_libc = ctypes.CDLL(None, use_errno=True)


class World:
    """A client and a server, each in its own namespace, and a forwarder between them in a third.

    The client's end is the forwarder's inner port: egress leads from client to server.
    """

    def __init__(self, cleanup: ExitStack, suffix: str = "") -> None:
        """`suffix` distinguishes several worlds of one process."""
        tag = f"synth{os.getpid()}{suffix}"
        self._names = {"client": f"{tag}c", "server": f"{tag}s", "forwarder": f"{tag}f"}
        for name in self._names.values():
            _ip("netns", "add", name)
            cleanup.callback(_ip, "netns", "del", name)
        for side, end in (("client", "inner"), ("server", "outer")):
            self._join(side, end)
        self._start(cleanup)

    def configure(self, **requested: Any) -> dict[str, Any]:
        """Apply exactly these conditions, dropping all leases; returns the report."""
        return self.ask("replace", change={"seed": 7} | requested)

    def report(self) -> dict[str, Any]:
        return self.ask("report")

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        """Send a request and return the forwarder's answer, as the API does."""
        return asyncio.run(self.control.ask(op, seconds=20, **arguments))

    @property
    def forwarder(self) -> int:
        """The id of the forwarder's process."""
        return self._process.pid

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """With the forwarder's process stopped."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def inside(self, side: Side) -> Iterator[None]:
        """In a side's namespace: sockets made there stay there."""
        with Path("/proc/thread-self/ns/net").open() as home, Path(f"/run/netns/{self._names[side]}").open() as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    def udp(self, side: Side, family: Family = 4, port: int = 0) -> socket.socket:
        """A non-blocking UDP socket with a large receive buffer."""
        with self.inside(side):
            made = socket.socket(FAMILIES[family], socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
        made.setblocking(False)
        made.bind((ADDRESSES[side][family], port))
        return made

    def udp_pair(self, sender: Side, family: Family = 4) -> tuple[socket.socket, socket.socket]:
        """A sender, connected to the receiver on the other side, and that receiver."""
        away, toward = self.udp(sender, family), self.udp(other(sender), family)
        away.connect(toward.getsockname())
        return away, toward

    def tcp_pair(self, sender: Side, family: Family = 4) -> tuple[socket.socket, socket.socket]:
        """Both ends of a TCP connection that `sender` opened."""
        with self.inside(other(sender)):
            listening = socket.create_server((ADDRESSES[other(sender)][family], 0), family=FAMILIES[family])
        with listening:
            with self.inside(sender):
                away = socket.create_connection(listening.getsockname()[:2], timeout=20)
            return away, listening.accept()[0]

    @contextmanager
    def capture(self, side: Side) -> Iterator[Callable[[], list[Frame]]]:
        """Returns a function that reads the frames arriving at a side, with kernel stamps."""
        with self.inside(side):
            opened = open_socket(socket.if_nametoindex("eth0"))
        (port,) = make_ports(opened.detach())
        try:
            yield lambda: [frame for batch in iter(port.read, []) for frame in batch]
        finally:
            socket.socket(fileno=port._socket.detach()).close()

    def raw(self, side: Side) -> Port:
        """A packet socket to send frames of any kind from."""
        with self.inside(side):
            opened = open_socket(socket.if_nametoindex("eth0"))
        return make_ports(opened.detach())[0]

    def checksum_errors(self, side: Side) -> dict[str, int]:
        """Every counter of wrong checksums that the side's kernel keeps."""
        with self.inside(side):
            rows = Path("/proc/thread-self/net/snmp").read_text().splitlines()
            six = Path("/proc/thread-self/net/snmp6").read_text().split()
        found = dict(zip(six[::2], map(int, six[1::2]), strict=True))
        for names, values in zip(rows[::2], rows[1::2], strict=True):
            kind = names.split()[0]
            found |= {
                f"{kind}{name}": int(value) for name, value in list(zip(names.split(), values.split(), strict=True))[1:]
            }
        return {name: count for name, count in found.items() if "CsumErrors" in name}

    def _join(self, side: str, end: str) -> None:
        """A veth pair between a side and the forwarder, whose end sends no packets automatically."""
        ours, theirs = self._names["forwarder"], self._names[side]
        _ip("-n", ours, "link", "add", end, "type", "veth", "peer", "name", "eth0", "netns", theirs)
        _ip("-n", ours, "link", "set", end, "arp", "off", "addrgenmode", "none")

    def _up(self) -> None:
        for side, end in (("client", "inner"), ("server", "outer")):
            _ip("-n", self._names["forwarder"], "link", "set", end, "up")
            _ip("-n", self._names[side], "link", "set", "eth0", "up")
            name: Side = "client" if side == "client" else "server"
            _ip("-n", self._names[side], "addr", "add", f"{ADDRESSES[name][4]}/24", "dev", "eth0")
            _ip("-n", self._names[side], "addr", "add", f"{ADDRESSES[name][6]}/64", "dev", "eth0", "nodad")

    def _start(self, cleanup: ExitStack) -> None:
        ours, theirs = channel.make_pair()
        cleanup.callback(ours.close)
        arguments = ["-m", f"{__package__}.child", str(theirs.fileno()), "outer", "inner"]
        with theirs:
            self._process = subprocess.Popen(
                ["ip", "netns", "exec", self._names["forwarder"], sys.executable, *arguments],
                pass_fds=[theirs.fileno()],
                cwd=_ROOT,
            )
        cleanup.callback(self._process.wait)
        cleanup.callback(self._process.kill)
        self.control = ControlClient(ours)
        self._await_answer()
        self._up()

    def _await_answer(self) -> None:
        for _ in range(20):
            assert self._process.poll() is None, "the forwarder ended"
            try:
                self.report()
            except Unanswered:
                continue
            return
        raise AssertionError("the forwarder did not start")


def other(side: Side) -> Side:
    return "server" if side == "client" else "client"


def settle(seconds: float, until: Callable[[], bool]) -> bool:
    """Wait until something holds, at most `seconds`; whether it did."""
    deadline = time.monotonic() + seconds
    while not until():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
