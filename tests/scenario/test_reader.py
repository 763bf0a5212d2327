"""Reading scenario files: names, stacks and variables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synthlab.errors import WrongUse
from synthlab.scenario import check_scenario, find_scenario_file, read_scenario, scenario_files
from synthlab.scenario.plan_text import plan_text
from synthlab.text.durations import SECOND_NS

from .files import STACK, checked, write

TOP = "stack: call.yaml\nvars: {HOW: 3s}\n"


def text(folder: Path, steps: str, top: str = TOP, **variables: str) -> str:
    """The text of the only step."""
    scenario = read_scenario(write(folder, steps, top), variables, {"HOW": "9s", "LONG": "5s", "SET": "1s"})
    return str(scenario.steps[0].body)


def test_variables(tmp_path: Path) -> None:
    """--var overrides the file's vars, which override the environment; defaults come last."""
    assert text(tmp_path, "  - wait: ${HOW}\n") == "wait 3s"
    assert text(tmp_path, "  - wait: ${HOW}\n", HOW="7s") == "wait 7s"
    assert text(tmp_path, "  - wait: ${SET}\n") == "wait 1s"
    assert text(tmp_path, "  - wait: ${LONG}\n", LONG="2s") == "wait 2s"
    assert text(tmp_path, "  - wait: ${OTHER:-6s}\n") == "wait 6s"
    assert text(tmp_path, "  - wait: ${OTHER:-6s}\n", OTHER="8s") == "wait 8s"


def test_variables_are_kept(tmp_path: Path) -> None:
    """A scenario keeps the values of its variables for the report."""
    file = write(tmp_path, "  - wait: ${HOW}${OTHER:-}\n", TOP)
    assert read_scenario(file, {"OTHER": ""}, {}).vars == {"HOW": "3s", "OTHER": ""}


def test_unused_variable(tmp_path: Path) -> None:
    """An unused --var is an error."""
    with pytest.raises(WrongUse) as caught:
        text(tmp_path, "  - wait: ${HOW}\n", HWO="7s")
    assert caught.value.message == "--var HWO: the scenario has no such variable; did you mean HOW?"


def test_bundled_names() -> None:
    """A bundled scenario is found by its name, with and without .yaml; a near name is suggested."""
    assert find_scenario_file("dog-chews-fiber") == find_scenario_file("dog-chews-fiber.yaml")
    with pytest.raises(WrongUse) as caught:
        find_scenario_file("dog-chew-fiber")
    assert caught.value.message.startswith(
        "dog-chew-fiber: no such scenario file; did you mean dog-chews-fiber.yaml?; bundled: bufferbloat.yaml, "
    )


def test_stack_beside_or_bundled(tmp_path: Path) -> None:
    """The stack is a file next to the scenario, a bundled one, or the one requested."""
    file = write(tmp_path, "  - reset: bot-3\n", stack=STACK.replace("count: 2", "count: 3"))
    assert read_scenario(file).stack.clients[-1].name == "bot-3"
    with pytest.raises(WrongUse, match="no client 'bot-3'"):
        read_scenario(file, stack="call.yaml")
    (tmp_path / "call.yaml").unlink()
    with pytest.raises(WrongUse, match="no client 'bot-3'"):
        read_scenario(file)


def test_mistake_in_the_stack(tmp_path: Path) -> None:
    """A mistake in the stack file is reported at its line there."""
    with pytest.raises(WrongUse) as caught:
        read_scenario(write(tmp_path, "  - wait: 1s\n", stack="clients: {a: {app: chrom}}\n"))
    assert caught.value.message.startswith(f"{tmp_path}/call.yaml:1: clients.a.app: no such client app 'chrom'")


def test_own_keys(tmp_path: Path) -> None:
    """Keys that start with x- are ignored; anchors in them can be used."""
    top = "x-bad: &bad {rate: 1mbit}\nstack: call.yaml\nabout: a test\nseed: 5\ntimeout: 1min\n"
    scenario = read_scenario(write(tmp_path, "  - {set: client2, egress: *bad}\n", top))
    assert str(scenario.steps[0].body) == "set client2: egress rate 1mbit"
    assert (scenario.name, scenario.about, scenario.seed, scenario.timeout_ns) == ("s", "a test", 5, 60 * SECOND_NS)


