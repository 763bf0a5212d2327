"""The companions of conditioned servers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syntheticnet.conditions import Conditions
from synthlab.contract import COMPANION_API_PORT
from synthlab.deploy.companion import companion
from synthlab.deploy.images import foreign_images, needed_images
from synthlab.deploy.servers import server_count, server_services
from synthlab.deploy.services import Config, PublishedPort, Service
from synthlab.stack import Stack, StackNetwork, Turn, read_stack

from .test_compose_file import GOLDEN, rendered

LOSS = StackNetwork(conditions=Conditions.from_dict({"egress": {"loss": "5%"}}))
TRACE = StackNetwork(
    conditions=Conditions.from_dict({"ingress": {"delay_trace": "wifi.delay"}}), files={"wifi.delay": "0 5\n"}
)
TURN = Turn(app="coturn", image="acme/turn:1", password="secret")


def lab(folder: Path, sfu: str = "image: acme/sfu, ports: [7880], network: {egress: {loss: 5%}}") -> Stack:
    """A lab whose TURN and media server are both conditioned, which no stack file can express."""
    file = folder / "two.yaml"
    file.write_text(f"sfu: {{{sfu}}}\nclients: {{one: {{image: acme/app}}}}\n")
    stack = read_stack(str(file), environment={})
    return replace(stack, turn=TURN, conditioned={**stack.conditioned, "turn": TRACE})


@pytest.mark.issue(11)
def test_of_any_service(tmp_path: Path) -> None:
    """The companion takes name, published ports and extra hosts from any service, which keeps the rest."""
    service = Service(
        name="media",
        image="acme/media",
        labels={"synthlab.role": "service"},
        hostname="media",
        alias="cdn",
        after={"db": "service_started"},
        environment={"A": "1"},
        ports=(PublishedPort(container=6789, host=None),),
        published=("127.0.0.1:1:1",),
        extra_hosts=("a:10.0.0.1",),
    )
    holder, patched = companion(lab(tmp_path), service, TRACE)
    assert (holder.name, holder.hostname, holder.alias, holder.conditioned) == ("media-network", "media", "media", True)
    assert (holder.published, holder.extra_hosts) == (service.published, service.extra_hosts)
    assert holder.ports == (PublishedPort(container=COMPANION_API_PORT, host=None),)
    assert [(one.content, one.target.rpartition("/")[2]) for one in holder.configs] == [("0 5\n", "wifi.delay")]
    assert all(isinstance(one, Config) for one in holder.configs)
    assert (patched.name, patched.image, patched.labels) == ("media", "acme/media", service.labels)
    assert (patched.network_of, patched.hostname, patched.alias) == ("media-network", None, None)
    assert (patched.ports, patched.published, patched.extra_hosts) == ((), (), ())
    assert patched.after == {"db": "service_started", "media-network": "service_healthy"}
    assert patched.environment == {"A": "1"}


@pytest.mark.issue(11)
def test_of_two_servers(tmp_path: Path) -> None:
    """Each conditioned server has its own companion, labelled with the server's name."""
    services = {service.name: service for service in server_services(lab(tmp_path))}
    assert list(services) == ["sfu-network", "sfu", "turn-network", "turn"]
    held = {name: service.labels.get("synthlab.network-of") for name, service in services.items()}
    assert held == {"sfu-network": "sfu", "sfu": None, "turn-network": "turn", "turn": None}
    assert services["sfu-network"].environment["SYNTHLAB_CONDITIONS"] == '{"egress": {"loss": "5%"}}'
    assert services["turn-network"].environment["SYNTHLAB_CONDITIONS"] == '{"ingress": {"delay_trace": "wifi.delay"}}'
    assert server_count(lab(tmp_path)) == 4


@pytest.mark.issue(11)
def test_rendered(tmp_path: Path) -> None:
    """A lab with two companions renders to exactly the golden file."""
    assert rendered(lab(tmp_path), tmp_path) == (GOLDEN / "companions.yaml").read_text()


@pytest.mark.issue(11)
def test_its_image(tmp_path: Path) -> None:
    """The companions' image is built only for stacks with a conditioned server."""
    stack = replace(lab(tmp_path, "image: acme/sfu"), conditioned={"turn": LOSS})
    assert [image.tag for image in needed_images(stack)] == ["syntheticnet:base", "syntheticnet:latest"]
    assert "syntheticnet:latest" not in foreign_images(stack)
    assert needed_images(replace(stack, conditioned={})) == []
