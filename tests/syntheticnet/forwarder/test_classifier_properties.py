"""Classifier, for any frames in any order: cached answers equal those of the table."""

from __future__ import annotations

from collections.abc import Iterator
from struct import pack

from hypothesis import example, given, settings
from hypothesis import strategies as st

from syntheticnet.conditions import Conditions, Flow, FlowMatch
from syntheticnet.forwarder.classifier import Classifier, Direction, FlowTable
from syntheticnet.forwarder.schedule import ConditionSchedule
from syntheticnet.packets.headers import Header, parse
from syntheticnet.packets.packet import IP, Conversation

from ..builders import CLIENT, CLIENT6, SERVER, SERVER6, frame, ipv4, ipv6, rtcp, rtp, tcp, udp, udp_frame
from ..flow_tables import CONTROL, GATEWAY, NEIGHBOUR, table

_HOSTS4 = st.sampled_from([CLIENT, SERVER, GATEWAY, NEIGHBOUR])


_PORTS = st.sampled_from([0, 80, 443, 5000, 5901, 65535])


_PAYLOADS = st.sampled_from(
    [b"", b"payload", bytes(20), b"\x16dtls", rtp(96, 7), rtp(111, 7), rtp(96, 8), rtcp(200, 7)]
)


@st.composite
def _frames(draw: st.DrawFn) -> bytes:
    """Frames of all kinds; some truncated, some fragments."""
    transport = draw(st.sampled_from([tcp, udp]))(draw(_PORTS), draw(_PORTS), draw(_PAYLOADS))
    protocol = draw(st.sampled_from([1, 6, 17, 17, 17, 47, 58, 132]))
    if draw(st.booleans()):
        first = draw(st.sampled_from([b"", pack("!BB6x", protocol, 0), pack("!BBHI", protocol, 0, 0x11, 1)]))
        kind = {0: protocol, 8: 44 if first[3:4] == b"\x11" else 60}[len(first)]
        whole = frame(ipv6(CLIENT6, SERVER6, kind, first + transport))
    else:
        place = draw(st.sampled_from([0, 0x4000, 0x2000, 0x0001, 0x2010]))
        whole = frame(ipv4(draw(_HOSTS4), draw(_HOSTS4), protocol, transport, draw(st.integers(0, 1)), place))
    return whole[: draw(st.integers(0, len(whole)) | st.just(len(whole)))]


_WALKED = ("10.9.0.2:rtcp", "*:rtp:443,ssrc=7", "10.9.0.2:udp:80", "*:rtp,pt=96", "10.9.0.0/24:udp", "*:stun")


def _walk(walked: FlowTable, buffers: list[bytes]) -> Iterator[Conversation]:
    """The table's answer for each frame; for a later fragment that for its first one, if already seen."""
    firsts: dict[bytes, Header] = {}
    for buffer in buffers:
        header = parse(buffer)
        if header is None or header.fragment is None:
            yield walked.conversation(header, CONTROL)
        elif header.later:
            yield walked.conversation(firsts.get(header.fragment, header), CONTROL)
        else:
            firsts[header.fragment] = header
            yield walked.conversation(header, CONTROL)


@given(st.lists(_frames(), min_size=1, max_size=20), st.sampled_from(["ingress", "egress"]))
@example([udp_frame(CLIENT, SERVER, 1, 2)[: IP + 1]], "egress")
@settings(max_examples=300)
def test_what_is_remembered_is_what_a_walk_finds(buffers: list[bytes], direction: Direction) -> None:
    """For any frames in any order, the classifier's answer is that of the table for the frame's header."""
    walked = table(direction, *_WALKED, "*:*:443", "*:icmp", "[::/0]:rtp", "[::/0]:udp")
    classifier = Classifier(walked, CONTROL)
    buffers = [*buffers, *buffers]
    for buffer, wanted in zip(buffers, _walk(walked, buffers), strict=True):
        conversation = classifier.conversation(buffer)
        assert (conversation.treatment, conversation.flow, conversation.id) == (
            wanted.treatment,
            wanted.flow,
            wanted.id,
        )


@given(st.lists(_frames() | st.binary(max_size=120), max_size=20), st.integers(0, 60), st.binary(max_size=30))
def test_never_raises(buffers: list[bytes], at: int, other: bytes) -> None:
    """Frames with any bytes replaced never raise."""
    classifier = Classifier(table("ingress", *_WALKED), CONTROL)
    for buffer in buffers:
        assert classifier.conversation(buffer[:at] + other + buffer[at + len(other) :]).treatment in (
            "link",
            "bypassed",
            "control",
            "closed",
        )


_MATCHES = st.builds(
    FlowMatch.parse,
    st.tuples(
        st.sampled_from(["*", SERVER, "10.9.0.0/24", "[fd09::/16]", "sfu"]),
        st.sampled_from(["", ":udp", ":udp:80", ":*:80-443", ":tcp", ":rtp", ":rtp:80-6000", ":rtp,pt=96"])
        | st.sampled_from([":rtp,ssrc=7", ":rtp,pt=96,ssrc=7", ":rtp:80,pt=96", ":rtcp", ":rtcp,ssrc=7", ":stun"]),
    ).map("".join),
)


@given(_MATCHES, _MATCHES, st.lists(_frames(), min_size=1, max_size=20))
@settings(max_examples=300)
def test_a_flow_that_covers_another_takes_all_its_packets(one: FlowMatch, other: FlowMatch, sent: list[bytes]) -> None:
    """`covers` agrees with the matching."""
    names = {"sfu": [SERVER, SERVER6]}
    wide, narrow = (FlowTable("egress", [Flow(name="it", match=match)], names) for match in (one, other))
    for header in map(parse, sent):
        if one.covers(other) and narrow.conversation(header, CONTROL).flow == "it":
            assert wide.conversation(header, CONTROL).flow == "it"


@given(st.lists(_MATCHES, max_size=6), st.sets(st.integers(0, 5)), st.lists(_frames(), min_size=1, max_size=20))
def test_a_muted_flow_matches_as_if_it_were_removed(
    matches: list[FlowMatch], muted: set[int], sent: list[bytes]
) -> None:
    """For any flows and frames, what is in force of muted flows is what is in force without them."""
    names = {"sfu": [SERVER, SERVER6]}
    flows = [Flow(name=f"f{number}", match=match, muted=number in muted) for number, match in enumerate(matches)]
    written = ConditionSchedule(Conditions(flows=tuple(flows))).in_force.conditions.flows
    one = FlowTable("egress", written, names)
    other = FlowTable("egress", [flow for number, flow in enumerate(flows) if number not in muted], names)
    for header in map(parse, sent):
        assert one.conversation(header, CONTROL).flow == other.conversation(header, CONTROL).flow
