"""Forwarder: races between its two threads."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from syntheticnet.conditions import Conditions
from syntheticnet.forwarder.controller import Overtaken
from syntheticnet.forwarder.in_force import InForce
from syntheticnet.forwarder.process import Forwarder

pytestmark = pytest.mark.issue(10)


class Torn:
    """A pipeline that the loop changes while a plan for it is made."""

    def __init__(self, forwarder: Forwarder, changes: int) -> None:
        self._forwarder, self._by = forwarder, changes

    def plan(self, requested: InForce) -> Any:
        self._forwarder._changes += self._by
        raise KeyError("a stream that is no more")


def forwarder(changes: int) -> Forwarder:
    made: Any = object.__new__(Forwarder)
    made._changes, made._armed, made._in_force = 0, None, None
    made._wiring = SimpleNamespace(router=None)
    made._ask_loop = lambda errand: errand()
    made._pipelines = {"egress": Torn(made, changes)}
    planned: Forwarder = made
    return planned


def test_a_plan_that_was_overtaken_is_made_again() -> None:
    """If the armed plan is applied meanwhile, the controller gets Overtaken, and no outdated plan is armed."""
    requested = InForce(Conditions())
    with pytest.raises(Overtaken):
        forwarder(1).adopt(requested, 0)
    torn = forwarder(1)
    torn.arm(requested, 5)
    assert torn._armed is None
    with pytest.raises(KeyError):
        forwarder(0).adopt(requested, 0)


class MidChange:
    """A pipeline whose loop is in the middle of a change until it has run an errand; plans are of the state seen."""

    def __init__(self) -> None:
        self.state = "old"

    def ask_loop(self, errand: Callable[[], Any]) -> Any:
        self.state = "new"
        return errand()

    def plan(self, requested: InForce) -> str:
        return self.state


@pytest.mark.issue(15)
def test_a_plan_is_not_begun_during_a_change() -> None:
    """It would hold elements that the change is about to remove and turn off, and be armed all the same."""
    made: Any = forwarder(0)
    pipeline = MidChange()
    made._pipelines, made._ask_loop = {"egress": pipeline}, pipeline.ask_loop
    made.arm(InForce(Conditions()), 5)
    assert made._armed.plans == {"egress": "new"}
