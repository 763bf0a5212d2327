"""Packets that carry their send time, for tests of when something happened. Runs in a container's Python.

- `send HOST PORT SECONDS` sends one per millisecond, and prints the send times in ns since the epoch.
- `receive PORT SECONDS` prints the send times of all that arrived; `end PORT` stops it earlier.
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


def arrivals(port: int, lasts_s: float) -> None:
    receiver, came = listen(port), []
    receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    end = time.monotonic() + lasts_s
    while time.monotonic() < end:
        try:
            packet, [(_, _, stamp)], *_ = receiver.recvmsg(65536, 100)
        except TimeoutError:
            continue
        seconds, nanoseconds = struct.unpack("qq", stamp)
        came.append([struct.unpack("!q", packet[:8])[0], seconds * 10**9 + nanoseconds])
    print(json.dumps({"came": came}))


def follow(port: int, lasts_s: float) -> None:
    receiver = listen(port)
    receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    end = time.monotonic() + lasts_s
    while time.monotonic() < end:
        try:
            packet, [(_, _, stamp)], *_ = receiver.recvmsg(65536, 100)
        except TimeoutError:
            continue
        seconds, nanoseconds = struct.unpack("qq", stamp)
        print(port, seconds * 10**9 + nanoseconds, len(packet), flush=True)


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


def listen(port: int) -> socket.socket:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    receiver.bind(("", port))
    receiver.settimeout(0.2)
    print("listening", flush=True)
    return receiver


def receive(port: int, lasts_s: float) -> None:
    receiver, came = listen(port), []
    end = time.monotonic() + lasts_s
    while time.monotonic() < end:
        try:
            came.append(struct.unpack("!q", receiver.recv(100))[0])
        except TimeoutError:
            continue
        if came[-1] == END:
            came.pop()
            break
    print(json.dumps({"sent_ns": came}))


def stop(port: int) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(struct.pack("!q", END), ("127.0.0.1", port))
    print(json.dumps({}))


def bins(port: int, lasts_s: float) -> None:
    receiver, counts = listen(port), dict[int, tuple[int, int]]()
    end = time.monotonic() + lasts_s
    while time.monotonic() < end:
        try:
            size = len(receiver.recv(65536))
        except TimeoutError:
            continue
        bin = time.time_ns() // BIN_NS
        packets, octets = counts.get(bin, (0, 0))
        counts[bin] = packets + 1, octets + size
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
