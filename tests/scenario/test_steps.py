"""Every kind of step: its planned actions with their times and changes."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from synthlab.scenario.actions import Action, Baseline, Change, ContainerChange, Exec, Http, Judge, Reset, Traffic
from synthlab.text.durations import SECOND_NS as S
from synthlab.text.durations import seconds_of

from .files import checked, planned


def actions(folder: Path, step: str) -> list[tuple[float, Action]]:
    """The actions of the only step, with times in seconds."""
    (visit,) = planned(folder, f"  - {step}\n").visits()
    return [(seconds_of(timed.at_ns), timed.action) for timed in visit.run.actions]


def changes(folder: Path, step: str) -> list[tuple[float, Any, float | None]]:
    """Time, change and lease of each, in seconds."""
    found = actions(folder, step)
    return [(at_s, action.change, _seconds(action.lease_ns)) for at_s, action in found if isinstance(action, Change)]


def _seconds(time_ns: int | None) -> float | None:
    return None if time_ns is None else seconds_of(time_ns)


def change(folder: Path, step: str) -> Any:
    ((_, made, _),) = changes(folder, step)
    return made


def lengths(folder: Path, step: str) -> tuple[float, float]:
    """Shortest and longest duration in seconds."""
    track = planned(folder, f"  - {step}\n").track
    return seconds_of(track.least_ns), seconds_of(track.most_ns)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{set: client2, egress: {rate: 1mbit}}", {"egress": {"rate": "1mbit"}}),
        ("{set: client2, both: {loss: 5%}}", {"ingress": {"loss": "5%"}, "egress": {"loss": "5%"}}),
        (
            "{set: client2, egress: {loss: 9%}, both: {loss: 5%, rate: 1mbit}}",
            {"ingress": {"loss": "5%", "rate": "1mbit"}, "egress": {"loss": "9%", "rate": "1mbit"}},
        ),
        (
            "{set: client2, flows: {'*:udp': {ingress: {loss: none}, both: {loss: 5%}}}}",
            {"flows": {"*:udp": {"ingress": {"loss": None}, "egress": {"loss": "5%"}}}},
        ),
        ("{set: client2, egress: {rate: none, loss: ~}}", {"egress": {"rate": None, "loss": None}}),
        ("{set: client2, flows: {'*:udp': {egress: {loss: 5%}}}}", {"flows": {"*:udp": {"egress": {"loss": "5%"}}}}),
        ("{set: client2, flows: {a: {match: '*:udp', ingress: {loss: 5%}}}}",
         {"flows": {"a": {"match": "*:udp", "ingress": {"loss": "5%"}}}}),
        ("{set: client2, flows: {'*:udp': none}}", {"flows": {"*:udp": None}}),
        ("{set: client2, muted: true}", {"muted": True}),
        ("{set: client2, muted: none, order: [a, '*:udp'], flows: {a: {match: '*:rtp', muted: yes}}}",
         {"muted": False, "order": ["a", "*:udp"], "flows": {"a": {"match": "*:rtp", "muted": True}}}),
        ("{set: client2, dns: {turn.example: {answer: nxdomain, delay: 3s}, '*': none, api.example: {delay: ~}}}",
         {"dns": {"turn.example": {"answer": "nxdomain", "delay": "3s"}, "*": None, "api.example": {"delay": None}}}),
        ("{set: client2, dns: none}", {"dns": None}),
        ("{link: down, on: client2}", {"ingress": {"outage": True}, "egress": {"outage": True}}),
        ("{link: up, on: client2}", {"ingress": {"outage": None}, "egress": {"outage": None}}),
        (
            "{block: '*:udp', on: client2}",
            {"flows": {"*:udp": {"ingress": {"outage": True}, "egress": {"outage": True}}}},
        ),
        (
            "{block: '*:tcp', on: client2, answer: reset}",
            {"flows": {"*:tcp": {"ingress": {"reject": "reset"}, "egress": {"reject": "reset"}}}},
        ),
        (
            "{partition: [client1, client2]}",
            {"flows": {"client2": {"ingress": {"outage": True}, "egress": {"outage": True}}}},
        ),
        ("{partition: [client1, sfu], direction: a-to-b}", {"flows": {"sfu": {"egress": {"outage": True}}}}),
        ("{partition: [sfu, client1], direction: a-to-b}", {"flows": {"sfu": {"ingress": {"outage": True}}}}),
        ("{partition: [sfu, client1], direction: b-to-a}", {"flows": {"sfu": {"egress": {"outage": True}}}}),
    ],
)  # fmt: skip
def test_change(step: str, expected: Any, tmp_path: Path) -> None:
    """A change contains exactly what the step names."""
    assert change(tmp_path, step) == expected


def test_profile(tmp_path: Path) -> None:
    """A profile sets every value of both directions; values next to it override it."""
    made = change(tmp_path, "{set: client2, profile: wpt/3g, egress: {rate: 1mbit}}")
    assert (made["ingress"]["rate"], made["ingress"]["latency"], made["ingress"]["loss"]) == ("1.6mbit", "150ms", None)
    assert (made["egress"]["rate"], made["egress"]["latency"]) == ("1mbit", "150ms")


def test_own_profile(tmp_path: Path) -> None:
    """Profile files are relative to the scenario; clients get the traces a profile names."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "lte.down").write_text("1\n5\n")
    (tmp_path / "mine" / "office.yaml").write_text(
        "source: ours\ndelay: one-way\nprofiles: {slow: {ingress: {rate_trace: lte.down}, egress: {loss: 1%}}}\n"
    )
    ((_, made),) = actions(tmp_path, "{set: client2, profile: mine/office.yaml#slow, egress: {loss: 2%}}")
    assert isinstance(made, Change)
    assert (made.change["ingress"]["rate_trace"], made.change["ingress"]["loss"]) == ("lte.down", None)
    assert made.change["egress"]["loss"] == "2%"
    assert made.files == {"lte.down": "1\n5\n"}


