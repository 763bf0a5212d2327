"""`app: proxy` in a stack, from the file to the container, and how a browser takes part through it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synthlab.cli.main import main
from synthlab.contract import API_PORT, PROXY_PORT, RELAY_PORT
from synthlab.control.backend import Backend
from synthlab.control.proxied_browser import proxied_browser
from synthlab.control.running_lab import RunningLab
from synthlab.deploy.compose_file import digest
from synthlab.deploy.host_ports import choose_ports
from synthlab.deploy.services import PublishedPort, client_services
from synthlab.engine.containers import Container
from synthlab.errors import WrongUse
from synthlab.lab.wait_for_video import wait_for_video
from synthlab.scenario.expression.catalogue import Known
from synthlab.scenario.expression.parse import parse
from synthlab.stack import Stack, read_stack
from synthlab.stack.apps import NO_NUMBERS
from synthlab.testing import FakeClientApi, FakeEngine, fake_container

pytestmark = pytest.mark.issue(13)

CALL = "sfu: {app: janus}\nclients:\n  me: {app: proxy%s}\n  bot: {app: bot}\n"
PAGE = "http://sfu:8080/?name=me&turn={turn}&relay=tcp"


def read(folder: Path, more: str = "", text: str = CALL) -> Stack:
    file = folder / "mine.yaml"
    file.write_text(text.replace("%s", more))
    return read_stack(str(file), environment={})


def proxy_container(**more: Any) -> Container:
    ports = {API_PORT: 3000, PROXY_PORT: 1080, RELAY_PORT: 3478}
    return replace(fake_container("call", "me"), app="proxy", ports=ports, **more)


def backend_of(*containers: Container) -> Backend:
    engine = FakeEngine()
    engine.present = list(containers)
    return Backend(engine, lambda container: FakeClientApi(container.network_name))


def test_its_container(tmp_path: Path) -> None:
    """Proxy and TURN server are published on 127.0.0.1 alone, also where `allow` opens the API to others.

    The page is given the TURN server's place, and that all media must take it.
    """
    stack = read(tmp_path, ", allow: [192.168.1.0/24]")
    me, _ = client_services(stack, choose_ports(stack, free=lambda port: True))
    assert me.ports == (
        PublishedPort(container=API_PORT, host=3000, address="0.0.0.0"),
        PublishedPort(container=PROXY_PORT, host=1080),
        PublishedPort(container=RELAY_PORT, host=3478),
    )
    assert me.environment["SYNTHLAB_URL"] == PAGE
    assert me.environment["SYNTHLAB_RELAY"] == stack.clients[0].relay


def test_credentials(tmp_path: Path) -> None:
    """They are drawn for each lab; a stack does not count as edited because of them."""
    one, other = read(tmp_path), read(tmp_path)
    assert one.clients[0].relay != other.clients[0].relay
    assert digest(one) == digest(other)


def test_it_needs_no_page(tmp_path: Path) -> None:
    """Without a page to open, it is a proxy for whatever a browser shows."""
    stack = read(tmp_path, text="clients: {me: {app: proxy, ports: {proxy: 1081, turn: 3479}}}")
    (me,) = client_services(stack, choose_ports(stack, free=lambda port: True))
    assert "SYNTHLAB_URL" not in me.environment
    assert [port.host for port in me.ports] == [3000, 1081, 3479]


@pytest.mark.parametrize(
    ("more", "mistake"),
    [
        (", media: {video: x.y4m}", "media: does not apply to a proxy: its browser has your own camera"),
        (", command: x", "command: does not apply to a proxy"),
        (", tabs: [http://x/]", "tabs: applies only to browsers, and proxy is not one"),
        (", headless: true", "headless: applies only to clients with a screen, and a proxy has none"),
        (", ports: {cdp: 1}", "ports.cdp: applies only to browsers, and proxy is not one"),
    ],
)
def test_keys_that_it_cannot_have(more: str, mistake: str, tmp_path: Path) -> None:
    """Each is a mistake of its own."""
    with pytest.raises(WrongUse, match=r"mine\.yaml:3: clients\.me") as caught:
        read(tmp_path, more)
    assert f"mine.yaml:3: clients.me.{mistake}" in str(caught.value)


def test_ports_of_others(tmp_path: Path) -> None:
    """Only a proxy has its ports; a wrong app names them all."""
    with pytest.raises(WrongUse, match=r"ports\.proxy: requires `app: proxy`"):
        read(tmp_path, text="clients: {c: {image: x, ports: {proxy: 1}}}")
    with pytest.raises(
        WrongUse, match=r"no such client app .proxi.; did you mean proxy\?; bundled: chrome, bot, proxy"
    ):
        read(tmp_path, text="clients: {c: {app: proxi, url: http://x}}")


def test_how_to_take_part() -> None:
    """A command for Chromium, with the page's camera and no UDP past the lab; and what other pages need."""
    environment = {"SYNTHLAB_URL": PAGE, "SYNTHLAB_RELAY": "lab:secret", "SYNTHLAB_FLAGS": '["--lang=de"]'}
    browser = proxied_browser(proxy_container(), environment)
    assert browser
    page = "http://sfu:8080/?name=me&turn=lab:secret@127.0.0.1:3478&relay=tcp"
    program, *words, last = browser.command.split()
    assert (program, last, browser.page) == ("chromium", f"'{page}'", page)
    assert [word for word in words if "user-data-dir" not in word] == [
        "--proxy-server=socks5://127.0.0.1:1080",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--unsafely-treat-insecure-origin-as-secure=http://sfu:8080",
        "--lang=de",
    ]
    server = {"urls": "turn:127.0.0.1:3478?transport=tcp", "username": "lab", "credential": "secret"}
    assert browser.ice == {"iceServers": [server], "iceTransportPolicy": "relay"}


