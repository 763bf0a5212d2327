"""The demo: limits client2's uplink and measures the effect on client1's view of client2."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import mean

from ..control.backend import Backend
from ..deploy.launch import launched
from ..errors import ExpectationFailed, SynthlabError
from ..lab.lab import Lab
from ..lab.wait_for_video import wait_for_video
from ..stack import read_stack
from ..text.progress import Progress
from .console import Table

STACK = "call.yaml"
LAB = "demo"  # not `call`, which may be the user's
VIEWER = "client1"
SENDER = "client2"
LIMIT = "100kbit"

START_TIMEOUT_S = 120
MEDIA_TIMEOUT_S = 60
SETTLE_S = 8  # a sender's congestion control takes this long to converge
MEASURE_S = 5
SAMPLE_S = 0.5
RECOVERY_TIMEOUT_S = 40

# Shares of the bit rate and frame rate before the limit: the video has degraded below the first, recovered above the
# second.
SUFFERED = 0.6
RECOVERED = 0.8


@dataclass(frozen=True, slots=True)
class PictureStats:
    """The sender's video as the viewer receives it, averaged over some seconds."""

    kbps: float
    fps: float

    def reaches(self, share: float, of: PictureStats) -> bool:
        """Whether both bit rate and frame rate are at least this share of another picture's."""
        return self.kbps >= share * of.kbps and self.fps >= share * of.fps


@dataclass(frozen=True, slots=True)
class DemoResult:
    """The demo's measurements. A picture is None without data, `recovery_s` if the video did not recover in time."""

    up_s: float
    all_see_all_s: float
    before: PictureStats
    during: PictureStats | None
    after: PictureStats | None
    recovery_s: float | None

    def judge(self) -> None:
        """Raise ExpectationFailed unless the video degraded and recovered."""
        if self.during is None:
            raise ExpectationFailed(f"no data: {VIEWER} reported no stats of {SENDER}'s video under {LIMIT}")
        if self.during.kbps >= SUFFERED * self.before.kbps:
            raise ExpectationFailed(f"{VIEWER}'s video of {SENDER} did not degrade at {LIMIT}")
        if self.recovery_s is None:
            raise ExpectationFailed(f"{VIEWER}'s video of {SENDER} did not recover within {RECOVERY_TIMEOUT_S} s")


def run_demo(backend: Backend, progress: Progress) -> DemoResult:
    """Start the bundled call, measure it, and remove it in any case."""
    stack = read_stack(STACK, LAB)
    start = time.monotonic()
    with launched(stack, backend.engine, progress, START_TIMEOUT_S):
        return _measure(Lab.named(backend, stack.name), progress, up_s=time.monotonic() - start)


def demo_table(outcome: DemoResult) -> Table:
    """The outcome as a table."""
    recovered = "not recovered" if outcome.recovery_s is None else f"recovered after {outcome.recovery_s:.1f} s"
    rows = [
        (
            "before",
            *_cells(outcome.before),
            f"all see all {outcome.all_see_all_s:.1f} s after the clients were healthy",
        ),
        ("during", *_cells(outcome.during), f"synthlab set {SENDER} --egress --rate {LIMIT}"),
        ("after", *_cells(outcome.after), f"synthlab reset {SENDER}: {recovered}"),
    ]
    return Table(("", "kbit/s", "fps", ""), rows, title=f"{VIEWER}'s view of {SENDER}")


def _measure(lab: Lab, progress: Progress, up_s: float) -> DemoResult:
    all_see_all_s = wait_for_video(lab, progress, MEDIA_TIMEOUT_S)
    sender = lab.find([SENDER])
    progress(f"measuring {VIEWER}'s view of {SENDER}")
    time.sleep(SETTLE_S)
    before = measure_picture(lab, MEASURE_S)
    if before is None:
        raise SynthlabError(f"no data: {VIEWER} reports no stats of {SENDER}'s video")
    progress(f"limiting {SENDER}'s uplink to {LIMIT}")
    lab.change(sender, {"egress": {"rate": LIMIT}})
    time.sleep(SETTLE_S)
    during = measure_picture(lab, MEASURE_S)
    progress(f"resetting {SENDER}, waiting for the video to recover")
    lab.reset(sender)
    recovery_s = _wait_for_recovery(lab, before)
    return DemoResult(up_s, all_see_all_s, before, during, measure_picture(lab, MEASURE_S), recovery_s)


def _wait_for_recovery(lab: Lab, before: PictureStats) -> float | None:
    start = time.monotonic()
    while time.monotonic() - start < RECOVERY_TIMEOUT_S:
        picture = measure_picture(lab, 2 * SAMPLE_S)
        if picture and picture.reaches(RECOVERED, of=before):
            return time.monotonic() - start
    return None


def measure_picture(lab: Lab, seconds: float) -> PictureStats | None:
    """The mean of the viewer's stats, sampled every half second; None without stats."""
    viewer = lab.find([VIEWER])
    samples = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(SAMPLE_S)
        seen = lab.stats(viewer)[VIEWER].video.get(SENDER)
        if seen is not None and "kbps" in seen and "fps" in seen:  # missing is not 0
            samples.append(seen)
    if not samples:
        return None
    return PictureStats(*(mean(sample[name] for sample in samples) for name in ("kbps", "fps")))


def _cells(picture: PictureStats | None) -> tuple[str, str]:
    if picture is None:
        return "no data", ""
    return f"{picture.kbps:.0f}", f"{picture.fps:.1f}"
