"""Samples for charts, made of reports."""

from __future__ import annotations

from typing import Any

from syntheticnet.api.samples import MOST_PANELS, sample, set_values, shown_flows
from syntheticnet.conditions import Conditions
from syntheticnet.packets.counters import FlowCounters

SECOND = 10**9
AT = 1000 * SECOND


def conditions(**values: Any) -> dict[str, Any]:
    return Conditions.from_dict(values).to_dict()


def report(requested: dict[str, Any], counters: FlowCounters, now: int = AT, restarts: int = 0) -> dict[str, Any]:
    """A report in which all traffic passes one flow, in both directions."""
    counts = {direction: counters.report(now) for direction in ("ingress", "egress")}
    names = ("default", *requested.get("flows", ()))
    return {
        "monotonic_ns": now,
        "conditions": requested,
        "forwarder": {"restarts": restarts},
        "links": counts,
        "flows": dict.fromkeys(names, counts),
    }


def set_on(panel: str, direction: str, **values: Any) -> dict[str, float]:
    requested = conditions(**values)
    return dict(set_values(requested, requested.get("flows", ()))[panel][direction])


def test_what_is_set_is_in_numbers() -> None:
    """Rate, latency, jitter and loss; what is not set is absent, and an unlimited rate is none."""
    link = {"rate": "1.5mbit", "latency": "80ms", "jitter": "500us", "loss": "5%", "duplicate": "1%"}
    wanted = {"rate_bps": 1_500_000, "latency_ms": 80, "jitter_ms": 0.5, "loss": 0.05}
    assert set_on("default", "egress", egress=link) == wanted
    assert set_on("default", "ingress", egress=link) == {}
    assert set_on("default", "egress", egress={"rate": "unlimited"}) == {}


def test_where_nothing_passes_the_rate_is_0() -> None:
    """An outage and a rejection."""
    assert set_on("default", "egress", egress={"outage": True, "rate": "1mbit"}) == {"rate_bps": 0}
    assert set_on("default", "egress", egress={"reject": "reset"}) == {"rate_bps": 0}


def test_a_model_of_losses_counts_as_its_long_run_share() -> None:
    """Of several, all together."""
    assert set_on("default", "egress", egress={"loss_every": "10p"}) == {"loss": 0.1}
    assert round(set_on("default", "egress", egress={"loss": "50%", "loss_every": "2p"})["loss"], 9) == 0.75


def test_a_flow_has_its_values_over_those_of_the_link() -> None:
    """Its own win; a value without the one it needs is not in force."""
    link, own = {"rate": "1mbit", "latency": "20ms"}, {"rate": "unlimited", "loss": "1%"}
    assert set_on("*:udp", "egress", egress=link, flows={"*:udp": {"egress": own}}) == {"latency_ms": 20, "loss": 0.01}
    assert set_on("*:udp", "ingress", egress=link, flows={"*:udp": {"egress": own}}) == {}


def test_what_is_muted_is_not_in_force() -> None:
    """A muted link has no values, and its flows lie over a perfect one; a muted flow has none."""
    link, flows = {"rate": "1mbit"}, {"*:udp": {"egress": {"loss": "1%"}}}
    assert set_on("default", "egress", egress=link, flows=flows, muted=True) == {}
    assert set_on("*:udp", "egress", egress=link, flows=flows, muted=True) == {"loss": 0.01}
    muted = conditions(egress=link, flows={"*:udp": {"egress": {"loss": "1%"}, "muted": True}})
    assert set_values(muted, ["*:udp"]).keys() == {"default"}
    made = sample(report(muted, FlowCounters()), None, set_values(muted, ["*:udp"]), 0)
    assert made["panels"]["*:udp"]["egress"] == {"set": {}, "queued": 0}


def test_measured_values_of_a_panel() -> None:
    """Rate, loss and delay of the last second, what is queued, and counts per second since the report before."""
    requested = conditions(flows={"*:udp": {}})
    before = FlowCounters()
    before.came(30, 3000, AT - 2 * SECOND)
    before.left(10, 1000, [SECOND // 50] * 10, AT - 2 * SECOND)
    before.lost("loss", 5, 500, AT - 2 * SECOND)
    counters = before.copy()
    counters.came(20, 2000, AT - SECOND // 2)
    counters.left(19, 1900, [SECOND // 100] * 19, AT - SECOND // 2)
    counters.lost("loss", 1, 100, AT - SECOND // 2)
    counters.lost("queue", 3, 300, AT - SECOND // 2)
    earlier = report(requested, before, AT - 2 * SECOND)
    made = sample(report(requested, counters), earlier, {}, 1234)
    assert (made["t_ms"], made["monotonic_ns"], "more_flows" in made) == (1234, AT, False)
    assert made["panels"].keys() == {"default", "*:udp"}
    assert made["panels"]["*:udp"]["egress"] == {
        "set": {},
        "rate_bps": 1900 * 8,
        "loss": 4 / 23,
        "delay_p50_ms": 10.0,
        "delay_p99_ms": 10.0,
        "queued": 12,
        "packets_s": 9.5,
        "dropped_s": {"loss": 0.5, "queue": 1.5},
    }


def test_what_is_unknown_is_absent() -> None:
    """Counts per second need a report before, of the same forwarder and of the same counters."""
    requested, busy = conditions(), FlowCounters()
    busy.came(10, 1000, AT)
    fresh = report(requested, FlowCounters())
    unknown = {"set": {}, "queued": 0}
    for before in (None, report(requested, busy, AT - SECOND), report(requested, FlowCounters(), AT - SECOND, 1)):
        assert sample(fresh, before, {}, 0)["panels"]["default"]["ingress"] == unknown
    idle = sample(fresh, report(requested, FlowCounters(), AT - SECOND), {}, 0)["panels"]["default"]["ingress"]
    assert idle == unknown | {"packets_s": 0.0, "dropped_s": {}}


def test_at_most_64_flows() -> None:
    """The first in order; the number of the others is in the sample."""
    requested = conditions(flows={f"*:udp:{port}": {"egress": {"loss": "1%"}} for port in range(1, 101)})
    made = report(requested, FlowCounters())
    in_force = set_values(requested, shown_flows(made))
    panels = sample(made, None, in_force, 0)
    assert list(panels["panels"]) == ["default", *(f"*:udp:{port}" for port in range(1, MOST_PANELS + 1))]
    assert panels["more_flows"] == 100 - MOST_PANELS
    assert panels["panels"]["*:udp:64"]["egress"]["set"] == {"loss": 0.01}
