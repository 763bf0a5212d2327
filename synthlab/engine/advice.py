"""What `synthlab doctor` says about a container engine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Names and fixes of one engine. A fix is an instruction to the user; commands in it are in backquotes."""

    name: str
    oldest: tuple[int, int]
    address_variable: str
    """The environment variable that gives the engine's address."""
    use_local: str
    """How to use this machine's engine instead of a remote one."""
    start: str
    get_permission: str
    install_compose: str
    install_buildx: str
    free_space: str
