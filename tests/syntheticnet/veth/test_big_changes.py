"""Changes of the maximum size while packets flow: nothing is dropped, and hardly anything is late."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from syntheticnet.channel import FILE_PIECE
from syntheticnet.conditions.client import MAX_FLOWS
from syntheticnet.conditions.uploads import MOST_BYTES, MOST_FILES
from syntheticnet.forwarder.schedule import MOST_LEASES, MOST_SCHEDULED

from .steady import Steady, steady
from .world import World

pytestmark = [pytest.mark.veth, pytest.mark.issue(10)]

SECONDS = 2.5
ATTEMPTS = 8
ASKING_S = 7  # time in which all scheduled changes are requested
MOST_LATER_MS = 5.0
BASE = {"ingress": {"latency": "20ms"}, "egress": {"latency": "20ms"}}
OWN = {"loss": "1%", "latency": "30ms"}
SEC = 10**9

Change = Callable[[World], Any]


def flows(own: dict[str, Any] = OWN) -> dict[str, Any]:
    """The maximum number of flows, none of which matches the datagrams."""
    return {f"*:udp:{port}": {"ingress": own, "egress": own} for port in range(1, MAX_FLOWS + 1)}


def add_flows(world: World) -> None:
    world.ask("change", change={"flows": flows()})


def put_conditions(world: World) -> None:
    world.ask("replace", change=BASE | {"flows": flows(), "seed": 5})
    world.ask("replace", change=BASE)


def lease_flows(world: World) -> None:
    world.ask("change", change={"flows": flows()}, lease_ns=SEC // 2)


def release_flows(world: World) -> None:
    id = world.ask("change", change={"flows": flows()}, lease_ns=60 * SEC)["entry"]["id"]
    world.ask("release", lease=id)


def schedule_flows(world: World) -> None:
    at = world.report()["monotonic_ns"] + SEC
    world.ask("change", change={"flows": flows()}, at_ns=at)


def fill_files(world: World) -> None:
    """A trace that takes nearly all the space, 31 more files, and both kinds of trace applied to a flow."""
    rest = [(f"small{n}", "0 20\n50 40\n") for n in range(MOST_FILES - 1)]
    room = MOST_BYTES - sum(len(text) for _, text in rest)
    line = "1000000\n"
    trace = line * (room // len(line))
    for name, text in [("trace", trace), *rest]:
        upload(world, name, text)
    world.ask("change", change={"flows": {"*:udp:1": {"egress": {"rate_trace": "trace", "delay_trace": "small1"}}}})
    world.ask("change", change={"flows": {"*:udp:1": None}})
    for name, _ in [("trace", trace), *rest]:
        world.ask("remove_file", name=name)


def upload(world: World, name: str, text: str) -> None:
    """As the API does."""
    for start in range(0, len(text), FILE_PIECE):
        more = start + FILE_PIECE < len(text)
        world.ask("put_file", name=name, start=start, text=text[start : start + FILE_PIECE], more=more)


def many_leases(world: World) -> None:
    for n in range(MOST_LEASES):
        world.ask("change", change={"flows": {f"*:udp:{n + 1}": {"egress": OWN}}}, lease_ns=SEC // 2 + n)


def many_scheduled(world: World) -> None:
    at = world.report()["monotonic_ns"] + ASKING_S * SEC
    for n in range(MOST_SCHEDULED):
        world.ask("change", change={"flows": {f"*:udp:{n + 1}": {"egress": OWN}}}, at_ns=at + n * SEC // 256)


def report_often(world: World) -> None:
    add_flows(world)
    for _ in range(8):
        world.report()
        time.sleep(0.1)


def seed_all(world: World) -> None:
    add_flows(world)
    world.ask("change", change={"seed": 9})


def one_for_all(world: World) -> None:
    """A value of the link that each flow shares."""
    world.ask("change", change={"flows": flows({"loss": "1%"})})
    world.ask("change", change={"egress": {"loss_burst": "3p", "loss": "0.001%", "jitter": "0ms"}})


CHANGES: list[Change] = [
    add_flows,
    put_conditions,
    lease_flows,
    release_flows,
    schedule_flows,
    fill_files,
    many_leases,
    many_scheduled,
    report_often,
    seed_all,
    one_for_all,
]


def measured(world: World, change: Change | None) -> Steady:
    world.configure(**BASE)
    seconds = SECONDS + (ASKING_S if change is many_scheduled else 0)
    result = steady(world, seconds, (lambda: change(world)) if change else lambda: None)
    world.configure()
    return result


def holds_nothing_up(world: World, change: Change) -> None:
    """Nothing is lost, and the 99.9th percentile of the delay is at most 5 ms above that of a run without the change.

    Both runs follow each other; where the machine disturbed either, they are done again.
    """
    values = []
    for attempt in range(1, ATTEMPTS + 1):
        calm, busy = measured(world, None), measured(world, change)
        if calm.lost == busy.lost == 0 and busy.late_ms <= calm.late_ms + MOST_LATER_MS:
            print(f"{change.__name__}: {busy.late_ms:.2f} ms against {calm.late_ms:.2f} ms, attempt {attempt}")
            return
        values.append((calm.lost, busy.lost, calm.late_ms, busy.late_ms))
    pytest.fail(f"{change.__name__}: lost without and with it, ms without and with it: {values}")


def test_a_thousand_flows_hold_nothing_up(world: World) -> None:
    """The maximum number of flows is added and removed during 2,000 packets per second each way."""
    holds_nothing_up(world, put_conditions)


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(20))
@pytest.mark.parametrize("change", CHANGES)
def test_the_largest_changes_hold_nothing_up(world: World, change: Change, turn: int) -> None:  # noqa: ARG001
    """Flows, leases, scheduled changes and files at their limits, with reports and seeds."""
    holds_nothing_up(world, change)
