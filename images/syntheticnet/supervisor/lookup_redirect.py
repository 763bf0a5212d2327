"""Leads look-ups of names to the resolver by rules of NAT, over the kernel's socket (`linux/netfilter/nf_tables.h`).

PID 1 starts no program once the application runs, so it cannot use nft as the firewall does.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from struct import Struct, pack

from .rtnetlink import NetlinkError

TABLE, CHAIN = "synthlab-names", "lookups"

_NETFILTER = 12  # NETLINK_NETFILTER
_NFTABLES = 10
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_NEW_TABLE, _DELETE_TABLE, _NEW_CHAIN, _NEW_RULE = (_NFTABLES << 8 | number for number in (0, 2, 3, 6))
_ERROR = 2
_REQUEST, _ACKNOWLEDGE, _CREATE, _APPEND = 0x1, 0x4, 0x400, 0x800
_IPV4 = 2  # NFPROTO_IPV4
_OUTPUT = 3  # NF_INET_LOCAL_OUT
_PRIORITY = -110
"""Before -100, where the engine leads packets to its name server: the first rule of NAT that matches decides."""

_HEADER = Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence number, port
_FAMILY = Struct("!BBH")  # nfgenmsg: family, version, subsystem of a batch
_ATTRIBUTE = Struct("=HH")
_NESTED = 0x8000
_ERROR_CODE = Struct("=i")

_META_USER, _META_PROTOCOL = 10, 16
_EQUAL, _UNEQUAL = 0, 1
_NETWORK_HEADER, _DESTINATION = 1, 16
_TO_DESTINATION = 1  # NFT_NAT_DNAT
_FIRST, _SECOND = 1, 2  # registers


def redirect_lookups(server: str, to: str, ports: tuple[int, int], spared: Sequence[int]) -> None:
    """Lead what is sent to `server` over UDP and TCP to these ports at `to`, but for what the users `spared` send.

    Replaces earlier rules at once. Needs NET_ADMIN; raises NetlinkError.
    """
    table, chain = _text(1, TABLE), _text(3, CHAIN)
    hook = _nested(4, _number(1, _OUTPUT), _attribute(2, pack("!i", _PRIORITY)))
    requests = [
        (_NEW_TABLE, _CREATE, [table]),
        (_DELETE_TABLE, 0, [table]),
        (_NEW_TABLE, _CREATE, [table]),
        (_NEW_CHAIN, _CREATE, [table, chain, _text(7, "nat"), hook]),
    ]
    for protocol, port in zip((socket.IPPROTO_UDP, socket.IPPROTO_TCP), ports, strict=True):
        rule = [*_sent(protocol, server), *(_by_another(user) for user in spared), _led_to(to, port)]
        requests.append((_NEW_RULE, _CREATE | _APPEND, [table, _text(2, CHAIN), _nested(4, *rule)]))
    _send(requests)


def _sent(protocol: int, server: str) -> list[bytes]:
    """Matches what goes to the server by this protocol."""
    return [
        _read_meta(_META_PROTOCOL),
        _compare(_EQUAL, bytes([protocol])),
        _expression(
            "payload",
            _number(1, _FIRST),
            _number(2, _NETWORK_HEADER),
            _number(3, _DESTINATION),
            _number(4, 4),
        ),
        _compare(_EQUAL, socket.inet_aton(server)),
    ]


def _by_another(user: int) -> bytes:
    """Matches what another user than this one sends."""
    return _read_meta(_META_USER) + _compare(_UNEQUAL, pack("=I", user))


def _led_to(address: str, port: int) -> bytes:
    """Changes the destination."""
    target = _expression("nat", _number(1, _TO_DESTINATION), _number(2, _IPV4), _number(3, _FIRST), _number(5, _SECOND))
    return _keep(_FIRST, socket.inet_aton(address)) + _keep(_SECOND, pack("!H", port)) + target


def _send(requests: Sequence[tuple[int, int, Sequence[bytes]]]) -> None:
    """Send all requests as one batch, of which the kernel does all or nothing."""
    batch = [_message(_BATCH_BEGIN, 0, 0, 0, (), _NFTABLES)]
    for number, (kind, flags, attributes) in enumerate(requests, 1):
        flags |= _ACKNOWLEDGE if number == len(requests) else 0
        batch.append(_message(kind, flags, number, _IPV4, attributes))
    batch.append(_message(_BATCH_END, 0, len(requests) + 1, 0, (), _NFTABLES))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER) as kernel:
        kernel.bind((0, 0))
        kernel.send(b"".join(batch))
        _length, kind, *_ = _HEADER.unpack_from(answer := kernel.recv(65536))
    code = _ERROR_CODE.unpack_from(answer, _HEADER.size)[0] if kind == _ERROR else 0
    if code:
        # The kernel answers with the first request that it refuses, and with the last one if it refuses none.
        raise NetlinkError(-code, "the kernel refuses a rule of NAT (nf_tables, nft_nat)")


def _message(kind: int, flags: int, number: int, family: int, attributes: Sequence[bytes], subsystem: int = 0) -> bytes:
    body = _FAMILY.pack(family, 0, subsystem) + b"".join(attributes)
    return _HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | flags, number, 0) + body


def _expression(name: str, *attributes: bytes) -> bytes:
    return _nested(1, _text(1, name), _nested(2, *attributes))


def _read_meta(key: int) -> bytes:
    """Put a property of the packet into the first register."""
    return _expression("meta", _number(1, _FIRST), _number(2, key))


def _compare(how: int, value: bytes) -> bytes:
    """Go on only if the first register is, or is not, this value."""
    return _expression("cmp", _number(1, _FIRST), _number(2, how), _nested(3, _attribute(1, value)))


def _keep(register: int, value: bytes) -> bytes:
    return _expression("immediate", _number(1, register), _nested(2, _attribute(1, value)))


def _attribute(kind: int, value: bytes) -> bytes:
    packed = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value
    return packed + bytes(-len(packed) % 4)


def _nested(kind: int, *attributes: bytes) -> bytes:
    return _attribute(kind | _NESTED, b"".join(attributes))


def _number(kind: int, value: int) -> bytes:
    return _attribute(kind, pack("!I", value))


def _text(kind: int, value: str) -> bytes:
    return _attribute(kind, value.encode() + b"\0")
