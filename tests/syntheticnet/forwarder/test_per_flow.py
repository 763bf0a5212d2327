"""PerFlowElement: which element a packet goes through, and the order of the output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from syntheticnet.conditions import LinkConditions
from syntheticnet.elements import Element
from syntheticnet.elements.delay import Delay
from syntheticnet.elements.loss import Loss
from syntheticnet.elements.rate import Rate
from syntheticnet.forwarder.per_flow import FlowOf, PerFlowElement
from syntheticnet.packets.packet import Packet

from ..builders import MS, SECOND, Bench, packet, packets, requested, times


def same(packet: Packet) -> str:
    """Keeps each packet's flow."""
    return packet.flow


def configure(
    made: PerFlowElement,
    link: LinkConditions,
    flows: Mapping[str, LinkConditions],
    now: int,
    flow_of: FlowOf = same,
    bench: Bench | None = None,
) -> None:
    """Apply values."""
    used = bench or Bench()

    def build(name: str, values: LinkConditions) -> Element:
        return made.make(values, replace(used.context, rng=Random(name)))

    made.adopt(made.plan(link, {name: (own, own.over(link)) for name, own in flows.items()}, build), now, flow_of)


def stage(
    make: type[Element], link: LinkConditions, bench: Bench | None = None, **flows: LinkConditions
) -> PerFlowElement:
    made = PerFlowElement(make)
    configure(made, link, flows, 0, bench=bench)
    return made


def test_idle_without_conditions_of_its_kind() -> None:
    """A stage without elements or held packets may be skipped."""
    assert stage(Delay, requested(loss="5%"), udp=requested(rate="1mbit")).idle
    assert not stage(Delay, requested(latency="5ms")).idle
    assert not stage(Delay, requested(), udp=requested(latency="5ms")).idle


def test_a_flow_without_values_of_its_own_shares_the_element() -> None:
    """A flow shares the effects it does not set: one bottleneck, one queue."""
    shared = stage(Rate, requested(rate="1mbit"), udp=requested(loss="5%"))
    shared.push([packet(125, 0), packet(125, 0, "udp"), packet(125, 0)])
    assert times(shared.pop(SECOND)[0]) == [1 * MS, 2 * MS, 3 * MS]


def test_a_flow_with_values_of_its_own_has_its_own_element() -> None:
    """A rate on a flow is a separate bottleneck, parallel to the link's."""
    own = stage(Rate, requested(rate="1mbit"), udp=requested(rate="500kbit"))
    own.push([packet(125, 0), packet(125, 0, "udp"), packet(125, 0)])
    forward, _ = own.pop(SECOND)
    assert [(each.time, each.flow) for each in forward] == [
        (1 * MS, "default"),
        (2 * MS, "default"),
        (2 * MS, "udp"),
    ]


def test_a_flow_may_be_free_of_the_links_impairment() -> None:
    """A flow with a value of 0 bypasses the link's element."""
    free = stage(Delay, requested(latency="50ms"), tcp=requested(latency="0ms"))
    free.push([packet(100, 0), packet(100, 1, "tcp")])
    assert times(free.pop(1)[0]) == [1]
    assert times(free.pop(50 * MS)[0]) == [50 * MS]


def test_output_is_merged_by_time() -> None:
    """Bypassing and released packets come out as one sequence sorted by time."""
    merged = stage(Delay, requested(), slow=requested(latency="7ms"), slower=requested(latency="11ms"))
    flows = ("slow", "default", "slower")
    merged.push([packet(100, n * MS, flows[n % 3]) for n in range(30)])
    forward, _ = merged.pop(SECOND)
    assert len(forward) == 30
    assert times(forward) == sorted(times(forward))


def test_packets_of_all_flows_that_pass_by_stay_in_order() -> None:
    """Two flows without an element keep their mutual order if a third has one."""
    passing = stage(Loss, requested(), free=requested(loss="0%"), lossy=requested(loss="5%"))
    passing.push([packet(100, n, ("free", "default")[n % 2]) for n in range(10)])
    assert passing.deadline() == 0
    assert times(passing.pop(10)[0]) == list(range(10))


