"""How measurements evaluate raw data: timestamps, packets and reports."""

from __future__ import annotations

from struct import pack

import pytest

from benchmarks.catalogue import catalogue, chosen
from benchmarks.datagram import FULL, Passed, parsed
from benchmarks.errors import CannotRun, Failed
from benchmarks.iperf import parsed as parsed_report
from benchmarks.machine import stolen_share
from benchmarks.measurements.delay import errors_ms
from benchmarks.measurements.rate import achieved
from benchmarks.measurements.real_call import RealCall
from syntheticnet.conditions import Conditions

MS = 10**6


def test_errors_pair_departures_with_arrivals() -> None:
    """A lost datagram has no error, a reordered one has its own, and an early one a negative error."""
    departures = [Passed(0, 0), Passed(1, 5 * MS), Passed(2, 10 * MS), Passed(3, 15 * MS)]
    arrivals = [Passed(1, 26 * MS), Passed(0, 27 * MS), Passed(3, 34 * MS)]
    assert errors_ms(departures, arrivals, 20) == [-1.0, 1.0, 7.0]


def arrivals_at(bps: float, frames: int) -> list[Passed]:
    return [Passed(n, round(n * FULL * 8 / bps * 1e9)) for n in range(frames)]


def test_a_rate_that_is_kept() -> None:
    """The first frame marks the start: n frames take n - 1 intervals."""
    values = achieved(arrivals_at(10e6, 1000), 10_000_000)
    assert values["kbps"] == pytest.approx(10_000)
    assert values["allowance_used"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("bps", "used"), [(10.1e6, 1.0), (9.9e6, 1.0), (10.2e6, 2.0)])
def test_one_percent_of_many_frames_is_allowed(bps: float, used: float) -> None:
    assert achieved(arrivals_at(bps, 10_000), 10_000_000)["allowance_used"] == pytest.approx(used, rel=0.02)


def test_two_of_few_frames_are_allowed() -> None:
    """At a slow rate few frames arrive: one more or less is within the allowance."""
    arrivals = [*arrivals_at(100e3, 20), Passed(20, arrivals_at(100e3, 20)[-1].stamp + 1)]
    assert achieved(arrivals, 100_000)["allowance_used"] == pytest.approx(0.5, abs=0.01)


def test_a_rate_of_nothing_has_no_result() -> None:
    with pytest.raises(Failed, match="at least 2 required"):
        achieved([Passed(0, 0)], 1000)


def test_only_our_datagrams_are_counted() -> None:
    """Other programs' packets, other protocols and truncated packets are ignored."""
    head = bytes([0x45, *[0] * 8, 17, *[0] * 18])
    assert parsed(head + pack("!4sI", b"SYNB", 7)) == 7
    assert parsed(head + pack("!4sI", b"ELSE", 7)) is None
    assert parsed(head) is None
    assert parsed(b"\x60" + head[1:] + pack("!4sI", b"SYNB", 7)) is None


def test_reports_of_iperf3_are_read() -> None:
    """The received bit rate and retransmits are read; an iperf3 error is passed on verbatim."""
    report = {"end": {"sum_received": {"bits_per_second": 2e9}, "sum_sent": {"retransmits": 3}}}
    assert parsed_report(report) == {"gbps": 2.0, "retransmits": 3}
    with pytest.raises(Failed, match="the server is busy"):
        parsed_report({"error": "the server is busy"})
    with pytest.raises(Failed, match="no report"):
        parsed_report({})


def test_measurements_are_chosen_by_name_or_group() -> None:
    """An unknown name lists the known ones."""
    assert [one.name for one in chosen(["tcp/up", "idle"])] == ["tcp/up", "idle"]
    assert {one.name.split("/")[0] for one in chosen(["delay"])} == {"delay"}
    assert len(chosen([])) == len(catalogue())
    with pytest.raises(CannotRun, match="no measurement 'tpc'; expected one of tcp, tcp/up"):
        chosen(["tpc"])


def test_names_and_labels_are_unique() -> None:
    """Names and labels are unique: JSON uses the name, the verdict the label."""
    every = catalogue()
    assert len({one.name for one in every}) == len(every)
    judged = [figure.label for one in every for figure in one.figures if figure.goal]
    assert len(set(judged)) == len(judged)


def test_all_conditions_are_understood() -> None:
    """The catalogue's conditions are valid, with eight flows where the label says so."""
    imposed = [Conditions.from_dict(getattr(one, "conditions", {})) for one in catalogue()]
    assert {len(conditions.flows) for conditions in imposed} == {0, 8}
    links = [link.conditions for one in catalogue() if isinstance(one, RealCall) for link in one.links]
    assert [Conditions.from_dict({"egress": link}).to_dict().get("egress", {}) for link in links] == links


def test_stolen_time_is_a_share_of_all() -> None:
    assert stolen_share((10, 100), (15, 200)) == 0.05
    assert stolen_share((10, 100), (10, 100)) == 0
