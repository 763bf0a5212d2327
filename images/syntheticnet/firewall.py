"""The fence: nothing but loopback and the conditioned interface reaches or leaves the container's own IP stack.

It is raised before anything else, and stays when the forwarder dies. Packet sockets see and send past it.
No router advertisement or redirect passes: routes come from Docker alone. Nor is the container a router for others.
On loopback it keeps the host's door: only a socket with our mark gets through, and to mark one takes a capability that
the application has lost for good, be it root. What `docker exec` starts has it.
"""

from __future__ import annotations

import os

INNERS = tuple(f"synth{number}" for number in range(8))
"""The interfaces that the application uses, of as many networks as it has at most: the first is `synth0`."""

DOOR_PORT = 65311
DOOR_MARK = 0x73796E74
"""Where the API listens for the host, on loopback, and the mark (SO_MARK) of the host's own packets."""

_OPEN = ", ".join(f'"{name}"' for name in ("lo", *INNERS))

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
        tcp dport {DOOR_PORT} meta mark != {DOOR_MARK} drop
        oifname {{ {_OPEN} }} accept
    }}
    chain through {{
        type filter hook forward priority -300; policy drop;
    }}
}}
"""

REFUSED = (
    "cannot raise the fence: run the container as root with cap_add: [NET_ADMIN, NET_RAW]"
    " (for an application that runs as a user, set SYNTHLAB_USER instead of USER)"
)


NFT = "/usr/sbin/nft"


class NoFence(Exception):
    """The kernel refuses the rules; reads as one line."""


def door_rules(gateway: str, ports: tuple[int, ...]) -> str:
    """What lets the host at `gateway` reach these ports by an interface that is not conditioned, and nothing else."""
    listed = f"{{ {', '.join(map(str, ports))} }}"
    return f"""
add rule inet synthlab from_outside ip saddr {gateway} tcp dport {listed} accept
add rule inet synthlab to_outside ip daddr {gateway} tcp sport {listed} accept
"""


def raise_fence(nft: str = NFT) -> None:
    """Put the rules in force; raises NoFence, with what nft said first. Other tables are left alone."""
    put_rules(RULES, nft)


def put_rules(rules: str, nft: str = NFT) -> None:
    """Let nft take rules, all or none; raises NoFence.

    Spawned without the subprocess module: every millisecond before the fence is one in which the kernel answers pings.
    """
    (reader, writer), (heard, said) = os.pipe(), os.pipe()
    os.write(writer, rules.encode())
    os.close(writer)
    actions = [(os.POSIX_SPAWN_DUP2, *pair) for pair in ((reader, 0), (said, 1), (said, 2))]
    child = os.posix_spawn(nft, [nft, "-f", "-"], {"PATH": "/usr/sbin:/usr/bin"}, file_actions=actions)
    os.close(reader)
    os.close(said)
    with os.fdopen(heard, encoding="utf-8", errors="replace") as words:
        first = words.read().partition("\n")[0]
    if os.waitpid(child, 0)[1]:
        raise NoFence(f"{REFUSED}; nft: {first}" if first else REFUSED)
