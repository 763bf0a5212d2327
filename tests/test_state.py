"""A client's network as its API tells it."""

from __future__ import annotations

from typing import Any

from synthlab.state import ClientState, LinkState


def link(**values: Any) -> dict[str, Any]:
    counters = {"packets_in": 10, "bytes_in": 1000, "packets_out": 7, "bytes_out": 700}
    return counters | {"dropped": {"loss": 3}, "held": 0, "duplicated": 0, "originated": 0, "achieved": {}} | values


def test_all_of_an_answer() -> None:
    """Conditions are checked values; counters and what was achieved come for links and flows."""
    answer = {
        "conditions": {"egress": {"loss": "5%"}},
        "forwarder": {"restarts": 2, "up_s": 12.3},
        "links": {"ingress": link(), "egress": link(achieved={"loss": 0.3})},
        "flows": {"default": {"ingress": link(), "egress": link(held=4)}},
    }
    state = ClientState.from_dict(answer)
    assert state.conditions.egress.loss == 0.05
    assert state.restarts == 2
    assert state.links["ingress"].dropped == {"loss": 3}
    assert state.links["egress"].achieved == {"loss": 0.3}
    assert state.flows["default"]["egress"].held == 4
    assert state.answer is answer


def test_newer_clients_are_understood() -> None:
    """Counters that this version does not know are passed over, and those that are missing are nothing."""
    assert LinkState.from_dict({"packets_in": 1, "teleported": 2}) == LinkState(packets_in=1, dropped={}, achieved={})
