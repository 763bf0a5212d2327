"""A stack on Docker Swarm: its file, what a swarm cannot do, and the order of its start."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from synthlab.assets import own_version
from synthlab.deploy.launch import launch
from synthlab.deploy.plan import plan_up
from synthlab.deploy.plan_text import plan_lines
from synthlab.deploy.subnets import choose_subnet
from synthlab.deploy.swarm_file import refuse_unfit_for_swarm, render_swarm
from synthlab.engine.containers import Container
from synthlab.engine.swarm_tasks import SwarmNode
from synthlab.errors import SynthlabError, WrongUse
from synthlab.stack import Stack, SwarmOptions, read_stack
from synthlab.testing import FakeClock, FakeEngine, fake_container

pytestmark = pytest.mark.issue(14)

GOLDEN = Path(__file__).parents[1] / "golden" / "swarm.yaml"
NODES = [
    SwarmNode(id="1", name="desk", address="10.0.0.1", ready=True, labels={}),
    SwarmNode(id="2", name="attic", address="10.0.0.2", ready=True, labels={"zone": "b"}),
    SwarmNode(id="3", name="cellar", address="10.0.0.3", ready=False, labels={"zone": "c"}),
]
STACK = """\
sfu: {app: janus, placement: {node: desk}}
clients:
  bot: {app: bot, count: 2, placement: {labels: {zone: b}}, network: {egress: {latency: 20ms, delay_trace: ./a.delay}}}
  own: {image: acme/app, command: echo $HOME}
"""


def stack(folder: Path, text: str = STACK, registry: str | None = None) -> Stack:
    (folder / "a.delay").write_text("0 5\n")
    file = folder / "spread.yaml"
    file.write_text(text)
    return replace(read_stack(str(file), environment={}), swarm=SwarmOptions(registry))


def test_its_file(tmp_path: Path) -> None:
    """A stack renders to exactly the golden file; SYNTHLAB_GOLDEN=1 writes it."""
    text = render_swarm(stack(tmp_path), "10.64.0.0/24", {"acme/app": "hub:5000/acme/app:1"}, {}, None)
    text = text.replace(f'"{own_version()}"', '"VERSION"')
    if os.environ.get("SYNTHLAB_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_only_running_services_get_a_container(tmp_path: Path) -> None:
    text = render_swarm(stack(tmp_path), "10.64.0.0/24", {}, {}, ["sfu"])
    assert text.count("replicas: 1") == 1
    assert text.count("replicas: 0") == 3


def test_what_the_port_of_a_client_leads_to(tmp_path: Path) -> None:
    """A browser's screen and debugger, by a label; another client has neither."""
    chrome = "app: chrome, url: https://x.example/"
    text = f"clients: {{one: {{{chrome}}}, two: {{{chrome}, headless: true}}, three: {{image: syntheticnet}}}}"
    made = stack(tmp_path, text)
    _, *services = render_swarm(made, "10.64.0.0/24", {}, {}, None).split("\n    image:")
    ports = [re.findall('"synthlab.tunnels": "(.*)"', service) for service in services]
    assert ports == [["5901 9222"], ["9222"], []]


def test_labs_share_no_subnet() -> None:
    """The subnet is the same on every `up`, and neither another lab's nor one that overlaps another network."""
    subnet = choose_subnet("one", 24, ())
    assert choose_subnet("one", 24, ()) == subnet != choose_subnet("two", 24, ())
    other = choose_subnet("one", 24, ["172.18.0.0/16", "fd00::/64", str(subnet)])
    assert not other.overlaps(subnet)
    with pytest.raises(WrongUse, match=r"every /24 of 10\.64\.0\.0/10 is taken"):
        choose_subnet("one", 24, ["10.0.0.0/8"])


def test_what_a_swarm_cannot_do_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "talking.y4m").touch()
    text = """\
ip: dual
sfu: {app: janus, join: 127.0.0.1, network: {}}
clients:
  one: {app: chrome, media: {video: talking.y4m}}
  two: {app: bot, allow: [192.168.1.0/24]}
  me: {app: proxy}
"""
    with pytest.raises(WrongUse) as caught:
        refuse_unfit_for_swarm(stack(tmp_path, text))
    message = str(caught.value)
    assert message.startswith(
        "spread.yaml: not with --engine swarm: `ip: dual`, because overlay networks have IPv4 only"
    )
    for part in ("`network` of sfu", "`join`", "`media` of one", "`allow` of two names addresses", "me, a proxy"):
        assert part in message


