"""Whether the image that a client runs and this command line are of one version, and what to do where they are not."""

from __future__ import annotations

from collections.abc import Mapping

from ..assets import own_version
from .state import ClientState

UNKNOWN = "an unknown version"


def other_versions(states: Mapping[str, ClientState]) -> dict[str, str]:
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
