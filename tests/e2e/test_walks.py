"""Walks between states, tc's words and queue disciplines on packets between two real containers, in one lab."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TypeVar

import pytest

from syntheticnet.conditions import Conditions, first_stay, next_stay

from ..syntheticnet.veth.chance import SIGMAS, Chain, are_geometric, bursts
from .labs import lab_up, synthlab
from .pair import Pair

pytestmark = [pytest.mark.docker, pytest.mark.issue(15)]

NAME = "e2e-walks"
OF_STACK, OF_COMMAND, PORT = 5100, 5200, 5000
STACK = f"""\
name: {NAME}
clients:
  client1: {{image: syntheticnet}}
  client2:
    image: syntheticnet
    network: {{flows: {{'*:udp:{OF_STACK}': {{egress: {{netem: loss 10% 25%}}}}}}}}
"""
STATES = {"good": {"mean": "300ms"}, "gone": {"mean": "300ms", "egress": {"outage": True}}}
WALK = "{good: {mean: 1s}, gone: {mean: 1s, egress: {outage: true}}}"
MS, SECOND = 10**6, 10**9
CLOSE_NS = 25 * MS
"""How far from the end of a stay a packet may meet the next state: it is stamped by the kernel after it was sent."""
STEADY_NS = 5 * MS
LONG = 100
"""Packets in a row that only an outage loses."""
RATE, RATE_BPS = "2mbit", 2_000_000
OWN_MS = 1514 * 8000 / RATE_BPS
T = TypeVar("T")


@dataclass(frozen=True)
class Sent:
    """One datagram a millisecond: when each was sent, in ns since the epoch, and whether it was lost."""

    at_ns: Sequence[int]
    lost: Sequence[bool]

    @property
    def steady(self) -> list[tuple[int, bool]]:
        """Those after which the sender went on at once: another may have been held up between its stamp and its way."""
        pairs = zip(pairwise(self.at_ns), self.lost, strict=False)
        return [(at_ns, lost) for (at_ns, after_ns), lost in pairs if after_ns - at_ns < STEADY_NS]

    @property
    def runs(self) -> list[tuple[int, int]]:
        """The first and the last number of each run of at least LONG lost ones."""
        numbers = {number for number, lost in enumerate(self.lost) if lost}
        firsts = sorted(number for number in numbers if number - 1 not in numbers)
        runs = zip(firsts, bursts(numbers), strict=True)
        return [(first, first + length - 1) for first, length in runs if length >= LONG]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    stack = tmp_path_factory.mktemp("stack") / "walks.yaml"
    stack.write_text(STACK)
    with lab_up(NAME, stack):
        yield Pair(NAME)


def test_packets_meet_the_states_of_the_walk(pair: Pair, tmp_path: Path) -> None:
    """The walk is that of the seed; nothing is lost in `good`, and everything in `gone`."""
    file = tmp_path / "states.yaml"
    file.write_text(json.dumps(STATES))

    def walked() -> tuple[Sent, list[tuple[int, int, str]]]:
        epoch_ns = time.time_ns() - time.monotonic_ns()
        [sent] = sent_while(pair, lambda: walk(pair, file), PORT)
        past = pair.state()["walk"]["past"]
        stays = list(walk_of(past[0]["at_ns"], seed=11, until_ns=sent.at_ns[-1] - epoch_ns))
        assert past[: len(stays)] == [{"at_ns": at, "state": name} for at, _, name in stays][: len(past)]
        return sent, [(at + epoch_ns, end + epoch_ns, name) for at, end, name in stays]

    sent, stays = undisturbed(pair, walked)
    lost: dict[str, list[bool]] = {"good": [], "gone": []}
    for at_ns, is_lost in sent.steady:
        for begins_ns, ends_ns, name in stays:
            if begins_ns + CLOSE_NS < at_ns < ends_ns - CLOSE_NS:
                lost[name].append(is_lost)
    assert min(map(len, lost.values())) > 300
    assert not any(lost["good"])
    assert all(lost["gone"])


def test_a_scenario_walks(pair: Pair, tmp_path: Path) -> None:
    """The outages that packets meet are those of the plan, in length and distance, and the record names the states."""
    (tmp_path / "walks.yaml").write_text(STACK)
    file = tmp_path / "scenario.yaml"
    file.write_text(f"stack: walks.yaml\nsteps:\n  - {{states: client2, walk: {WALK}, for: 4s}}\n  - wait: 4s\n")
    command = (
        "scenario",
        "run",
        str(file),
        "--lab",
        NAME,
        "--json",
        "--seed",
        "3",
        "--evidence",
        str(tmp_path / "evidence"),
    )
    outputs: list[str] = []
    [sent] = sent_while(pair, lambda: outputs.append(synthlab(*command, status=None).stdout), PORT)
    [record] = json.loads(outputs[0])["records"]
    stays = record["steps"][0]["stays"]
    ends = [at_s for at_s, _ in stays[1:]] + [4.0]
    planned = [(at_s, end_s) for (at_s, name), end_s in zip(stays, ends, strict=True) if name == "gone"]
    seen = [(sent.at_ns[first] / SECOND, sent.at_ns[last] / SECOND) for first, last in sent.runs]
    assert record["verdict"] in ("passed", "inconclusive")  # the latter on a busy machine
    assert {name for _, name in stays} == {"good", "gone"}
    assert len(seen) == len(planned) >= 1
    for (begins, ends_s), (at_s, end_s) in zip(seen, planned, strict=True):
        assert begins - seen[0][0] == pytest.approx(at_s - planned[0][0], abs=0.15)
        assert ends_s - begins == pytest.approx(end_s - at_s, abs=0.15)


def test_netem_with_correlation(pair: Pair) -> None:
    """Of a flow in the stack and of one set by a command: the stated share is lost, in runs of that law."""
    words = ("set", "client2", "--flow", f"*:udp:{OF_COMMAND}", "--egress", "--netem", "loss 20% 50%", "--lab", NAME)
    said = synthlab(*words).stdout
    assert "netem: loss 20%, loss_correlation 50%" in said.splitlines()
    seen = undisturbed(pair, lambda: sent_while(pair, lambda: time.sleep(2.5), OF_STACK, OF_COMMAND))
    for sent, (share, again) in zip(seen, [(0.1, 0.325), (0.2, 0.6)], strict=True):
        count, numbers = len(sent.lost), {number for number, lost in enumerate(sent.lost) if lost}
        begin = share * (1 - again) / (1 - share)
        chain = Chain([[1 - begin, begin], [1 - again, again]], [0, 1])
        assert count > 1000
        assert abs(len(numbers) / count - share) < SIGMAS * chain.error(count)
        assert are_geometric(bursts(numbers), 1 / (1 - again))


def test_a_probe_beside_a_stream(pair: Pair) -> None:
    """Two TCP streams at once, each with a sparse flow beside it: behind droptail that waits for the queue, 50 ms and
    more, with FQ-CoDel only for the packet that is being sent."""
    waits_ms = waits_beside_streams(pair, {"droptail": 6001, "fq_codel": 6002}, 3)
    assert waits_ms["droptail"] > 50
    assert waits_ms["fq_codel"] < waits_ms["droptail"] / 4


@pytest.mark.soak
def test_probes_beside_long_streams(pair: Pair) -> None:
    """Over 20 s, each discipline keeps the wait of a sparse flow near what it aims for."""
    waits_ms = waits_beside_streams(pair, {"droptail": 6001, "codel": 6002, "fq_codel": 6003, "pie": 6004}, 20)
    assert 80 < waits_ms["droptail"] < 210
    assert waits_ms["fq_codel"] < 3 * OWN_MS
    for name in ("codel", "pie"):
        assert waits_ms[name] < waits_ms["droptail"] / 3, name


def walk(pair: Pair, file: Path) -> None:
    """Begin a walk, and let it go on for a while."""
    pair.set("--states", str(file), "--seed", "11")
    time.sleep(3)


def walk_of(begun_ns: int, seed: int, until_ns: int) -> Iterator[tuple[int, int, str]]:
    """Begin, end and state of each stay."""
    states = Conditions().changed({"states": STATES}).states
    stay = first_stay(states, "good", seed)
    while begun_ns < until_ns:
        yield begun_ns, begun_ns + stay.lasts_ns, stay.state
        begun_ns, stay = begun_ns + stay.lasts_ns, next_stay(states, stay, seed)


def sent_while(pair: Pair, act: Callable[[], object], *ports: int) -> list[Sent]:
    """What client2 sent to each of these ports of client1 while `act` ran."""
    heard = [pair.traffic("client1", "marked", port).ready() for port in ports]
    sending = [pair.traffic("client2", "mark", pair.address("client1"), port).ready() for port in ports]
    try:
        act()
    finally:
        sent = [one.result()["sent_ns"] for one in sending]
        came = [set(one.result()["sent_ns"]) for one in heard]
    return [Sent(at_ns, [at not in own for at in at_ns]) for at_ns, own in zip(sent, came, strict=True)]


def undisturbed(pair: Pair, act: Callable[[], T], times: int = 4) -> T:
    """The result of a run in which the machine dropped no packet; of the last one, if it always did."""
    for _ in range(times):
        before = pair.late()
        done = act()
        if pair.late() == before:
            break
    return done


def waits_beside_streams(pair: Pair, ports: Mapping[str, int], seconds: int) -> dict[str, float]:
    """The median one-way delay of a sparse flow beside a stream, by discipline; each has a bottleneck of its own."""
    for name, port in ports.items():
        pair.set("--flow", f"*:*:{port}", "--egress", "--rate", RATE, "--aqm", name)
    target = pair.address("client1")
    served = [pair.traffic("client1", "serve", port, seconds + 10).ready() for port in ports.values()]
    echoes = [pair.traffic("client1", "echo", port).ready() for port in ports.values()]
    streams = [pair.traffic("client2", "stream", target, port, seconds, "reno") for port in ports.values()]
    time.sleep(0.5)
    probes = [pair.traffic("client2", "rtt", target, port, (seconds - 1) * 20) for port in ports.values()]
    waits = [median(probe.result()["there_ms"]) for probe in probes]
    for one in (*streams, *echoes, *served):
        one.result()
    return dict(zip(ports, waits, strict=True))
