"""The media server's own metrics: Prometheus's text format, and what there is when nobody tells them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.control.sfu_metrics import metrics_of, parse_metrics
from synthlab.testing import FakeEngine, fake_container

TEXT = """\
# HELP rooms How many there are.
# TYPE rooms gauge
rooms 3
packets_total{direction="in",node="a"} 1.5e3 1700000000000
packets_total{ node = "b" , direction="out", } 7
said{what="a \\"b\\" } c\\\\d\\n"} 1
delay_bucket{le="+Inf"} 4
quantile NaN
most +Inf
"""


def test_the_format() -> None:
    """Names, labels in order, escapes and times; what is not a finite number is not there."""
    assert parse_metrics(TEXT) == {
        "rooms": 3,
        'packets_total{direction="in",node="a"}': 1500,
        'packets_total{direction="out",node="b"}': 7,
        'said{what="a "b" } c\\d\n"}': 1,
        'delay_bucket{le="+Inf"}': 4,
    }


@pytest.mark.parametrize("line", ["<html>", "rooms", "rooms three", 'rooms{a="1} 2'])
def test_something_else(line: str) -> None:
    """What is not of the format is refused, and shown."""
    with pytest.raises(ValueError, match=r"not a metrics line|could not convert"):
        parse_metrics(f"rooms 3\n{line}\n")


def test_nobody_tells() -> None:
    """Without a media server that tells there are none; one that is gone is told, not raised."""
    client = fake_container("call", "client1")
    assert metrics_of(FakeEngine(), [client]) is None
    gone = metrics_of(FakeEngine(), [replace(client, metrics="http://sfu:6789/metrics")])
    assert gone is not None
    assert gone.error == "http://sfu:6789/metrics: the media server is not running"
    assert gone.values == {}
