"""Services of a Compose project in scenarios: by name, by network, by group, and all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthlab.scenario import check_scenario
from synthlab.scenario.expression import Expression, Known
from synthlab.scenario.plan_text import plan_text

from ..stack.compose_projects import resolved

pytestmark = pytest.mark.issue(13)

SERVICES: dict[str, Any] = {
    "web": {"image": "nginx", "networks": {"default": None}, "x-synthlab": {}},
    "edge": {"image": "x", "networks": {"front": None, "back": None}, "x-synthlab": {}},
    "worker": {"image": "x", "networks": {"default": None}, "scale": 2, "x-synthlab": {}},
    "db": {"image": "x", "networks": {"default": None}},
}
ALL = ("web", "edge@front", "edge@back", "worker-1", "worker-2")


def planned(folder: Path, step: str) -> str:
    """The text of the plan with this step."""
    (folder / "compose.yaml").write_text("services: {}\n")
    (folder / "own.yaml").write_text("compose: compose.yaml\n")
    (folder / "some.yaml").write_text(f"stack: own.yaml\nsteps:\n  - {step}\n")
    return plan_text(check_scenario(str(folder / "some.yaml"), compose=resolved(SERVICES)))


@pytest.mark.parametrize(
    ("name", "clients"),
    [("web", ("web",)), ("edge", ALL[1:3]), ("edge@back", ("edge@back",)), ("worker", ALL[3:]), ("all", ALL)],
)
def test_who_is_meant(name: str, clients: tuple[str, ...], tmp_path: Path) -> None:
    """A service, one of its networks, its replicas, or every conditioned service."""
    text = planned(tmp_path, f"{{set: {name}, egress: {{loss: 5%}}}}")
    assert f"set {', '.join(clients)}: egress loss 5%" in text


def test_numbers() -> None:
    """The numbers of a network have its name."""
    known = Known(clients=(), conditioned=ALL, services=ALL)
    parsed = Expression.parse("edge@front.egress.rate < 1mbit and web.ingress.loss > 1%", known)
    assert set(parsed.names) == {"edge@front.egress.rate", "web.ingress.loss"}


def test_partition(tmp_path: Path) -> None:
    """All networks of a service are separated from the other end."""
    text = planned(tmp_path, "{partition: [edge, web]}")
    assert "set edge@front, edge@back: web both outage true" in text


@pytest.mark.parametrize("name", ["edge", "worker", "worker-1", "web"])
def test_containers(name: str, tmp_path: Path) -> None:
    """A service is one container, however many networks it has."""
    assert f"restart {'worker-1, worker-2' if name == 'worker' else name}" in planned(tmp_path, f"{{restart: {name}}}")
