"""Ways into and out of a client container, tried from inside it with `python3 -c ... MODE ...`; prints JSON.

Standard library only, because it runs on the container's Python.
"""

from __future__ import annotations

import errno
import json
import os
import select
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

_ETH_P_ALL = 3
_ETHERTYPES = {4: b"\x08\x00", 6: b"\x86\xdd"}
_PAUSE_SECONDS = 0.005
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
GROUPS = {4: ["239.1.2.3"], 6: ["ff02::5:5", "ff05::5:5"]}
EVERYONE = {4: ["255.255.255.255"], 6: ["ff02::1"]}


def shout(rounds: str, host: str, port: str, patience: str) -> dict[str, Any]:
    """Send to a host, to broadcast and to groups, and connect to the host, through every interface.

    After the last round a pending connection has this many seconds left.
    Each datagram names its sender, interface and target. Counts what was sent, and what the firewall refused.
    """
    family = _family(host)
    sent: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    knocking = {name: _knock(family, name, host, int(port)) for name in _interfaces().values()}
    senders = {name: _bound_to(family, name, host) for name in _interfaces().values()}
    for _ in range(int(rounds)):
        for name, sender in senders.items():
            for target in (host, *EVERYONE[family], *GROUPS[family]):
                try:
                    sender.sendto(f"{socket.gethostname()} {name} {target}".encode(), (target, int(port)))
                    sent[name] += 1
                except OSError as error:
                    refused[name] += error.errno == errno.EPERM
        time.sleep(_PAUSE_SECONDS)
    deadline = time.monotonic() + float(patience)
    while not (connected := [name for name, knocker in knocking.items() if _is_connected(knocker)]):
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return {"sent": sent, "refused": refused, "connected": connected}


def listen(port: str, version: str) -> dict[str, Any]:
    """Count datagrams and connections received on every interface until standard input ends.

    Rows of interface, content and count.
    """
    family = int(version)
    receivers: dict[socket.socket, str] = {}
    for index, name in _interfaces().items():
        receivers |= {_receiver(family, index, name, int(port)): name, _server(family, name, int(port)): name}
    print("listening", flush=True)
    heard: Counter[tuple[str, str]] = Counter()
    while sys.stdin not in (ready := select.select([sys.stdin, *receivers], [], [])[0]):
        for receiver in receivers.keys() & ready:
            heard[receivers[receiver], _said(receiver)] += 1
    return {"heard": [[interface, said, count] for (interface, said), count in heard.items()]}


def ask(count: str, host: str, mac: str, other_mac: str) -> dict[str, Any]:
    """Send echo and ARP requests in hand-made frames: the kinds of the answers until standard input ends.

    Echo requests go to its MAC address, to that of another of its interfaces, and to broadcast.
    """
    asker = _Asker(host, _mac(mac))
    asked = asker.questions(_mac(other_mac))
    for _ in range(int(count)):
        for frame in asked:
            asker.socket.send(frame)
        time.sleep(_PAUSE_SECONDS)
    print("asked", flush=True)
    answers = []
    while sys.stdin not in select.select([sys.stdin, asker.socket], [], [])[0]:
        if kind := asker.kind(asker.socket.recv(2048)):
            answers.append(kind)
    return {"answers": answers}


