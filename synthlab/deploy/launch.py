"""Brings a stack up, all or nothing: carries out the plan from `plan_up`."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..engine.api import EngineApi
from ..engine.clock import MACHINE, Clock
from ..engine.compose import PortTaken
from ..engine.health import raise_for_failed, wait_until_ready
from ..errors import SynthlabError
from ..interrupts import is_stopped, uninterrupted
from ..stack import Ports, Stack
from ..text.progress import Progress
from .claim import claimed
from .compose_file import digest, render
from .host_ports import choose_ports, fixed_ports
from .image_checks import refuse_unfit
from .image_steps import image_for_lock, perform
from .plan import UpPlan, plan_up
from .services import project_of
from .swarm_launch import start_on_swarm

ID_BYTES = 8
DRAWN = "a default port was just taken: Docker picks another"


def new_id() -> str:
    """A random value for `made_by`, which tells apart what different callers have made."""
    return os.urandom(ID_BYTES).hex()


@contextlib.contextmanager
def without_new_volumes(stack: Stack, engine: EngineApi, always: bool = False) -> Iterator[None]:
    """Remove the project's volumes that did not exist before if the body fails or is interrupted, or `always`."""
    before = volumes_of(stack, engine)
    failed = True
    try:
        yield
        failed = False
    finally:
        if failed or always:
            with uninterrupted():
                engine.remove_volumes(volumes_of(stack, engine) - before)


def volumes_of(stack: Stack, engine: EngineApi) -> set[str]:
    """The volumes of a stack's Compose project on the engine."""
    return engine.compose_volumes(project_of(stack)) if stack.compose else set()


@contextlib.contextmanager
def launched(
    stack: Stack, engine: EngineApi, progress: Progress, timeout_s: float, ttl_s: float | None = None
) -> Iterator[None]:
    """Keep the lab up inside the `with`, and always take it down at the end, with the volumes that it made."""
    with without_new_volumes(stack, engine, always=True):
        made = launch(stack, engine, progress, timeout_s, ttl_s)
        try:
            yield
        finally:
            try:
                progress(f"removing {made.name}")
            finally:  # even if nobody reads the progress any more
                # Only what this `up` has made: by now, the name may belong to somebody else's lab.
                with uninterrupted():
                    engine.remove_lab(made.name, made.made_by or "")


def launch(
    stack: Stack,
    engine: EngineApi,
    progress: Progress,
    timeout_s: float,
    ttl_s: float | None = None,
    replacing: bool = False,
    clock: Clock = MACHINE,
) -> Stack:
    """Build the images, start the containers, wait until every client is healthy; returns the stack with its labels.

    With `ttl_s` the lab expires that many seconds after its containers start. The engine's lock keeps everyone else
    from bringing the same lab up meanwhile. A running lab of this name is an error or, when `replacing`, is taken down
    once the images are ready. A stack that has `made_by` keeps it. On failure, everything created here and nothing else
    is removed; the SynthlabError has the last lines of the failed container and the output of its health check.
    """
    marked = replace(stack, made_by=stack.made_by or new_id(), digest=digest(stack))
    with claimed(stack.name, image_for_lock(stack, engine, progress), engine, clock) as claim:

        def reported(text: str) -> None:
            # Every stage reports progress, a long one for each step. So an `up` that is revoked or cancelled notices it
            # here, and stops.
            claim.check()
            if is_stopped():
                raise SynthlabError(f"bringing up '{stack.name}' was cancelled")
            progress(text)

        return _execute(plan_up(marked, engine, timeout_s, ttl_s, replacing), engine, reported, clock)


@contextlib.contextmanager
def all_or_nothing(stack: Stack, engine: EngineApi, progress: Progress) -> Iterator[None]:
    """Remove what this `up` created if the body fails or is interrupted."""
    try:
        yield
    except BaseException:
        # Not only for errors: after Ctrl-C nothing may stay behind either, and a second Ctrl-C must not stop this.
        with uninterrupted():
            with contextlib.suppress(SynthlabError):  # the claim is lost
                progress(f"removing what was created of {stack.name}")
            engine.remove_lab(stack.name, stack.made_by or "")
        raise


def _execute(plan: UpPlan, engine: EngineApi, progress: Progress, clock: Clock) -> Stack:
    # The steps and their order are those that `plan_lines` prints: `--dry-run` shows this very plan, and nothing is
    # done here that it does not show.
    perform(plan.images, engine, progress)
    refuse_unfit(plan.stack, engine, {step.tag for step in plan.images})
    if plan.removes:
        progress(f"removing {plan.stack.name}")
        engine.remove_lab(plan.stack.name)
    with without_new_volumes(plan.stack, engine), all_or_nothing(plan.stack, engine, progress):
        bounded = plan.stack
        if plan.ttl_s is not None:
            # Counted from here: building the images may have taken longer than the lab is to live.
            bounded = replace(bounded, expires=math.ceil(clock.epoch_s() + plan.ttl_s))
        _start(replace(plan, stack=bounded), engine, progress, clock)
        wait_until_ready(bounded.name, plan.size, engine, progress, plan.timeout_s, clock=clock)
    return bounded


def _start(plan: UpPlan, engine: EngineApi, progress: Progress, clock: Clock) -> None:
    try:
        if plan.stack.swarm:
            start_on_swarm(plan, engine, progress, clock)
            return
        try:
            _compose(plan, _free_ports(plan, engine, progress), engine, progress)
        except PortTaken:
            # Only defaults can be replaced: this attempt leaves them to Docker, and fails again for a fixed port.
            progress(DRAWN)
            _compose(plan, fixed_ports(plan.stack), engine, progress)
    except SynthlabError:
        raise_for_failed(engine, plan.stack.name, clock)
        raise


def _free_ports(plan: UpPlan, engine: EngineApi, progress: Progress) -> Mapping[str, Ports]:
    """The planned ports that are still free; raises SynthlabError if a fixed one was taken since."""
    ports = choose_ports(plan.stack, lambda port: port in plan.host_ports and engine.is_free(port))
    if ports != plan.ports:
        progress(DRAWN)
    return ports


def _compose(plan: UpPlan, ports: Mapping[str, Ports], engine: EngineApi, progress: Progress) -> None:
    started: set[str] = set()

    def on_line(line: str) -> None:
        # The words of Compose's plain output. It reports a container twice when others wait for its health.
        if line.endswith(("Started", "Healthy")):
            started.add(line.split()[1])
            progress(f"containers: {len(started)}/{plan.size} started")

    progress(f"containers: 0/{plan.size} started")
    engine.compose_up(project_of(plan.stack), render(plan.stack, ports, plan.addresses), on_line)