def test_clients(tmp_path: Path) -> None:
    """A name, a group, a list or all: each client once."""
    for names, expected in {
        "client2": ("client2",),
        "bot": ("bot-1", "bot-2"),
        "[client2, bot-1, bot]": ("client2", "bot-1", "bot-2"),
        "all": ("client1", "client2", "bot-1", "bot-2"),
    }.items():
        assert actions(tmp_path, f"reset: {names}") == [(0.0, Reset(clients=expected))]


def test_lease_and_whole(tmp_path: Path) -> None:
    """`for` is a lease and the step finishes immediately; `replace` clears unnamed values."""
    ((at_s, action),) = actions(tmp_path, "{set: client2, replace: true, egress: {loss: 5%}, for: 90s}")
    assert at_s == 0
    assert action == Change(
        layer="1", clients=("client2",), change={"egress": {"loss": "5%"}}, replace=True, lease_ns=90 * S
    )
    assert lengths(tmp_path, "{set: client2, egress: {loss: 5%}, for: 90s}") == (0, 0)


def test_linear_ramp(tmp_path: Path) -> None:
    """Equal differences; the last value stays. The step finishes when the first is in force."""
    step = "{ramp: client2, egress: {rate: [1mbit, 2mbit], latency: [0ms, 100ms]}, over: 2s, every: 500ms}"
    assert changes(tmp_path, step) == [
        (0.0, {"egress": {"rate": "1mbit", "latency": "0ms"}}, None),
        (0.5, {"egress": {"rate": "1.25mbit", "latency": "25ms"}}, None),
        (1.0, {"egress": {"rate": "1.5mbit", "latency": "50ms"}}, None),
        (1.5, {"egress": {"rate": "1.75mbit", "latency": "75ms"}}, None),
        (2.0, {"egress": {"rate": "2mbit", "latency": "100ms"}}, None),
    ]
    assert lengths(tmp_path, step) == (0, 0)


def test_exponential_ramp(tmp_path: Path) -> None:
    """Equal ratios; with `for` it reverts that long after its start."""
    step = "{ramp: client2, egress: {rate: [4mbit, 1mbit]}, over: 2s, every: 1s, shape: exponential, for: 5s}"
    rates = [(at_s, made["egress"]["rate"], lease_s) for at_s, made, lease_s in changes(tmp_path, step)]
    assert rates == [(0.0, "4mbit", 5.0), (1.0, "2mbit", 4.0), (2.0, "1mbit", 3.0)]


def test_ramp_in_steps(tmp_path: Path) -> None:
    """`steps` equal steps after the first value."""
    step = "{ramp: client2, both: {loss: [0%, 10%]}, over: 10s, shape: steps, steps: 2}"
    losses = [(at_s, made["ingress"]["loss"]) for at_s, made, _ in changes(tmp_path, step)]
    assert losses == [(0.0, "0%"), (5.0, "5%"), (10.0, "10%")]


