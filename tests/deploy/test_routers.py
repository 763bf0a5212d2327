"""Routers in the rendered Compose file: networks, fixed addresses, routes, names."""

from __future__ import annotations

import os
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from synthlab.assets import own_version
from synthlab.deploy.address_plan import AddressPlan, plan_addresses
from synthlab.deploy.compose_file import digest, render
from synthlab.deploy.host_ports import fixed_ports
from synthlab.deploy.servers import server_count, server_services
from synthlab.deploy.swarm_file import refuse_unfit_for_swarm
from synthlab.errors import WrongUse
from synthlab.stack import Stack, read_stack

from ..stack.test_routers import ROUTERS

GOLDEN = Path(__file__).parents[1] / "golden" / "routers.yaml"


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    file = tmp_path / "routers.yaml"
    file.write_text(ROUTERS)
    return read_stack(str(file), environment={})


def planned(stack: Stack, *taken: str) -> AddressPlan:
    plan = plan_addresses(stack, taken)
    assert plan
    return plan


def test_its_file(stack: Stack) -> None:
    """A stack renders to exactly the golden file; SYNTHLAB_GOLDEN=1 writes it."""
    text = render(stack, fixed_ports(stack), planned(stack)).replace(f'"{own_version()}"', '"VERSION"')
    if os.environ.get("SYNTHLAB_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_networks_do_not_overlap(stack: Stack) -> None:
    """Neither each other nor those of the engine, and they are the same on every `up`."""
    plan = planned(stack)
    assert list(plan.subnets) == ["default", "lan-home", "lan-flat"]
    assert planned(stack) == plan
    moved = planned(stack, str(plan.subnets["lan-flat"]), "fd00::/64")
    for subnets in (plan.subnets, moved.subnets):
        networks = list(subnets.values())
        assert not any(one.overlaps(other) for one in networks for other in networks if one != other)
    assert not any(subnet.overlaps(plan.subnets["lan-flat"]) for subnet in moved.subnets.values())


def test_every_container_has_its_own_address(stack: Stack) -> None:
    """In each of its networks, and none is the host's; a router is in its own and that of its uplink."""
    plan = planned(stack)
    assert set(plan.places["flat"]) == {"lan-flat", "lan-home"}
    assert set(plan.places["home"]) == {"lan-home", "default"}
    assert set(plan.places["out"]) == {"default"}
    given = [address for places in plan.places.values() for address in places.values()]
    assert len(set(given)) == len(given)
    assert not {subnet[1] for subnet in plan.subnets.values()} & set(given)


def test_routes_lead_to_the_next_router(stack: Stack) -> None:
    """Behind a router the default route is its; to the lans behind another one a route leads through that."""
    plan = planned(stack)
    home, flat = (str(plan.subnets[f"lan-{name}"]) for name in ("home", "flat"))
    outside, inside = (str(plan.places["home"][network]) for network in ("default", "lan-home"))
    nested = str(plan.places["flat"]["lan-home"])
    assert plan.environment("out", None) == {"SYNTHLAB_ROUTES": f"{home}={outside} {flat}={outside}"}
    assert plan.environment("ada", "home") == {"SYNTHLAB_GATEWAY": inside, "SYNTHLAB_ROUTES": f"{flat}={nested}"}
    own = plan.router_environment(stack.routers[1])
    assert (own["SYNTHLAB_GATEWAY"], own["SYNTHETIC_NETWORK"], own["SYNTHLAB_LAN"]) == (inside, home, flat)
    assert plan.router_environment(stack.routers[0])["SYNTHLAB_ROUTES"] == f"{flat}={nested}"


def test_names_from_behind(stack: Stack) -> None:
    """Whoever is on the way up is known by name, at its nearest address; names of the own network are Docker's."""
    plan = planned(stack)
    assert _names(plan.hosts(["home"])) == {"sfu", "out"}
    found = dict(host.split(":") for host in plan.hosts(["flat"]))
    assert found.keys() == {"home", "ada", "sfu", "out"}
    assert IPv4Address(found["home"]) == plan.places["home"]["lan-home"]
    assert plan.hosts([]) == ()


def test_a_full_network_is_refused(tmp_path: Path) -> None:
    clients = "".join(f"  c{number}: {{image: x, count: 100, uplink: home}}\n" for number in range(3))
    file = tmp_path / "full.yaml"
    file.write_text(f"routers: {{home: {{}}}}\nclients:\n{clients}")
    with pytest.raises(WrongUse, match=r"full\.yaml: too many clients in the network lan-home: move some"):
        plan_addresses(read_stack(str(file), environment={}))


def test_a_lab_without_routers_is_as_before(tmp_path: Path) -> None:
    """Docker chooses its addresses."""
    file = tmp_path / "plain.yaml"
    file.write_text("clients: {a: {image: x}}")
    assert plan_addresses(read_stack(str(file), environment={})) is None


def test_routers_count_and_change_the_digest(stack: Stack) -> None:
    services = server_services(stack, planned(stack))
    assert [service.name for service in services] == ["sfu-network", "sfu", "home", "flat"]
    assert server_count(stack) == 4
    assert digest(stack) == digest(stack)


def test_not_on_a_swarm(stack: Stack) -> None:
    """One line says why."""
    with pytest.raises(WrongUse, match=r"not with --engine swarm: `routers`, because the two networks of a router"):
        refuse_unfit_for_swarm(stack)


def _names(hosts: tuple[str, ...]) -> set[str]:
    return {host.partition(":")[0] for host in hosts}
