"""Compose projects that know nothing of synthlab: wrapped they work as before, and a service can be impaired."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from .labs import docker, synthlab, until
from .own_projects import PROJECTS, OwnProject, differences, plain, project_image, settled, wrapped

pytestmark = [pytest.mark.docker, pytest.mark.issue(13), pytest.mark.timeout(300)]

LATENCY_MS = 200
QUICK_MS = 100
"""More than a connection takes without conditions on a busy machine, and less than with them."""


@dataclass(frozen=True)
class Case:
    """A project, the state that its services reach, what else it must do, and from where to where it is measured.

    `path`: a conditioned network, host and port by which another service reaches it, and that service with a port of
    its own.
    """

    files: Sequence[str]
    states: Mapping[str, str]
    smoke: Callable[[OwnProject], object]
    impaired: Sequence[str]
    path: tuple[str, str, int, str, int] | None = None


def _page(own: OwnProject, holder: str, port: int) -> str:
    with urlopen(f"http://{own.port(holder, port)}/", timeout=10) as answer:
        return str(answer.read().decode())


def _published(own: OwnProject, service: str) -> str:
    """The container that publishes a service's ports."""
    return f"{service}-network" if own.name.startswith("synthlab-") else service


def _jobs(own: OwnProject) -> None:
    assert _page(own, _published(own, "web"), 8000) == "<h1>ready</h1>\n"
    assert own.run("web", "printenv", "GREETING") == "hello"
    assert own.run("web", "id", "-un") == "nobody"
    assert (
        own.run("cache", "getent", "hosts", "acme-web").split()[0]
        == own.run("cache", "getent", "hosts", "web").split()[0]
    )


def _replicas(own: OwnProject) -> None:
    port = own.port(_published(own, "proxy"), 80)
    seen = set[str]()

    def both() -> bool:
        with urlopen(f"http://{port}/", timeout=10) as answer:
            seen.add(answer.read().decode())
        return len(seen) == 2

    until(both, 30)
    assert own.inspect("proxy")["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


def _override(own: OwnProject) -> None:
    assert "Directory listing" in _page(own, _published(own, "app"), 8000)
    assert own.run("app", "hostname") == "app.example"
    assert own.run("app", "getent", "hosts", "db.example").split() == ["10.9.8.7", "db.example"]
    assert "search example" in own.run("app", "cat", "/etc/resolv.conf")
    assert own.run("app", "printenv", "MODE") == "test"


def _media(own: OwnProject) -> None:
    code = (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5);"
        "s.sendto(bytes.fromhex('000100002112a442') + b'0' * 12, ('127.0.0.1', 13478)); print(s.recv(99)[:2].hex())"
    )
    answer = subprocess.run(["python3", "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "0101"  # a STUN binding response
    status = own.run("turn", "grep", "CapEff", "/proc/1/status").split()[1]
    assert int(status, 16) in (0x400, 0)
    with pytest.raises(subprocess.CalledProcessError):
        own.run("turn", "touch", "/x")
    with urlopen("http://127.0.0.1:18999/", timeout=5) as page:
        assert page.status == 200


def _shop(own: OwnProject) -> None:
    for name in ("backend", "api", "api.shop.example"):
        assert own.connect_ms("front", name, 9000, 1) > 0
    assert own.run("front", "cat", "/run/secrets/key") == "secret of a test"
    assert own.run("front", "cat", "/proc/sys/net/core/somaxconn") == "512"
    assert own.connect_ms("sidecar", "127.0.0.1", 8080, 1) > 0  # it shares the network of front


def _networks(own: OwnProject) -> None:
    for host in ("edge", "10.91.0.10", "fd91::10"):
        assert own.connect_ms("user", host, 8000, 1) > 0
    for host in ("edge", "edge.meet.example"):
        assert own.connect_ms("core", host, 8000, 1) > 0
    assert own.connect_ms("edge", "core", 8000, 1) > 0
    for service, host in (("user", "core"), ("core", "10.91.0.10")):
        with pytest.raises(subprocess.CalledProcessError):
            own.connect_ms(service, host, 8000, 1)


CASES = {
    "jobs": Case(
        ["compose.yaml"],
        {"setup": "exited 0", "cache": "healthy", "web": "running"},
        _jobs,
        ["web", "cache"],
        ("web", "web", 8000, "cache", 6379),
    ),
    "replicas": Case(
        ["compose.yaml"],
        {"proxy": "running"},
        _replicas,
        ["worker", "proxy"],
        ("worker-1", "worker-1", 8000, "proxy", 80),
    ),
    "override": Case(["compose.yaml", "compose.test.yaml"], {"app": "healthy"}, _override, []),
    "media": Case(["compose.yaml"], {"turn": "running", "metrics": "running"}, _media, ["turn"]),
    "networks": Case(
        ["compose.yaml"],
        {"edge": "running", "core": "running", "user": "running"},
        _networks,
        ["edge", "core"],
        ("edge@front", "edge", 8000, "user", 8000),
    ),
    "shop": Case(
        ["compose.yaml"],
        {"front": "running", "api": "healthy", "sidecar": "running"},
        _shop,
        ["front", "api"],
        ("front", "front", 8080, "api", 9000),
    ),
}


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    project_image()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "jobs" else pytest.mark.soak) for name in CASES]
)
def test_plain_and_wrapped(name: str) -> None:
    """It comes up either way, does the same, and its containers differ only where they must."""
    case = CASES[name]
    files = [PROJECTS / name / file for file in case.files]
    seen = {}
    for way in (plain, wrapped):
        with ExitStack() as stack:
            flags = [word for service in case.impaired for word in ("--impair", service)]
            own = stack.enter_context(plain(name, files) if way is plain else wrapped(name, files, *flags))
            settled(own, case.states)
            case.smoke(own)
            seen[way] = {service: own.inspect(service) for service in case.states}
            if way is wrapped and case.path:
                _is_impaired(own, *case.path)
    for service, theirs in seen[plain].items():
        assert differences(seen[wrapped][service], theirs) == {}, service


