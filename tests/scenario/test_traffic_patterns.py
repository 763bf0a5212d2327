"""Patterns of competing traffic: when each flow sends how much."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import mean

import pytest

from synthlab.scenario.actions import Traffic
from synthlab.scenario.traffic_patterns import FILE_BYTES, OnOff, Pattern, Steady, Transfer, VideoOnDemand, WebPages
from synthlab.text.durations import SECOND_NS as S

from .files import checked, planned


def transfers(pattern: Pattern, for_s: int, seed: int = 7) -> list[Transfer]:
    return list(pattern.transfers(for_s * S, Random(seed)))


def traffic(folder: Path, keys: str, seed: int = 0) -> Traffic:
    """The planned traffic of a step with these keys."""
    (visit,) = planned(folder, f"  - {{traffic: client2, {keys}}}\n", seed=seed).visits()
    (timed,) = visit.run.actions
    assert isinstance(timed.action, Traffic)
    return timed.action


def test_steady() -> None:
    """One transfer, as long as the traffic."""
    assert [one.to_dict() for one in transfers(Steady(), 30)] == [{"at": 0.0}]


def test_on_and_off() -> None:
    """It alternates from its start to its end, and may begin with the pause."""
    pattern = OnOff(on_ns=5 * S, off_ns=3 * S)
    spans = [one.to_dict() for one in transfers(pattern, 12)]
    assert spans == [{"at": 0.0, "until": 5.0}, {"at": 8.0, "until": 12.0}]
    paused = OnOff(on_ns=60 * S, off_ns=60 * S, paused=True)
    assert [one.to_dict() for one in transfers(paused, 119)] == [{"at": 60.0, "until": 119.0}]


def test_a_video_in_chunks() -> None:
    """A chunk of 6 s at 3 Mbit/s has 2.25 MB, and is due every 6 s."""
    chunks = [one.to_dict() for one in transfers(VideoOnDemand(rate_bps=3e6), 13)]
    assert chunks == [{"at": at, "size": 2_250_000} for at in (0.0, 6.0, 12.0)]


def test_web_pages() -> None:
    """RFC 8868, 5.1: 30 files of 30 to 50 KB, then an exponential pause of 10 s on average."""
    pages = transfers(WebPages(), 20_000)
    sizes = [size for page in pages for size in page.files]
    assert {len(page.files) for page in pages} == {30}
    assert FILE_BYTES[0] <= min(sizes) < 31_000 < 49_000 < max(sizes) <= FILE_BYTES[1]
    assert mean(sizes) == pytest.approx(40_000, rel=0.01)
    assert pages[0].after_ns == 0
    thoughts_s = [(page.after_ns or 0) / S for page in pages[1:]]
    assert mean(thoughts_s) == pytest.approx(10, rel=0.1)
    # Of an exponential distribution, 1/e is above the mean.
    assert sum(one > 10 for one in thoughts_s) / len(thoughts_s) == pytest.approx(0.368, abs=0.04)
    assert transfers(WebPages(paused=True), 20_000)[0].after_ns != 0


def test_a_seed_repeats_the_pages(tmp_path: Path) -> None:
    """The same seed gives the same pages, another one others; flows have pages of their own."""
    keys = "pattern: web, flows: 3, files: 2, for: 100s"
    first, again, other = (traffic(tmp_path, keys, seed).flows for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 3
    assert all(before != after for before, after in pairwise(first))


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("flows: 4, congestion: bbr, for: 9s", "unlimited, for 9s, 4 flows, bbr"),
        ("on: 5s, off: 2s, rate: 1mbit, for: 9s", "1000kbit, for 9s, on for 5s, off for 2s"),
        ("on: 5s, off: 2s, starts: off, for: 9s", "unlimited, for 9s, off for 2s, on for 5s"),
        ("pattern: web, for: 9s", "unlimited, for 9s, web pages of 30 files"),
        ("pattern: web, files: 1, starts: off, for: 9s", "unlimited, for 9s, web pages of 1 file, first a pause"),
        (
            "pattern: video-on-demand, rate: 3mbit, chunk: 4s, for: 9s",
            "unlimited, for 9s, video of 3000kbit in chunks of 4s",
        ),
    ],
)
def test_shown(keys: str, text: str, tmp_path: Path) -> None:
    """The plan says what the traffic is."""
    assert str(traffic(tmp_path, keys)) == f"traffic tcp client2 -> sfu, {text}"


def test_names(tmp_path: Path) -> None:
    """In numbers it is called by its name or, without one, its protocol; an expectation may use them."""
    assert traffic(tmp_path, "for: 9s").name == "tcp"
    assert traffic(tmp_path, "name: up-load, for: 9s").name == "up-load"
    checked(
        tmp_path,
        "  - {traffic: client2, flows: 2, for: 9s}\n"
        "  - {expect: client2.traffic.tcp.fairness > 0.9, within: 9s}\n"
        "  - {expect: 'mean(client2.traffic.tcp.flows.1.rate, 2s) > 1mbit', within: 9s}\n",
    )
