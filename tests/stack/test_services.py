"""Services of a Compose project that are impaired, by every way to say so, and those that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthlab.errors import WrongUse
from synthlab.scenario.expression.catalogue import Known
from synthlab.stack.compose_source import ComposeInput
from synthlab.stack.project import read_project

from .compose_projects import project, resolved, stack_with

pytestmark = pytest.mark.issue(13)

WEB: dict[str, Any] = {"image": "nginx", "networks": {"default": None}}
SLOW = {"egress": {"latency": "50ms"}}
CANNOT = {
    "host": (WEB | {"network_mode": "host"}, "x has `network_mode: host`, so it has no network of its own"),
    "none": (WEB | {"network_mode": "none"}, "x has `network_mode: none`, so it has no network of its own"),
    "another's": (WEB | {"network_mode": "service:db"}, "x shares the network of db: impair db"),
    "privileged": (WEB | {"privileged": True}, "x is privileged, so it could undo its conditions"),
    "no replicas": (WEB | {"scale": 0}, "x has no replicas"),
}


def test_by_flag() -> None:
    """`--impair` names services; they have no conditions yet, and the others stay as they are."""
    stack = project({"web": WEB, "db": WEB, "job": WEB}, "web", "db")
    assert (stack.name, stack.project, stack.clients) == ("acme", None, ())
    assert [(one.name, one.service, one.compose_name) for one in stack.services] == [
        ("web", "web", "web"),
        ("db", "db", "db"),
    ]
    assert {name: network.conditions.to_dict() for name, network in stack.conditioned.items()} == {"web": {}, "db": {}}


def test_all() -> None:
    """`--impair all` means all that can be impaired."""
    stack = project({"web": WEB, "agent": WEB | {"network_mode": "host"}}, "all")
    assert list(stack.conditioned) == ["web"]
    with pytest.raises(WrongUse, match=r"nothing in .* can be impaired: agent has `network_mode: host`"):
        project({"agent": WEB | {"network_mode": "host"}}, "all")
    assert list(project({"all": WEB, "web": WEB}, "all").conditioned) == ["all"]


def test_by_extension() -> None:
    """`x-synthlab` under a service has conditions, and needs no flag beside it; one beside it changes nothing."""
    services = {"web": WEB | {"x-synthlab": SLOW}, "db": WEB | {"x-synthlab": None}}
    for impair in ((), ("web",), ("web", "db")):
        stack = project(services, *impair)
        assert {name: one.conditions.to_dict() for name, one in stack.conditioned.items()} == {"web": SLOW, "db": {}}
    assert stack.compose
    assert "x-synthlab" not in stack.compose.services["web"]


@pytest.mark.parametrize(
    ("extension", "message"),
    [
        ({"egress": {"latncy": "5ms"}}, "services.web.x-synthlab.egress.latncy: no such condition"),
        ({"egress": {"latency": "5"}}, "services.web.x-synthlab.egress.latency: '5' is not"),
        ({"egres": {}}, "services.web.x-synthlab.egres: no such key; did you mean egress"),
        (
            {"flows": {"dbb:tcp": {}}},
            "services.web.x-synthlab.flows.dbb:tcp: no host 'dbb' in this lab; did you mean db",
        ),
        (5, "services.web.x-synthlab: 5 is not a network"),
    ],
)
def test_bad_extension(extension: Any, message: str) -> None:
    """A mistake is located by service and key: Compose has resolved the files, so there is no line."""
    with pytest.raises(WrongUse) as caught:
        project({"web": WEB | {"x-synthlab": extension}, "db": WEB})
    assert caught.value.message.startswith(f"Compose's files: {message}")


def test_in_a_stack(tmp_path: Path) -> None:
    """A stack has the project's files at its top, and its services among the clients."""
    text = (
        "compose: [compose.yaml]\n"
        "clients:\n  web: {service: web, network: {egress: {latency: 50ms}}}\n  front: {service: proxy}\n"
        "  browser: {app: chrome, url: 'http://web'}\n"
    )
    stack = stack_with(tmp_path, text, {"web": WEB, "proxy": WEB, "db": WEB})
    assert [client.name for client in stack.clients] == ["browser"]
    assert [(one.name, one.service) for one in stack.services] == [("web", "web"), ("front", "proxy")]
    assert stack.conditioned["web"].conditions.to_dict() == SLOW
    known = Known.of(stack)
    assert (known.clients, known.conditioned, known.everyone) == (
        ("browser",),
        ("web", "front"),
        ("browser", "web", "front"),
    )


def test_only_services(tmp_path: Path) -> None:
    """A stack needs no client where a service is impaired; with neither it says what is missing."""
    web = {"web": WEB | {"x-synthlab": SLOW}}
    assert stack_with(tmp_path, "compose: compose.yaml\n", web).conditioned.keys() == {"web"}
    with pytest.raises(WrongUse, match="has no clients"):
        stack_with(tmp_path, "compose: compose.yaml\n", {"web": WEB})


