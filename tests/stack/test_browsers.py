"""A stack's browser keys, from the file to the containers; and `cdp`, which prints the DevTools endpoint."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from synthlab.cli.main import main
from synthlab.contract import CDP_PORT
from synthlab.control import browser
from synthlab.control.backend import Backend
from synthlab.deploy.host_ports import choose_ports
from synthlab.deploy.image_build import described
from synthlab.deploy.images import content_hash, foreign_images, is_bundled, needed_images, plan_images
from synthlab.deploy.services import Config, Service, client_services
from synthlab.engine.image_commands import build_arguments
from synthlab.stack import Ports, Stack, read_stack
from synthlab.testing import FakeEngine, fake_backend, fake_container

from ..e2e.webapp import make_certificates

EVERYTHING = """\
name: mine
clients:
  a:
    app: chrome
    url: "https://app.example/?name={name}"
    tabs: ["https://app.example/{lab}", "http://other.example/"]
    ca: [ca.pem]
    permissions: {"https://app.example": [camera, geolocation], "https://b.example:8443": []}
    extra_hosts: ["app.example:10.0.0.5", "v6.example:fd00::5", "mine.example:host-gateway"]
  b: {app: chrome, url: "http://x", permissions: [microphone], ports: {cdp: 9333}}
  c: {image: acme/client, ports: {cdp: 9222}, extra_hosts: [x:1.2.3.4]}
  d: {image: acme/client}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder containing ca.pem."""
    make_certificates(tmp_path)
    return tmp_path


def read(text: str, folder: Path) -> Stack:
    file = folder / "mine.yaml"
    file.write_text(text)
    return read_stack(str(file), environment={})


def services(stack: Stack) -> dict[str, Service]:
    made = client_services(stack, choose_ports(stack, free=lambda port: True))
    return {service.name: service for service in made}


def test_what_the_containers_get(folder: Path) -> None:
    """Each key reaches the container in the form that the image or Compose reads."""
    stack = read(EVERYTHING, folder)
    a = services(stack)["a"]
    assert json.loads(a.environment["SYNTHLAB_TABS"]) == ["https://app.example/mine", "http://other.example/"]
    assert json.loads(a.environment["SYNTHLAB_PERMISSIONS"]) == {
        "https://app.example": ["camera", "geolocation"],
        "https://b.example:8443": [],
    }
    assert a.extra_hosts == ("app.example:10.0.0.5", "v6.example:fd00::5", "mine.example:host-gateway")
    (config,) = a.configs
    text = (folder / "ca.pem").read_text()
    assert config == Config(name=config.name, content=text, target="/opt/etc/synthlab/ca/ca.pem")
    b = services(stack)["b"]
    assert json.loads(b.environment["SYNTHLAB_PERMISSIONS"]) == {"*": ["microphone"]}
    assert "SYNTHLAB_TABS" not in b.environment


def test_which_clients_publish_a_debugging_port(folder: Path) -> None:
    """Bundled browsers always publish the port, others if the stack sets one; on the host's loopback only."""
    stack = read(EVERYTHING, folder)
    public = replace(stack, clients=tuple(replace(client, public=True) for client in stack.clients))
    published = {
        name: [(port.host, port.address) for port in service.ports if port.container == CDP_PORT]
        for name, service in services(public).items()
    }
    loopback = "127.0.0.1"
    assert published == {"a": [(None, loopback)], "b": [(9333, loopback)], "c": [(9222, loopback)], "d": []}


def test_fixed_ports(folder: Path) -> None:
    """Two clients cannot have the same fixed DevTools port."""
    assert choose_ports(read(EVERYTHING, folder), free=lambda port: True)["b"] == Ports(cdp=9333)


def test_another_package(tmp_path: Path) -> None:
    """Another Debian package uses the same build with a different argument and tag."""
    stack = read(one("browser: chromium=150.0-1~deb12u1"), tmp_path)
    image = needed_images(stack)[-1]
    assert image.tag == stack.clients[0].image == "synthlab/chrome:chromium-150.0-1-deb12u1"
    assert image.args == {"BROWSER": "chromium=150.0-1~deb12u1"}
    assert foreign_images(stack) == []
    assert not is_bundled(image)


def test_a_package_file(tmp_path: Path) -> None:
    """For a .deb only the file is hashed, not its folder; it is installed into our image."""
    (tmp_path / "chrome.deb").write_bytes(b"one")
    image = needed_images(read(one("browser: ./chrome.deb"), tmp_path))[-1]
    before = content_hash(image, {})
    (tmp_path / "else").touch()
    assert content_hash(image, {}) == before
    (tmp_path / "chrome.deb").write_bytes(b"two")
    assert content_hash(image, {}) != before
    assert image.bases == ("synthlab/chrome",)
    arguments = build_arguments(described(plan_images([image], lambda tag: None)[0]), {})
    assert arguments[-3:] == ["--file", str(image.dockerfile), str(tmp_path)]
    assert "BROWSER=/opt/browser/chrome.deb" in arguments


def test_a_folder(tmp_path: Path) -> None:
    """An unpacked browser's whole folder is hashed; two of the same name get different tags."""
    tags = set()
    for parent in ("x", "y"):
        (tmp_path / parent / "Chrome (new)").mkdir(parents=True)
        stack = read(one(f"browser: './{parent}/Chrome (new)'"), tmp_path)
        image = needed_images(stack)[-1]
        assert (image.context, image.parts) == (tmp_path / parent / "Chrome (new)", None)
        assert [base.tag for base in needed_images(stack)] == [
            "syntheticnet:base",
            "syntheticnet:latest",
            "syntheticnet:vnc-base",
            "synthlab/chrome:latest",
            image.tag,
        ]
        tags.add(image.tag)
    assert len(tags) == 2
    assert all(tag.startswith("synthlab/chrome:Chrome--new--") for tag in tags)


