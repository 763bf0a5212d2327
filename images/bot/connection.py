"""Shared by the bot's peer connections: session descriptions in Janus's format, failure detection, packet counts."""

from collections.abc import Callable

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.codecs import h264, vpx

from .janus.session import Message, Over

# RTP packets of at most 1200 bytes, as Chrome sends: with all headers they fit an MTU of 1280, the IPv6 minimum.
# aiortc's default payload of 1300 does not. 40 bytes are for the RTP header and its extensions.
PAYLOAD_BYTES = 1200 - 40
vpx.PACKET_MAX = h264.PACKET_MAX = PAYLOAD_BYTES


def watch(connection: RTCPeerConnection, on_failure: Callable[[Over], None]) -> None:
    """Call `on_failure` when the connection fails: ICE checks unanswered for about half a minute."""

    def changed() -> None:
        if connection.connectionState == "failed":
            on_failure(Over("the network failed"))

    connection.on("connectionstatechange", changed)


async def arrived(connection: RTCPeerConnection) -> int:
    """Number of packets received: RTP and RTCP."""
    report = (await connection.getStats()).values()
    transports = {entry.id: entry for entry in report if entry.type == "transport"}
    return sum(transport.packetsReceived for transport in transports.values())


def jsep(connection: RTCPeerConnection) -> Message:
    """The local description."""
    return {"type": connection.localDescription.type, "sdp": connection.localDescription.sdp}


def description(jsep: Message) -> RTCSessionDescription:
    """The remote description."""
    return RTCSessionDescription(sdp=jsep["sdp"], type=jsep["type"])
