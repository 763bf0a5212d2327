"""Flows of fragments: later fragments follow their first one, in bounded memory."""

from __future__ import annotations

from struct import pack

import pytest

from syntheticnet.forwarder import classifier as classifier_module
from syntheticnet.forwarder.classifier import Classifier
from syntheticnet.packets.packet import Packet

from ..builders import CLIENT, CLIENT6, SERVER, SERVER6, TCP, UDP, frame, ipv4, ipv6, rtp, tcp, udp
from ..flow_tables import CONTROL, GATEWAY, table


def fragment(
    part: bytes, version: int = 4, protocol: int = UDP, offset: int = 0, more: bool = True, identification: int = 7
) -> bytes:
    """A frame with one fragment; `offset` is in units of 8 bytes."""
    if version == 4:
        return frame(ipv4(CLIENT, SERVER, protocol, part, identification, more << 13 | offset))
    return frame(ipv6(CLIENT6, SERVER6, 44, pack("!BBHI", protocol, 0, offset << 3 | more, identification) + part))


def test_a_flow_with_ports_takes_only_packets_that_show_them() -> None:
    """Without their first one, later fragments match only flows without ports."""
    classifier = Classifier(table("egress", "*:udp:6000", "*:udp"))
    assert classifier.conversation(fragment(udp(5000, 6000, bytes(8)), offset=2)).flow == "*:udp"


@pytest.mark.parametrize("version", [4, 6])
def test_later_fragments_follow_their_first(version: int) -> None:
    """Later fragments get their first one's conversation, whatever their bytes; another packet's do not."""
    classifier = Classifier(table("egress", "*:rtp:6000,ssrc=7", "*:udp:6000", "*:udp"))
    conversation = classifier.conversation(fragment(udp(5000, 6000, rtp(96, 7)), version))
    assert conversation.flow == "*:rtp:6000,ssrc=7"
    assert classifier.conversation(fragment(bytes(16), version, offset=2)) is conversation
    assert classifier.conversation(fragment(bytes(7), version, offset=4, more=False)) is conversation
    assert classifier.conversation(fragment(bytes(16), version, offset=2, identification=8)).flow == "*:udp"


@pytest.mark.parametrize("version", [4, 6])
def test_an_identification_that_is_used_again_means_its_new_packet(version: int) -> None:
    """A reused identification refers to its latest first fragment."""
    classifier = Classifier(table("egress", "*:udp:6000", "*:udp:6001"))
    for port in (6000, 6001):
        classifier.conversation(fragment(udp(5000, port, bytes(8)), version))
    assert classifier.conversation(fragment(bytes(16), version, offset=2)).flow == "*:udp:6001"


def test_the_oldest_first_fragments_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the oldest are evicted and counted; a repeated one is not old."""
    monkeypatch.setattr(classifier_module, "MOST_FRAGMENTED", 3)
    classifier = Classifier(table("egress", "*:udp:6000"))
    for identification in (1, 2, 3, 1, 4):
        classifier.conversation(fragment(udp(5000, 6000, bytes(8)), identification=identification))
    later = [classifier.conversation(fragment(bytes(16), offset=2, identification=n)).flow for n in (1, 2, 3, 4)]
    assert later == ["*:udp:6000", "default", "*:udp:6000", "*:udp:6000"]
    assert classifier.fragment_evictions == 1


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(("port", "treatment"), [(80, "closed"), (81, "link")])
def test_fragments_toward_a_control_port_stay_closed(version: int, port: int, treatment: str) -> None:
    """Later fragments get the treatment of their first one; the host's stay unconditioned."""
    classifier = Classifier(table("ingress", "*"), CONTROL)
    classifier.conversation(fragment(tcp(40000, port), version, protocol=TCP))
    assert classifier.conversation(fragment(bytes(16), version, protocol=TCP, offset=3)).treatment == treatment


def test_fragments_of_the_host_toward_a_control_port_stay_exempt() -> None:
    """All fragments of a packet are treated alike."""
    classifier = Classifier(table("ingress", "*"), CONTROL)
    first, later = (ipv4(GATEWAY, CLIENT, TCP, tcp(40000, 80), 7, place) for place in (0x2000, 0x0003))
    assert [classifier.conversation(frame(ip)).treatment for ip in (first, later)] == ["control", "control"]


def test_held_fragments_belong_to_the_flow_of_their_first_under_another_table() -> None:
    """A new table keeps the known first fragments."""
    classifier = Classifier(table("egress"))
    classifier.conversation(fragment(udp(5000, 6000, bytes(8))))
    later = fragment(bytes(16), offset=2)
    packet = Packet(later, 0, classifier.conversation(later))
    classifier.adopt(table("egress", "*:udp:6000", "*:udp"))
    assert classifier.flow_of(packet) == "*:udp:6000"
