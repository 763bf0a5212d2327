"""Flows: which flow and lane a packet gets, and that remembering it gives the same answer in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syntheticnet import flows as flows_module
from syntheticnet.conditions import Conditions
from syntheticnet.flows import Classifier, Control, Direction, FlowTable
from syntheticnet.frame import parse
from syntheticnet.packet import IP, Talk

from .builders import CLIENT, CLIENT6, SERVER, SERVER6, TCP, frame, ipv4, ipv6, tcp, tcp_frame, udp, udp_frame

GATEWAY, NEIGHBOUR = "10.9.0.254", "10.9.0.66"


def table(direction: Direction, *expressions: str, names: dict[str, Sequence[str]] | None = None) -> FlowTable:
    flows = Conditions.from_dict({"flows": {expression: {} for expression in expressions}}).flows
    control = Control(frozenset({ip_address(GATEWAY).packed}), frozenset({80, 5901}))
    return FlowTable(direction, flows, names or {}, control)


def flow_of(buffer: bytes, *expressions: str, direction: Direction = "egress", **more: Any) -> str:
    talk = Classifier(table(direction, *expressions, **more)).talk(buffer)
    assert talk.lane == "link"
    return talk.flow


def test_the_first_flow_that_matches_wins() -> None:
    """Flows are asked in their order; what none takes is the default."""
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
    """On egress they are those of the destination, on ingress those of the source."""
    expression = expression.replace("[::]/0", "[::/0]")
    away, toward = udp_frame(CLIENT, SERVER, 5000, 6000), udp_frame(SERVER, CLIENT, 6000, 5000)
    wanted = expression if matches else "default"
    assert flow_of(away, expression, direction="egress") == wanted
    assert flow_of(toward, expression, direction="ingress") == wanted


def test_ipv6_hosts_and_networks() -> None:
    """An IPv6 flow takes IPv6 packets of its network, and no others."""
    away = udp_frame(CLIENT6, SERVER6, 5000, 6000)
    assert flow_of(away, "10.0.0.0/8", "[fd09::/64]:udp") == "[fd09::/64]:udp"
    assert flow_of(away, "[fd08::/16]") == "default"
    assert flow_of(udp_frame(CLIENT, SERVER, 1, 2), "[::/0]") == "default"


def test_names_stand_for_their_addresses() -> None:
    """A flow that names a host takes the packets of the addresses that were found for it."""
    names = {"sfu": [SERVER, SERVER6]}
    assert flow_of(udp_frame(CLIENT, SERVER, 1, 2), "sfu:udp", names=names) == "sfu:udp"
    assert flow_of(udp_frame(CLIENT6, SERVER6, 1, 2), "sfu:udp", names=names) == "sfu:udp"
    assert flow_of(udp_frame(CLIENT, NEIGHBOUR, 1, 2), "sfu:udp", names=names) == "default"
    assert flow_of(udp_frame(CLIENT, SERVER, 1, 2), "sfu:udp") == "default"


def test_a_flow_with_ports_takes_only_packets_that_show_them() -> None:
    """Later fragments show no ports: they belong to flows without ports."""
    later = frame(ipv4(CLIENT, SERVER, 17, udp(5000, 6000, bytes(8)), fragment=0x0010))
    assert flow_of(later, "*:udp:6000", "*:udp") == "*:udp"


@pytest.mark.parametrize(
    ("direction", "source", "destination", "ports", "lane"),
    [
        ("ingress", GATEWAY, CLIENT, (40000, 80), "exempt"),
        ("egress", CLIENT, GATEWAY, (80, 40000), "exempt"),
        ("ingress", GATEWAY, CLIENT, (40000, 5901), "exempt"),
        ("ingress", NEIGHBOUR, CLIENT, (40000, 80), "closed"),
        ("egress", CLIENT, NEIGHBOUR, (5901, 40000), "closed"),
        ("ingress", GATEWAY, CLIENT, (40000, 81), "link"),
        ("egress", CLIENT, SERVER, (40000, 80), "link"),
        ("ingress", SERVER, CLIENT, (80, 40000), "link"),
    ],
)
def test_control_ports_are_open_for_the_host_only(
    direction: Direction, source: str, destination: str, ports: tuple[int, int], lane: str
) -> None:
    """TCP between the host and a local control port is exempt; everyone else finds the port closed."""
    classifier = Classifier(table(direction, "*"))
    assert classifier.talk(tcp_frame(source, destination, *ports)).lane == lane


def test_only_tcp_is_control() -> None:
    """UDP to a control port's number is traffic like any other."""
    assert Classifier(table("ingress")).talk(udp_frame(GATEWAY, CLIENT, 40000, 80)).lane == "link"


