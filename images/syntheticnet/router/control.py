"""How the forwarder, which has no capability, has PID 1 change the router's NAT: one JSON request, one answer."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, get_args

from ..conditions import ConditionsError, Nat

SECONDS = 3.0
MESSAGE_BYTES = 4096

RouterAction = Literal["check", "put", "forget"]
ACTIONS: tuple[RouterAction, ...] = get_args(RouterAction)


class NatServer:
    """PID 1's end. `act` does what is asked; it raises ValueError, with one line, if the kernel refuses."""

    def __init__(self, act: Callable[[RouterAction, Nat], None]) -> None:
        self._act = act
        self._end, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._end.setblocking(False)

    def fileno(self) -> int:
        return self._end.fileno()

    def close(self) -> None:
        self._end.close()
        self._theirs.close()

    def client(self, present: Nat) -> NatClient:
        """The other end, for a forwarder that is about to start, with the NAT in force."""
        return NatClient(self._theirs, present)

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
            number = request["id"]
            self._act(_action(request["action"]), Nat.parse(request["nat"]))
        except (ValueError, KeyError, TypeError) as error:
            return {"id": number, "error": str(error)}
        return {"id": number}


def _action(word: object) -> RouterAction:
    for action in ACTIONS:
        if word == action:
            return action
    raise ValueError(f"{word!r} is not one of {', '.join(ACTIONS)}")


class NatClient:
    """The forwarder's end; each call raises ConditionsError if PID 1 refuses, and nothing is changed then."""

    def __init__(self, end: socket.socket, present: Nat) -> None:
        self._end = end
        self._present = present
        self._number = 0

    def check(self, nat: Nat) -> None:
        """Have the kernel check the rules, without loading them."""
        self._ask("check", nat)

    def put(self, nat: Nat) -> None:
        """Have this NAT in force; another one drops all mappings."""
        if nat != self._present:
            self._ask("put", nat)
            self._present = nat

    def forget(self) -> None:
        """Drop all mappings."""
        self._ask("forget", self._present)

    def _ask(self, action: RouterAction, nat: Nat) -> None:
        self._number += 1
        self._end.send(json.dumps({"id": self._number, "action": action, "nat": nat.to_written()}).encode())
        while select.select([self._end], [], [], SECONDS)[0]:
            answer = json.loads(self._end.recv(MESSAGE_BYTES))
            if answer["id"] != self._number:
                continue  # of a request that was given up, perhaps by a forwarder before
            if "error" in answer:
                raise ConditionsError(answer["error"], "nat")
            return
        raise ConditionsError(f"PID 1 did not answer within {SECONDS:.0f} s; nothing was changed", "nat")