def test_the_media_server(tmp_path: Path) -> None:
    """The media server may be a conditioned service, under its own name."""
    text = (
        "compose: compose.yaml\nsfu: {service: media, network: {egress: {latency: 50ms}}}\nclients: {a: {image: x}}\n"
    )
    stack = stack_with(tmp_path, text, {"media": WEB})
    (service,) = stack.services
    assert (service.name, service.service) == ("sfu", "media")
    assert stack.conditioned["sfu"].conditions.to_dict() == SLOW
    assert Known.of(stack).services == ()


def test_replicas() -> None:
    """Each replica is conditioned by itself; the service's name means all of them."""
    for count in ({"scale": 2}, {"deploy": {"replicas": 2}}):
        stack = project({"worker": WEB | count}, "worker")
        assert [(one.name, one.compose_name) for one in stack.services] == [
            ("worker-1", "worker-1"),
            ("worker-2", "worker-2"),
        ]
        assert stack.members("worker") == ["worker-1", "worker-2"]
        assert Known.of(stack).groups == ("worker",)


@pytest.mark.parametrize("name", CANNOT)
def test_what_cannot_be_impaired(name: str, tmp_path: Path) -> None:
    """One line says why, by each way to ask for it."""
    body, reason = CANNOT[name]
    with pytest.raises(WrongUse) as caught:
        project({"x": body, "db": WEB}, "x")
    assert caught.value.message.startswith(f"--impair x: {reason}")
    with pytest.raises(WrongUse) as caught:
        stack_with(tmp_path, "compose: compose.yaml\nclients: {x: {service: x}}\n", {"x": body, "db": WEB})
    assert f":2: clients.x.service: {reason}" in caught.value.message
    with pytest.raises(WrongUse) as caught:
        project({"x": body | {"x-synthlab": {}}, "db": WEB})
    assert f"services.x.x-synthlab: {reason}" in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clients: {web: {service: web}}\n", ":1: clients.web.service: requires the Compose file at the top"),
        ("compose: none.yaml\nclients: {web: {service: web}}\n", ":1: compose: no such file: "),
        ("compose: []\nclients: {web: {service: web}}\n", ":1: compose: is empty: name a Compose file"),
        ("compose: compose.yaml\nclients: {web: {service: wbe}}\n", ":2: clients.web.service: no service 'wbe' in "),
        ("compose: compose.yaml\nclients: {web: {service: web, app: x}}\n", ":2: clients.web.app: no such key"),
        (
            "compose: compose.yaml\nclients: {a: {service: web}, b: {service: web}}\n",
            "the service web is conditioned twice",
        ),
        (
            "compose: compose.yaml\nsfu: {service: web, compose: compose.yaml}\nclients: {a: {image: x}}\n",
            ":2: sfu.compose: the stack has `compose` already",
        ),
        (
            "compose: compose.yaml\nclients: {web: {service: web}, web-network: {image: x}}\n",
            ":2: clients.web-network: 'web-network' is reserved for the network of web",
        ),
    ],
)
def test_bad_stacks(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUse) as caught:
        stack_with(tmp_path, text, {"web": WEB})
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("impair", "message"),
    [
        (["wbe"], "--impair: no service 'wbe' in Compose's files; did you mean web?"),
        ([], "Compose's files: nothing is impaired: name a service with --impair, or give one `x-synthlab: {}`"),
        (["Web.Api"], "--impair Web.Api: 'Web.Api' is not a name: "),
        (["taken"], "--impair taken: taken-network would be a container of taken's: rename that service"),
        (["many"], "--impair many: many-2 would be a container of many's: rename that service"),
        (
            ["host"],
            "--impair host: guest shares the network of host and is privileged, so it could undo its conditions",
        ),
    ],
)
def test_bad_flags(impair: list[str], message: str) -> None:
    services = {"web": WEB, "Web.Api": WEB, "taken": WEB, "taken-network": WEB, "many": WEB | {"scale": 2}}
    guest = {"image": "x", "network_mode": "service:host", "privileged": True}
    with pytest.raises(WrongUse) as caught:
        project(services | {"many-2": WEB, "host": WEB, "guest": guest}, *impair)
    assert caught.value.message.startswith(message)


def test_names() -> None:
    """The lab has the project's name; the project is the user's only where the user has fixed it."""
    assert project({"web": WEB}, "web", name="My App").name == "my-app"
    config = resolved({"web": WEB})
    stack = read_project(ComposeInput(project="mine"), ["web"], config, environment={})
    assert (stack.name, stack.project) == ("mine", "mine")
    stack = read_project(ComposeInput(), ["web"], config, environment={"COMPOSE_PROJECT_NAME": "theirs"})
    assert (stack.name, stack.project) == ("theirs", "theirs")
    stack = read_project(ComposeInput(), ["web"], config, lab="other", environment={})
    assert (stack.name, stack.project) == ("other", None)


def test_what_compose_is_asked() -> None:
    """The options are Compose's own."""
    source = ComposeInput(files=(Path("a"), Path("b")), env_files=(Path("e"),), project="p", profiles=("debug",))
    assert source.options == ["-f", "a", "-f", "b", "--env-file", "e", "--profile", "debug", "-p", "p"]


