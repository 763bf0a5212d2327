"""What a client's API on another machine asks for: the lab's certificate and its token."""

from __future__ import annotations

from ssl import PROTOCOL_TLS_CLIENT, SSLContext

from ..engine.lab_access import LabAccess


def only(certificate: str) -> SSLContext:
    """A context that accepts this one certificate (PEM), at whatever address."""
    context = SSLContext(PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=certificate)
    return context


def authorization(access: LabAccess) -> dict[str, str]:
    """The header of a request with the lab's token (RFC 6750)."""
    return {"Authorization": f"Bearer {access.token}"}
