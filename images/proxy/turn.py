"""The configuration of the TURN server: one user, TCP from the browser, and relaying by UDP within the lab."""

import fcntl
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from ipaddress import IPv4Interface, IPv6Interface, ip_address
from pathlib import Path

PORT = 3478

OwnAddress = IPv4Interface | IPv6Interface
"""An address of this container, with its network."""

_LOOPBACK = "lo"
_LINK_LOCAL = "20"
_ADDRESS, _NETMASK = 0x8915, 0x891B  # SIOCGIFADDR, SIOCGIFNETMASK: netdevice(7)


def configuration(user: str, own: Sequence[OwnAddress]) -> str:
    """The file for `user` (NAME:PASSWORD), who reaches only the networks of these addresses.

    The browser's connections come by IPv4, also where the lab has IPv6 alone: so it listens on every IPv4 address.
    """
    family = "keep" if any(one.version == 4 for one in own) else "ipv6"
    lines = [
        f"listening-port={PORT}",
        "listening-ip=0.0.0.0",
        *(f"relay-ip={one.ip}" for one in own),
        f"allocation-default-address-family={family}",
        "relay-threads=1",
        "no-udp",
        "no-tls",
        "no-dtls",
        "no-cli",
        "no-tcp-relay",
        "no-multicast-peers",
        "no-rfc5780",
        "fingerprint",
        "lt-cred-mech",
        "realm=synthlab",
        f"user={user}",
        "userdb=/tmp/turndb",
        "pidfile=/tmp/turnserver.pid",
        "log-file=stdout",
        "simple-log",
        # coturn looks at `allowed` first
        *(f"allowed-peer-ip={one.network[0]}-{one.network[-1]}" for one in own),
        "denied-peer-ip=0.0.0.0-255.255.255.255",
        "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ]
    return "\n".join([*lines, ""])


def own_addresses() -> list[OwnAddress]:
    """The addresses of this container, without loopback and link-local ones."""
    names = [name for _, name in socket.if_nameindex() if name != _LOOPBACK]
    ipv6 = Path("/proc/net/if_inet6")
    return [*_ipv4(names), *(read_ipv6(ipv6.read_text()) if ipv6.exists() else ())]


def read_ipv6(listed: str) -> Iterator[IPv6Interface]:
    """From the text of /proc/net/if_inet6: address, index, length of the prefix, scope, flags, name."""
    for line in listed.splitlines():
        address, _, length, scope, _, name = line.split()
        if scope != _LINK_LOCAL and name != _LOOPBACK:
            yield IPv6Interface(f"{ip_address(bytes.fromhex(address))}/{int(length, 16)}")


def _ipv4(names: Iterable[str]) -> Iterator[IPv4Interface]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        for name in names:
            with suppress(OSError):  # it has none
                address, mask = (_asked(asker, what, name) for what in (_ADDRESS, _NETMASK))
                yield IPv4Interface(f"{address}/{mask}")


def _asked(asker: socket.socket, what: int, name: str) -> str:
    answer = fcntl.ioctl(asker.fileno(), what, name.encode().ljust(40, b"\0"))
    return socket.inet_ntoa(answer[20:24])
