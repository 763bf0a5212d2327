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
