"""The forwarder process: two pipelines driven by the event loop, and the controller that changes them.

The controller has its own thread, because a request may take a second and packets cannot wait. It prepares plans there
and has the loop do only what is fast: apply a plan, copy counters.
"""

from __future__ import annotations

import gc
import os
import select
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from threading import Thread
from typing import Any, NamedTuple

from .. import syscalls
from ..allow import Allow
from ..channel import ControlServer
from ..conditions import ConditionsError, Nat, RoamRequest
from ..conditions.dns import write_lookups
from ..conditions.files import Files
from ..heartbeat import Pulse
from ..lookup_board import LookupBoard
from ..packets.counters import FlowCounters
from ..router.control import NatClient
from .classifier import ControlAccess
from .controller import ConditionsController, Overtaken
from .cpu_share import CpuShare
from .direction import Pipeline, PipelinePlan
from .handoff import Errands
from .in_force import InForce
from .loop import EventLoop
from .networks import (
    NetworkSockets,
    PipelineKey,
    by_direction,
    link_report,
    make_pipelines,
    summed_flows,
    summed_talkers,
    summed_windows,
    worst_lateness,
)
from .reach import reach_bps
from .roam_control import RoamClient
from .shared_files import SharedFiles
from .shared_memory import SharedDocument
from .traffic import Window
from .traffic_rows import traffic_rows

SWITCH_SECONDS = 0.0001
"""How long the controller's thread may hold the GIL while the loop waits."""
COPIED = 128
"""Counters copied per call: takes a fraction of a millisecond."""


@dataclass(frozen=True)
class Wiring:
    """Everything PID 1 passes to a forwarder, which opens nothing itself.

    `networks` are those it conditions, all with the same conditions: several of a client that changes its network.
    `lookups` is the way to the resolver, for the network with the number `network`; None if look-ups of names cannot be
    conditioned here, as `no_dns` says why.
    """

    networks: Sequence[NetworkSockets]
    control: socket.socket
    schedule: SharedDocument
    ports: Sequence[int] = ()
    restarts: int = 0
    started: int = field(default_factory=time.monotonic_ns)
    files: SharedFiles = field(default_factory=SharedFiles.create)
    allow: Allow = Allow()
    ipv6_only: bool = False
    pulse: Pulse = field(default_factory=Pulse)
    lookups: LookupBoard | None = None
    no_dns: str = ""
    network: int = 0
    router: NatClient | None = None
    """Of a router: changes its NAT."""
    roaming: RoamClient | None = None
    """Of a client behind a router: changes its network."""


WELL = {"state": "well", "hangs": 0, "starved_s": 0.0}
"""The health of a process until PID 1 first reports it (`Children.tick`)."""


class Armed(NamedTuple):
    """Plans prepared for a set time."""

    at: int
    requested: InForce
    plans: dict[PipelineKey, PipelinePlan]


