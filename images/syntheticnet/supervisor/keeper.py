"""Keeps the application's interface in place of the container's own, also of one that Docker takes away and gives back.

It lives in PID 1, the one process of the container that has NET_ADMIN. Nothing passes between Docker's interface and
the application but through the forwarder: until an interface is taken over, the fence cuts it off.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf

from . import gateway
from . import network_devices as netdev
from .children import say
from .interface import Interface, Network, NoInterface, Route, chosen, leading_out
from .network_devices import Wire

QUIET_SECONDS = 0.2
"""Docker gives a new interface its addresses and routes one by one: it is done when nothing has changed for so long."""

PATIENCE_SECONDS = 1.2
"""So long it is waited for, where its default route is all that is missing."""

AGAIN_SECONDS = 1.0


@dataclass(frozen=True)
class Plan:
    """What is to be done about the interfaces that were found."""

    let_go: bool = False
    take: Interface | None = None
    strangers: tuple[Interface, ...] = ()


def planned(found: Sequence[Interface], held: Interface | None, networks: Iterable[Network]) -> Plan:
    """What to do when interfaces have come or gone.

    Where none is held, the one that is in `networks` is taken over, by the first that has one. Others are strangers.
    """
    lost = held is not None and held.index not in [interface.index for interface in found]
    others = [interface for interface in found if held is None or interface.index != held.index]
    taken = None
    if held is None or lost:
        taken = next((one for network in networks for one in others if one.within(network)), None)
    return Plan(lost, taken, tuple(one for one in others if one is not taken))


class Keeper:
    """Holds the interface of the conditioned network, and knows the one that publishes the control ports.

    `due` is when to call `look`, on the monotonic clock.
    """

    def __init__(self, network: Network | None, ipv6_only: bool) -> None:
        found = netdev.find()
        own = chosen(found, network)
        publishing = leading_out(found) or own
        self.wire = Wire.open()
        self.due = inf
        self._asker = gateway.open_asker()
        self._ipv6_only = ipv6_only
        self._held: Interface | None = own
        self._networks = (network,) if network else own.networks
        self._publishing = publishing
        self._way_out = own.way_out(socket.AF_INET)
        self._macs: dict[str, str] = {}
        self._reported: set[int] = set()
        self._unfinished: Interface | None = None
        self._patient_until = inf
        self._not_before = 0.0
        self._events = netdev.open_events()
        self._others = [one for one in found if one.index != own.index]

    @property
    def separate(self) -> bool:
        """Whether another network than the conditioned one publishes the control ports."""
        return self._publishing in self._others

    def start(self, trust: bool) -> list[str]:
        """Take over for the first time; returns the hosts that may use the control ports: none without `trust`."""
        assert self._held
        self._held = self._with_way_out(self._held, self._others)
        for other in self._others:
            netdev.lead_nowhere(other)
        netdev.take_over(self._held, self.wire, {}, self._ipv6_only)
        if trust:
            self._macs = self._settled(self._publishing, self._publishing.gateways)
            self._pin(self._publishing)
        self._see(self._others)
        return list(self._macs)

    def fileno(self) -> int:
        """What is readable when interfaces, addresses or routes have changed."""
        return self._events.fileno()

    def changed(self) -> None:
        """Something has: an interface that is gone is let go at once, all else is done once Docker is done."""
        with suppress(OSError):  # nothing left; or ENOBUFS, where more had changed than found room
            while self._events.recv(65536):
                pass
        self.due = max(time.monotonic() + QUIET_SECONDS, self._not_before)
        lost = self._held or self._unfinished
        if lost and not _exists(lost):
            self._try(Plan(let_go=True))

    def look(self) -> None:
        """Take over what is to be taken over, and cut off what is not."""
        self.due = inf
        self._try(None)

    def _try(self, plan: Plan | None) -> None:
        """Carry out a plan, else what is needed now; what fails is tried again."""
        try:
            with netdev.one_line_errors():
                self._carry_out(plan or planned(netdev.find(), self._held, self._networks))
        except (NoInterface, OSError) as error:
            say(f"{error}; trying again")
            self.due = self._not_before = time.monotonic() + AGAIN_SECONDS

    def _carry_out(self, plan: Plan) -> None:
        if plan.let_go and self._held:
            netdev.let_go(self.wire, self._ipv6_only)
            say(f"{self._held.name} is gone: no network until it is back")
            self._held = None
        take = plan.take or self._again()
        if take and self._is_early(take, plan.strangers):
            self.due = time.monotonic() + QUIET_SECONDS
        elif take:
            self._take(take, plan.strangers)
        self._see(plan.strangers)
        if self._held:
            netdev.lead(self._held, self.wire, self._ipv6_only)

    def _is_early(self, found: Interface, others: Sequence[Interface]) -> bool:
        """Whether Docker is likely to add the default route that there was before: it fails where it is forestalled."""
        if self._way_out is None or any(one.way_out(socket.AF_INET) for one in (found, *others)):
            self._patient_until = inf
            return False
        self._patient_until = min(self._patient_until, time.monotonic() + PATIENCE_SECONDS)
        return time.monotonic() < self._patient_until

    def _again(self) -> Interface | None:
        """An interface whose taking over has failed half-way, and that is still there."""
        unfinished, self._unfinished = self._unfinished, None
        if unfinished:
            netdev.let_go(self.wire, self._ipv6_only)
        return unfinished if unfinished and _exists(unfinished) else None

    def _take(self, found: Interface, others: Sequence[Interface]) -> None:
        """What is known of gateways is believed until it has been learned anew."""
        publishes = self._publishes(found)
        own = self._with_way_out(found, others)
        for other in others:
            netdev.lead_nowhere(other)
        self._unfinished = own  # what has been taken off it is known here alone
        netdev.take_over(own, self.wire, self._macs if publishes else {}, self._ipv6_only)
        self._held, self._unfinished = own, None
        say(f"{own.name} is conditioned")
        if publishes:
            self._learn(own)

    def _see(self, strangers: Iterable[Interface]) -> None:
        """Cut them off as far as the fence does not; and say so, once."""
        for other in strangers:
            if self._held:
                netdev.lead_nowhere(other)
            if other.addresses and other.index not in self._reported:
                self._reported.add(other.index)
                publishes = self._publishes(other)
                if publishes and other.index != self._publishing.index:
                    self._learn(other)
                where = ", ".join(map(str, other.networks))
                but = f", but for the control ports, from {' '.join(self._macs) or 'nobody'}" if publishes else ""
                say(f"{other.name} ({where}) is not the conditioned network: cut off{but}")

    def _publishes(self, interface: Interface) -> bool:
        return any(interface.within(network) for network in self._publishing.networks)

    def _learn(self, interface: Interface) -> None:
        """Learn anew where the gateways are that are believed; one that is in doubt stays where it was."""
        self._publishing = interface
        self._macs |= self._settled(interface, list(self._macs))
        self._pin(interface)

    def _pin(self, interface: Interface) -> None:
        mine = self._held is not None and interface.index == self._held.index
        netdev.pin(self.wire.inner if mine else interface.name, self._macs)

    def _settled(self, interface: Interface, hosts: Iterable[str]) -> dict[str, str]:
        """Those of the hosts that one machine alone answers for, each with its hardware address."""
        found = {}
        for host in hosts if interface.ipv4 else ():
            try:
                mac = ":" not in host and gateway.settle(self._asker, interface, host)
            except gateway.Pretended as error:
                say(f"{error}: the control ports stay closed")
                continue
            if mac:
                found[host] = mac
        return found

    def _with_way_out(self, own: Interface, others: Sequence[Interface]) -> Interface:
        """With a default route by IPv4: where Docker has given that to another network, its own of before, or a guess.

        The guess is the network's first address, which is Docker's own choice where nobody has made another.
        """
        if own.way_out(socket.AF_INET) or not any(other.way_out(socket.AF_INET) for other in others):
            return own
        way = self._way_out or Route(socket.AF_INET, None, own.first_address(), None)
        self._way_out = way
        if not way.gateway or not self._settled(own, [way.gateway]):
            say(f"no default route: nobody answers as the gateway of {own.name}, {way.gateway}")
            return own
        return replace(own, routes=(*own.routes, way))


def _exists(interface: Interface) -> bool:
    with suppress(OSError):
        return bool(socket.if_indextoname(interface.index))
    return False
