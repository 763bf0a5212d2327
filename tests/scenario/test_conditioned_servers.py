"""Steps and expressions on conditioned servers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syntheticnet.conditions import Conditions
from synthlab.errors import WrongUse
from synthlab.report.planned_conditions import plan_conditions
from synthlab.scenario import reader
from synthlab.scenario.plan_text import plan_text
from synthlab.stack import Stack, StackNetwork, read_stack

from .files import STACK, checked

CONDITIONS = {"egress": {"latency": "30ms"}, "flows": {"media": {"match": "*:udp"}}}
NETWORK = StackNetwork(conditions=Conditions.from_dict(CONDITIONS))
TURN = f"turn: {{app: coturn}}\n{STACK}"


@pytest.fixture
def conditioned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack with a conditioned TURN server, which no stack file can declare."""

    def read(*given: object, **named: object) -> Stack:
        return replace(read_stack(*given, **named), conditioned={"turn": NETWORK})  # type: ignore[arg-type]

    monkeypatch.setattr(reader, "read_stack", read)


@pytest.mark.issue(11)
@pytest.mark.usefixtures("conditioned")
def test_steps(tmp_path: Path) -> None:
    """A conditioned server can be changed, controlled, sent traffic and judged by its name."""
    steps = """\
  - {set: turn, flows: {media: {egress: {loss: 5%}}}}
  - {traffic: client1, to: turn, protocol: udp, rate: 1mbit, for: 2s}
  - {expect: turn.egress.rate > 1mbit, within: 5s}
  - {restart: turn}
"""
    plan = checked(tmp_path, steps, stack=TURN)
    assert "expect turn.egress.rate > 1mbit" in plan_text(plan)
    values = [entry.conditions["egress"] for entry in plan_conditions(plan, 10) if entry.client == "turn"]
    assert values[0] == {"latency": "30ms"}


@pytest.mark.issue(11)
@pytest.mark.usefixtures("conditioned")
def test_its_metrics(tmp_path: Path) -> None:
    """It has the numbers of a link; others only if the stack has them measured."""
    with pytest.raises(WrongUse, match=r"no such number 'turn\.rooms'.*'rooms' is not one of ingress, egress"):
        checked(tmp_path, "  - {expect: turn.rooms > 1, within: 5s}\n", stack=TURN)
    with pytest.raises(WrongUse, match="sfu has no `network`, probe or `metrics` in the stack"):
        checked(tmp_path, "  - {expect: sfu.egress.rate > 1mbit, within: 5s}\n", stack=TURN)


def test_traffic_of_a_conditioned_sfu(tmp_path: Path) -> None:
    """Traffic starts at clients; the hint for a conditioned sfu lists them, and does not ask to condition it."""
    stack = STACK.replace("app: janus", "app: janus, network: {}")
    with pytest.raises(WrongUse, match=r"no client 'sfu' in this stack; there are: client1, client2, bot-1, bot-2"):
        checked(tmp_path, "  - {traffic: sfu, to: client1, for: 5s}\n", stack=stack)


@pytest.mark.issue(11)
@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{set: turn, egress: {loss: 5%}}", "no client 'turn' in this stack"),
        ("{set: sfu, egress: {loss: 5%}}", "sfu is not conditioned; add `network: {}` to it in the stack"),
        ("{expect: turn.egress.rate > 1mbit, within: 5s}", "no client 'turn'"),
    ],
)
def test_without_conditions(step: str, expected: str, tmp_path: Path) -> None:
    """A server without conditions is rejected; the fix is shown only where a stack file allows it."""
    with pytest.raises(WrongUse, match=expected):
        checked(tmp_path, f"  - {step}\n", stack=TURN)
