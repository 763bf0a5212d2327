"""UDP echo server on an inherited socket: `python -m benchmarks.echo FD`."""

from __future__ import annotations

import socket
import sys

from .middle import die_with_parent


def main(fd: int) -> None:
    die_with_parent()
    with socket.socket(fileno=fd) as server:
        while True:
            server.sendto(*server.recvfrom(2048))


if __name__ == "__main__":
    main(int(sys.argv[1]))
