"""Bundled profiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthlab.errors import WrongUse
from synthlab.profiles import profile, profiles, read_profiles


def test_every_profile_says_where_it_is_from() -> None:
    """Each bundled profile has a source with an address, says what its delay was, and impairs something."""
    assert len(profiles()) == 20
    for known in profiles().values():
        assert "https://" in known.source
        assert known.delay in ("one-way", "rtt")
        assert not known.conditions.perfect


@pytest.mark.parametrize(("name", "rtt_ms"), [("wpt/3g", 300), ("wpt/lte", 70), ("wpt/edge", 840), ("wpt/fios", 4)])
def test_round_trips_are_halved(name: str, rtt_ms: int) -> None:
    """Where the source speaks of round trips, the two directions of the profile add up to it."""
    conditions = profile(name).conditions
    assert profile(name).delay == "rtt"
    assert conditions.ingress.latency_ns == conditions.egress.latency_ns == rtt_ms * 10**6 / 2


def test_one_way_delays_stay() -> None:
    """Where the source speaks of each direction, its delays are taken as they are."""
    known = profile("atc/edge-lossy")
    assert known.delay == "one-way"
    assert known.conditions.to_dict() == {
        "ingress": {"rate": "240kbit", "loss": "1%", "latency": "400ms"},
        "egress": {"rate": "200kbit", "loss": "1%", "latency": "440ms"},
    }


def test_unknown_name() -> None:
    """An unknown profile is told with the nearest name."""
    with pytest.raises(WrongUse, match="no such profile 'wpt/5g'; did you mean wpt/"):
        profile("wpt/5g")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("delay: rtt\nprofiles: {}", "own.yaml:1: has no source"),
        ("source: x\ndelay: half\nprofiles: {}", "own.yaml:2: delay: 'half' is not one of one-way, rtt"),
        (
            "source: x\ndelay: rtt\nprofiles:\n  a: {egress: {loss: 2}}",
            "own.yaml:4: profiles.a.egress.loss: 2 is not a share such as 5% or 0.5%",
        ),
    ],
)
def test_mistakes(text: str, told: str, tmp_path: Path) -> None:
    """A profile file without provenance or with a bad value is refused with its line."""
    file = tmp_path / "own.yaml"
    file.write_text(text)
    with pytest.raises(WrongUse) as caught:
        list(read_profiles(file))
    assert caught.value.message == told
