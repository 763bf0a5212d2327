"""The demonstration's judgement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.cli import demo
from synthlab.cli.demo import Outcome, Picture, demo_table, measure_picture
from synthlab.errors import ExpectationFailed
from synthlab.lab.lab import Lab
from synthlab.testing import fake_world

GOOD = Outcome(
    up_s=10.0,
    all_see_all_s=3.0,
    before=Picture(200, 15),
    during=Picture(70, 7),
    after=Picture(190, 15),
    recovery_s=12.3,
)


def test_good() -> None:
    """A picture that suffers and recovers is what the demonstration is for."""
    GOOD.judge()
    assert demo_table(GOOD).rows[1][:3] == ("during", "70", "7.0")
    assert demo_table(GOOD).rows[2][3] == "synthlab reset client2: recovered after 12.3 s"


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (replace(GOOD, during=Picture(180, 15)), "client1's picture of client2 did not suffer from 100kbit"),
        (replace(GOOD, during=None), "no data: client1 told no numbers of client2's video under 100kbit"),
        (replace(GOOD, recovery_s=None), "client1's picture of client2 did not recover within 40 s"),
    ],
)
def test_bad(outcome: Outcome, told: str) -> None:
    """A picture that does not suffer, or does not recover, is a failed expectation: status 1."""
    with pytest.raises(ExpectationFailed) as caught:
        outcome.judge()
    assert (caught.value.message, caught.value.exit_code) == (told, 1)


def test_recovery_needs_both() -> None:
    """Neither the bit rate alone nor the frame rate alone is a recovered picture."""
    before = Picture(200, 15)
    assert Picture(160, 12).reaches(0.8, of=before)
    assert not Picture(159, 15).reaches(0.8, of=before)
    assert not Picture(200, 11).reaches(0.8, of=before)


def test_measured_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture is the mean of what the viewer tells; where it tells nothing, there is no number."""
    monkeypatch.setattr(demo, "SAMPLE_S", 0.01)
    world, apis = fake_world("call")
    lab = Lab.named(world, None)
    assert measure_picture(lab, 0.03) is None
    apis["call/client1"].answered_numbers = {
        "values": {"video": {"client2": {"kbps": 200.0, "fps": 15.0}}},
        "age_s": {"video": 0.1},
    }
    assert measure_picture(lab, 0.03) == Picture(200.0, 15.0)
