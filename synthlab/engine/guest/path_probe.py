"""Sends the datagrams of a path test to a `path_echo`, and says what came back.

Run as HOST PORT COUNT INTERVAL_MS MOST_MTU FAMILY, which is 4, 6, or 0 for IPv4 if there is a route, else IPv6: it
prints a JSON object with the addresses `own` and `other`, when each datagram was `sent`, and a list `back` of [number,
answered, came]; times are in ns since 1970, that of arrival is the kernel's. With a MOST_MTU other than 0, `mtu` is the
largest packet up to that size which passes both ways; None if none does.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

HEAD = struct.Struct("!IqqQ")
SO_TIMESTAMPNS, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, PROBE = 35, 10, 23, 3
HEADERS = {socket.AF_INET: 20 + 8, socket.AF_INET6: 40 + 8}
"""The headers of IP and UDP."""
FAMILIES = {"0": (socket.AF_INET, socket.AF_INET6), "4": (socket.AF_INET,), "6": (socket.AF_INET6,)}
SIZE = 100
LEAST_MTU = 576
PIECE = 1 << 16
LAST_S = 2.0
"""How long answers to the last datagram are waited for, at least; a longer path shows in the earlier ones."""
TRIES, APART_S = 8, 0.01
"""Packets of each size that is tried: of a path that loses a third of all, one in 6,000 tries fails for that."""


def stamp_of(ancillary: Sequence[tuple[int, int, bytes]]) -> int:
    seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
    return int(seconds * 10**9 + nanoseconds)


def opened(host: str, port: int, family: str) -> socket.socket:
    """A socket that is connected to the first address of the host to which there is a route."""
    found = [(rows[0], rows[4]) for rows in socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)]
    refusal: OSError | None = None
    for wanted in FAMILIES[family]:
        for own, target in found:
            if own == wanted:
                try:
                    return connected(wanted, target)
                except OSError as error:
                    refusal = refusal or error
    reason = refusal.strerror if refusal else f"it has no address of IPv{family}"
    sys.exit(f"{host} cannot be reached: {reason}")


def connected(family: int, target: Any) -> socket.socket:
    probe = socket.socket(family, socket.SOCK_DGRAM)
    probe.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    # No fragments, and no size that the kernel has learned: the path itself answers.
    if family == socket.AF_INET:
        probe.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PROBE)
    else:
        probe.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PROBE)
    probe.connect(target)
    return probe


def send(probe: socket.socket, number: int, size: int) -> int:
    """Send one, and return when; one that the kernel refuses counts as lost."""
    now = time.time_ns()
    with contextlib.suppress(OSError):
        probe.send(HEAD.pack(number, now, 0, 0) + bytes(size - HEAD.size))
    return now


def answers(probe: socket.socket, until: float) -> Iterator[list[int]]:
    """What arrives until that time of the monotonic clock."""
    while (left := until - time.monotonic()) > 0:
        if select.select([probe], [], [], left)[0]:
            try:
                data, ancillary, _, _ = probe.recvmsg(PIECE, 64)
            except OSError:
                continue
            number, answered, _, _ = HEAD.unpack_from(data)
            yield [number, answered, stamp_of(ancillary)]


def measured(probe: socket.socket, count: int, interval_s: float) -> tuple[list[int], list[list[int]]]:
    sent, back, start = list[int](), list[list[int]](), time.monotonic()
    for number in range(count):
        back += answers(probe, start + number * interval_s)
        sent.append(send(probe, number, SIZE))
    deadline = time.monotonic() + LAST_S
    waited = answers(probe, deadline)
    for answer in waited:
        back.append(answer)
        if len({number for number, _, _ in back}) == count:
            break
    return sent, back


def passes(probe: socket.socket, number: int, size: int, patience_s: float) -> bool:
    """Whether a packet of this size is answered; `number` is the first of its tries."""
    for attempt in range(TRIES):
        send(probe, number + attempt, size - HEADERS[probe.family])
        wait_s = patience_s if attempt == TRIES - 1 else APART_S
        if any(number <= other < number + TRIES for other, _, _ in answers(probe, time.monotonic() + wait_s)):
            return True
    return False


def path_mtu(probe: socket.socket, most: int, number: int, patience_s: float) -> int | None:
    if not passes(probe, number, LEAST_MTU, patience_s):
        return None
    low, high = LEAST_MTU, most
    while low < high:
        number += TRIES
        middle = (low + high + 1) // 2
        if passes(probe, number, middle, patience_s):
            low = middle
        else:
            high = middle - 1
    return low


def main(host: str, port: str, count: str, interval_ms: str, most_mtu: str, family: str = "0") -> None:
    try:
        probe = opened(host, int(port), family)
    except OSError as error:
        sys.exit(f"{host} cannot be resolved: {error.strerror}")
    other = probe.getpeername()[0]
    sent, back = measured(probe, int(count), float(interval_ms) / 1000)
    result: dict[str, Any] = {"own": probe.getsockname()[0], "other": other, "sent": sent, "back": back}
    if int(most_mtu):
        slowest_s = max((came - sent[number] for number, _, came in back), default=0) / 1e9
        result["mtu"] = path_mtu(probe, int(most_mtu), int(count), max(0.2, 2 * slowest_s))
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
