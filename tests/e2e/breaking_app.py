"""An application that breaks at a known loss: what client1 receives of client2 is `fine`, or not.

`receive THRESHOLD SCALE SECONDS` publishes, four times a second, the share `lost` of that many seconds, and whether the
picture is `fine` (1) up to the threshold, 0 above. With a scale it breaks with the probability of a logistic curve
around the threshold, drawn anew each time. `send HOST` sends numbered packets.
"""

from __future__ import annotations

import json
import math
import random
import socket
import sys
import time
import urllib.request

PORT = 7000
RATE, BATCH = 1000, 20
EVERY_S = 0.25


def receive(threshold: float, scale: float, window_s: float) -> None:
    """Threshold and scale are shares of 1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        end.bind(("", PORT))
        end.settimeout(EVERY_S)
        marks: list[tuple[float, int, int]] = []
        received = newest = 0
        while True:
            due = time.monotonic() + EVERY_S
            while time.monotonic() < due:
                try:
                    newest = max(newest, int(end.recv(64)))
                    received += 1
                except TimeoutError:
                    break
            marks = [mark for mark in marks if mark[0] > time.monotonic() - window_s] + [
                (time.monotonic(), newest, received)
            ]
            publish(marks[0], marks[-1], threshold, scale)


def publish(first: tuple[float, int, int], last: tuple[float, int, int], threshold: float, scale: float) -> None:
    sent = last[1] - first[1]
    lost = 1 - (last[2] - first[2]) / sent if sent > 0 else 1.0
    draw = min(max(random.random(), 1e-9), 1 - 1e-9)
    limit = threshold + scale * math.log(draw / (1 - draw))
    answer = {"app": {"lost": max(lost, 0.0), "fine": int(lost <= limit)}}
    request = urllib.request.Request(
        "http://127.0.0.1/v1/stats", json.dumps(answer).encode(), {"Content-Type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=2).close()
    except OSError:
        """Published again in a moment."""


def send(host: str) -> None:
    number, due = 0, time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        while True:
            try:
                for _ in range(BATCH):
                    number += 1
                    end.sendto(b"%d" % number, (host, PORT))
            except OSError:
                """The other end is not up yet."""
            due = max(due + BATCH / RATE, time.monotonic() - 0.1)
            time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    receive(*map(float, sys.argv[2:])) if sys.argv[1] == "receive" else send(sys.argv[2])
