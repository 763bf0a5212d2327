"""Errors that senders get from their own kernels for rejected or too long packets."""

from __future__ import annotations

import errno
import socket
from random import Random

import pytest

from syntheticnet.packets.packet import IP, VNET

from .lanes import undisturbed
from .traffic import arriving, connected, drained, transferred
from .world import ADDRESSES, BOTH, FAMILIES, Family, Side, World, other, settle

pytestmark = pytest.mark.veth

DIRECTIONS = {"client": "egress", "server": "ingress"}
ICMP_ERRNOS = {
    "port-unreachable": {4: errno.ECONNREFUSED, 6: errno.ECONNREFUSED},
    "host-unreachable": {4: errno.EHOSTUNREACH, 6: errno.EHOSTUNREACH},
    "admin-prohibited": {4: errno.EHOSTUNREACH, 6: errno.EACCES},
}
"""How Linux reports ICMP errors to programs (icmp_err_convert of net/ipv4/icmp.c, tab_unreach of net/ipv6/icmp.c)."""
ERRNOS = ICMP_ERRNOS | {"reset": ICMP_ERRNOS["port-unreachable"]}
MTU: dict[Family, int] = {4: 1000, 6: 1300}
IP_HEADERS: dict[Family, int] = {4: 28, 6: 48}
CONTENT = Random(9).randbytes(300_000)

# Linux: IP_RECVERR, IPV6_RECVERR; then to set DF and heed ICMP, and to ask for the MTU of the path (linux/in.h, in6.h).
_RECVERR = {4: (socket.IPPROTO_IP, 11), 6: (socket.IPPROTO_IPV6, 25)}
_DISCOVER = {4: (socket.IPPROTO_IP, 10), 6: (socket.IPPROTO_IPV6, 23)}
_DO = 2
_PATH_MTU = {4: (socket.IPPROTO_IP, 14), 6: (socket.IPPROTO_IPV6, 24)}

either_way = pytest.mark.parametrize("sender", BOTH)
either_family = pytest.mark.parametrize("family", [4, 6])


def dropped(world: World, sender: Side, cause: str) -> int:
    return int(world.report()["links"][DIRECTIONS[sender]]["dropped"].get(cause, 0))


def error_of(asked: socket.socket) -> int:
    """The pending error of a socket, once there is one; 0 if none arrives."""
    found = 0

    def heard() -> bool:
        nonlocal found
        found = asked.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return found != 0

    settle(2, heard)
    return found


@either_way
@either_family
@pytest.mark.parametrize("how", ERRNOS)
def test_a_connection_is_refused_at_once(world: World, sender: Side, family: Family, how: str) -> None:
    """The first packet of a TCP connection, and no second, is refused; connecting fails with the error of the kind."""
    with world.inside(other(sender)):
        listening = socket.create_server((ADDRESSES[other(sender)][family], 0), family=FAMILIES[family])

    def refused() -> tuple[int, int]:
        world.configure(**{DIRECTIONS[sender]: {"reject": how}})
        before = dropped(world, sender, "reject")
        with world.inside(sender), socket.socket(FAMILIES[family]) as away:
            away.settimeout(10)
            failed = away.connect_ex(listening.getsockname()[:2])
        return failed, dropped(world, sender, "reject") - before

    with listening:
        assert undisturbed(world, refused) == (ERRNOS[how][family], 1)


@either_way
@either_family
@pytest.mark.parametrize("how", ERRNOS)
def test_a_datagram_is_refused(world: World, sender: Side, family: Family, how: str) -> None:
    """Each of ten datagrams gets an ICMP error, which its socket reports, and none arrives."""
    away, toward = world.udp_pair(sender, family)

    def heard() -> list[int]:
        world.configure(**{DIRECTIONS[sender]: {"reject": how}})
        found = []
        for _ in range(10):
            away.send(b"x" * 1200)
            found.append(error_of(away))
        return found

    with away, toward:
        away.setsockopt(*_RECVERR[family], 1)
        assert undisturbed(world, heard) == [ERRNOS[how][family]] * 10
        assert drained(toward) == []


@either_way
@either_family
def test_a_connection_is_reset(world: World, sender: Side, family: Family) -> None:
    """An existing connection is reset on its next segment; the other end gets nothing."""
    with connected(world, sender, family) as (away, toward):
        world.configure(**{DIRECTIONS[sender]: {"reject": "reset"}})
        away.send(b"x")
        assert error_of(away) == errno.ECONNRESET
        toward.setblocking(False)
        with pytest.raises(BlockingIOError):
            toward.recv(1)


@either_way
@either_family
def test_path_mtu_discovery_of_datagrams(fresh: World, sender: Side, family: Family) -> None:
    """A datagram that is too big is answered with the MTU, which the kernel adopts; one of that size arrives."""
    fresh.configure(**{DIRECTIONS[sender]: {"mtu": f"{MTU[family]}b"}})
    away, toward = fresh.udp_pair(sender, family)
    fitting = MTU[family] - IP_HEADERS[family]
    with away, toward:
        away.setsockopt(*_DISCOVER[family], _DO)
        assert away.getsockopt(*_PATH_MTU[family]) == 1500
        away.send(bytes(fitting + 1))
        assert settle(5, lambda: away.getsockopt(*_PATH_MTU[family]) != 1500)
        assert away.getsockopt(*_PATH_MTU[family]) == MTU[family]
        assert sending_fails_with(away, fitting + 1) == errno.EMSGSIZE
        away.send(bytes(fitting))
        assert settle(5, lambda: [*map(len, drained(toward))] == [fitting])
    assert dropped(fresh, sender, "mtu") == 1


def sending_fails_with(away: socket.socket, size: int) -> int | None:
    """The error of sending too much, behind those that wait at the socket already."""
    away.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    try:
        away.send(bytes(size))
    except OSError as error:
        return error.errno
    return None


@either_way
@either_family
def test_a_stream_learns_the_mtu(fresh: World, sender: Side, family: Family) -> None:
    """Over a link with a lower MTU a TCP stream arrives completely, in packets that fit, thanks to the answer."""
    fresh.configure(**{DIRECTIONS[sender]: {"mtu": f"{MTU[family]}b"}})
    with connected(fresh, sender, family) as (away, toward), fresh.capture(other(sender)) as taken:
        assert transferred(away, toward, CONTENT) == CONTENT
        longest = max(len(buffer) - (IP - VNET) - VNET for buffer, _ in taken())
    assert longest == MTU[family]
    assert dropped(fresh, sender, "mtu") >= 1


@pytest.mark.parametrize(("sender", "family"), [("client", 4), ("server", 6)])
def test_a_black_hole(fresh: World, sender: Side, family: Family) -> None:
    """Without answers the stream connects and hangs; raising the MTU lets it continue and arrive."""
    fresh.configure(**{DIRECTIONS[sender]: {"mtu": f"{MTU[family]}b", "mtu_answer": False}})
    with connected(fresh, sender, family) as (away, toward):
        away.setblocking(False)
        sent = away.send(CONTENT)
        assert arriving(toward, sent, seconds=1) == b""
        assert dropped(fresh, sender, "mtu") >= 2
        fresh.configure()
        assert arriving(toward, sent, seconds=20) == CONTENT[:sent]
    assert sent > 10 * MTU[family]
