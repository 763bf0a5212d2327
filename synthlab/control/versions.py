"""Whether the image that a client runs and this command line are of one version, and what to do where they are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..assets import own_version
from ..errors import SynthlabError

UNKNOWN = "an unknown version"


class Answered(Protocol):
    """What was read from the answer of an API."""

    @property
    def answer(self) -> Mapping[str, Any]: ...


def other_versions(states: Mapping[str, Answered]) -> dict[str, str]:
    """The versions of the clients whose image is not of ours, by name."""
    versions = {name: str(state.answer.get("version") or UNKNOWN) for name, state in states.items()}
    return {name: other for name, other in versions.items() if other != own_version()}


def describe_mismatch(others: Mapping[str, str]) -> str | None:
    """One line where clients run images of other versions than ours; None where all is well."""
    if not others:
        return None
    found = ", ".join(f"{name} runs {other}" for name, other in others.items())
    return (
        f"versions differ: {found}, this is synthlab {own_version()}: rebuild what is FROM syntheticnet "
        "(`synthlab images build`) and bring the lab up anew, or use the synthlab that fits"
    )


def unreadable(name: str, answer: Mapping[str, Any]) -> SynthlabError:
    """The error for an answer that this version cannot read."""
    message = describe_mismatch({name: str(answer.get("version") or UNKNOWN)})
    return SynthlabError(f"{name} tells of its state what cannot be understood; {message}")
