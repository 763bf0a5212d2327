"""Writes a recorded call as a scenario that imposes its network again: the steps, and a table of both directions."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator

from ...text.durations import format_seconds
from .call import STEP_S, CallRecording, steps_in
from .recording import LinkRecording

Column = tuple[str, list[str]]
"""A heading, and a cell for each step."""

MOST_NAME = 120
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./, -]*")

_STEPS = """\
stack: call.yaml
seed: 7
steps:
  - expect: client1.video.client2.fps >= 10
    within: 30s
  - baseline: 5s
  - at: 0s
    trace: client2
    csv: {table}
    mark: the recorded network begins
  - at: {lasts_s}s
    recovers: client1.video.client2.fps >= 80% of before
    within: 30s
    for: 3s
    mark: it is over
"""


def scenario_text(call: CallRecording, source: str, table: str) -> str:
    """A scenario that plays the table with this name on client2; `source` names the dump."""
    source = "".join(one if one.isprintable() else "?" for one in source[:MOST_NAME])
    first = (
        f"The network of a recorded call, imposed on client2. Made by `synthlab trace import` from {source}, a "
        f"{call.form} of {format_seconds(call.lasts_s)}; {table} has the values of each second. Write what the "
        "participants must see meanwhile as expectations, and name your own stack."
    )
    comment = [*textwrap.wrap(first, 118), "What the dump does not show:", *_listed(call.notes)]
    about = f"about: {_quoted(f'the network of the call in {source}, again')}"
    steps = _STEPS.format(table=_quoted(table), lasts_s=f"{call.lasts_s:.0f}")
    return "".join(f"# {line}\n" for line in comment) + about + "\n" + steps


def table_text(call: CallRecording) -> str:
    """The table: rate, latency, loss and gaps of each second; only what changed is written again."""
    count = round(call.lasts_s / STEP_S)
    columns = [
        *_limited(call, count),
        *_columns("egress", call.egress),
        *_columns("ingress", call.ingress),
        *_outage(call, count),
    ]
    lines = [f"time [s],{','.join(name for name, _ in columns)}"]
    before: list[str] = []
    for number, cells in enumerate(zip(*(cells for _, cells in columns), strict=True)):
        row = ["" if before and cell == before[at] else cell for at, cell in enumerate(cells)]
        # The last row lasts as long as the one before it: a step.
        if any(row) or number >= count - 2:
            lines.append(f"{number * STEP_S:g},{','.join(row)}")
        before = list(cells)
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """As YAML and the filling in of variables read it back; JSON's strings are YAML's."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text.replace("${", "$${"))


def _listed(notes: tuple[str, ...]) -> Iterator[str]:
    for note in notes:
        yield from textwrap.wrap(note, 114, initial_indent="- ", subsequent_indent="  ")


def _limited(call: CallRecording, count: int) -> Iterator[Column]:
    """The capacity where it is known; elsewhere the rate is that of the stack."""
    if call.limits:
        cells = ["none"] * count
        for limit in call.limits:
            for number in steps_in(limit.start_s, limit.end_s, count):
                cells[number] = f"{limit.bps / 1000:.4g}"
        yield "egress.rate [kbit]", cells


def _columns(side: str, link: LinkRecording) -> Iterator[Column]:
    if link.delay:
        yield f"{side}.latency [ms]", [f"{value:.1f}" for value in link.delay.values]
    if link.loss:
        yield f"{side}.loss [%]", [f"{100 * value:.1f}" for value in link.loss.values]


def _outage(call: CallRecording, count: int) -> Iterator[Column]:
    if call.gaps:
        cells = ["none"] * count
        for first, last in call.gaps:
            for number in steps_in(first, last, count):
                cells[number] = "true"
        yield "both.outage", cells
