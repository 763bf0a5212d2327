"""Packets that pass all the time between the two clients of a lab, and when each one arrived."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

from ..labs import until
from ..pair import Pair

PORT, OTHER_PORT = 7000, 7001
RATE_BPS = 1_000_000
LASTS_S = 600
HEADERS = 14 + 20 + 8
STAMPS = (Path(__file__).parents[1] / "stamps.py").read_text()


class Arrivals:
    """Packets from client2 that arrive at client1, as they come: 1 Mbit/s to PORT, a tenth of it to OTHER_PORT."""

    def __init__(self, lab: Pair) -> None:
        self._came: list[tuple[int, float, int]] = []
        modes = {"follow": (), "stream": (lab.address("client1"),)}
        programs = [
            (client, mode, *modes[mode], str(port), str(LASTS_S), *rate)
            for port, bps in ((PORT, RATE_BPS), (OTHER_PORT, RATE_BPS / 10))
            for client, mode, rate in (("client1", "follow", ()), ("client2", "stream", (str(bps),)))
        ]
        self._programs = [_in_container(lab.container(client), *arguments) for client, *arguments in programs]
        receivers = self._programs[::2]
        self._readers = [threading.Thread(target=self._read, args=(one,), daemon=True) for one in receivers]
        for reader in self._readers:
            reader.start()
        until(lambda: {port for port, _, _ in self._came} == {PORT, OTHER_PORT}, 20)

    def times(self, port: int, began: float, ended: float) -> list[float]:
        """When each arrived within this time, in seconds since the epoch."""
        return [at for number, at, _ in list(self._came) if number == port and began < at < ended]

    def rate_bps(self, began: float, ended: float) -> float:
        """The rate at which they arrived, counting frames."""
        octets = [size + HEADERS for _, at, size in list(self._came) if began < at < ended]
        return sum(octets) * 8 / (ended - began)

    def close(self) -> None:
        for program in self._programs:
            program.terminate()
            program.wait()
        for reader in self._readers:
            reader.join()
        for program in self._programs:
            assert program.stdout
            program.stdout.close()

    def _read(self, program: subprocess.Popen[str]) -> None:
        assert program.stdout
        for line in program.stdout:
            if line[0].isdecimal():
                port, at_ns, size = map(int, line.split())
                self._came.append((port, at_ns / 1e9, size))


def _in_container(container: str, *arguments: str) -> subprocess.Popen[str]:
    """stamps.py, running in a container until its time is over or the container ends."""
    command = ["docker", "exec", "-i", container, "python3", "-", *arguments]
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert program.stdin
    program.stdin.write(STAMPS)
    program.stdin.close()
    return program
