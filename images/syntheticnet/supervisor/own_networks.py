"""The networks of a container: one, or several that the stack names, each with a keeper of its own."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from contextlib import suppress

from . import network_devices
from .interface import Interface, NoInterface, chosen, leading_out
from .keeper import Keeper
from .presence import Presence
from .settings import Settings

ALIAS = "synthlab-network-{number}"
"""The name by which Docker's DNS knows a companion in its network of this number, from 0, and in no other of them."""

PATIENCE_SECONDS = 5.0
"""How long Docker may take to know a container that it has just started."""


def keepers_of(settings: Settings) -> list[Keeper]:
    """The keepers, which hold nothing yet, in the order of the networks. Raises NoInterface."""
    found = network_devices.find()
    if settings.uplinks:
        return _roaming(settings, found)
    if not settings.networks:
        own = chosen(found, settings.network)
        networks = (settings.network,) if settings.network else own.networks
        publishing = leading_out(found) or own
        more = settings.routing, settings.lan
        return [Keeper(own, networks, found, publishing, settings.ipv6_only, 0, *more)]
    owned = [_interface_of(number, name, found) for number, name in enumerate(settings.networks)]
    strangers = [one for one in found if one not in owned]
    leading = leading_out(owned)
    return _acquainted(
        [
            Keeper(own, own.networks, strangers, own if own is leading else None, settings.ipv6_only, number)
            for number, own in enumerate(owned)
        ]
    )


def _roaming(settings: Settings, found: Sequence[Interface]) -> list[Keeper]:
    """Of a client that can change its network: the first one is in use."""
    owned = [chosen(found, uplink.network) for uplink in settings.uplinks]
    strangers = [one for one in found if one not in owned]
    leading = leading_out(owned)
    keepers = []
    for number, (uplink, own) in enumerate(zip(settings.uplinks, owned, strict=True)):
        presence = Presence(uplink, number, own.gateways if own is leading else ())
        routing = uplink.routing(settings.routing.lans)
        publishing = own if own is leading else None
        keepers.append(Keeper(own, [uplink.network], strangers, publishing, False, number, routing, presence=presence))
    return _acquainted(keepers)


def _acquainted(keepers: list[Keeper]) -> list[Keeper]:
    """The keepers, each of which leaves the others' interfaces to them."""
    for keeper in keepers:
        keeper.neighbours = tuple(other for other in keepers if other is not keeper)
    return keepers


def _interface_of(number: int, name: str, found: Sequence[Interface]) -> Interface:
    """The interface in a network of this container, by the alias that Docker gave the container there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        hosts = _resolved(ALIAS.format(number=number))
        # Replicas share the alias, so others' addresses may be among them.
        for interface in found:
            if any(address.host in hosts for address in interface.addresses):
                return interface
        if time.monotonic() > deadline:
            raise NoInterface(f"SYNTHLAB_NETWORKS: no interface in the network '{name}'")
        time.sleep(0.05)


def _resolved(name: str) -> set[str]:
    with suppress(OSError):
        return {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
    return set()
