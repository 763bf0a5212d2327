"""The fence: nothing but loopback and the conditioned interface reaches or leaves the container's own IP stack.

It is raised before anything else, and stays when the forwarder dies. Packet sockets see and send past it.
No router advertisement or redirect passes: routes come from Docker alone. Nor is the container a router for others.
On loopback it keeps the host's door: only a socket with our mark gets through, and to mark one takes a capability that
the application has lost for good, be it root. What `docker exec` starts has it.
"""

from __future__ import annotations

import os

INNER = "synth0"
"""The interface that the application uses."""

DOOR_PORT = 65311
DOOR_MARK = 0x73796E74
"""Where the API listens for the host, on loopback, and the mark (SO_MARK) of the host's own packets."""

RULES = f"""
table inet synthlab
delete table inet synthlab
table inet synthlab {{
    chain from_outside {{
        type filter hook prerouting priority -300; policy drop;
        icmpv6 type {{ nd-router-advert, nd-redirect }} drop
        icmp type redirect drop
        iifname {{ "lo", "{INNER}" }} accept
    }}
    chain to_outside {{
        type filter hook output priority -300; policy drop;
        tcp dport {DOOR_PORT} meta mark != {DOOR_MARK} drop
        oifname {{ "lo", "{INNER}" }} accept
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


class NoFence(Exception):
    """The kernel refuses the rules; reads as one line."""


def raise_fence(nft: str = "/usr/sbin/nft") -> None:
    """Put the rules in force; raises NoFence, with what nft said first. Other tables are left alone.

    Spawned without the subprocess module: every millisecond before the fence is one in which the kernel answers pings.
    """
    (reader, writer), (heard, said) = os.pipe(), os.pipe()
    os.write(writer, RULES.encode())
    os.close(writer)
    actions = [(os.POSIX_SPAWN_DUP2, *pair) for pair in ((reader, 0), (said, 1), (said, 2))]
    child = os.posix_spawn(nft, [nft, "-f", "-"], {"PATH": "/usr/sbin:/usr/bin"}, file_actions=actions)
    os.close(reader)
    os.close(said)
    with os.fdopen(heard, encoding="utf-8", errors="replace") as words:
        first = words.read().partition("\n")[0]
    if os.waitpid(child, 0)[1]:
        raise NoFence(f"{REFUSED}; nft: {first}" if first else REFUSED)
