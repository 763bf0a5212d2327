"""Receives one participant's media, over a separate Janus handle and peer connection."""

import asyncio
from contextlib import suppress
from typing import Any, NoReturn

from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription

from ..connection import arrived, description, jsep, watch
from ..inbound_track import InboundTrack
from ..stats import StreamCounters
from .session import PLUGIN, Handle, JanusError, Message, Over, Session


class HungUp(Exception):
    """The server closed the peer connection."""


class Subscription:
    """Starts on construction.

    `work` never returns: it raises HungUp, Over if the network failed, JanusError if the feed is gone.
    """

    def __init__(self, session: Session, room: int, feed: int, name: str) -> None:
        self.name = name
        self.work = asyncio.create_task(self._run(session, room, feed))
        self._handle: Handle | None = None
        self._connection = RTCPeerConnection()
        self._streams: dict[str, InboundTrack] = {}
        self._offers: asyncio.Queue[Message | HungUp | Over] = asyncio.Queue()

    async def counters(self) -> dict[str, StreamCounters]:
        """Counters by kind, video or audio."""
        return {kind: await stream.counters() for kind, stream in list(self._streams.items())}

    async def packets(self) -> int:
        return await arrived(self._connection)

    @property
    def answer(self) -> RTCSessionDescription | None:
        """The description with the codecs that were agreed on; None before that."""
        return self._connection.localDescription

    async def close(self) -> None:
        self.work.cancel()
        await self._connection.close()

    async def give_up(self) -> None:
        """Close, and detach the handle on the server."""
        await self.close()
        if self._handle:
            with suppress(JanusError, TimeoutError):  # Janus may have dropped the handle already
                await self._handle.detach()

    async def _run(self, session: Session, room: int, feed: int) -> NoReturn:
        watch(self._connection, self._offers.put_nowait)
        handle = self._handle = await session.attach(PLUGIN, self._hear)
        _, offer = await handle.ask(request="join", ptype="subscriber", room=room, streams=[{"feed": feed}])
        while True:
            await self._answer(handle, offer)
            offer = await self._next_offer()

    def _hear(self, message: Message) -> None:
        """Handle an unsolicited event about this handle."""
        if "jsep" in message:
            self._offers.put_nowait(message["jsep"])
        elif message["janus"] == "hangup":
            self._offers.put_nowait(HungUp())

    async def _next_offer(self) -> Message:
        """Wait for the offer Janus sends when the publisher changes its tracks."""
        offer = await self._offers.get()
        if isinstance(offer, Exception):
            raise offer
        return offer

    async def _answer(self, handle: Handle, offer: Message) -> None:
        await self._connection.setRemoteDescription(description(offer))
        for transceiver in self._connection.getTransceivers():
            transceiver.setCodecPreferences(_codecs(transceiver.kind))
            if transceiver.kind not in self._streams:
                self._streams[transceiver.kind] = InboundTrack(transceiver.receiver)
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        await handle.ask(jsep(self._connection), request="start")


def _codecs(kind: str) -> list[Any]:
    """All codecs but rtx: aiortc would report the retransmission stream's loss in place of the media's."""
    return [codec for codec in RTCRtpReceiver.getCapabilities(kind).codecs if codec.name != "rtx"]
