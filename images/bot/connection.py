"""What the peer connections of the bot share: descriptions as Janus takes them, a watch on the network."""

from collections.abc import Callable

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.codecs import h264, vpx

from .janus.session import Message, Over

# RTP packets of at most 1200 bytes, as Chrome sends them: with all headers they pass an MTU of 1280, the least of IPv6.
# aiortc's own payloads of 1300 do not. 40 bytes are for the header and its extensions.
PAYLOAD_BYTES = 1200 - 40
vpx.PACKET_MAX = h264.PACKET_MAX = PAYLOAD_BYTES


def watch(connection: RTCPeerConnection, on_failure: Callable[[Over], None]) -> None:
    """Call when the network has brought nothing from the other side for about half a minute."""

    def changed() -> None:
        if connection.connectionState == "failed":
            on_failure(Over("the network failed"))

    connection.on("connectionstatechange", changed)


async def arrived(connection: RTCPeerConnection) -> int:
    """How many packets came in, of media or of reports about them."""
    report = (await connection.getStats()).values()
    transports = {entry.id: entry for entry in report if entry.type == "transport"}
    return sum(transport.packetsReceived for transport in transports.values())


def jsep(connection: RTCPeerConnection) -> Message:
    """Our side's description."""
    return {"type": connection.localDescription.type, "sdp": connection.localDescription.sdp}


def description(jsep: Message) -> RTCSessionDescription:
    """The other side's."""
    return RTCSessionDescription(sdp=jsep["sdp"], type=jsep["type"])
