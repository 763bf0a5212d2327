"""The TURN server of a stack: its key, its container, and what clients get."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from synthlab.deploy.compose_file import render
from synthlab.deploy.host_ports import choose_ports
from synthlab.deploy.images import needed_images
from synthlab.deploy.services import client_services
from synthlab.deploy.turn import turn_services
from synthlab.errors import WrongUse
from synthlab.stack import Ports, Stack, read_stack

ADDRESS = "lab:secret@turn:3478"


def read(text: str, folder: Path) -> Stack:
    file = folder / "lab.yaml"
    file.write_text(text)
    return read_stack(str(file), environment={})


def with_turn(folder: Path, clients: str, sfu: str = "{app: janus}") -> Stack:
    """A stack with a known password."""
    stack = read(f"sfu: {sfu}\nturn: {{app: coturn}}\nclients: {clients}\n", folder)
    assert stack.turn
    return replace(stack, turn=replace(stack.turn, password="secret"))


def test_the_container(tmp_path: Path) -> None:
    """It is a service of the lab named `turn`, with the lab's own credentials and no port on the host."""
    (service,) = turn_services(with_turn(tmp_path, "{c: {app: chrome}}"))
    assert (service.name, service.image, service.ports, service.published) == ("turn", "synthlab/coturn:4.6.1", (), ())
    assert service.environment == {"SYNTHLAB_TURN_USER": "lab:secret"}
    assert (service.labels["synthlab.role"], service.labels["synthlab.client"]) == ("turn", "turn")


def test_without(tmp_path: Path) -> None:
    """A stack without one has no such container, and clients get no variable for it."""
    stack = read("sfu: {app: janus}\nclients: {c: {app: chrome}}\n", tmp_path)
    assert (stack.turn, turn_services(stack)) == (None, [])
    assert "turn" not in render(stack, choose_ports(stack, free=lambda port: True)).lower()


def test_what_clients_are_reported(tmp_path: Path) -> None:
    """All clients get it in their environment, the bundled page in its URL, another page through a placeholder."""
    clients = "{a: {app: chrome, video: 640x360@30}, b: {app: chrome, url: 'https://x/?t={turn}'}, c: {image: x}}"
    stack = with_turn(tmp_path, clients)
    a, b, c = client_services(stack, dict.fromkeys("abc", Ports()))
    assert a.environment["SYNTHLAB_URL"] == f"http://sfu:8080/?name=a&video=640x360@30&turn={ADDRESS}"
    assert b.environment["SYNTHLAB_URL"] == f"https://x/?t={ADDRESS}"
    assert {service.environment["SYNTHLAB_TURN"] for service in (a, b, c)} == {ADDRESS}
    assert {tuple(service.after.items()) for service in (a, b, c)} == {
        (("sfu", "service_healthy"), ("turn", "service_healthy"))
    }


def test_credentials_are_drawn() -> None:
    """Each lab has its own random credentials."""
    one, other = (read_stack("turn.yaml").turn for _ in range(2))
    assert one
    assert other
    assert one.password != other.password
    assert len(one.password) == 24


def test_its_image(tmp_path: Path) -> None:
    """It is built only for stacks that have one, in the version named there."""
    stack = read("turn: {app: coturn, version: 4.6.2}\nclients: {c: {image: syntheticnet}}\n", tmp_path)
    assert stack.turn
    assert (stack.turn.app, stack.turn.image) == ("coturn", "synthlab/coturn:4.6.2")
    (coturn,) = [image for image in needed_images(stack) if image.tag == "synthlab/coturn:4.6.2"]
    assert coturn.args == {"COTURN_VERSION": "4.6.2"}


@pytest.mark.parametrize(
    ("turn", "clients", "expected"),
    [
        ("true", "{c: {image: x}}", "1: turn: true is not a TURN server such as {app: coturn}"),
        ("{}", "{c: {image: x}}", "1: turn: requires app; bundled: coturn"),
        ("{app: cotrun}", "{c: {image: x}}", "1: turn.app: no such turn app 'cotrun'; did you mean coturn?"),
        ("{app: coturn, version: 1/2}", "{c: {image: x}}", "1: turn.version: '1/2' is not a version such as '4.6.1'"),
        ("{app: coturn}", "{turn: {image: x}}", "2: clients.turn: 'turn' is reserved for the TURN server: "),
    ],
)
def test_mistakes(turn: str, clients: str, expected: str, tmp_path: Path) -> None:
    """Each mistake is reported with its line and what is allowed."""
    with pytest.raises(WrongUse) as caught:
        read(f"turn: {turn}\nclients: {clients}\n", tmp_path)
    assert caught.value.message.startswith(f"{tmp_path / 'lab.yaml'}:{expected}")
