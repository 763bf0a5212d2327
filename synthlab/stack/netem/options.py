"""What a text in tc's language asks for: the options of tc-netem(8) and tc-tbf(8), in base units."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from ...errors import WrongUse
from .words import Words, read_count, read_rate_bps, read_share, read_signed, read_size, read_time_ns

TIME = "a time with its unit, such as 100ms"
SHARE = "a percentage such as 5%"
RATE = "a rate such as 1mbit"
SIZE = "a size such as 32kb"
DISTRIBUTIONS = ("uniform", "normal", "pareto", "paretonormal")


@dataclass(frozen=True, slots=True)
class ChanceOption:
    """A share of packets, and how far each follows the one before it; both 0 to 1."""

    share: float
    correlation: float | None = None


@dataclass(frozen=True, slots=True)
class DelayOption:
    time_ns: int
    jitter_ns: int | None = None
    correlation: float | None = None


@dataclass(frozen=True, slots=True)
class LossOption:
    """The parameters of `loss state` or `loss gemodel`, 0 to 1."""

    kind: str
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RateOption:
    """`written` is as in the text. `overhead` and the cell's values are bytes."""

    bps: float
    written: str
    overhead: int | None = None
    cell: int = 0
    cell_overhead: int = 0


@dataclass(slots=True)
class SlotOption:
    """`least_ns` to `most_ns`; with a distribution `least_ns` is its middle."""

    least_ns: int
    most_ns: int | None = None
    distribution: str | None = None
    jitter_ns: int | None = None
    packets: int | None = None
    bytes: int | None = None


@dataclass(slots=True)
class NetemOptions:
    """The options of `netem`; None: not given."""

    limit: int | None = None
    delay: DelayOption | None = None
    distribution: str | None = None
    loss: ChanceOption | LossOption | None = None
    corrupt: ChanceOption | None = None
    duplicate: ChanceOption | None = None
    reorder: ChanceOption | None = None
    gap: int | None = None
    rate: RateOption | None = None
    slot: SlotOption | None = field(default=None)


@dataclass(slots=True)
class TbfOptions:
    """The options of `tbf`; `latency_ns` and `limit` (bytes) exclude each other."""

    rate: RateOption | None = None
    burst: int | None = None
    limit: int | None = None
    latency_ns: int | None = None
    overhead: int | None = None


def read_netem(words: Words) -> NetemOptions:
    """The options of `netem`; raises WrongUse."""
    found = NetemOptions()
    while words:
        option = words.next_option(_NETEM, _NOT_NETEM)
        name, read = _NETEM[option]
        if getattr(found, name) is not None:
            words.refuse("is given twice")
        setattr(found, name, read(words))
    _refuse_lone(found)
    return found


def read_tbf(words: Words) -> TbfOptions:
    """The options of `tbf`; raises WrongUse."""
    found = TbfOptions()
    while words:
        option = words.next_option(_TBF, _NOT_TBF)
        name, read = _TBF[option]
        if getattr(found, name) is not None:
            words.refuse("is given twice")
        setattr(found, name, read(words))
    if found.rate is None:
        raise WrongUse("tbf: requires a rate")
    if found.limit is not None and found.latency_ns is not None:
        raise WrongUse("tbf: limit and latency exclude each other; give one of them")
    return found


def is_empty(options: NetemOptions) -> bool:
    return all(getattr(options, item.name) is None for item in fields(options))


def _refuse_lone(found: NetemOptions) -> None:
    """Refuse what tc refuses too: options that have nothing to work on."""
    if found.distribution is not None and (found.delay is None or not found.delay.jitter_ns):
        raise WrongUse("distribution: requires a delay with jitter, such as delay 100ms 20ms")
    if found.gap is not None and found.reorder is None:
        raise WrongUse("gap: requires reorder, such as reorder 25% gap 5")
    if found.reorder is not None and (found.delay is None or not found.delay.time_ns):
        raise WrongUse(
            "reorder: requires a delay, which the reordered packets skip; the nearest here is reorder, without netem: "
            "it lets later packets overtake a share"
        )


def _read_delay(words: Words) -> DelayOption:
    time_ns = words.needed(read_time_ns, TIME)
    jitter_ns = words.optional(read_time_ns, TIME)
    return DelayOption(time_ns, jitter_ns, None if jitter_ns is None else words.optional(read_share, SHARE))