def test_an_unset_variable_in_a_mount() -> None:
    """It would lead to another folder of the host, which Compose would make: refused. Elsewhere it is a warning."""
    warning = 'The "CONFIG" variable is not set. Defaulting to a blank string.'
    mounted = {"web": WEB | {"volumes": [{"type": "bind", "source": "/web", "target": "/config"}]}}
    for written in ("${CONFIG}/web:/config", {"source": "$CONFIG/web", "target": "/config"}):
        with pytest.raises(WrongUse, match=r"services\.web\.volumes: .*CONFIG is not set: export it"):
            project(mounted, "web", warnings=[warning], raw={"web": {"volumes": [written]}})
    stack = project({"web": WEB}, "web", warnings=[warning, warning], raw={"web": {"environment": {"A": "$CONFIG"}}})
    assert stack.compose
    assert stack.compose.warnings == (warning,)


BOTH: dict[str, Any] = WEB | {"networks": {"front": None, "back": None}}
BACK = {"front": {}, "back": {"internal": True}}


def test_several_networks(tmp_path: Path) -> None:
    """Each has conditions of its own; the service's name means all of them."""
    stack = project(
        {"edge": BOTH | {"x-synthlab": SLOW}, "core": WEB | {"networks": {"back": None}}}, "core", networks=BACK
    )
    assert [one.networks for one in stack.services] == [("front", "back"), ("back",)]
    assert {name: one.conditions.to_dict() for name, one in stack.conditioned.items()} == {
        "edge@front": SLOW,
        "edge@back": SLOW,
        "core@back": {},
    }
    assert stack.members("edge") == ["edge@front", "edge@back"]
    client = "{service: edge, network: {egress: {latency: 50ms}}, networks: {back: {}}}"
    text = f"compose: compose.yaml\nclients: {{edge: {client}}}\n"
    stack = stack_with(tmp_path, text, {"edge": BOTH}, networks=BACK)
    assert {name: one.conditions.to_dict() for name, one in stack.conditioned.items()} == {
        "edge@front": SLOW,
        "edge@back": {},
    }


def test_replicas_on_several_networks() -> None:
    stack = project({"edge": BOTH | {"scale": 2}}, "edge", networks=BACK)
    assert list(stack.conditioned) == ["edge-1@front", "edge-1@back", "edge-2@front", "edge-2@back"]
    assert stack.members("edge") == list(stack.conditioned)


@pytest.mark.parametrize(
    ("services", "networks", "message"),
    [
        (BOTH, "{frnt: {}}", ":2: clients.x.networks.frnt: no such key; did you mean front?"),
        (BOTH, "[front]", ":2: clients.x.networks: [front] is not a mapping from networks to conditions"),
        (WEB, "{default: {}}", ":2: clients.x.networks: x is on one network: use `network`"),
        (
            WEB | {"networks": {f"n{number}": None for number in range(9)}},
            "{}",
            ":2: clients.x.service: x is on 9 networks: at most 8 are supported",
        ),
    ],
)
def test_bad_networks(services: dict[str, Any], networks: str, message: str, tmp_path: Path) -> None:
    text = f"compose: compose.yaml\nclients: {{x: {{service: x, networks: {networks}}}}}\n"
    with pytest.raises(WrongUse) as caught:
        stack_with(tmp_path, text, {"x": services}, networks=BACK)
    assert message in caught.value.message


def test_bad_flows_of_several_networks(tmp_path: Path) -> None:
    """A flow of an unknown host is located, whichever network it is of."""
    flows: dict[str, Any] = {"flows": {"dbb": {}}}
    with pytest.raises(WrongUse, match=r"services\.edge\.x-synthlab\.flows\.dbb: no host 'dbb'"):
        project({"edge": BOTH | {"x-synthlab": flows}}, networks=BACK)
    for keys, place in (
        ("networks: {back: {flows: {dbb: {}}}}", "networks.back"),
        ("network: {flows: {dbb: {}}}", "network"),
    ):
        text = f"compose: compose.yaml\nclients: {{edge: {{service: edge, {keys}}}}}\n"
        with pytest.raises(WrongUse, match=rf":2: clients\.edge\.{place}\.flows\.dbb: no host 'dbb'"):
            stack_with(tmp_path, text, {"edge": BOTH}, networks=BACK)


def test_files_of_several_networks(tmp_path: Path) -> None:
    """A companion has one folder for the traces of all its networks: equal names must mean equal files."""
    for folder, text in (("a", "0 5\n"), ("b", "0 9\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.delay").write_text(text)
    own = "network: {egress: {delay_trace: a/x.delay}}, networks: {back: {egress: {delay_trace: OTHER/x.delay}}}"
    text = f"compose: compose.yaml\nclients: {{edge: {{service: edge, {own}}}}}\n"
    stack_with(tmp_path, text.replace("OTHER", "a"), {"edge": BOTH}, networks=BACK)
    with pytest.raises(WrongUse, match=r":2: clients\.edge\.networks: two files are named x\.delay"):
        stack_with(tmp_path, text.replace("OTHER", "b"), {"edge": BOTH}, networks=BACK)
