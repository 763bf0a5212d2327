"""A client's network state."""

from __future__ import annotations

from typing import Any

from synthlab.control.state import ClientState, LinkState, ScheduleEntry


def link(**values: Any) -> dict[str, Any]:
    counters = {"packets_in": 10, "bytes_in": 1000, "packets_out": 7, "bytes_out": 700}
    return counters | {"dropped": {"loss": 3}, "queued": 0, "duplicated": 0, "originated": 0, "achieved": {}} | values


def test_all_of_an_answer() -> None:
    """Conditions are parsed; links and flows have counters and measured values."""
    answer = {
        "conditions": {"egress": {"loss": "5%"}},
        "forwarder": {"restarts": 2, "up_s": 12.3},
        "links": {"ingress": link(), "egress": link(achieved={"loss": 0.3})},
        "flows": {"default": {"ingress": link(), "egress": link(queued=4)}},
    }
    state = ClientState.from_dict(answer)
    assert state.conditions.egress.loss == 0.05
    assert state.restarts == 2
    assert state.links["ingress"].dropped == {"loss": 3}
    assert state.links["egress"].achieved == {"loss": 0.3}
    assert state.flows["default"]["egress"].queued == 4
    assert state.answer is answer


def test_base_leases_and_scheduled_changes() -> None:
    """Base, leases, scheduled changes and failures."""
    lease = {"id": 1, "change": {"egress": {"loss": "5%"}}, "at_ns": 10, "expires_ns": 20, "left_ns": 2_500_000_000}
    state = ClientState.from_dict(
        {
            "conditions": {"egress": {"loss": "5%"}},
            "base": {},
            "leases": [lease],
            "scheduled": [{"id": 2, "replace": {}, "at_ns": 30, "in_ns": 1_000_000_000}],
            "failed": {
                "count": 1,
                "last": [{"id": 7, "at_ns": 5, "error": "egress.queue: requires rate or rate_trace"}],
            },
            "entry": lease,
            "forwarder": {"restarts": 0, "lateness": {"egress": {"p50_ms": 0.1}}},
            "links": {},
            "flows": {},
        }
    )
    assert state.base.perfect
    wanted = ScheduleEntry(id=1, change=lease["change"], replace=False, in_ns=None, left_ns=2_500_000_000, late_ns=0)  # type: ignore[arg-type]
    assert state.leases == (wanted,)
    assert state.entry == wanted
    assert (state.scheduled[0].replace, state.scheduled[0].in_ns, state.scheduled[0].left_ns) == (True, 10**9, None)
    assert state.failures == {7: "egress.queue: requires rate or rate_trace"}
    assert state.lateness == {"egress": {"p50_ms": 0.1}}


def test_older_clients_are_understood() -> None:
    """A version without leases has none, and its conditions are the base."""
    conditions = {"egress": {"loss": "5%"}}
    state = ClientState.from_dict({"conditions": conditions, "forwarder": {"restarts": 0}, "links": {}, "flows": {}})
    assert state.base == state.conditions
    assert (state.leases, state.scheduled, state.entry, state.failures) == ((), (), None, {})


def test_newer_clients_are_understood() -> None:
    """Unknown counters are ignored, and missing ones are 0."""
    assert LinkState.from_dict({"packets_in": 1, "teleported": 2}) == LinkState(packets_in=1, dropped={}, achieved={})