BUNDLED = (
    "bufferbloat", "daily-call-quality", "dog-chews-fiber", "elevator", "leave-the-house", "loadero-mobile",
    "loadero-packet-loss",
    "rate-sine", "rfc8867-5.1", "rfc8867-5.2", "rfc8867-5.3", "rfc8867-5.4", "rfc8867-5.6",
    "rfc8867-5.8", "rfc8869-3.1-cbr", "rfc8869-3.1-pair", "rfc8869-3.1-tcp", "rfc8869-3.1-uplink",
    "sfu-restart", "starlink",
    "testrtc-call-drop", "train", "udp-blocked", "wifi-far",
)  # fmt: skip
STACKS = {
    "udp-blocked": "turn",
    "leave-the-house": "phone",
    "starlink": "dish",
    "rfc8867-5.1": "two-senders",
    "rfc8867-5.2": "two-senders",
    "rfc8867-5.4": "three-senders",
    "rfc8867-5.8": "three-senders",
    **{name: "one-uplink" for name in BUNDLED if name.startswith("rfc8869") or name.endswith(("5.3", "5.6"))},
}


def test_all_bundled() -> None:
    """The bundled scenarios; each begins with a comment that tells its story."""
    assert tuple(file.removesuffix(".yaml") for file in scenario_files()) == BUNDLED
    for file in scenario_files().values():
        assert file.read_text().startswith("# ")


def test_documented() -> None:
    """Each has a row in the documentation, and each row is one of them."""
    text = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text()
    section = text.partition("## Bundled scenarios")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)) == sorted(BUNDLED)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled(name: str) -> None:
    """Each can be played on its bundled stack and has a seed."""
    plan = check_scenario(name, environment={})
    assert plan.scenario.stack.name == STACKS.get(name, "call")
    assert plan.scenario.seed == 7
    assert plan.most_ns < 340 * SECOND_NS


CONTRACT = """\
# dog-chews-fiber.yaml
stack: call.yaml
seed: 7
steps:
  - expect: client1.video.client2.fps >= 10
    within: 30s
  - baseline: 5s                                       # `before.` values in later expectations
  - at: 10s                                            # since the last at-less step was done
    set: client2
    egress: {rate: 100kbit}
    for: 10s
    mark: the dog chews
  - at: 15s
    expect: client1.video.client2.kbps < 50% of before
    within: 5s
  - at: 20s
    recovers: client1.video.client2.fps >= 80% of before
    within: 15s
    for: 3s
"""


def test_contract(tmp_path: Path) -> None:
    """The contract's file works unchanged; the bundled one equals it plus one expectation."""
    (tmp_path / "dog.yaml").write_text(CONTRACT)
    lines = plan_text(check_scenario(str(tmp_path / "dog.yaml"), environment={})).splitlines()
    *bundled, more = plan_text(check_scenario("dog-chews-fiber", environment={})).splitlines()[1:]
    assert (lines[1:], more.split()[1]) == (bundled, "recovers")
    assert lines[2:] == [
        "takes 28s..73s",
        "",
        "            0s  expect client1.video.client2.fps >= 10 within 30s",
        "       0s..30s  baseline of 5s",
        "      15s..45s  set client2: egress rate 100kbit for 10s  # the dog chews",
        "      20s..50s  expect client1.video.client2.kbps < 50% of before within 5s",
        "      25s..55s  recovers client1.video.client2.fps >= 80% of before within 15s for 3s",
    ]


@pytest.mark.issue(10)
def test_a_flow_with_a_name_of_its_own(tmp_path: Path) -> None:
    """A flow declared with a `match` can be used by its name later, even if that is a protocol's."""
    steps = (
        "  - {set: client1, flows: {udp: {match: '*:udp', egress: {loss: 5%}}}}\n"
        "  - {set: client1, flows: {udp: {egress: {loss: 1%}}}}\n"
        "  - {block: udp, on: client1}\n"
    )
    assert len(checked(tmp_path, steps).scenario.steps) == 3
