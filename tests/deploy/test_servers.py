"""The media server's containers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synthlab.deploy.compose_file import render
from synthlab.deploy.host_ports import fixed_ports
from synthlab.deploy.servers import compose_parts, join_page, server_count, server_services
from synthlab.deploy.services import sfu_condition
from synthlab.stack import Sfu, Stack, Turn, read_stack
from synthlab.stack.compose_source import ComposeFile, from_config
from synthlab.testing import FakeEngine

CONFIG = {
    "name": "synthlab-compose",
    "services": {
        "media": {"image": "acme/sfu:1", "container_name": "media", "networks": {"inside": None}, "healthcheck": {}},
        "redis": {"image": "redis", "networks": {"default": None}, "labels": {"own": "1"}},
    },
    "networks": {
        "default": {"name": "synthlab-compose_default"},
        "inside": {"name": "synthlab-compose_inside"},
        "theirs": {"name": "theirs", "external": True},
    },
    "volumes": {"data": {"name": "synthlab-compose_data"}},
}


def read(sfu: str, folder: Path) -> Stack:
    file = folder / "lab.yaml"
    file.write_text(f"sfu: {{{sfu}}}\nclients: {{c: {{image: x}}}}\n")
    return read_stack(str(file), environment={})


def test_without_conditions_it_is_alone(tmp_path: Path) -> None:
    """A media server without conditions is one container, and nobody outside can join."""
    stack = read("app: janus", tmp_path)
    (own,) = server_services(stack)
    assert (own.network_of, own.published, own.environment) == (None, (), {})
    assert join_page(stack) is None


def test_a_lab_with_ipv6_alone(tmp_path: Path) -> None:
    """In a lab with IPv6 alone, the media server and its companion get SYNTHLAB_IP; the user's own values win."""
    stack = replace(read("app: janus, network: {}", tmp_path), ip="ipv6")
    assert [service.environment["SYNTHLAB_IP"] for service in server_services(stack)] == ["ipv6", "ipv6"]
    stack = replace(read("image: acme/sfu, env: {SYNTHLAB_IP: dual}", tmp_path), ip="ipv6")
    assert [service.environment["SYNTHLAB_IP"] for service in server_services(stack)] == ["dual"]


@pytest.mark.issue(10)
@pytest.mark.parametrize(("written", "expected"), [("2mbit", "2000000"), ("unlimited", "0"), (None, None)])
def test_how_much_a_sender_may_take(tmp_path: Path, written: str | None, expected: str | None) -> None:
    """The cap on a sender's video comes from the stack; without one the server gets none."""
    cap = f", bitrate: {written}" if written else ""
    (server,) = server_services(read(f"app: janus{cap}", tmp_path))
    assert server.environment.get("SYNTHLAB_BITRATE") == expected


def test_somebody_outside(tmp_path: Path) -> None:
    """With `join`, the bundled media server gets its address outside the lab, and its ports are published there."""
    stack = read("app: janus, join: 192.168.1.5", tmp_path)
    (own,) = server_services(stack)
    assert own.environment == {"SYNTHLAB_JOIN": "192.168.1.5", "SYNTHLAB_MEDIA_PORTS": "20000-20059"}
    assert own.published[-1] == "192.168.1.5:20000-20059:20000-20059/udp"
    assert join_page(stack) == "http://192.168.1.5:8080/?name=you"


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("http://{sfu}/{lab}?name={name}&turn={turn}", "http://10.0.0.1/lab?name=you&turn="),
        ("http://{sfu}/?x={a:b}", "http://10.0.0.1/?x={a:b}"),
        ("http://{sfu}/?x={", "http://10.0.0.1/?x={"),
    ],
)
def test_page_for_somebody_outside(tmp_path: Path, url: str, page: str) -> None:
    """Every URL that clients can open has a page for outside: `{turn}` is empty there, other braces are the page's."""
    stack = read(f"image: acme/sfu, ports: [80], join: 10.0.0.1, url: '{url}'", tmp_path)
    assert join_page(replace(stack, turn=Turn(app="coturn", image="x"))) == page


def test_parts_of_a_compose_file() -> None:
    """Everything but volumes and external resources is labelled; the media server is found by its usual name."""
    compose = from_config(CONFIG)
    stack = _of(compose)
    parts = compose_parts(stack)
    media, redis = parts["services"]["media"], parts["services"]["redis"]
    assert media["networks"] == {"inside": {"aliases": ["media"]}, "default": {"aliases": ["sfu"]}}
    assert media["labels"]["synthlab.role"] == "sfu"
    assert "container_name" not in media
    assert redis["labels"] | {"own": "1", "synthlab.role": "service", "synthlab.client": "redis"} == redis["labels"]
    assert parts["networks"]["theirs"] == {"name": "theirs", "external": True}
    assert set(parts["networks"]) == {"inside", "theirs"}
    assert parts["volumes"] == {"data": {}}
    assert sfu_condition(stack) == {"media": "service_healthy"}
    assert server_count(stack) == 2


@pytest.mark.parametrize("kind", ["volumes", "configs", "secrets"])
def test_what_is_named_default(kind: str) -> None:
    """The user's own volume, config or secret may be called `default`; only the network of that name is the lab's."""
    body = {"external": True, "name": "theirs"}
    config = {"services": {"media": {"image": "x"}}, "networks": {"default": {}}, kind: {"default": body}}
    parts = compose_parts(_of(from_config(config)))
    assert parts == {"services": parts["services"], kind: {"default": body}}


def test_the_fake_engine_reads_its_services(tmp_path: Path) -> None:
    """The fake engine makes one container of each service, of the Compose file's and of ours."""
    stack = replace(_of(from_config(CONFIG)), clients=read("app: janus", tmp_path).clients)
    engine = FakeEngine()
    engine.compose_up("synthlab-lab", render(stack, fixed_ports(stack)), lambda line: None)
    made = [(one.name, one.role, one.client) for one in engine.present]
    assert made == [
        ("synthlab-lab-media-1", "sfu", ""),
        ("synthlab-lab-redis-1", "service", "redis"),
        ("synthlab-lab-c-1", "client", "c"),
    ]


@pytest.mark.parametrize(
    ("check", "condition"),
    [
        ({"interval": "5s"}, "service_healthy"),
        ({"test": ["CMD", "true"]}, "service_healthy"),
        ({"disable": True}, "service_started"),
        ({"test": ["NONE"]}, "service_started"),
        (None, "service_started"),
    ],
)
def test_a_health_check_that_is_turned_off(check: dict[str, Any] | None, condition: str) -> None:
    """Clients wait until a service with a health check is healthy, but not if the check is disabled."""
    service = {"image": "acme/sfu:1"} if check is None else {"image": "acme/sfu:1", "healthcheck": check}
    assert sfu_condition(_of(from_config({"services": {"media": service}}))) == {"media": condition}


def _of(compose: ComposeFile) -> Stack:
    sfu = Sfu(app="media", image="", service="media")
    return Stack(name="lab", file="lab.yaml", sfu=sfu, compose=compose, clients=())
