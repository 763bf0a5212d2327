"""`scenario bisect` on a real lab, with an application that breaks at a known loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .labs import synthlab
from .leftovers import leftovers

pytestmark = [pytest.mark.docker, pytest.mark.issue(16), pytest.mark.timeout(900)]

LAB = "gate-bisect"
BREAKS = 0.13
"""Between two values that are tried: 12 % passes, 14 % fails. Over 8 s, the loss of 8000 packets varies by 0.4 %."""
STEPS = """\
stack: app.yaml
vars: {LOSS: 0%}
steps:
  - {expect: client1.app.lost < 0.5, within: 20s}
  - {set: client2, egress: {loss: "${LOSS}"}}
  - wait: {wait}s
  - {mark: the picture, expect: client1.app.fine == 1}
"""


def breaking(folder: Path, scale: float = 0, window_s: float = 8, name: str = LAB) -> str:
    """Write a scenario whose application breaks at BREAKS, sharply or gradually; the path of its file."""
    program = (Path(__file__).parent / "breaking_app.py").read_text()
    clients = {
        "client1": ["receive", str(BREAKS), str(scale), str(window_s)],
        "client2": ["send", "client1"],
    }
    stack = {
        "name": name,
        "clients": {
            client: {"image": "syntheticnet", "command": ["python3", "-c", program, *words]}
            for client, words in clients.items()
        },
    }
    (folder / "app.yaml").write_text(json.dumps(stack))
    (folder / "breaks.yaml").write_text(STEPS.replace("{wait}", f"{window_s + 0.6:g}"))
    return str(folder / "breaks.yaml")


def bisected(folder: Path, scenario: str, values: str, *options: str) -> dict[str, Any]:
    """The result of a bisection that finds something, and leaves nothing behind."""
    evidence = ("--evidence", str(folder / "evidence"))
    command = ("scenario", "bisect", scenario, "--var", f"LOSS={values}", "--json", *options, *evidence)
    done = synthlab(*command, seconds=1500)
    assert leftovers(LAB) == []
    result: dict[str, Any] = json.loads(done.stdout)
    print(f"{result['passes']} to {result['fails']}, {result['state']}, {len(result['runs'])} runs")
    return result


def test_one_lab_for_all_runs(tmp_path: Path) -> None:
    """Of three values, those around the break are found; all runs were in one lab, whose removal leaves nothing."""
    scenario = breaking(tmp_path, window_s=1.5)
    values = ("4%..24%", "--resolution", "10%", "--most-runs", "8", "--confidence", "75", "--seed", "5")
    result = bisected(tmp_path, scenario, *values)
    assert (result["passes"], result["fails"], result["expectation"]) == ("4%", "14%", "the picture")
    assert [one["seed"] for one in result["runs"]] == [5 + number for number in range(len(result["runs"]))]


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_sharp_break(tmp_path: Path) -> None:
    """Five times of five, the interval of one resolution that has the break in it."""
    scenario = breaking(tmp_path)
    found = [bisected(tmp_path, scenario, "0%..40%", "--resolution", "2%") for _ in range(5)]
    assert [(one["state"], one["passes"], one["fails"]) for one in found] == [("found", "12%", "14%")] * 5


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_gradual_break(tmp_path: Path) -> None:
    """In nine of ten, the interval has the loss in it at which half of the runs fail."""
    scenario = breaking(tmp_path, 0.03, 2)
    found = [bisected(tmp_path, scenario, "0%..40%", "--resolution", "2%", "--most-runs", "30") for _ in range(10)]
    ends = [(float(one["passes"].rstrip("%")), float(one["fails"].rstrip("%"))) for one in found]
    assert sum(low <= 100 * BREAKS <= high for low, high in ends) >= 9
