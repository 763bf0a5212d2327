"""Mistakes in scenario files outside their steps, and several mistakes in one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.errors import WrongUse

from .files import checked, refused

FPS = "client1.video.client2.fps"


TOPS = {
    "not a mapping": ("- 1\n", "1: [1] is not a scenario with a stack and steps"),
    "no steps": ("stack: call.yaml\n", "1: requires steps: the steps to play"),
    "no stack": (
        "steps: [{wait: 1s}]\n",
        "1: requires stack: the stack file, a path relative to the scenario or a bundled stack",
    ),
    "unknown key": (
        "stack: call.yaml\nstep: []\n",
        "2: step: no such key; did you mean steps?; allowed: about, stack, seed, vars, timeout, steps",
    ),
    "stack written inline": (
        "stack: {clients: {client1: {app: chrom}}}\nsteps: [{wait: 1s}]\n",
        "1: stack: a mapping is not the name of a stack file, such as call.yaml; a stack needs a file of its own",
    ),
    "no such stack": (
        "stack: cal.yaml\nsteps: [{wait: 1s}]\n",
        "1: stack: cal.yaml: no such stack file; did you mean call.yaml?; bundled: call.yaml",
    ),
    "bad seed": ("stack: call.yaml\nseed: x\nsteps: [{wait: 1s}]\n", "2: seed: 'x' is not a whole number from 0 to "),
    "beyond the timeout": (
        f"stack: call.yaml\ntimeout: 60s\nsteps:\n- {{expect: {FPS} > 1, within: 50s}}\n- {{at: 5s, wait: 10s}}\n",
        "5: steps[1]: can take until 65s, beyond the timeout of 60s; shorten it or raise the timeout",
    ),
    "not YAML": ("stack: [\n", "2: not YAML: "),
}


@pytest.mark.parametrize(("text", "expected"), TOPS.values(), ids=TOPS.keys())
def test_mistaken_top(text: str, expected: str, tmp_path: Path) -> None:
    """A mistake outside the steps is reported on one line, too."""
    refused(tmp_path, "", text, expected)


def test_several(tmp_path: Path) -> None:
    """Each invalid step gets a line, also in parallel tracks; the first line is the error's message."""
    steps = """\
  - wait: soon
  - reset: client2
  - parallel:
      - - {set: client2, egress: {los: 1%}}
        - wait: 1s
        - wait: 2
  - rset: client2
"""
    with pytest.raises(WrongUse) as caught:
        checked(tmp_path, steps)
    text = [caught.value.message, *caught.value.details]
    assert [line.removeprefix(str(tmp_path)).split(": ")[0] for line in text] == [
        f"/s.yaml:{line}" for line in (3, 6, 8, 9)
    ]


def test_mistakes_beside_those_of_the_stack(tmp_path: Path) -> None:
    """A mistake in the stack hides none in the steps but names that only a valid stack can tell."""
    stack = "sfu: {app: jnus}\nclients: {client1: {app: chrome}, client2: {count: 0}}\n"
    steps = """\
  - {set: cleint2, egress: {los: 1%}, flows: {a name: {egress: {loss: 5%}}}}
  - {expect: client1.video.client2.fps, within: soon}
  - repeat: 2
    steps: [{partition: [client1, nobody], directon: both}, {block: nobody}]
  - {exec: ls, in: nowhere}
  - {traffic: nobody, for: 1}
  - reset: client2
"""
    with pytest.raises(WrongUse) as caught:
        checked(tmp_path, steps, "stack: call.yaml\nseed: x\n", stack)
    lines = [caught.value.message, *caught.value.details]
    assert [line.removeprefix(f"{tmp_path}/").split(": ")[:2] for line in lines] == [
        ["call.yaml:1", "sfu.app"],
        ["call.yaml:2", "clients.client2.count"],
        ["call.yaml:2", "clients.client2"],
        ["s.yaml:2", "seed"],
        ["s.yaml:4", "steps[0].egress.los"],
        ["s.yaml:5", "steps[1].within"],
        ["s.yaml:7", "steps[2].steps[0].directon"],
        ["s.yaml:9", "steps[4].for"],
    ]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("stack: cal.yaml\ncolour: red\nseed: x\n", ["2: colour", "1: stack", "3: seed"]),
        ("stak: call.yaml\nsteps: [{wait: 1}]\n", ["1: stak", "2: steps[0].wait"]),
        ("seed: x\nx-note: 1\n", ["1: requires stack", "1: requires steps", "1: seed"]),
        ("stack: [1]\nsteps: []\n", ["1: stack", "2: steps"]),
    ],
)
def test_mistakes_beside_those_of_the_top(text: str, places: list[str], tmp_path: Path) -> None:
    """An unknown, missing or wrong key of the file hides no other; a misspelled key is not missing as well."""
    with pytest.raises(WrongUse) as caught:
        checked(tmp_path, "", text)
    lines = [caught.value.message, *caught.value.details]
    assert [": ".join(line.removeprefix(f"{tmp_path}/s.yaml:").split(": ")[:2]) for line in lines] == places


def test_mistakes_in_flows(tmp_path: Path) -> None:
    """Wrong keys, flows and values of several flows are reported together."""
    flows = "{'*:upd': {egres: {}, egress: {los: 1%}}, x: {match: '', both: {rate: 1}}, 'bot-1': 5}"
    with pytest.raises(WrongUse) as caught:
        checked(tmp_path, f"  - {{set: client1, flows: {flows}, for: x}}\n")
    lines = [caught.value.message, *caught.value.details]
    assert [line.split(": ")[1].removeprefix("steps[0].") for line in lines] == [
        "flows.*:upd.egres",
        "flows.*:upd",
        "flows.*:upd.egress.los",
        "flows.x.match",
        "flows.x.both.rate",
        "flows.bot-1",
        "for",
    ]


def test_no_mistake_hides_another(tmp_path: Path) -> None:
    """A mistake in one key of a step, or of the file, does not hide those in others."""
    steps = "  - {at: x, set: cleint1, colour: red, egress: {los: 1%, rate: 1}}\n  - {ramp: client1, ovr: 3s}\n"
    with pytest.raises(WrongUse) as caught:
        checked(tmp_path, steps, "seed: x\nstack: call.yaml\n")
    file = str(tmp_path / "s.yaml")
    lines = [caught.value.message, *caught.value.details]
    assert [line.removeprefix(file).split(": ")[:2] for line in lines] == [
        [":1", "seed"],
        [":4", "steps[0].at"],
        [":4", "steps[0].colour"],
        [":4", "steps[0].set"],
        [":4", "steps[0].egress.los"],
        [":4", "steps[0].egress.rate"],
        [":5", "steps[1].ovr"],
    ]
