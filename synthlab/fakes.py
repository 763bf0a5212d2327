"""A lab without Docker, for tests of synthlab and of what is built on it: real rules, no containers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from syntheticnet.conditions import Conditions, ConditionsError

from .containers import Container
from .errors import SynthlabError, WrongUse
from .images import LocalImage
from .numbers import Numbers
from .ports import API_PORT
from .state import ClientState
from .world import World

_IDLE: Mapping[str, Any] = {"packets_in": 0, "bytes_in": 0, "packets_out": 0, "bytes_out": 0, "dropped": {}}


class FakeClientApi:
    """A ClientApi in memory. `broken` makes it fail where a container that is gone would: on every change."""

    def __init__(self, name: str, startup: Mapping[str, Any] | None = None) -> None:
        self.name = name
        self.startup = Conditions.from_dict(startup or {})
        self.conditions = self.startup
        self.answered_numbers: dict[str, Any] = {"values": {}, "age_s": {}}
        self.broken = False

    def answer(self) -> dict[str, Any]:
        """The answer of GET /v1/state."""
        flows = ["default", *(flow.name for flow in self.conditions.flows)]
        return {
            "version": "0",
            "name": self.name,
            "lab": "fake",
            "conditions": self.conditions.to_dict(),
            "startup": self.startup.to_dict(),
            "seed": self.conditions.seed or 0,
            "forwarder": {"restarts": 0, "up_s": 1.0},
            "links": _idle_links(),
            "flows": {name: _idle_links() for name in flows},
        }

    def state(self) -> ClientState:
        return ClientState.from_dict(self.answer())

    def change(self, change: Mapping[str, Any]) -> ClientState:
        return self._put(self._changed(change))

    def check(self, change: Mapping[str, Any]) -> None:
        self._changed(change)

    def replace(self, conditions: Mapping[str, Any]) -> ClientState:
        return self._put(Conditions.from_dict(conditions))

    def reset(self) -> ClientState:
        return self._put(self.startup)

    def numbers(self) -> Numbers:
        return Numbers.from_dict(self.answered_numbers)

    def _changed(self, change: Mapping[str, Any]) -> Conditions:
        try:
            return self.conditions.changed(change)
        except ConditionsError as error:
            raise WrongUse(f"{self.name}: {error}") from None

    def _put(self, conditions: Conditions) -> ClientState:
        if self.broken:
            raise SynthlabError(f"{self.name}: its API does not answer")
        self.conditions = conditions
        return self.state()


class FakeEngine:
    """An EngineApi that has the given containers, and whatever images are asked for."""

    def __init__(self, containers: Iterable[Container] = ()) -> None:
        self.present = list(containers)

    def version(self) -> str:
        return "20.10"

    def labs(self) -> list[str]:
        return sorted({container.lab for container in self.present})

    def containers(self, lab: str | None = None) -> list[Container]:
        return [container for container in self.present if lab in (None, container.lab)]

    def logs(self, container: Container, lines: int = 20) -> list[str]:
        return [f"last line of {container.name}"][:lines]

    def image(self, tag: str) -> LocalImage | None:
        return LocalImage(f"id of {tag}", "0")

    def discard_image(self, image: LocalImage) -> None:
        pass

    def remove_images(self) -> list[str]:
        return ["syntheticnet:latest"]

    def remove_lab(self, lab: str) -> int:
        removed = self.containers(lab)
        self.present = [container for container in self.present if container.lab != lab]
        return len(removed)


def fake_container(lab: str, client: str, group: str = "", index: int = 1) -> Container:
    """A healthy client of a lab, its API on port 3000 and on."""
    return Container(
        id=f"{lab}/{client}",
        name=f"synthlab-{lab}-{client}-1",
        lab=lab,
        role="client",
        client=client,
        group=group or client,
        app="bot",
        stack=f"{lab}.yaml",
        index=index,
        state="running",
        status="Up 2 seconds (healthy)",
        health="healthy",
        ports={API_PORT: 2999 + index},
    )


def fake_world(*labs: str, groups: Mapping[str, str] | None = None) -> tuple[World, dict[str, FakeClientApi]]:
    """A world of labs with client1 and client2 each, and their APIs by container id (`call/client1`)."""
    clients = [("client1", "client1"), ("client2", "client2"), *((groups or {}).items())]
    containers = [
        replace(fake_container(lab, name, group), index=index, ports={API_PORT: 2999 + index})
        for lab in labs
        for index, (name, group) in enumerate(clients, 1)
    ]
    apis = {container.id: FakeClientApi(container.client) for container in containers}
    return World(FakeEngine(containers), lambda container: apis[container.id]), apis


def _idle_links() -> dict[str, Any]:
    return {direction: {**_IDLE, "achieved": {}} for direction in ("ingress", "egress")}