def test_arp_and_neighbour_discovery_are_exempt() -> None:
    """They are never conditioned, or addresses could not be found."""
    solicitation = frame(ipv6(CLIENT6, SERVER6, 58, bytes([135]) + bytes(23)))
    arp = solicitation[: IP - 2] + b"\x08\x06" + bytes(28)
    classifier = Classifier(table("egress", "*"))
    assert [classifier.talk(buffer).lane for buffer in (solicitation, arp)] == ["exempt", "exempt"]


def test_a_conversation_has_one_talk() -> None:
    """All packets of a conversation share its talk, whose counts so are the conversation's."""
    classifier = Classifier(table("egress"))
    one = classifier.talk(udp_frame(CLIENT, SERVER, 5000, 6000))
    assert classifier.talk(udp_frame(CLIENT, SERVER, 5000, 6000)) is one
    assert classifier.talk(udp_frame(CLIENT, SERVER, 5001, 6000)) is not one
    assert classifier.talks() == [one, classifier.talk(udp_frame(CLIENT, SERVER, 5001, 6000))]


def test_the_id_of_a_talk_is_that_of_the_wire_format() -> None:
    """`ip | protocol << 32 | port << 48` of the remote side, its first octet lowest."""
    talk = Classifier(table("egress")).talk(tcp_frame(CLIENT, "127.0.0.1", 5000, 443))
    assert talk.id == 0x0100007F | TCP << 32 | 443 << 48


def test_another_table_is_in_force_at_once() -> None:
    """A conversation that was known is classified anew."""
    classifier = Classifier(table("egress"))
    buffer = udp_frame(CLIENT, SERVER, 5000, 6000)
    assert classifier.talk(buffer).flow == "default"
    classifier.adopt(table("egress", "*:udp"))
    assert classifier.talk(buffer).flow == "*:udp"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the most talks all are forgotten, handed to `retire`, and that is counted."""
    monkeypatch.setattr(flows_module, "MOST_TALKS", 10)
    retired: list[Talk] = []
    classifier = Classifier(table("egress"), retired.append)
    for port in range(25):
        classifier.talk(udp_frame(CLIENT, SERVER, 5000, port))
        classifier.talk(frame(ipv4(CLIENT, f"10.1.0.{port}", 1, bytes(8))))
    assert len(classifier.talks()) <= 10
    assert classifier.evictions == 4
    assert len(retired) == 40


_HOSTS4 = st.sampled_from([CLIENT, SERVER, GATEWAY, NEIGHBOUR])
_PORTS = st.sampled_from([0, 80, 443, 5000, 5901, 65535])


@st.composite
def _frames(draw: st.DrawFn) -> bytes:
    """Frames of all kinds; some cut off, some fragments."""
    transport = draw(st.sampled_from([tcp, udp]))(draw(_PORTS), draw(_PORTS), b"payload")
    protocol = draw(st.sampled_from([1, 6, 17, 47, 58, 132]))
    if draw(st.booleans()):
        whole = frame(ipv6(CLIENT6, SERVER6, protocol, transport))
    else:
        fragment = draw(st.sampled_from([0, 0x4000, 0x2000, 0x0001, 0x2010]))
        whole = frame(ipv4(draw(_HOSTS4), draw(_HOSTS4), protocol, transport, fragment=fragment))
    return whole[: draw(st.integers(0, len(whole)) | st.just(len(whole)))]


@given(st.lists(_frames(), min_size=1, max_size=20), st.sampled_from(["ingress", "egress"]))
@example([udp_frame(CLIENT, SERVER, 1, 2)[: IP + 1]], "egress")
@settings(max_examples=300)
def test_what_is_remembered_is_what_a_walk_finds(buffers: list[bytes], direction: Direction) -> None:
    """For any frames in any order, the classifier's answer is that of the table for the frame's header."""
    walked = table(direction, "10.9.0.2:udp:80", "10.9.0.0/24:udp", "*:*:443", "*:icmp", "[::/0]:udp")
    classifier = Classifier(walked)
    for buffer in [*buffers, *buffers]:
        talk, wanted = classifier.talk(buffer), walked.talk(parse(buffer))
        assert (talk.lane, talk.flow, talk.id) == (wanted.lane, wanted.flow, wanted.id)
