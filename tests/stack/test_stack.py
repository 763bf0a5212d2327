"""Valid stack files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syntheticnet.conditions import Conditions
from synthlab.stack import ExternalSfu, Measured, Media, Ports, Sfu, Stack, StackClient, StackNetwork, read_stack
from synthlab.stack.apps import SFU_APPS

CALL = """\
# call.yaml: a call with a bundled SFU, two browsers, two light bots
name: call
sfu:
  app: janus                 # a bundled app; or  image: acme/sfu:${TAG}  ; or  external: https://staging.example
  version: "1.1.2"
clients:
  client1: {app: chrome}     # url defaults to the SFU's demo page; {name}, {sfu}, {lab} are filled in
  client2:
    app: chrome
    url: "https://app.example/room?name={name}"
    flags: [--lang=de]
    media: {video: talking.y4m, audio: talking.wav}
    network: {profile: wpt/3g, egress: {rate: 1mbit}}
    ports: {vnc: 5902}
  bot: {app: bot, count: 2, video: 320x240@15}        # bot-1, bot-2; `bot` names the group
"""


def read(text: str, folder: Path, **environment: str) -> Stack:
    file = folder / "mine.yaml"
    file.write_text(text)
    return read_stack(str(file), environment=environment)


def test_the_call_as_users_write_it(tmp_path: Path) -> None:
    """Every value of the documented stack file is read."""
    for name in ("talking.y4m", "talking.wav"):
        (tmp_path / name).touch()
    stack = read(CALL, tmp_path)
    page = "http://{sfu}:8080/?name={name}"
    chrome: dict[str, Any] = {"app": "chrome", "image": "synthlab/chrome:latest", "headless": False}
    bot: dict[str, Any] = {
        "group": "bot",
        "app": "bot",
        "image": "synthlab/bot:latest",
        "url": page,
        "video": "320x240@15",
    }
    assert stack.name == "call"
    assert stack.sfu == Sfu(
        app="janus", image="synthlab/janus:1.1.2", bundled=SFU_APPS["janus"], page=page, ports=SFU_APPS["janus"].ports
    )
    assert stack.clients == (
        StackClient(name="client1", group="client1", url=page, **chrome),
        StackClient(
            name="client2",
            group="client2",
            **chrome,
            url="https://app.example/room?name={name}",
            flags=("--lang=de",),
            media=Media(video=tmp_path / "talking.y4m", audio=tmp_path / "talking.wav"),
            conditions=Conditions.from_dict(
                {"ingress": {"rate": "1.6mbit", "latency": "150ms"}, "egress": {"rate": "1mbit", "latency": "150ms"}}
            ),
            ports=Ports(vnc=5902),
        ),
        StackClient(name="bot-1", **bot),
        StackClient(name="bot-2", **bot),
    )


def test_bundled_call() -> None:
    """The bundled call is found by name, with and without suffix."""
    assert read_stack("call") == read_stack("call.yaml")
    assert [client.name for client in read_stack("call").clients] == ["client1", "client2", "bot-1", "bot-2"]


def test_name_of_the_lab(tmp_path: Path) -> None:
    """A stack without a name is named after its file; --lab overrides both."""
    file = tmp_path / "My Call.yaml"
    file.write_text("clients: {a: {image: syntheticnet}}")
    assert read_stack(str(file)).name == "my-call"
    assert read_stack(str(file), "other").name == "other"


def test_self_control(tmp_path: Path) -> None:
    """It is off unless the stack or the client turns it on; the client's own value wins."""
    clients = "clients: {a: {image: x}, b: {image: x, self_control: true}, c: {image: x, self_control: false}}"
    assert [client.self_control for client in read(clients, tmp_path).clients] == [False, True, False]
    everywhere = read(f"self_control: true\n{clients}", tmp_path)
    assert [client.self_control for client in everywhere.clients] == [True, True, False]


def test_bundled_chrome() -> None:
    """The bundled single browser opens its control page, needs no server, and controls its own network."""
    stack = read_stack("chrome")
    (client,) = stack.clients
    assert (stack.sfu, client.url, client.self_control) == (None, "http://localhost/ui/", True)


def test_protocols_of_ip(tmp_path: Path) -> None:
    """A lab uses only IPv4 unless its stack enables IPv6."""
    clients = "clients: {a: {image: syntheticnet}}"
    assert read(clients, tmp_path).ip == "ipv4"
    assert read(f"ip: dual\n{clients}", tmp_path).ip == "dual"


def test_own_image_as_sfu(tmp_path: Path) -> None:
    """A user's media server takes its tag from the environment and its page from `url`."""
    stack = read(
        "sfu: {image: 'acme/sfu:${TAG}', url: 'http://{sfu}/{lab}', env: {DEBUG: 1}, command: serve --all}\n"
        "clients: {a: {app: chrome}}",
        tmp_path,
        TAG="7",
    )
    assert stack.sfu == Sfu(
        app="acme/sfu:7",
        image="acme/sfu:7",
        page="http://{sfu}/{lab}",
        env={"DEBUG": "1"},
        command=("serve", "--all"),
    )
    assert stack.clients[0].url == "http://{sfu}/{lab}"


