"""Metrics of services and servers: Prometheus's text format, and where they are read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from synthlab.control.metrics import metrics_of, metrics_readers, parse_metrics
from synthlab.engine.api import Process
from synthlab.engine.containers import Container
from synthlab.errors import SynthlabError
from synthlab.testing import FakeEngine, fake_companion, fake_container

TEXT = """\
# HELP rooms How many there are.
# TYPE rooms gauge
rooms 3
packets_total{direction="in",node="a"} 1.5e3 1700000000000
packets_total{ node = "b" , direction="out", } 7
said{what="a \\"b\\" } c\\\\d\\n"} 1
delay_bucket{le="+Inf"} 4
quantile NaN
most +Inf
"""


def test_the_format() -> None:
    """Names, sorted labels, escapes and times; values that are not finite are left out."""
    assert parse_metrics(TEXT) == {
        "rooms": 3,
        'packets_total{direction="in",node="a"}': 1500,
        'packets_total{direction="out",node="b"}': 7,
        'said{what="a "b" } c\\d\n"}': 1,
        'delay_bucket{le="+Inf"}': 4,
    }


@pytest.mark.parametrize("line", ["<html>", "rooms", "rooms three", 'rooms{a="1} 2'])
def test_something_else(line: str) -> None:
    """An invalid line is an error that shows it."""
    with pytest.raises(ValueError, match=r"not a metrics line|could not convert"):
        parse_metrics(f"rooms 3\n{line}\n")


def test_nobody_tells() -> None:
    """No metrics in a lab without any; a stopped server is reported, not raised."""
    client = fake_container("call", "client1")
    assert metrics_readers(FakeEngine(), [client]) == {}
    urls = {"sfu": "http://sfu:6789/metrics"}
    server = replace(client, role="sfu", client="", state="exited", metrics=urls)
    gone = metrics_of(FakeEngine(), [replace(client, metrics=urls), server], "sfu")
    assert gone.error == "http://sfu:6789/metrics: sfu is not running"
    assert gone.values == {}


URLS = {name: f"http://{name}:9100/metrics" for name in ("web", "db", "client1", "far.example")}
READ = [
    # The host, whether ports open on this machine, and what is done.
    ("web", True, "exec call/web-network http://127.0.0.1:9100/metrics"),
    ("web", False, "exec call/web-network http://127.0.0.1:9100/metrics"),
    ("client1", True, "exec call/client1 http://127.0.0.1:9100/metrics"),
    ("db", True, "fetch http://10.1.2.3:9100/metrics"),
    ("db", False, "sidecar call/db http://127.0.0.1:9100/metrics"),
    ("far.example", True, "fetch http://far.example:9100/metrics"),
]


@pytest.mark.issue(13)
@pytest.mark.parametrize(("name", "near", "done"), READ)
def test_where_they_are_read(name: str, near: bool, done: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a conditioned network; else at the container's address, or beside it if its engine is far."""
    calls = list[str]()

    class Reading(FakeEngine):
        def start_program(self, container: Container, program: str, arguments: Any = (), **more: Any) -> Process:
            calls.append(f"exec {container.id} {arguments[0]}")
            raise SynthlabError("started")

        def start_sidecar(self, container: Container, program: str, arguments: Any = (), **more: Any) -> Process:
            calls.append(f"sidecar {container.id} {arguments[0]}")
            raise SynthlabError("started")

    def fetch(url: str, _seconds: float) -> str:
        calls.append(f"fetch {url}")
        return "files 7"

    monkeypatch.setattr("synthlab.engine.guest.fetch.fetch", fetch)
    monkeypatch.setattr("synthlab.control.metrics.is_near", lambda container: near)
    client = replace(fake_container("call", "client1"), metrics=URLS)
    services = [
        replace(client, id=f"call/{one}", client=one, role="service", app=one, ports={}) for one in ("web", "db")
    ]
    members = [client, *(replace(one, address="10.1.2.3") for one in services), fake_companion("call", "web")]
    read = metrics_of(Reading(), members, name)
    assert calls == [done]
    assert read.values == ({"files": 7} if done.startswith("fetch") else {})


@pytest.mark.issue(13)
def test_by_the_name_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that a stack calls something else is found by the name that its URL has; a published port is used."""
    client = replace(fake_container("call", "front"), metrics={"front": "http://Web:80/"})
    server = replace(client, id="s", role="service", app="web", ports={80: 4711})
    asked = list[str]()

    def fetch(url: str, _seconds: float) -> str:
        asked.append(url)
        return ""

    monkeypatch.setattr("synthlab.engine.guest.fetch.fetch", fetch)
    monkeypatch.setattr("synthlab.control.metrics.is_near", lambda container: True)
    other = replace(fake_container("call", "client1"), metrics=client.metrics)
    metrics_of(FakeEngine(), [other, server], "front")
    assert asked == ["http://127.0.0.1:4711/"]
