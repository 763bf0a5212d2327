"""The options of tc-netem(8) as conditions."""

from __future__ import annotations

from syntheticnet.conditions import QueueLimit

from ...errors import WrongUse
from .draft import Draft
from .kernel_correlation import kernel_shares
from .options import ChanceOption, DelayOption, LossOption, NetemOptions, SlotOption
from .rate_values import put_rate

_LEAST_SHOWN = 0.00005
_UNCORRELATED_NS = 200_000_000
"""Up to this jitter the kernel's uniform delays, simulated, correlate by less than 0.05 whatever it is told."""


def put_netem(options: NetemOptions, draft: Draft) -> None:
    """Add the values that the options mean."""
    if options.delay:
        _put_delay(options.delay, options, draft)
    if options.loss:
        draft.clear("loss", "loss_burst", "loss_correlation", "loss_gemodel", "loss_state")
        _put_loss(options.loss, draft)
    for name in ("corrupt", "duplicate"):
        chance: ChanceOption | None = getattr(options, name)
        if chance:
            draft.clear(f"{name}_correlation")
            _put_chance(name, name, chance, draft)
    if options.reorder:
        _put_reorder(options.reorder, options.gap, draft)
    if options.rate:
        put_rate(options.rate, draft)
    if options.slot:
        _put_slot(options.slot, draft)
    _put_limit(options, draft)


def _put_delay(delay: DelayOption, options: NetemOptions, draft: Draft) -> None:
    draft.clear("jitter", "distribution", "jitter_table", "jitter_share", "jitter_correlation", "reordering")
    draft.put("delay", "latency", delay.time_ns)
    if not delay.jitter_ns:
        return
    draft.put("delay", "jitter", delay.jitter_ns)
    draft.put("distribution", "distribution", options.distribution)
    if options.rate:
        draft.note("jitter keeps the order of packets beside a rate, in the kernel too")
    else:
        draft.put("delay", "reordering", True)
    if delay.correlation:
        draft.put("delay", "jitter_correlation", delay.correlation)
        if options.distribution or delay.jitter_ns <= _UNCORRELATED_NS:
            draft.note(
                "the kernel's delays do not follow one another: of a correlated number it uses only the remainder of a "
                f"division; here they do by {_percent(delay.correlation)}, with the stated distribution"
            )


def _put_loss(loss: ChanceOption | LossOption, draft: Draft) -> None:
    if isinstance(loss, ChanceOption):
        _put_chance("loss", "loss", loss, draft)
        return
    draft.write("loss", f"loss_{loss.kind}", " ".join(f"{share * 100:.10g}%" for share in loss.shares))


def _put_chance(option: str, name: str, chance: ChanceOption, draft: Draft) -> None:
    """A share of packets; the kernel's own law of correlation is named with what it makes of that share."""
    draft.put(option, name, chance.share)
    if not chance.correlation:
        return
    draft.put(option, f"{name}_correlation", chance.correlation)
    share, again = kernel_shares(chance.share, chance.correlation)
    ours = chance.correlation + (1 - chance.correlation) * chance.share
    words = "law of correlation, which tc-netem(8) calls deprecated," if option == "loss" else "law of correlation"
    draft.note(
        f"{option} {_percent(chance.share)} {_percent(chance.correlation)}: the kernel's own {words} makes it "
        f"{_shown(share)} of packets, {_shown(again)} after a hit; here it is {_percent(chance.share)}, "
        f"{_shown(ours)} after a hit"
    )


def _put_reorder(reorder: ChanceOption, gap: int | None, draft: Draft) -> None:
    draft.clear("early_correlation", "early_gap")
    _put_chance("reorder", "early", reorder, draft)
    draft.note("tc's reorder lets packets skip the delay, which is early here; our reorder holds packets back")
    if gap is not None and gap > 1:
        draft.put("gap", "early_gap", gap)
        if reorder.share:
            share = 1 / (gap - 1 + 1 / reorder.share)
            draft.note(f"with gap {gap} at most every {gap}th packet skips the delay, here {_shown(share)} of all")


def _put_slot(slot: SlotOption, draft: Draft) -> None:
    draft.clear("slot_jitter", "slot_distribution", "slot_packets", "slot_bytes")
    most_ns = slot.least_ns if slot.most_ns is None else slot.most_ns
    draft.write("slot", "slot", f"{slot.least_ns}ns-{max(most_ns, slot.least_ns)}ns")
    draft.put("slot", "slot_jitter", slot.jitter_ns)
    draft.put("slot", "slot_distribution", slot.distribution)
    draft.put("slot", "slot_packets", slot.packets or None)
    draft.put("slot", "slot_bytes", slot.bytes or None)
    if slot.bytes:
        draft.note("the kernel lets the last packet of a slot exceed its bytes; here it waits for the next slot")


def _put_limit(options: NetemOptions, draft: Draft) -> None:
    """tc's limit counts what waits for its time, for the rate or for the delay; here each has a limit of its own."""
    waits = [name for name, option in (("rate", options.rate), ("delay", options.delay)) if option]
    if options.limit is None:
        if options.delay:
            draft.note("the kernel holds 1000 packets unless its limit says otherwise; here there is no such limit")
        return
    if not waits:
        raise WrongUse(
            "limit: nothing waits without a delay or a rate; the nearest here are latency_limit beside a latency and "
            "queue beside a rate"
        )
    if options.delay:
        draft.put("limit", "latency_limit", options.limit)
    if options.rate:
        draft.put("limit", "queue", QueueLimit(options.limit, "packets"))
    if len(waits) > 1:
        draft.note("the kernel's limit counts packets that wait for rate and delay together; here each has its own")
    draft.note("what finds the limit reached is dropped, there as here; it is counted as limit or queue")


def _percent(share: float) -> str:
    return f"{share * 100:.6g} %"


def _shown(share: float) -> str:
    """A share that was computed."""
    return f"{share * 100:.2f} %" if share >= _LEAST_SHOWN or not share else "less than 0.01 %"
