"""When this machine, and not the network that is set, is the limit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from synthlab.cli.tables import notes
from synthlab.control.slowness import FULLY_BUSY, REACHED, out_of_reach, shortfall, too_slow
from synthlab.control.state import ClientState, LinkState
from synthlab.runner.validity import of_lateness
from synthlab.testing import FakeClientApi

pytestmark = pytest.mark.issue(15)


def state(busy: float, rate_bps: float, **egress: Any) -> ClientState:
    link = LinkState(dropped={}, achieved={"rate_bps": rate_bps})
    calm = FakeClientApi("client1").state()
    late = {"egress": {"p99_ms": 1.0}, "ingress": {}}
    return replace(calm, busy=busy, conditions_text={"egress": egress}, links={"egress": link}, lateness=late)


def test_a_forwarder_that_is_the_limit() -> None:
    """It is if it has no time left, forwards less than the rate, and a rate is set."""
    reached = "its forwarder used 96% of a processor to forward 170mbit"
    line = f"{reached}, less than the 300mbit set"
    assert shortfall(state(0.96, 170e6, rate="300mbit"), "egress") == line
    assert too_slow({"client1": state(0.96, 170e6, rate="300mbit")}) == [
        f"client1 egress: this machine is too slow: {line}"
    ]
    assert shortfall(state(0.96, 170e6, rate_trace="lte.up"), "egress") == (
        f"{reached}, and may not have reached the rates of lte.up"
    )


@pytest.mark.parametrize(
    ("busy", "rate_bps", "egress"),
    [
        (FULLY_BUSY - 0.01, 170e6, {"rate": "300mbit"}),
        (0.96, REACHED * 300e6, {"rate": "300mbit"}),
        (0.96, 170e6, {"latency": "20ms"}),
        (0.96, 170e6, {"rate": "unlimited"}),
    ],
)
def test_one_that_is_not(busy: float, rate_bps: float, egress: dict[str, Any]) -> None:
    """Time is left, the rate is reached, or none is promised."""
    assert shortfall(state(busy, rate_bps, **egress), "egress") is None
    assert shortfall(state(busy, rate_bps, **egress), "ingress") is None


def test_a_rate_that_is_too_high_for_the_machine() -> None:
    """It is known as soon as it is set, for links and flows; unlimited promises nothing."""
    flows = {"*:udp": {"ingress": {"rate": "500mbit"}}, "*:tcp": {"egress": {"rate": "unlimited"}}}
    text = {"egress": {"rate": "300mbit"}, "ingress": {"rate": "100mbit"}, "flows": flows}
    slow = replace(state(0.0, 0.0), reach_bps=174.3e6, conditions_text=text)
    tail = "is out of reach: this machine forwards about 170mbit of full-size packets (an estimate)"
    assert out_of_reach({"client1": slow}) == [
        f"client1 ingress *:udp: 500mbit {tail}",
        f"client1 egress: 300mbit {tail}",
    ]
    assert list(notes({"client1": slow})) == out_of_reach({"client1": slow})
    assert out_of_reach({"client1": replace(slow, reach_bps=math.inf)}) == []


def test_samples_for_the_verdict() -> None:
    """Each state that a run sees says of each direction with packets whether the rate was out of reach."""
    found = of_lateness("client1", state(0.96, 170e6, rate="300mbit"))
    assert found == {"client1.egress.late_p99": 1.0, "client1.egress.shortfall": 1}
    assert of_lateness("client1", state(0.5, 170e6, rate="300mbit"))["client1.egress.shortfall"] == 0
