"""Profiles, bundled and in users' files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from synthlab.errors import WrongUse
from synthlab.stack.profiles import find_profile, profiles, profiles_of, read_profiles, sources

OWN = """\
source: our office, measured in May
delay: one-way
profiles:
  slow: {egress: {rate: 1mbit}}
  train: {ingress: {rate_trace: traces/lte.down}, delay: rtt, remark: by the window}
"""


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A folder with a profile file and the trace that one profile names."""
    (tmp_path / "office.yaml").write_text(OWN)
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "lte.down").write_text("1\n5\n10\n")
    return tmp_path


def test_every_profile_says_where_it_is_from() -> None:
    """Each bundled profile has a source with URL, a licence and a delay kind, and impairs something."""
    for known in profiles().values():
        assert "https://" in known.source
        assert known.licence is not None
        assert known.licence.startswith("numbers only")
        assert known.delay in ("one-way", "rtt")
        assert not known.conditions.perfect
        assert not known.files


def test_sources() -> None:
    """Every bundled source can be listed by name."""
    assert {"atc", "browserstack", "comcast", "firefox", "loadero", "quic-interop", "str0m", "testrtc", "wpt"} <= set(
        sources()
    )
    listed = [one.name for source in sources() for one in profiles_of(source)]
    assert listed == list(profiles())


@pytest.mark.parametrize(
    ("name", "rtt_ms"),
    [
        ("wpt/3g", 300),
        ("wpt/lte", 70),
        ("wpt/edge", 840),
        ("wpt/fios", 4),
        ("lighthouse/slow-4g", 150),
        ("chrome/3g", 300),
        ("firefox/dsl", 5),
        ("str0m/satellite", 600),
    ],
)
def test_round_trips_are_halved(name: str, rtt_ms: int) -> None:
    """If the source has a round-trip time, the profile's two directions add up to it."""
    conditions = find_profile(name).conditions
    assert find_profile(name).delay == "rtt"
    assert conditions.ingress.latency_ns == conditions.egress.latency_ns == rtt_ms * 10**6 / 2


def test_one_way_delays_stay() -> None:
    """If the source has one-way delays, they are used unchanged."""
    known = find_profile("atc/edge-lossy")
    assert known.delay == "one-way"
    assert known.conditions.to_dict() == {
        "ingress": {"rate": "240kbit", "loss": "1%", "latency": "400ms"},
        "egress": {"rate": "200kbit", "loss": "1%", "latency": "440ms"},
    }


def test_down_is_ingress() -> None:
    """In asymmetric sources the downlink is ingress."""
    for name in ("loadero/gprs", "browserstack/edge-good", "firefox/3g", "lighthouse/slow-4g"):
        conditions = find_profile(name).conditions
        assert conditions.ingress.rate_bps is not None
        assert conditions.egress.rate_bps is not None
        assert conditions.ingress.rate_bps > conditions.egress.rate_bps


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("str0m/wifi", 200, 2),
        ("str0m/wifi-lossy", 40, 2),
        ("str0m/wifi-congested", 20, 2),
        ("str0m/cellular", 100, 2),
        ("str0m/satellite", 100, 3),
        ("str0m/congested", 20, 2),
    ],
)
def test_bursts_are_as_long_as_in_the_source(name: str, good: int, bad: int) -> None:
    """Mean gap and mean burst are 1/p and 1/r packets; every packet of a burst is lost."""
    link = find_profile(name).conditions.egress
    model = link.loss_gemodel
    assert model is not None
    assert (model.lost_in_bad, model.lost_in_good) == (1, 0)
    assert model.to_bad == pytest.approx(1 / good, rel=1e-5)
    assert model.to_good == pytest.approx(float(Fraction(1, bad)), rel=1e-5)
    assert find_profile(name).conditions.ingress == link


def test_own_file(office: Path) -> None:
    """A file's profile is named by path and name; its traces are relative to that file."""
    slow = find_profile("office.yaml#slow", office)
    assert (slow.name, slow.source, slow.delay) == ("office.yaml#slow", "our office, measured in May", "one-way")
    assert slow.conditions.to_dict() == {"egress": {"rate": "1mbit"}}
    train = find_profile(str(office / "office.yaml#train"))
    assert (train.delay, train.remark) == ("rtt", "by the window")
    assert train.conditions.to_dict() == {"ingress": {"rate_trace": "lte.down"}}
    assert train.files == {"lte.down": "1\n5\n10\n"}
    assert [one.name for one in profiles_of(str(office / "office.yaml"))] == [
        f"{office}/office.yaml#slow",
        f"{office}/office.yaml#train",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wpt/5g", "no such profile 'wpt/5g'; did you mean wpt/4g?; there are: wpt/cable, wpt/dsl, "),
        ("wtp/3g", "no such profile 'wtp/3g'; did you mean wpt/3g?; there are: atc/..., browserstack/..., "),
        ("office.yaml#slwo", "office.yaml: no such profile 'slwo'; did you mean slow?; there are: slow, train"),
        ("office.yaml", "'office.yaml' is a file: name a profile in it, such as office.yaml#slow"),
        ("home.yaml#slow", "home.yaml: cannot be read: No such file or directory"),
    ],
)
def test_unknown_name(name: str, expected: str, office: Path) -> None:
    """An unknown profile's error suggests the closest name."""
    with pytest.raises(WrongUse) as caught:
        find_profile(name, office)
    assert caught.value.message.startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("delay: rtt\nprofiles: {}", "own.yaml:1: has no source"),
        ("source: x\ndelay: half\nprofiles: {a: {}}", "own.yaml:2: delay: 'half' is not one of one-way, rtt"),
        (
            "source: x\ndelay: rtt\nprofiles:\n  a: {egress: {loss: 2}}",
            "own.yaml:4: profiles.a.egress.loss: 2 is not a share such as 5% or 0.5%",
        ),
        (
            "source: x\ndelay: rtt\nprofiles:\n  a: {flows: {}}",
            "own.yaml:4: profiles.a.flows: no such key; allowed: ingress, egress, delay, remark",
        ),
        (
            "source: x\ndelay: rtt\nprofiles:\n  a: {egress: {loss: 2%}, muted: true}",
            "own.yaml:4: profiles.a.muted: no such key; allowed: ingress, egress, delay, remark",
        ),
        (
            "source: x\ndelay: rtt\nprofiles:\n  a: {egress: {rate_trace: ./none.up}}",
            "own.yaml:4: profiles.a.egress.rate_trace: FOLDER/none.up: No such file or directory",
        ),
    ],
)
def test_mistakes(text: str, expected: str, tmp_path: Path) -> None:
    """A profile file without a source or with a bad value is rejected with the line."""
    file = tmp_path / "own.yaml"
    file.write_text(text)
    with pytest.raises(WrongUse) as caught:
        read_profiles(file, "own.yaml")
    assert caught.value.message.replace(str(tmp_path), "FOLDER") == expected