class Forwarder:
    """Runs the packet loop and the controller; `run` never returns."""

    def __init__(self, wiring: Wiring) -> None:
        files = Files(wiring.files)
        self._wiring = wiring
        self._access = self._access_of(())
        self._pipelines = make_pipelines(wiring.networks, self._access, files)
        self._directions = by_direction(self._pipelines)
        self._in_force: InForce | None = None
        self._changes = 0
        self._armed: Armed | None = None
        self._waste: list[list[Any]] = []
        self._errands = Errands()
        self._cpu = CpuShare()
        self._reach_bps = round(reach_bps())
        self._loop = EventLoop(list(zip(*self._directions.values(), strict=True)))
        self._loop.watch(wiring.pulse.fileno(), self._beat)
        self._loop.watch(self._errands.fileno(), self._errands.serve)
        # A direct call until `run` starts the second thread.
        self._ask_loop: Callable[[Callable[[], Any]], Any] = lambda errand: errand()
        controller = ConditionsController(wiring.schedule, files, self, time.monotonic_ns(), wiring.no_dns)
        self._controller = controller
        self._control_server = ControlServer(
            wiring.control, lambda request: controller.answer(request, time.monotonic_ns())
        )

    def run(self) -> None:
        gc.freeze()  # everything created so far lives for ever
        gc.disable()  # nothing here creates cycles; a collection would only delay packets
        sys.setswitchinterval(SWITCH_SECONDS)
        self._ask_loop = self._errands.run
        Thread(target=self._attend, daemon=True).start()
        syscalls.be_punctual()
        while True:
            armed = self._armed
            self._loop.appointment = None if armed is None else armed.at
            self._loop.turn()
            # Read again: during the turn the controller may have armed another plan, or disarmed this one.
            armed = self._armed
            if armed is not None and armed.at <= (now := time.monotonic_ns()):
                self._put_in_force(armed.requested, armed.plans, now)

    def adopt(self, requested: InForce, now: int) -> int:
        """Apply this, and return when it was applied; if a router's NAT is refused, nothing is."""
        if self._wiring.router:
            self._wiring.router.put(requested.conditions.nat)
        if requested == self._in_force:
            return now
        changes, plans = self._planned(requested)

        def put() -> int:
            # Planning took a while, and packets have moved on: a change never acts in the past.
            at = max(now, time.monotonic_ns())
            # The loop has applied the armed plan meanwhile, which invalidates this one: it was made from the old state.
            if changes != self._changes:
                raise Overtaken(at)
            self._put_in_force(requested, plans, at)
            return at

        at: int = self._ask_loop(put)
        self._throw_away()
        return at

    def arm(self, requested: InForce, at: int) -> None:
        """Prepare this to be applied at `at`."""
        armed = self._armed
        if armed is not None and (armed.at, armed.requested) == (at, requested):
            return
        try:
            changes, plans = self._planned(requested)
        except Overtaken:
            return  # the controller is about to handle what is due

        def arm() -> None:
            if changes == self._changes:
                self._armed = Armed(at, requested, plans)

        self._ask_loop(arm)

    def disarm(self) -> None:
        self._armed = None

    def check_nat(self, nat: Nat) -> None:
        """Raise ConditionsError unless this is a router whose kernel takes this NAT."""
        self._router().check(nat)

    def drop_mappings(self) -> None:
        """Drop the mappings of a router's NAT; raises ConditionsError for others."""
        self._router().forget()

    def report(self, now: int) -> dict[str, Any]:
        """Health and counters, as the API reports them."""
        self._ask_loop(partial(self._note_refusals, now))
        counts = {direction: self._counts(pipelines) for direction, pipelines in self._directions.items()}
        totals = {
            direction: FlowCounters.total([*bygone, *flows.values()]) for direction, (bygone, flows) in counts.items()
        }
        names = [name for name in counts["ingress"][1] if name in counts["egress"][1]]
        return {
            "forwarder": {
                "restarts": self._wiring.restarts,
                **WELL,
                **self._wiring.pulse.news.get("forwarder", {}),
                "up_s": (now - self._wiring.started) / 1e9,
                "cpu_s": time.process_time(),
                "busy": round(self._cpu.share, 3),
                "reach_bps": self._reach_bps,
                "lateness": {
                    direction: worst_lateness(pipelines, now) for direction, pipelines in self._directions.items()
                },
            },
            "links": {
                direction: link_report(pipelines, now, totals[direction])
                for direction, pipelines in self._directions.items()
            },
            "flows": {
                name: {direction: flows[name].report(now) for direction, (_, flows) in counts.items()} for name in names
            },
            **self._lookups(),
            **({"uplink": self._wiring.roaming.report()} if self._wiring.roaming else {}),
        }

    def _lookups(self) -> dict[str, Any]:
        """What the resolver reports and how it is; nothing if it has never run."""
        published = self._wiring.lookups.published() if self._wiring.lookups else None
        health = {**WELL, **self._wiring.pulse.news.get("resolver", {})}
        return {} if published is None else {"dns": {**health, **published}}

    def top(self, direction: str) -> list[Any]:
        rows = []
        for pipeline in self._directions[direction]:
            self._ask_loop(pipeline.count)
            rows.append(pipeline.top())
        return summed_talkers(rows)

    def traffic(self, now: int) -> dict[str, Any]:
        return traffic_rows(self._ask_loop(partial(self._watch, now)))

    def admit(self, addresses: Sequence[str]) -> None:
        """Let these steer the client besides the host: the present addresses of those that the stack names."""
        access = self._access_of(addresses)
        if access != self._access:
            self._access = access
            self._ask_loop(partial(self._let_in, access))

    def roam(self, request: RoamRequest) -> None:
        """Begin to change the client's network; raises ConditionsError if that is not possible."""
        if self._wiring.roaming is None:
            raise ConditionsError("has no uplinks: only a client behind a router changes its network", "roam")
        self._wiring.roaming.roam(request)

    def _access_of(self, addresses: Sequence[str]) -> list[ControlAccess]:
        """Who reaches the control ports on each network: its hosts, and these addresses."""
        wiring = self._wiring
        more = frozenset(wiring.ports), wiring.allow.networks, wiring.ipv6_only
        return [ControlAccess(_packed([*network.hosts, *addresses]), *more) for network in wiring.networks]

    def _router(self) -> NatClient:
        if self._wiring.router is None:
            raise ConditionsError("this is not a router, and only routers translate addresses", "nat")
        return self._wiring.router

    def _attend(self) -> None:
        """The controller's thread: answers the API and applies scheduled changes; an error ends the process."""
        try:
            while True:
                due = self._controller.deadline()
                left = None if due is None else max(0, due - time.monotonic_ns()) / 1e9
                if select.select([self._control_server.fileno()], [], [], left)[0]:
                    self._control_server.serve()
                else:
                    self._controller.due(time.monotonic_ns())
                self._throw_away()
        except BaseException:
            # Without its controller a forwarder could not be changed again, nor would a lease end. PID 1 starts a new
            # one, which resumes conditions and leases from shared memory.
            traceback.print_exc()
            os._exit(1)

    def _planned(self, requested: InForce) -> tuple[int, dict[PipelineKey, PipelinePlan]]:
        """The number of changes so far, and plans based on that state; raises Overtaken.

        While a plan is being made, the loop may apply the armed one. The new plan then sees half of each state, and may
        fail.
        """
        # Asked in the loop, so not in the middle of a change: the plan would keep what that change is about to remove.
        changes: int = self._ask_loop(lambda: self._changes)
        try:
            return changes, {key: pipeline.plan(requested) for key, pipeline in self._pipelines.items()}
        except LookupError:
            if changes != self._changes:
                raise Overtaken(time.monotonic_ns()) from None
            raise

    def _put_in_force(self, requested: InForce, plans: dict[PipelineKey, PipelinePlan], now: int) -> None:
        self._changes += 1
        self._armed = None
        before, self._in_force = self._in_force, requested
        lookups = self._wiring.lookups
        if lookups and (before is None or before.conditions.dns != requested.conditions.dns):
            lookups.request(write_lookups(requested.conditions.dns), self._wiring.network)
        self._waste += [pipeline.adopt(plans[key], now) for key, pipeline in self._pipelines.items()]

    def _throw_away(self) -> None:
        """Free old data item by item: freeing a large dictionary at once would hold the GIL for long."""
        while self._waste:
            for thing in self._waste.pop():
                while isinstance(thing, dict) and thing:
                    thing.popitem()

    def _beat(self) -> None:
        self._wiring.pulse.answer()
        self._cpu.note(time.monotonic_ns(), time.process_time_ns())

    def _watch(self, now: int) -> dict[str, Window | None]:
        at = max(now, time.monotonic_ns())  # the loop has counted since the request came
        return {
            direction: summed_windows([one.traffic.watch(at) for one in pipelines])
            for direction, pipelines in self._directions.items()
        }

    def _note_refusals(self, now: int) -> None:
        for pipeline in self._pipelines.values():
            pipeline.note_refusals(now)

    def _counts(self, pipelines: Sequence[Pipeline]) -> tuple[list[FlowCounters], Mapping[str, FlowCounters]]:
        """Copies of the counters of removed flows and, consistent with them, of current flows, over all networks."""
        each = [self._network_counts(pipeline) for pipeline in pipelines]
        if len(each) == 1:
            return each[0]
        return [counters for bygone, _ in each for counters in bygone], summed_flows([flows for _, flows in each])

    def _network_counts(self, pipeline: Pipeline) -> tuple[list[FlowCounters], dict[str, FlowCounters]]:
        bygone, flows = self._ask_loop(
            lambda: ([counters.copy() for counters in pipeline.link.bygone], pipeline.link.flow_counters)
        )
        rows = list(flows.items())
        copies: dict[str, FlowCounters] = {}
        for start in range(0, len(rows), COPIED):
            some = rows[start : start + COPIED]
            copies |= self._ask_loop(partial(_copied, some))
        return bygone, copies

    def _let_in(self, access: Sequence[ControlAccess]) -> None:
        for (number, _), pipeline in self._pipelines.items():
            pipeline.let_in(access[number])


def _copied(rows: list[tuple[str, FlowCounters]]) -> dict[str, FlowCounters]:
    return {name: counters.copy() for name, counters in rows}


def _packed(addresses: Sequence[str]) -> frozenset[bytes]:
    return frozenset(ip_address(address).packed for address in addresses)


def main(wiring: Wiring) -> None:
    """Run the forwarder until it is killed."""
    Forwarder(wiring).run()
