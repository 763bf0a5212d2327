"""The bot's side of a video room: publishes a test picture and silence, receives everyone else's media."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Coroutine
from functools import partial
from typing import Any, NoReturn

from aiortc import RTCPeerConnection
from aiortc.mediastreams import AudioStreamTrack

from ..client import BotSettings
from ..connection import arrived, description, jsep, watch
from ..picture import PictureTrack
from ..remote_feeds import RemoteFeeds
from ..rtp_codecs import codecs
from ..stats import CallSample, StreamCounters, blind
from .session import PLUGIN, JanusError, Message, Over, Session
from .subscription import HungUp, Subscription

# Counted in checks, one a second:
_BLIND = 3
_SILENT = 18  # a path that was dead for longer rarely recovers


class Room:
    def __init__(self, session: Session, client: BotSettings) -> None:
        self._session = session
        self._client = client
        self._picture = PictureTrack(client.name, client.video)
        self._publisher = RTCPeerConnection()
        self._feeds = RemoteFeeds(client.name)
        self._subscriptions: dict[int, Subscription] = {}
        self._blind: Counter[int] = Counter()
        self._silent = 0
        self._over: asyncio.Future[NoReturn] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()

    async def stay(self) -> NoReturn:
        """Join and publish; raises Over when the session ends, JanusError when Janus rejects the join."""
        handle = await self._session.attach(PLUGIN, self._hear)
        joined, _ = await handle.ask(
            request="join", ptype="publisher", room=self._client.room, display=self._client.name
        )
        watch(self._publisher, self._end)
        self._publisher.addTrack(AudioStreamTrack())
        self._publisher.addTrack(self._picture)
        await self._publisher.setLocalDescription(await self._publisher.createOffer())
        _, answer = await handle.ask(jsep(self._publisher), request="configure")
        await self._publisher.setRemoteDescription(description(answer))
        self._update(joined)
        await self._over

    async def leave(self) -> None:
        """Close all connections; Janus notices when the session's socket closes."""
        self._over.cancel()
        for task in list(self._tasks):
            task.cancel()
        subscriptions = list(self._subscriptions.values())
        self._subscriptions.clear()
        await asyncio.gather(self._publisher.close(), *(one.close() for one in subscriptions))

    async def sample(self) -> CallSample:
        subscriptions = list(self._subscriptions.values())
        received = {one.name: await one.counters() for one in subscriptions}
        packets = sum([await arrived(self._publisher), *[await one.packets() for one in subscriptions]])
        report = (await self._publisher.getStats()).values()
        sent = {entry.kind: StreamCounters(entry.bytesSent) for entry in report if entry.type == "outbound-rtp"}
        if "video" in sent:
            sent["video"] = StreamCounters(sent["video"].bytes, frames=self._picture.sent)
        rtts = [entry.roundTripTime for entry in report if entry.type == "remote-inbound-rtp"]
        rtt = max((rtt for rtt in rtts if rtt), default=None)
        answers = [self._publisher.remoteDescription, *(one.answer for one in subscriptions)]
        return CallSample(
            time.monotonic(), received, sent, rtt, packets, codecs(answer.sdp for answer in answers if answer)
        )

    def repair(self, before: CallSample, after: CallSample) -> None:
        """Detect dead paths and stuck video sooner than aiortc does; called once a second.

        aiortc needs over half a minute to declare a connection failed. After a gap in a stream it waits for the
        missing packets until its buffer is full, up to 15 s; a new subscription shows video within a second.
        """
        self._silent = self._silent + 1 if after.packets == before.packets else 0
        if self._silent >= _SILENT:
            self._end(Over("the network failed"))
        without_picture = blind(before, after)
        for feed, subscription in list(self._subscriptions.items()):
            self._blind[feed] = self._blind[feed] + 1 if subscription.name in without_picture else 0
            if self._blind[feed] >= _BLIND:
                self._subscribe(feed, subscription.name)

    def _hear(self, message: Message) -> None:
        """Handle an unsolicited event about the room."""
        if message["janus"] == "hangup":
            self._end(Over(f"the server hung up: {message.get('reason')}"))
        self._update(message.get("plugindata", {}).get("data", {}))

    def _update(self, data: Message) -> None:
        new, gone = self._feeds.update(data)
        for feed in gone:
            self._drop(feed)
        for feed, name in new.items():
            self._subscribe(feed, name)

    def _subscribe(self, feed: int, name: str) -> None:
        """Subscribe to a feed; replaces its current subscription."""
        self._drop(feed)
        subscription = Subscription(self._session, self._client.room, feed, name)
        self._subscriptions[feed] = subscription
        subscription.work.add_done_callback(partial(self._ended, feed, subscription))

    def _ended(self, feed: int, subscription: Subscription, work: asyncio.Task[NoReturn]) -> None:
        if work.cancelled() or self._subscriptions.get(feed) is not subscription:
            return
        match work.exception():
            case HungUp():
                self._subscribe(feed, subscription.name)
            case JanusError() as error:  # the participant left in the meantime
                _log(f"no media of {subscription.name}: {error}")
                self._drop(feed)
            case error:
                self._end(Over(str(error)))

    def _drop(self, feed: int) -> None:
        del self._blind[feed]
        if subscription := self._subscriptions.pop(feed, None):
            self._begin(subscription.give_up())

    def _end(self, reason: Over) -> None:
        if not self._over.done():
            self._over.set_exception(reason)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the event loop keeps only a weak reference
        task.add_done_callback(self._tasks.discard)


def _log(text: str) -> None:
    print(f"bot: {text}", file=sys.stderr, flush=True)
