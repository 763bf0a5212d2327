"""An API connected through a real control socket to a fake forwarder."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

import httpx

from syntheticnet.api import process as api
from syntheticnet.api.access import AccessCheck
from syntheticnet.api.control_client import ControlClient
from syntheticnet.api.remote_names import RemoteNames
from syntheticnet.api.state_answer import Identity
from syntheticnet.channel import ControlServer
from syntheticnet.conditions import DIRECTIONS, Conditions, ConditionsError, Nat, RoamRequest
from syntheticnet.conditions.files import Files
from syntheticnet.forwarder.controller import ConditionsController
from syntheticnet.forwarder.in_force import InForce, Names
from syntheticnet.forwarder.per_flow import DEFAULT
from syntheticnet.forwarder.process import WELL
from syntheticnet.forwarder.schedule import ConditionSchedule
from syntheticnet.forwarder.shared_files import SharedFiles
from syntheticnet.forwarder.shared_memory import SharedDocument
from syntheticnet.forwarder.traffic import Window
from syntheticnet.forwarder.traffic_rows import traffic_rows
from syntheticnet.packets.counters import FlowCounters

from .api_description import described

HOST = "172.18.0.1"


DESCRIPTION = described()

STARTUP = {"egress": {"latency": "10ms"}}


Q = {"rate": 1_000_000, "loss": 0.05, "latency": 80, "jitter": 20, "jitter_strength": 0.5, "reorder_packets": False}


SPEC = {
    "default_link": {"ingress": Q, "egress": Q},
    "flows": [
        {
            "label": "udp",
            "flow": {"ip": 0x0100007F, "protocol": 17, "port_min": 0, "port_max": 65535},
            "link": {"ingress": Q, "egress": Q},
        }
    ],
}


class Forwarder:
    """Answers as the forwarder does, with the same controller, but forwards nothing."""

    def __init__(self, end: socket.socket) -> None:
        self.store, self.files = SharedDocument.create(), SharedFiles.create()
        self.store.save(ConditionSchedule(drawn=5).to_dict())
        self.configured = -1  # applying the startup conditions must not count
        self.silent = False
        self.controller = ConditionsController(self.store, Files(self.files), self, time.monotonic_ns())
        self.asked: list[str] = []
        self.windows: dict[str, Window | None] = {"ingress": None, "egress": None}
        self.counters: dict[tuple[str, str], FlowCounters] = defaultdict(FlowCounters)
        self.restarts = 0
        self._server = ControlServer(end, self._answer)

    def serve(self) -> None:
        if not self.silent:
            self._server.serve()

    def close(self) -> None:
        self.files.close()
        os.close(self.store.fd)

    def check_nat(self, nat: Nat) -> None:
        self.drop_mappings()

    def drop_mappings(self) -> None:
        raise ConditionsError("this is not a router", "nat")

    def roam(self, request: RoamRequest) -> None:
        raise ConditionsError("has no uplinks", "roam")

    def adopt(self, requested: InForce, now: int) -> int:
        self._requested = requested
        self.configured += 1
        return now

    @property
    def conditions(self) -> dict[str, Any]:
        return self._requested.conditions.to_dict()

    @property
    def names(self) -> Names:
        return self._requested.names

    def arm(self, requested: InForce, at: int) -> None:
        pass

    def disarm(self) -> None:
        pass

    def report(self, now: int) -> dict[str, Any]:
        flows = {
            name: {direction: self.counters[name, direction] for direction in DIRECTIONS}
            for name in (DEFAULT, *(flow.name for flow in self._requested.conditions.flows))
        }
        totals = {name: FlowCounters.total([its[name] for its in flows.values()]) for name in DIRECTIONS}
        more = {"bypassed": 0, "forgotten": {"conversations": 0, "fragments": 0}}
        return {
            "forwarder": {
                "restarts": self.restarts,
                **WELL,
                "up_s": 12.5,
                "cpu_s": 0.5,
                "busy": 0.05,
                "reach_bps": 450_000_000,
                "lateness": {"ingress": {"p50_ms": 0.1, "p99_ms": 0.4, "max_ms": 0.5}, "egress": {}},
            },
            "links": {name: total.report(now) | more for name, total in totals.items()},
            "flows": {name: {key: one.report(now) for key, one in its.items()} for name, its in flows.items()},
        }

    def top(self, direction: str) -> list[Any]:
        return [(3, 1000, 17)] if direction == "ingress" else []

    def traffic(self, now: int) -> dict[str, Any]:
        return traffic_rows(self.windows)

    def admit(self, addresses: Sequence[str]) -> None:
        pass

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(request["op"] + (" check" if request.get("check") else ""))
        return self.controller.answer(request, time.monotonic_ns())


class AtOnce(Executor):
    """Runs each call when it is submitted."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Site:
    """An API with its fake forwarder, called from an allowed host; every answer must be as described."""

    def __init__(
        self, ours: socket.socket, theirs: socket.socket, host: str = HOST, self_control: bool = False
    ) -> None:
        self.forwarder = Forwarder(ours)
        self.end = ours
        identity = Identity("client1", "call", Conditions.from_dict(STARTUP), self_control=self_control)
        access = AccessCheck(frozenset({host}), self_control=self_control)
        self.names: dict[str, str] = {}
        names = RemoteNames([HOST], self.names.get, AtOnce())
        self.app = api.make(ControlClient(theirs), identity, access, names=names)

    def ask(self, method: str, path: str, peer: str = HOST, **request: Any) -> httpx.Response:
        return asyncio.run(self._ask(method, path, peer, request))

    async def _ask(self, method: str, path: str, peer: str, request: dict[str, Any]) -> httpx.Response:
        asyncio.get_running_loop().add_reader(self.end.fileno(), self.forwarder.serve)
        transport = httpx.ASGITransport(self.app, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.request(method, path, **request)
        if not answer.history:
            DESCRIPTION.check(answer)
        return answer
