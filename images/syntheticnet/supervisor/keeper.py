"""Keeps the application's interface in place of the container's own, across Docker's disconnects and reconnects.

It runs in PID 1, the only process in the container with NET_ADMIN: a bug in the forwarder or the API, which handle
foreign input, then cannot reconfigure the network. Until an interface is taken over, the firewall blocks it.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf

from ..firewall import NoFirewall, put_rules, tls_port_rules
from . import gateway, network_devices
from .children import say
from .interface import Interface, IPNetwork, NoInterface, Route
from .network_devices import Wire
from .presence import Presence
from .routing import DOCKERS, Routing
from .settings import RUN

QUIET_SECONDS = 0.2
"""Docker adds addresses and routes one by one; a new interface is complete after this long without a change."""

PATIENCE_SECONDS = 1.2
"""How long to wait for a default route that Docker is expected to add."""

AGAIN_SECONDS = 1.0


Follower = Callable[[str | None, str | None], None]
"""Is called with the name of the lan's interface and the own address on the held one; None while one is away."""


@dataclass(frozen=True)
class InterfacePlan:
    """The actions that a set of interfaces requires."""

    let_go: bool = False
    take: Interface | None = None
    strangers: tuple[Interface, ...] = ()


def planned(found: Sequence[Interface], held: Interface | None, networks: Iterable[IPNetwork]) -> InterfacePlan:
    """Decide what to do when interfaces have appeared or disappeared.

    If none is held, take the interface that matches the earliest of `networks`. All others are strangers.
    """
    lost = held is not None and held.index not in [interface.index for interface in found]
    others = [interface for interface in found if held is None or interface.index != held.index]
    taken = None
    if held is None or lost:
        taken = next((one for network in networks for one in others if one.within(network)), None)
    return InterfacePlan(lost, taken, tuple(one for one in others if one is not taken))