def _is_impaired(own: OwnProject, name: str, host: str, port: int, other: str, port_there: int) -> None:
    """A condition on one service has its effect on connections to it, and on no others."""
    lab = own.name.removeprefix("synthlab-")
    assert own.connect_ms(other, host, port) < QUICK_MS
    synthlab("set", name, "--lab", lab, "--ingress", "--latency", f"{LATENCY_MS}ms")
    assert LATENCY_MS <= own.connect_ms(other, host, port) < LATENCY_MS + QUICK_MS
    assert own.connect_ms(other, other, port_there) < QUICK_MS
    synthlab("reset", name, "--lab", lab)
    assert own.connect_ms(other, host, port) < QUICK_MS


@pytest.mark.soak
def test_what_happens_to_a_companion() -> None:
    """If it ends, nothing leaks and `ps` says so; `restart` restores both."""
    files = [PROJECTS / "jobs" / "compose.yaml"]
    with wrapped("pair", files, "--impair", "web") as own:
        lab = own.name.removeprefix("synthlab-")
        synthlab("set", "web", "--lab", lab, "--latency", "50ms")
        docker("kill", own.container("web-network"))
        assert "cut off" in _row(lab, "web")
        with pytest.raises(subprocess.CalledProcessError):
            own.connect_ms("cache", "web", 8000, 1)
        assert "eth" not in own.run("web", "ls", "/sys/class/net")
        synthlab("restart", "web", "--lab", lab)
        assert "running" in _row(lab, "web")
        assert own.connect_ms("cache", "web", 8000, 3) < QUICK_MS
        docker("restart", "--time", "1", own.container("web-network"))
        assert "cut off" in _row(lab, "web")
        synthlab("restart", "web", "--lab", lab)
        assert own.connect_ms("cache", "web", 8000, 3) < QUICK_MS
        listed = json.loads(synthlab("partition", "web", "cache", "--lab", lab, "--json").stdout)
        assert listed
        with pytest.raises(subprocess.CalledProcessError):
            own.connect_ms("cache", "web", 8000, 1)
        synthlab("partition", "web", "cache", "--heal", "--lab", lab)
        assert own.connect_ms("cache", "web", 8000, 1) < QUICK_MS


