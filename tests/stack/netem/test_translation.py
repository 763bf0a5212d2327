"""Texts in tc's words: each is translated in full, or refused with one line that names our nearest word."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from statistics import correlation as pearson

import pytest

from syntheticnet.conditions import LinkConditions
from synthlab.errors import WrongUse
from synthlab.stack.netem import translate
from synthlab.stack.netem.kernel_correlation import kernel_shares

from .cases import CASES, REFUSED, Case

pytestmark = pytest.mark.issue(15)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text)
def test_taken(case: Case) -> None:
    """The values are ours, go together, and are shown; each difference from the kernel is a note of one line."""
    meant = translate(case.text)
    assert meant.set == case.values
    assert LinkConditions().changed(meant.values).to_dict() == case.values
    assert len(meant.notes) == len(case.notes)
    assert all(part in note and "\n" not in note for part, note in zip(case.notes, meant.notes, strict=True))
    head, *notes = meant.lines("--netem")
    assert head.startswith("--netem: ")
    assert all(f"{name} " in head for name in case.values)
    assert notes == [f"  {note}" for note in meant.notes]
    answer = meant.to_dict()
    assert set(answer.pop("cleared")) == set(meant.values) - set(case.values)
    assert answer == {"text": case.text, "values": case.values, "notes": list(meant.notes)}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text or "nothing")
def test_refused(text: str) -> None:
    """What there is not is refused by name, with the nearest value here."""
    with pytest.raises(WrongUse) as caught:
        translate(text)
    assert caught.value.message == REFUSED[text]


def test_too_long() -> None:
    """A text without end is not read."""
    with pytest.raises(WrongUse, match=r"^is longer than 1000 characters$"):
        translate("loss 1% " * 1000)


def test_an_option_replaces_its_whole_group() -> None:
    """Like a change with tc, a new loss or delay leaves nothing of the old one, and nothing else is touched."""
    before = LinkConditions.from_dict(
        {"loss": "5%", "loss_burst": "4p", "latency": "9ms", "jitter": "5ms", "jitter_share": "50%", "mtu": "1400b"}
    )
    after = before.changed(translate("loss 2% 30%").values)
    assert after.to_dict() == {
        "loss": "2%",
        "loss_correlation": "30%",
        "latency": "9ms",
        "jitter": "5ms",
        "jitter_share": "50%",
        "mtu": "1400b",
    }
    assert after.changed(translate("delay 10ms").values).to_dict() == {
        "loss": "2%",
        "loss_correlation": "30%",
        "latency": "10ms",
        "mtu": "1400b",
    }


@pytest.mark.parametrize("unit", ["bps", "Bps", "kbps", "mbps", "Mbps", "gbps"])
def test_bytes_per_second_are_never_read_as_bits(unit: str) -> None:
    """`1mbps` is 8 Mbit/s in tc, and never one; a note says so."""
    bits, bytes_ = translate(f"rate 100{unit[:-3]}bit"), translate(f"rate 12.5{unit}")
    assert bytes_.set == bits.set
    assert f"12.5{unit} is in bytes per second" in bytes_.notes[0]
    assert bits.notes == ()


@pytest.mark.parametrize(("share", "correlation"), [(0.1, 0.25), (0.2, 0.25), (0.3, 0.75), (0.5, 0.9), (0.3, 0.0)])
def test_the_kernels_law(share: float, correlation: float) -> None:
    """What the notes say of the kernel agrees with its recurrence, simulated: within 3 % or five standard errors.

    Neighbours correlate, so the error of the share is estimated from 20 pieces.
    """
    random, pieces, size = Random(7).random, 20, 10_000
    last, counts, after = 0.5, [], []
    for _ in range(pieces):
        hits = []
        for _ in range(size):
            last = (1 - correlation) * random() + correlation * last
            hits.append(last <= share)
        counts.append(sum(hits) / size)
        after.append(sum(one and other for one, other in pairwise(hits)) / max(1, sum(hits)))
    for told, seen in zip(kernel_shares(share, correlation), (counts, after), strict=True):
        mean = sum(seen) / pieces
        error = (sum((one - mean) ** 2 for one in seen) / (pieces - 1) / pieces) ** 0.5
        assert abs(told - mean) < 0.03 * told + 5 * error


@pytest.mark.parametrize("correlation", [0.25, 0.9])
def test_the_kernels_delays_do_not_correlate(correlation: float) -> None:
    """As the note says of a jitter of up to 200 ms: sch_netem's code, simulated, and no more than 0.05.

    It computes x' = (u (2^32 - r) + x r) / 2^32, and takes x' modulo twice the jitter.
    """
    random, scale, jitter_ns, last, delays = Random(3), 1 << 32, 200_000_000, 0, []
    follow = int(correlation * (scale - 1)) + 1
    for _ in range(30_000):
        last = (random.getrandbits(32) * (scale - follow) + last * follow) >> 32
        delays.append(last % (2 * jitter_ns))
    assert abs(pearson(delays[:-1], delays[1:])) < 0.05
    assert "do not follow one another" in translate(f"delay 1s 200ms {correlation:%}").notes[0]
    assert "do not follow" not in str(translate(f"delay 5s 2s {correlation:%}").notes)
