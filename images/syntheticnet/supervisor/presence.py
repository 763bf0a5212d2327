"""How one network of a roaming client appears to the application: with an address and routes, or not at all."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import replace

from . import rtnetlink
from .interface import Address, Interface, Route
from .network_devices import Wire, addresses_of, pin_hosts
from .rtnetlink import LOCAL_TABLE, RouteSocket
from .uplinks import Uplink

_HIDDEN_TABLE = 65320
_FIRST_TABLE = 65321


class Presence:
    """Of the network with this `number`. `hosts` are those that reach the control ports here, in whatever state.

    `shown`: the application has it. `moved`: it has the spare address there. The engine sends the host's requests to
    the address that it gave the container, so that one stays reachable for `hosts` alone while it is not shown.
    """

    def __init__(self, uplink: Uplink, number: int, hosts: tuple[str, ...] = ()) -> None:
        self.uplink = uplink
        self.shown = number == 0
        self.moved = False
        self.hosts = hosts
        self._table = _FIRST_TABLE + number
        self._sources: list[tuple[str, int]] = []

    def address(self, own: Interface) -> Address | None:
        """The address that the application has here, or would have."""
        given = _given(own)
        return replace(given, host=str(self.uplink.spare)) if given and self.moved else given

    def bare(self, own: Interface) -> Interface:
        """The interface without anything to show."""
        return replace(own, addresses=(), routes=())

    def apply(self, own: Interface, wire: Wire, pins: Mapping[str, str]) -> None:
        """Make the inner end of the wire look like this; `own` is the interface as the engine and routing have it.

        Everything of before goes first. The kernel drops an interface's routes with its last address.
        """
        inner = socket.if_nametoindex(wire.inner)
        with RouteSocket() as kernel:
            if not self.shown:
                kernel.set_up(inner, False)
            self._forget(kernel)
            for address in addresses_of(kernel, inner):
                kernel.delete_address(inner, address)
            if self.shown or self.hosts:
                kernel.set_up(inner)
            kernel.filter_sources(inner)
            given, shown = _given(own), self.address(own)
            if given and self.hosts and not (self.shown and shown == given):
                self._answer_hosts(kernel, inner, given)
            if self.shown and shown:
                self._show(kernel, inner, shown, own.routes)
            if self.shown or self.hosts:
                pin_hosts(kernel, inner, pins)

    def gone(self) -> None:
        """Forget what belonged to an interface that is gone."""
        with RouteSocket() as kernel:
            self._forget(kernel)

    def _show(self, kernel: RouteSocket, inner: int, address: Address, routes: tuple[Route, ...]) -> None:
        """Give the application the address and the routes; what has the address as its source leaves here, too."""
        kernel.add_address(inner, address)
        wanted = sorted(
            (one for one in routes if one.family == socket.AF_INET), key=lambda one: one.gateway is not None
        )
        kernel.route("replace", inner, Route(socket.AF_INET, str(address.network), None, None), self._table, _LINK)
        for route in wanted:
            kernel.route("replace", inner, route, self._table)
            kernel.route("replace", inner, route)
        self._lead(kernel, address.host, self._table)

    def _answer_hosts(self, kernel: RouteSocket, inner: int, given: Address) -> None:
        """Accept what comes to an address that no interface shows, from the hosts alone."""
        local = LOCAL_TABLE, rtnetlink.SCOPE_HOST, rtnetlink.LOCAL
        kernel.route("replace", inner, _to_host(given.host), *local)
        for host in self.hosts:
            kernel.route("replace", inner, _to_host(host), _HIDDEN_TABLE, _LINK)
        kernel.refuse_rest(_HIDDEN_TABLE)
        self._lead(kernel, given.host, _HIDDEN_TABLE)

    def _lead(self, kernel: RouteSocket, source: str, table: int) -> None:
        kernel.rule("add", source, table)
        self._sources.append((source, table))

    def _forget(self, kernel: RouteSocket) -> None:
        while self._sources:
            kernel.rule("delete", *self._sources.pop())


_LINK = rtnetlink.SCOPE_LINK


def _given(own: Interface) -> Address | None:
    """The address that the engine gave."""
    return next((one for one in own.addresses if one.family == socket.AF_INET), None)


def _to_host(host: str) -> Route:
    return Route(socket.AF_INET, f"{host}/32", None, None)