class _Asker:
    """Builds the request frames for a host, and recognises its answers."""

    ECHOES = ("echo", "echo of the other MAC", "echo of everyone")

    def __init__(self, host: str, mac: bytes) -> None:
        self._family = _family(host)
        self._host = socket.inet_pton(_FAMILIES[self._family], host)
        self._own = socket.inet_pton(_FAMILIES[self._family], _own_address(host))
        self._their_mac = mac
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self.socket.bind(("synth0", _ETH_P_ALL))
        self._own_mac: bytes = self.socket.getsockname()[4]
        self._id = os.getpid() & 0xFFFF

    def questions(self, other_mac: bytes) -> list[bytes]:
        everyone = b"\xff" * 6 if self._family == 4 else bytes.fromhex("333300000001")
        macs = (self._their_mac, other_mac, everyone)
        return [self._echo(mac, number) for number, mac in enumerate(macs)] + [self._who_has()]

    def kind(self, frame: bytes) -> str | None:
        """The request it answers; None if it is not an answer."""
        if self._family == 4:
            if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\2" and frame[28:32] == self._host:
                return "who has"
            is_echo = frame[12:14] == b"\x08\x00" and frame[23] == 1 and frame[34:36] == b"\0\0"
            return self._echo_kind(frame[38:42]) if is_echo else None
        if frame[12:14] != b"\x86\xdd" or frame[20] != 58:
            return None
        if frame[54] == 136 and frame[62:78] == self._host:
            return "who has"
        return self._echo_kind(frame[58:62]) if frame[54] == 129 else None

    def _echo_kind(self, id_and_number: bytes) -> str | None:
        id, number = struct.unpack("!HH", id_and_number)
        return self.ECHOES[number] if id == self._id else None

    def _echo(self, mac: bytes, number: int) -> bytes:
        message = struct.pack("!BBHHH", 8 if self._family == 4 else 128, 0, 0, self._id, number) + b"hello"
        return mac + self._own_mac + _ETHERTYPES[self._family] + self._ip(message, self._host, 64)

    def _who_has(self) -> bytes:
        if self._family == 4:
            request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + self._own_mac + self._own + bytes(6) + self._host
            return b"\xff" * 6 + self._own_mac + b"\x08\x06" + request
        message = struct.pack("!BBHI", 135, 0, 0, 0) + self._host + b"\1\1" + self._own_mac
        group = bytes.fromhex("ff0200000000000000000001ff") + self._host[13:]
        packet = self._ip(message, group, 255)
        return b"\x33\x33" + group[12:] + self._own_mac + _ETHERTYPES[6] + packet

    def _ip(self, message: bytes, target: bytes, hops: int) -> bytes:
        """An IP packet with an ICMP message, checksum included."""
        if self._family == 4:
            header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(message), 0, 0, hops, 1, 0) + self._own + target
            return _summed(header, 10) + _summed(message, 2)
        pseudo = self._own + target + struct.pack("!II", len(message), 58)
        message = _summed(message, 2, pseudo)
        return struct.pack("!IHBB", 0x60000000, len(message), 58, hops) + self._own + target + message


def _summed(data: bytes, at: int, before: bytes = b"") -> bytes:
    """`data` with its Internet checksum filled in; `before` is the pseudo-header."""
    words = before + data + bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(words) // 2}H", words))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return data[:at] + struct.pack("!H", total ^ 0xFFFF) + data[at + 2 :]


def _knock(family: int, interface: str, host: str, port: int) -> socket.socket:
    """A connection that is being established."""
    opened = _on(interface, family, socket.SOCK_STREAM)
    opened.setblocking(False)
    opened.connect_ex((host, port))
    return opened


def _is_connected(opened: socket.socket) -> bool:
    try:
        opened.getpeername()
    except OSError:
        return False
    return True


def _bound_to(family: int, interface: str, toward: str) -> socket.socket:
    """A sender with the application's address, on any interface."""
    opened = _on(interface, family, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    opened.bind((_own_address(toward), 0))
    return opened


def _receiver(family: int, index: int, interface: str, port: int) -> socket.socket:
    opened = _on(interface, family, socket.SOCK_DGRAM)
    opened.bind(("", port))
    for group in GROUPS[family]:
        packed = socket.inet_pton(_FAMILIES[family], group)
        with suppress(OSError):  # the outer interfaces may refuse membership
            if family == 4:
                member = packed + struct.pack("@ii", 0, index)
                opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            else:
                member = packed + struct.pack("@i", index)
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
    return opened


def _server(family: int, interface: str, port: int) -> socket.socket:
    opened = _on(interface, family, socket.SOCK_STREAM)
    opened.bind(("", port))
    opened.listen()
    return opened


def _said(receiver: socket.socket) -> str:
    if receiver.type == socket.SOCK_DGRAM:
        return receiver.recv(2048).decode()
    receiver.accept()[0].close()
    return "a connection"


def _on(interface: str, family: int, kind: socket.SocketKind) -> socket.socket:
    opened = socket.socket(_FAMILIES[family], kind)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    if family == 6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return opened


def _interfaces() -> dict[int, str]:
    return {index: name for index, name in socket.if_nameindex() if name != "lo"}


def _family(host: str) -> int:
    return 6 if ":" in host else 4


def _own_address(toward: str) -> str:
    with socket.socket(_FAMILIES[_family(toward)], socket.SOCK_DGRAM) as opened:
        opened.connect((toward, 9))
        return str(opened.getsockname()[0])


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.strip().replace(":", ""))


def main(arguments: Sequence[str]) -> None:
    modes: dict[str, Callable[..., dict[str, Any]]] = {"shout": shout, "listen": listen, "ask": ask}
    print(json.dumps(modes[arguments[0]](*arguments[1:])))


if __name__ == "__main__":
    main(sys.argv[1:])
