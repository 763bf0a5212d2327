"""How a kind of step is declared: its keys, each with its reader, schema and help, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..errors import did_you_mean
from ..stack import Stack
from ..stack.yaml import Node
from .expression import Known
from .model import Body, Step


@dataclass(frozen=True, slots=True)
class Context:
    """What steps are read against; paths in them start from `folder`. `read_steps` reads steps within steps.

    `flows` are the names of those that the stack or the scenario gives a name of its own.
    """

    stack: Stack
    folder: Path
    known: Known
    read_steps: Callable[[Node, Context], tuple[Step, ...]]
    flows: frozenset[str] = frozenset()

    @property
    def clients(self) -> tuple[str, ...]:
        """Those whose conditions can be changed: all clients, and the servers that are conditioned."""
        return self.known.clients + self.known.conditioned

    @property
    def containers(self) -> tuple[str, ...]:
        """What runs in containers of this lab."""
        return self.known.clients + self.stack.servers

    def members(self, name: str) -> tuple[str, ...]:
        """The clients that a group's name means."""
        return tuple(client.name for client in self.stack.clients if client.group == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a step. `read` raises WrongUse with the line."""

    read: Callable[[Node, Context], Any]
    schema: Mapping[str, Any]
    help: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class StepArgs:
    """A step's keys as they were read."""

    node: Node
    keys: Mapping[str, Node]
    values: Mapping[str, Any]
    context: Context

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def wrong(self, key: str, what: str) -> NoReturn:
        """Raise WrongUse at the line of a key."""
        self.keys.get(key, self.node).wrong(what)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepKind:
    """One kind of step. The key of its own `name` is what makes a step of this kind, and is always required."""

    name: str
    help: str
    keys: Mapping[str, Key]
    build: Callable[[StepArgs], Body]

    def read(self, node: Node, keys: Mapping[str, Node], context: Context) -> Body:
        """The step that `keys` make, which are those of this kind and no others; raises WrongUse."""
        for name, entry in keys.items():
            if name not in self.keys:
                allowed = ", ".join(self.keys)
                entry.wrong(f"{self.name} has no such key{did_you_mean(name, self.keys)}; allowed: {allowed}")
        for name, key in self.keys.items():
            if key.required and name not in keys:
                node.wrong(f"{self.name} needs {name}: {key.help}")
        values = {name: self.keys[name].read(entry, context) for name, entry in keys.items()}
        return self.build(StepArgs(node, keys, values, context))
