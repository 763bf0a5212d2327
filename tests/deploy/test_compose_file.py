"""Rendered Compose files."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Network
from pathlib import Path
from typing import Any

import pytest

from synthlab.assets import own_version
from synthlab.deploy.compose_file import render
from synthlab.deploy.host_ports import choose_ports
from synthlab.deploy.services import ipv6_subnet
from synthlab.deploy.templates import quoted
from synthlab.stack import Stack, read_stack

GOLDEN = Path(__file__).parents[1] / "golden"

EVERYTHING = """\
name: everything
ip: dual
sfu: {image: 'acme/sfu:1', url: 'http://{sfu}/{lab}', env: {PRICE: '$5'}, command: [serve, 'a "b" $c']}
clients:
  one:
    image: acme/app
    url: "http://{sfu}/?name={name}&lab={lab}"
    flags: [--lang=de, "--say=it's"]
    media: {video: talking.y4m, audio: talking.wav}
    network:
      profile: wpt/3g
      egress: {rate: 1mbit, delay_trace: ./wifi.delay}
      flows: {'*:udp': {egress: {loss: 100%}}}
      seed: 7
    ports: {api: 3001, vnc: 5902}
    headless: false
    video: 640x360@30
    env: {GREETING: "äöü: ${NOT_OURS:-$$HOME}"}
    command: echo $HOME && run
  two: {image: syntheticnet, self_control: true}
"""


def rendered(stack: Stack, folder: Path) -> str:
    """The file without the parts that differ between machines and versions."""
    text = render(stack, choose_ports(stack, free=lambda port: True))
    return text.replace(f'"{own_version()}"', '"VERSION"').replace(str(folder), "FOLDER")


def everything(folder: Path) -> Stack:
    for name in ("talking.y4m", "talking.wav"):
        (folder / name).touch()
    (folder / "wifi.delay").write_text("# ${NOT_OURS}\n0 5\n")
    file = folder / "everything.yaml"
    file.write_text(EVERYTHING)
    return read_stack(str(file), environment={})


@pytest.mark.parametrize("name", ["call", "chrome"])
def test_bundled_stacks(name: str, tmp_path: Path) -> None:
    """A bundled stack renders to exactly the golden file."""
    assert rendered(read_stack(name), tmp_path) == (GOLDEN / f"{name}.yaml").read_text()


def test_everything(tmp_path: Path) -> None:
    """Every key of a stack file has its effect, and no user value is interpreted as markup."""
    assert rendered(everything(tmp_path), tmp_path) == (GOLDEN / "everything.yaml").read_text()


def test_labs_share_no_subnet() -> None:
    """Two labs with IPv6 have different unique local subnets, the same on every `up`."""
    subnets = [ipv6_subnet(replace(read_stack("call", name), ip="dual")) for name in ("one", "two", "one")]
    assert subnets[0] != subnets[1]
    assert subnets[0] == subnets[2]
    assert all(IPv6Network(str(subnet)).subnet_of(IPv6Network("fd00::/8")) for subnet in subnets)


def test_video_of_the_bundled_page(tmp_path: Path) -> None:
    """The bundled page gets the size of the video as a parameter; any other URL stays unchanged."""
    file = tmp_path / "v.yaml"
    video = "app: chrome, video: 640x360@30"
    file.write_text(f"sfu: {{app: janus}}\nclients: {{a: {{{video}}}, b: {{{video}, url: 'http://x/{{name}}'}}}}")
    text = rendered(read_stack(str(file)), tmp_path)
    assert '"SYNTHLAB_URL": "http://sfu:8080/?name=a&video=640x360@30"' in text
    assert '"SYNTHLAB_URL": "http://x/b"' in text


@pytest.mark.parametrize(
    ("value", "written"),
    [("no", '"no"'), ("${X}", '"$${X}"'), ('"', '"\\""'), (["a", "b"], '["a", "b"]'), ("ä", '"ä"')],
)
def test_quoted(value: Any, written: str) -> None:
    """A quoted value is a string to YAML, without variables for Compose."""
    assert quoted(value) == written
