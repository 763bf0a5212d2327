"""`/v1/traffic`, through a real control channel to a fake forwarder."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address
from typing import Any

from syntheticnet.conditions.flow import MediaKind
from syntheticnet.forwarder.traffic import TrafficCounters, TrafficKey, Window
from syntheticnet.packets.packet import Remote

from ...site import HOST, Site

EMPTY = {"rows": 0, "packets_s": 0.0, "bits_s": 0.0}
UDP = 17


def key(
    address: str, port: int, media: MediaKind | None = None, payload_type: int | None = None, flow: str = "default"
) -> TrafficKey:
    return Remote(ip_address(address).packed, UDP, port), flow, media, payload_type


def counters(packets: int, **dropped: int) -> TrafficCounters:
    """Packets of 1250 bytes that took 20.1 ms."""
    made = TrafficCounters()
    made.packets, made.bytes, made.delay = packets, packets * 1250, packets * 20_100_000
    made.dropped = Counter(dropped)
    return made


def traffic(site: Site, ingress: Window, egress: Window) -> dict[str, Any]:
    site.forwarder.windows = {"ingress": ingress, "egress": egress}
    answer: dict[str, Any] = site.ask("GET", "/v1/traffic").json()
    return answer


def test_nothing_before_the_first_question(site: Site) -> None:
    """The first answer begins the counting and has no rows."""
    answer = site.ask("GET", "/v1/traffic").json()
    assert answer.pop("monotonic_ns") > 0
    rest = {"ingress": EMPTY, "egress": EMPTY}
    assert answer == {"window_s": 1.0, "watching": False, "ingress": [], "egress": [], "rest": rest}
    assert site.forwarder.asked == ["traffic"]


def test_a_row(site: Site) -> None:
    """Numbers from the forwarder; name, kind, codec and expression from the API."""
    site.names["10.0.0.2"] = "sfu"
    site.ask("POST", "/v1/stats", json={"codecs": {"96": "video/VP8", "111": "audio/opus"}})
    answer = traffic(site, {}, {key("10.0.0.2", 20004, "rtp", 96): counters(120, loss=5)})
    assert (answer["watching"], answer["ingress"]) == (True, [])
    assert answer["egress"] == [
        {
            "remote": "10.0.0.2",
            "name": "sfu",
            "protocol": "udp",
            "port": 20004,
            "media": "rtp",
            "payload_type": 96,
            "kind": "video",
            "codec": "VP8",
            "packets_s": 120.0,
            "bits_s": 1_200_000.0,
            "dropped_s": {"loss": 5.0},
            "delay_ms": 20.1,
            "flow": "default",
            "match": "sfu:rtp,pt=96",
        }
    ]


def test_names(site: Site) -> None:
    """Names that flows use come before those of the resolver; the gateway is the host; others have none."""
    site.names |= {"127.0.0.1": "local", "10.0.0.3": "client3"}
    site.ask("PATCH", "/v1/conditions", json={"flows": {"localhost:udp": {"egress": {"loss": "1%"}}}})
    addresses = ("127.0.0.1", "10.0.0.3", HOST, "10.0.0.4", "fd00::4")
    answer = traffic(site, {key(address, 5000): counters(1) for address in addresses}, {})
    rows = {row["remote"]: (row["name"], row["match"]) for row in answer["ingress"]}
    assert rows == {
        "127.0.0.1": ("localhost", "localhost:udp:5000"),
        "10.0.0.3": ("client3", "client3:udp:5000"),
        HOST: ("host", f"{HOST}:udp:5000"),
        "10.0.0.4": (None, "10.0.0.4:udp:5000"),
        "fd00::4": (None, "[fd00::4]:udp:5000"),
    }


def test_many_rows(site: Site) -> None:
    """At most 200 a direction, busiest first, and the sum of the others."""
    answer = traffic(site, {}, {key("10.0.0.4", port): counters(port) for port in range(1, 251)})
    assert [row["port"] for row in answer["egress"]] == list(range(250, 50, -1))
    packets = sum(range(1, 51))
    assert answer["rest"]["egress"] == {"rows": 50, "packets_s": packets, "bits_s": packets * 10_000}
    assert answer["rest"]["ingress"] == EMPTY


def test_the_application_may_look(site: Site) -> None:
    """Reading is open to the container, as elsewhere; a neighbour is refused."""
    assert site.ask("GET", "/v1/traffic", peer="127.0.0.1").status_code == 200
    assert site.ask("GET", "/v1/traffic", peer="10.0.0.9").status_code == 403
