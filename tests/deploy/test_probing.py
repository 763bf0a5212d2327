"""How containers learn what to probe, and how commands learn what is measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synthlab.engine import labels
from synthlab.stack import read_stack
from synthlab.testing.containers import containers_of

from ..stack.compose_projects import project, stack_with
from .test_compose_file import rendered

pytestmark = pytest.mark.issue(13)

SERVICE: dict[str, Any] = {"image": "nginx", "networks": {"default": None}}
SERVICES = {"web": SERVICE, "db": SERVICE | {"ports": [{"target": 5432}]}}
CLIENTS = """\
compose: compose.yaml
clients:
  web: {service: web, http: {url: ":80/$x", from: client1}}
  db: {service: db, impair: false, metrics: ":9187", tcp: {port: 5432, from: web, interval: 0.5s, timeout: 2s}}
  client1: {image: acme/app}
"""


def test_who_probes(tmp_path: Path) -> None:
    """A client or companion has its probes in its environment, and their names in a label."""
    stack = stack_with(tmp_path, CLIENTS, SERVICES)
    text = rendered(stack, tmp_path)
    assert text.count("SYNTHLAB_PROBES") == 2
    members = {one.title: one for one in containers_of(text)}
    assert {name: one.probes for name, one in members.items() if one.probes} == {
        "web-network": ("db.tcp",),
        "client1": ("web.http",),
    }
    assert {one.metrics["db"] for one in members.values()} == {"http://db:9187/metrics"}
    probe = [{"name": "db", "url": "tcp://db:5432", "interval_ms": 500.0, "timeout_ms": 2000.0}]
    assert json.dumps(json.dumps(probe)) in text
    assert "http://web:80/$$x" in text


def test_what_is_only_measured(tmp_path: Path) -> None:
    """It has our labels, and is otherwise as its file has it."""
    measured = stack_with(tmp_path, CLIENTS, SERVICES)
    plain = project(SERVICES, "web")
    bodies = []
    for stack in (measured, plain):
        body = next(part for part in rendered(stack, tmp_path).split("\n  ") if part.startswith('"db": '))
        bodies.append(json.loads(body.partition(": ")[2].splitlines()[0]))
    kept = [{key: value for key, value in body.items() if key != "labels"} for body in bodies]
    assert kept[0] == kept[1]
    assert kept[0]["ports"] == [{"target": 5432}]


def test_nothing_to_measure() -> None:
    """A lab without probes and metrics has neither variable nor label."""
    text = rendered(read_stack("call"), Path("/nowhere"))
    assert "SYNTHLAB_PROBES" not in text
    assert labels.PROBES not in text
    assert labels.METRICS not in text