def test_steps_that_are_no_whole_nanoseconds(tmp_path: Path) -> None:
    """Each change is at the nearest nanosecond, however many there are, and the last one at the end."""
    found = planned(tmp_path, "  - {ramp: client2, both: {loss: [0%, 70%]}, over: 10s, shape: steps, steps: 7}\n")
    times_ns = [timed.at_ns for visit in found.visits() for timed in visit.run.actions]
    assert times_ns == [round(Fraction(10**10 * number, 7)) for number in range(8)]
    assert times_ns[3] == 4_285_714_286


def test_the_last_100_ms_count(tmp_path: Path) -> None:
    """A change that lasts exactly the shortest lease is kept, despite float rounding."""
    found = changes(tmp_path, "{wave: client2, egress: {loss: [1%, 9%]}, period: 400ms, for: 1s, every: 100ms}")
    assert [(at_s, lease_s) for at_s, _, lease_s in found] == [(n / 10, (10 - n) / 10) for n in range(10)]


def test_sine(tmp_path: Path) -> None:
    """It starts in the middle, rising; every point's lease ends with the wave."""
    step = "{wave: client2, egress: {rate: [1mbit, 3mbit]}, period: 4s, for: 4s, every: 1s}"
    assert changes(tmp_path, step) == [
        (0.0, {"egress": {"rate": "2mbit"}}, 4.0),
        (1.0, {"egress": {"rate": "3mbit"}}, 3.0),
        (2.0, {"egress": {"rate": "2mbit"}}, 2.0),
        (3.0, {"egress": {"rate": "1mbit"}}, 1.0),
    ]
    assert lengths(tmp_path, step) == (0, 0)


def test_square(tmp_path: Path) -> None:
    """The second value first; a change at each edge and nowhere else."""
    step = "{wave: client2, egress: {rate: [1mbit, 3mbit]}, period: 4s, for: 7s, shape: square}"
    rates = [(at_s, made["egress"]["rate"], lease_s) for at_s, made, lease_s in changes(tmp_path, step)]
    assert rates == [(0.0, "3mbit", 7.0), (2.0, "1mbit", 5.0), (4.0, "3mbit", 3.0), (6.0, "1mbit", 1.0)]


def test_random_walk(tmp_path: Path) -> None:
    """Reproducible by seed, within its bounds, and no change larger than the stride."""
    text = "  - {random: client2, egress: {loss: [10%, 20%]}, for: 5min, every: 1s, stride: 20%}\n"

    def walk(seed: int) -> list[float]:
        (visit,) = planned(tmp_path, text, seed).visits()
        made = [timed.action for timed in visit.run.actions]
        return [float(action.change["egress"]["loss"].strip("%")) for action in made if isinstance(action, Change)]

    assert walk(1) == walk(1) != walk(2)
    values = walk(1)
    assert 290 < len(values) <= 300
    assert 10 <= min(values) < 12
    assert 18 < max(values) <= 20
    assert all(abs(one - other) <= 2.02 for one, other in pairwise(values))


WALK = """\
  - states: client2
    walk:
      good: {mean: 20s, to: {congested: 3, gone: 1}}
      congested: {mean: 5s, egress: {rate_trace: lte.up}, flows: {"*:udp": {both: {loss: 5%}}}}
      gone: {mean: 2s, both: {outage: true}}
    for: 10min
"""


