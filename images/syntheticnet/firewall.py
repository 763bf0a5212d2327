"""The firewall: nftables rules that restrict the container's IP stack to loopback and the conditioned interface.

It is raised before anything else and stays when the forwarder dies. Packet sockets bypass it.
Router advertisements and redirects are dropped: only Docker sets routes. Nothing is forwarded for other hosts.
On loopback it guards the host's control port: only sockets with the mark below get through. Setting the mark needs
NET_ADMIN, which the application has lost for good, even as root; processes started by `docker exec` have it.
"""

from __future__ import annotations

import os

INNERS = tuple(f"synth{number}" for number in range(8))
"""The application's interfaces, one for each network it may have; the first is `synth0`."""

CONTROL_PORT = 65311
CONTROL_PORTS = range(CONTROL_PORT, CONTROL_PORT + len(INNERS))
CONTROL_MARK = 0x73796E74
"""The API's loopback port for the host, one for each network, and the mark (SO_MARK) of the host's packets."""

_OPEN = ", ".join(f'"{name}"' for name in ("lo", *INNERS))

# Priority -300 runs before connection tracking and NAT, whose state no unfenced packet should touch.
# The first two lines discard an earlier table; nft loads the file whole, so there is no moment without rules.
# In each chain the drops come before the accept, which would let the same packets pass.
RULES = f"""
table inet synthlab
delete table inet synthlab
table inet synthlab {{
    chain from_outside {{
        type filter hook prerouting priority -300; policy drop;
        icmpv6 type {{ nd-router-advert, nd-redirect }} drop
        icmp type redirect drop
        iifname {{ {_OPEN} }} accept
    }}
    chain to_outside {{
        type filter hook output priority -300; policy drop;
        tcp dport {CONTROL_PORTS[0]}-{CONTROL_PORTS[-1]} meta mark != {CONTROL_MARK} drop
        oifname {{ {_OPEN} }} accept
    }}
    chain through {{
        type filter hook forward priority -300; policy drop;
    }}
}}
"""

REFUSED = (
    "cannot raise the firewall: run the container as root with cap_add: [NET_ADMIN, NET_RAW]"
    " (for an application that runs as a user, set SYNTHLAB_USER instead of USER)"
)


NFT = "/usr/sbin/nft"


class NoFirewall(Exception):
    """The kernel rejects the rules; the message is one line."""


def control_port_rules(gateway: str, ports: tuple[int, ...]) -> str:
    """Rules that let the host at `gateway` reach only these ports through an unconditioned interface."""
    listed = f"{{ {', '.join(map(str, ports))} }}"
    return f"""
add rule inet synthlab from_outside ip saddr {gateway} tcp dport {listed} accept
add rule inet synthlab to_outside ip daddr {gateway} tcp sport {listed} accept
"""


def closed_gateway_rules(gateway: str, ports: tuple[int, ...]) -> str:
    """Rules that keep the application from the gateway, which may only use these ports: another way leads out.

    Whoever is behind a router is kept from it, too.
    """
    listed = f"{{ {', '.join(map(str, ports))} }}"
    to_gateway = f"insert rule inet synthlab to_outside ip daddr {gateway}"
    return f"""
{to_gateway} meta l4proto != tcp drop
{to_gateway} tcp sport != {listed} drop
{to_gateway} tcp flags & (syn | ack) == syn drop
insert rule inet synthlab through ip daddr {gateway} drop
"""


def tls_port_rules(address: str, port: int) -> str:
    """Rules that let everybody reach this port at this address of an unconditioned interface."""
    return f"""
add rule inet synthlab from_outside ip daddr {address} tcp dport {port} accept
add rule inet synthlab to_outside ip saddr {address} tcp sport {port} accept
"""


def raise_firewall(nft: str = NFT) -> None:
    """Load the rules; raises NoFirewall with nft's first line of output. Other tables are not touched."""
    put_rules(RULES, nft)


def put_rules(rules: str, nft: str = NFT) -> None:
    """Load rules with nft, all or none; raises NoFirewall."""
    said = refusal_of(rules, nft)
    if said is not None:
        raise NoFirewall(f"{REFUSED}; nft: {said}" if said else REFUSED)


def refusal_of(rules: str, nft: str = NFT, only_check: bool = False) -> str | None:
    """Load rules with nft, or have the kernel only check them; the first line of what nft says if it refuses.

    Spawned without the subprocess module, whose import takes milliseconds in which the kernel would answer unfenced.
    """
    (reader, writer), (read_end, write_end) = os.pipe(), os.pipe()
    os.write(writer, rules.encode())
    os.close(writer)
    actions = [(os.POSIX_SPAWN_DUP2, *pair) for pair in ((reader, 0), (write_end, 1), (write_end, 2))]
    words = [nft, *(["--check"] if only_check else []), "-f", "-"]
    child = os.posix_spawn(nft, words, {"PATH": "/usr/sbin:/usr/bin"}, file_actions=actions)
    os.close(reader)
    os.close(write_end)
    with os.fdopen(read_end, encoding="utf-8", errors="replace") as output:
        first = output.read().partition("\n")[0]
    return first if os.waitpid(child, 0)[1] else None