@pytest.mark.soak
def test_a_service_that_compose_replaces() -> None:
    """`ps` says that it is not impaired, and `down` leaves it, and says that it is in the way."""
    files = [PROJECTS / "jobs" / "compose.yaml"]
    with wrapped("replaced", files, "--impair", "web") as own:
        lab = own.name.removeprefix("synthlab-")
        chosen = ("compose", "-p", own.name, "-f", str(files[0]))
        docker(*chosen, "up", "--detach", "--no-deps", "web")
        try:
            assert "not impaired" in _row(lab, "web")
            refused = synthlab("down", lab, status=3).stderr
            assert f"the network {own.name}_default is still used by acme-web, which synthlab did not start" in refused
        finally:
            docker(*chosen, "rm", "--stop", "--force", "web")


def _row(lab: str, name: str) -> str:
    """What `ps` shows of a service."""
    return next(row for row in synthlab("ps", "--lab", lab).stdout.splitlines() if row.startswith(f"{name} "))


@pytest.mark.soak
def test_volumes() -> None:
    """Named volumes remain after `down`, as with Compose; one that was there before is used, and remains."""
    up = ("up", "-f", str(PROJECTS / "jobs" / "compose.yaml"), "--lab", "own-kept", "--impair", "web")
    volume = "synthlab-own-kept_site"
    try:
        synthlab(*up)
        synthlab("down", "own-kept")
        assert volume in docker("volume", "ls", "--quiet").split()
        synthlab(*up)
        synthlab("down", "own-kept", "--volumes")
        assert volume not in docker("volume", "ls", "--quiet").split()
    finally:
        synthlab("down", "own-kept", "--volumes", status=None)


def test_unset_variables() -> None:
    """Each is named once, in one line; a mount that would come from one is refused, and nothing is made for it."""
    up = ("up", "-f", str(PROJECTS / "unset" / "compose.yaml"), "--lab", "own-unset", "--impair", "web")
    refused = synthlab(*up, status=2).stderr.splitlines()
    assert len(refused) == 1
    assert "services.web.volumes: ${CONFIG}/web: the variable CONFIG is not set" in refused[0]
    assert not Path("/web").exists()


def test_an_old_compose(tmp_path: Path) -> None:
    """A key that came after the installed Compose is reported with the version that it needs."""
    file = tmp_path / "compose.yaml"
    file.write_text("services: {web: {image: debian:bookworm-slim, provider: {type: model}}}")
    installed = docker("compose", "version", "--short").strip()
    if tuple(map(int, re.findall(r"\d+", installed)[:2])) >= (2, 36):
        pytest.skip(f"Compose {installed} knows the key")
    refused = synthlab("up", "-f", str(file), "--impair", "web", status=2).stderr
    assert refused == (
        f"synthlab: {file}: services.web: provider needs Compose 2.36.0 or newer, and this is {installed}: "
        "install a newer one\n"
    )


def test_a_project_that_is_up() -> None:
    """A project that Compose has brought up is left alone; the error says how to take it down."""
    files = [PROJECTS / "jobs" / "compose.yaml"]
    with plain("busy", files) as own:
        settled(own, {"web": "running"})
        refused = synthlab("up", "-f", str(files[0]), "-p", own.name, "--impair", "web", status=3)
        assert f"the Compose project '{own.name}' is up already" in refused.stderr
        settled(own, {"web": "running"})


@pytest.mark.soak
def test_two_labs_of_one_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second lab is refused because of a fixed port, before anything starts; with drawn ports both are up."""
    monkeypatch.setenv("WEB_PORT", "18019")
    files = [PROJECTS / "jobs" / "compose.yaml"]
    with wrapped("one", files, "--impair", "web") as one:
        up = ("up", "-f", str(files[0]), "--lab", "own-two", "--impair", "web")
        refused = synthlab(*up, status=3).stderr.splitlines()[-1]
        assert "services.web.ports: port 18019 is taken: free it, or let the engine draw others" in refused
        assert docker("ps", "--all", "--quiet", "--filter", "label=synthlab.lab=own-two") == ""
        with wrapped("two", files, "--impair", "web", "--ports", "auto") as two:
            for own in (one, two):
                assert _page(own, _published(own, "web"), 8000) == "<h1>ready</h1>\n"
            assert one.port("web-network", 8000) != two.port("web-network", 8000)
