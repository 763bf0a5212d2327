"""Classifier: the flow and treatment of a packet, and a cache that gives the same answers in bounded memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from syntheticnet.conditions import Conditions
from syntheticnet.forwarder import classifier as classifier_module
from syntheticnet.forwarder.classifier import Classifier, ControlAccess, Direction, FlowTable
from syntheticnet.packets.headers import Header, parse
from syntheticnet.packets.packet import IP, Conversation, Packet

from ..builders import (
    CLIENT,
    CLIENT6,
    SERVER,
    SERVER6,
    TCP,
    UDP,
    frame,
    ipv4,
    ipv6,
    rtcp,
    rtp,
    tcp,
    tcp_frame,
    udp,
    udp_frame,
)
from ..flow_tables import CONTROL, GATEWAY, NEIGHBOUR, table


def flow_of(buffer: bytes, *expressions: str, direction: Direction = "egress", **more: Any) -> str:
    conversation = Classifier(table(direction, *expressions, **more)).conversation(buffer)
    assert conversation.treatment == "link"
    return conversation.flow


def media_frame(payload: bytes, version: int = 4) -> bytes:
    """A UDP frame of the client to the server, between ports 5000 and 6000."""
    datagram = udp(5000, 6000, payload)
    return frame(ipv4(CLIENT, SERVER, UDP, datagram) if version == 4 else ipv6(CLIENT6, SERVER6, UDP, datagram))


def test_the_first_flow_that_matches_wins() -> None:
    """The first matching flow wins; packets without a match go to the default."""
    order = ("*:udp:6000", "10.9.0.2", "*:udp")
    assert flow_of(udp_frame(CLIENT, SERVER, 5000, 6000), *order) == "*:udp:6000"
    assert flow_of(udp_frame(CLIENT, SERVER, 5000, 6001), *order) == "10.9.0.2"
    assert flow_of(udp_frame(CLIENT, NEIGHBOUR, 5000, 6001), *order) == "*:udp"
    assert flow_of(tcp_frame(CLIENT, NEIGHBOUR, 5000, 6001), *order) == "default"


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ("*", True),
        ("10.9.0.2", True),
        ("10.9.0.1", False),
        ("10.9.0.0/24", True),
        ("10.8.0.0/16", False),
        ("[::]/0", False),
        ("*:udp:6000", True),
        ("*:udp:5000", False),
        ("*:*:5999-6001", True),
        ("*:tcp", False),
    ],
)
def test_host_and_port_are_the_remote_ones(expression: str, matches: bool) -> None:
    """The remote host and port are the destination's on egress, the source's on ingress."""
    expression = expression.replace("[::]/0", "[::/0]")
    away, toward = udp_frame(CLIENT, SERVER, 5000, 6000), udp_frame(SERVER, CLIENT, 6000, 5000)
    wanted = expression if matches else "default"
    assert flow_of(away, expression, direction="egress") == wanted
    assert flow_of(toward, expression, direction="ingress") == wanted


def test_ipv6_hosts_and_networks() -> None:
    """An IPv6 flow matches IPv6 packets of its network only."""
    away = udp_frame(CLIENT6, SERVER6, 5000, 6000)
    assert flow_of(away, "10.0.0.0/8", "[fd09::/64]:udp") == "[fd09::/64]:udp"
    assert flow_of(away, "[fd08::/16]") == "default"
    assert flow_of(udp_frame(CLIENT, SERVER, 1, 2), "[::/0]") == "default"


def test_names_stand_for_their_addresses() -> None:
    """A flow with a host name matches packets of the name's addresses."""
    names = {"sfu": [SERVER, SERVER6]}
    assert flow_of(udp_frame(CLIENT, SERVER, 1, 2), "sfu:udp", names=names) == "sfu:udp"
    assert flow_of(udp_frame(CLIENT6, SERVER6, 1, 2), "sfu:udp", names=names) == "sfu:udp"
    assert flow_of(udp_frame(CLIENT, NEIGHBOUR, 1, 2), "sfu:udp", names=names) == "default"
    assert flow_of(udp_frame(CLIENT, SERVER, 1, 2), "sfu:udp") == "default"


def test_media_belong_to_the_flow_that_names_them() -> None:
    """Media of one conversation go to the first matching flow, else to the default."""
    order = ("*:rtp,pt=111", "10.9.0.2:rtp,ssrc=7", "*:rtp:6001", "*:rtcp,ssrc=7", "*:stun")
    assert flow_of(media_frame(rtp(111, 7)), *order) == "*:rtp,pt=111"
    assert flow_of(media_frame(rtp(96, 7)), *order) == "10.9.0.2:rtp,ssrc=7"
    assert flow_of(media_frame(rtp(96, 8)), *order) == "default"
    assert flow_of(media_frame(rtcp(201, 7)), *order) == "*:rtcp,ssrc=7"
    assert flow_of(media_frame(rtcp(201, 8)), *order) == "default"
    assert flow_of(media_frame(bytes(20)), *order) == "*:stun"


