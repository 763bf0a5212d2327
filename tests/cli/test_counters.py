"""Tables of counters: drops by conditions, and packets that the lab itself discarded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syntheticnet.packets import counters
from synthlab.cli.console import Bad
from synthlab.cli.counters import counters_table, discards, drops, format_bytes, forwarders_table
from synthlab.contract import OWN_CAUSES
from synthlab.control.slowness import too_slow
from synthlab.control.state import ClientState, LinkState
from synthlab.testing import FakeClientApi

LINK = LinkState(
    packets_in=10,
    packets_out=7,
    bytes_out=70_000,
    dropped={"loss": 3, "queue": 0, "kernel": 2},
    queued=1,
    bypassed=2,
    achieved={"packets": 12},
)
QUIET = replace(LINK, dropped={}, queued=0)


def state(**links: LinkState) -> ClientState:
    return replace(FakeClientApi("client2").state(), links={"ingress": QUIET, "egress": QUIET} | links, flows={})


@pytest.mark.issue(10)
def test_drops_apart() -> None:
    """Drops by conditions and packets discarded by the lab are separate lines."""
    places = {"client2 egress": LINK, "client2 ingress": QUIET, "client2 egress *:udp": None}
    assert list(drops(places)) == ["client2 egress: dropped so far: loss 3"]
    assert list(discards(places)) == [
        "client2 egress: discarded by the lab itself so far: 2 packets (kernel: this machine was too slow)"
    ]
    assert OWN_CAUSES == counters.OWN_CAUSES


@pytest.mark.issue(10)
def test_counters() -> None:
    """Columns of zeros are omitted; packets discarded by the lab have their own column, and are marked."""
    assert counters_table({"client2": state()}).columns[5:] == ("dropped",)
    table = counters_table({"client2": state(egress=LINK)})
    assert table.columns == (
        *("client", "link", "packets in", "packets out", "bytes out", "dropped", "discarded", "queued"),
    )
    assert table.rows == [
        ("client2", "ingress", "10", "7", "70.0 kB", "-", "-", "0"),
        ("client2", "egress", "10", "7", "70.0 kB", "loss 3", "2", "1"),
    ]
    assert isinstance(table.rows[1][6], Bad)


@pytest.mark.issue(10)
def test_flows_have_rows_of_their_own() -> None:
    """The default flow has a row only if there are other flows."""
    flows = {"default": {"egress": QUIET}, "*:udp": {"egress": QUIET}}
    places = [row[1] for row in counters_table({"client2": replace(state(), flows=flows)}).rows]
    assert places == ["ingress", "egress", "egress default", "egress *:udp"]
    alone = replace(state(), flows={"default": {"egress": QUIET}})
    assert len(counters_table({"client2": alone}).rows) == 2


@pytest.mark.issue(10)
def test_too_slow() -> None:
    """A machine that delays or discards packets now is reported as too slow; one that did so earlier is not."""
    assert too_slow({"client2": state(egress=LINK)}) == []
    discarding = replace(LINK, achieved={"packets": 9, "discarded": 13})
    late = {"egress": {"p50_ms": 20.0, "p99_ms": 72.4, "max_ms": 99.0}, "ingress": {"p99_ms": 49.0}}
    assert too_slow({"client2": replace(state(egress=discarding), lateness=late)}) == [
        "client2 egress: this machine is too slow: packets left up to 72 ms late in the last second",
        "client2 egress: this machine is too slow: the lab itself discarded 13 packets in the last second",
    ]


@pytest.mark.issue(10)
def test_forwarders() -> None:
    """Delays have a unit; high delays and restarts, with the hangs among them, are marked."""
    late = {"ingress": {"p50_ms": 0.05, "p99_ms": 70.2, "max_ms": 81.0}, "egress": {}}
    rows = forwarders_table({"client2": replace(state(), lateness=late)}).rows
    assert rows == [
        ("client2", "ingress", "0.050 ms", "70.200 ms", "81.000 ms", "0"),
        ("client2", "egress", "-", "-", "-", "0"),
    ]
    assert [isinstance(cell, Bad) for cell in rows[0]] == [False, False, False, True, True, False]
    hung = forwarders_table({"client2": replace(state(), lateness={"ingress": {}}, restarts=2, hangs=1)}).rows[0][-1]
    assert (hung, isinstance(hung, Bad)) == ("2 (1 hung)", True)


@pytest.mark.parametrize(("size", "expected"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_600_000, "2.6 MB")])
def test_sizes(size: int, expected: str) -> None:
    """Sizes have units."""
    assert format_bytes(size) == expected
