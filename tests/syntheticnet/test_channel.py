"""ControlServer: requests and answers find each other, and what was given up never takes effect."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from syntheticnet.channel import FRAME_BYTES, UNANSWERED, ControlClient, ControlServer, Unanswered, frames

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


def one(message: dict[str, Any]) -> bytes:
    """A short message as it goes over the wire."""
    (frame,) = frames(message["id"], json.dumps(message).encode())
    return frame


def served(ends: Ends, talk: Callable[[ControlClient], Awaitable[Any]]) -> Any:
    """What `conversation` comes to while a server answers."""

    async def both() -> Any:
        asyncio.get_running_loop().add_reader(ends[0].fileno(), ControlServer(ends[0], echo).serve)
        return await talk(ControlClient(ends[1]))

    return asyncio.run(both())


def test_an_answer_to_each_request(ends: Ends) -> None:
    """Requests asked at the same time each get their own answer."""

    async def talk(line: ControlClient) -> Any:
        return await asyncio.gather(*(line.ask("report", value=n) for n in range(5)))

    assert served(ends, talk) == [{"op": "report", "value": n} for n in range(5)]


def test_long_messages_pass_whole(ends: Ends) -> None:
    """A request is one message, however many conditions it carries."""

    async def talk(line: ControlClient) -> Any:
        return await line.ask("report", value="x" * 100_000)

    assert len(served(ends, talk)["value"]) == 100_000


def test_a_refusal_is_raised(ends: Ends) -> None:
    """What the forwarder refuses is an error with its line."""
    with pytest.raises(ValueError, match=exactly("loss: 'x' is not a share")):
        served(ends, lambda line: line.ask("refuse"))


def test_gives_up_after_a_while(ends: Ends) -> None:
    """Where nobody answers, asking ends."""
    with pytest.raises(Unanswered, match=exactly(UNANSWERED)):
        asyncio.run(ControlClient(ends[1]).ask("report", seconds=0.01))


def test_an_expired_request_is_not_answered(ends: Ends) -> None:
    """A request whose sender has given up must not take effect later."""
    answered: list[dict[str, Any]] = []

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        answered.append(request)
        return {}

    server = ControlServer(ends[0], answer)
    for expires in (time.monotonic_ns() - 1, time.monotonic_ns() + 100 * SECOND):
        ends[1].send(one({"id": 1, "expires": expires, "op": "configure"}))
        server.serve()
    assert len(answered) == 1
    server.serve()  # nothing has come: returns at once


def test_answers_to_requests_that_were_given_up_are_skipped(ends: Ends) -> None:
    """An answer that comes too late is not taken for that of the next request."""
    ends[0].send(one({"id": 1, "result": {"value": "old"}}))
    assert served(ends, lambda line: line.ask("report", value="new"))["value"] == "new"


def test_an_api_that_does_not_read_holds_up_nobody(ends: Ends) -> None:
    """The forwarder drops answers that find no room rather than wait."""
    server = ControlServer(ends[0], lambda request: {"value": "x" * 50_000})
    message = one({"id": 1, "expires": time.monotonic_ns() + 100 * SECOND, "op": "report"})
    for _ in range(50):
        ends[1].send(message)
        server.serve()


@pytest.mark.issue(10)
def test_a_message_of_many_frames(ends: Ends) -> None:
    """As long as the kernel would not take in one; what was begun and given up is not taken for a part of the next."""
    asked: list[int] = []

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(len(request["value"]))
        return {}

    server = ControlServer(ends[0], answer)
    whole = {"expires": time.monotonic_ns() + 100 * SECOND, "op": "put_file", "value": ["x" * 1000] * 5000}
    given_up, kept = (list(frames(id, json.dumps({"id": id, **whole}).encode())) for id in (1, 2))
    assert max(map(len, kept)) == FRAME_BYTES
    for frame in (*given_up[:-1], *kept):
        ends[1].send(frame)
        server.serve()
    assert asked == [5000]
    assert json.loads(ends[1].recv(1000)[len(next(frames(2, b"."))) - 1 :]) == {"id": 2, "result": {}}