@pytest.mark.parametrize(
    ("placement", "message"),
    [
        ("{node: shed}", "no node fits the placement of bot: node.hostname==shed; nodes: desk, attic, cellar (down)"),
        ("{node: cellar}", "no node fits the placement of bot: node.hostname==cellar"),
        ("{node: desk, labels: {zone: b}}", "node.hostname==desk and node.labels.zone==b"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_starts(tmp_path: Path, placement: str, message: str) -> None:
    engine = FakeEngine()
    engine.swarm = NODES
    with pytest.raises(SynthlabError) as caught:
        launch(stack(tmp_path, f"clients: {{bot: {{image: x, placement: {placement}}}}}"), engine, lambda _: None, 1)
    assert message in str(caught.value)
    assert engine.calls == []


def test_without_a_swarm(tmp_path: Path) -> None:
    with pytest.raises(SynthlabError, match="this engine manages no swarm: run `docker swarm init`"):
        launch(stack(tmp_path), FakeEngine(), lambda _: None, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "is not a node such as {node: worker-2}"),
        ("{nodes: a}", "no such key; did you mean node?; allowed: node, labels"),
        ("{node: 'a b'}", "'a b' is not the name of a node"),
        ("{labels: {zone: 'a;b'}}", "'a;b' is not the value of a label"),
        ("{labels: {'z=1': a}}", "'z=1' is not the name of a label"),
    ],
)
def test_bad_placement(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(WrongUse) as caught:
        stack(tmp_path, f"clients: {{bot: {{image: x, placement: {text}}}}}")
    assert "placement" in str(caught.value)
    assert message in str(caught.value)


def test_its_plan(tmp_path: Path) -> None:
    """`up --dry-run` says what is pushed, made and started where."""
    engine = FakeEngine()
    engine.swarm = NODES
    lines = list(plan_lines(plan_up(stack(tmp_path, registry="hub:5000"), engine, 60)))
    assert [line for line in lines if line.startswith(("push", "create", "start"))] == [
        "push synthlab/janus:1.1.2 to hub:5000",
        "push synthlab/bot:latest to hub:5000",
        "push acme/app to hub:5000",
        "create the overlay network synthlab-spread_lab, and secrets with the lab's certificate and token",
        "start sfu: synthlab/janus:1.1.2, where node.hostname==desk",
        "start bot-1: synthlab/bot:latest, where node.labels.zone==b",
        "start bot-2: synthlab/bot:latest, where node.labels.zone==b",
        "start own: acme/app",
    ]


class SwarmFake(FakeEngine):
    """An engine that manages a swarm, on which all services come up; those of the servers with this state."""

    def __init__(self, sfu_state: str = "running") -> None:
        super().__init__()
        self.swarm = NODES
        self.sfu_state = sfu_state

    def stack_deploy(self, project: str, rendered: str) -> None:
        super().stack_deploy(project, rendered)
        made_by = rendered.partition('"synthlab.made-by": "')[2].partition('"')[0]
        names = ["bot-1", "bot-2", "own"] if "replicas: 0" not in rendered else []
        self.present = [replace(one, made_by=made_by, node="desk") for one in (self._sfu(), *map(_client, names))]

    def _sfu(self) -> Container:
        failed = self.sfu_state != "running"
        status = "rejected on desk: No such image: synthlab/janus" if failed else "running on desk"
        return replace(fake_container("spread", ""), role="sfu", state=self.sfu_state, health="", status=status)


def _client(name: str) -> Container:
    return fake_container("spread", name)


def test_servers_come_first(tmp_path: Path) -> None:
    """Secrets and configs, then the servers alone, then all."""
    engine = SwarmFake()
    launch(stack(tmp_path), engine, lambda _: None, 1, clock=FakeClock())
    kinds = [call.split(" ")[0] for call in engine.calls if call.split(" ")[0] in ("secret", "config", "deploy")]
    assert kinds == ["secret", "secret", "config", "config", "deploy", "deploy"]
    first, second = engine.composed
    assert first.count("replicas: 1") == 1
    assert second.count("replicas: 1") == 4
    assert "secret synthlab-spread-synthlab.pem-" in " ".join(engine.calls)


def test_a_server_that_does_not_come_up(tmp_path: Path) -> None:
    """Its state with the node's own words; nothing is left."""
    engine = SwarmFake(sfu_state="exited")
    with pytest.raises(SynthlabError, match=r"sfu did not come up \(rejected on desk: No such image"):
        launch(stack(tmp_path), engine, lambda _: None, 1, clock=FakeClock())
    assert engine.present == []


def test_images_go_to_the_registry(tmp_path: Path) -> None:
    """Each under a name that its content decides; no tag of the registry's stays here."""
    engine = SwarmFake()
    launch(stack(tmp_path, registry="hub:5000"), engine, lambda _: None, 1, clock=FakeClock())
    pushed = [call.removeprefix("push ") for call in engine.calls if call.startswith("push ")]
    assert [name.rpartition(":")[0] for name in pushed] == [
        "hub:5000/synthlab/janus",
        "hub:5000/synthlab/bot",
        "hub:5000/acme/app",
    ]
    assert [call for call in engine.calls if call.startswith("untag ")] == [f"untag {name}" for name in pushed]
    assert all(f'"{name}"' in engine.composed[-1] for name in pushed)