def one(values: str, app: str = "app: chrome") -> str:
    """A stack whose only client, on line 2, has these values."""
    return f"clients:\n  c: {{{app}, url: 'http://x', {values}}}\n"


MISTAKES = {
    "browser of a bot": (
        one("browser: chromium", "app: bot"),
        "2: clients.c.browser: applies only to browsers, and bot is not one",
    ),
    "ca of a bot": (one("ca: [x.pem]", "app: bot"), "2: clients.c.ca: applies only to browsers, and bot is not one"),
    "cdp of a bot": (one("ports: {cdp: 1}", "app: bot"), "2: clients.c.ports.cdp: applies only to browsers, "),
    "browser of an image": (
        one("browser: chromium", "image: x"),
        "2: clients.c.browser: requires `app: chrome`; an image contains its own browser",
    ),
    "bad package": (
        one("browser: 'Google Chrome'"),
        "2: clients.c.browser: 'Google Chrome' is not a Debian package such as chromium or chromium=150.0.",
    ),
    "missing package file": (one("browser: ./no.deb"), "2: clients.c.browser: no such file or folder: FOLDER/no.deb"),
    "other file": (
        one("browser: ./mine.yaml"),
        "2: clients.c.browser: 'mine.yaml' is not a .deb file or a folder with a browser",
    ),
    "shell with a screen": (
        one("browser: chromium-headless-shell"),
        "2: clients.c.browser: chromium-headless-shell has no screen: set `headless: true`",
    ),
    "permissions of a shell": (
        one("browser: chromium-headless-shell, headless: true, permissions: [camera]"),
        "2: clients.c.permissions: chromium-headless-shell does not support permissions: every page may use camera ",
    ),
    "ca is a word": (one("ca: ca.pem"), "2: clients.c.ca: 'ca.pem' is not a list of files such as [my-ca.pem]"),
    "missing ca": (one("ca: [no.pem]"), "2: clients.c.ca[0]: FOLDER/no.pem: No such file or directory"),
    "ca is a key": (one("ca: [ca.key]"), "2: clients.c.ca[0]: FOLDER/ca.key: contains no PEM certificate "),
    "two of one name": (one("ca: [ca.pem, ./ca.pem]"), "2: clients.c.ca[1]: two files are named ca.pem; "),
    "unknown permission": (
        one("permissions: [camra]"),
        "2: clients.c.permissions[0]: no such permission 'camra'; did you mean camera?; allowed: camera, microphone, ",
    ),
    "no origin": (
        one("permissions: {'app.example': [camera]}"),
        "2: clients.c.permissions.app.example: 'app.example' is not an origin such as https://app.example or ",
    ),
    "origin with a path": (
        one("permissions: {'https://app.example/': [camera]}"),
        "2: clients.c.permissions.https://app.example/: 'https://app.example/' is not an origin such as ",
    ),
    "permission is a word": (
        one("permissions: {'https://app.example': camera}"),
        "2: clients.c.permissions.https://app.example: 'camera' is not a list such as [camera, microphone], or one ",
    ),
    "host without address": (
        one("extra_hosts: [app.example]"),
        "2: clients.c.extra_hosts[0]: 'app.example' is not a host with its address such as app.example:10.0.0.5, or ",
    ),
    "bad address": (
        one("extra_hosts: ['a.b:10.0.0']"),
        "2: clients.c.extra_hosts[0]: 'a.b:10.0.0' is not a host with ",
    ),
    "tab is no address": (one("tabs: [x]"), "2: clients.c.tabs[0]: 'x' is not an address such as https://app.example/"),
    "place in a tab": (
        one("tabs: ['http://x/{nam}']"),
        "2: clients.c.tabs[0]: unknown placeholder {nam}; did you ",
    ),
    "one port twice": (one("ports: {cdp: 1, api: 1}"), "2: clients.c.ports: uses port 1 twice"),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes(text: str, expected: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake ends `up` with one line with its place and what is allowed; nothing is started."""
    file = folder / "mine.yaml"
    file.write_text(text)
    assert main(["up", str(file)], fake_backend()[0]) == 2
    output = capsys.readouterr()
    assert output.err.startswith(f"synthlab: {file}:{expected.replace('FOLDER', str(folder))}")
    assert output.err.count("\n") == 1


class _Browser(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/json/version" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """The address of a fake DevTools server."""
    with HTTPServer(("127.0.0.1", 0), _Browser) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def backend_with(**container: object) -> Backend:
    return Backend(FakeEngine([replace(fake_container("call", "client1"), **container)]))  # type: ignore[arg-type]


def test_cdp(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The endpoint is printed as text for other programs, or as JSON."""
    backend = backend_with(ports={CDP_PORT: port})
    assert main(["cdp", "client1"], backend) == 0
    assert capsys.readouterr().out == f"http://127.0.0.1:{port}\n"
    assert main(["cdp", "client1", "--json"], backend) == 0
    assert json.loads(capsys.readouterr().out) == {"client": "client1", "endpoint": f"http://127.0.0.1:{port}"}


def test_cdp_of_what_does_not_answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A client that has no browser, does not run or does not answer in time gives one line."""
    monkeypatch.setattr(browser, "PATIENCE_S", 0.1)
    backends = {
        "client1 has no browser: ": backend_with(),
        "client1 is not running (Exited (1))": backend_with(state="exited", status="Exited (1)"),
        "client1's browser does not answer at http://127.0.0.1:1: see `synthlab logs client1`": backend_with(
            ports={CDP_PORT: 1}
        ),
    }
    for expected, backend in backends.items():
        assert main(["cdp", "client1"], backend) == 3
        assert capsys.readouterr().err.startswith(f"synthlab: {expected}")
