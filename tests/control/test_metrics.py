"""Metrics of services and servers: Prometheus's text format, and where they are read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.control.metrics import metrics_of, metrics_readers, parse_metrics
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
    """Names, sorted labels, escapes and times; values that are not finite are left out."""
    assert parse_metrics(TEXT) == {
        "rooms": 3,
        'packets_total{direction="in",node="a"}': 1500,
        'packets_total{direction="out",node="b"}': 7,
        'said{what="a "b" } c\\d\n"}': 1,
        'delay_bucket{le="+Inf"}': 4,
    }


@pytest.mark.parametrize("line", ["<html>", "rooms", "rooms three", 'rooms{a="1} 2'])
def test_something_else(line: str) -> None:
    """An invalid line is an error that shows it."""
    with pytest.raises(ValueError, match=r"not a metrics line|could not convert"):
        parse_metrics(f"rooms 3\n{line}\n")


def test_nobody_tells() -> None:
    """No metrics in a lab without any; a stopped server is reported, not raised."""
    client = fake_container("call", "client1")
    assert metrics_readers(FakeEngine(), [client]) == {}
    urls = {"sfu": "http://sfu:6789/metrics"}
    server = replace(client, role="sfu", client="", state="exited", metrics=urls)
    gone = metrics_of(FakeEngine(), [replace(client, metrics=urls), server], "sfu")
    assert gone.error == "http://sfu:6789/metrics: sfu is not running"
    assert gone.values == {}
