"""Services of a Compose project in the network of their companions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthlab.deploy.compose_file import render
from synthlab.deploy.plan import plan_up
from synthlab.deploy.servers import compose_parts, server_count
from synthlab.deploy.services import Service
from synthlab.deploy.wrapping import companions, lost_capabilities, project_services
from synthlab.errors import SynthlabError
from synthlab.stack import Stack
from synthlab.testing import FakeEngine

from ..stack.compose_projects import project, stack_with

pytestmark = pytest.mark.issue(13)

KEPT: dict[str, Any] = {
    "image": "acme/web",
    "user": "nobody",
    "entrypoint": ["/run"],
    "command": ["echo", "$$HOME"],
    "volumes": [{"type": "volume", "source": "site", "target": "/site", "read_only": True}],
    "healthcheck": {"test": ["CMD", "true"]},
    "stop_signal": "SIGINT",
    "stop_grace_period": "3s",
    "init": True,
    "restart": "always",
    "read_only": True,
    "tmpfs": ["/run"],
    "environment": {"A": "1"},
}
MOVED: dict[str, Any] = {
    "networks": {"default": {"ipv4_address": "10.0.0.9", "aliases": ["edge.example"]}},
    "ports": [{"mode": "ingress", "target": 8000, "published": "18000", "protocol": "tcp"}],
    "expose": ["9000"],
    "hostname": "app.example",
    "domainname": "example",
    "extra_hosts": ["db.example=10.9.8.7"],
    "dns": ["1.1.1.1"],
    "dns_search": ["example"],
    "dns_opt": ["ndots:1"],
    "mac_address": "02:42:ac:11:65:43",
}
OTHER: dict[str, Any] = {"image": "acme/other", "networks": {"default": None}}


def one(service: dict[str, Any], *impair: str, **others: dict[str, Any]) -> tuple[Service, dict[str, Any], Stack]:
    """The companion and the body of `web`, and their stack."""
    stack = project({"web": service, **others}, "web", *impair)
    return companions(stack)[0], project_services(stack).get("web", {}), stack


def test_what_moves_and_what_stays() -> None:
    """What belongs to the network moves to the companion; everything else stays, `$` doubled as Compose wrote it."""
    holder, body, _ = one(KEPT | MOVED)
    assert {key: body[key] for key in KEPT} == KEPT
    assert not set(MOVED) & set(body)
    assert body["network_mode"] == "service:web-network"
    assert body["depends_on"] == {"web-network": {"condition": "service_healthy", "required": True}}
    moved = {key: value for key, value in holder.given.items() if key != "networks"}
    assert moved == {key: value for key, value in MOVED.items() if key != "networks"}
    aliases = ["web", "synthlab-acme-web-1", "edge.example"]
    assert holder.given["networks"] == {"default": {"ipv4_address": "10.0.0.9", "aliases": aliases}}
    assert (holder.name, holder.hostname, holder.conditioned, holder.ipv6) == ("web-network", None, True, False)
    assert holder.labels["synthlab.network-of"] == body["labels"]["synthlab.client"] == "web"


def test_capabilities() -> None:
    """It loses NET_ADMIN and NET_RAW, also where it was given all; a line says so where it was given them."""
    _, body, stack = one(OTHER | {"cap_add": ["NET_BIND_SERVICE", "CAP_NET_ADMIN", "net_raw"], "cap_drop": ["ALL"]})
    assert body["cap_add"] == ["NET_BIND_SERVICE"]
    assert body["cap_drop"] == ["ALL", "NET_ADMIN", "NET_RAW"]
    assert list(lost_capabilities(stack)) == [
        "web loses CAP_NET_ADMIN, net_raw, with which it could change its own conditions"
    ]
    _, body, stack = one(OTHER)
    assert ("cap_add" in body, body["cap_drop"], list(lost_capabilities(stack))) == (
        False,
        ["NET_ADMIN", "NET_RAW"],
        [],
    )


def test_kernel_parameters() -> None:
    """Those of the network move, others stay."""
    holder, body, _ = one(OTHER | {"sysctls": {"net.core.somaxconn": "1024", "kernel.msgmax": "1"}})
    assert (holder.given["sysctls"], body["sysctls"]) == ({"net.core.somaxconn": "1024"}, {"kernel.msgmax": "1"})


def test_references() -> None:
    """What others say of a wrapped service leads to its companion where it means the network."""
    others = {
        "after": OTHER | {"depends_on": {"web": {"condition": "service_healthy", "required": True}}},
        "linked": OTHER | {"links": ["web:www", "web", "after"]},
        "beside": {"image": "x", "network_mode": "service:web", "cap_add": ["NET_ADMIN", "SYS_TIME"]},
    }
    _, _, stack = one(OTHER, **others)
    bodies = project_services(stack)
    assert bodies["after"]["depends_on"] == others["after"]["depends_on"]
    assert bodies["linked"]["links"] == ["web-network:www", "web-network:web", "after"]
    assert bodies["beside"]["network_mode"] == "service:web-network"
    assert (bodies["beside"]["cap_add"], bodies["beside"]["cap_drop"]) == (["SYS_TIME"], ["NET_ADMIN", "NET_RAW"])
    assert list(lost_capabilities(stack)) == ["beside loses NET_ADMIN, with which it could change its own conditions"]
    assert "cap_drop" not in bodies["after"]


def test_replicas() -> None:
    """Each replica becomes a pair; the service's name reaches each in turn, and who waits for it waits for all."""
    after = {"depends_on": {"web": {"condition": "service_started", "required": True}}, "volumes_from": ["web:ro"]}
    _, _, stack = one(
        OTHER | {"deploy": {"replicas": 2, "resources": {}}}, client=OTHER | after, idle=OTHER | {"scale": 3}
    )
    bodies = project_services(stack)
    assert list(bodies) == ["web-1", "web-2", "client", "idle"]
    assert bodies["web-1"]["deploy"] == {"resources": {}}
    assert bodies["web-2"]["network_mode"] == "service:web-2-network"
    assert list(bodies["client"]["depends_on"]) == ["web-1", "web-2"]
    assert bodies["client"]["volumes_from"] == ["web-1:ro"]
    first, second = companions(stack)
    assert first.given["networks"]["default"]["aliases"] == ["web", "web-1", "synthlab-acme-web-1"]
    assert second.given["networks"]["default"]["aliases"] == ["web", "web-2", "synthlab-acme-web-2"]
    assert (second.labels["synthlab.group"], bodies["web-2"]["labels"]["synthlab.group"]) == ("web", "web")
    assert server_count(stack) == 2 + 2 + 1 + 3


