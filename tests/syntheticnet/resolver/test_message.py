"""Messages of DNS: which question is read, and the answers that are made to it."""

from __future__ import annotations

from ipaddress import ip_address
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.conditions.dns import MOST_ADDRESSES
from syntheticnet.resolver.message import made_up, read_question, refusal

from .queries import AAAA, HTTPS, MX, OPT, A, Reply, encoded, query, read

pytestmark = pytest.mark.issue(17)

ADDRESSES = [ip_address(text) for text in ("10.0.0.9", "fd00::9", "10.0.0.8")]
LONGEST = ".".join(["a" * 61] * 4)


def test_the_question() -> None:
    """Its name is in lower case, whatever its type."""
    question = read_question(query("App.EXAMPLE", MX, edns=True))
    assert question is not None
    assert (question.name, question.kind) == ("app.example", MX)
    assert question.end == 12 + len(encoded("app.example")) + 4


@pytest.mark.parametrize(
    "message",
    [
        b"",
        query("app.example")[:20],
        query("app.example")[:-1],
        pack("!HHHHHH", 7, 0x8100, 1, 0, 0, 0) + query("app.example")[12:],  # a response
        pack("!HHHHHH", 7, 0x2000, 1, 0, 0, 0) + query("app.example")[12:],  # a notification
        pack("!HHHHHH", 7, 0x0100, 2, 0, 0, 0) + query("app.example")[12:] * 2,
        query("app.example")[:12] + b"\xc0\x0c\0\1\0\1",  # a pointer to itself
        query("version.bind")[:-1] + b"\3",  # of the class CHAOS
    ],
)
def test_no_question_that_conditions_know(message: bytes) -> None:
    """What is no standard query with one question is left to the engine."""
    assert read_question(message) is None


@given(st.binary(max_size=64))
def test_any_bytes(data: bytes) -> None:
    """No datagram of an application makes the resolver fail."""
    for message in (data, query("a")[:12] + data):
        question = read_question(message)
        if question:
            made_up(message, question, ADDRESSES)
            refusal(message, question, "servfail")


@pytest.mark.parametrize("edns", [False, True])
@pytest.mark.parametrize(("answer", "code"), [("nxdomain", 3), ("servfail", 2)])
def test_refusals(answer: str, code: int, edns: bool) -> None:
    """An answer has EDNS exactly if the query has (RFC 6891, 6.1.1)."""
    asked = query("app.example", AAAA, edns=edns)
    question = read_question(asked)
    assert question
    assert read(asked, refusal(asked, question, answer)) == Reply(code, [], edns)


@pytest.mark.parametrize(
    ("kind", "addresses"), [(A, ["10.0.0.9", "10.0.0.8"]), (AAAA, ["fd00::9"]), (HTTPS, []), (MX, [])]
)
def test_made_up_addresses(kind: int, addresses: list[str]) -> None:
    """Of the kind that is asked for; the name exists for any other, too. They must not be kept."""
    asked = query("app.example", kind)
    question = read_question(asked)
    assert question
    assert read(asked, made_up(asked, question, ADDRESSES)) == Reply(0, addresses, ttl=0)


def test_the_longest_answer() -> None:
    """It fits into what any program takes over UDP."""
    asked = query(LONGEST, AAAA, edns=True)
    question = read_question(asked)
    assert question
    most = made_up(asked, question, [ip_address(f"fd00::{number}") for number in range(MOST_ADDRESSES)])
    assert len(most) <= 512 + len(OPT)
    assert len(read(asked, most).addresses) == MOST_ADDRESSES
