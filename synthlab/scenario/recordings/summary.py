"""What a recording says in a few numbers: mean, percentiles, gaps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from .recording import LinkRecording, StepSeries

SHARES = {"p5": 0.05, "p50": 0.5, "p95": 0.95, "p99": 0.99}


def summarised(recording: LinkRecording) -> dict[str, Any]:
    """The numbers of a recording: rates in bit/s, delays in ms, times in s, losses as shares; None: not recorded."""
    return {
        "format": recording.form,
        "lasts_s": round(recording.lasts_s, 3),
        "rate_bps": _numbers(recording.rate),
        "delay_ms": _numbers(recording.delay),
        "loss": _numbers(recording.loss),
        "gaps": _gaps(recording.rate) if recording.rate else None,
    }


def _numbers(series: StepSeries | None) -> dict[str, float] | None:
    if series is None:
        return None
    shares = {name: series.percentile(share) for name, share in SHARES.items()}
    found = {"mean": series.mean(), **shares, "max": max(series.values)}
    return {name: float(f"{value:.6g}") for name, value in found.items()}


def _gaps(rate: StepSeries) -> dict[str, float]:
    """The times at which nothing could be sent."""
    gaps = list(_spans_of_nothing(rate))
    return {"count": len(gaps), "longest_s": round(max(gaps, default=0.0), 3), "total_s": round(sum(gaps), 3)}


def _spans_of_nothing(rate: StepSeries) -> Iterator[float]:
    spans = zip(rate.values, rate.spans_s(), strict=True)
    for is_gap, group in groupby(spans, lambda pair: pair[0] == 0):
        if is_gap:
            yield sum(span for _, span in group)
