"""Finds the engine of a container's machine in a swarm: this engine, or that of a context with the machine's name."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ..errors import SynthlabError
from .containers import Container
from .process import run_program
from .swarm_tasks import NO_NODE, SwarmNode

LOOK_S = 5.0
ASKED_S = 10.0


class NodeReach:
    """The engines of a swarm's nodes, by the docker command that leads there; `own_id` is the id of this one's node."""

    def __init__(self, command: str, nodes: Callable[[], Sequence[SwarmNode]], own_id: Callable[[], str]) -> None:
        self._command = command
        self._nodes = nodes
        self._own_id = own_id
        self._own_name: str | None = None
        self._reached: set[str] = set()
        self._refused: dict[str, tuple[str, float]] = {}

    def command_for(self, container: Container) -> list[str]:
        """The docker command for the engine of its machine. Raises SynthlabError if that is out of reach."""
        node = container.node
        if not node or node == self._own():
            return [self._command]
        if node == NO_NODE:
            raise SynthlabError(f"{container.title} is on no machine ({container.status})")
        if node not in self._reached:
            if reason := self._reason(container):
                raise SynthlabError(f"{container.title}: the engine of node {node} is out of reach{reason}")
            self._reached.add(node)
        return [self._command, "--context", node]

    def _own(self) -> str:
        """The name of this engine's node; empty if it is in no swarm."""
        if self._own_name is None:
            own = self._own_id()
            self._own_name = next((node.name for node in self._nodes() if node.id == own), "")
        return self._own_name

    def _reason(self, container: Container) -> str:
        """Why a node is out of reach, as found in the last LOOK_S: what is tried all the time need not ask anew."""
        reason, until = self._refused.get(container.node, ("", 0.0))
        if time.monotonic() >= until:
            reason = self._look(container)
            self._refused[container.node] = reason, time.monotonic() + LOOK_S
        return reason

    def _look(self, container: Container) -> str:
        """Why the context with the node's name does not lead to it; empty if it does."""
        node = container.node
        if run_program([self._command, "context", "inspect", node]).status != 0:
            advice = f"{self._command} context create {node} --docker host=ssh://{container.host}"
            return f"; create a context for it: {advice}"
        # Another engine may be meant by that name.
        ask = [self._command, "--context", node, "info", "--format", "{{.Swarm.NodeID}}"]
        asked = run_program(ask, timeout_s=ASKED_S)
        if not {one.id for one in self._nodes() if one.name == node}.isdisjoint(asked.tail):
            return ""
        said = asked.tail[-1] if asked.status and asked.tail else "it leads to another engine"
        return f" through the context {node}: {said}"
