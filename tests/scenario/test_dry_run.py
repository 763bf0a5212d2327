"""Dry runs: mistakes that only show when steps are ordered by time."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.errors import WrongUse

from .files import STACK, checked

FPS = "client1.video.client2.fps"

RIGHT = {
    "value on a lease": (
        "  - {at: 0s, set: client2, egress: {rate: 1mbit}, for: 9s}\n"
        "  - {at: 1s, set: client2, egress: {queue: 1s}, for: 5s}\n"
    ),
    "value on an earlier one": ("  - {set: client2, egress: {rate: 1mbit}}\n  - {set: client2, egress: {queue: 1s}}\n"),
    "reset takes all": "  - {set: client2, egress: {rate: 1mbit, queue: 1s}}\n  - reset: client2\n",
    "unpause after pause": "  - pause: bot\n  - unpause: bot\n  - {set: bot, egress: {loss: 1%}}\n",
    "restart of what is stopped": "  - stop: sfu\n  - restart: sfu\n  - stop: sfu\n  - start: sfu\n",
    "number of what is stopped": f"  - stop: client2\n  - expect: absent({FPS})\n",
    "many times on one layer": "  - repeat: 100\n    steps: [{set: client2, egress: {loss: 1%}}]\n",
    "baseline in a track": (f"  - parallel: [[{{baseline: 3s}}], [{{wait: 4s}}, {{expect: {FPS} > 50% of before}}]]\n"),
}


@pytest.mark.parametrize("steps", RIGHT.values(), ids=RIGHT.keys())
def test_right(steps: str, tmp_path: Path) -> None:
    """Plans that can be played are accepted."""
    checked(tmp_path, steps)


WRONG = {
    "late expectation": (
        f"  - {{set: client2, egress: {{rate: 1mbit}}, for: 9s}}\n  - {{expect: {FPS} > 1, within: 20s}}\n"
        "  - {set: client2, egress: {queue: 1s}}\n",
        "s.yaml:5: steps[2]: from 9s, after an earlier step has ended: client2: egress.queue: requires rate",
    ),
    "reset takes the rate": (
        "  - {set: client2, egress: {rate: 1mbit}}\n  - reset: client2\n  - {set: client2, egress: {queue: 1s}}\n",
        "s.yaml:5: steps[2]: client2: egress.queue: requires rate",
    ),
    "traffic of what is paused": (
        "  - pause: client1\n  - {traffic: client1, for: 3s}\n",
        "s.yaml:4: steps[1]: client1 is paused at that time (since line 3)",
    ),
    "traffic that is never sent": (
        "  - {traffic: client1, for: 3s}\n  - {expect: client1.traffic.udp.rate > 1mbit}\n",
        "s.yaml:4: steps[1]: no step sends traffic called client1.traffic.udp; did you mean client1.traffic.tcp?",
    ),
    "stopped twice": (
        "  - stop: all\n  - stop: bot-1\n",
        "s.yaml:4: steps[1]: cannot stop bot-1: it is stopped at that time",
    ),
    "too many layers": (
        "".join("  - {set: client2, egress: {loss: 1%}}\n" for _ in range(50)),
        "s.yaml:51: steps[48]: client2 has more than 48 changes at a time; add `for` to them, or reset",
    ),
}


@pytest.mark.parametrize(("steps", "expected"), WRONG.values(), ids=WRONG.keys())
def test_wrong(steps: str, expected: str, tmp_path: Path) -> None:
    """A step that would fail at its earliest or latest time is rejected at its line."""
    with pytest.raises(WrongUse) as caught:
        checked(tmp_path, steps)
    assert expected in caught.value.message


def test_conditions_of_the_stack(tmp_path: Path) -> None:
    """Changes apply on top of the stack's conditions; a conditioned media server is treated like a client."""
    stack = STACK.replace("{app: chrome}\n", "{app: chrome, network: {egress: {rate: 2mbit}}}\n").replace(
        "{app: janus}", "{app: janus, network: {egress: {rate: 1mbit}}}"
    )
    checked(tmp_path, "  - {set: [client1, sfu], egress: {queue: 1s}}\n", stack=stack)
