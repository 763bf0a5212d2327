"""Estimates how much this machine forwards, so that a rate out of reach is known before there is any traffic."""

from __future__ import annotations

import time

from ..conditions import LinkConditions
from ..packets.packet import VNET, Conversation, Packet
from .link import Link

FULL_SIZE = 1514
BATCH, BATCHES = 64, 8
WHOLE = 8.0
"""All the work per packet, with what the kernel does, as a multiple of what a link does.

Measured on a two-CPU x86-64 virtual machine at 36,000 to 55,000 datagrams a second: 7.6 to 9.6 us against 1.15 us.
"""
_VALUES = LinkConditions.from_dict({"rate": "10gbit", "latency": "1ms"})


def reach_bps() -> float:
    """The rate of full-size packets, one way, at which the forwarder would use a whole processor.

    Times the elements of a link for some milliseconds, and takes the fastest batch: others disturb it, nobody helps.
    """
    link = Link("egress", 0)
    link.configure(_VALUES, {}, 0)
    conversation = Conversation("link", "default")
    buffer = bytes(VNET + FULL_SIZE)
    fastest_ns = min(_batch_ns(link, buffer, conversation, number * 10**7) for number in range(1, BATCHES + 1))
    return FULL_SIZE * 8 * 10**9 / (fastest_ns / BATCH * WHOLE)


def _batch_ns(link: Link, buffer: bytes, conversation: Conversation, now: int) -> int:
    """The time that a batch takes from its arrival to its departure."""
    began = time.perf_counter_ns()
    link.push([Packet(buffer, now, conversation) for _ in range(BATCH)], now)
    link.pop(now)
    forward, _ = link.pop(now + 5 * 10**6)
    link.sent(forward, now + 5 * 10**6)
    return time.perf_counter_ns() - began
