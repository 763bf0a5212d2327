"""The words of a text in tc's language, read one by one, with tc's units."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import NoReturn, TypeVar

from ...errors import WrongUse, did_you_mean

T = TypeVar("T")
Scales = Mapping[str, int | Fraction]
"""Units, and what each is in base units."""

_NUMBER = re.compile(r"([+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}))([A-Za-z%]*)")
_TIMES_NS: Scales = {
    **dict.fromkeys(("s", "sec", "secs"), 10**9),
    **dict.fromkeys(("ms", "msec", "msecs"), 10**6),
    **dict.fromkeys(("us", "usec", "usecs"), 10**3),
    **dict.fromkeys(("ns", "nsec", "nsecs"), 1),
}
_SHARES: Scales = {"": 1, "%": 1}
_PREFIXES = {"": 1, "k": 10**3, "ki": 2**10, "m": 10**6, "mi": 2**20, "g": 10**9, "gi": 2**30, "t": 10**12, "ti": 2**40}
_RATES_BPS: Scales = {"": 1} | {
    f"{prefix}{unit}": scale * bits for prefix, scale in _PREFIXES.items() for unit, bits in (("bit", 1), ("bps", 8))
}
_SIZES: Scales = {"": 1, "b": 1} | {
    f"{prefix}{unit}": Fraction(2**power, bits)
    for prefix, power in (("k", 10), ("m", 20), ("g", 30))
    for unit, bits in (("", 1), ("b", 1), ("bit", 8))
}


class Words:
    """The words after `option`; an error names the option."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = list(words)
        self.option = ""

    def __bool__(self) -> bool:
        return bool(self._words)

    def next_option(self, allowed: Mapping[str, object], elsewhere: Mapping[str, str]) -> str:
        """The next word, one of `allowed`; `elsewhere` says of other options what is nearest to them here."""
        self.option = word = self._words.pop(0)
        if word in elsewhere:
            self.refuse(elsewhere[word])
        if word not in allowed:
            raise WrongUse(f"{word!r} is not an option{did_you_mean(word, allowed)}; allowed: {', '.join(allowed)}")
        return word

    def takes(self, *words: str) -> str | None:
        """The next word if it is one of `words`."""
        return self._words.pop(0) if self._words and self._words[0] in words else None

    def needed(self, read: Callable[[str], T | None], what: str) -> T:
        """The next word, which `read` parses; it returns None for what is not `what`."""
        word = self._words.pop(0) if self._words else None
        value = None if word is None else read(word)
        if value is None:
            self.refuse(f"{word!r} is not {what}" if word is not None else f"requires {what}")
        return value

    def optional(self, read: Callable[[str], T | None], what: str) -> T | None:
        """As `needed`, if the next word begins like a number."""
        return self.needed(read, what) if self._words and _begins_like_a_number(self._words[0]) else None

    def refuse(self, what: str) -> NoReturn:
        """Raise WrongUse about the option."""
        raise WrongUse(f"{self.option}: {what}")


def read_time_ns(word: str) -> int | None:
    """A time with its unit. Versions of tc read a bare number as microseconds, as nanoseconds, or as ticks."""
    return _scaled(word, _TIMES_NS)


def read_share(word: str) -> float | None:
    """A percentage, with or without its sign."""
    share = _quantity(word, _SHARES)
    return float(share / 100) if share is not None and 0 <= share <= 100 else None


def read_rate_bps(word: str) -> float | None:
    """Bits per second: `bit` are bits, but `bps` are bytes per second; a bare number is in bits."""
    rate = _quantity(word, _RATES_BPS)
    return None if rate is None or rate <= 0 else float(rate)


def read_size(word: str) -> int | None:
    """Bytes, with a `k` of 1024 (`kbit`: 1024 bits). A cell size behind a slash is left out: the kernel ignores it."""
    return _scaled(word.partition("/")[0], _SIZES)


def read_count(word: str) -> int | None:
    """A whole number from 0 on."""
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 10 else None


def read_signed(word: str) -> int | None:
    """A whole number that may be negative."""
    count = read_count(word.removeprefix("-").removeprefix("+"))
    return -count if count is not None and word.startswith("-") else count


def _scaled(word: str, scales: Scales) -> int | None:
    number = _quantity(word, scales)
    return round(number) if number is not None and number >= 0 else None


def _quantity(word: str, scales: Scales) -> Fraction | None:
    match = _NUMBER.fullmatch(word)
    if match is None or match[2].lower() not in scales:
        return None
    return Fraction(match[1]) * scales[match[2].lower()]


def _begins_like_a_number(word: str) -> bool:
    return word.lstrip("+-")[:1].isdigit() or word[:1] == "."
