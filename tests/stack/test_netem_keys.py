"""The key `netem` in stacks and profiles: what it sets, what wins over it, and its mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.errors import WrongUse
from synthlab.scenario import check_scenario, translated
from synthlab.stack import Stack, read_stack
from synthlab.stack.profiles import find_profile

pytestmark = pytest.mark.issue(15)


def stack_of(network: str, folder: Path) -> Stack:
    """A stack with one client of this network."""
    (folder / "a.yaml").write_text(f"name: a\nclients:\n  c: {{image: x, network: {network}}}\n")
    return read_stack(str(folder / "a.yaml"))


@pytest.mark.parametrize(
    ("network", "conditions"),
    [
        ("{netem: loss 2% 30%}", {side: {"loss": "2%", "loss_correlation": "30%"} for side in ("ingress", "egress")}),
        (
            "{netem: loss 2%, egress: {loss: 3%, rate: 1mbit}}",
            {"ingress": {"loss": "2%"}, "egress": {"loss": "3%", "rate": "1mbit"}},
        ),
        ("{egress: {netem: rate 1mbps, queue: 1s}}", {"egress": {"rate": "8mbit", "queue": "1s"}}),
        (
            "{netem: delay 10ms, egress: {netem: delay 20ms 5ms rate 1mbit}}",
            {
                "ingress": {"latency": "10ms"},
                "egress": {"rate": "1mbit", "latency": "20ms", "jitter": "5ms"},
            },
        ),
        (
            "{flows: {'*:udp': {netem: loss 1%, egress: {netem: corrupt 1%}}}}",
            {"flows": {"*:udp": {"ingress": {"loss": "1%"}, "egress": {"loss": "1%", "corrupt": "1%"}}}},
        ),
        (
            "{profile: str0m/wifi-lossy, egress: {netem: loss 1%}}",
            None,
        ),
    ],
)
def test_what_it_sets(network: str, conditions: object, tmp_path: Path) -> None:
    """A network's own for both directions, below that of a direction, below the values there; on top of a profile."""
    set_ = stack_of(network, tmp_path).clients[0].conditions
    if conditions is not None:
        assert set_.to_dict() == conditions
        return
    profile = find_profile("str0m/wifi-lossy").conditions
    assert profile.egress.loss_gemodel is not None
    assert set_.egress == profile.egress.changed({"loss": "1%", "loss_gemodel": None})
    assert set_.ingress == profile.ingress


def test_the_translation_is_kept(tmp_path: Path) -> None:
    """With where it is, and once for all clients of a group."""
    text = "name: a\nclients:\n  c: {image: x, count: 2, network: {netem: loss 1%, egress: {netem: rate 1mbps}}}\n"
    (tmp_path / "a.yaml").write_text(text)
    assert read_stack(str(tmp_path / "a.yaml")).translated == [
        "clients.c.network.netem: loss 1%",
        "clients.c.network.egress.netem: rate 8mbit",
        "  1mbps is in bytes per second in tc: 8mbit",
    ]


@pytest.mark.parametrize(
    ("network", "line"),
    [
        ("{netem: loss 120%}", "a.yaml:3: clients.c.network.netem: loss: '120%' is not a percentage such as 5%"),
        (
            "{egress: {netem: loss 1% ecn}}",
            "a.yaml:3: clients.c.network.egress.netem: loss: ecn is not available; the nearest here is ecn with aqm "
            "codel, which marks where it would drop",
        ),
        (
            "{netem: {loss: 1%}}",
            "a.yaml:3: clients.c.network.netem: a mapping is not a text such as delay 100ms 20ms distribution normal "
            "loss 1% 25%",
        ),
        (
            "{egress: {netem: loss 1% 25%, loss_burst: 4p}}",
            "a.yaml:3: clients.c.network.egress.loss_correlation: cannot be combined with loss_burst; clear one of "
            "them",
        ),
    ],
)
def test_mistakes(network: str, line: str, tmp_path: Path) -> None:
    """One line, with where it is."""
    with pytest.raises(WrongUse) as caught:
        stack_of(network, tmp_path)
    assert caught.value.message.removeprefix(f"{tmp_path}/") == line


def test_in_a_profile(tmp_path: Path) -> None:
    """A direction of a profile of one's own may be in tc's words."""
    (tmp_path / "p.yaml").write_text(
        "source: tc\ndelay: one-way\nprofiles:\n  slow: {egress: {netem: delay 9ms, rate: 1mbit}}\n"
    )
    assert find_profile("p.yaml#slow", tmp_path).conditions.to_dict() == {"egress": {"rate": "1mbit", "latency": "9ms"}}


STEPS = """
stack: a.yaml
steps:
  - set: c
    netem: delay 10ms loss 1% 50%
    egress: {latency: 5ms, netem: duplicate 2%}
    flows: {"*:udp": {netem: loss 9%, both: {corrupt: 1%}}}
  - parallel: [[{set: c, ingress: {netem: rate 1mbps}}]]
"""


def test_in_a_step(tmp_path: Path) -> None:
    """The plan has the values, and what each text means is listed, of nested steps too."""
    stack_of("{netem: loss 3%}", tmp_path)
    (tmp_path / "s.yaml").write_text(STEPS)
    plan = check_scenario(str(tmp_path / "s.yaml"), environment={})
    actions = [timed.action for visit in plan.visits() for timed in visit.run.actions]
    change = actions[0].change  # type: ignore[union-attr]
    given = {side: {name: value for name, value in change[side].items() if value is not None} for side in change}
    assert given["ingress"] == {"loss": "1%", "loss_correlation": "50%", "latency": "10ms"}
    assert given["egress"] == {"loss": "1%", "loss_correlation": "50%", "latency": "5ms", "duplicate": "2%"}
    flow = {name: value for name, value in change["flows"]["*:udp"]["egress"].items() if value is not None}
    assert flow == {"loss": "9%", "corrupt": "1%"}
    lines = [line for line in translated(plan) if not line.startswith(" ")]
    assert lines == [
        "a.yaml: clients.c.network.netem: loss 3%",
        f"{tmp_path}/s.yaml: steps[0].netem: loss 1%, loss_correlation 50%, latency 10ms",
        f"{tmp_path}/s.yaml: steps[0].egress.netem: duplicate 2%",
        f"{tmp_path}/s.yaml: steps[0].flows.*:udp.netem: loss 9%",
        f"{tmp_path}/s.yaml: steps[1].parallel[0][0].ingress.netem: rate 8mbit",
    ]


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("{set: c, netem: rate 1megabit}", "steps[0].netem: rate: '1megabit' is not a rate such as 1mbit"),
        ("{set: c, egress: {netem: limit 9}}", "steps[0].egress.netem: limit: nothing waits without a delay or a rate"),
        (
            "{ramp: c, egress: {netem: rate 1mbit}, over: 1s}",
            "steps[0].egress.netem: no such condition",
        ),
    ],
)
def test_mistakes_of_steps(step: str, line: str, tmp_path: Path) -> None:
    """They are found before anything starts, with file and line; what varies over time is in our words."""
    stack_of("{}", tmp_path)
    (tmp_path / "s.yaml").write_text(f"stack: a.yaml\nsteps:\n  - {step}\n")
    with pytest.raises(WrongUse) as caught:
        check_scenario(str(tmp_path / "s.yaml"), environment={})
    assert caught.value.message.startswith(f"{tmp_path}/s.yaml:3: {line}")
