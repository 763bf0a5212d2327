"""Loss models with several parameters, written on one line."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass
from decimal import Decimal
from typing import Any

from .units import SHARE, Unit, format_packets, packet_count, quantity

MOST_RANGES = 1000
MOST_NUMBER = 10**9
MOST_BURST = 10_000

_RANGE = re.compile(r"\s*([0-9]{1,10})\s*(?:-\s*([0-9]{1,10})\s*)?")


@dataclass(frozen=True, slots=True)
class GilbertElliott:
    """Probabilities of the transitions good to bad and bad to good, and of loss in each state.

    They equal p, r, 1-h and 1-k of tc-netem's `loss gemodel`.
    """

    to_bad: float
    to_good: float
    lost_in_bad: float
    lost_in_good: float


@dataclass(frozen=True, slots=True)
class FourState:
    """The transitions of tc-netem's `loss state`: 1 received, 2 received within a burst, 3 burst loss, 4 lone loss."""

    p13: float
    p31: float
    p32: float
    p23: float
    p14: float


@dataclass(frozen=True, slots=True)
class PacketNumbers:
    """Positions of packets, counted from 1: ascending, disjoint ranges, both ends included."""

    ranges: tuple[tuple[int, int], ...]


def _shares(value: object, most: int, allowed: str) -> list[float]:
    words = value.split() if isinstance(value, str) else []
    if not 1 <= len(words) <= most:
        raise ValueError(f"{value!r} is not {allowed}")
    return [SHARE.parse(word) for word in words]


def _parse_gemodel(value: object) -> GilbertElliott:
    shares = _shares(value, 4, GEMODEL.allowed)
    defaults = [0.0, _rest(shares[0]), 1.0, 0.0]
    return GilbertElliott(*shares, *defaults[len(shares) :])


def _parse_state(value: object) -> FourState:
    shares = _shares(value, 5, STATE.allowed)
    defaults = [0.0, _rest(shares[0]), 0.0, 1.0, 0.0]
    model = FourState(*shares, *defaults[len(shares) :])
    if _sum(model.p13, model.p14) > 1 or _sum(model.p31, model.p32) > 1:
        raise ValueError(f"{value!r} is not a valid model: p13 + p14 and p31 + p32 must each be at most 100%")
    return model


def _rest(share: float) -> float:
    return float(1 - Decimal(str(share)))


def _sum(*shares: float) -> Decimal:
    return sum((Decimal(str(share)) for share in shares), Decimal(0))


def _format_shares(model: Any) -> str:
    return " ".join(SHARE.format(share) for share in astuple(model))


def _parse_burst(value: object) -> float:
    length, _ = quantity(value, {"p": 1}, BURST.allowed)
    if not 1 <= length <= MOST_BURST:
        raise ValueError(f"{value!r} is not between 1p and {MOST_BURST}p")
    return float(length)


def _parse_numbers(value: object) -> PacketNumbers:
    parts = value.split(",") if isinstance(value, str) else []
    if len(parts) > MOST_RANGES:
        raise ValueError(f"{len(parts)} numbers and ranges; at most {MOST_RANGES} are allowed")
    forms = [_RANGE.fullmatch(part) for part in parts]
    if not forms or not all(forms):
        raise ValueError(f"{value!r} is not {NUMBERS.allowed}")
    ranges = [(int(form[1]), int(form[2] or form[1])) for form in forms if form]
    if not all(1 <= low <= high <= MOST_NUMBER for low, high in ranges):
        raise ValueError(f"{value!r} has a number outside 1 to {MOST_NUMBER}, or a range that runs backwards")
    return PacketNumbers(tuple(_merged(sorted(ranges))))


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for low, high in ranges:
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _format_numbers(numbers: PacketNumbers) -> str:
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in numbers.ranges)


GEMODEL = Unit("shares", "1 to 4 shares p, r, 1-h and 1-k, such as 1% 10% 70% 0.1%", _parse_gemodel, _format_shares)
STATE = Unit(
    "shares", "1 to 5 shares p13, p31, p32, p23 and p14, such as 1% 10% 5% 50% 0.1%", _parse_state, _format_shares
)
BURST = Unit("packets", "a number of packets such as 4p or 2.5p", _parse_burst, format_packets)
NUMBERS = Unit("numbers", "a list of packet numbers such as 1,5-7,100", _parse_numbers, _format_numbers)
EVERY = packet_count(1_000_000, "10p")
