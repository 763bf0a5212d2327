"""Metrics, as Prometheus reads them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from syntheticnet.version import VERSION

from ...test_monitoring import documented, named_types
from ..site import Site

SECOND = 10**9
Labels = frozenset[tuple[str, str]]


def read(site: Site) -> dict[str, dict[Labels, float]]:
    """Value by name and labels; no series is there twice."""
    answer = site.ask("GET", "/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        for sample in family.samples:
            assert sample.name.startswith("synthlab_")
            series = found.setdefault(sample.name, {})
            assert frozenset(sample.labels.items()) not in series
            series[frozenset(sample.labels.items())] = sample.value
    return found


def labels(**values: str) -> Labels:
    return frozenset(values.items())


def change(site: Site, **conditions: Any) -> None:
    site.ask("PATCH", "/v1/conditions", json=conditions).raise_for_status()


def count(site: Site, flow: str, packets: int) -> None:
    """Let packets arrive that leave, one in ten excepted, which is dropped."""
    counters, now = site.forwarder.counters[flow, "egress"], 5 * SECOND
    counters.came(packets, packets * 100, now)
    counters.left(packets * 9 // 10, packets * 90, [SECOND // 50] * 10, now)
    counters.lost("loss", packets // 10, packets * 10, now)


def test_what_is_counted(site: Site) -> None:
    """Packets and bytes of links and flows, and drops by cause; both directions, and packets of no flow."""
    change(site, flows={"*:udp": {}})
    count(site, "*:udp", 100)
    count(site, "default", 10)
    metrics = read(site)
    egress = labels(direction="egress")
    assert metrics["synthlab_link_packets_in_total"] == {egress: 110, labels(direction="ingress"): 0}
    assert metrics["synthlab_link_bytes_out_total"][egress] == 9900
    assert metrics["synthlab_link_dropped_packets_total"] == {labels(direction="egress", cause="loss"): 11}
    assert metrics["synthlab_link_bypassed_packets_total"][egress] == 0
    flow = metrics["synthlab_flow_packets_out_total"]
    assert {dict(key)["flow"]: value for key, value in flow.items() if ("direction", "egress") in key} == {
        "default": 9,
        "*:udp": 90,
    }
    dropped = labels(direction="egress", flow="*:udp", cause="loss")
    assert metrics["synthlab_flow_dropped_bytes_total"][dropped] == 1000
    assert metrics["synthlab_flow_queued_packets"][labels(direction="egress", flow="*:udp")] == 0


def test_what_is_set(site: Site) -> None:
    """Every condition in force that is a number, in base units; a flow's over the link's."""
    link = {"rate": "1.5mbit", "queue": "200ms", "latency": "80ms", "loss": "5%", "mtu": "1400b", "loss_every": "10p"}
    change(
        site, egress=link, ingress={"outage": True}, flows={"*:udp": {"egress": {"rate": "unlimited", "queue": "9p"}}}
    )
    metrics = read(site)
    on_link, on_flow = labels(direction="egress", flow="default"), labels(direction="egress", flow="*:udp")
    assert metrics["synthlab_set_rate_bits_per_second"] == {on_link: 1_500_000, on_flow: math.inf}
    assert metrics["synthlab_set_latency_seconds"] == {on_link: 0.08, on_flow: 0.08}
    assert metrics["synthlab_set_loss_ratio"][on_flow] == 0.05
    assert metrics["synthlab_set_queue_seconds"] == {on_link: 0.2}
    assert metrics["synthlab_set_queue_packets"] == {on_flow: 9}
    assert metrics["synthlab_set_mtu_bytes"][on_link] == 1400
    assert metrics["synthlab_set_loss_every_packets"][on_link] == 10
    assert metrics["synthlab_set_outage"][labels(direction="ingress", flow="default")] == 1


def test_how_the_client_does(site: Site) -> None:
    """Forwarder, leases, changes and published stats."""
    site.forwarder.restarts = 2
    site.ask("PATCH", "/v1/conditions?lease=10s", json={"egress": {"loss": "5%"}})
    site.ask("PATCH", "/v1/conditions?in=10s", json={"egress": {"loss": "5%"}})
    metrics = read(site)
    assert "synthlab_stats_age_seconds" not in metrics
    single = {name: value for name, series in metrics.items() for key, value in series.items() if not key}
    assert single == {
        "synthlab_forwarder_up_seconds": 12.5,
        "synthlab_forwarder_cpu_seconds_total": 0.5,
        "synthlab_forwarder_restarts_total": 2,
        "synthlab_forwarder_hangs_total": 0,
        "synthlab_forwarder_starved_seconds_total": 0,
        "synthlab_leases": 1,
        "synthlab_scheduled_changes": 1,
        "synthlab_failed_changes_total": 0,
    }
    assert metrics["synthlab_forwarder_lateness_p99_seconds"] == {labels(direction="ingress"): 0.0004}
    assert metrics["synthlab_client_info"] == {labels(name="client1", lab="call", version=VERSION): 1}
    site.ask("POST", "/v1/stats?age=2s", json={"video": 1})
    site.ask("POST", "/v1/stats?age=1s", json={"audio": 1})
    assert 1 <= read(site)["synthlab_stats_age_seconds"][labels()] < 2


@pytest.mark.issue(15)
def test_the_state_that_it_is_in(site: Site) -> None:
    """And how often each was entered; the values of the state and the flows that only it has are what is set."""
    bad = {"mean": "1h", "egress": {"loss": "5%"}, "flows": {"*:udp": {"egress": {"loss": "9%"}}}}
    change(site, states={"good": {"mean": "1h"}, "bad": bad}, state="bad")
    metrics = read(site)
    good, present = labels(state="good"), labels(state="bad")
    assert metrics["synthlab_state"] == {good: 0, present: 1}
    assert metrics["synthlab_state_entered_total"] == {good: 0, present: 1}
    assert metrics["synthlab_set_loss_ratio"] == {
        labels(direction="egress", flow="default"): 0.05,
        labels(direction="egress", flow="*:udp"): 0.09,
    }
    change(site, states=None)
    assert "synthlab_state" not in read(site)


def test_names_of_flows_are_escaped(site: Site) -> None:
    """A flow may have any printable name."""
    name = 'a "flow" \\ {with} every,thing=1'
    change(site, flows={name: {"match": "*:udp", "egress": {"loss": "5%"}}})
    assert read(site)["synthlab_set_loss_ratio"] == {labels(direction="egress", flow=name): 0.05}


def test_a_thousand_flows_have_a_bounded_number_of_series(site: Site) -> None:
    """The first 64 are named, all others are one; sums are complete, and never fall when flows are removed."""
    site.forwarder.restarts = 0
    names = [f"*:udp:{port}" for port in range(1, 301)]
    change(site, flows={name: {} for name in names[:100]})
    for name in names:
        count(site, name, 10)
    before = read(site)["synthlab_flow_packets_in_total"]
    flows = {dict(key)["flow"] for key in before}
    assert len(flows) == 66
    other = labels(direction="egress", flow="other")
    assert before[other] == 360
    assert sum(value for key, value in before.items()) == 1000
    change(site, flows=dict.fromkeys(names[90:100]))
    assert read(site)["synthlab_flow_packets_in_total"][other] == 360
    count(site, names[80], 10)
    after = read(site)
    assert after["synthlab_flow_packets_in_total"][other] == 370
    assert after["synthlab_flow_dropped_packets_total"][labels(direction="egress", flow="other", cause="loss")] == 37


def test_the_table_of_a_client(site: Site) -> None:
    """The table in the docs has exactly these, with their types; of flows and conditions it tells the pattern."""
    site.ask(
        "PATCH", "/v1/conditions", json={"egress": {"rate": "1mbit", "latency": "1ms", "jitter": "1ms", "loss": "1%"}}
    )
    site.ask("POST", "/v1/stats", json={"video": 1})
    served = named_types(site.ask("GET", "/metrics").text)
    alone = {
        name: kind for name, kind in served.items() if not name.startswith(("synthlab_flow_", "synthlab_set_queue"))
    }
    assert documented("client") == alone
    of_links = {name.replace("_link_", "_flow_") for name in documented("client") if "_link_" in name}
    of_flows = {name for name in served if name.startswith("synthlab_flow_")}
    assert of_flows == of_links - {"synthlab_flow_bypassed_packets_total"}
