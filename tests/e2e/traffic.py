"""Traffic inside a client container, run with `python3 -c ... MODE ...`: sends, receives and counts; prints JSON.

Standard library only, because it runs on the container's Python.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import json
import math
import select
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice, pairwise, takewhile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

_SO_RCVBUFFORCE = 33
_PACKET_IGNORE_OUTGOING = 23
_SOL_PACKET = 263
_ETH_P_ALL = 3
_SIOCGIFADDR = 0x8915
_RTMGRP_IPV4_IFADDR, _RTMGRP_IPV6_IFADDR = 0x10, 0x100
_QUIET_SECONDS = 0.5
_ASK_EVERY_SECONDS = 0.05
_STAMP = struct.Struct("!Id")  # number and send time, by the clock that all engines of a machine share
_CLOCK = struct.Struct("!d")
_MARK = struct.Struct("!q")


def sink(port: str) -> dict[str, Any]:
    """Count numbered datagrams as they arrive; note their order and delays."""
    numbers, delays_ms = [], []
    for data, _ in _arriving(_udp_socket(int(port))):
        number, sent = _STAMP.unpack_from(data)
        numbers.append(number)
        delays_ms.append((time.time() - sent) * 1000)
    disorder = sum(later < earlier for earlier, later in pairwise(numbers))
    least = min(delays_ms, default=None)
    return {"received": len(numbers), "disorder": disorder, "delays_ms": sorted(delays_ms)[-100:], "least_ms": least}


def send(host: str, port: str, count: str, per_second: str, size: str) -> dict[str, Any]:
    """Send numbered and stamped datagrams at an even pace."""
    sender = _connected(host, int(port))
    padding = bytes(int(size) - _STAMP.size)
    start = time.monotonic()
    for number in _paced(int(count), float(per_second)):
        sender.send(_STAMP.pack(number, time.time()) + padding)
    return {"sent": int(count), "seconds": time.monotonic() - start}


def mark(host: str, port: str) -> dict[str, Any]:
    """Send a datagram each millisecond until standard input ends: when each was sent, in ns since the epoch."""
    sender = _connected(host, int(port))
    print("marking", flush=True)
    sent = []
    for _ in takewhile(lambda _: not select.select([sys.stdin], [], [], 0)[0], _paced(None, 1000)):
        sent.append(time.time_ns())
        sender.send(_MARK.pack(sent[-1]))
    return {"sent_ns": sent}


def marked(port: str) -> dict[str, Any]:
    """When the datagrams that arrive from `mark` were sent."""
    return {"sent_ns": [_MARK.unpack(data)[0] for data, _ in _arriving(_udp_socket(int(port)))]}


def echo(port: str) -> dict[str, Any]:
    """Echo every datagram, with the time at which it came."""
    answerer = _udp_socket(int(port))
    answered = 0
    for data, peer in _arriving(answerer):
        answerer.sendto(data + _CLOCK.pack(time.time()), peer)
        answered += 1
    return {"answered": answered}


def rtt(host: str, port: str, count: str) -> dict[str, Any]:
    """Milliseconds there, back, and for the round trip, of datagrams at a pace slow enough for idle processors.

    Datagrams without an answer within a second of the last one are left out.
    """
    asker = _connected(host, int(port))
    times: list[tuple[float, float, float]] = []
    for number in range(int(count)):
        asker.send(_STAMP.pack(number, time.time()))
        # Waking up takes time, which must be the same with and without latency.
        times += _answers(asker, _ASK_EVERY_SECONDS)
    while len(times) < int(count) and (late := _answers(asker, 1, 1)):
        times += late
    return {
        "there_ms": [(turned - sent) * 1000 for sent, turned, _ in times],
        "back_ms": [(came - turned) * 1000 for _, turned, came in times],
        "rtt_ms": [(came - sent) * 1000 for sent, _, came in times],
    }


def serve(port: str, seconds: str) -> dict[str, Any]:
    """Take one TCP connection and count its bytes."""
    with socket.create_server(("", int(port)), family=socket.AF_INET6, dualstack_ipv6=True) as listening:
        listening.settimeout(float(seconds))
        print("listening", flush=True)
        connection, _ = listening.accept()
        connection.settimeout(float(seconds))
        received = 0
        with suppress(ConnectionResetError):
            while chunk := connection.recv(1 << 16):
                received += len(chunk)
    return {"received": received}


def stream(host: str, port: str, seconds: str, congestion: str = "") -> dict[str, Any]:
    """Send over TCP as fast as possible, for a while, if need be with this congestion control."""
    sent = 0
    with socket.create_connection((host, int(port)), 10) as connection:
        if congestion:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, congestion.encode())
        deadline = time.monotonic() + float(seconds)
        connection.settimeout(0.5)
        while time.monotonic() < deadline:
            try:
                sent += connection.send(bytes(1 << 14))
            except TimeoutError:
                continue
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return {"sent": sent}


def resolve(name: str, which: str = "all") -> dict[str, Any]:
    """The addresses of a name; `usable`: only of protocols that this machine has."""
    flags = socket.AI_ADDRCONFIG if which == "usable" else 0
    return {"addresses": sorted({row[4][0] for row in socket.getaddrinfo(name, None, flags=flags)})}


def interfaces() -> dict[str, Any]:
    """The interfaces with IPv4 addresses, and those with IPv6 addresses, as the kernel lists them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        ipv4 = [name for _, name in socket.if_nameindex() if _has_ipv4(asking, name)]
    ipv6 = {line.split()[5] for line in Path("/proc/net/if_inet6").read_text().splitlines()}
    return {"ipv4": sorted(ipv4), "ipv6": sorted(ipv6)}


