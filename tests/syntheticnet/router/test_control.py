"""How the forwarder has PID 1 change the NAT."""

from __future__ import annotations

import json
import select
from collections.abc import Iterator
from functools import partial
from threading import Thread

import pytest

from syntheticnet.conditions import ConditionsError, Nat
from syntheticnet.router import control
from syntheticnet.router.control import NatClient, NatServer

from ..builders import exactly

REFUSED = "the kernel refuses the rules of symmetric; nft: Error: no such file"
SYMMETRIC, FULL = Nat(kind="symmetric"), Nat(kind="full-cone", hairpin=True)


class Served:
    """A server in a thread that answers a number of requests; `done` are the actions."""

    def __init__(self) -> None:
        self.done: list[tuple[str, Nat]] = []
        self.server = NatServer(self._act)
        self.client = self.server.client(Nat())

    def answering(self) -> Thread:
        """Answer the next request, once it is there."""

        def answer() -> None:
            select.select([self.server], [], [], 5)
            self.server.serve()

        thread = Thread(target=answer)
        thread.start()
        return thread

    def _act(self, action: str, nat: Nat) -> None:
        if nat.kind == "symmetric":
            raise ValueError(REFUSED)
        self.done.append((action, nat))


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.server.close()


def test_another_nat_is_put_once(served: Served) -> None:
    """The NAT in force is not put again, which would drop its mappings."""
    thread = served.answering()
    served.client.put(FULL)
    thread.join()
    served.client.put(FULL)
    assert served.done == [("put", FULL)]


def test_a_refusal_changes_nothing(served: Served) -> None:
    """It is an error with PID 1's line; what was in force still is."""
    for act in (served.client.check, served.client.put):
        thread = served.answering()
        with pytest.raises(ConditionsError, match=exactly(f"nat: {REFUSED}")):
            act(SYMMETRIC)
        thread.join()
    served.client.put(Nat())
    assert served.done == []


def test_mappings_are_dropped_with_the_nat_in_force(served: Served) -> None:
    for act, expected in ((partial(served.client.put, FULL), ("put", FULL)), (served.client.forget, ("forget", FULL))):
        thread = served.answering()
        act()
        thread.join()
        assert served.done[-1] == expected


def test_pid_1_survives_whatever_it_is_sent(served: Served) -> None:
    """A broken request is answered with an error, and the next one is carried out."""
    actions = b'{"id": 1, "action": "exec", "nat": "none"}', b'{"id": 1, "action": "put", "nat": 5}'
    for asked in (b"{", b"[]", b'{"id": 1}', *actions):
        served.client._end.send(asked)
        served.server.serve()
        assert json.loads(served.client._end.recv(4096))["error"]
    thread = served.answering()
    served.client.put(FULL)
    thread.join()
    assert served.done == [("put", FULL)]


def test_an_old_answer_is_not_taken_for_a_new_one(served: Served) -> None:
    """A restarted forwarder skips answers to its predecessor's requests."""
    served.client._end.send(json.dumps({"id": 7, "action": "check", "nat": "none"}).encode())
    served.server.serve()
    fresh = NatClient(served.client._end, Nat())
    thread = served.answering()
    with pytest.raises(ConditionsError, match="the kernel refuses"):
        fresh.check(SYMMETRIC)
    thread.join()


def test_silence_is_an_error(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "SECONDS", 0.05)
    with pytest.raises(ConditionsError, match=exactly("nat: PID 1 did not answer within 0 s; nothing was changed")):
        served.client.put(FULL)
