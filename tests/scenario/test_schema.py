"""JSON Schemas for editors: they accept and reject the same files as the readers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from synthlab import assets
from synthlab.errors import WrongUse
from synthlab.scenario import scenario_files
from synthlab.scenario.schema import scenario_schema, stack_schema
from synthlab.scenario.steps import KINDS
from synthlab.stack import read_stack
from synthlab.stack.yaml import read_resolved, read_yaml

from .test_reader import CONTRACT
from .test_steps import test_change
from .validator import mistakes


def scenario_mistakes(value: Any) -> list[str]:
    return list(mistakes(value, scenario_schema(), scenario_schema()))


def plain(file: Path) -> Any:
    """The scenario with the values that it gives its own variables."""
    given = read_resolved(file.read_text(), file.name).plain().get("vars", {})
    return read_yaml(file, file.name, given).plain()


@pytest.mark.parametrize("file", scenario_files().values(), ids=lambda file: file.stem)
def test_bundled_scenarios(file: Path) -> None:
    """All bundled scenarios match the schema."""
    assert scenario_mistakes(plain(file)) == []


def test_contract(tmp_path: Path) -> None:
    """So does the contract's scenario."""
    (tmp_path / "dog.yaml").write_text(CONTRACT)
    assert scenario_mistakes(plain(tmp_path / "dog.yaml")) == []


def test_every_change(tmp_path: Path) -> None:
    """So do all tested forms of changes."""
    for step, _ in test_change.pytestmark[0].args[1]:
        (tmp_path / "s.yaml").write_text(f"stack: call.yaml\nsteps:\n  - {step}\n")
        assert scenario_mistakes(plain(tmp_path / "s.yaml")) == []


@pytest.mark.parametrize(
    ("step", "where"),
    [
        ({"set": "client2", "egress": {"rate": "1mbt"}}, ".steps[0].egress.rate"),
        ({"set": "client2", "egress": {"rat": "1mbit"}}, ".steps[0].egress.rat"),
        ({"set": "client2", "flows": {"*:udp": {"egress": {"loss": 5}}}}, ".steps[0].flows.*:udp"),
        ({"set": "client2", "flows": {"*:udp": {"muted": 1}}}, ".steps[0].flows.*:udp"),
        ({"set": "client2", "order": ["*:udp", "*:udp"]}, ".steps[0].order"),
        ({"ramp": "client2", "flows": {"*:udp": {"muted": True}}, "over": "5s"}, ".steps[0].flows.*:udp"),
        ({"ramp": "client2", "muted": True, "over": "5s"}, ".steps[0].muted"),
        ({"ramp": "client2", "egress": {"rate": "1mbit"}, "over": "5s"}, ".steps[0].egress.rate"),
        ({"ramp": "client2", "egress": {"rate": ["1mbit", "2mbit"]}}, ".steps[0].over"),
        ({"wait": 5}, ".steps[0].wait"),
        ({"wait": "5s", "upto": "6s"}, ".steps[0].upto"),
        ({"repeat": 2, "steps": [{"wait": 5}]}, ".steps[0].steps[0].wait"),
        ({"link": "sideways", "on": "client2"}, ".steps[0].link"),
        ({"rset": "client2"}, ".steps[0].mark"),
    ],
)
def test_mistaken_step(step: Any, where: str) -> None:
    """Mistakes are located within their kind of step."""
    assert where in scenario_mistakes({"stack": "call.yaml", "steps": [step]})


def test_every_kind() -> None:
    """Each kind of step has its schema, with help for each of its keys."""
    for kind in KINDS:
        made = scenario_schema()["$defs"][f"step-{kind.name}"]
        assert kind.name in made["required"]
        assert set(made["properties"]) == {"at", "after", "mark", *kind.keys}
        assert all(described.get("description") for described in made["properties"].values())


def test_references() -> None:
    """Every reference resolves, and the JSON is small enough for editors."""
    for schema in (scenario_schema(), stack_schema()):
        text = json.dumps(schema)
        assert set(re.findall(r'"#/\$defs/([^"]+)"', text)) <= set(schema["$defs"])
        assert len(text) < 60_000


def test_bundled_stacks() -> None:
    """All bundled stacks match the schema of stacks."""
    for file in assets.stacks().glob("*.yaml"):
        assert list(mistakes(plain(file), stack_schema(), stack_schema())) == []


def test_keys_of_a_stack(tmp_path: Path) -> None:
    """The schema has the keys that the reader allows."""
    (tmp_path / "s.yaml").write_text("none-such: 1\n")
    with pytest.raises(WrongUse) as caught:
        read_stack(str(tmp_path / "s.yaml"))
    allowed = caught.value.message.partition("allowed: ")[2].split(", ")
    assert set(stack_schema()["properties"]) == set(allowed)


def test_a_mistaken_stack() -> None:
    """An invalid value in a client's network is located."""
    stack = {"clients": {"a": {"app": "bot", "network": {"egress": {"loss": 5}, "profile": "wpt/3g"}}}}
    assert list(mistakes(stack, stack_schema(), stack_schema())) == [".clients.a.network.egress.loss"]


def test_a_stack_may_mute_but_not_order() -> None:
    """`muted` is allowed in a network and its flows; `order` is only in a change."""
    network = {"muted": True, "flows": {"*:udp": {"muted": True}}, "order": ["*:udp"]}
    stack = {"clients": {"a": {"app": "bot", "network": network}}}
    assert list(mistakes(stack, stack_schema(), stack_schema())) == [".clients.a.network.order"]


def test_profiles_of_a_stack() -> None:
    """A bundled profile or one from a file is accepted; a misspelt one is located."""
    for name, wrong in (("wpt/3g", False), ("./office.yaml#slow", False), ("wpt/3gg", True)):
        stack = {"clients": {"a": {"app": "bot", "network": {"profile": name}}}}
        assert bool(list(mistakes(stack, stack_schema(), stack_schema()))) is wrong
