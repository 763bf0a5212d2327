"""ControlServer and ControlClient: each request gets its answer, and expired requests never take effect."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from syntheticnet.api.control_client import UNANSWERED, ControlClient
from syntheticnet.channel import FRAME_BYTES, ControlServer, Unanswered, frames

from .builders import SECOND, exactly

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        for end in (ours, theirs):
            end.setblocking(False)
        yield ours, theirs


def echo(request: dict[str, Any]) -> dict[str, Any]:
    if request["op"] == "refuse":
        raise ValueError("loss: 'x' is not a share")
    return {"op": request["op"], "value": request.get("value")}


def frame_of(message: dict[str, Any]) -> bytes:
    """A short message as a single frame."""
    (frame,) = frames(message["id"], json.dumps(message).encode())
    return frame


def served(ends: Ends, talk: Callable[[ControlClient], Awaitable[Any]]) -> Any:
    """The result of `conversation` while a server answers."""

    async def both() -> Any:
        asyncio.get_running_loop().add_reader(ends[0].fileno(), ControlServer(ends[0], echo).serve)
        return await talk(ControlClient(ends[1]))

    return asyncio.run(both())


def test_an_answer_to_each_request(ends: Ends) -> None:
    """Concurrent requests each get their own answer."""

    async def talk(line: ControlClient) -> Any:
        return await asyncio.gather(*(line.ask("report", value=n) for n in range(5)))

    assert served(ends, talk) == [{"op": "report", "value": n} for n in range(5)]


def test_long_messages(ends: Ends) -> None:
    """A long request and its answer arrive completely."""

    async def talk(line: ControlClient) -> Any:
        return await line.ask("report", value="x" * 100_000)

    assert len(served(ends, talk)["value"]) == 100_000


def test_a_refusal_is_raised(ends: Ends) -> None:
    """A refusal is raised with the forwarder's one-line message."""
    with pytest.raises(ValueError, match=exactly("loss: 'x' is not a share")):
        served(ends, lambda line: line.ask("refuse"))


def test_times_out(ends: Ends) -> None:
    """Without an answer the request times out."""
    with pytest.raises(Unanswered, match=exactly(UNANSWERED)):
        asyncio.run(ControlClient(ends[1]).ask("report", seconds=0.01))


def test_an_expired_request_is_not_answered(ends: Ends) -> None:
    """A request whose sender has timed out must not take effect later."""
    answered: list[dict[str, Any]] = []

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        answered.append(request)
        return {}

    server = ControlServer(ends[0], answer)
    for expires in (time.monotonic_ns() - 1, time.monotonic_ns() + 100 * SECOND):
        ends[1].send(frame_of({"id": 1, "expires": expires, "op": "configure"}))
        server.serve()
    assert len(answered) == 1
    server.serve()  # nothing to read: returns at once


def test_late_answers_are_skipped(ends: Ends) -> None:
    """The answer to a timed-out request is not mistaken for that of the next."""
    ends[0].send(frame_of({"id": 1, "result": {"value": "old"}}))
    assert served(ends, lambda line: line.ask("report", value="new"))["value"] == "new"


def test_an_api_that_does_not_read_blocks_nobody(ends: Ends) -> None:
    """The forwarder drops answers for a full socket instead of waiting."""
    server = ControlServer(ends[0], lambda request: {"value": "x" * 50_000})
    message = frame_of({"id": 1, "expires": time.monotonic_ns() + 100 * SECOND, "op": "report"})
    for _ in range(50):
        ends[1].send(message)
        server.serve()


@pytest.mark.issue(10)
def test_a_message_of_many_frames(ends: Ends) -> None:
    """A message too long for the kernel is split; an incomplete one does not become part of the next."""
    asked: list[int] = []

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(len(request["value"]))
        return {}

    server = ControlServer(ends[0], answer)
    request = {"expires": time.monotonic_ns() + 100 * SECOND, "op": "put_file", "value": ["x" * 1000] * 5000}
    aborted, complete = (list(frames(id, json.dumps({"id": id, **request}).encode())) for id in (1, 2))
    assert max(map(len, complete)) == FRAME_BYTES
    for frame in (*aborted[:-1], *complete):
        ends[1].send(frame)
        server.serve()
    assert asked == [5000]
    assert json.loads(ends[1].recv(1000)[len(next(frames(2, b"."))) - 1 :]) == {"id": 2, "result": {}}
