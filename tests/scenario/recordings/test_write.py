"""Traces written from a recording say the same as the recording."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthlab.scenario.csvtrace import read_csv
from synthlab.scenario.recordings import LinkRecording, StepSeries, read_recording, written_recording

pytestmark = pytest.mark.issue(15)

OPPORTUNITY = 12_000  # bits


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 20_000_000)), min_size=1, max_size=20))
def test_a_rate_trace_sends_as_much(steps: list[tuple[int, int]]) -> None:
    """At the end of each step as many opportunities have come as its rate allows, give or take one, and one ms."""
    times = [sum(span for span, _ in steps[:number]) / 10 for number in range(len(steps) + 1)]
    rate = StepSeries(times[:-1], [float(bps) for _, bps in steps], times[-1])
    if rate.mean() * rate.lasts_s < OPPORTUNITY / 2:
        with pytest.raises(ValueError, match="never lets a packet pass"):
            written_recording(LinkRecording(form="", rate=rate), "rate", "both")
        return
    lines = [int(line) for line in written_recording(LinkRecording(form="", rate=rate), "rate", "both").split()]
    allowed, before = 0.0, 0.0
    for (span, bps), end in zip(steps, times[1:], strict=True):
        allowed += span / 10 * bps / OPPORTUNITY
        sent = sum(line <= end * 1000 for line in lines)
        assert allowed - 1 - bps / 1000 / OPPORTUNITY <= sent + 1e-6
        assert sent <= allowed + 2 + bps / 1000 / OPPORTUNITY
        before = end
    assert lines[-1] == round(before * 1000)


def test_a_delay_trace(tmp_path: Path) -> None:
    """Read again, it is the same."""
    delay = StepSeries([0.0, 0.25, 0.5], [20.0, 31.25, 0.5], 0.75)
    (tmp_path / "some").write_text(written_recording(LinkRecording(form="", delay=delay), "delay", "both"))
    assert read_recording(tmp_path / "some").delay == delay


def test_a_table(tmp_path: Path) -> None:
    """A scenario's `trace` reads it; rows are 100 ms apart, and a gap is an outage."""
    rate = StepSeries([0.0, 0.05, 0.4, 1.0], [1e6, 3e6, 0.0, 5e5], 2.0)
    delay = StepSeries([0.0, 1.0], [20.0, 40.0], 2.0)
    text = written_recording(LinkRecording(form="", rate=rate, delay=delay), "csv", "egress")
    assert text == ("time [s],egress.rate [kbit],egress.latency [ms]\n0,2000,20\n0.1,3000,\n0.4,0,\n1,500,40\n")
    assert read_csv(text).rows[2][1] == {"egress": {"rate": "3000kbit", "latency": "20ms", "outage": True}}
    (tmp_path / "some").write_text(text)
    again = read_recording(tmp_path / "some")
    assert again.rate
    # The last row of a table lasts as long as the one before it: here 0.6 s.
    assert again.rate.mean() * again.lasts_s == pytest.approx(rate.mean() * 2.0 - 0.4 * 5e5)


@pytest.mark.parametrize(
    ("recording", "form", "expected"),
    [
        (LinkRecording(form="", rate=StepSeries([0.0], [1e6], 1.0)), "delay", "has no delay, so it cannot become"),
        (LinkRecording(form="", delay=StepSeries([0.0], [5.0], 1.0)), "rate", "has no rate, so it cannot become"),
        (
            LinkRecording(form="", rate=StepSeries([0.0], [1e9], 60.0)),
            "rate",
            "takes 5000000 opportunities of 1500 bytes; at most 4000000 are allowed",
        ),
        (
            LinkRecording(form="", delay=StepSeries([0.0], [61_000.0], 1.0)),
            "delay",
            "line 1: .* above 60 s",
        ),
    ],
)
def test_what_a_client_would_refuse(recording: LinkRecording, form: str, expected: str) -> None:
    """It is refused when it is written."""
    with pytest.raises(ValueError, match=expected):
        written_recording(recording, form, "both")