def test_a_retired_element_hands_on_before_newcomers() -> None:
    """Turned off, all held packets leave with the next `pop`, before a newcomer of that instant."""
    retired = stage(Delay, requested(latency="500ms"))
    held = packets(5, gap=MS)
    retired.push(held)
    configure(retired, requested(), {}, 9 * MS)
    newcomer = packet(100, 9 * MS)
    retired.push([newcomer])
    assert retired.pop(9 * MS)[0] == [*held, newcomer]
    assert retired.idle


def test_a_removed_flow_lets_its_packets_go() -> None:
    """Removing a flow removes its element; its packets wait by the link's values, never leaving before the change."""
    removed = stage(Delay, requested(latency="10ms"), udp=requested(latency="500ms"))
    removed.push([packet(100, 0, "udp"), packet(100, 8 * MS, "udp")])
    configure(removed, requested(latency="10ms"), {}, 12 * MS)
    removed.push([packet(100, 12 * MS, "udp")])
    assert times(removed.pop(SECOND)[0]) == [12 * MS, 18 * MS, 22 * MS]


def test_a_flow_that_gets_an_element_takes_its_packets_along() -> None:
    """Packets held in the link's element migrate to the flow's own, so that newcomers do not overtake them."""
    gained = stage(Delay, requested(latency="500ms"))
    held = [packet(100, n * MS, ("udp", "default")[n % 2]) for n in range(6)]
    gained.push(held)
    configure(gained, requested(latency="500ms"), {"udp": requested(latency="10ms")}, 9 * MS)
    newcomer = packet(100, 9 * MS, "udp")
    gained.push([newcomer])
    assert gained.pop(19 * MS)[0] == [held[0], held[2], held[4], newcomer]
    assert times(held[::2]) == [10 * MS, 12 * MS, 14 * MS]
    assert gained.pop(SECOND)[0] == held[1::2]


def test_packets_move_with_the_flow_that_they_belong_to() -> None:
    """A packet that matches another flow after the change waits in that flow's element."""
    moved = stage(Delay, requested(), a=requested(latency="500ms"), b=requested(latency="100ms"))
    held = [packet(100, n * MS, "a") for n in range(4)]
    moved.push(held)
    flows = {"a": requested(latency="500ms"), "b": requested(latency="100ms")}
    configure(moved, requested(), flows, 50 * MS, lambda packet: "b" if packet in held[:2] else "a")
    assert moved.pop(SECOND // 4)[0] == held[:2]
    assert times(held[:2]) == [100 * MS, 101 * MS]
    assert moved.pop(SECOND)[0] == held[2:]


def test_a_thousand_busy_flows_are_popped_as_they_are_due() -> None:
    """Only elements with due packets are popped."""
    flows = {f"f{n}": requested(latency=f"{n + 1}ms") for n in range(1000)}
    many = stage(Delay, requested(), None, **flows)
    many.push([packet(100, 0, name) for name in flows])
    assert many.deadline() == 1 * MS
    for n in range(1, 1001):
        assert [each.flow for each in many.pop(n * MS)[0]] == [f"f{n - 1}"]
    assert (many.deadline(), len(many)) == (None, 0)


def test_unchanged_values_leave_an_element_alone() -> None:
    """A change elsewhere neither rebuilds an element nor moves its packets."""
    kept = stage(Rate, requested(rate="1mbit"))
    kept.push(packets(3, size=125))
    configure(kept, requested(rate="1mbit", loss="5%", latency="80ms"), {"udp": requested(loss="1%")}, MS // 2)
    assert times(kept.pop(SECOND)[0]) == [1 * MS, 2 * MS, 3 * MS]


def test_conserves_packets() -> None:
    """A packet pushed to a stage is passed on, dropped, or counted as held."""
    bench = Bench()
    lossy = stage(Loss, requested(loss="30%"), bench, udp=requested(loss="60%"))
    lossy.push([packet(100, n, ("udp", "default")[n % 2]) for n in range(1000)])
    held = len(lossy)
    assert held + len(bench.dropped.packets) == 1000
    assert len(lossy.pop(1000)[0]) == held
    assert len(lossy) == 0
