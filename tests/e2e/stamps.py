"""Packets that carry their send time, for tests of when something happened. Runs in a container's Python.

- `stream HOST PORT SECONDS RATE` sends stamped packets of 1,200 bytes at a rate; `arrivals PORT SECONDS`
  prints when each one that arrived was sent, and when the kernel received it.
- `follow PORT SECONDS` prints a line for each one that arrives: its port, the kernel's stamp in ns, and its bytes.
- `flood HOST PORT SECONDS RATE` sends at a rate (bit/s).
- `bins PORT SECONDS` prints how many packets and bytes arrived in each millisecond since the epoch.
"""

import json
import socket
import struct
import sys
import time
from collections.abc import Iterator

BIN_NS = 1_000_000
PAYLOAD, FRAME = 1200, 1242
SO_TIMESTAMPNS = 35


def stream(host: str, port: int, lasts_s: float, rate_bps: float) -> None:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    start, count = time.monotonic(), 0
    while (now := time.monotonic() - start) < lasts_s:
        for _ in range(int(now * rate_bps / 8 / FRAME) - count):
            sender.sendto(struct.pack("!q", time.time_ns()) + bytes(PAYLOAD - 8), (host, port))
            count += 1
        time.sleep(0.002)
    print(json.dumps({"sent": count}))


def flood(host: str, port: int, lasts_s: float, rate_bps: float) -> None:
    """Send packets of 1,200 bytes at a rate that includes frame headers, each at its due time."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    start, count = time.monotonic(), 0
    while (now := time.monotonic() - start) < lasts_s:
        for _ in range(int(now * rate_bps / 8 / FRAME) - count):
            sender.sendto(bytes(PAYLOAD), (host, port))
            count += 1
        time.sleep(0.002)
    print(json.dumps({"sent": count}))


def arriving(port: int, lasts_s: float) -> Iterator[tuple[bytes, int]]:
    """Each packet that arrives, with the kernel's receive stamp in ns since the epoch."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    receiver.bind(("", port))
    receiver.settimeout(0.2)
    print("listening", flush=True)
    end = time.monotonic() + lasts_s
    while time.monotonic() < end:
        try:
            packet, [(_, _, stamp)], *_ = receiver.recvmsg(65536, 100)
        except TimeoutError:
            continue
        seconds, nanoseconds = struct.unpack("qq", stamp)
        yield packet, seconds * 10**9 + nanoseconds


def arrivals(port: int, lasts_s: float) -> None:
    came = [[sent_ns(packet), stamp] for packet, stamp in arriving(port, lasts_s)]
    print(json.dumps({"came": came}))


def follow(port: int, lasts_s: float) -> None:
    for packet, stamp in arriving(port, lasts_s):
        print(port, stamp, len(packet), flush=True)


def sent_ns(packet: bytes) -> int:
    return int(struct.unpack("!q", packet[:8])[0])


def bins(port: int, lasts_s: float) -> None:
    counts = dict[int, tuple[int, int]]()
    for packet, stamp in arriving(port, lasts_s):
        packets, octets = counts.get(stamp // BIN_NS, (0, 0))
        counts[stamp // BIN_NS] = packets + 1, octets + len(packet)
    print(json.dumps({"bins": [[bin, *count] for bin, count in counts.items()]}))


if __name__ == "__main__":
    mode, *rest = sys.argv[1:]
    if mode in ("flood", "stream"):
        {"flood": flood, "stream": stream}[mode](rest[0], int(rest[1]), float(rest[2]), float(rest[3]))
    else:
        {"bins": bins, "arrivals": arrivals, "follow": follow}[mode](int(rest[0]), float(rest[1]))