def changes(seconds: str) -> dict[str, Any]:
    """The IPv6 addresses, and address changes that the kernel reports during this time."""
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    kernel.bind((0, _RTMGRP_IPV4_IFADDR | _RTMGRP_IPV6_IFADDR))
    addresses = [row.split()[0] for row in Path("/proc/net/if_inet6").read_text().splitlines()]
    values = []
    deadline = time.monotonic() + float(seconds)
    while (left := deadline - time.monotonic()) > 0:
        kernel.settimeout(left)
        with suppress(TimeoutError):
            values.append(kernel.recv(65536).hex())
    return {"addresses": addresses, "changes": values}


def refusal(host: str, port: str) -> dict[str, Any]:
    """Results of connecting over TCP and UDP, and the total time of both."""
    start = time.monotonic()
    errors = {kind.name: _error(host, int(port), kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)}
    return {"errors": errors, "seconds": time.monotonic() - start}


def fetch(url: str) -> dict[str, Any]:
    """The JSON answer to a GET of this URL."""
    with urlopen(url, timeout=5) as answer:
        answered: dict[str, Any] = json.load(answer)
    return answered


def try_tcp(host: str, port: str) -> dict[str, Any]:
    """The result of connecting within 2 seconds: the name of the error, if any."""
    try:
        socket.create_connection((host, int(port)), 2).close()
    except OSError as error:
        return {"outcome": type(error).__name__}
    return {"outcome": "connected"}


def capture(interface: str, source: str, seconds: str) -> dict[str, Any]:
    """Frames of an IPv4 source on a packet socket: count, rate, and other frames seen."""
    watcher = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    watcher.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
    watcher.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    watcher.bind((interface, _ETH_P_ALL))
    wanted = socket.inet_aton(source)
    print("capturing", flush=True)
    frames: list[tuple[float, int]] = []
    others: Counter[str] = Counter()
    deadline = time.monotonic() + float(seconds)
    while (left := deadline - time.monotonic()) > 0:
        watcher.settimeout(left)
        try:
            frame = watcher.recv(1 << 16)
        except TimeoutError:
            break
        if frame[12:14] == b"\x08\x00" and frame[26:30] == wanted:
            frames.append((time.monotonic(), len(frame)))
        else:
            others[frame[12:34].hex(" ")] += 1
    return {"frames": len(frames), "rates_bps": _rates(frames), "others": others.most_common(5)}


def _rates(frames: list[tuple[float, int]], count: int = 80) -> list[float]:
    """The bit rate of each `count` frames, from the previous arrival to the last one."""
    ends = range(count, len(frames), count)
    return [
        8 * sum(size for _, size in frames[end - count + 1 : end + 1]) / (frames[end][0] - frames[end - count][0])
        for end in ends
    ]


def _has_ipv4(asking: socket.socket, interface: str) -> bool:
    with suppress(OSError):
        return bool(fcntl.ioctl(asking, _SIOCGIFADDR, interface.encode().ljust(40, b"\0")))
    return False


def _error(host: str, port: int, kind: int) -> str | None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as opened:
        opened.settimeout(2)
        code = opened.connect_ex((host, port))
    return errno.errorcode.get(code) if code else None


def _connected(host: str, port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    opened.connect((host, port))
    return opened


def _udp_socket(port: int) -> socket.socket:
    """A socket bound to all addresses of both protocols."""
    opened = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
    opened.bind(("", port))
    print("listening", flush=True)
    return opened


def _arriving(receiver: socket.socket) -> Iterator[tuple[bytes, Any]]:
    """Datagrams and their senders, until standard input has ended and none has come for a while since."""
    heard: list[Any] = [receiver, sys.stdin]
    while ready := select.select(heard, [], [], None if sys.stdin in heard else _QUIET_SECONDS)[0]:
        if receiver in ready:
            yield receiver.recvfrom(2048)
        else:
            heard.remove(sys.stdin)


def _answers(asker: socket.socket, seconds: float, most: float = math.inf) -> list[tuple[float, float, float]]:
    """Answers of `echo` that come within this time: when each was asked, was turned round, and came."""
    answers: list[tuple[float, float, float]] = []
    deadline = time.monotonic() + seconds
    while len(answers) < most and (left := deadline - time.monotonic()) > 0:
        asker.settimeout(left)
        with suppress(TimeoutError):
            data = asker.recv(64)
            came = time.time()
            answers.append((_STAMP.unpack_from(data)[1], *_CLOCK.unpack_from(data, _STAMP.size), came))
    return answers


def _paced(count: int | None, per_second: float) -> Iterator[int]:
    """Yield numbers (without a count, for ever) at a steady pace; after a delay it catches up in small steps."""
    start = time.monotonic()
    for number in islice(itertools.count(), count):
        ahead = start + number / per_second - time.monotonic()
        if ahead > 0.0005:
            time.sleep(ahead)
        yield number


MODES: dict[str, Callable[..., dict[str, Any]]] = {
    mode.__name__: mode
    for mode in (
        sink,
        send,
        mark,
        marked,
        echo,
        rtt,
        serve,
        stream,
        resolve,
        interfaces,
        changes,
        refusal,
        fetch,
        try_tcp,
        capture,
    )
}

if __name__ == "__main__":
    print(json.dumps(MODES[sys.argv[1]](*sys.argv[2:])))
