"""Measure how the cost of a lab grows with its clients, on one engine or on a swarm of three nodes on this machine.

`python -m benchmarks.scale --nodes 3 --clients 2,10,50` prints a row for each size and writes it as JSON; docs/scale.md
has the model that was fitted to such rows. Run it as root on a machine with nothing else at work.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.footprint import cpu_seconds
from tests.e2e.labs import SYNTHLAB
from tests.e2e.swarm_nodes import HUB, swarm_nodes

Run = Callable[..., str]

LAB = "bench-scale"
REST_S, TRAFFIC_S, SETTLE_S = 20.0, 10.0, 8.0
CHANGES = 5
PACKETS_S = 250
PAYLOAD = 160
SERVER = """\
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 7))
while True:
    s.sendto(*s.recvfrom(2048))
"""
# Sends evenly spaced datagrams to an echo server for as long as the file exists that starts it.
CLIENT = f"""\
import os, socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setblocking(False)
while True:
    due = time.monotonic()
    while os.path.exists("/tmp/go"):
        s.sendto(bytes({PAYLOAD}), (os.environ["TARGET"], 7))
        try:
            while s.recv(2048):
                pass
        except BlockingIOError:
            pass
        due = max(due + 1 / {PACKETS_S}, time.monotonic() - 0.1)
        time.sleep(max(0, due - time.monotonic()))
    time.sleep(0.5)
"""


@dataclass(frozen=True)
class Row:
    """One lab: its size and what it costs; CPU in cores, of the whole machine, less what it used before."""

    nodes: int
    clients: int
    up_s: float
    up_cpu_s: float
    memory_mb: float
    rest_cores: float
    rest_kbit_s: float
    traffic_cores: float
    packets_s: float
    change_s: float
    down_s: float


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=1)
    parser.add_argument("--clients", default="2,10,50", help="sizes of labs, such as 2,10,50")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args(arguments)
    sizes = [int(word) for word in options.clients.split(",")]
    with _machines(options.nodes) as (run, everywhere, underlay), TemporaryDirectory() as folder:
        rows = [_measured(run, everywhere, underlay, Path(folder), options.nodes, size) for size in sizes]
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    return 0


@contextmanager
def _machines(nodes: int) -> Iterator[tuple[Run, list[Run], Callable[[], int]]]:
    """How to run a command on the manager and on each node, and the bytes that the network between them has carried."""
    if nodes == 1:
        yield _here, [_here], lambda: 0
        return
    with swarm_nodes("syntheticnet:latest", "debian:bookworm-slim") as made:
        runs: list[Run] = [_on(node.engine.machine.run) for node in made]
        yield runs[0], runs, _bridged


def _here(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def _on(run: Callable[..., subprocess.CompletedProcess[str]]) -> Run:
    return lambda *words: run(*words).stdout


def _bridged() -> int:
    """Bytes that the bridge between the nodes has received from its ports."""
    shown = json.loads(_here("ip", "-n", HUB, "-s", "-json", "link", "show"))
    return sum(link["stats64"]["rx"]["bytes"] for link in shown if link["ifname"].startswith("n"))


def _measured(run: Run, everywhere: list[Run], underlay: Callable[[], int], folder: Path, nodes: int, size: int) -> Row:
    """Bring up a lab of one echo server and clients, measure it, and take it down."""
    file = folder / "scale.yaml"
    client = {"image": "syntheticnet", "command": ["python3", "-c", CLIENT], "env": {"TARGET": "server"}}
    clients = {
        "server": {"image": "syntheticnet", "command": ["python3", "-c", SERVER]},
        "c": {**client, "count": size - 1},
    }
    file.write_text(json.dumps({"name": LAB, "clients": clients}))
    before_cores, free = _cores(SETTLE_S), _available_mb()
    busy, start = _busy_s(), time.monotonic()
    run(SYNTHLAB, "up", str(file), *(["--engine", "swarm"] if nodes > 1 else []))
    try:
        up_s, up_cpu_s = time.monotonic() - start, _busy_s() - busy
        time.sleep(SETTLE_S)
        memory_mb = free - _available_mb()
        carried = underlay()
        rest_cores = _cores(REST_S) - before_cores
        rest_kbit_s = (underlay() - carried) * 8 / 1000 / REST_S
        traffic_cores, packets_s = _traffic(run, everywhere, before_cores + rest_cores)
        change_s = statistics.median(_change(run, number) for number in range(CHANGES))
    finally:
        start = time.monotonic()
        run(SYNTHLAB, "down", LAB)
    down_s = time.monotonic() - start
    row = Row(
        nodes=nodes,
        clients=size,
        up_s=round(up_s, 1),
        up_cpu_s=round(up_cpu_s, 1),
        memory_mb=round(memory_mb),
        rest_cores=round(rest_cores, 4),
        rest_kbit_s=round(rest_kbit_s, 1),
        traffic_cores=round(traffic_cores, 3),
        packets_s=round(packets_s),
        change_s=round(change_s, 2),
        down_s=round(down_s, 1),
    )
    print(row, flush=True)
    return row


def _traffic(run: Run, everywhere: list[Run], at_rest: float) -> tuple[float, float]:
    """What at most ten clients cost that exchange datagrams with the server, and how many packets the server forwards.

    The cost includes the programs that send and echo.
    """
    senders = [(node, one) for node in everywhere for one in _containers(node) if "server" not in one][:10]
    for node, container in senders:
        node("docker", "exec", container, "touch", "/tmp/go")
    time.sleep(2)
    first = _forwarded(run)
    cores = _cores(TRAFFIC_S) - at_rest
    packets_s = (_forwarded(run) - first) / TRAFFIC_S
    for node, container in senders:
        node("docker", "exec", container, "rm", "/tmp/go")
    return cores, packets_s


def _containers(node: Run) -> list[str]:
    return node("docker", "ps", "--filter", f"name={LAB}", "--format", "{{.Names}}").split()


def _forwarded(run: Run) -> int:
    """Packets that the server's forwarder has taken in, both directions."""
    state = json.loads(run(SYNTHLAB, "show", "server", "--lab", LAB, "--json"))["server"]
    return sum(link["packets_in"] for link in state["links"].values())


def _change(run: Run, number: int) -> float:
    start = time.monotonic()
    run(SYNTHLAB, "set", "server", "c", "--latency", f"{number + 1}ms", "--lab", LAB)
    return time.monotonic() - start


def _busy_s() -> float:
    fields = list(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def _cores(seconds: float) -> float:
    """Cores that all processes use that live throughout, without interrupts.

    As the scheduler counts them: the ticks of /proc/stat miss programs that sleep between two of them.
    """
    before, start = _used_s(), time.monotonic()
    time.sleep(seconds)
    after, elapsed = _used_s(), time.monotonic() - start
    return sum(after[pid] - used for pid, used in before.items() if pid in after) / elapsed


def _used_s() -> dict[int, float]:
    """CPU time of each process so far."""
    used = {}
    for folder in Path("/proc").iterdir():
        with suppress(ValueError, OSError):  # no process, or one that has just ended
            used[int(folder.name)] = cpu_seconds([int(folder.name)])
    return used


def _available_mb() -> float:
    rows = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return int(rows["MemAvailable"].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
