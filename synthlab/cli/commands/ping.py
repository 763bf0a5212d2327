"""`ping`: measure the path between two containers of a lab."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ...control.backend import Backend
from ...control.running_lab import RunningLab
from .. import console
from ..tables import word
from .options import JsonOption, LabOption, complete_clients

if TYPE_CHECKING:
    from syntheticnet.conditions import LinkConditions

    from ...lab.path_test import PathResult, Way

EndArgument = Annotated[str, typer.Argument(metavar="A", help="One end.", autocompletion=complete_clients)]
OtherArgument = Annotated[str, typer.Argument(metavar="B", help="The other end.", autocompletion=complete_clients)]
FullOption = Annotated[
    bool,
    typer.Option("--full", help="Also delay and loss each way, reordering, TCP and UDP rates, and path MTU: 25 s."),
]
Ipv6Option = Annotated[
    bool, typer.Option("-6", help="Over IPv6. By default over IPv4, and over IPv6 in a lab that has no other.")
]


def ping(
    context: typer.Context,
    a: EndArgument,
    b: OtherArgument,
    full: FullOption = False,
    ipv6: Ipv6Option = False,
    lab: LabOption = None,
    json: JsonOption = False,
) -> None:
    """Measure the path between two ends of a lab.

    Datagrams on a random port go from A to B and back, through the conditions of both. What is set along the path is
    shown beside what was measured.

    \b
    Examples:
      synthlab ping client1 client2
      synthlab ping web db --full
      synthlab ping web db -6
    """
    from ...lab.path_test import links_of
    from ...lab.path_test import ping as measure

    backend: Backend = context.obj
    running = RunningLab.named(backend, lab)
    with console.progress() as progress:
        result = measure(running, a, b, full, progress, 6 if ipv6 else 0)
        states = running.states()
    addresses = dict(zip((a, b), result.addresses, strict=True))
    there, back = links_of(states, a, b, addresses), links_of(states, b, a, addresses)
    if json:
        written = {"there": dict(_written(there)), "back": dict(_written(back))}
        console.print_json(asdict(result) | {"rtt_ms": result.rtt_ms, "set": written})
        return
    console.print_lines("\n".join(_lines(result, there, back)))


def _lines(
    result: PathResult, there: list[tuple[str, LinkConditions]], back: list[tuple[str, LinkConditions]]
) -> Iterator[str]:
    """The result as text: one block for each way."""
    times = sorted(result.rtts_ms)
    yield f"{result.a} to {result.b} ({result.addresses[1]}) and back"
    if times:
        yield f"  round trip  {result.rtt_ms:.1f} ms (from {times[0]:.1f} to {times[-1]:.1f} ms)"
    yield f"  lost        {result.lost} of {result.there.sent}"
    if result.discarded:
        yield f"  unreliable  the lab itself discarded {result.discarded} packets: this machine was too slow"
    if result.full:
        yield f"  path MTU    {result.mtu or 'below 576'}"
    if len(set(result.nodes)) > 1:
        yield f"  each way    delays are exact to the difference of the clocks of {' and '.join(result.nodes)}"
    for title, way, links in (
        (f"{result.a} to {result.b}", result.there, there),
        (f"{result.b} to {result.a}", result.back, back),
    ):
        yield title
        yield f"  set         {_set(links)}"
        yield from _way(way, result.full)


def _way(way: Way, full: bool) -> Iterator[str]:
    if way.delays_ms:
        spread = f", p99 {way.delay_ms(0.99):.1f} ms" if full else ""
        yield f"  delay       {way.delay_ms(0.5):.1f} ms{spread}"
    if full:
        yield f"  lost        {way.loss:.1%} ({way.sent - len(way.delays_ms)} of {way.sent})"
        yield f"  reordered   {way.reordered}"
        yield from (f"  {name.upper()}         {bps / 1e6:.3g} Mbit/s" for name, bps in way.rates.items())


def _set(links: list[tuple[str, LinkConditions]]) -> str:
    """The values along a way, and their sum where delays of two ends add up."""
    parts = [
        f"{name} {', '.join(f'{key} {word(value)}' for key, value in values.items())}"
        for name, values in _written(links)
    ]
    delays_ns = [values.latency_ns for _, values in links if values.latency_ns]
    total = f"; together {sum(delays_ns) / 1e6:g} ms" if len(delays_ns) > 1 else ""
    return ("; ".join(parts) or "nothing") + total


def _written(links: list[tuple[str, LinkConditions]]) -> Iterator[tuple[str, dict[str, object]]]:
    for name, values in links:
        if text := values.to_dict():
            yield name, text
