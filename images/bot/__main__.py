"""Entry point of the image: keeps the bot in the room and reports its stats four times a second."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Coroutine
from typing import Any, NoReturn

from websockets import WebSocketException
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from .api import StatsReporter
from .client import BotSettings
from .janus.room import Room
from .janus.session import JanusError, Message, Over, Session
from .stats import CallSample, RecentSamples, stats

_FIRST_BACKOFF_S = 0.5
_MOST_BACKOFF_S = 2.0
_SETTLED_S = 5.0
_CONNECT_S = 6.0  # TCP retries after 1 and 3 s; the next retry, after 7 s, would come too late after an outage
_CLOSE_S = 0.5
_INTERVAL_S = 0.25
_CHECK_INTERVAL_S = 1.0
"""How often the room checks for frozen video and dead connections."""


class Bot:
    def __init__(self, client: BotSettings) -> None:
        self._client = client
        self._room: Room | None = None

    async def run(self) -> None:
        """Never returns."""
        await _until_first_ends(self._participate(), self._report(StatsReporter(self._client.api)))

    async def _participate(self) -> NoReturn:
        """Stay in the room; rejoin whenever the network or the server ends the session."""
        clock = asyncio.get_running_loop()
        backoff = _FIRST_BACKOFF_S
        while True:
            began = clock.time()
            try:
                await self._stay()
            except (Over, JanusError, TimeoutError, OSError, WebSocketException) as error:
                _log(f"{error or 'the server does not answer'}; joining again")
            backoff = _FIRST_BACKOFF_S if clock.time() - began > _SETTLED_S else backoff
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, _MOST_BACKOFF_S)

    async def _stay(self) -> None:
        protocol = Subprotocol("janus-protocol")
        connection = connect(
            self._client.server,
            subprotocols=[protocol],
            open_timeout=_CONNECT_S,
            close_timeout=_CLOSE_S,
            ping_interval=None,  # the server sends pings, with timeouts tuned to outages
            proxy=None,
        )
        async with connection as socket:
            session = Session(lambda message: socket.send(json.dumps(message)))
            self._room = Room(session, self._client)
            try:
                await _until_first_ends(_listen(socket, session), _join(session, self._room), session.keep_alive())
            finally:
                room, self._room = self._room, None
                await room.leave()

    async def _report(self, api: StatsReporter) -> NoReturn:
        clock = asyncio.get_running_loop()
        recent, checked = RecentSamples(), CallSample()
        while True:
            begin = clock.time()
            after = await self._sample()
            if after.at - checked.at >= _CHECK_INTERVAL_S:
                if self._room:
                    self._room.repair(checked, after)
                checked = after
            measured = stats(recent.before(after), after)
            await asyncio.to_thread(api.post, measured, clock.time() - begin)
            await asyncio.sleep(begin + _INTERVAL_S - clock.time())

    async def _sample(self) -> CallSample:
        return await self._room.sample() if self._room else CallSample(time.monotonic())


async def _join(session: Session, room: Room) -> NoReturn:
    await session.create()
    await room.stay()


async def _listen(socket: ClientConnection, session: Session) -> NoReturn:
    async for text in socket:
        message: Message = json.loads(text)
        session.receive(message)
    raise Over("the connection to the server was lost")


async def _until_first_ends(*works: Coroutine[Any, Any, Any]) -> None:
    """Run all; when one ends, cancel the others. Raises what it raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _log(text: str) -> None:
    print(f"bot: {text}", file=sys.stderr, flush=True)


def main() -> int:
    try:
        client = BotSettings.from_environ(os.environ)
    except ValueError as error:
        print(f"bot: {error}", file=sys.stderr)
        return 2
    asyncio.run(Bot(client).run())
    return 1


if __name__ == "__main__":
    sys.exit(main())
