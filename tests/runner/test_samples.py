"""Conversion of clients' answers to named samples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from synthlab import assets
from synthlab.control.state import ClientState
from synthlab.runner.samples import of_metrics, of_probes, of_state, of_stats, of_traffic
from synthlab.scenario.expression import CLIENT, Known, Recorded, Sample
from synthlab.scenario.expression.catalogue import Segment, measure_of
from synthlab.text.durations import SECOND_NS, ns_of

LINK = {
    "packets_in": 9,
    "dropped": {"loss": 2},
    "achieved": {
        "window_s": 1.0,
        "packets": 9,
        "rate_bps": 1000,
        "loss": 0.1,
        "delay_p50_ms": 5.0,
        "delay_p99_ms": 9.0,
        "queue_delay_p50_ms": 4.0,
        "queue_delay_p95_ms": 8.0,
    },
}
ANSWER = {
    "conditions": {},
    "forwarder": {"restarts": 0},
    "links": {"ingress": {"achieved": {}}, "egress": LINK},
    "flows": {"default": {"egress": LINK}, "*:udp": {"egress": LINK}},
}
STATS = {
    "values": {
        "video": {"client2": {"fps": 15.0, "layers": None}},
        "sent": {"video": {"limited": "bandwidth"}},
        "audio": {"client2": {"kbps": 30.0}},
        "room": {"people": 4, "open": True},
    },
    "age_s": {"video": 0.5, "sent": 1.0, "audio": 1.5, "room": 2.5},
}


def test_state() -> None:
    """Measurements and counters of each direction and flow; unmeasured values are left out."""
    samples = of_state("client1", ClientState.from_dict(ANSWER))
    assert samples["client1.egress.rate"] == 1000
    assert samples["client1.egress.delay_p50"] == 5.0
    assert samples["client1.egress.dropped.loss"] == 2
    assert samples["client1.flows.*:udp.egress.loss"] == 0.1
    assert "client1.ingress.rate" not in samples
    assert not any("default" in name for name in samples)


def test_stats() -> None:
    """Published values with their time of measurement; stale ones are left out, unknown ones are the app's own."""
    sources, samples = of_stats("client1", STATS, 10 * SECOND_NS)
    assert samples == {
        "client1.video.client2.fps": Sample(ns_of(9.5), 15.0),
        "client1.sent.video.limited": Sample(9 * SECOND_NS, "bandwidth"),
        "client1.app.room.people": Sample(ns_of(7.5), 4),
        "client1.app.room.open": Sample(ns_of(7.5), 1.0),
    }
    assert (sources["client1.video"], sources["client1.audio"], sources["client1.app"]) == tuple(
        map(ns_of, (9.5, 10, 10))
    )


def test_metrics() -> None:
    """Metrics of a service or server."""
    assert of_metrics("sfu", {'rooms{a="b"}': 3.0}) == {'sfu.metrics.rooms{a="b"}': 3.0}


PROBED = {"web": {"http": {"values": {"p95_ms": 120.5, "errors": 2}, "age_s": 0.5}}}


@pytest.mark.issue(13)
def test_probes() -> None:
    """They are named after what is probed; a probe that reports nothing has no data, and others' are not taken."""
    sources, samples = of_probes({"probes": PROBED | {"x": PROBED["web"]}}, ["web.http", "db.tcp"], 10 * SECOND_NS)
    assert sources == {"web.http": ns_of(9.5), "db.tcp": 10 * SECOND_NS}
    assert samples == {
        "web.http.p95_ms": Sample(ns_of(9.5), 120.5),
        "web.http.errors": Sample(ns_of(9.5), 2),
    }


@pytest.mark.issue(13)
def test_a_probe_that_falls_silent() -> None:
    """Its numbers become absent, not old."""
    recorded = Recorded()
    recorded.hear(SECOND_NS, *of_probes({"probes": PROBED}, ["web.http"], SECOND_NS))
    assert recorded.newest("web.http.p95_ms", SECOND_NS) == Sample(ns_of(0.5), 120.5)
    recorded.hear(2 * SECOND_NS, *of_probes({}, ["web.http"], 2 * SECOND_NS))
    assert recorded.newest("web.http.p95_ms", 2 * SECOND_NS) == Sample(2 * SECOND_NS, None)


def test_all_can_be_expected() -> None:
    """Every sample has a name that expressions accept."""
    known = Known(("client1", "client2"))
    for name in [
        *of_stats("client1", STATS, 10 * SECOND_NS)[1],
        *of_state("client1", ClientState.from_dict(ANSWER)),
    ]:
        measure_of(tuple(map(Segment, name.split("."))), known)


def leaves(tree: Mapping[str, Any]) -> Iterator[str]:
    """All keys of the catalogue."""
    for key, below in tree.items():
        yield key
        if isinstance(below, Mapping):
            yield from leaves(below)


def test_the_catalogue_is_complete() -> None:
    """Every number the browser image publishes can be used in an expectation."""
    for file in ("stats", "outbound_stats", "paths"):
        text = (assets.image("chrome") / f"{file}.py").read_text()
        published = re.findall(r"^\s+(\w+)=(?!=)", text, re.MULTILINE)
        assert len(published) > 3
        assert set(published) <= set(leaves(CLIENT))


def test_competing_traffic() -> None:
    """The rate of each flow and of all of a name, and Jain's index where there are several; all are known numbers."""
    found = of_traffic("client2", {"upload": [1e6], "tcp": [3e6, 1e6], "idle": [0.0, 0.0]})
    assert found == {
        "client2.traffic.upload.flows.1.rate": 1e6,
        "client2.traffic.upload.rate": 1e6,
        "client2.traffic.tcp.flows.1.rate": 3e6,
        "client2.traffic.tcp.flows.2.rate": 1e6,
        "client2.traffic.tcp.rate": 4e6,
        "client2.traffic.tcp.fairness": 0.8,
        "client2.traffic.idle.flows.1.rate": 0.0,
        "client2.traffic.idle.flows.2.rate": 0.0,
        "client2.traffic.idle.rate": 0.0,
    }
    known = Known(("client1", "client2"))
    assert {measure_of(tuple(map(Segment, name.split("."))), known).dimension for name in found} == {"rate", "share"}
