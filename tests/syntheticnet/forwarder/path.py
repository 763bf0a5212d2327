"""A pipeline on socket pairs: sent frames are in `sent`; the test passes in received ones."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

from syntheticnet.conditions import Conditions
from syntheticnet.conditions.files import Files
from syntheticnet.forwarder.classifier import ControlAccess
from syntheticnet.forwarder.direction import Pipeline, PipelinePlan
from syntheticnet.forwarder.port import make_ports
from syntheticnet.forwarder.schedule import ConditionSchedule
from syntheticnet.packets.counters import FlowCounters

HOST = "10.9.0.254"


class Path:
    """A pipeline on socket pairs: sent frames are in `sent`; the test passes in received ones."""

    def __init__(self, source: socket.socket, target: socket.socket, wire: socket.socket) -> None:
        control = ControlAccess(frozenset({ip_address(HOST).packed}), frozenset({80}))
        one, other = make_ports(source.detach(), target.detach())
        self.pipeline = Pipeline("egress", one, other, control, Files())
        self._wire = wire

    def configure(self, now: int = 0, **written: Any) -> None:
        self.pipeline.configure(ConditionSchedule(Conditions.from_dict(written)).in_force, now)

    def plan(self, **written: Any) -> PipelinePlan:
        return self.pipeline.plan(ConditionSchedule(Conditions.from_dict(written)).in_force)

    def admit(self, *buffers: bytes, stamp: int = 0, now: int | None = None) -> None:
        self.pipeline.admit([(buffer, stamp) for buffer in buffers], stamp if now is None else now, skew=0)

    def sent(self, now: int) -> list[bytes]:
        self.pipeline.release(now)
        buffers = []
        while True:
            try:
                buffers.append(self._wire.recv(70_000))
            except BlockingIOError:
                return buffers

    @property
    def total(self) -> FlowCounters:
        return self.pipeline.link.total
