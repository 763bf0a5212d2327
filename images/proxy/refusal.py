"""Why a proxy does not open a connection, independent of the protocol."""

import errno
import socket
from typing import Literal, Self

Reason = Literal[
    "malformed",
    "method",
    "unsupported",
    "address",
    "forbidden",
    "unreachable",
    "unknown",
    "refused",
    "timeout",
    "failed",
]

_REASONS: dict[int | None, Reason] = {
    errno.ECONNREFUSED: "refused",
    errno.ENETUNREACH: "unreachable",
    errno.EHOSTUNREACH: "unreachable",
    errno.ETIMEDOUT: "timeout",
}


class Refused(Exception):
    """The message is one line."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    @classmethod
    def of(cls, error: OSError | UnicodeError) -> Self:
        """For a connection that failed."""
        if isinstance(error, socket.gaierror | UnicodeError):
            return cls("unknown", f"no such host: {error}")
        if isinstance(error, TimeoutError):
            return cls("timeout", "no answer")
        return cls(_REASONS.get(error.errno, "failed"), str(error))
