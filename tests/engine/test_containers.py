"""Parsing containers from the engine's listing."""

from __future__ import annotations

from typing import Any

import pytest

from synthlab.engine import labels
from synthlab.engine.containers import read_container, read_probe


def listed(**changes: Any) -> dict[str, Any]:
    marks = {"synthlab.lab": "call", "synthlab.role": "client", "synthlab.client": "bot-1", "synthlab.group": "bot"}
    return {
        "Id": "0123",
        "Names": ["/synthlab-call-bot-1-1"],
        "Labels": {**marks, "synthlab.app": "bot", "synthlab.index": "3", "synthlab.stack": "call.yaml"},
        "State": "running",
        "Status": "Up 2 seconds (healthy)",
        "Ports": [
            {"IP": "127.0.0.1", "PrivatePort": 80, "PublicPort": 3000, "Type": "tcp"},
            {"PrivatePort": 9222, "Type": "tcp"},
        ],
    } | changes


def test_client() -> None:
    """Labels become fields, and only published ports count."""
    container = read_container(listed())
    assert (container.client, container.group, container.app, container.index) == ("bot-1", "bot", "bot", 3)
    assert (container.lab, container.name, container.ports) == ("call", "synthlab-call-bot-1-1", {80: 3000})


def test_a_lab_of_an_older_version() -> None:
    """A client labelled by version 0.1.0 is read correctly: the labels are the same."""
    marks = listed()["Labels"] | {"synthlab.version": "0.1.0", "com.docker.compose.project": "synthlab-call"}
    container = read_container(listed(Labels=marks))
    assert (container.lab, container.role, container.client, container.conditioned) == ("call", "client", "bot-1", True)
    assert (labels.LAB, labels.ROLE, labels.VERSION) == ("synthlab.lab", "synthlab.role", "synthlab.version")


@pytest.mark.parametrize(
    ("state", "status", "health", "ready", "failed"),
    [
        ("running", "Up 2 seconds (healthy)", "healthy", True, False),
        ("running", "Up 2 seconds (health: starting)", "starting", False, False),
        ("running", "Up 2 seconds (unhealthy)", "unhealthy", False, True),
        ("running", "Up 2 seconds", "", True, False),
        ("created", "Created", "", False, False),
        ("exited", "Exited (1) 3 seconds ago", "", False, True),
        ("dead", "Dead", "", False, True),
        ("paused", "Up 3 minutes (Paused)", "", False, False),
    ],
)
def test_health(state: str, status: str, health: str, ready: bool, failed: bool) -> None:
    """State and health come from the listing alone, without another request."""
    container = read_container(listed(State=state, Status=status))
    assert (container.health, container.ready, container.failed) == (health, ready, failed)


def test_media_server() -> None:
    """A container that is not a client has no client name, and sorts before the clients."""
    container = read_container(listed(Labels={"synthlab.lab": "call", "synthlab.role": "sfu"}, Ports=[]))
    assert (container.role, container.client, container.index, container.ports) == ("sfu", "", 0, {})


@pytest.mark.issue(11)
def test_companion() -> None:
    """A companion has the name of its server; without the label, as of version 0.1.0, it has no conditions."""
    marks = {"synthlab.lab": "call", "synthlab.role": "network", "synthlab.client": "sfu-network"}
    container = read_container(listed(Labels={**marks, "synthlab.network-of": "sfu"}))
    assert (container.conditioned, container.network_name, container.title) == (True, "sfu", "sfu-network")
    old = read_container(listed(Labels=marks))
    assert (old.conditioned, old.network_name) == (False, "")


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        ({}, []),
        ({"Health": None}, []),
        ({"Health": {"Log": []}}, []),
        (
            {"Health": {"Log": [{"ExitCode": 0, "Output": "fine"}, {"ExitCode": 1, "Output": "no room\n\nend\n"}]}},
            ["health check (exit status 1): no room", "end"],
        ),
        ({"Health": {"Log": [{"ExitCode": 7, "Output": ""}]}}, ["health check (exit status 7): it wrote nothing"]),
    ],
)
def test_last_probe(health: dict[str, Any], expected: list[str]) -> None:
    """The last of a container's health checks is reported, with exit status and output."""
    assert read_probe({"State": {"Status": "running", **health}}) == expected
