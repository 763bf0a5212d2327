"""PID 1's plan when interfaces appear and disappear."""

from __future__ import annotations

import socket
from ipaddress import ip_network

import pytest

from syntheticnet.supervisor.interface import Address, Interface, IPNetwork, NoInterface, Route, chosen, leading_out
from syntheticnet.supervisor.keeper import InterfacePlan, planned

from ..builders import exactly

pytestmark = pytest.mark.issue(10)

LAB, OTHER = ip_network("172.18.0.0/16"), ip_network("10.77.0.0/16")


def interface(index: int, address: str, gateway: str | None = None) -> Interface:
    """An interface with this IPv4 address (or an IPv6 one), and a default route if there is a gateway."""
    family, prefix = (socket.AF_INET6, 64) if ":" in address else (socket.AF_INET, 16)
    routes = (Route(family, None, gateway, None),) if gateway else ()
    mac = f"02:42:00:00:00:{index:02x}"
    return Interface(index, f"eth{index}", mac, 1500, (Address(family, address, prefix),), routes)


HELD = interface(5, "172.18.0.2", "172.18.0.1")
BACK = interface(9, "172.18.0.7", "172.18.0.1")
STRANGER = interface(7, "10.77.0.2")


def test_nothing_has_changed() -> None:
    """Only the held interface exists: nothing to do."""
    assert planned([HELD], HELD, [LAB]) == InterfacePlan()


def test_it_is_gone() -> None:
    """A lost interface is released, so that Docker can give its address to another."""
    assert planned([], HELD, [LAB]) == InterfacePlan(let_go=True)


def test_it_is_back() -> None:
    """Another interface in the same network takes its place, whatever its address is now."""
    assert planned([BACK], None, [LAB]) == InterfacePlan(take=BACK)


def test_gone_and_back_at_once() -> None:
    """If both changes are seen at once, the old one is released and then the new one taken."""
    assert planned([BACK], HELD, [LAB]) == InterfacePlan(let_go=True, take=BACK)


def test_another_network() -> None:
    """An interface of another network is a stranger, whether one is held or not, with or without a default route."""
    leading = interface(8, "10.77.0.3", "10.77.0.1")
    assert planned([STRANGER, HELD], HELD, [LAB]) == InterfacePlan(strangers=(STRANGER,))
    assert planned([STRANGER, leading], None, [LAB]) == InterfacePlan(strangers=(STRANGER, leading))
    assert planned([STRANGER, BACK], None, [LAB]) == InterfacePlan(take=BACK, strangers=(STRANGER,))


def test_a_second_interface_in_the_same_network() -> None:
    """A second interface in the network is a stranger while the first is held."""
    assert planned([HELD, BACK], HELD, [LAB]) == InterfacePlan(strangers=(BACK,))


def test_the_first_network_that_has_an_interface() -> None:
    """IPv4 networks come first; IPv6 works alone."""
    six = interface(9, "fd00::7")
    networks: list[IPNetwork] = [LAB, ip_network("fd00::/64")]
    assert planned([six, BACK], None, networks).take == BACK
    assert planned([six], None, networks).take == six


def test_which_is_conditioned() -> None:
    """The interface of the named network, else that of the default route, IPv4 before IPv6."""
    six = interface(3, "fd00::2", "fd00::1")
    assert chosen([HELD, STRANGER], OTHER) == STRANGER
    assert chosen([six, STRANGER, HELD], None) == HELD
    assert chosen([STRANGER, six], None) == six


def test_none_can_be_conditioned() -> None:
    """The error is one line with the fix."""
    with pytest.raises(NoInterface, match=exactly("SYNTHETIC_NETWORK: no interface has an address in 10.77.0.0/16")):
        chosen([HELD], OTHER)
    with pytest.raises(NoInterface, match="no default route: attach the container to a network"):
        chosen([STRANGER], None)


def test_who_publishes_the_ports() -> None:
    """Ports are published on the network of Docker's default route, whichever is conditioned."""
    assert leading_out([STRANGER, HELD]) == HELD
    assert leading_out([STRANGER]) is None
