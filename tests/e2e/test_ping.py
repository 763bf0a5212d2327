"""`synthlab ping` agrees with what is set along a path."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from synthlab.stack import Ip

from .labs import SYNTHLAB, synthlab
from .pair import Pair, pair_up

pytestmark = [pytest.mark.docker, pytest.mark.issue(13), pytest.mark.timeout(180)]

LATE_MS = 5.0
"""What a busy machine may add to the fastest tenth of the datagrams."""


@dataclass(frozen=True)
class Case:
    """Values set at the ends, and what that must measure: delays, losses and rates there and back, and path MTU."""

    sets: tuple[tuple[str, ...], ...]
    delays_ms: tuple[float, float] = (0, 0)
    losses: tuple[float, float] = (0, 0)
    rates_bps: tuple[float | None, float | None] = (None, None)
    mtu: int = 1500
    reordered: bool = False
    shown: tuple[str, ...] = field(default=())


CASES = {
    "both ends": Case(
        (("client1", "--egress", "--latency", "30ms"), ("client2", "--latency", "40ms")),
        (70, 40),
        shown=("client1 egress latency 30ms; client2 ingress latency 40ms; together 70 ms",),
    ),
    "nothing": Case((), shown=("set         nothing",)),
    "one way": Case((("client2", "--egress", "--latency", "100ms"),), (0, 100)),
    "loss there": Case((("client2", "--ingress", "--loss", "10%"),), losses=(0.1, 0)),
    "loss at both ends": Case(
        (("client1", "--egress", "--loss", "20%"), ("client2", "--loss", "10%")), losses=(1 - 0.8 * 0.9, 0.1)
    ),
    "rate there": Case((("client2", "--ingress", "--rate", "5mbit"),), rates_bps=(5e6, None)),
    "rates": Case((("client2", "--rate", "2mbit"), ("client1", "--egress", "--rate", "1mbit")), rates_bps=(1e6, 2e6)),
    "MTU": Case((("client2", "--mtu", "1200b"),), mtu=1200),
    "jitter that reorders": Case(
        (("client2", "--ingress", "--latency", "50ms", "--jitter", "20ms", "--reordering"),), (50, 0), reordered=True
    ),
    "one flow": Case(
        (
            ("client2", "--flow", "client1:udp", "--ingress", "--latency", "60ms"),
            ("client2", "--egress", "--latency", "1ms"),
        ),
        (60, 1),
        shown=("client2 ingress latency 60ms",),
    ),
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_up("e2e-ping", tmp_path_factory.mktemp("stack"), "ipv4") as pair:
        yield pair


@pytest.mark.soak
@pytest.mark.parametrize("name", CASES)
def test_full(name: str, lab: Pair) -> None:
    """Delays, losses, rates, reordering and path MTU are those that are set, which are shown beside them."""
    case, ping = CASES[name], ("ping", "client1", "client2", "--lab", lab.name)
    synthlab("reset", "--lab", lab.name)
    for words in case.sets:
        synthlab("set", *words, "--lab", lab.name)
    measured: dict[str, Any] = json.loads(
        synthlab("ping", "client1", "client2", "--full", "--json", "--lab", lab.name).stdout
    )
    for way, delay_ms, loss, rate_bps in zip(
        ("there", "back"), case.delays_ms, case.losses, case.rates_bps, strict=True
    ):
        _agrees(measured[way], delay_ms, loss, rate_bps, case.reordered, measured["discarded"])
    assert measured["mtu"] == case.mtu
    text = synthlab(*ping).stdout
    for line in case.shown:
        assert line in text


def _agrees(
    way: dict[str, Any], delay_ms: float, loss: float, rate_bps: float | None, reordered: bool, discarded: int
) -> None:
    delays = sorted(way["delays_ms"])
    # A busy machine can only add to a delay: the fastest tenth has the least of that.
    fastest = delays[len(delays) // 10]
    lowest = delay_ms - 20 if reordered else delay_ms
    assert lowest <= fastest < delay_ms + LATE_MS
    assert (way["reordered"] > 0) == reordered
    lost = way["sent"] - len(delays)
    error = 5 * math.sqrt(way["sent"] * loss * (1 - loss))
    assert -error <= lost - way["sent"] * loss <= error + discarded
    if rate_bps is not None:
        # UDP fills the link: whole frames at the rate. TCP's payload is at most 1448 of 1514 bytes, and has to start.
        assert way["rates"]["udp"] == pytest.approx(rate_bps, rel=0.05)
        assert 0.7 * rate_bps < way["rates"]["tcp"] < rate_bps


def test_quick(lab: Pair) -> None:
    """Without `--full` it takes ten datagrams and says only the round trip and what is set."""
    synthlab("reset", "--lab", lab.name)
    synthlab("set", "client2", "--latency", "40ms", "--lab", lab.name)
    measured = json.loads(synthlab("ping", "client1", "client2", "--json", "--lab", lab.name).stdout)
    assert measured["there"]["sent"] == 10
    assert 80 <= min(measured["rtts_ms"]) < 80 + 2 * LATE_MS
    assert measured["mtu"] is None
    assert measured["set"] == {
        "there": {"client2 ingress": {"latency": "40ms"}},
        "back": {"client2 egress": {"latency": "40ms"}},
    }


def test_what_the_lab_itself_loses(lab: Pair) -> None:
    """A forwarder that the machine does not let run discards late packets: they are lost, and the result says why."""
    synthlab("reset", "--lab", lab.name)
    command = [SYNTHLAB, "ping", "client1", "client2", "--json", "--lab", lab.name]
    forwarder = lab.forwarder("client1")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pinging:
        while pinging.poll() is None:
            for number, seconds in ((signal.SIGSTOP, 0.25), (signal.SIGCONT, 0.45)):  # too brief to count as a hang
                os.kill(forwarder, number)
                time.sleep(seconds)
        assert pinging.stdout
        measured = json.load(pinging.stdout)
    assert measured["discarded"] > 0
    assert 10 - len(measured["rtts_ms"]) > 0


@pytest.mark.soak
@pytest.mark.parametrize(("ip", "option"), [("dual", "-6"), ("ipv6", "-6"), ("ipv6", "--json")])
def test_ipv6(ip: Ip, option: str, tmp_path: Path) -> None:
    """Over IPv6 everything is measured as over IPv4; a lab with IPv6 alone needs no option for it."""
    with pair_up(f"e2e-ping-{ip}", tmp_path, ip) as pair:
        ping = ("ping", "client1", "client2", option, "--json", "--lab", pair.name)
        for words in (
            ("client1", "--egress", "--latency", "30ms"),
            ("client2", "--ingress", "--rate", "4mbit", "--latency", "40ms", "--mtu", "1400b"),
            ("client2", "--flow", f"[{pair.address('client1', 6)}]:udp", "--egress", "--latency", "50ms"),
        ):
            synthlab("set", *words, "--lab", pair.name)
        quick = json.loads(synthlab(*ping).stdout)
        assert quick["addresses"] == [pair.address("client1", 6), pair.address("client2", 6)]
        assert 120 <= min(quick["rtts_ms"]) < 120 + 2 * LATE_MS
        assert quick["set"]["back"] == {"client2 egress": {"latency": "50ms"}}
        full = json.loads(synthlab(*ping, "--full").stdout)
        for way, delay_ms in (("there", 70), ("back", 50)):
            delays = sorted(full[way]["delays_ms"])
            assert len(delays) > 0.95 * full[way]["sent"]
            assert delay_ms <= delays[len(delays) // 10] < delay_ms + LATE_MS
        assert full["there"]["rates"]["udp"] == pytest.approx(4e6, rel=0.1)
        assert 0.6 * 4e6 < full["there"]["rates"]["tcp"] < 4e6
        assert full["back"]["rates"]["tcp"] > 5e6
        assert full["mtu"] == 1400
