"""The gateway's MAC: requested, and accepted if only one machine answers."""

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
    """An ARP reply is a request with the ends swapped."""
    asked = bytearray(gateway.request(mac, address, ADDRESS))
    asked[20:22] = b"\0\2"
    return bytes(asked)


@contextmanager
def neighbours(monkeypatch: pytest.MonkeyPatch, *frames: bytes) -> Iterator[socket.socket]:
    """A wire on which the first request gets these replies."""
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
    """The request is a broadcast as in RFC 826."""
    asked = gateway.request(OWN, ADDRESS, GATEWAY).hex()
    assert asked == "ffffffffffff02000000000208060001080006040001020000000002ac120002000000000000ac120001"


def test_one_answer_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One claim is accepted, even if repeated or among replies for other addresses."""
    with neighbours(monkeypatch, answer(FALSE, "172.18.0.9"), answer(TRUE), answer(TRUE)) as wire:
        assert settle(wire) == TRUE


@pytest.mark.parametrize("first", [TRUE, FALSE])
def test_two_claims_are_not(monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    """Two claims fail regardless of their order: it is unknown which one is false."""
    second = FALSE if first == TRUE else TRUE
    with neighbours(monkeypatch, answer(first), answer(second)) as wire, pytest.raises(gateway.Pretended) as caught:
        settle(wire)
    assert str(caught.value) == f"{TRUE} and {FALSE} both claim the gateway's address {GATEWAY}"


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a reply there is no trusted host."""
    monkeypatch.setattr(gateway, "PATIENCE_SECONDS", 0.1)
    with neighbours(monkeypatch) as wire:
        assert settle(wire) is None
