"""Forgets all connections that the kernel tracks in this network namespace (ctnetlink).

The mappings of a NAT live in them; Debian's `conntrack` would do the same, but is a package more in every image.
"""

from __future__ import annotations

import os
import socket
from struct import pack, unpack_from

_NETLINK_NETFILTER = 12
_DELETE_CONNECTIONS = 1 << 8 | 2  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE
_REQUEST, _ACKNOWLEDGE = 0x1, 0x4
_HEADER_BYTES = 16


def forget_connections() -> None:
    """Needs NET_ADMIN; raises OSError."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as kernel:
        kernel.bind((0, 0))
        every_ipv4 = pack("=BBH", socket.AF_INET, 0, 0)  # nfgenmsg
        length = _HEADER_BYTES + len(every_ipv4)
        kernel.send(pack("=IHHII", length, _DELETE_CONNECTIONS, _REQUEST | _ACKNOWLEDGE, 1, 0) + every_ipv4)
        code = -unpack_from("=i", kernel.recv(4096), _HEADER_BYTES)[0]
    if code:
        raise OSError(code, os.strerror(code))
