"""Test labs for real-time communication software, in code:

    from synthlab import Lab

    with Lab.up("call.yaml") as lab:
        lab["client2"].set(egress={"rate": "100kbit"})
        lab["client1"].expect("video.client2.fps < 5", within="10s")

See docs/python.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import ExpectationFailed, Inconclusive, SynthlabError, WrongUse
    from .lab.applied_change import AppliedChange
    from .lab.client import Client
    from .lab.lab import Lab
    from .runner.judge import CheckResult
    from .stack.netem import Translation, translate_netem

__all__ = [
    "AppliedChange",
    "CheckResult",
    "Client",
    "ExpectationFailed",
    "Inconclusive",
    "Lab",
    "SynthlabError",
    "Translation",
    "WrongUse",
    "translate_netem",
]

_HOMES = {
    "AppliedChange": "lab.applied_change",
    "Client": "lab.client",
    "ExpectationFailed": "errors",
    "Inconclusive": "errors",
    "Lab": "lab.lab",
    "CheckResult": "runner.judge",
    "SynthlabError": "errors",
    "Translation": "stack.netem",
    "WrongUse": "errors",
    "translate_netem": "stack.netem",
}


def __getattr__(name: str) -> Any:
    """Import on first use: the CLI imports this package and must start fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'synthlab' has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
