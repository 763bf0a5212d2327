"""Pings several echo servers and finds when each one's answers became slow; prints JSON.

`python3 pinger.py PORT SECONDS THRESHOLD_MS HOST...`: for each host the monotonic time (ns) of the first
ping from which on every answer took longer than the threshold; null if the last answer did not.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time

INTERVAL_NS = 1_000_000


def main(port: int, seconds: float, threshold_ms: float, hosts: list[str]) -> None:
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.setblocking(False)
    slow: dict[str, int | None] = dict.fromkeys(hosts)
    print("ready", flush=True)
    due = time.monotonic_ns()
    end = due + int(seconds * 1e9)
    while (now := time.monotonic_ns()) < end:
        if now >= due:
            due = now + INTERVAL_NS
            for host in hosts:
                asked.sendto(str(time.monotonic_ns()).encode(), (host, port))
        if select.select([asked], [], [], max(0, due - time.monotonic_ns()) / 1e9)[0]:
            answer, (host, _) = asked.recvfrom(64)
            sent = int(answer)
            took = time.monotonic_ns() - sent
            slow[host] = (slow[host] or sent) if took > threshold_ms * 1e6 else None
    print(json.dumps(slow))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
