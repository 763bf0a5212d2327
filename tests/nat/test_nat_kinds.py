"""What each kind of NAT does to packets, on real veths: by RFC 5780's tests, not by reading rules back."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from syntheticnet.conditions import CONES, NAT_KINDS, Nat, NatKind

from .nat_world import FORGED, INNER, OTHER, OUTSIDE, ROUTER_OUTSIDE, NatWorld
from .stun import PORTS, Found, discover, mapped_at

pytestmark = [pytest.mark.veth, pytest.mark.issue(17)]

_OTHER_CONES = [pytest.param(kind, marks=pytest.mark.soak) for kind in CONES[1:]]

EXPECTED: dict[NatKind, tuple[str, str]] = {
    "none": ("endpoint-independent", "endpoint-independent"),
    "full-cone": ("endpoint-independent", "endpoint-independent"),
    "restricted": ("endpoint-independent", "address-dependent"),
    "port-restricted": ("endpoint-independent", "address- and port-dependent"),
    "symmetric": ("address- and port-dependent", "address- and port-dependent"),
}
"""Mapping and filtering (RFC 4787, 4.1 and 5)."""
SERVER = OUTSIDE, PORTS[0]


@pytest.fixture(scope="module")
def joined() -> Iterator[NatWorld]:
    if os.geteuid() != 0:
        pytest.fail("these tests make network namespaces with real veth pairs: run them as root")
    with ExitStack() as cleanup:
        yield NatWorld(cleanup)


@pytest.fixture
def world(joined: NatWorld) -> NatWorld:
    joined.put(Nat())
    return joined


def found_by(world: NatWorld) -> Found:
    with world.inside("ada"):
        return discover(OUTSIDE, (INNER["ada"], 0))


@pytest.mark.parametrize("kind", NAT_KINDS)
@pytest.mark.parametrize("port_preserving", [True, pytest.param(False, marks=pytest.mark.soak)])
def test_each_kind_maps_and_filters_as_rfc_4787_says(world: NatWorld, kind: NatKind, port_preserving: bool) -> None:
    """Mapping and filtering behaviour of each kind; ports are preserved only if that is set."""
    world.put(Nat(kind=kind, port_preserving=port_preserving))
    found = found_by(world)
    assert (found.mapping, found.filtering) == EXPECTED[kind]
    assert found.mapped[0] == (INNER["ada"] if kind == "none" else ROUTER_OUTSIDE)


def test_unsolicited_packets_take_no_port(world: NatWorld) -> None:
    """What comes before a mapping does not change the mapping to the same remote, which it would as a connection."""
    world.put(Nat(kind="port-restricted"))
    with world.udp("outside", OUTSIDE, 5001) as outside, world.udp("ada", port=5555) as inside:
        outside.sendto(b"early", (ROUTER_OUTSIDE, 5555))
        inside.sendto(b"out", (OUTSIDE, 5001))
        assert outside.recvfrom(99) == (b"out", (ROUTER_OUTSIDE, 5555))


@pytest.mark.parametrize("preserving", [True, False])
def test_a_cone_preserves_the_port_only_if_it_should(world: NatWorld, preserving: bool) -> None:
    """The external port of a cone is the internal one, or another that is the same toward everybody."""
    world.put(Nat(kind="restricted", port_preserving=preserving))
    with world.udp("ada", port=5556) as inside:
        seen = {mapped_at(inside, (host, port)) for host in (OUTSIDE, OTHER) for port in PORTS}
    assert len(seen) == 1
    assert (seen == {(ROUTER_OUTSIDE, 5556)}) == preserving


@pytest.mark.parametrize("kind", [CONES[0], *_OTHER_CONES])
def test_neighbours_with_the_same_port_get_different_ones(world: NatWorld, kind: NatKind) -> None:
    """Two endpoints with one internal port have two external ones, each the same toward everybody."""
    world.put(Nat(kind=kind))
    with world.udp("ada", port=5557) as ada, world.udp("bob", port=5557) as bob:
        first = [mapped_at(ada, SERVER), mapped_at(bob, (OTHER, PORTS[0]))]
        assert first[0] != first[1]
        assert [mapped_at(ada, (OTHER, PORTS[0])), mapped_at(bob, SERVER)] == first


def test_a_stranger_reaches_a_full_cone(world: NatWorld) -> None:
    """Somebody to whom nothing was sent reaches the endpoint, is seen with its own address, and gets the answer."""
    world.put(Nat(kind="full-cone", port_preserving=False))
    with world.udp("ada") as inside, world.udp("outside", OTHER, 5002) as stranger:
        mapped = mapped_at(inside, SERVER)
        stranger.sendto(b"hello", mapped)
        assert inside.recvfrom(99) == (b"hello", (OTHER, 5002))
        inside.sendto(b"back", (OTHER, 5002))
        assert stranger.recvfrom(99) == (b"back", mapped)


@pytest.mark.parametrize("kind", ["symmetric", CONES[0], *_OTHER_CONES])
def test_inner_addresses_are_closed_behind_a_nat(world: NatWorld, kind: NatKind) -> None:
    """Whoever knows an inner address cannot send to it past the NAT, but can without one."""
    with world.udp("ada", port=5558) as inside, world.udp("outside") as outside:
        outside.sendto(b"routed", (INNER["ada"], 5558))
        assert inside.recv(99) == b"routed"
        world.put(Nat(kind=kind))
        outside.sendto(b"past", (INNER["ada"], 5558))
        with pytest.raises(TimeoutError):
            inside.recv(99)


@pytest.mark.parametrize("kind", [CONES[0], *_OTHER_CONES])
def test_hairpin(world: NatWorld, kind: NatKind) -> None:
    """Neighbours reach each other at their external ports, and see them, only with `hairpin`."""
    for hairpin in (True, False):
        world.put(Nat(kind=kind, hairpin=hairpin))
        with world.udp("ada") as ada, world.udp("bob") as bob:
            theirs, own = mapped_at(bob, SERVER), mapped_at(ada, SERVER)
            ada.sendto(b"over the hairpin", theirs)
            if not hairpin:
                with pytest.raises(TimeoutError):
                    bob.recv(99)
                continue
            assert bob.recvfrom(99) == (b"over the hairpin", own)
            bob.sendto(b"back", own)
            assert ada.recvfrom(99) == (b"back", theirs)


@pytest.mark.soak
def test_a_mapping_expires(world: NatWorld) -> None:
    """A mapping lasts `mapping_timeout` after the last packet from inside, and each such packet prolongs it."""
    world.put(Nat(kind="full-cone", mapping_timeout_ns=2 * 10**9, port_preserving=False))
    with world.udp("ada") as inside, world.udp("outside", OTHER) as stranger:
        mapped = mapped_at(inside, SERVER)
        inside.settimeout(1.2)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                inside.recv(99)
            inside.sendto(b"alive", (OUTSIDE, 9))
        stranger.sendto(b"in time", mapped)
        assert inside.recv(99) == b"in time"
        inside.settimeout(3.5)
        with pytest.raises(TimeoutError):
            inside.recv(99)
        stranger.sendto(b"late", mapped)
        with pytest.raises(TimeoutError):
            inside.recv(99)


def test_a_change_drops_all_mappings(world: NatWorld) -> None:
    """After a change, also to the same value, nobody gets in until something was sent out again."""
    world.put(Nat(kind="full-cone"))
    with world.udp("ada") as inside, world.udp("outside", OTHER) as stranger:
        mapped = mapped_at(inside, SERVER)
        world.put(Nat(kind="full-cone"))
        stranger.sendto(b"lost", mapped)
        with pytest.raises(TimeoutError):
            inside.recv(99)
        mapped_at(inside, SERVER)
        stranger.sendto(b"found", mapped)
        assert inside.recv(99) == b"found"


def test_the_lan_reaches_nothing_of_the_router(world: NatWorld) -> None:
    """Not a port of the router's, whatever the NAT, at neither of its addresses."""
    with world.inside("router"), socket.create_server(("0.0.0.0", 80)):
        for address in (ROUTER_OUTSIDE, "10.92.0.1"):
            with world.inside("ada"), pytest.raises(TimeoutError):
                socket.create_connection((address, 80), timeout=0.3)


def test_no_sender_from_elsewhere_passes(world: NatWorld) -> None:
    """A packet from an address that is not the lan's is dropped, also without NAT."""
    with world.udp("outside", OUTSIDE, 5003) as outside:
        for host in (INNER["ada"], FORGED):
            with world.udp("ada", host) as inside:
                inside.sendto(host.encode(), (OUTSIDE, 5003))
        assert outside.recv(99) == INNER["ada"].encode()
        with pytest.raises(TimeoutError):
            outside.recv(99)


def test_connections_of_tcp_pass_each_kind(world: NatWorld) -> None:
    """A connection from inside works behind each kind."""
    with world.inside("outside"):
        listening = socket.create_server((OUTSIDE, 0))
    with listening:
        for kind in NAT_KINDS:
            world.put(Nat(kind=kind))
            with world.inside("ada"):
                made = socket.create_connection(listening.getsockname(), timeout=2)
            with made, listening.accept()[0] as accepted:
                made.sendall(b"hi")
                assert accepted.recv(2) == b"hi"
                assert accepted.getpeername()[0] == (INNER["ada"] if kind == "none" else ROUTER_OUTSIDE)
