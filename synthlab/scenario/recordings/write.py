"""Writes a recording as a file that conditions or a scenario's `trace` use."""

from __future__ import annotations

from collections.abc import Iterator

from syntheticnet.conditions import MOST_LINES, read_delay_trace, read_rate_trace

from .recording import BIN_S, LinkRecording, StepSeries
from .tables import OPPORTUNITY_BITS

FORMS = ("rate", "delay", "csv")
_SCALES = {"rate [kbit]": 1e-3, "latency [ms]": 1.0, "loss [%]": 100.0}


def written_recording(recording: LinkRecording, form: str, side: str) -> str:
    """The text of a rate trace, a delay trace or a CSV table for `side`; raises ValueError if it cannot be one."""
    if form == "csv":
        return "".join(_table(recording, side))
    series = recording.rate if form == "rate" else recording.delay
    if series is None:
        raise ValueError(f"has no {form}, so it cannot become a {form} trace")
    text = "".join(_opportunities(series) if form == "rate" else _delays(series))
    # A client reads it later; what it would refuse is found now.
    read = read_rate_trace if form == "rate" else read_delay_trace
    read(text.encode())
    return text


def _opportunities(rate: StepSeries) -> Iterator[str]:
    """A time (ms) per 1500 bytes that could be sent by then; the last one is the length of the trace."""
    count = round(rate.mean() * rate.lasts_s / OPPORTUNITY_BITS)
    lasts_ms = round(rate.lasts_s * 1000)
    if not count:
        raise ValueError("never lets a packet pass: it has no rate above 0 for long enough")
    if count > MOST_LINES:
        raise ValueError(f"takes {count} opportunities of 1500 bytes; at most {MOST_LINES} are allowed")
    sent, last_ms = 0.0, 0
    for start, span, bps in zip(rate.times_s, rate.spans_s(), rate.values, strict=True):
        # An opportunity comes when its 1500 bytes are complete, as it would on a link of that rate.
        before, sent = sent, sent + bps * span / OPPORTUNITY_BITS
        for number in range(int(before + 1e-9) + 1, int(sent + 1e-9) + 1):
            last_ms = round((start + (number - before) / (sent - before) * span) * 1000)
            yield f"{last_ms}\n"
    if last_ms < lasts_ms:
        yield f"{lasts_ms}\n"


def _delays(delay: StepSeries) -> Iterator[str]:
    for time, value in zip(delay.times_s, delay.values, strict=True):
        yield f"{time * 1000:.6f} {max(0.0, value):.6f}\n"


def _table(recording: LinkRecording, side: str) -> Iterator[str]:
    """Rows that are at least `BIN_S` apart, as `trace` steps require."""
    columns = {"rate [kbit]": recording.rate, "latency [ms]": recording.delay, "loss [%]": recording.loss}
    used = {name: _rastered(series) for name, series in columns.items() if series}
    yield f"time [s],{','.join(f'{side}.{name}' for name in used)}\n"
    changes = sorted({time for series in used.values() for time in series.times_s})
    cells = [dict(zip(series.times_s, series.values, strict=True)) for series in used.values()]
    for time in changes:
        row = [_cell(name, column[time]) if time in column else "" for name, column in zip(used, cells, strict=True)]
        yield f"{time:.10g},{','.join(row)}\n"


def _rastered(series: StepSeries) -> StepSeries:
    """On a raster of `BIN_S`, so that the rows of two values coincide."""
    binned = series.binned(BIN_S)
    times = [round(time, 3) for time in binned.times_s]
    values = [float(f"{value:.6g}") for value in binned.values]
    kept = [number for number, value in enumerate(values) if not number or value != values[number - 1]]
    return StepSeries([times[number] for number in kept], [values[number] for number in kept], series.lasts_s)


def _cell(name: str, value: float) -> str:
    return f"{value * _SCALES[name]:.6g}"
