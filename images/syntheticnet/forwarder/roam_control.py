"""How the forwarder, which has no capability, has PID 1 change a client's network: one JSON request, one answer.

What the client's networks are at a moment is in shared memory, which PID 1 writes.
"""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from ..conditions import MOST_GAP_NS, ROAM_HOWS, ConditionsError, RoamRequest
from .shared_memory import SharedDocument

SECONDS = 3.0
MESSAGE_BYTES = 4096


class RoamServer:
    """PID 1's end. `act` begins what is asked; it raises ValueError, with one line, if that is not possible."""

    def __init__(self, act: Callable[[RoamRequest], None]) -> None:
        self.document = SharedDocument.create()
        self._act = act
        self._end, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._end.setblocking(False)

    def fileno(self) -> int:
        return self._end.fileno()

    def client(self) -> RoamClient:
        """The other end, for a forwarder that is about to start."""
        return RoamClient(self._theirs, self.document)

    def serve(self) -> None:
        """Answer what has been asked."""
        with suppress(BlockingIOError):
            while asked := self._end.recv(MESSAGE_BYTES):
                self._end.send(json.dumps(self._answer(asked)).encode())

    def _answer(self, asked: bytes) -> dict[str, Any]:
        """Whatever the forwarder sends, PID 1 survives it."""
        number: object = None
        try:
            request = json.loads(asked)
            number = request.pop("id")
            self._act(_checked(request))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return {"id": number, "error": str(error)}
        return {"id": number}


class RoamClient:
    """The forwarder's end."""

    def __init__(self, end: socket.socket, document: SharedDocument) -> None:
        self._end = end
        self._document = document
        self._number = 0

    def report(self) -> dict[str, Any]:
        """The client's networks, as the API reports them."""
        return dict(self._document.load())

    def roam(self, request: RoamRequest) -> None:
        """Begin to change the network; raises ConditionsError, and changes nothing, if PID 1 refuses."""
        self._number += 1
        self._end.send(json.dumps({"id": self._number, **asdict(request)}).encode())
        while select.select([self._end], [], [], SECONDS)[0]:
            answer = json.loads(self._end.recv(MESSAGE_BYTES))
            if answer["id"] != self._number:
                continue  # of a request that was given up, perhaps by a forwarder before
            if "error" in answer:
                raise ConditionsError(answer["error"], "roam")
            return
        raise ConditionsError(f"PID 1 did not answer within {SECONDS:.0f} s", "roam")


def _checked(request: Mapping[str, Any]) -> RoamRequest:
    """Raises ValueError or TypeError."""
    asked = RoamRequest(**request)
    if asked.how not in ROAM_HOWS or not 0 <= asked.gap_ns <= MOST_GAP_NS:
        raise ValueError("is not a way to change the network")
    return asked
