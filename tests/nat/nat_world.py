"""Network namespaces on real veths: two neighbours in a lan, a router with our rules, and two addresses outside."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import Literal

from syntheticnet.conditions import Nat
from syntheticnet.firewall import raise_firewall
from syntheticnet.router.router import Router

Place = Literal["ada", "bob", "router", "outside"]

LAN = IPv4Network("10.92.0.0/24")
INNER = {"ada": "10.92.0.10", "bob": "10.92.0.11"}
FORGED = "10.94.0.1"
"""An address of ada's that no router has for it."""
ROUTER_INSIDE, ROUTER_OUTSIDE = "10.92.0.1", "10.93.0.2"
OUTSIDE, OTHER = "10.93.0.10", "10.93.0.11"
UPLINK = "synth0"
BRIDGED = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class NatWorld:
    """`router` enforces its rules in its namespace; nobody conditions the packets."""

    def __init__(self, cleanup: ExitStack) -> None:
        tag = f"nat{os.getpid()}"
        self._names = {place: f"{tag}{place}" for place in ("ada", "bob", "router", "outside")}
        for name in self._names.values():
            _ip("netns", "add", name)
            cleanup.callback(_ip, "netns", "del", name)
        self._wire()
        with self.inside("router"):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
            if BRIDGED.exists():  # a router's lan is no bridge of its own, and a bridge's packets would skip its rules
                BRIDGED.write_text("0")
            raise_firewall()
            self.router = Router(LAN, UPLINK, Nat())
            cleanup.callback(self.router.server.close)
            self.router.start([], [80])
            self.router.see("lan0", ROUTER_OUTSIDE)
        self._serve(cleanup)

    def put(self, nat: Nat) -> None:
        """Have this NAT in force, without mappings."""
        with self.inside("router"):
            self.router._act("put", nat)

    @contextmanager
    def inside(self, place: Place) -> Iterator[None]:
        """In a namespace: sockets made there stay there."""
        there = Path(f"/run/netns/{self._names[place]}")
        with Path("/proc/thread-self/ns/net").open() as home, there.open() as entered:
            _enter(entered.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    def udp(self, place: Place, host: str = "0.0.0.0", port: int = 0) -> socket.socket:
        """A UDP socket that waits half a second for a packet."""
        with self.inside(place):
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((host, port))
        made.settimeout(0.5)
        return made

    def _wire(self) -> None:
        router, outside = self._names["router"], self._names["outside"]
        _ip("-n", router, "link", "add", "lan0", "type", "bridge")
        for place, address in INNER.items():
            there = self._names[place]
            _ip("-n", router, "link", "add", place, "type", "veth", "peer", "name", "eth0", "netns", there)
            _ip("-n", router, "link", "set", place, "master", "lan0", "up")
            _ip("-n", there, "addr", "add", f"{address}/24", "dev", "eth0")
            _ip("-n", there, "link", "set", "eth0", "up")
            _ip("-n", there, "route", "add", "default", "via", ROUTER_INSIDE)
        _ip("-n", self._names["ada"], "addr", "add", f"{FORGED}/32", "dev", "lo")
        _ip("-n", router, "link", "add", UPLINK, "type", "veth", "peer", "name", "eth0", "netns", outside)
        for device, address in (("lan0", ROUTER_INSIDE), (UPLINK, ROUTER_OUTSIDE)):
            _ip("-n", router, "addr", "add", f"{address}/24", "dev", device)
            _ip("-n", router, "link", "set", device, "up")
        for address in (OUTSIDE, OTHER):
            _ip("-n", outside, "addr", "add", f"{address}/24", "dev", "eth0")
        _ip("-n", outside, "link", "set", "eth0", "up")
        _ip("-n", outside, "route", "add", str(LAN), "via", ROUTER_OUTSIDE)

    def _serve(self, cleanup: ExitStack) -> None:
        command = ["ip", "netns", "exec", self._names["outside"], sys.executable, "-m", f"{__package__}.stun", "serve"]
        root = Path(__file__).parents[2]
        server = subprocess.Popen([*command, OUTSIDE, OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
        cleanup.callback(server.wait)
        assert server.stdin
        cleanup.callback(server.stdin.close)
        assert server.stdout
        assert server.stdout.readline() == b"ready\n"
        cleanup.callback(server.stdout.close)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
