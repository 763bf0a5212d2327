"""Turns a capture of a client in a call into the traffic that `benchmarks.traffic` plays.

`synthlab capture client1 -o call.pcapng --for 12s`, then `python -m benchmarks.record call.pcapng`.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from tests.runner.evidence import pcapng

from .datagram import HEADERS
from .traffic import RECORDED

SIDE = "application side"
LASTS_NS = 8_000_000_000
UDP_OVER_IPV4 = b"\x08\x00\x45"
PROTOCOL, UDP = 23, 17


def main(file: str) -> None:
    packets = [packet for packet in pcapng.read(Path(file).read_bytes()).of(SIDE) if _is_udp(packet.data)]
    begin = packets[0].at_ns
    with RECORDED.open("w", newline="") as output:
        rows = csv.writer(output, lineterminator="\n")
        rows.writerow(["us", "from", "bytes"])
        for packet in packets:
            if packet.at_ns - begin < LASTS_NS:
                side = "client" if packet.direction == "outbound" else "server"
                rows.writerow([(packet.at_ns - begin) // 1000, side, packet.length - HEADERS])


def _is_udp(frame: bytes) -> bool:
    return frame[12:15] == UDP_OVER_IPV4 and frame[PROTOCOL] == UDP


if __name__ == "__main__":
    main(sys.argv[1])
