"""SOCKS5 (RFC 1928) without authentication: CONNECT only."""

from asyncio import StreamReader, StreamWriter
from ipaddress import ip_address

from .refusal import Reason, Refused

VERSION = b"\x05"

_NO_AUTHENTICATION, _NO_METHOD = 0, 0xFF
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_SIZES = {_IPV4: 4, _IPV6: 16}

_CODES: dict[Reason, int] = {
    "failed": 1,
    "malformed": 1,
    "forbidden": 2,
    "unreachable": 3,
    "unknown": 4,
    "refused": 5,
    "timeout": 6,
    "unsupported": 7,
    "address": 8,
}


def _reply(code: int) -> bytes:
    """An answer; the address in it says nothing."""
    return VERSION + bytes([code, 0, _IPV4]) + bytes(6)


ACCEPTED = _reply(0)


def refusal(refused: Refused) -> bytes:
    """The answer to a greeting or request that is not carried out."""
    if refused.reason == "method":
        return VERSION + bytes([_NO_METHOD])
    return _reply(_CODES[refused.reason])


async def read_target(_: bytes, reader: StreamReader, writer: StreamWriter) -> tuple[str, int]:
    """The host and port of a request whose first byte has been read; answers the greeting. Raises Refused."""
    (count,) = await reader.readexactly(1)
    if _NO_AUTHENTICATION not in await reader.readexactly(count):
        raise Refused("method", "only without authentication")
    writer.write(VERSION + bytes([_NO_AUTHENTICATION]))
    version, command, _reserved, kind = await reader.readexactly(4)
    if bytes([version]) != VERSION:
        raise Refused("malformed", "not a SOCKS5 request")
    host = await _host(kind, reader)
    port = int.from_bytes(await reader.readexactly(2))
    if command != _CONNECT:
        raise Refused("unsupported", "only CONNECT is supported")
    return host, port


async def _host(kind: int, reader: StreamReader) -> str:
    if kind == _NAME:
        (size,) = await reader.readexactly(1)
        name = await reader.readexactly(size)
        if not name.isascii() or not name:
            raise Refused("malformed", "not a host name")
        return name.decode()
    if kind not in _SIZES:
        raise Refused("address", f"no address type {kind}")
    return str(ip_address(await reader.readexactly(_SIZES[kind])))
