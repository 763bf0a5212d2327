"""Ongoing freezes, from samples of one stream every 250 ms."""

from __future__ import annotations

from typing import Any

import pytest

from chrome.freezes import Freezes

pytestmark = pytest.mark.issue(10)

SAMPLE_MS, FRAME_MS = 250, 50


class Stream:
    """20 frames a second with a gap; Chromium counts the freeze when the frame after the gap arrives."""

    def __init__(self, stops_ms: float, lasts_ms: float, counts: bool = True) -> None:
        self._stops_ms, self._back_ms, self._counts = stops_ms, stops_ms + lasts_ms, counts
        self._freezes = Freezes()

    def counted(self, at_ms: float) -> tuple[int, float]:
        """Number of freezes and their total seconds at the given sample time."""
        before, after = min(at_ms, self._stops_ms), max(at_ms - self._back_ms, 0)
        counted = self._counts and at_ms >= self._back_ms
        entry = {
            "type": "inbound-rtp",
            "id": "in",
            "timestamp": 1e9 + at_ms,
            "framesDecoded": before // FRAME_MS + after // FRAME_MS,
            "freezeCount": int(counted),
            "totalFreezesDuration": (self._back_ms - self._stops_ms) / 1000 if counted else 0.0,
        }
        (connection,) = self._freezes.counted({"c": {"stats": [{"type": "transport"}, entry]}}).values()
        corrected: dict[str, Any] = connection["stats"][1]
        return corrected["freezeCount"], corrected["totalFreezesDuration"]

    def history(self, until_ms: float, phase_ms: float) -> list[tuple[float, int, float]]:
        return [(at, *self.counted(at)) for at in _times(phase_ms, until_ms)]


def _times(phase_ms: float, until_ms: float) -> list[float]:
    return [phase_ms + turn * SAMPLE_MS for turn in range(int(until_ms // SAMPLE_MS))]


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("lasts_ms", [500, 1000, 2000, 4000])
@pytest.mark.parametrize("phase_ms", [0, 60, 120, 180, 240])
def test_a_freeze_counts_while_it_lasts(phase_ms: float, lasts_ms: float, counts: bool) -> None:
    """From two samples after the last frame on there is one freeze, growing until the next frame; it stays one.

    This holds even if Chromium calls it a pause and counts none.
    """
    stops_ms = 2000.0
    back_ms = stops_ms + lasts_ms
    history = Stream(stops_ms, lasts_ms, counts).history(back_ms + 2000, phase_ms)
    assert {count for at, count, _ in history if at <= stops_ms + FRAME_MS} == {0}
    late = [(at, count, seconds) for at, count, seconds in history if at > stops_ms + 2 * SAMPLE_MS]
    assert {count for _, count, _ in late} == {1}
    for at, _, seconds in late:
        still_s = (min(at, back_ms) - stops_ms) / 1000
        assert still_s - 2 * SAMPLE_MS / 1000 <= seconds <= still_s + FRAME_MS / 1000
    assert [entry[1:] for entry in history] == sorted(entry[1:] for entry in history)


def test_no_freeze() -> None:
    """Moving video has none; nor has video whose next frame is not late yet, or that has not started."""
    assert {sample[1:] for sample in Stream(9000, 0).history(8000, 30)} == {(0, 0.0)}
    assert {sample[1:] for sample in Stream(0, 5000).history(4000, 30)} == {(0, 0.0)}
    slow = Freezes()
    for turn in range(12):
        entry = {"type": "inbound-rtp", "id": "in", "timestamp": turn * 250.0, "framesDecoded": turn // 3}
        sample = slow.counted({"c": {"stats": [{**entry, "freezeCount": 0, "totalFreezesDuration": 0.0}]}})
        assert sample["c"]["stats"][0]["freezeCount"] == 0


def test_two_freezes() -> None:
    """A freeze Chromium left out stays counted along with one it counts."""
    freezes, counts = Freezes(), []
    frames = [*range(0, 40, 5), *[40] * 8, *range(45, 80, 5), *[80] * 8, *range(85, 120, 5)]
    for turn, decoded in enumerate(frames):
        own = int(decoded > 80)
        entry = {"type": "inbound-rtp", "id": "in", "timestamp": turn * 250.0, "framesDecoded": decoded}
        entry |= {"freezeCount": own, "totalFreezesDuration": 2.0 * own}
        counts.append(freezes.counted({"c": {"stats": [entry]}})["c"]["stats"][0]["freezeCount"])
    assert counts == sorted(counts)
    assert (counts[12], counts[20], counts[-1]) == (1, 1, 2)


def test_what_is_gone_is_forgotten() -> None:
    """A connection that disappears and returns starts from zero."""
    stream = Stream(1000, 60_000)
    assert [stream.counted(at)[0] for at in _times(0, 3000)][-1] == 1
    stream._freezes.counted({})
    assert stream.counted(4000) == (0, 0.0)