def test_who_is_none() -> None:
    """A client of another app, one that does not run."""
    assert proxied_browser(fake_container("call", "bot"), {}) is None
    assert proxied_browser(proxy_container(state="exited"), {"SYNTHLAB_RELAY": "lab:secret"}) is None


def test_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """`ps` and `open` say how to take part; `stats` says where the numbers are, `open --page` where the page is."""
    backend = backend_of(proxy_container(), fake_container("call", "bot", index=2))
    assert main(["ps"], backend) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("me: take part over its network with chromium --proxy")
    assert main(["ps", "--json"], backend) == 0
    told = {row["client"]: row["browser"] for row in json.loads(capsys.readouterr().out)}
    assert (told["me"]["proxy"], told["me"]["turn"], told["bot"]) == ("127.0.0.1:1080", "127.0.0.1:3478", None)
    assert main(["open", "me", "--print", "--json"], backend) == 0
    assert json.loads(capsys.readouterr().out)["browser"] == told["me"]
    assert main(["open", "me", "--print"], backend) == 0
    assert [line.partition(" ")[0] for line in capsys.readouterr().out.splitlines()] == [
        "http://127.0.0.1:3000/",
        "browser:",
        "other",
        "pages:",
    ]
    assert main(["open", "me", "--page"], backend) == 2
    assert "your own browser does" in capsys.readouterr().err
    assert main(["stats", "me"], backend) == 0
    assert capsys.readouterr().err.splitlines()[-1] == f"me: {NO_NUMBERS}"


def test_numbers(tmp_path: Path) -> None:
    """Others' numbers of it can be expected, and its network's; its own of WebRTC are a mistake."""
    known = Known.of(read(tmp_path))
    for text in ("bot.video.me.fps > 1", "me.egress.loss < 5%"):
        parse(text, known)
    with pytest.raises(ValueError, match=f"no such number 'me.video.bot.fps'; me is a proxy: {NO_NUMBERS}"):
        parse("me.video.bot.fps > 1", known)


def test_waiting_for_video() -> None:
    """Nobody waits for a browser that may never come."""
    lab = RunningLab(backend_of(proxy_container(), fake_container("call", "bot", index=2)), "call", [])
    lab.refresh()
    assert wait_for_video(lab, lambda line: None, timeout_s=0) < 1
