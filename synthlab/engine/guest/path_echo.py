"""Answers the datagrams of a path test, and says at the end which came, and when.

Run without arguments: it prints its port, answers each datagram with one of the same size, and exits at end of input
with a list of [number, sent, came] as JSON; times are in ns since 1970, that of arrival is the kernel's.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time
from collections.abc import Sequence

HEAD = struct.Struct("!IqqQ")  # number, when it was sent, when it came (0 on the way there), padding
SO_TIMESTAMPNS = 35
PIECE = 1 << 16


def stamp_of(ancillary: Sequence[tuple[int, int, bytes]]) -> int:
    """The kernel's time of arrival, in ns since 1970."""
    seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
    return int(seconds * 10**9 + nanoseconds)


def main() -> None:
    # A socket that takes both protocols, if this kernel has IPv6.
    both = socket.has_dualstack_ipv6()
    echo = socket.socket(socket.AF_INET6 if both else socket.AF_INET, socket.SOCK_DGRAM)
    if both:
        echo.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    echo.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    echo.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    echo.bind(("", 0))
    print(echo.getsockname()[1], flush=True)
    came: list[list[int]] = []
    while sys.stdin not in (ready := select.select([echo, sys.stdin], [], [])[0]):
        if echo in ready:
            data, ancillary, _, peer = echo.recvmsg(PIECE, 64)
            number, sent, _, _ = HEAD.unpack_from(data)
            stamp = stamp_of(ancillary)
            came.append([number, sent, stamp])
            echo.sendto(HEAD.pack(number, time.time_ns(), stamp, 0) + data[HEAD.size :], peer)
    print(json.dumps(came))


if __name__ == "__main__":
    main()
