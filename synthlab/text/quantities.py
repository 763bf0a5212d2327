"""Formats a measured value with the unit implied by its name, and a number of things."""

from __future__ import annotations

_LARGE = 1e5
_PLAIN = {"fps": "fps", "kbps": "kbit/s"}
_ENDINGS = {"_ms": "ms", "_s": "s", "_kbps": "kbit/s", "_bps": "bit/s"}
_DELAYS = ("delay_p50", "delay_p99", "queue_delay_p50", "queue_delay_p95")
_ACHIEVED = {"rate": (1e-3, "kbit/s"), "loss": (100.0, "%"), **dict.fromkeys(_DELAYS, (1.0, "ms"))}
_NETWORK = ("ingress", "egress", "traffic")


def quantity(name: str, value: float) -> str:
    """The value with the unit of its dotted name: `9.7 fps`, `54 kbit/s`, `5 %`; without unit if unknown."""
    parts = name.split(".")
    scale, unit = _ACHIEVED.get(parts[-1], (1.0, "")) if set(_NETWORK) & set(parts) else (1.0, "")
    return " ".join(filter(None, (_shown(value * scale), unit or _unit(parts[-1]))))


def named(name: str, value: float) -> str:
    """The quantity with its name, unless the unit implies it: `15 fps`, `lost 3`, `rtt 12 ms`."""
    if name in _PLAIN:
        return quantity(name, value)
    ending = next((ending for ending in _ENDINGS if name.endswith(ending)), "")
    return f"{name.removesuffix(ending).replace('_', ' ')} {quantity(name, value)}"


def counted(number: int, noun: str) -> str:
    """The noun in singular or plural behind its number: `1 container`, `2 containers`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _unit(name: str) -> str:
    return _PLAIN.get(name) or next((unit for ending, unit in _ENDINGS.items() if name.endswith(ending)), "")


def _shown(value: float) -> str:
    return f"{value:g}" if abs(value) < _LARGE else f"{value:,.0f}"
