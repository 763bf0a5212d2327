"""A bare loop, to compare with: `python -m benchmarks.floor OUTER INNER` forwards between two interfaces until killed.

It makes the forwarder's system calls, and has one look-up and two counters for each packet: what forwarding costs in
Python before anything is imposed or observed.
"""

from __future__ import annotations

import ctypes
import select
import socket
import sys

from syntheticnet.forwarder.port import BATCH, SLOT, Inbox, Memory, Outbox, open_socket

from .middle import die_with_parent

ADDRESSES_AND_PORTS = slice(36, 48)  # of an IPv4 frame with its vnet header

_libc = ctypes.PyDLL(None)
_recvmmsg, _sendmmsg = _libc.recvmmsg, _libc.sendmmsg
_recvmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p]
_sendmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
_DONTWAIT = int(socket.MSG_DONTWAIT)


def main(outer: str, inner: str) -> None:
    die_with_parent()
    memory = Memory()
    inbox, outbox = Inbox(memory), Outbox(memory)
    with open_socket(socket.if_nametoindex(outer)) as one, open_socket(socket.if_nametoindex(inner)) as other:
        opposite = {one.fileno(): other.fileno(), other.fileno(): one.fileno()}
        epoll = select.epoll()
        for fd in opposite:
            epoll.register(fd, select.EPOLLIN)
        print("ready", flush=True)
        forward(opposite, epoll, inbox, outbox)


def forward(opposite: dict[int, int], epoll: select.epoll, inbox: Inbox, outbox: Outbox) -> None:
    seen: dict[bytes, list[int]] = {}
    view = inbox.memory.view
    while True:
        for fd, _ in epoll.poll():
            count = _recvmmsg(fd, inbox.pointer, BATCH, _DONTWAIT, None)
            if count <= 0:
                continue
            slots = inbox.slots(count)
            for slot, length in slots:
                start = slot * SLOT
                counters = seen.setdefault(bytes(view[start:][ADDRESSES_AND_PORTS]), [0, 0])
                counters[0] += 1
                counters[1] += length
            outbox.choose(slots)
            _sendmmsg(opposite[fd], outbox.pointer, count, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