@pytest.mark.parametrize("version", [4, 6])
def test_a_conversation_is_divided_where_flows_name_its_media(version: int) -> None:
    """Each kind of media has its own conversation object, with the same peer id."""
    classifier = Classifier(table("egress", "*:rtp,ssrc=7", "*:rtcp", "*:udp"))
    video, audio, report, hello = (media_frame(m, version) for m in (rtp(96, 7), rtp(111, 8), rtcp(201, 7), b"\x16"))
    conversations = [classifier.conversation(buffer) for buffer in (video, audio, report, hello)]
    assert [conversation.flow for conversation in conversations] == ["*:rtp,ssrc=7", "*:udp", "*:rtcp", "*:udp"]
    assert [classifier.conversation(buffer) for buffer in (video, audio, report, hello)] == conversations
    assert classifier.conversations() == conversations
    assert len({conversation.id for conversation in conversations}) == 1


def test_what_no_flow_asks_for_divides_nothing() -> None:
    """Any number of SSRCs and payload types creates few cache entries, so traffic cannot fill the memory."""
    classifier = Classifier(table("egress", "*:rtp,pt=96", "*:rtp,ssrc=7"))
    for ssrc in range(50):
        for payload_type in (0, 96, 97, 111):
            classifier.conversation(media_frame(rtp(payload_type, ssrc)))
    assert len(classifier.conversations()) == 4


def test_a_conversation_stays_whole_where_no_flow_can_name_its_media() -> None:
    """A conversation is not divided for other hosts or ports, behind a flow that covers it, or for TCP."""
    classifier = Classifier(table("egress", "10.9.0.66:rtp", "*:rtp:7000", "*:*:6000", "*:rtp"))
    assert classifier.conversation(media_frame(rtp(96, 7))) is classifier.conversation(media_frame(rtcp(201, 7)))
    stream = [frame(ipv4(CLIENT, SERVER, TCP, tcp(5000, 6001, rtp(96, ssrc)))) for ssrc in (1, 2)]
    assert classifier.conversation(stream[0]) is classifier.conversation(stream[1])
    assert len(classifier.conversations()) == 2


def test_the_same_ports_of_tcp_are_another_conversation() -> None:
    """TCP is classified correctly next to a divided UDP conversation, whatever its packets contain."""
    classifier = Classifier(table("egress", "*:rtp", "*:udp"))
    for payload in (rtp(96, 7), b"\xff", b""):
        classifier.conversation(media_frame(payload))
    assert classifier.conversation(tcp_frame(CLIENT, SERVER, 5000, 6000)).flow == "default"


@pytest.mark.parametrize(
    ("direction", "source", "destination", "ports", "treatment"),
    [
        ("ingress", GATEWAY, CLIENT, (40000, 80), "control"),
        ("egress", CLIENT, GATEWAY, (80, 40000), "control"),
        ("ingress", GATEWAY, CLIENT, (40000, 5901), "control"),
        ("ingress", NEIGHBOUR, CLIENT, (40000, 80), "closed"),
        ("egress", CLIENT, NEIGHBOUR, (5901, 40000), "closed"),
        ("ingress", GATEWAY, CLIENT, (40000, 81), "link"),
        ("egress", CLIENT, SERVER, (40000, 80), "link"),
        ("ingress", SERVER, CLIENT, (80, 40000), "link"),
    ],
)
def test_control_ports_are_open_for_the_host_only(
    direction: Direction, source: str, destination: str, ports: tuple[int, int], treatment: str
) -> None:
    """TCP between the host and a local control port is not conditioned; the port is closed to everyone else."""
    classifier = Classifier(table(direction, "*"), CONTROL)
    assert classifier.conversation(tcp_frame(source, destination, *ports)).treatment == treatment


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_with_ipv6_alone_ipv4_is_closed_but_for_the_hosts_control(direction: Direction) -> None:
    """The host's traffic with a control port passes; no other IPv4 does."""
    classifier = Classifier(table(direction), replace(CONTROL, ipv6_only=True))
    ends, ports = (GATEWAY, CLIENT), (40000, 80)
    if direction == "egress":
        ends, ports = ends[::-1], ports[::-1]
    assert classifier.conversation(tcp_frame(*ends, *ports)).treatment == "control"
    assert classifier.conversation(tcp_frame(*ends, 40000, 40001)).treatment == "closed"
    assert classifier.conversation(udp_frame(NEIGHBOUR, CLIENT, 5000, 6000)).treatment == "closed"
    assert classifier.conversation(frame(ipv6(SERVER6, CLIENT6, UDP, udp(5000, 6000, b"")))).treatment == "link"