def test_an_sfu_with_everything(tmp_path: Path) -> None:
    """A media server can have conditions, metrics and published ports; without `join`, on this machine only."""
    own = "image: x, ports: [7880, 50000-50050/udp]"
    stack = read(
        f"sfu: {{{own}, join: 10.0.0.1, metrics: 'http://sfu:1/m', network: {{egress: {{loss: 5%}}}}}}\n"
        "clients: {a: {image: y}}",
        tmp_path,
    )
    assert isinstance(stack.sfu, Sfu)
    assert stack.conditioned == {"sfu": StackNetwork(conditions=Conditions.from_dict({"egress": {"loss": "5%"}}))}
    assert (stack.sfu.join, stack.sfu.ports) == ("10.0.0.1", ("7880", "50000-50050/udp"))
    assert stack.measured == {"sfu": Measured(metrics="http://sfu:1/m")}
    alone = read(f"sfu: {{{own}}}\nclients: {{a: {{image: y}}}}", tmp_path).sfu
    assert isinstance(alone, Sfu)
    assert alone.join == "127.0.0.1"


def test_external_sfu(tmp_path: Path) -> None:
    """An external media server has no container; its URL is the clients' page."""
    stack = read("sfu: {external: 'https://staging.example:444/?n={name}'}\nclients: {a: {app: chrome}}", tmp_path)
    assert stack.sfu == ExternalSfu("https://staging.example:444/?n={name}")
    assert stack.sfu.host == "staging.example:444"
    assert stack.clients[0].url == "https://staging.example:444/?n={name}"


def test_own_clients(tmp_path: Path) -> None:
    """A user's images and folders can be clients, and an sfu is optional."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM syntheticnet")
    stack = read(
        "x-note: anything\n"
        "clients:\n"
        "  a: {image: 'acme/app:1', command: 'run || true', env: {LEVEL: 3, EMPTY: ''}, headless: false}\n"
        "  b: {build: app, command: [run, two words]}\n",
        tmp_path,
    )
    first, second = stack.clients
    assert (first.image, first.app, first.url, first.headless) == ("acme/app:1", "acme/app:1", None, False)
    assert (first.command, first.env) == ("run || true", {"LEVEL": "3", "EMPTY": ""})
    assert (second.build, second.command) == (tmp_path / "app", "run 'two words'")
    assert second.image.startswith("synthlab/own-b:")


@pytest.mark.parametrize(("headless", "screen"), [("", True), (", headless: true", False), (", headless: false", True)])
def test_screens(headless: str, screen: bool, tmp_path: Path) -> None:
    """A browser has a screen unless headless."""
    (client,) = read(f"sfu: {{app: janus}}\nclients: {{a: {{app: chrome{headless}}}}}", tmp_path).clients
    assert client.headless is not screen


def test_count_of_one(tmp_path: Path) -> None:
    """With a count, even of one, clients are numbered, so that a higher count renames none."""
    stack = read("clients: {a: {image: syntheticnet, count: 1}, b: {image: syntheticnet}}", tmp_path)
    assert [(client.name, client.group) for client in stack.clients] == [("a-1", "a"), ("b", "b")]


def test_anchors(tmp_path: Path) -> None:
    """Clients can share values through YAML anchors under an `x-` key."""
    stack = read(
        "x-slow: &slow {image: syntheticnet, network: {egress: {rate: 1mbit}}}\n"
        "clients: {a: *slow, b: {<<: *slow, headless: true}}",
        tmp_path,
    )
    assert [client.conditions.to_dict() for client in stack.clients] == [{"egress": {"rate": "1mbit"}}] * 2


def test_traces_beside_the_stack(tmp_path: Path) -> None:
    """A trace's path is relative to the stack; the client uses the plain file name."""
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "train.mahi").write_text("5\n")
    (tmp_path / "wifi.delay").write_text("0 5\n")
    network = "egress: {rate_trace: traces/train.mahi}, flows: {'*:udp': {ingress: {delay_trace: wifi.delay}}}"
    text = f"clients: {{c: {{image: acme/app, network: {{{network}, ingress: {{rate_trace: in-the-image}}}}}}}}"
    client = read(text, tmp_path).clients[0]
    assert client.files == {"train.mahi": "5\n", "wifi.delay": "0 5\n"}
    assert client.conditions.egress.rate_trace == "train.mahi"
    assert client.conditions.ingress.rate_trace == "in-the-image"
    assert client.conditions.flows[0].ingress.delay_trace == "wifi.delay"


def test_a_profile_beside_the_stack(tmp_path: Path) -> None:
    """A profile file's path is relative to the stack, and its traces' paths to the profile file."""
    (tmp_path / "mine" / "traces").mkdir(parents=True)
    (tmp_path / "mine" / "traces" / "lte.down").write_text("1\n5\n")
    (tmp_path / "mine" / "office.yaml").write_text(
        "source: ours\ndelay: one-way\nprofiles: {slow: {ingress: {rate_trace: traces/lte.down, loss: 1%}}}\n"
    )
    network = "{profile: mine/office.yaml#slow, egress: {rate: 1mbit}}"
    (client,) = read(f"clients: {{a: {{image: syntheticnet, network: {network}}}}}", tmp_path).clients
    assert client.conditions.to_dict() == {
        "ingress": {"rate_trace": "lte.down", "loss": "1%"},
        "egress": {"rate": "1mbit"},
    }
    assert client.files == {"lte.down": "1\n5\n"}
