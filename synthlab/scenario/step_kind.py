"""Declaration of a kind of step: its keys (reader, schema, help) and how to build the step from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..errors import did_you_mean
from ..stack import Stack
from ..stack.mistakes import Mistakes
from ..stack.yaml import Node
from .expression import Known
from .model import Body, Step


@dataclass(frozen=True, slots=True)
class Context:
    """The context steps are parsed in. Paths are relative to `folder`; `read_steps` parses nested steps.

    `flows` are the names given to flows by a `match` in the stack or the scenario. `has_stack` is false if the stack
    has mistakes: then `stack` is empty, what names parts of it is not checked, and no step is built.
    """

    stack: Stack
    folder: Path
    known: Known
    read_steps: Callable[[Node, Context], tuple[Step, ...]]
    flows: frozenset[str] = frozenset()
    has_stack: bool = True

    @property
    def clients(self) -> tuple[str, ...]:
        """The names whose conditions can be changed: all clients and the conditioned servers."""
        return self.known.clients + self.known.conditioned

    @property
    def containers(self) -> tuple[str, ...]:
        """The clients and servers that run in containers of this lab."""
        return self.known.clients + self.stack.servers

    def networks(self, end: str) -> tuple[str, ...]:
        """The names of the conditioned networks of a client, server or service; empty if it has none."""
        return tuple(name for name in self.clients if end in (name, name.partition("@")[0]))

    def members(self, name: str) -> tuple[str, ...]:
        """The clients and services in the group `name`."""
        return tuple(self.stack.members(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a step. `read` raises WrongUse with the position; `of_stack` if it looks up names in the stack."""

    read: Callable[[Node, Context], Any]
    schema: Mapping[str, Any]
    help: str
    required: bool = False
    of_stack: bool = False


@dataclass(frozen=True, slots=True)
class StepArgs:
    """A step's parsed keys."""

    node: Node
    keys: Mapping[str, Node]
    values: Mapping[str, Any]
    context: Context

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def wrong(self, key: str, what: str) -> NoReturn:
        """Raise WrongUse at the position of `key`, or of the step if it has no such key."""
        self.keys.get(key, self.node).wrong(what)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepKind:
    """One kind of step. The key `name` selects it and is always required."""

    name: str
    help: str
    keys: Mapping[str, Key]
    build: Callable[[StepArgs], Body]

    def read(self, node: Node, keys: Mapping[str, Node], context: Context, common: Iterable[str] = ()) -> Body | None:
        """Build the step; raises WrongUse for all unknown, missing or invalid keys.

        Returns None without a stack. `common` are the keys that every step accepts besides its own; they are read
        elsewhere.
        """
        mistakes = Mistakes()
        allowed = dict.fromkeys((*self.keys, *common))
        for name, entry in keys.items():
            if name not in self.keys:
                with mistakes.noted():
                    hint = did_you_mean(name, allowed)
                    entry.wrong(f"{self.name} has no such key{hint}; allowed: {', '.join(allowed)}")
        # An unknown key may be a required one with a typo: one mistake, so one message.
        if not mistakes:
            with mistakes.noted():
                self._refuse_missing(node, keys)
        values = {}
        for name, entry in keys.items():
            if name in self.keys and (context.has_stack or not self.keys[name].of_stack):
                with mistakes.noted():
                    values[name] = self.keys[name].read(entry, context)
        mistakes.report()
        return self.build(StepArgs(node, keys, values, context)) if context.has_stack else None

    def _refuse_missing(self, node: Node, keys: Mapping[str, Node]) -> None:
        for name, key in self.keys.items():
            if key.required and name not in keys:
                node.wrong(f"{self.name} requires {name}: {key.help}")