@pytest.mark.issue(15)
def test_states(tmp_path: Path) -> None:
    """Reproducible by seed; each change has the values of one state, for the rest of the time."""
    (tmp_path / "lte.up").write_text("1\n5\n")

    def walk(seed: int) -> list[tuple[int, Change]]:
        (visit,) = planned(tmp_path, WALK, seed).visits()
        return [(timed.at_ns, timed.action) for timed in visit.run.actions if isinstance(timed.action, Change)]

    assert walk(1) == walk(1) != walk(2)
    flows = {"*:udp": {"ingress": {"loss": "5%"}, "egress": {"loss": "5%"}}}
    out = {"ingress": {"outage": True}, "egress": {"outage": True}}
    sets: list[dict[str, Any]] = [{}, {"egress": {"rate_trace": "lte.up"}, "flows": flows}, out]
    made = walk(1)
    assert (made[0][0], made[0][1].change) == (0, {})
    assert all(change.change in sets for _, change in made)
    assert all(change.change != other.change for (_, change), (_, other) in pairwise(made))
    assert all(at_ns + (change.lease_ns or 0) == 600 * S for at_ns, change in made)
    assert all(later - at_ns >= S // 10 for (at_ns, _), (later, _) in pairwise(made))
    assert all(change.files == {"lte.up": "1\n5\n"} for _, change in made)
    assert 20 < len(made) < 100  # 11 s a stay on average
    checked(tmp_path, WALK)


def test_mahimahi_trace(tmp_path: Path) -> None:
    """Clients get the file and replay it; it replaces a rate."""
    (tmp_path / "lte.up").write_text("1\n5\n")
    ((_, action),) = actions(tmp_path, "{trace: client2, egress: lte.up, for: 3min}")
    assert isinstance(action, Change)
    assert action.change == {"egress": {"rate_trace": "lte.up", "rate": None}}
    assert action.files == {"lte.up": "1\n5\n"}
    assert lengths(tmp_path, "{trace: client2, egress: lte.up, for: 3min}") == (0, 0)


def test_csv_trace(tmp_path: Path) -> None:
    """A change for each row, until the end, or until `for`."""
    (tmp_path / "t.csv").write_text("time,egress.rate\n0s,1mbit\n2s,2mbit\n")
    assert changes(tmp_path, "{trace: client2, csv: t.csv}") == [
        (0.0, {"egress": {"rate": "1mbit"}}, 4.0),
        (2.0, {"egress": {"rate": "2mbit"}}, 2.0),
    ]
    assert lengths(tmp_path, "{trace: client2, csv: t.csv, for: 1s}") == (0, 0)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("restart: sfu", ContainerChange(action="restart", names=("sfu",))),
        ("pause: bot", ContainerChange(action="pause", names=("bot-1", "bot-2"))),
        ("baseline: 5s", Baseline(for_ns=5 * S)),
        (
            "{traffic: client2, for: 5s}",
            Traffic(client="client2", target="sfu", protocol="tcp", rate_bps=None, for_ns=5 * S, name="tcp"),
        ),
        (
            "{traffic: client2, to: client1, protocol: udp, rate: 1mbit, direction: ingress, for: 5s}",
            Traffic(
                client="client2", target="client1", protocol="udp", rate_bps=1e6, for_ns=5 * S, reverse=True, name="udp"
            ),
        ),
        ("{exec: 'ls -l', in: sfu}", Exec(command=("ls", "-l"), where="sfu", within_ns=30 * S)),
        ("{exec: [ls, a b], in: host, within: 5s}", Exec(command=("ls", "a b"), where=None, within_ns=5 * S)),
        (
            "{http: 'http://127.0.0.1:1/x', body: '{}', status: 204}",
            Http(method="POST", url="http://127.0.0.1:1/x", body="{}", headers={}, status=204, within_ns=10 * S),
        ),
    ],
)
def test_other_actions(step: str, expected: Action, tmp_path: Path) -> None:
    """Single actions with all their arguments."""
    assert actions(tmp_path, step) == [(0.0, expected)]


@pytest.mark.parametrize(
    ("step", "kind", "within_s", "for_s", "least_s", "most_s"),
    [
        ("expect: client1.sent.rtt_ms < 80", "expect", None, 0, 0, 0),
        ("{expect: client1.sent.rtt_ms < 80, within: 5s, for: 2s}", "expect", 5, 2, 2, 7),
        ("{never: client1.sent.rtt_ms > 80, for: 9s}", "never", None, 9, 9, 9),
        ("{recovers: client1.sent.rtt_ms < 80, within: 100ms}", "recovers", 0.1, 0, 0, 0.1),
    ],
)
def test_judging(
    step: str, kind: str, within_s: float | None, for_s: float, least_s: float, most_s: float, tmp_path: Path
) -> None:
    """An expectation, and how long its result can take."""
    ((_, action),) = actions(tmp_path, step)
    assert isinstance(action, Judge)
    assert (action.kind, _seconds(action.within_ns), seconds_of(action.for_ns)) == (kind, within_s, for_s)
    assert lengths(tmp_path, step) == (least_s, most_s)


def test_files_of_a_set(tmp_path: Path) -> None:
    """A trace next to the scenario is uploaded; two files of one name are rejected."""
    (tmp_path / "a").mkdir()
    for place in ("x.up", "a/x.up"):
        (tmp_path / place).write_text(f"{len(place)}\n")
    plan = checked(tmp_path, "  - {set: client2, egress: {rate_trace: x.up}}\n")
    (visit,) = plan.visits()
    action = visit.run.actions[0].action
    assert isinstance(action, Change)
    assert (action.change, action.files) == ({"egress": {"rate_trace": "x.up"}}, {"x.up": "4\n"})
    with pytest.raises(Exception, match=r"two files are named x\.up; rename one of them"):
        checked(tmp_path, "  - {set: client2, egress: {rate_trace: x.up}, ingress: {rate_trace: a/x.up}}\n")
