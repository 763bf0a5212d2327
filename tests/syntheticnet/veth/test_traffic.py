"""Live traffic of real packets agrees with what their receivers count."""

from __future__ import annotations

import time
from contextlib import ExitStack
from itertools import product
from typing import Any

import pytest

from ..builders import SECOND, rtp
from .lanes import undisturbed
from .traffic import drained, paced
from .world import ADDRESSES, BOTH, Family, World

pytestmark = pytest.mark.veth

COUNT = 200
FAMILIES: tuple[Family, ...] = (4, 6)
PAYLOADS = {96: rtp(96, 1).ljust(1000, b"\0"), 111: rtp(111, 2).ljust(100, b"\0")}
HEADERS = {4: 42, 6: 62}


def sleep_until(monotonic_ns: int) -> None:
    time.sleep(max(0, monotonic_ns - time.monotonic_ns()) / 1e9)


@pytest.mark.parametrize("values", [{}, {"loss": "20%", "latency": "20ms"}], ids=["perfect", "lossy"])
def test_rows_agree_with_the_receivers(fresh: World, values: dict[str, str]) -> None:
    """Packets and bits of each payload type, family and direction within 5 %; losses and the delay as set."""
    began = fresh.ask("traffic")["monotonic_ns"]
    with ExitStack() as cleanup:
        lanes = {lane: fresh.udp_pair(*lane) for lane in product(BOTH, FAMILIES)}
        for pair in lanes.values():
            for end in pair:
                cleanup.enter_context(end)

        def run() -> tuple[dict[str, Any], dict[Any, list[bytes]]]:
            fresh.configure(ingress=values, egress=values)
            for _, toward in lanes.values():
                drained(toward)
            window = began + ((time.monotonic_ns() - began) // SECOND + 1) * SECOND
            sleep_until(window + SECOND // 20)
            paced(COUNT, 500, lambda n: [away.send(one) for away, _ in lanes.values() for one in PAYLOADS.values()])
            sleep_until(window + SECOND + SECOND // 20)
            return fresh.ask("traffic"), {lane: drained(toward) for lane, (_, toward) in lanes.items()}

        answer, came = undisturbed(fresh, run)
        for (sender, family), (payload_type, payload) in product(lanes, PAYLOADS.items()):
            away, toward = lanes[sender, family]
            direction = "egress" if sender == "client" else "ingress"
            port = (away if sender == "server" else toward).getsockname()[1]
            (row,) = [row for row in answer[direction] if (row["port"], row["payload_type"]) == (port, payload_type)]
            count = sum(len(one) == len(payload) for one in came[sender, family])
            size = len(payload) + HEADERS[family]
            assert (row["remote"], row["media"]) == (ADDRESSES["server"][family], "rtp")
            assert row["packets_s"] == pytest.approx(count, rel=0.05)
            assert row["bits_s"] == pytest.approx(count * size * 8, rel=0.05)
            assert row["dropped_s"].get("loss", 0) == COUNT - row["packets_s"]
            assert 0 <= row["delay_ms"] - (20 if values else 0) < 5
