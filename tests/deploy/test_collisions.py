"""Fixed ports and subnets of a Compose project that are taken."""

from __future__ import annotations

from typing import Any

import pytest

from synthlab.deploy.collisions import with_drawn_ports
from synthlab.deploy.plan import plan_up
from synthlab.deploy.wrapping import companions
from synthlab.errors import SynthlabError
from synthlab.testing import FakeEngine

from ..stack.compose_projects import project

pytestmark = pytest.mark.issue(13)

WEB: dict[str, Any] = {"image": "nginx", "networks": {"default": None}, "ports": [{"target": 80, "published": "8080"}]}


def test_a_taken_port() -> None:
    """The error names service, port and the way out; a drawn port cannot be taken."""
    stack, engine = (
        project({"web": WEB, "db": WEB | {"ports": [{"target": 1, "published": "8081"}]}}, "web"),
        FakeEngine(),
    )
    plan_up(stack, engine, 1)
    engine.taken = {8080, 8081}
    with pytest.raises(SynthlabError) as caught:
        plan_up(stack, engine, 1)
    assert [caught.value.message, *caught.value.details] == [
        f"Compose's files: services.{name}.ports: port {port} is taken: free it, or let the engine draw others with "
        "--ports auto"
        for name, port in (("web", 8080), ("db", 8081))
    ]
    drawn = with_drawn_ports(stack)
    plan_up(drawn, engine, 1)
    assert companions(drawn)[0].given["ports"] == [{"target": 80}]


@pytest.mark.parametrize(
    "port",
    [{"target": 80}, {"target": 80, "published": "8000-8010"}, {"target": 1, "published": "8080", "protocol": "udp"}],
)
def test_ports_that_cannot_collide(port: dict[str, Any]) -> None:
    engine = FakeEngine()
    engine.taken = set(range(8000, 8100))
    plan_up(project({"web": WEB | {"ports": [port]}}, "web"), engine, 1)


@pytest.mark.parametrize(
    ("subnet", "network", "collides"),
    [
        ("10.91.0.0/16", "other_front", True),
        ("10.91.0.128/25", "bridge", True),
        ("10.92.0.0/24", "other_front", False),
        ("10.91.0.0/24", "synthlab-acme_front", False),
        ("fd91::/64", "other_front", True),
        ("fd92::/64", "other_front", False),
    ],
)
def test_subnets(subnet: str, network: str, collides: bool) -> None:
    """Another network's subnet that overlaps is named; the lab's own, which is to be replaced, is not in the way."""
    engine = FakeEngine()
    engine.networks = {subnet: network}
    front = {"front": {"ipam": {"config": [{"subnet": "10.91.0.0/24"}, {"subnet": "fd91::/64"}]}}}
    stack = project({"web": {"image": "x", "networks": {"front": None}}}, "web", networks=front)
    if not collides:
        plan_up(stack, engine, 1)
        return
    with pytest.raises(SynthlabError, match=rf"networks\.front: \S+ overlaps {subnet} of the network {network}"):
        plan_up(stack, engine, 1)
