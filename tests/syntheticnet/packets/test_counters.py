"""FlowCounters: exact counts, and measured values of the last second."""

from __future__ import annotations

import pytest

from syntheticnet.packets.counters import MOST_DELAYS, FlowCounters

from ..builders import MS, SECOND


def test_counts_packets_and_bytes() -> None:
    """in + duplicated + originated = out + dropped + queued."""
    counters = FlowCounters()
    counters.came(10, 1000, 0)
    counters.left(4, 400, [5] * 4, 5)
    counters.lost("loss", 1, 100, 5)
    counters.lost("queue", 2, 150, 6)
    counters.lost("loss", 1, 100, 7)
    counters.duplicated += 1
    report = counters.report(8)
    assert {key: report[key] for key in report if key != "achieved"} == {
        "packets_in": 10,
        "bytes_in": 1000,
        "packets_out": 4,
        "bytes_out": 400,
        "duplicated": 1,
        "originated": 0,
        "queued": 3,
        "dropped": {"loss": 2, "queue": 2},
        "dropped_bytes": {"loss": 200, "queue": 150},
    }


def test_nothing_is_achieved_without_packets() -> None:
    """Values without a measurement are absent: before the first packet, and over a second after the last."""
    counters = FlowCounters()
    assert counters.achieved(0) == {}
    counters.came(1, 100, 5 * SECOND)
    assert counters.achieved(5 * SECOND + MS) != {}
    assert counters.achieved(int(6.2 * SECOND)) == {}


@pytest.mark.parametrize("offset_ms", [0, 1, 49, 50, 99])
def test_rate_of_a_steady_stream_is_exact_at_any_time(offset_ms: int) -> None:
    """1000 bytes every 10 ms are 800 kbit/s, at any point within a bucket."""
    counters = FlowCounters()
    end = 10 * SECOND + offset_ms * MS
    for now in range(0, end + 1, 10 * MS):
        counters.came(1, 1000, now)
        counters.left(1, 1000, [0], now)
    achieved = counters.achieved(end)
    assert achieved["rate_bps"] == pytest.approx(800_000, rel=0.011)
    assert 1 <= achieved["window_s"] < 1.1


def test_a_lone_packet_is_no_high_rate() -> None:
    """The window is the last second, even if most of it was silent."""
    counters = FlowCounters()
    for now in (0, 10 * SECOND):
        counters.came(1, 1000, now)
        counters.left(1, 1000, [0], now)
    achieved = counters.achieved(10 * SECOND + 20 * MS)
    assert achieved == {
        "window_s": 1.02,
        "packets": 1,
        "rate_bps": round(8000 / 1.02),
        "loss": 0.0,
        "delay_p50_ms": 0.0,
        "delay_p99_ms": 0.0,
    }


def test_the_window_of_a_young_link_starts_with_its_traffic() -> None:
    """Half a second after the first packet the window is half a second."""
    counters = FlowCounters()
    for now in range(20 * SECOND, 20 * SECOND + 500 * MS, 10 * MS):
        counters.left(1, 1000, [0], now)
    achieved = counters.achieved(20 * SECOND + 500 * MS)
    assert (achieved["window_s"], achieved["rate_bps"]) == (0.5, 800_000)


def test_loss_is_the_dropped_share_of_what_was_decided() -> None:
    """Held packets are not counted: dropped / (dropped + out)."""
    counters = FlowCounters()
    counters.came(100, 1000, SECOND)
    counters.left(60, 600, [0] * 60, SECOND)
    for _ in range(20):
        counters.lost("loss", 1, 10, SECOND)
    assert counters.achieved(SECOND + MS)["loss"] == 0.25


@pytest.mark.issue(10)
@pytest.mark.parametrize("cause", ["stalled", "kernel", "memory", "send"])
def test_what_the_lab_discards_is_no_loss(cause: str) -> None:
    """Packets discarded by a slow machine are counted separately from the conditions' loss."""
    counters = FlowCounters()
    counters.came(100, 1000, SECOND)
    counters.left(60, 600, [0] * 60, SECOND)
    counters.lost("loss", 20, 200, SECOND)
    counters.lost(cause, 20, 200, SECOND)
    achieved = FlowCounters.total([counters]).achieved(SECOND + MS)
    assert (achieved["loss"], achieved["discarded"]) == (0.25, 20)
    assert counters.dropped == {"loss": 20, cause: 20}  # everything that did not leave
    assert "discarded" not in counters.achieved(3 * SECOND)


def test_loss_is_right_in_a_flood() -> None:
    """Only the delay samples are limited, not the counts the loss is computed from."""
    counters = FlowCounters()
    for _ in range(100):
        counters.left(300, 300, [0] * 300, SECOND)
        for _ in range(100):
            counters.lost("loss", 1, 10, SECOND)
    assert 2 * MOST_DELAYS < 30_000
    assert counters.achieved(SECOND + MS)["loss"] == 0.25


def test_delays_are_from_entry_to_departure() -> None:
    """Median and 99th percentile of the time in the link, in milliseconds."""
    counters = FlowCounters()
    for n in range(100):
        counters.left(1, 100, [n * MS], SECOND)
    achieved = counters.achieved(SECOND + MS)
    assert (achieved["delay_p50_ms"], achieved["delay_p99_ms"]) == (50, 99)


def test_delays_of_a_flood_are_of_all_of_it() -> None:
    """With more delays than are kept, the samples are spread over all of them."""
    counters = FlowCounters()
    for n in range(1000):
        counters.left(100, 100, [n * MS] * 100, SECOND)
    achieved = counters.achieved(SECOND + MS)
    assert achieved["delay_p50_ms"] == pytest.approx(500, abs=50)
    assert achieved["delay_p99_ms"] == pytest.approx(990, abs=20)
    assert len(counters._buckets[-1].delays.kept) <= MOST_DELAYS


def test_waits_in_a_queue() -> None:
    """Median and 95th percentile of the waits, apart from the delays; absent without a bottleneck."""
    counters = FlowCounters()
    counters.left(1, 100, [80 * MS], SECOND)
    assert "queue_delay_p50_ms" not in counters.achieved(SECOND + MS)
    for n in range(99):
        counters.left(1, 100, [80 * MS], SECOND, [n * MS])
    achieved = counters.achieved(SECOND + MS)
    assert (achieved["delay_p50_ms"], achieved["queue_delay_p50_ms"], achieved["queue_delay_p95_ms"]) == (80, 49, 94)


def test_the_total_of_flows_is_their_sum_and_their_common_second() -> None:
    """Counts add up; rate and loss are those of all packets within the same window."""
    flow_counters = [FlowCounters(), FlowCounters()]
    for n, counters in enumerate(flow_counters):
        for now in range(0, 2 * SECOND, 100 * MS):
            counters.came(4, 400, now)
            counters.left(3, 300, [(n + 1) * MS] * 3, now)
            counters.lost("loss", 1, 100, now)
    total = FlowCounters.total(flow_counters)
    report = total.report(2 * SECOND - 1)
    assert (report["packets_in"], report["packets_out"], report["dropped"]) == (160, 120, {"loss": 40})
    assert report["achieved"]["rate_bps"] == pytest.approx(2 * 300 * 8 * 10, rel=0.1)
    assert (report["achieved"]["loss"], report["achieved"]["delay_p99_ms"]) == (0.25, 2)
