"""Packets that carry their send time, for tests of when something happened. Runs in a container's Python.

- `send HOST PORT SECONDS` sends one per millisecond, and prints the send times in ns since the epoch.
- `receive PORT SECONDS` prints the send times of all that arrived; `end PORT` stops it earlier.
- `stream HOST PORT SECONDS RATE` sends stamped packets of 1,200 bytes at a rate; `arrivals PORT SECONDS`
  prints when each one that arrived was sent, and when the kernel received it.
- `follow PORT SECONDS` prints a line for each one that arrives: its port, the kernel's stamp in ns, and its bytes.
- `flood HOST PORT SECONDS RATE` sends at a rate (bit/s).
- `bins PORT SECONDS` prints how many packets and bytes arrived in each millisecond since the epoch.
"""

import itertools
import json
import socket
import struct
import sys
import time
from collections.abc import Iterator

EVERY_S = 0.001
BIN_NS = 1_000_000
PAYLOAD, FRAME = 1200, 1242
SO_TIMESTAMPNS = 35
END = -1


def send(host: str, port: int, lasts_s: float) -> None:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    start, sent = time.monotonic(), list[int]()
    while (now := time.monotonic() - start) < lasts_s:
        if now < len(sent) * EVERY_S:
            time.sleep(len(sent) * EVERY_S - now)
        sent.append(time.time_ns())
        sender.sendto(struct.pack("!q", sent[-1]), (host, port))
    print(json.dumps({"sent_ns": sent}))


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


def receive(port: int, lasts_s: float) -> None:
    sent = (sent_ns(packet) for packet, _ in arriving(port, lasts_s))
    print(json.dumps({"sent_ns": list(itertools.takewhile(lambda stamp: stamp != END, sent))}))


def sent_ns(packet: bytes) -> int:
    return int(struct.unpack("!q", packet[:8])[0])


def stop(port: int) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(struct.pack("!q", END), ("127.0.0.1", port))
    print(json.dumps({}))


def bins(port: int, lasts_s: float) -> None:
    counts = dict[int, tuple[int, int]]()
    for packet, stamp in arriving(port, lasts_s):
        packets, octets = counts.get(stamp // BIN_NS, (0, 0))
        counts[stamp // BIN_NS] = packets + 1, octets + len(packet)
    print(json.dumps({"bins": [[bin, *count] for bin, count in counts.items()]}))


if __name__ == "__main__":
    mode, *rest = sys.argv[1:]
    if mode == "send":
        send(rest[0], int(rest[1]), float(rest[2]))
    elif mode in ("flood", "stream"):
        {"flood": flood, "stream": stream}[mode](rest[0], int(rest[1]), float(rest[2]), float(rest[3]))
    elif mode == "end":
        stop(int(rest[0]))
    else:
        {"receive": receive, "bins": bins, "arrivals": arrivals, "follow": follow}[mode](int(rest[0]), float(rest[1]))
