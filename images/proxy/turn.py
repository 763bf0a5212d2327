"""The configuration of the TURN server: one user, TCP from the browser, and relaying by UDP within the lab."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_address, ip_interface
from pathlib import Path

PORT = 3478

Network = IPv4Network | IPv6Network

_LINK_LOCAL = "20"


def configuration(user: str, networks: Iterable[Network]) -> str:
    """The file for `user` (NAME:PASSWORD), who reaches only these networks; coturn takes `allowed` before `denied`."""
    networks = list(networks)
    peers = [f"allowed-peer-ip={network[0]}-{network[-1]}" for network in networks]
    family = "keep" if any(network.version == 4 for network in networks) else "ipv6"
    lines = [
        f"listening-port={PORT}",
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
        f"allocation-default-address-family={family}",
        "relay-threads=1",
        "userdb=/tmp/turndb",
        "pidfile=/tmp/turnserver.pid",
        "log-file=stdout",
        "simple-log",
        *peers,
        "denied-peer-ip=0.0.0.0-255.255.255.255",
        "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ]
    return "\n".join([*lines, ""])


def own_networks(folder: Path = Path("/proc/net")) -> list[Network]:
    """The networks that this container is in, without loopback and link-local ones."""
    ipv6 = folder / "if_inet6"
    return [*_ipv4((folder / "route").read_text()), *(_ipv6(ipv6.read_text()) if ipv6.exists() else ())]


def _ipv4(routes: str) -> Iterator[IPv4Network]:
    for line in routes.splitlines()[1:]:
        _, network, _, _, _, _, _, mask, *_ = line.split()
        if mask != "00000000":
            yield IPv4Interface(f"{_dotted(network)}/{_dotted(mask)}").network


def _dotted(text: str) -> str:
    """The kernel prints addresses as little-endian hexadecimal numbers."""
    return str(ip_address(bytes.fromhex(text)[::-1]))


def _ipv6(addresses: str) -> Iterator[IPv6Network]:
    for line in addresses.splitlines():
        address, _, length, scope, *_ = line.split()
        interface = ip_interface(f"{ip_address(bytes.fromhex(address))}/{int(length, 16)}")
        if isinstance(interface, IPv6Interface) and scope != _LINK_LOCAL and not interface.is_loopback:
            yield interface.network
