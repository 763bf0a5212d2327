"""Chart rows of a client's media: video and audio received from each participant, and sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..scenario.record import Series
from .chart import ChartLine, Look, Row, broken

MOST_PARTICIPANTS = 7
"""Drawn in one row: more colours cannot be distinguished."""

_KBIT = 1000.0
LINK_NUMBERS = ("rate", "loss", "delay_p50", "delay_p99", "queue_delay_p50", "queue_delay_p95", "queued")
"""Those drawn of every link."""


def webrtc_rows(client: str, samples: Mapping[str, Series], first: Iterable[str] = ()) -> Iterator[Row]:
    """The rows with any line. If there are too many participants, those in `first` are drawn before others."""
    for kind, number, title, unit, scale in (
        ("video", "fps", "video frames", "/s", 1.0),
        ("video", "kbps", "video rate", "bit/s", _KBIT),
        ("audio", "kbps", "audio rate", "bit/s", _KBIT),
    ):
        lines, left_out = _lines(client, samples, kind, number, scale, first)
        if lines:
            yield Row(title + (f" ({left_out} more participants not drawn)" if left_out else ""), unit, lines)


def own_rows(names: Iterable[str], samples: Mapping[str, Series]) -> Iterator[Row]:
    """A row for each of these numbers that has samples, titled with its name."""
    for number, name in enumerate(names):
        if name in samples and samples[name].times_s:
            times, values = broken(samples[name].times_s, samples[name].values)
            colour = f"series{number % MOST_PARTICIPANTS + 1}"
            yield Row(name, "", (ChartLine(name=name.rpartition(".")[2], colour=colour, times_s=times, values=values),))


def drawn(client: str, name: str) -> bool:
    """Whether a number is in one of the rows drawn for every client."""
    parts = name.removeprefix(f"{client}.").split(".")
    received = parts[0] in ("video", "audio") and parts[-1] in ("fps", "kbps")
    sent = parts[0] == "sent" and parts[1:] in (["video", "fps"], ["video", "kbps"], ["audio", "kbps"])
    link = parts[0] in ("egress", "ingress") and parts[-1] in LINK_NUMBERS
    return received or sent or link or (parts[0] in ("egress", "ingress") and "dropped" in parts)


def _lines(
    client: str, samples: Mapping[str, Series], kind: str, number: str, scale: float, first: Iterable[str]
) -> tuple[tuple[ChartLine, ...], int]:
    start, end = f"{client}.{kind}.", f".{number}"
    measured = (name for name, series in samples.items() if series.times_s)
    names = [name[len(start) : -len(end)] for name in measured if name.startswith(start) and name.endswith(end)]
    wanted = set(first)
    ordered = sorted(names, key=lambda name: (name not in wanted, name))
    lines = [
        _line(f"from {name}", f"series{index}", samples[f"{start}{name}{end}"], scale)
        for index, name in enumerate(ordered[:MOST_PARTICIPANTS], 1)
    ]
    sent = samples.get(f"{client}.sent.{kind}.{number}")
    if sent is not None and sent.times_s:
        lines.append(_line("sent", "sent", sent, scale, look="dashed"))
    return tuple(lines), max(0, len(names) - MOST_PARTICIPANTS)


def _line(name: str, colour: str, series: Series, scale: float, look: Look = "solid") -> ChartLine:
    times, values = broken(series.times_s, series.values)
    scaled = [value * scale if isinstance(value, int | float) else None for value in values]
    return ChartLine(name=name.rpartition(".")[2], colour=colour, times_s=times, values=scaled, look=look)
