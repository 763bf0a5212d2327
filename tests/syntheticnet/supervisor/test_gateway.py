"""The gateway's hardware address: asked for, believed if only one answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from syntheticnet.supervisor import gateway
from syntheticnet.supervisor.interface import Address, Interface

OWN, TRUE, FALSE = "02:00:00:00:00:02", "02:00:00:00:00:01", "02:00:00:00:00:66"
GATEWAY, ADDRESS = "172.18.0.1", "172.18.0.2"
INTERFACE = Interface(1, "eth0", OWN, 1500, (Address(socket.AF_INET, ADDRESS, 16),), ())


def answer(mac: str, address: str = GATEWAY) -> bytes:
    """An answer is a question with other ends."""
    asked = bytearray(gateway.request(mac, address, ADDRESS))
    asked[20:22] = b"\0\2"
    return bytes(asked)


@contextmanager
def neighbours(monkeypatch: pytest.MonkeyPatch, *frames: bytes) -> Iterator[socket.socket]:
    """A wire on which the first question gets these answers."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    monkeypatch.setattr(gateway, "_bind", lambda wire, index: None)
    with ours, theirs:
        for frame in frames:
            theirs.send(frame)
        yield ours
        assert theirs.recv(100) == gateway.request(OWN, ADDRESS, GATEWAY)


def settle(wire: socket.socket) -> str | None:
    return gateway.settle(wire, INTERFACE, GATEWAY)


def test_a_question() -> None:
    """A broadcast that asks who has the address, as RFC 826 has it."""
    asked = gateway.request(OWN, ADDRESS, GATEWAY).hex()
    assert asked == "ffffffffffff02000000000208060001080006040001020000000002ac120002000000000000ac120001"


def test_one_answer_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when others answer for other addresses, and when it comes twice."""
    with neighbours(monkeypatch, answer(FALSE, "172.18.0.9"), answer(TRUE), answer(TRUE)) as wire:
        assert settle(wire) == TRUE


@pytest.mark.parametrize("first", [TRUE, FALSE])
def test_two_claims_are_not(monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    """Whoever is first: it is not known who lies."""
    second = FALSE if first == TRUE else TRUE
    with neighbours(monkeypatch, answer(first), answer(second)) as wire, pytest.raises(gateway.Pretended) as caught:
        settle(wire)
    assert str(caught.value) == f"{TRUE} and {FALSE} both claim the gateway's address {GATEWAY}"


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then there is no host to believe in."""
    monkeypatch.setattr(gateway, "PATIENCE_SECONDS", 0.1)
    with neighbours(monkeypatch) as wire:
        assert settle(wire) is None
