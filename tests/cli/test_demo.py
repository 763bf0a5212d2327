"""The demo's verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.cli import demo
from synthlab.cli.demo import DemoResult, PictureStats, demo_table, measure_picture
from synthlab.errors import ExpectationFailed
from synthlab.lab.lab import Lab
from synthlab.testing import fake_backend

GOOD = DemoResult(
    up_s=10.0,
    all_see_all_s=3.0,
    before=PictureStats(200, 15),
    during=PictureStats(70, 7),
    after=PictureStats(190, 15),
    recovery_s=12.3,
)


def test_good() -> None:
    """Video that degrades and recovers passes."""
    GOOD.judge()
    assert demo_table(GOOD).rows[1][:3] == ("during", "70", "7.0")
    assert demo_table(GOOD).rows[2][3] == "synthlab reset client2: recovered after 12.3 s"


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (replace(GOOD, during=PictureStats(180, 15)), "client1's video of client2 did not degrade at 100kbit"),
        (replace(GOOD, during=None), "no data: client1 reported no stats of client2's video under 100kbit"),
        (replace(GOOD, recovery_s=None), "client1's video of client2 did not recover within 40 s"),
    ],
)
def test_bad(outcome: DemoResult, expected: str) -> None:
    """Video that does not degrade, or does not recover, fails with status 1."""
    with pytest.raises(ExpectationFailed) as caught:
        outcome.judge()
    assert (caught.value.message, caught.value.exit_code) == (expected, 1)


def test_recovery_needs_both() -> None:
    """Video has recovered only if both bit rate and frame rate have."""
    before = PictureStats(200, 15)
    assert PictureStats(160, 12).reaches(0.8, of=before)
    assert not PictureStats(159, 15).reaches(0.8, of=before)
    assert not PictureStats(200, 11).reaches(0.8, of=before)


def test_measured_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    """The values are the mean of the viewer's stats; without stats there are none."""
    monkeypatch.setattr(demo, "SAMPLE_S", 0.01)
    backend, apis = fake_backend("call")
    lab = Lab.named(backend, None)
    assert measure_picture(lab, 0.03) is None
    apis["call/client1"].answered_stats = {
        "values": {"video": {"client2": {"kbps": 200.0, "fps": 15.0}}},
        "age_s": {"video": 0.1},
    }
    assert measure_picture(lab, 0.03) == PictureStats(200.0, 15.0)
