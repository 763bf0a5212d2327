"""The rates of tc-netem(8) and tc-tbf(8) as conditions."""

from __future__ import annotations

from syntheticnet.conditions import FULL_SIZE, QueueLimit

from ...errors import WrongUse
from .draft import Draft
from .options import RateOption, TbfOptions


def put_rate(rate: RateOption, draft: Draft) -> None:
    """Add a rate with its costs."""
    draft.clear("rate_trace", "burst", "overhead", "cell", "cell_overhead")
    draft.put("rate", "rate", rate.bps)
    if rate.written.lower().endswith("bps"):
        draft.note(f"{rate.written} is in bytes per second in tc: {draft.values['rate']}")
    put_overhead("rate", rate.overhead, draft)
    if rate.cell < 0 or rate.cell_overhead < 0:
        raise WrongUse("rate: negative cells are not available; the nearest here are cell and cell_overhead, from 0")
    if rate.cell:
        draft.put("rate", "cell", rate.cell)
        draft.put("rate", "cell_overhead", rate.cell_overhead or None)
    elif rate.cell_overhead:
        draft.note(f"a cell overhead of {rate.cell_overhead} bytes has no effect without a cell size, there as here")


def put_overhead(option: str, overhead: int | None, draft: Draft) -> None:
    """Add bytes per packet."""
    if overhead is not None and overhead < 0:
        raise WrongUse(
            f"{option}: {overhead} bytes per packet are not available; the nearest here is overhead, from 0b"
        )
    draft.put(option, "overhead", overhead or None)


def put_tbf(options: TbfOptions, draft: Draft) -> None:
    """Add the values of a token bucket."""
    assert options.rate is not None
    if draft.values.get("rate"):
        raise WrongUse("tbf: netem has a rate already; a direction has one bottleneck")
    put_rate(options.rate, draft)
    put_overhead("overhead", options.overhead, draft)
    draft.put("burst", "burst", options.burst or None)
    if options.burst and options.burst < FULL_SIZE:
        draft.note("the kernel drops packets longer than the burst; here they take the rest of their time")
    if not options.burst:
        draft.note("tc-tbf requires a burst; without one packets leave one after the other here")
    if options.limit is not None:
        draft.put("limit", "queue", QueueLimit(max(options.limit, 1), "bytes"))
    elif options.latency_ns is not None:
        # iproute2, q_tbf.c: the limit is what the rate sends in that time, plus the burst.
        size = round(options.rate.bps * options.latency_ns / 8e9) + (options.burst or 0)
        draft.put("latency", "queue", QueueLimit(max(size, 1), "bytes"))
        draft.note(f"the queue is what tc makes of tbf's latency: rate x latency + burst = {size} bytes")
    else:
        draft.note("tc-tbf requires a limit or a latency; without one the queue is as it was, 200ms by default")
