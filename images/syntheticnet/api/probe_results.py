"""The numbers that this container's probes have measured, as its prober sends them."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

MESSAGE_BYTES = 4096
FRESH_S = 3.0
"""Older numbers are not those of a prober that works: it sends them every second."""


class ProbeResults:
    """The latest numbers of each probe, until they are too old; without a `source` there are none."""

    def __init__(self, source: socket.socket | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._latest: dict[tuple[str, str], Mapping[str, Any]] = {}

    def follow(self) -> None:
        """Take what is sent from now on, in the running event loop."""
        if self._source:
            asyncio.get_running_loop().add_reader(self._source.fileno(), self.take)

    def take(self) -> None:
        """Take everything that waits."""
        assert self._source
        with suppress(BlockingIOError):
            while message := self._source.recv(MESSAGE_BYTES):
                sent = json.loads(message)
                self._latest[sent["name"], sent["kind"]] = sent

    def report(self) -> dict[str, dict[str, dict[str, Any]]]:
        """By the name of the probed service and the kind of probe: values, and their age in seconds."""
        now = self._clock()
        report: dict[str, dict[str, dict[str, Any]]] = {}
        for (name, kind), sent in self._latest.items():
            if (age_s := now - sent["at"]) <= FRESH_S:
                report.setdefault(name, {})[kind] = {"values": sent["values"], "age_s": round(age_s, 3)}
        return report
