"""Answers that are read as they come, from servers that follow no rules: reading them always ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from synthlab.dashboard import streamed_http
from synthlab.dashboard.streamed_http import StreamedAnswer
from synthlab.errors import SynthlabError

T = TypeVar("T")

PATIENCE_S = 5.0
SIZED = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody"
CHUNKED = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
UNTIL_CLOSED = b"HTTP/1.0 200 OK\r\n\r\nbody"


def reading(sent: bytes, read: Callable[[StreamedAnswer], Awaitable[T]], *, closed: bool = True) -> T:
    """What `read` makes of an answer that consists of these bytes, after which the connection ends, or stays open.

    It must come to an end within PATIENCE_S; a loop that never waits is interrupted, too.
    """

    async def ask() -> T:
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.sendall(sent)
            if closed:
                theirs.shutdown(socket.SHUT_WR)
            unfinished: set[StreamedAnswer] = set()
            try:
                return await read(await StreamedAnswer.get(ours, "/", {"host": "127.0.0.1"}, unfinished))
            finally:
                assert unfinished == set()

    return asyncio.run(asyncio.wait_for(ask(), PATIENCE_S))


async def all_pieces(answer: StreamedAnswer) -> bytes:
    return b"".join([piece async for piece in answer.pieces()])


async def twice(answer: StreamedAnswer) -> bytes:
    return await all_pieces(answer) + await all_pieces(answer)


@pytest.mark.parametrize("sent", [SIZED, CHUNKED, UNTIL_CLOSED])
def test_whole(sent: bytes) -> None:
    assert reading(sent, all_pieces) == b"body"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("sent", [SIZED, CHUNKED, UNTIL_CLOSED])
def test_broken_off(sent: bytes) -> None:
    """Wherever the connection ends, reading does: with an error in the head, with what there is of the body."""
    head = sent.rindex(b"\r\n\r\n", 0, sent.index(b"body")) + 4
    for length in range(head):
        with pytest.raises(SynthlabError, match="no answer"):
            reading(sent[:length], all_pieces)
    for length in range(head, len(sent)):
        assert b"body".startswith(reading(sent[:length], all_pieces))


@pytest.mark.timeout(20)
@pytest.mark.parametrize("more", [b"x", SIZED, b"\r\n" * 40_000])
@pytest.mark.parametrize("sent", [SIZED, CHUNKED])
def test_more_than_an_answer(sent: bytes, more: bytes) -> None:
    """What follows the answer is left alone; whoever reads on gets nothing, instead of waiting in a loop for ever."""
    assert reading(sent + more, twice, closed=False) == b"body"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"\0" * 100_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    ],
)
def test_no_answer(sent: bytes) -> None:
    """Other protocols, and answers that never begin, are an error of one line."""
    with pytest.raises(SynthlabError, match="no answer"):
        reading(sent, all_pieces)


def test_a_body_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """In size and in time: an application in a container may send for ever."""
    with pytest.raises(SynthlabError, match="longer than 3 bytes"):
        reading(SIZED, lambda answer: answer.body(3))
    assert reading(SIZED, lambda answer: answer.body(4)) == b"body"
    monkeypatch.setattr(streamed_http, "BODY_S", 0.1)
    with pytest.raises(SynthlabError, match=r"not complete within 0\.1 s"):
        reading(UNTIL_CLOSED, lambda answer: answer.body(100), closed=False)
