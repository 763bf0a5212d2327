"""TCP beside a call behind one router: the queue that both share delays the call to its length, with FQ-CoDel hardly.

Delays are those of packets, stamped where they begin and where they arrive, and not the forwarder's own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import mean
from urllib.request import urlopen

import pytest

from synthlab.control.addresses import api_url
from synthlab.control.backend import make_backend
from synthlab.runner.traffic import start_traffic
from synthlab.scenario.actions import Traffic as Competing
from synthlab.scenario.traffic_patterns import Transfer
from synthlab.text.durations import MS_NS, SECOND_NS

from .datagrams import Datagrams, delays_ms
from .labs import docker, lab_up, synthlab
from .pair import Traffic

pytestmark = [pytest.mark.docker, pytest.mark.issue(17), pytest.mark.soak, pytest.mark.timeout(300)]

LAB = "shared-link"
PACKETS = """\
routers:
  home: {nat: none}
clients:
  call: {image: syntheticnet, uplink: home}
  upload: {image: syntheticnet, uplink: home}
  out: {image: syntheticnet}
  free: {image: syntheticnet}
"""
CALL = """\
sfu: {app: janus, version: "1.1.2", bitrate: 450kbit}
routers:
  home: {nat: none}
clients:
  call: {app: chrome, video: 320x240@15, headless: true, uplink: home}
  upload: {image: syntheticnet, uplink: home}
  out: {app: bot, video: 160x120@5}
"""
BACKEND = make_backend()
RATE, QUEUE_MS = "2mbit", 1000
MEDIA_BPS = 200_000.0
FILL_S, SECONDS = 8, 10
"""Cubic has filled the queue for the first time after some seconds; then the streams are measured."""


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    stack = tmp_path_factory.mktemp("stack") / "packets.yaml"
    stack.write_text(PACKETS)
    with lab_up(LAB, stack):
        yield


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A call of Chromium behind the router, and a bot outside; the name of its lab."""
    stack = tmp_path_factory.mktemp("stack") / "call.yaml"
    stack.write_text(CALL)
    with lab_up(f"call-{LAB}", stack) as lab:
        synthlab("expect", "out.video.call.fps > 5", "--within", "40s", "--lab", lab)
        yield lab


