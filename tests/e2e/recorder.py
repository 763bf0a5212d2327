"""Records who sends to whom on all interfaces of a network namespace, until standard input ends; prints JSON.

Frames within VXLAN count as what they carry. Rows of protocol, the sender's hardware address, source, target and count.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time
from collections import Counter

ALL, IPV4 = 3, b"\x08\x00"
TCP, UDP, VXLAN = 6, 17, 4789
SO_RCVBUFFORCE = 33
LATE_S = 1.0

Row = tuple[str, str, str, str]


def main() -> None:
    seen: Counter[Row] = Counter()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL)) as wire:
        wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        print("recording", flush=True)
        while sys.stdin not in select.select([wire, sys.stdin], [], [])[0]:
            seen[row(wire.recv(1 << 16))] += 1
        ended_s = time.monotonic()
        while time.monotonic() - ended_s < LATE_S and select.select([wire], [], [], 0.1)[0]:
            seen[row(wire.recv(1 << 16))] += 1
    print(json.dumps([[*key, count] for key, count in seen.items()]))


def row(frame: bytes) -> Row:
    kind, sender = frame[12:14], frame[6:12].hex(":")
    if kind != IPV4:
        return kind.hex(), sender, "", ""
    payload = frame[14 + (frame[14] & 15) * 4 :]
    source, target = socket.inet_ntoa(frame[26:30]), socket.inet_ntoa(frame[30:34])
    if frame[23] not in (TCP, UDP):
        return f"ip {frame[23]}", sender, source, target
    ports = struct.unpack("!HH", payload[:4])
    if frame[23] == UDP and ports[1] == VXLAN:
        return row(payload[16:])
    return "tcp" if frame[23] == TCP else "udp", sender, f"{source}:{ports[0]}", f"{target}:{ports[1]}"


if __name__ == "__main__":
    main()
