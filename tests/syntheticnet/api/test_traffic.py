"""The flow expression of each row of live traffic: it takes the row's packets and no others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from syntheticnet.api.traffic import matches
from syntheticnet.conditions import FlowMatch
from syntheticnet.forwarder.classifier import Classifier
from syntheticnet.forwarder.traffic import WINDOW_NS, LiveTraffic
from syntheticnet.forwarder.traffic_rows import traffic_rows
from syntheticnet.packets.packet import VNET

from ..builders import CLIENT, CLIENT6, SERVER, SERVER6, UDP, frame, ipv4, ipv6, rtcp, rtp, tcp_frame, udp, udp_frame
from ..flow_tables import NEIGHBOUR, table

STUN = bytes((0, 1, 0, 0)) + bytes(16)
DTLS = bytes((22, 254, 253)) + bytes(10)


def media(payload: bytes, remote: str = SERVER, port: int = 20004) -> bytes:
    make, client = (ipv6, CLIENT6) if ":" in remote else (ipv4, CLIENT)
    return frame(make(client, remote, UDP, udp(5000, port, payload)))


def rows_of(frames: Iterable[bytes]) -> tuple[list[dict[str, Any]], list[set[bytes]]]:
    """The rows of frames that all left, and the frames of each row."""
    everything = list(frames)
    by_row: dict[tuple[Any, ...], set[bytes]] = {}
    for one in everything:
        (row,) = _counted([one])
        by_row.setdefault(_key(row), set()).add(one)
    rows = _counted(everything)
    return rows, [by_row[_key(row)] for row in rows]


def _counted(frames: Sequence[bytes]) -> list[dict[str, Any]]:
    classifier = Classifier(table("egress"))
    traffic = LiveTraffic(classifier.media)
    traffic.watch(0)
    traffic.left([(classifier.conversation(one), "default", one, len(one) - VNET, 0) for one in frames], 0)
    rows: list[dict[str, Any]] = traffic_rows({"egress": traffic.watch(WINDOW_NS)})["egress"]
    return rows


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[key] for key in ("remote", "protocol", "port", "media", "payload_type"))


def taken(match: str, frames: Iterable[bytes], names: dict[str, Sequence[str]]) -> set[bytes]:
    """The frames that a flow with this expression would take."""
    classifier = Classifier(table("egress", match, names=names))
    return {one for one in frames if classifier.conversation(one).flow == match}


SIMPLE = [
    media(rtp(96, 1)),
    media(rtp(96, 2)),
    media(rtp(111, 3)),
    media(rtcp(201, 1)),
    media(STUN),
    media(DTLS),
    media(bytes((64, 0, 0, 4)) + b"data"),
    udp_frame(CLIENT, SERVER, 5000, 53),
    tcp_frame(CLIENT, SERVER, 40000, 443),
    tcp_frame(CLIENT, SERVER, 40000, 8188),
    tcp_frame(CLIENT, NEIGHBOUR, 40000, 443),
    frame(ipv4(CLIENT, SERVER, 1, bytes(16))),
    frame(ipv4(CLIENT, SERVER, 47, bytes(16))),
    frame(ipv4(CLIENT, SERVER, 132, udp(5000, 9899))),
]
SEVERAL = [
    *SIMPLE,
    media(rtp(96, 1), SERVER6, 20004),
    media(rtp(111, 1), SERVER6, 20008),
    media(STUN, port=3478),
    media(rtp(98, 1), SERVER6),
    tcp_frame(CLIENT6, SERVER6, 40000, 443),
    frame(ipv6(CLIENT6, SERVER6, 58, bytes((128, 0)) + bytes(14))),
]


@pytest.mark.parametrize("names", [{}, {"sfu": [SERVER, SERVER6]}, {"sfu": [SERVER], "udp": [SERVER6]}])
@pytest.mark.parametrize("frames", [SIMPLE, SEVERAL])
def test_a_match_takes_exactly_its_row(frames: list[bytes], names: dict[str, Sequence[str]]) -> None:
    """Round trip: each expression can be parsed, and the classifier gives it the row's frames alone."""
    rows, own = rows_of(frames)
    by_address = {address: name for name, addresses in names.items() for address in addresses}
    for match, its in zip(matches(rows, by_address), own, strict=True):
        assert str(FlowMatch.parse(match)) == match
        assert taken(match, frames, names) == its, match


def test_a_match_is_as_short_as_it_can_be() -> None:
    """With the name if it is known; with the port where that identifies the row."""
    rows, _ = rows_of(SIMPLE)
    assert set(matches(rows, {SERVER: "sfu"})) == {
        "sfu:rtp,pt=96",
        "sfu:rtp,pt=111",
        "sfu:rtcp",
        "sfu:stun",
        "sfu:dtls",
        "sfu:turn-channel",
        "sfu:udp:53",
        "sfu:tcp:443",
        "sfu:tcp:8188",
        f"{NEIGHBOUR}:tcp:443",
        "sfu:icmp",
        "sfu:47",
        "sfu:sctp:9899",
    }


def test_a_match_says_more_where_several_rows_would_fit() -> None:
    """The port where one host has several with the same media, the address where one name has several."""
    rows, _ = rows_of([media(rtp(96, 1)), media(rtp(96, 1), port=20006), media(rtp(111, 1), SERVER6)])
    assert set(matches(rows, {SERVER: "sfu"})) == {
        "sfu:rtp:20004,pt=96",
        "sfu:rtp:20006,pt=96",
        f"[{SERVER6}]:rtp,pt=111",
    }
    rows, _ = rows_of([tcp_frame(CLIENT, SERVER, 1, 443), tcp_frame(CLIENT6, SERVER6, 1, 443)])
    both = {SERVER: "sfu", SERVER6: "sfu"}
    assert set(matches(rows, both)) == {f"{SERVER}:tcp:443", f"[{SERVER6}]:tcp:443"}


def test_the_host_is_matched_by_its_address() -> None:
    """No resolver knows the name `host`."""
    rows, _ = rows_of([tcp_frame(CLIENT, SERVER, 1, 443)])
    assert matches(rows, {SERVER: "host"}) == [f"{SERVER}:tcp:443"]