@pytest.mark.usefixtures("packets")
@pytest.mark.parametrize("direction", ["egress", "ingress"])
@pytest.mark.parametrize(("aqm", "least_ms", "most_ms"), [("droptail", 700, QUEUE_MS + 60), ("fq_codel", 0, 60)])
def test_a_stream_beside_cubic(direction: str, aqm: str, least_ms: float, most_ms: float) -> None:
    """Both clients behind the router wait in its queue, whoever fills it, in both directions; a third does not.

    The wait that the router reports for each second agrees with what the packets of these seconds waited.
    """
    limited(LAB, direction, aqm)
    ways = [("call", "out"), ("upload", "out")]
    if direction == "ingress":
        ways = [(there, here) for here, there in ways]
    with cubic(LAB, *ways[1]):
        time.sleep(FILL_S)
        came, reported = streamed([*ways, ("free", "out")], direction)
    waits = [sorted((at - sent) / MS_NS for sent, at in one) for one in came]
    call_ms, upload_ms, free_ms = (wait[len(wait) * 95 // 100] for wait in waits)
    print(f"{aqm}, {direction}: p95 {call_ms:.0f}, {upload_ms:.0f}, outside {free_ms:.1f} ms")
    assert least_ms <= call_ms <= most_ms
    assert least_ms <= upload_ms <= most_ms
    assert free_ms < 30
    assert len(waits[2]) >= MEDIA_BPS * SECONDS / 8 / 1242 - 2
    if aqm == "droptail":
        assert upload_ms == pytest.approx(call_ms, rel=0.1)
        pairs = [(wait_ms, p95_before(at, came[0])) for at, wait_ms in reported]
        print([(round(one), round(other)) for one, other in pairs])
        assert mean(one for one, _ in pairs) == pytest.approx(mean(other for _, other in pairs), rel=0.1)


@pytest.mark.parametrize(("aqm", "least_ms", "most_ms"), [("droptail", 700, QUEUE_MS + 60), ("fq_codel", 0, 60)])
def test_a_call_beside_cubic(call: str, aqm: str, least_ms: float, most_ms: float) -> None:
    """The media of Chromium, seen in its own network and in that of the SFU, are as late as the queue is long."""
    limited(call, "egress", aqm)
    with cubic(call, "upload", "out"):
        time.sleep(FILL_S)
        seen = [Datagrams(pid(call, name), SECONDS) for name in ("call", "sfu")]
        sent, arrived = (one.result() for one in seen)
    late = sorted(delays_ms(sent, arrived))
    p95 = late[len(late) * 95 // 100]
    print(f"{aqm}: {len(late)} packets of Chromium, p95 {p95:.0f} ms")
    assert len(late) > 20 * SECONDS
    assert least_ms <= p95 <= most_ms


def limited(lab: str, direction: str, aqm: str) -> None:
    """A perfect network, but for the bottleneck of the router in this direction."""
    synthlab("reset", "--lab", lab)
    synthlab("set", "home", f"--{direction}", "--rate", RATE, "--queue", f"{QUEUE_MS}ms", "--aqm", aqm, "--lab", lab)


@contextmanager
def cubic(lab: str, client: str, target: str) -> Iterator[None]:
    """A TCP flow without an end, with the congestion control of this name."""
    traffic = Competing(
        client=client,
        target=target,
        protocol="tcp",
        rate_bps=None,
        for_ns=60 * SECOND_NS,
        congestion="cubic",
        name="tcp",
        flows=((Transfer(at_ns=0),),),
    )
    running = start_traffic(BACKEND.engine, traffic, BACKEND.members(lab)[1])
    try:
        yield
    finally:
        running.stop()
    assert running.error() is None
    assert running.congestion == "cubic"


def streamed(
    ways: Sequence[tuple[str, str]], direction: str
) -> tuple[list[list[tuple[int, int]]], list[tuple[int, float]]]:
    """Of a stream each way, when each packet was sent and arrived; and the router's p95 of a second, and its end."""
    receivers = [
        Traffic(container(LAB, target), "arrivals", 5600 + place, SECONDS + 2.5, script="stamps.py").ready()
        for place, (_, target) in enumerate(ways)
    ]
    senders = [
        Traffic(container(LAB, name), "stream", address(target), 5600 + place, SECONDS, MEDIA_BPS, script="stamps.py")
        for place, (name, target) in enumerate(ways)
    ]
    reported = []
    time.sleep(2.5)
    for _ in range(SECONDS - 4):
        reported.append(waited(direction))
        time.sleep(1)
    for sender in senders:
        sender.result()
    return [[(sent, at) for sent, at in receiver.result()["came"]] for receiver in receivers], reported


def p95_before(moment: int, came: Sequence[tuple[int, int]]) -> float:
    """The delay, in ms, that 95 % of the packets stay below that arrive in the second before this moment."""
    waits = sorted((at - sent) / MS_NS for sent, at in came if moment - SECOND_NS < at <= moment)
    return waits[len(waits) * 95 // 100]


def container(lab: str, name: str) -> str:
    return f"synthlab-{lab}-{name}-1"


def address(name: str) -> str:
    return next(one.address for one in BACKEND.members(LAB)[1] if one.title == name)


def pid(lab: str, name: str) -> int:
    """The process id on the host of a container's first process."""
    return int(docker("inspect", "-f", "{{.State.Pid}}", container(lab, name)))


def waited(direction: str) -> tuple[int, float]:
    """The p95 in ms of the wait in the router's queue over the last second, and the end of this second."""
    home = next(one for one in BACKEND.members(LAB)[1] if one.title == "home")
    with urlopen(f"{api_url(home)}/v1/state", timeout=5) as answer:
        achieved = json.load(answer)["links"][direction]["achieved"]
    return time.time_ns(), float(achieved["queue_delay_p95_ms"])