def test_only_tcp_is_control() -> None:
    """UDP to the number of a control port is ordinary traffic."""
    packet = udp_frame(GATEWAY, CLIENT, 40000, 80)
    assert Classifier(table("ingress"), CONTROL).conversation(packet).treatment == "link"


def test_arp_and_neighbour_discovery_are_exempt() -> None:
    """ARP and neighbour discovery are never conditioned, or addresses could not be resolved."""
    solicitation = frame(ipv6(CLIENT6, SERVER6, 58, bytes([135]) + bytes(23)))
    arp = solicitation[: IP - 2] + b"\x08\x06" + bytes(28)
    classifier = Classifier(table("egress", "*"))
    assert [classifier.conversation(buffer).treatment for buffer in (solicitation, arp)] == ["bypassed", "bypassed"]


def test_endpoints_have_one_conversation() -> None:
    """All packets of a conversation share one object, which holds its counts."""
    classifier = Classifier(table("egress"))
    one = classifier.conversation(udp_frame(CLIENT, SERVER, 5000, 6000))
    assert classifier.conversation(udp_frame(CLIENT, SERVER, 5000, 6000)) is one
    assert classifier.conversation(udp_frame(CLIENT, SERVER, 5001, 6000)) is not one
    assert classifier.conversations() == [one, classifier.conversation(udp_frame(CLIENT, SERVER, 5001, 6000))]


def test_the_id_of_a_conversation_is_that_of_the_wire_format() -> None:
    """`ip | protocol << 32 | port << 48` of the remote side, its first octet lowest."""
    conversation = Classifier(table("egress")).conversation(tcp_frame(CLIENT, "127.0.0.1", 5000, 443))
    assert conversation.id == 0x0100007F | TCP << 32 | 443 << 48


def test_another_table_is_in_force_at_once() -> None:
    """A new table reclassifies cached conversations."""
    classifier = Classifier(table("egress"))
    buffer = udp_frame(CLIENT, SERVER, 5000, 6000)
    assert classifier.conversation(buffer).flow == "default"
    classifier.adopt(table("egress", "*:udp"))
    assert classifier.conversation(buffer).flow == "*:udp"


@pytest.mark.parametrize("originated", [False, True])
def test_a_held_packet_belongs_to_the_flow_that_the_present_table_gives_it(originated: bool) -> None:
    """`flow_of` gives a packet, including an element's answer, the current conversation to be counted in."""
    classifier = Classifier(table("egress", "*:udp"))
    buffer = media_frame(rtp(96, 7))
    packet = Packet(buffer, 0, classifier.conversation(buffer), originated)
    classifier.adopt(table("egress", "*:rtp", "*:udp"))
    assert classifier.flow_of(packet) == "*:rtp"
    assert packet.conversation is classifier.conversation(buffer)


class Counting(FlowTable):
    """A table that counts its look-ups."""

    asked = 0

    def conversation(self, header: Header | None, control: ControlAccess) -> Conversation:
        Counting.asked += 1
        return super().conversation(header, control)


@pytest.mark.parametrize("form", ["*:udp:{}", "*:rtp,ssrc={}"])
def test_a_thousand_flows_cost_a_packet_no_more_than_one(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is used once per conversation, with any number of flows; after that no header is parsed."""
    for count in (1, 1000):
        parsed = Mock(side_effect=parse)
        monkeypatch.setattr(classifier_module, "parse", parsed)
        Counting.asked = 0
        flows = Conditions.from_dict({"flows": {form.format(n): {} for n in range(1, count + 1)}}).flows
        classifier = Classifier(Counting("egress", flows))
        for _ in range(100):
            for version in (4, 6):
                classifier.conversation(media_frame(rtp(96, 1), version))
                classifier.conversation(tcp_frame(CLIENT, SERVER, 5000, 443))
        assert (Counting.asked, parsed.call_count) == (3, 3)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit all conversations, divided ones too, are evicted, passed to `retire` and counted."""
    monkeypatch.setattr(classifier_module, "MOST_CONVERSATIONS", 10)
    retired: list[Conversation] = []
    classifier = Classifier(table("egress", "*:rtp"), retire=retired.extend)
    for port in range(25):
        classifier.conversation(udp_frame(CLIENT, SERVER, 5000, port))
        classifier.conversation(frame(ipv4(CLIENT, f"10.1.0.{port}", 1, bytes(8))))
    assert len(classifier.conversations()) <= 10
    assert classifier.evictions == len(retired) == 40
