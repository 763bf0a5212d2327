"""What a run says of containers that a swarm has lost meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from synthlab.engine.containers import Container
from synthlab.engine.swarm_tasks import SwarmNode
from synthlab.errors import SynthlabError
from synthlab.runner.live_lab import LiveLab
from synthlab.runner.lost_containers import NOTICED_S, lost_containers
from synthlab.testing import FakeClock, FakeEngine, fake_backend

pytestmark = pytest.mark.issue(14)

NODE = SwarmNode(id="n2", name="attic", address="10.0.0.2", ready=True, labels={})


class Lab:
    """client1 and client2 of a lab, on the node `attic`."""

    def __init__(self, node: str = "attic") -> None:
        self.clock = FakeClock()
        backend, self.apis = fake_backend("call", clock=self.clock)
        self.engine = cast("FakeEngine", backend.engine)
        self.engine.present = [replace(one, node=node) for one in self.engine.present]
        self.engine.swarm = [NODE]
        self.live_lab = LiveLab(backend, "call")
        self.before = list(self.live_lab.members)

    def now(self, change: Callable[[Container], Container]) -> None:
        """Change client2."""
        first, second = self.engine.present
        self.engine.present = [first, change(second)]
        self.apis[self.engine.present[1].id] = self.apis[second.id]

    def lost(self, *touched: str, suspect: bool = False) -> list[str]:
        return lost_containers(self.before, self.live_lab, touched, suspect, self.clock)


def away(container: Container) -> Container:
    return replace(container, state="dead", status="attic does not answer")


def again(container: Container) -> Container:
    return replace(container, id="call/other", node="desk")


def test_nothing_is_lost() -> None:
    assert Lab().lost() == []


def test_a_silent_node() -> None:
    lab = Lab()
    lab.now(away)
    assert lab.lost() == ["client2: attic does not answer"]


def test_a_container_that_was_started_again() -> None:
    """The line says whether its node went away, or only it has ended."""
    lab = Lab()
    lab.now(again)
    assert lab.lost() == ["client2 was started again on desk: attic has ended it"]
    lab.engine.swarm = [replace(NODE, ready=False)]
    assert lab.lost() == ["client2 was started again on desk: attic does not answer"]
    lab.engine.present = lab.engine.present[:1]
    assert lab.lost() == ["client2 on attic has been removed"]


def test_what_a_step_has_done() -> None:
    """A container that the scenario itself has restarted is not lost."""
    lab = Lab()
    lab.now(again)
    assert lab.lost("client2") == []


def test_one_machine() -> None:
    """There, a client that ends is what is tested."""
    lab = Lab(node="")
    lab.now(away)
    assert lab.lost(suspect=True) == []


def test_a_run_that_failed_before_the_swarm_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for what the swarm says of a client that does not answer, and no longer than that takes."""
    lab = Lab()

    def silent() -> None:
        raise SynthlabError("client2 does not answer")

    monkeypatch.setattr(lab.apis["call/client2"], "state", silent)
    begun = lab.clock.now_s()
    assert lab.lost(suspect=True) == []
    assert NOTICED_S <= lab.clock.now_s() - begun < NOTICED_S + 1
    begun = lab.clock.now_s()
    assert lab.lost(suspect=False) == []
    assert lab.clock.now_s() == begun
