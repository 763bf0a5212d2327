"""What a prober sends, as the API reports it."""

from __future__ import annotations

import json
import socket

import pytest

from syntheticnet.api.probe_results import FRESH_S, ProbeResults

pytestmark = pytest.mark.issue(13)


def test_the_newest() -> None:
    """Of each probe the newest values, with their age; those of a prober that has stopped are dropped."""
    now = [100.0]
    sending, receiving = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with sending, receiving:
        receiving.setblocking(False)
        results = ProbeResults(receiving, lambda: now[0])
        for name, kind, at, ms in (("web", "http", 99.0, 5), ("web", "http", 99.9, 6), ("db", "tcp", 98.0, 1)):
            sending.send(json.dumps({"name": name, "kind": kind, "at": at, "values": {"ms": ms}}).encode())
        results.take()
        assert results.report() == {
            "web": {"http": {"values": {"ms": 6}, "age_s": 0.1}},
            "db": {"tcp": {"values": {"ms": 1}, "age_s": 2.0}},
        }
        now[0] = 98.1 + FRESH_S
        assert list(results.report()) == ["web"]
        now[0] = 100 + FRESH_S
        assert results.report() == {}


def test_no_prober() -> None:
    """A container without probes has none of their numbers."""
    results = ProbeResults()
    results.follow()
    assert results.report() == {}
