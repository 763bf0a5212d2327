"""A STUN server with two addresses, and RFC 5780's tests of a NAT against it; alone, it runs in any container.

`stun.py serve ADDRESS OTHER` answers until its input ends; `stun.py discover SERVER` prints what it finds as JSON;
`stun.py wait SERVER` prints the endpoint that the server sees, for each line of its input anew, and what arrives there.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import sys
from dataclasses import asdict, dataclass

PORTS = 3478, 3479
COOKIE = 0x2112A442
REQUEST, RESPONSE = 0x0001, 0x0101
CHANGE_REQUEST, XOR_MAPPED_ADDRESS, OTHER_ADDRESS = 0x0003, 0x0020, 0x802C
CHANGE_IP, CHANGE_PORT = 4, 2
TRIES, WAIT_S = 2, 0.15

Endpoint = tuple[str, int]


@dataclass(frozen=True)
class Found:
    """What RFC 5780 (4.3, 4.4) tells of a NAT: `mapped` is the endpoint that the server saw."""

    mapped: Endpoint
    mapping: str
    filtering: str
    local: Endpoint


def serve(address: str, other: str) -> None:
    """Answer at both addresses and both ports, from where a request asks, until standard input ends."""
    sockets = {(host, port): _bound(host, port) for host in (address, other) for port in PORTS}
    print("ready", flush=True)
    while True:
        ready = select.select([sys.stdin, *sockets.values()], [], [])[0]
        if sys.stdin in ready:
            return
        for place, own in sockets.items():
            if own in ready:
                _answer(own.recvfrom(2048), place, sockets)


def wait(server: str) -> None:
    """Show what arrives at one endpoint until standard input ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("0.0.0.0", 0))
        _show({"mapped": mapped_at(own, (server, PORTS[0]))})
        while True:
            ready = select.select([sys.stdin, own], [], [])[0]
            if own in ready:
                data, peer = own.recvfrom(2048)
                _show({"data": data.decode(), "peer": peer})
            elif not sys.stdin.readline():
                return
            else:
                _show({"mapped": mapped_at(own, (server, PORTS[0]))})


def discover(server: str, local: Endpoint = ("0.0.0.0", 0)) -> Found:
    """Mapping and filtering behaviour; raises TimeoutError if the server does not answer at all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(local)
        mapped, other = _mapped(own, (server, PORTS[0]))
        mapping = _mapping(own, mapped, other)
    # Filtering needs an endpoint that has sent to nobody else.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as fresh:
        fresh.bind((local[0], 0))
        return Found(mapped, mapping, _filtering(fresh, (server, PORTS[0])), own_name(server))


def own_name(server: str) -> Endpoint:
    """The address from which packets to the server leave."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.connect((server, PORTS[0]))
        host, port = own.getsockname()
        return str(host), int(port)


def mapped_at(own: socket.socket, server: Endpoint) -> Endpoint:
    """The endpoint that a server sees."""
    return _mapped(own, server)[0]


def _mapping(own: socket.socket, first: Endpoint, other: Endpoint) -> str:
    second = _mapped(own, (other[0], PORTS[0]))[0]
    if second == first:
        return "endpoint-independent"
    third = _mapped(own, other)[0]
    return "address-dependent" if third == second else "address- and port-dependent"


def _filtering(own: socket.socket, server: Endpoint) -> str:
    _mapped(own, server)
    if _ask(own, server, CHANGE_IP | CHANGE_PORT):
        return "endpoint-independent"
    return "address-dependent" if _ask(own, server, CHANGE_PORT) else "address- and port-dependent"


def _mapped(own: socket.socket, server: Endpoint) -> tuple[Endpoint, Endpoint]:
    """The endpoint that the server saw, and its other one."""
    found = _ask(own, server)
    if not found:
        raise TimeoutError(f"no answer from {server}")
    return found[XOR_MAPPED_ADDRESS], found[OTHER_ADDRESS]


def _ask(own: socket.socket, server: Endpoint, change: int = 0) -> dict[int, Endpoint]:
    """The addresses in the answer to a request; none if there is no answer."""
    body = struct.pack("!HHI", CHANGE_REQUEST, 4, change) if change else b""
    for _ in range(TRIES):
        transaction = os.urandom(12)
        own.sendto(struct.pack("!HHI", REQUEST, len(body), COOKIE) + transaction + body, server)
        while select.select([own], [], [], WAIT_S)[0]:
            answer = own.recv(2048)
            if answer[8:20] == transaction:
                return _addresses(answer[20:])
    return {}


def _answer(received: tuple[bytes, Endpoint], place: Endpoint, sockets: dict[Endpoint, socket.socket]) -> None:
    request, peer = received
    if len(request) < 20 or struct.unpack_from("!H", request)[0] != REQUEST:
        return
    change = struct.unpack_from("!HHI", request, 20)[2] if len(request) >= 28 else 0
    (host, port) = place
    other_host = next(one for one, _ in sockets if one != host)
    other_port = next(one for one in PORTS if one != port)
    sender = sockets[other_host if change & CHANGE_IP else host, other_port if change & CHANGE_PORT else port]
    body = _written(XOR_MAPPED_ADDRESS, peer, COOKIE) + _written(OTHER_ADDRESS, (other_host, other_port), 0)
    sender.sendto(struct.pack("!HHI", RESPONSE, len(body), COOKIE) + request[8:20] + body, peer)


def _written(kind: int, place: Endpoint, mask: int) -> bytes:
    address = struct.unpack("!I", socket.inet_aton(place[0]))[0]
    return struct.pack("!HHBBHI", kind, 8, 0, 1, place[1] ^ (mask >> 16), address ^ mask)


def _addresses(body: bytes) -> dict[int, Endpoint]:
    found = {}
    while body:
        kind, _, _, _, port, address = struct.unpack_from("!HHBBHI", body)
        mask = COOKIE if kind == XOR_MAPPED_ADDRESS else 0
        found[kind] = socket.inet_ntoa(struct.pack("!I", address ^ mask)), port ^ (mask >> 16)
        body = body[12:]
    return found


def _show(values: object) -> None:
    print(json.dumps(values), flush=True)


def _bound(host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((host, port))
    return made


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], sys.argv[3])
    elif sys.argv[1] == "wait":
        wait(sys.argv[2])
    else:
        _show(asdict(discover(sys.argv[2])))
