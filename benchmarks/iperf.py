"""iperf3 as load: a TCP test that runs to its end, and a UDP flood that is stopped early."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.syntheticnet.veth.world import ADDRESSES

from .errors import Failed
from .process import ended
from .testbed import Testbed

PORT = 5201
PAYLOAD = 64
_START_SECONDS, _PATIENCE_SECONDS = 5, 20


def tcp(testbed: Testbed, seconds: float, streams: int, reverse: bool, omit_s: float) -> dict[str, float]:
    """Run TCP streams from client to server, or in reverse; the first `omit_s` seconds are not counted."""
    options = ["-t", str(seconds), "-O", str(omit_s), "-P", str(streams), "-J", *(["-R"] if reverse else [])]
    with _server(testbed):
        try:
            done = subprocess.run(
                _client(testbed, *options),
                check=False,  # its report says more than its status
                capture_output=True,
                text=True,
                timeout=seconds + omit_s + _PATIENCE_SECONDS,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"iperf3 did not finish within {_PATIENCE_SECONDS} s of its test's end") from None
    return parsed(json.loads(done.stdout or "{}"))


def parsed(report: dict[str, Any]) -> dict[str, float]:
    """Received bit rate and retransmitted segments; raises Failed with iperf3's error."""
    if "error" in report or "end" not in report:
        raise Failed(f"iperf3: {report.get('error', 'no report')}")
    end = report["end"]
    return {
        "gbps": end["sum_received"]["bits_per_second"] / 1e9,
        "retransmits": end["sum_sent"].get("retransmits", 0),
    }


@contextmanager
def flood(testbed: Testbed) -> Iterator[None]:
    """Inside the context the client sends datagrams of `PAYLOAD` bytes to the server at full speed."""
    before = testbed.counters("client")["sent"]
    with _server(testbed):
        sender = subprocess.Popen(
            _client(testbed, "-u", "-b", "0", "-l", str(PAYLOAD), "-t", "60"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _await_traffic(testbed, before, sender)
            yield
        finally:
            ended(sender)


def _await_traffic(testbed: Testbed, before: int, sender: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while testbed.counters("client")["sent"] < before + 1000:
        if sender.poll() is not None or time.monotonic() > deadline:
            raise Failed("iperf3 sent nothing")
        time.sleep(0.01)


def _client(testbed: Testbed, *options: str) -> list[str]:
    return testbed.command("client", "iperf3", "-c", ADDRESSES["server"][4], "-p", str(PORT), *options)


@contextmanager
def _server(testbed: Testbed) -> Iterator[None]:
    """A new server for each run: one still busy with the previous test would refuse the next."""
    process = subprocess.Popen(
        testbed.command("server", "iperf3", "-s", "-p", str(PORT)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not testbed.listening("server", PORT):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failed("iperf3's server did not start")
            time.sleep(0.01)
        yield
    finally:
        ended(process)
