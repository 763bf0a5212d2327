"""HTTP CONNECT (RFC 9110, 9.3.6). No other method: a web page can make a browser send those here, but not CONNECT."""

import re
from asyncio import StreamReader, StreamWriter

from .refusal import Reason, Refused

ACCEPTED = b"HTTP/1.1 200 Connection established\r\n\r\n"

_END = b"\r\n\r\n"
_LINE = re.compile(rb"CONNECT (?:\[([0-9a-fA-F:.]+)\]|([^\s:/\[\]@]+)):(\d{1,5}) HTTP/1\.[01]\r\n")

_STATUSES: dict[Reason, str] = {
    "malformed": "400 Bad Request",
    "unsupported": "405 Method Not Allowed",
    "forbidden": "403 Forbidden",
    "timeout": "504 Gateway Timeout",
}
_FAILED = "502 Bad Gateway"


def refusal(refused: Refused) -> bytes:
    """The answer to a request that is not carried out."""
    body = f"{refused}\n".encode()
    status = _STATUSES.get(refused.reason, _FAILED)
    allowed = "Allow: CONNECT\r\n" if refused.reason == "unsupported" else ""
    fields = f"{allowed}Content-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    return f"HTTP/1.1 {status}\r\n{fields}\r\n".encode() + body


async def read_target(first: bytes, reader: StreamReader, _: StreamWriter) -> tuple[str, int]:
    """The host and port of a request whose first byte has been read. Raises Refused."""
    head = first + await reader.readuntil(_END)
    if not head.startswith(b"CONNECT "):
        raise Refused("unsupported", "only CONNECT is supported here; for plain HTTP use socks5h:// with this port")
    line = _LINE.match(head)
    if line is None:
        raise Refused("malformed", "not of the form CONNECT HOST:PORT HTTP/1.1")
    host = (line[1] or line[2]).decode("latin-1")
    port = int(line[3])
    if not host.isascii() or not 0 < port < 65536:
        raise Refused("malformed", "not a host and a port")
    return host, port
