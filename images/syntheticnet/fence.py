"""The fence: nothing but loopback and the conditioned interface reaches or leaves the container's own IP stack.

It is raised before anything else, and stays when the forwarder dies. Packet sockets see and send past it.
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
        iifname {{ "lo", "{INNER}" }} accept
    }}
    chain to_outside {{
        type filter hook output priority -300; policy drop;
        tcp dport {DOOR_PORT} meta mark != {DOOR_MARK} drop
        oifname {{ "lo", "{INNER}" }} accept
    }}
}}
"""


def raise_fence(nft: str = "/usr/sbin/nft") -> bool:
    """Put the rules in force; False where the kernel refuses (nft has said why). Other tables are left alone.

    Spawned without the subprocess module: every millisecond before the fence is one in which the kernel answers pings.
    """
    reader, writer = os.pipe()
    os.write(writer, RULES.encode())
    os.close(writer)
    actions = [(os.POSIX_SPAWN_DUP2, reader, 0)]
    child = os.posix_spawn(nft, [nft, "-f", "-"], {"PATH": "/usr/sbin:/usr/bin"}, file_actions=actions)
    os.close(reader)
    return os.waitpid(child, 0)[1] == 0
