"""What bringing a stack up will do: worked out from the stack and from what the engine has, before anything is done.

`launch` carries out the same value that `synthlab up --dry-run` prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..engine.api import EngineApi
from ..errors import SynthlabError
from ..stack import Ports, Stack
from .compose_file import digest
from .host_ports import choose_ports
from .image_checks import refuse_unfit
from .image_steps import ImageStep, stack_steps
from .servers import compose_parts, server_count


@dataclass(frozen=True, slots=True, kw_only=True)
class UpPlan:
    """What has to be done to images and to what is there of the lab, and the host ports of each client by name.

    `removes` says whether anything is there that has to go. Compose itself pulls the images in `compose_pulls`, which
    the user's own Compose file names. `ttl_s` is None for a lab that does not expire.
    """

    stack: Stack
    images: tuple[ImageStep, ...]
    removes: bool
    ports: Mapping[str, Ports]
    compose_pulls: frozenset[str]
    timeout_s: float
    ttl_s: float | None = None

    @property
    def size(self) -> int:
        """How many containers the lab has."""
        return len(self.stack.clients) + server_count(self.stack)

    @property
    def host_ports(self) -> set[int]:
        """Those that Docker does not draw."""
        return {port for ports in self.ports.values() for port in ports.given.values()}


def plan_up(
    stack: Stack, engine: EngineApi, timeout_s: float, ttl_s: float | None = None, replacing: bool = False
) -> UpPlan:
    """The plan for an engine as it is now; only looks. What the lab to be replaced publishes counts as free.

    Raises SynthlabError where it would fail: a lab of this name is up, a fixed port is taken, an image does not fit.
    """
    if not replacing:
        refuse_running(stack, engine)
    images = stack_steps(stack, engine)
    refuse_unfit(stack, engine, {step.tag for step in images if step.action == "use"})
    own = set(_published(stack, engine))
    return UpPlan(
        stack=stack,
        images=images,
        removes=stack.name in engine.labs(),
        ports=choose_ports(stack, lambda port: port in own or engine.is_free(port)),
        compose_pulls=frozenset(_lacking(stack, engine)),
        timeout_s=timeout_s,
        ttl_s=ttl_s,
    )


def refuse_running(stack: Stack, engine: EngineApi) -> None:
    """Raise when a lab of this name is there already, whole or in part."""
    if is_edited(stack, engine):
        raise SynthlabError(
            f"the lab '{stack.name}' is up, and {stack.file} is not what it was made of: `synthlab up` with --replace "
            "takes it down and brings up what the file says now; --lab NAME makes another lab"
        )
    if engine.containers(stack.name):
        raise SynthlabError(
            f"the lab '{stack.name}' is up already: take it down with `synthlab down {stack.name}`, "
            "or give this one another name with --lab"
        )


def is_edited(stack: Stack, engine: EngineApi) -> bool:
    """Whether a lab of this name is up that was made of another stack, or of this one before somebody edited it."""
    made_of = {container.digest for container in engine.containers(stack.name)} - {""}
    return bool(made_of) and made_of != {digest(stack)}


def _published(stack: Stack, engine: EngineApi) -> Iterator[int]:
    """The host ports of what is there of the lab, which goes before its new containers start."""
    for container in engine.containers(stack.name):
        yield from container.ports.values()


def _lacking(stack: Stack, engine: EngineApi) -> Iterator[str]:
    """The images of the user's own Compose file that the engine does not have, and that are not built."""
    for body in compose_parts(stack).get("services", {}).values():
        if not body.get("build") and engine.image(body["image"]) is None:
            yield body["image"]
