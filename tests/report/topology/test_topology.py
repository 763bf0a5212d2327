"""Pictures of stacks: who is linked to which network, where, and with which words."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from synthlab.report.topology import topology_svg
from synthlab.report.topology.layout import BOX_HEIGHT, BOX_WIDTH, Layout, laid_out
from synthlab.stack import Stack, read_stack

pytestmark = pytest.mark.issue(17)

HOMES = """\
name: homes
sfu: {app: janus, network: {egress: {latency: 20ms}}}
turn: {app: coturn}
routers:
  home: {nat: port-restricted, network: {egress: {rate: 5mbit, queue: 1s}, ingress: {rate: 20mbit}}}
  lte: {nat: symmetric}
  flat: {uplink: lte, nat: none}
clients:
  ada: {app: chrome, uplink: home}
  bob: {app: bot, uplink: home, count: 3}
  eve: {app: chrome, uplink: flat, network: {flows: {"*:udp": {egress: {loss: 1%}}, "*:tcp": {egress: {loss: 2%}}}}}
  frank: {app: chrome}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    (tmp_path / "homes.yaml").write_text(HOMES)
    return read_stack(str(tmp_path / "homes.yaml"))


def links(layout: Layout) -> dict[str, float]:
    """The x of the network that each box on its left is linked to."""
    ends = {(link.x, link.y): link.to for link in layout.links}
    return {
        box.member.name: ends[box.x + BOX_WIDTH, box.y] for box in layout.boxes if (box.x + BOX_WIDTH, box.y) in ends
    }


def test_who_is_on_which_network(stack: Stack) -> None:
    """Neighbours share a network; that of a router ends at it, and it is on the next one."""
    layout = laid_out(stack)
    to = links(layout)
    lab = next(network.x for network in layout.networks if network.name == "homes")
    assert to["home"] == to["lte"] == to["frank"] == lab
    assert to["ada"] == to["bob (3)"] == to["flat"] < lab
    assert to["eve"] < to["flat"]
    (home,) = (network for network in layout.networks if network.top < box_y(layout, "ada") < network.bottom < lab)
    assert home.top < box_y(layout, "bob (3)") < home.bottom < box_y(layout, "eve")


def box_y(layout: Layout, name: str) -> float:
    return next(box.y for box in layout.boxes if box.member.name == name)


def test_nothing_lies_on_anything_else(stack: Stack) -> None:
    """No two boxes overlap, and all are inside the picture."""
    layout = laid_out(stack)
    for number, one in enumerate(layout.boxes):
        assert 0 <= one.x <= layout.width - BOX_WIDTH
        assert 0 <= one.y - BOX_HEIGHT / 2 <= layout.height - BOX_HEIGHT
        for other in layout.boxes[:number]:
            assert abs(one.x - other.x) >= BOX_WIDTH or abs(one.y - other.y) >= BOX_HEIGHT


def test_words(stack: Stack) -> None:
    """What each one is, and what is configured of its link."""
    root = fromstring(topology_svg(stack))
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    wanted = ("ada", "bob (3)", "bot", "port-restricted NAT", "no NAT", "↑ rate 5mbit, queue 1s", "↓ rate 20mbit")
    assert {*wanted, "↑ latency 20ms", "2 flows", "sfu", "turn", "homes"} <= set(texts)


def test_what_is_long(tmp_path: Path) -> None:
    """A long text is cut, and whole in its title."""
    (tmp_path / "long.yaml").write_text(
        "clients: {a: {image: 'registry.example/a-long-name/of-an-image:1', "
        "network: {egress: {loss: 2%, latency: 12ms, jitter: 4ms, rate: 3mbit}}}}\n"
    )
    picture = topology_svg(read_stack(str(tmp_path / "long.yaml")))
    root = fromstring(picture)
    titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    assert any(title and title.startswith("↑ ") and "jitter 4ms" in title for title in titles)


def test_a_stack_without_routers(tmp_path: Path) -> None:
    """All are on the lab's network, also where there is nobody else."""
    (tmp_path / "one.yaml").write_text("name: one\nclients: {a: {image: syntheticnet}}\n")
    layout = laid_out(read_stack(str(tmp_path / "one.yaml")))
    assert [network.name for network in layout.networks] == ["one"]
    assert len(layout.boxes) == 1