class Keeper:
    """Holds the interface `own` of a conditioned network, and tracks the one that publishes the control ports.

    `publishing` is None if that is another keeper's. The keeper with the `number` 0 also looks after interfaces that
    belong to no keeper. `due` is when to call `look`, in seconds of the monotonic clock. A router's keeper knows
    its `lan`; that of a roaming client's network knows the network's `presence`.
    """

    def __init__(
        self,
        own: Interface,
        networks: Sequence[IPNetwork],
        found: Sequence[Interface],
        publishing: Interface | None,
        ipv6_only: bool,
        number: int = 0,
        routing: Routing = DOCKERS,
        lan: IPNetwork | None = None,
        presence: Presence | None = None,
    ) -> None:
        self.presence = presence
        self.wire = Wire.open(number)
        self.due = inf
        self._routing = routing
        self._lan = lan
        self._follower: Follower = lambda lan, address: None
        self.neighbours: tuple[Keeper, ...] = ()
        self._first = number == 0
        self._asker = gateway.open_asker()
        self._ipv6_only = ipv6_only
        self._held: Interface | None = own
        self._networks = tuple(networks)
        self._publishing = publishing
        self._way_out = own.way_out(socket.AF_INET)
        self._macs: dict[str, str] = {}
        self._reported: set[int] = set()
        self._unfinished: Interface | None = None
        self._patient_until = inf
        self._not_before = 0.0
        self._events = network_devices.open_events()
        self._others = [one for one in found if one.index != own.index]

    @property
    def separate(self) -> bool:
        """Whether the control ports are published on a network other than the conditioned one."""
        return self._publishing in self._others

    @property
    def publishes(self) -> bool:
        """Whether the control ports are published on the conditioned network."""
        return self._publishing is not None and not self.separate

    @property
    def gateways(self) -> tuple[str, ...]:
        """The addresses of the host, where the control ports are published and in the held network."""
        published = self._publishing.gateways if self._publishing else ()
        own = self._held.first_address() if self._held else None
        return tuple(dict.fromkeys((*published, *([own] if own else []))))

    def follow(self, follower: Follower) -> None:
        """Call this now, and whenever the interfaces have been looked at."""
        self._follower = follower
        self._inform(self._others)

    def answer_everybody(self, port: int) -> None:
        """Let everybody reach this port where the control ports are published, outside the conditioned network."""
        if self._publishing and self._publishing.ipv4 and self.separate:
            put_rules(tls_port_rules(self._publishing.ipv4, port))
            network_devices.answer_through(self._publishing)

    def appear(self) -> None:
        """Show the network to the application, or hide it, as its presence now says."""
        if self.presence and self._held:
            self.presence.apply(self._held, self.wire, self._macs)

    @property
    def shown_address(self) -> str | None:
        """The application's address here; None while it has none."""
        address = self.presence.address(self._held) if self.presence and self.presence.shown and self._held else None
        return address.host if address else None

    def claims(self, interface: Interface) -> bool:
        """Whether an interface is this keeper's to take over."""
        held = self._held is not None and self._held.index == interface.index
        return held or any(interface.within(network) for network in self._networks)

    def start(self, trust: bool) -> list[str]:
        """Take over initially; returns the hosts that may use the control ports (none without `trust`)."""
        assert self._held
        self._held = self._routing.over(self._with_way_out(self._held, self._others))
        for other in self._others:
            network_devices.lead_nowhere(other)
        self._put_in_place(self._held, {})
        if trust and self._publishing:
            self._macs = self._settled(self._publishing, self._publishing.gateways)
            self._pin(self._publishing)
        self._see(self._others)
        return list(self._macs)

    def fileno(self) -> int:
        """Readable when interfaces, addresses or routes have changed."""
        return self._events.fileno()

    def changed(self) -> None:
        """Release an interface that is gone at once; handle everything else once Docker has finished."""
        with suppress(OSError):  # nothing left, or ENOBUFS: more events than the buffer holds
            while self._events.recv(65536):
                pass
        # Docker rebuilds a link in several steps (link, addresses, routes). Taking over half of it would lose what is
        # added later, and the application would see its network change twice; so every event restarts the wait.
        self.due = max(time.monotonic() + QUIET_SECONDS, self._not_before)
        lost = self._held or self._unfinished
        if lost and not _exists(lost):
            self._try(InterfacePlan(let_go=True))

    def look(self) -> None:
        """Take over the conditioned network's interface and cut off all others."""
        self.due = inf
        self._try(None)

    def _try(self, plan: InterfacePlan | None) -> None:
        """Carry out `plan`, or one made from the current interfaces; retries after a failure."""
        try:
            with network_devices.one_line_errors():
                self._carry_out(plan or planned(self._found(), self._held, self._networks))
        except (NoInterface, NoFirewall, OSError) as error:
            say(f"{error}; trying again")
            # The failed attempt may itself have caused events, which must not bring the next one forward.
            self.due = self._not_before = time.monotonic() + AGAIN_SECONDS

    def _found(self) -> list[Interface]:
        """All interfaces but those of the other keepers."""
        found = network_devices.find()
        return [one for one in found if not any(other.claims(one) for other in self.neighbours)]

    def _carry_out(self, plan: InterfacePlan) -> None:
        if plan.let_go and self._held:
            network_devices.let_go(self.wire, self._ipv6_only)
            if self.presence:
                self.presence.gone()
            say(f"{self._held.name} is gone: no network until it is back")
            self._held = None
        take = plan.take or self._again()
        if take and self._is_early(take, plan.strangers):
            self.due = time.monotonic() + QUIET_SECONDS
        elif take:
            self._take(take, plan.strangers)
        self._see(plan.strangers)
        if self._held and not self.presence:
            network_devices.lead(self._held, self.wire, self._ipv6_only)
        self._inform(plan.strangers)

    def _inform(self, others: Iterable[Interface]) -> None:
        lan = next((other for other in others if self._is_lan(other)), None)
        self._follower(lan.name if lan else None, self._held.ipv4 if self._held else None)
        if lan and self._held:
            network_devices.forward_between(lan, self.wire, self._routing.behind(lan))

    def _is_lan(self, other: Interface) -> bool:
        return self._lan is not None and other.within(self._lan)

    def _is_early(self, found: Interface, others: Sequence[Interface]) -> bool:
        """Whether Docker will probably still add the previous default route, which would fail if we added it first."""
        if self._way_out is None or any(one.way_out(socket.AF_INET) for one in (found, *others)):
            self._patient_until = inf
            return False
        self._patient_until = min(self._patient_until, time.monotonic() + PATIENCE_SECONDS)
        return time.monotonic() < self._patient_until

    def _again(self) -> Interface | None:
        """An interface that still exists and whose takeover failed half-way."""
        unfinished, self._unfinished = self._unfinished, None
        if unfinished:
            network_devices.let_go(self.wire, self._ipv6_only)
        return unfinished if unfinished and _exists(unfinished) else None

    def _take(self, found: Interface, others: Sequence[Interface]) -> None:
        """Take over an interface; known gateway MACs stay pinned until they have been learned again."""
        publishes = self._publishes(found)
        own = self._routing.over(self._with_way_out(found, others))
        for other in others:
            network_devices.lead_nowhere(other)
        self._unfinished = own  # the only record of what has been taken off the interface
        self._put_in_place(own, self._macs if publishes else {})
        self._held, self._unfinished = own, None
        say(f"{own.name} is conditioned")
        if publishes:
            self._learn(own)

    def _put_in_place(self, own: Interface, pins: Mapping[str, str]) -> None:
        """Take over, and record which interface this is, for captures: `/run/synthlab/synth0` says `eth0`."""
        shown = self.presence.bare(own) if self.presence else own
        network_devices.take_over(shown, self.wire, pins, self._ipv6_only)
        if self.presence:
            self.presence.apply(own, self.wire, pins)
        (RUN / self.wire.inner).write_text(own.name)

    def _see(self, strangers: Iterable[Interface]) -> None:
        """Remove the default routes of strangers, and log each one once."""
        for other in strangers if self._first else ():
            if self._held:
                network_devices.lead_nowhere(other)
            if other.addresses and other.index not in self._reported:
                self._reported.add(other.index)
                publishes = self._publishes(other)
                if publishes and self._publishing and other.index != self._publishing.index:
                    self._learn(other)
                if self._is_lan(other):
                    continue
                networks = ", ".join(map(str, other.networks))
                exception = f", except for control ports from {' '.join(self._macs) or 'nobody'}" if publishes else ""
                say(f"{other.name} ({networks}) is not the conditioned network: cut off{exception}")

    def _publishes(self, interface: Interface) -> bool:
        networks = self._publishing.networks if self._publishing else ()
        return any(interface.within(network) for network in networks)

    def _learn(self, interface: Interface) -> None:
        """Learn the trusted gateways' MACs again; one with rival claims keeps its old MAC."""
        self._publishing = interface
        self._macs |= self._settled(interface, list(self._macs))
        self._pin(interface)

    def _pin(self, interface: Interface) -> None:
        held = self._held is not None and interface.index == self._held.index
        network_devices.pin(self.wire.inner if held else interface.name, self._macs)

    def _settled(self, interface: Interface, hosts: Iterable[str]) -> dict[str, str]:
        """The MAC of each host that exactly one machine answers for."""
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
        """`own` with an IPv4 default route: if another network has Docker's, its previous one or a guess.

        The guess is the network's first address, Docker's default gateway unless the network sets another.
        """
        if own.way_out(socket.AF_INET) or not any(other.way_out(socket.AF_INET) for other in others):
            return own
        way = self._way_out or Route(socket.AF_INET, None, own.first_address(), None)
        self._way_out = way
        if not way.gateway or not self._settled(own, [way.gateway]):
            say(f"no default route: the gateway of {own.name}, {way.gateway}, does not answer")
            return own
        return replace(own, routes=(*own.routes, way))


def _exists(interface: Interface) -> bool:
    with suppress(OSError):
        return bool(socket.if_indextoname(interface.index))
    return False
