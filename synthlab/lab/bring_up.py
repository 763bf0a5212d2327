"""Bringing a stack up until its clients are healthy, or see each other."""

from __future__ import annotations

from ..control.backend import Backend
from ..control.running_lab import RunningLab
from ..deploy.launch import all_or_nothing, launch
from ..engine.health import Tell
from ..stack import Stack
from .wait_for_video import wait_for_video


def bring_up(
    stack: Stack,
    backend: Backend,
    tell: Tell,
    timeout_s: float,
    ttl_s: float | None = None,
    wait_media: bool = False,
    replacing: bool = False,
) -> Stack:
    """As `launch`, and with `wait_media` wait until every client has seen every other's video; the stack as made."""
    made = launch(stack, backend.engine, tell, timeout_s, ttl_s, replacing)
    if wait_media:
        with all_or_nothing(made, backend.engine, tell):
            wait_for_video(RunningLab(backend, made.name, backend.engine.containers(made.name)), tell, timeout_s)
    return made