def test_ipv6() -> None:
    """A companion has IPv6 where one of its networks may have it."""
    networks = {"default": {"enable_ipv6": True, "ipam": {}}, "theirs": {"external": True, "name": "theirs"}, "old": {}}
    for network, has in (("default", True), ("theirs", True), ("old", False)):
        stack = project({"web": OTHER | {"networks": {network: None}}}, "web", networks=networks)
        assert companions(stack)[0].ipv6 is has
        assert f'disable_ipv6: "{0 if has else 1}"' in render(stack, {})


def test_the_default_network_keeps_its_options() -> None:
    """Options of the user's `default` network stay, with our labels; without any the lab's own is written once."""
    stack = project({"web": OTHER}, "web", networks={"default": {"name": "acme_default", "driver_opts": {"a": "1"}}})
    own = compose_parts(stack)["networks"]["default"]
    assert (own["driver_opts"], own["labels"]["synthlab.lab"]) == ({"a": "1"}, "acme")
    for networks in ({"default": {"name": "acme_default"}}, {"default": {"driver_opts": {"a": "1"}}}):
        text = render(project({"web": OTHER}, "web", networks=networks), {})
        assert text.partition("\nservices:")[0].count("default") == 1


def test_a_fixed_name() -> None:
    """`container_name` is unique on an engine, so a second lab could not have it; it is found under it all the same."""
    holder, body, stack = one(OTHER | {"container_name": "acme-web"}, db=OTHER | {"container_name": "acme-db"})
    assert "acme-web" in holder.given["networks"]["default"]["aliases"]
    assert "container_name" not in body
    assert project_services(stack)["db"]["networks"] == {"default": {"aliases": ["acme-db"]}}


def test_the_media_server(tmp_path: Path) -> None:
    """A conditioned media server of a Compose file is reached as `sfu` at its companion, its metrics too."""
    text = (
        "compose: compose.yaml\nsfu: {service: media, metrics: 'http://sfu:9000/metrics', network: {}}\n"
        "clients: {a: {image: x}}\n"
    )
    stack = stack_with(tmp_path, text, {"media": OTHER})
    (holder,) = companions(stack)
    body = project_services(stack)["media"]
    assert (holder.name, holder.labels["synthlab.network-of"]) == ("media-network", "sfu")
    assert "sfu" in holder.given["networks"]["default"]["aliases"]
    assert holder.given["ports"] == [{"target": 9000, "host_ip": "127.0.0.1"}]
    assert (body["labels"]["synthlab.role"], body["network_mode"]) == ("sfu", "service:media-network")


def test_a_project_that_is_up() -> None:
    """A project that somebody else brought up is not touched; the lab's own may be replaced."""
    engine = FakeEngine()
    stack = project({"web": OTHER}, "web", environment={"COMPOSE_PROJECT_NAME": "mine"})
    engine.projects = {"mine": ""}
    with pytest.raises(SynthlabError, match="the Compose project 'mine' is up already: take it down with"):
        plan_up(stack, engine, 1)
    engine.projects = {"mine": "mine", "other": ""}
    plan_up(stack, engine, 1, replacing=True)


def test_several_networks() -> None:
    """The companion has an API for each network, and an alias in each by which it learns which interface is which."""
    service = OTHER | {"networks": {"front": {"ipv4_address": "10.91.0.10"}, "back": None}}
    networks: dict[str, Any] = {"front": {"enable_ipv6": True}, "back": {"internal": True}}
    stack = project({"web": service}, "web", networks=networks)
    (holder,) = companions(stack)
    assert holder.labels["synthlab.networks"] == "front,back"
    assert holder.environment["SYNTHLAB_NETWORKS"] == '{"front": {}, "back": {}}'
    assert holder.environment["SYNTHLAB_CONTROL_PORTS"] == "65080 65081"
    assert "SYNTHLAB_CONDITIONS" not in holder.environment
    assert [port.container for port in holder.ports] == [65080, 65081]
    assert holder.given["networks"] == {
        "front": {"ipv4_address": "10.91.0.10", "aliases": ["web", "synthlab-acme-web-1", "synthlab-network-0"]},
        "back": {"aliases": ["web", "synthlab-acme-web-1", "synthlab-network-1"]},
    }
    assert holder.ipv6
