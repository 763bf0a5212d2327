"""Receives, decodes and counts one stream of a participant, and discards it."""

import asyncio
from contextlib import suppress
from typing import Any

from aiortc import RTCRtpReceiver
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from .stats import StreamCounters


class InboundTrack:
    def __init__(self, receiver: RTCRtpReceiver) -> None:
        self._receiver = receiver
        self._bytes = 0
        self._frames = 0
        self._size: tuple[int, int] | None = None
        self._tap()
        self._task = asyncio.create_task(self._consume())

    async def counters(self) -> StreamCounters:
        lost = [entry.packetsLost for entry in (await self._receiver.getStats()).values() if _inbound(entry)]
        if self._receiver.track.kind == "audio":
            return StreamCounters(self._bytes, lost=sum(lost))
        width, height = self._size or (None, None)
        return StreamCounters(self._bytes, self._frames, width, height, sum(lost))

    async def _consume(self) -> None:
        """Read every frame: aiortc queues decoded frames of an unread track without limit."""
        with suppress(MediaStreamError):
            while True:
                frame = await self._receiver.track.recv()
                self._frames += 1
                if isinstance(frame, VideoFrame):
                    self._size = frame.width, frame.height

    def _tap(self) -> None:
        """Count payload bytes on arrival: aiortc counts packets, and bytes only per transport."""
        handle = self._receiver._handle_rtp_packet

        async def count(packet: Any, *rest: Any, **named: Any) -> None:
            self._bytes += len(packet.payload)
            await handle(packet, *rest, **named)

        self._receiver._handle_rtp_packet = count


def _inbound(entry: Any) -> bool:
    return bool(entry.type == "inbound-rtp")
