"""Outage: nothing passes while it lasts, and everything afterwards."""

from __future__ import annotations

from syntheticnet.elements.outage import Outage

from ..builders import Bench, packets, requested


def test_drops_everything_until_it_ends() -> None:
    """Each packet is dropped with the cause `outage`; after the outage all pass."""
    bench = Bench()
    element = Outage(requested(outage=True), bench.context)
    lost, passed = packets(10), packets(3)
    element.push(lost)
    element.configure(requested(outage=False), 5)
    element.push(passed)
    assert (element.pop(5), bench.dropped.packets) == ((passed, []), lost)
    assert set(bench.dropped.causes) == {"outage"}


def test_wanted_only_when_on() -> None:
    """`outage: false` does not enable the element."""
    assert Outage.enabled(requested(outage="on"))
    assert not Outage.enabled(requested(outage="off"))
    assert not Outage.enabled(requested())
