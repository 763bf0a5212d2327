"""Brings a stack up until its clients are healthy, or see each other's video."""

from __future__ import annotations

from ..control.backend import Backend
from ..control.running_lab import RunningLab
from ..deploy.claim import being_brought_up
from ..deploy.launch import all_or_nothing, launch
from ..deploy.plan import plan_up
from ..deploy.plan_text import plan_lines, rights_lines
from ..stack import Stack
from ..text.progress import Progress
from .wait_for_video import wait_for_video


def bring_up(
    stack: Stack,
    backend: Backend,
    progress: Progress,
    timeout_s: float,
    ttl_s: float | None = None,
    wait_media: bool = False,
    replacing: bool = False,
) -> Stack:
    """Like `launch`; with `wait_media`, also waits until every client has seen every other's video."""
    made = launch(stack, backend.engine, progress, timeout_s, ttl_s, replacing)
    if wait_media:
        with all_or_nothing(made, backend.engine, progress):
            wait_for_video(RunningLab(backend, made.name, backend.engine.containers(made.name)), progress, timeout_s)
    return made


def planned(
    stack: Stack,
    backend: Backend,
    timeout_s: float,
    ttl_s: float | None = None,
    wait_media: bool = False,
    replacing: bool = False,
) -> list[str]:
    """What `bring_up` would do now, one line per step, from the plan that it would carry out; changes nothing.

    An expired lab is replaced, as `up` would. Raises SynthlabError if `bring_up` would fail before its first step.
    """
    if backend.engine.locks().get(stack.name) == "running":
        raise being_brought_up(stack.name)
    replacing = replacing or stack.name in backend.expired()
    plan = plan_up(stack, backend.engine, timeout_s, ttl_s, replacing)
    video = f"wait up to {timeout_s:g} s until every client has seen every other's video"
    return [*plan_lines(plan), *([video] if wait_media else []), *rights_lines(plan)]
