"""Configured conditions as numbers over time."""

from __future__ import annotations

import pytest

from syntheticnet.conditions import LinkConditions
from synthlab.report.configured import (
    ConfiguredLinks,
    delay_ms,
    least_delay_ms,
    loss_share,
    most_delay_ms,
    rate_bps,
    trace_names,
)
from synthlab.scenario.record import Configured

LIMITED = {"egress": {"rate": "100kbit"}, "flows": {"*:udp": {"egress": {"loss": "5%"}}}}


def entry(at_s: float, conditions: dict[str, object], client: str = "client2") -> Configured:
    return Configured(at_s=at_s, client=client, conditions=conditions)


def link(**values: object) -> LinkConditions:
    return LinkConditions.from_dict(values)


def test_steps_over_time() -> None:
    """A value holds until the next conditions, and the last one until the end."""
    configured = ConfiguredLinks.of(
        [entry(26, {}), entry(16, LIMITED), entry(0, {}), entry(3, {}, "bot")], "client2", 45
    )
    times, values = configured.over(configured.links("egress"), rate_bps)
    assert list(zip(times, values, strict=True)) == [
        (0, None),
        (16, 100_000),
        (26, None),
        (45, None),
    ]
    assert configured.over(configured.links("ingress"), rate_bps)[1] == [None] * 4


def test_flows() -> None:
    """A flow has its own values, and its link's for the rest; before it exists it has none."""
    configured = ConfiguredLinks.of([entry(0, {}), entry(16, LIMITED)], "client2", 45)
    assert configured.flows == ("*:udp",)
    before, after = configured.links("egress", "*:udp")
    assert before is None
    assert after is not None
    assert (rate_bps(after), loss_share(after)) == (100_000, 0.05)


def test_what_is_muted_is_not_configured() -> None:
    """The values of a muted link have no line, those of a muted flow none while it is muted."""
    flows = {"*:udp": {"egress": {"loss": "5%"}}}
    muted = {"egress": {"rate": "100kbit"}, "muted": True, "flows": {"*:udp": {**flows["*:udp"], "muted": True}}}
    configured = ConfiguredLinks.of([entry(0, muted), entry(9, {**muted, "flows": flows})], "client2", 45)
    assert configured.links("egress") == (link(), link())
    assert configured.links("egress", "*:udp") == (None, link(loss="5%"))


def test_changed() -> None:
    """A client that only got a seed does not count as changed."""
    assert ConfiguredLinks.of([entry(0, {}), entry(9, LIMITED)], "client2", 45).changed
    assert not ConfiguredLinks.of([entry(0, {}), entry(0.1, {"seed": 9})], "client2", 45).changed


def test_nothing_configured() -> None:
    """A client without any entry has no line."""
    configured = ConfiguredLinks.of([], "client2", 45)
    assert configured.over(configured.links("egress"), rate_bps) == ([], [])


@pytest.mark.parametrize(
    ("values", "share"),
    [
        ({}, None),
        ({"loss": "5%"}, 0.05),
        ({"outage": True}, 1.0),
        ({"reject": "reset"}, 1.0),
        ({"loss_every": "4p"}, 0.25),
        ({"loss": "50%", "loss_every": "2p"}, 0.75),
        # p / (p + r) of the packets are sent in the bad state, where 1-h are lost
        ({"loss_gemodel": "1% 9% 50% 0%"}, 0.05),
        ({"loss_gemodel": "0% 0%"}, 0.0),
        # one packet in ten enters a burst state that is left at once: 0.1 / 1.1
        ({"loss_state": "10% 100%"}, 0.1 / 1.1),
        ({"loss_state": "0% 100% 0% 100% 25%"}, 0.2),
        ({"loss_state": "10% 0%"}, None),
    ],
)
def test_loss(values: dict[str, object], share: float | None) -> None:
    """The long-term loss of all models combined."""
    found = loss_share(link(**values))
    assert found == (share if share is None else pytest.approx(share))


@pytest.mark.parametrize(
    ("values", "delays"),
    [
        ({}, (None, None, None)),
        ({"latency": "80ms"}, (80, 80, 80)),
        ({"latency": "80ms", "jitter": "20ms"}, (60, 80, 100)),
        ({"latency": "80ms", "jitter": "20ms", "distribution": "one-sided"}, (80, 80, 100)),
        ({"latency": "10ms", "jitter": "20ms"}, (0, 10, 30)),
    ],
)
def test_delay(values: dict[str, object], delays: tuple[float | None, ...]) -> None:
    """Jitter is symmetric around the latency or, if one-sided, above it; no delay is negative."""
    given = link(**values)
    assert (least_delay_ms(given), delay_ms(given), most_delay_ms(given)) == delays


def test_traces() -> None:
    """A rate from a file has no number but the file's name; `unlimited` has no number either."""
    assert rate_bps(link(rate="unlimited")) is None
    traced = link(rate_trace="lte.up")
    assert rate_bps(traced) is None
    assert trace_names([traced, None, link(), traced], "rate_trace") == ("lte.up",)
