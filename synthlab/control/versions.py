"""Compares the versions of clients' images with this command line's, and says what to do if they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..assets import own_version
from ..errors import SynthlabError

UNKNOWN = "an unknown version"


class Answered(Protocol):
    """Anything read from an API's answer."""

    @property
    def answer(self) -> Mapping[str, Any]: ...


def other_versions(states: Mapping[str, Answered]) -> dict[str, str]:
    """The versions of clients that run another version than ours, by name."""
    versions = {name: str(state.answer.get("version") or UNKNOWN) for name, state in states.items()}
    return {name: other for name, other in versions.items() if other != own_version()}


def describe_mismatch(others: Mapping[str, str]) -> str | None:
    """One line if clients run another version than ours; else None."""
    if not others:
        return None
    running = ", ".join(f"{name} runs {other}" for name, other in others.items())
    return (
        f"versions differ: {running}, this is synthlab {own_version()}: rebuild images that are FROM syntheticnet "
        "(`synthlab images build`) and start the lab again, or use the matching synthlab"
    )


def unreadable(name: str, answer: Mapping[str, Any]) -> SynthlabError:
    """The error for an answer that this version cannot read."""
    message = describe_mismatch({name: str(answer.get("version") or UNKNOWN)})
    return SynthlabError(f"{name}: cannot parse its API's answer; {message}")