def _read_chance(words: Words) -> ChanceOption:
    return ChanceOption(words.needed(read_share, SHARE), words.optional(read_share, SHARE))


def _read_loss(words: Words) -> ChanceOption | LossOption:
    kind = words.takes("random", "state", "gemodel")
    loss: ChanceOption | LossOption
    if kind in ("state", "gemodel"):
        shares = [words.needed(read_share, SHARE)]
        for _ in range(4 if kind == "state" else 3):
            share = words.optional(read_share, SHARE)
            shares += [] if share is None else [share]
        loss = LossOption(kind, tuple(shares))
    else:
        loss = _read_chance(words)
    if words.takes("ecn"):
        words.refuse("ecn is not available; the nearest here is ecn with aqm codel, which marks where it would drop")
    return loss


def _read_distribution(words: Words) -> str:
    def known(word: str) -> str | None:
        return word if word in DISTRIBUTIONS else None

    table = "a table of your own is jitter_table here"
    return words.needed(known, f"one of {', '.join(DISTRIBUTIONS)} ({table})")


def _read_rate(words: Words) -> RateOption:
    written: list[str] = []

    def read(word: str) -> float | None:
        written.append(word)
        return read_rate_bps(word)

    rate = words.needed(read, RATE)
    others = [words.optional(read_signed, "a whole number of bytes") for _ in range(3)]
    return RateOption(rate, written[0], others[0], others[1] or 0, others[2] or 0)


def _read_tbf_rate(words: Words) -> RateOption:
    rate = _read_rate(words)
    if rate.overhead is not None:
        words.refuse("has a number too many; a tbf's bytes per packet are its overhead")
    return rate


def _read_slot(words: Words) -> SlotOption:
    if words.takes("distribution"):
        distribution = _read_distribution(words)
        middle_ns, jitter_ns = words.needed(read_time_ns, TIME), words.needed(read_time_ns, TIME)
        slot = SlotOption(middle_ns, distribution=distribution, jitter_ns=jitter_ns)
    else:
        slot = SlotOption(words.needed(read_time_ns, TIME), words.optional(read_time_ns, TIME))
    while kind := words.takes("packets", "bytes"):
        if kind == "packets":
            slot.packets = words.needed(read_count, "a number of packets")
        else:
            slot.bytes = words.needed(read_size, SIZE)
    return slot


def _read_count(words: Words) -> int:
    return words.needed(read_count, "a number of packets")


def _read_size(words: Words) -> int:
    return words.needed(read_size, SIZE)


def _read_time(words: Words) -> int:
    return words.needed(read_time_ns, TIME)


_NETEM: dict[str, tuple[str, Any]] = {
    "limit": ("limit", _read_count),
    "delay": ("delay", _read_delay),
    "latency": ("delay", _read_delay),
    "distribution": ("distribution", _read_distribution),
    "loss": ("loss", _read_loss),
    "drop": ("loss", _read_loss),
    "corrupt": ("corrupt", _read_chance),
    "duplicate": ("duplicate", _read_chance),
    "reorder": ("reorder", _read_chance),
    "gap": ("gap", _read_count),
    "rate": ("rate", _read_rate),
    "slot": ("slot", _read_slot),
}
_NOT_NETEM = {
    "seed": "is not part of a link here; the nearest is the seed of all draws: --seed N, or seed: N in files",
    "ecn": "belongs behind a loss, and is not available; the nearest here is ecn with aqm codel",
}
_TBF: dict[str, tuple[str, Any]] = {
    "rate": ("rate", _read_tbf_rate),
    **dict.fromkeys(("burst", "buffer", "maxburst"), ("burst", _read_size)),
    "limit": ("limit", _read_size),
    "latency": ("latency_ns", _read_time),
    "overhead": ("overhead", lambda words: words.needed(read_signed, "a whole number of bytes")),
}
_NOT_TBF = {
    "peakrate": "is not available; the nearest here is rate without a burst, which never exceeds its rate",
    **dict.fromkeys(("mtu", "minburst"), "is that of a peakrate, which is not available; the nearest here is burst"),
    "mpu": "is not available; the nearest here is overhead, bytes that each packet costs in addition",
    "linklayer": "is not available; the nearest here is overhead, bytes that each packet costs in addition",
}
