"""Leads look-ups of names to the resolver by rules of NAT, over the kernel's socket (`linux/netfilter/nf_tables.h`).

PID 1 starts no program once the application runs, so it cannot use nft as the firewall does.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from struct import Struct, pack

from .rtnetlink import NetlinkError

TABLE, CHAIN, APART = "synthlab-names", "lookups", "apart"

_NETFILTER = 12  # NETLINK_NETFILTER
_NFTABLES = 10
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_NEW_TABLE, _DELETE_TABLE, _NEW_CHAIN, _NEW_RULE = (_NFTABLES << 8 | number for number in (0, 2, 3, 6))
_DELETE_CONNECTIONS = 1 << 8 | 2
_ERROR = 2
_REQUEST, _ACKNOWLEDGE, _CREATE, _APPEND = 0x1, 0x4, 0x400, 0x800
_IPV4 = 2  # NFPROTO_IPV4
_OUTPUT = 3  # NF_INET_LOCAL_OUT
_PRIORITY = -110
"""Before -100, where the engine leads packets to its name server: the first rule of NAT that matches decides."""
_BEFORE_TRACKING = -300
_ZONE = 65314
"""Of the connections of `spared`. Without it, one from a port that the application has just used would be taken for the
application's, and led back to the resolver; or the other way round, past it."""

_HEADER = Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence number, port
_FAMILY = Struct("!BBH")  # nfgenmsg: family, version, subsystem of a batch
_ATTRIBUTE = Struct("=HH")
_NESTED = 0x8000
_ERROR_CODE = Struct("=i")

_META_USER, _META_PROTOCOL = 10, 16
_CT_ZONE, _ORIGINAL = 17, 0
_EQUAL, _UNEQUAL = 0, 1
_NETWORK_HEADER, _DESTINATION = 1, 16
_TO_DESTINATION = 1  # NFT_NAT_DNAT
_FIRST, _SECOND = 1, 2  # registers

_Request = tuple[int, int, Sequence[bytes]]
"""Type, flags and attributes."""


def redirect_lookups(server: str, to: str, ports: tuple[int, int], spared: Sequence[int]) -> None:
    """Lead what is sent to `server` over UDP and TCP to these ports at `to`, but for what the users `spared` send.

    Replaces earlier rules at once, and holds for sockets that are open already, too: an answer that one of them waits
    for at this moment is lost. Needs NET_ADMIN; raises NetlinkError.
    """
    table = _text(1, TABLE)
    requests = [
        (_NEW_TABLE, _CREATE, [table]),
        (_DELETE_TABLE, 0, [table]),
        (_NEW_TABLE, _CREATE, [table]),
        _new_chain(APART, "filter", _BEFORE_TRACKING),
        _new_chain(CHAIN, "nat", _PRIORITY),
    ]
    for user in spared:
        requests.append(_new_rule(APART, [*_sent_to(server), *_by(_EQUAL, user), *_tracked_apart()]))
    for protocol, port in zip((socket.IPPROTO_UDP, socket.IPPROTO_TCP), ports, strict=True):
        others = [part for user in spared for part in _by(_UNEQUAL, user)]
        requests.append(_new_rule(CHAIN, [*_as(protocol), *_sent_to(server), *others, *_led_to(to, port)]))
    _send(_batch(requests), "rules of NAT (nf_tables, nft_nat, connection zones)")
    # The kernel asks the rules of NAT at a connection's first packet only, so it must forget those that there are.
    _send([_message(_DELETE_CONNECTIONS, _ACKNOWLEDGE, 0, _IPV4, ())], "to forget connections (nf_conntrack_netlink)")


def _batch(requests: Sequence[_Request]) -> list[bytes]:
    """All requests as one batch, of which the kernel does all or nothing."""
    batch = [_message(_BATCH_BEGIN, 0, 0, 0, (), _NFTABLES)]
    for number, (kind, flags, attributes) in enumerate(requests, 1):
        flags |= _ACKNOWLEDGE if number == len(requests) else 0
        batch.append(_message(kind, flags, number, _IPV4, attributes))
    return [*batch, _message(_BATCH_END, 0, len(requests) + 1, 0, (), _NFTABLES)]


def _new_chain(name: str, kind: str, priority: int) -> _Request:
    hook = _nested(4, _number(1, _OUTPUT), _attribute(2, pack("!i", priority)))
    return _NEW_CHAIN, _CREATE, [_text(1, TABLE), _text(3, name), _text(7, kind), hook]


def _new_rule(chain: str, expressions: Sequence[bytes]) -> _Request:
    return _NEW_RULE, _CREATE | _APPEND, [_text(1, TABLE), _text(2, chain), _nested(4, *expressions)]


def _as(protocol: int) -> list[bytes]:
    """Matches packets of this protocol."""
    return [_read_meta(_META_PROTOCOL), _compare(_EQUAL, bytes([protocol]))]


def _sent_to(server: str) -> list[bytes]:
    """Matches what goes to the server."""
    place = _number(2, _NETWORK_HEADER), _number(3, _DESTINATION), _number(4, 4)
    return [_expression("payload", _number(1, _FIRST), *place), _compare(_EQUAL, socket.inet_aton(server))]


def _by(how: int, user: int) -> list[bytes]:
    """Matches what this user, or any other, sends."""
    return [_read_meta(_META_USER), _compare(how, pack("=I", user))]


def _tracked_apart() -> list[bytes]:
    """Puts the connection into the zone, by the packets of its own direction alone."""
    zone = _expression("ct", _number(2, _CT_ZONE), _attribute(3, bytes([_ORIGINAL])), _number(4, _FIRST))
    return [_keep(_FIRST, pack("=H", _ZONE)), zone]


def _led_to(address: str, port: int) -> list[bytes]:
    """Changes the destination."""
    target = _expression("nat", _number(1, _TO_DESTINATION), _number(2, _IPV4), _number(3, _FIRST), _number(5, _SECOND))
    return [_keep(_FIRST, socket.inet_aton(address)), _keep(_SECOND, pack("!H", port)), target]


def _send(messages: Sequence[bytes], what: str) -> None:
    """Send messages, the only one or the last but one of which is to be acknowledged."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER) as kernel:
        kernel.bind((0, 0))
        kernel.send(b"".join(messages))
        _length, kind, *_ = _HEADER.unpack_from(answer := kernel.recv(65536))
    code = _ERROR_CODE.unpack_from(answer, _HEADER.size)[0] if kind == _ERROR else 0
    if code:
        # The kernel answers with the first message that it refuses, and with the acknowledgement if it refuses none.
        raise NetlinkError(-code, f"the kernel refuses {what}")


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
