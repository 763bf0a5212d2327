"""Reaches a container on another machine: TLS that accepts the lab's certificate alone, and the lab's token."""

from __future__ import annotations

import socket
from ssl import PROTOCOL_TLS_CLIENT, SSLContext

from ..contract import TLS_PORT
from ..engine.containers import Container
from ..engine.lab_access import LabAccess
from ..errors import SynthlabError

CONNECT_S = 5.0
HEAD_BYTES = 4096


def only(certificate: str) -> SSLContext:
    """A context that accepts this one certificate (PEM), at whatever address."""
    context = SSLContext(PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=certificate)
    return context


def authorization(access: LabAccess) -> dict[str, str]:
    """The header of a request with the lab's token (RFC 6750)."""
    return {"Authorization": f"Bearer {access.token}"}


def connect_over_tls(access: LabAccess, container: Container, port: int) -> socket.socket:
    """A connection to a port of the container, such as its screen. Raises SynthlabError."""
    request = f"CONNECT localhost:{port} HTTP/1.1\r\nAuthorization: Bearer {access.token}\r\n\r\n"
    try:
        plain = socket.create_connection((container.host, container.ports[TLS_PORT]), CONNECT_S)
        connection = only(access.certificate).wrap_socket(plain)
        connection.sendall(request.encode())
        answer = _head(connection)
    except (KeyError, OSError) as error:
        raise SynthlabError(f"{container.title}: its port {port} cannot be reached: {error}") from None
    if not answer.startswith(b"HTTP/1.1 200 "):
        connection.close()
        raise SynthlabError(f"{container.title}: nothing answers at its port {port}")
    connection.settimeout(None)
    return connection


def _head(connection: socket.socket) -> bytes:
    """The head of the answer, read byte by byte: what follows belongs to the port."""
    head = b""
    while not head.endswith(b"\r\n\r\n") and len(head) < HEAD_BYTES and (byte := connection.recv(1)):
        head += byte
    return head
