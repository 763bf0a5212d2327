"""Looks names up inside a container, run as `python3 - MODE ARGUMENTS`; prints JSON. Standard library only."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable
from struct import pack
from typing import Any

PATIENCE_S = 3.0
SILENT_S = 0.3
ENGINE = ("127.0.0.11", 53)


def names(*names: str) -> dict[str, Any]:
    """What the system's resolver finds for each name, and how long that takes."""
    return {name: _found(name) for name in names}


def direct(name: str) -> dict[str, Any]:
    """The result codes of the engine's name server, as programs with a resolver of their own ask it."""
    asked = _query(name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(PATIENCE_S)
        own.sendto(asked, ENGINE)
        udp = own.recv(65535)
    with socket.create_connection(ENGINE, PATIENCE_S) as stream:
        stream.sendall(len(asked).to_bytes(2, "big") + asked)
        tcp = stream.recv(65535)[2:]
    return {"udp": udp[3] & 15, "tcp": tcp[3] & 15}


def intrude(host: str, mac: str, *ports: str) -> dict[str, Any]:
    """Ask another container's ports for a name, at its address and, by raw frames, at its loopback: all answers."""
    heard = []
    for port in map(int, ports):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.settimeout(SILENT_S)
            own.sendto(_query("app.example"), (host, port))
            try:
                heard.append(own.recv(99).hex())
            except OSError as error:
                heard.append(type(error).__name__)
        try:
            socket.create_connection((host, port), SILENT_S).close()
            heard.append("connected")
        except OSError as error:
            heard.append(type(error).__name__)
    sent = sum(_send_frame(mac, target, port) for port in map(int, ports) for target in ("127.0.0.1", "127.0.0.11"))
    return {"heard": heard, "sent": sent}


def _found(name: str) -> dict[str, Any]:
    began = time.monotonic()
    try:
        found: Any = sorted({str(row[4][0]) for row in socket.getaddrinfo(name, None)})
    except socket.gaierror as error:
        found = error.errno
    return {"found": found, "took_s": time.monotonic() - began}


def _query(name: str) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + pack("!HH", 1, 1)


def _send_frame(mac: str, target: str, port: int) -> bool:
    """A query over UDP, without a checksum, for an address of the other's loopback."""
    query = _query("app.example")
    datagram = pack("!HHHH", 40000, port, 8 + len(query), 0) + query
    own = socket.gethostbyname(socket.gethostname())
    head = pack("!BBHHHBBH", 0x45, 0, 20 + len(datagram), 1, 0, 64, 17, 0)
    head += socket.inet_aton(own) + socket.inet_aton(target)
    total = sum(int.from_bytes(head[at : at + 2], "big") for at in range(0, len(head), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    head = head[:10] + pack("!H", ~total & 0xFFFF) + head[12:]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("eth0", 0))
        frame = bytes.fromhex(mac.replace(":", "")) + wire.getsockname()[4] + b"\x08\0" + head + datagram
        return wire.send(frame) == len(frame)


MODES: dict[str, Callable[..., dict[str, Any]]] = {"names": names, "direct": direct, "intrude": intrude}

if __name__ == "__main__":
    print(json.dumps(MODES[sys.argv[1]](*sys.argv[2:])))
