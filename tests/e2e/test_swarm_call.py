"""The bundled call on three nodes, which get the images from a private registry: the SFU, Chromium and the bots apart.

The same call on one machine is played after it, and the times of both are printed (`pytest -s`).
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncvnc
import httpx
import pytest
from PIL import Image
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

from synthlab import Lab
from synthlab.deploy.images import versioned

from .dashboard.server import Server, serving
from .labs import SYNTHLAB, heeding_interrupts, synthlab, until
from .leftovers import leftovers
from .swarm_nodes import Node, containers_of, swarm_nodes, within
from .test_dog import DOUBTS
from .viewer import viewer

pytestmark = [pytest.mark.docker, pytest.mark.issue(14), pytest.mark.soak, pytest.mark.timeout(900)]

REGISTRY = "e2e-registry"
PLACE = "10.99.0.1:5000"
SINGLE = "e2e-single"
# Debian's configuration asks for a password, which its last section sets up.
DOCKERFILE = """\
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends docker-registry && rm -rf /var/lib/apt/lists/* \\
 && sed -i '/^auth:/,$d' /etc/docker/registry/config.yml
CMD ["docker-registry", "serve", "/etc/docker/registry/config.yml"]
"""
# `call.yaml`, with places.
STACK = """\
name: call
sfu: {app: janus, version: "1.1.2", placement: {node: node1}}
clients:
  client1: {app: chrome, placement: {node: node2}}
  client2: {app: chrome, placement: {node: node2}}
  bot: {app: bot, count: 2, video: 320x240@15, placement: {node: node3}}
"""
NODES = {"sfu": "node1", "client1": "node2", "client2": "node2", "bot-1": "node3", "bot-2": "node3"}
NAMES = set(NODES) - {"sfu"}
SCENARIO = """\
about: bot-1 loses its uplink for five seconds
stack: call.yaml
seed: 1
steps:
  - expect: client1.video.bot-1.fps >= 5
    within: 30s
  - at: 1s
    set: bot-1
    egress: {loss: 100%}
    for: 5s
  - at: 2s
    expect: client1.video.bot-1.fps < 1
    within: 4s
  - at: 6s
    recovers: client1.video.bot-1.fps >= 5
    within: 30s
    for: 2s
"""
IMAGES = (
    "debian:bookworm-slim",
    "syntheticnet:base",
    "syntheticnet:latest",
    "syntheticnet:minimal",
    "syntheticnet:vnc-base",
    "syntheticnet:vnc",
    "syntheticnet:chrome",
    "synthlab/janus:1.1.2",
    "synthlab/bot:latest",
    "synthlab/chrome:latest",
    versioned("synthlab/chrome"),
)

Run = Callable[..., subprocess.CompletedProcess[str]]


@dataclass
class Played:
    """One run of the call from `up` to `down`: the times of its commands in s, and the record of the dog scenario."""

    times: dict[str, float] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
    report: str = ""

    def timed(self, what: str, run: Run, *words: str, status: int | None = 0) -> subprocess.CompletedProcess[str]:
        start = time.monotonic()
        done = run(*words, status=status)
        self.times[what] = time.monotonic() - start
        return done

    def play(self, run: Run, lab: str, folder: Path) -> None:
        """The commands of a short session, and the dog."""
        for words in (("set", "--latency", "10ms"), ("show",), ("stats",), ("reset",)):
            command, *rest = words
            self.timed(command, run, command, *(sorted(NAMES) if rest else ()), *rest, "--lab", lab)
        report = folder / f"{lab}.html"
        files = ("--report", str(report), "--evidence", str(folder / f"{lab}-evidence"))
        played = ("scenario", "run", "dog-chews-fiber.yaml", "--lab", lab, "--json", *files)
        done = self.timed("dog", run, *played, status=None)
        assert done.returncode in (0, 1, 3), done.stderr
        (self.record,) = json.loads(done.stdout)["records"]
        self.report = report.read_text()

    def lines(self, other: Played) -> Iterator[str]:
        """Its times beside another one's, and how the dog went in both."""
        yield f"{'':28} one machine  three nodes"
        for what in filter(self.times.__contains__, other.times):
            yield f"{what:28} {other.times[what]:9.2f} s {self.times[what]:10.2f} s"
        for here, there in zip(other.record["judged"], self.record["judged"], strict=True):
            yield f"{here['text'][:60]}: {_took(here)} / {_took(there)}"
        yield f"dog: {_verdict(other.record)} / {_verdict(self.record)}"


def _took(judged: dict[str, Any]) -> str:
    return f"{judged['took_s']:.2f} s" if judged.get("took_s") is not None else str(judged["verdict"])


def _verdict(record: dict[str, Any]) -> str:
    return "; ".join([record["verdict"], *record["reasons"]])


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("call") / "call.yaml"
    file.write_text(STACK)
    return file


def single(stack: Path) -> Played:
    """The call on this machine's own engine."""
    played = Played()
    try:
        played.timed("up --wait-media", synthlab, "up", str(stack), "--lab", SINGLE, "--wait-media")
        played.play(synthlab, SINGLE, stack.parent)
    finally:
        played.timed("down", synthlab, "down", SINGLE, status=None)
    assert leftovers(SINGLE) == []
    return played


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Node]]:
    """The nodes; only the manager has the images, and a registry."""
    synthlab("images", "build", seconds=600)
    build = ["docker", "build", "--quiet", "--tag", REGISTRY, "-"]
    subprocess.run(build, input=DOCKERFILE, text=True, check=True, capture_output=True)
    with swarm_nodes(*IMAGES, REGISTRY, everywhere=False) as made:
        made[0].docker("run", "--detach", "--rm", "--network", "host", "--name", REGISTRY, REGISTRY)
        yield made
        made[0].docker("rm", "--force", REGISTRY, status=None)


@pytest.fixture(scope="module")
def call(nodes: list[Node], stack: Path) -> Iterator[Played]:
    """The call on the nodes; nothing is left of it. Its second start is timed: the first brings the images there."""
    manager, played = nodes[0], Played()
    up = ("up", str(stack), "--engine", "swarm", "--registry", PLACE, "--wait-media")
    try:
        played.timed("first up", manager.synthlab, *up)
        manager.synthlab("down", "call")
        played.timed("up --wait-media", manager.synthlab, *up)
        yield played
    finally:
        played.timed("down", manager.synthlab, "down", "call", status=None)
    manager.docker("rm", "--force", REGISTRY, status=None)
    until(lambda: not any(node.leftovers() for node in nodes), 15, lambda: [node.leftovers() for node in nodes])
    print(f"\nfirst up, with push and pull of the images: {played.times.pop('first up'):.1f} s")
    if played.record:
        print("\n".join(played.lines(single(stack))))


@pytest.mark.usefixtures("call")
def test_they_are_apart(nodes: list[Node]) -> None:
    """The SFU, the browsers and the bots are on the nodes that the stack names."""
    found = containers_of(nodes[0], "call")
    assert {name: one["node"] for name, one in found.items()} == NODES


@pytest.mark.usefixtures("call")
def test_all_see_all(nodes: list[Node]) -> None:
    """Each participant receives the video of the three others."""

    def seen() -> bool:
        shown = json.loads(nodes[0].synthlab("stats", "--json").stdout)
        return {name: set(shown[name]["webrtc"]["video"]) for name in NAMES} == {name: NAMES - {name} for name in NAMES}

    until(seen, 40)


@pytest.mark.usefixtures("call")
def test_the_commands(nodes: list[Node]) -> None:
    """`set`, `show`, `reset`, `top` and `logs` work as on one machine."""
    manager = nodes[0]

    def conditions() -> dict[str, Any]:
        shown = json.loads(manager.synthlab("show", "--json").stdout)
        return {name: state["conditions"] for name, state in shown.items()}

    done = manager.synthlab("set", *NAMES, "--egress", "--latency", "5ms")
    assert "in force" in done.stdout + done.stderr
    assert {name: set_["egress"]["latency"] for name, set_ in conditions().items()} == dict.fromkeys(NAMES, "5ms")
    manager.synthlab("reset")
    assert not any(set_.get("egress") for set_ in conditions().values())
    lines = manager.synthlab("top", "--json", "--count", "2").stdout.splitlines()
    first, second = (json.loads(line)["clients"] for line in lines)
    assert set(first) == set(second) == NAMES
    assert all(0 <= second[name]["forwarder_cpu"] < 1 for name in NAMES)
    assert manager.synthlab("logs", "sfu", "--tail", "3").stdout.strip()
    assert manager.synthlab("logs", "client1", "bot-1").returncode == 0
    assert manager.synthlab("logs", "client1", "--console").returncode == 0


@pytest.mark.usefixtures("call")
def test_a_scenario(nodes: list[Node], stack: Path) -> None:
    """The outage of a bot is seen by a browser on another node, and so is its end."""
    scenario = stack.with_name("outage.yaml")
    scenario.write_text(SCENARIO)
    done = nodes[0].synthlab("scenario", "run", str(scenario), "--lab", "call", "--json", status=None)
    _check(json.loads(done.stdout)["records"][0])


def test_the_dog(call: Played, nodes: list[Node], stack: Path) -> None:
    """It has the same verdict as on one machine, unless a machine was too slow to judge, and a report."""
    call.play(nodes[0].synthlab, "call", stack.parent)
    assert "dog-chews-fiber" in call.report
    _check(call.record)


def _check(record: dict[str, Any]) -> None:
    """Passed, or inconclusive because of the machine, with that reason."""
    if record["verdict"] == "inconclusive":
        assert any(doubt in record["reasons"][0] for doubt in DOUBTS), record["reasons"]
    else:
        assert (record["verdict"], record["reasons"]) == ("passed", [])


@pytest.mark.usefixtures("call")
def test_the_screen_and_the_debugger(nodes: list[Node], tmp_path: Path) -> None:
    """Python reaches both as on one machine, and the page that the browser shows moves."""
    with within(nodes[0]), Lab.attach("call") as lab:
        client = lab["client1"]
        host, _, port = client.vnc.removeprefix("vnc://").rpartition(":")
        picture = asyncio.run(_screen(host, int(port)))
        Image.fromarray(picture).save(tmp_path / "screen.png")
        print(f"the screen: {tmp_path}/screen.png")
        assert len(set(picture.reshape(-1, picture.shape[-1])[::97].tobytes())) > 20  # not one colour
        with sync_playwright() as playwright:
            page = playwright.chromium.connect_over_cdp(client.cdp_url).contexts[0].pages[0]
            assert "name=client1" in page.url
            assert page.evaluate("document.querySelectorAll('video').length") >= 4
        assert httpx.get(f"{client.api_url}v1/state", trust_env=False).json()["name"] == "client1"


async def _screen(host: str, port: int) -> Any:
    async with asyncvnc.connect(host, port) as screen:
        return await screen.screenshot()


@pytest.mark.usefixtures("call")
def test_what_the_commands_open(nodes: list[Node]) -> None:
    """`open` and `cdp` print an address of this machine, which leads to the client until Ctrl-C."""
    with within(nodes[0]):
        with _address("open", "client1", "--print") as page:
            assert "<html" in httpx.get(page, trust_env=False, follow_redirects=True).text
            refused = {"Origin": "https://elsewhere.example"}
            assert httpx.get(f"{page}v1/state", headers=refused, trust_env=False).status_code == 403
        with _address("cdp", "client2") as endpoint:
            assert "Chrome" in httpx.get(f"{endpoint}/json/version", trust_env=False).json()["Browser"]
        with _address("open", "client2", "--screen", "--print") as screen:
            host, _, port = screen.removeprefix("vnc://").rpartition(":")
            assert asyncio.run(_screen(host, int(port))).any()
    said = nodes[0].synthlab("open", "client1", "--page", "--print", status=3).stderr
    assert "which only the lab's own network reaches" in said


@contextmanager
def _address(*words: str) -> Iterator[str]:
    """The address that a command prints and keeps open."""
    command = heeding_interrupts([SYNTHLAB, *words, "--lab", "call"])
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


@pytest.mark.usefixtures("call")
def test_the_dashboard(nodes: list[Node], tmp_path: Path) -> None:
    """The lab is listed, and its page shows who sees whom, changes clients, and has their control pages and screens."""
    with (
        within(nodes[0]),
        serving(tmp_path) as server,
        sync_playwright() as playwright,
        viewer("e2e-swarm-viewer", playwright) as browser,
    ):
        listed = next(one for one in server.ask("GET", "/v1/labs")["labs"] if one["name"] == "call")
        assert (listed["state"], listed["participants"]) == ("up", 5)
        page, errors = browser.contexts[0].new_page(), list[str]()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda entry: errors.extend(_problem(entry)))
        page.set_viewport_size({"width": 1400, "height": 900})
        page.goto(f"{server.http.base_url}?token={server.token}")
        page.goto(f"{server.http.base_url}#/call")
        try:
            _use(page, server, tmp_path)
        finally:
            page.screenshot(path=tmp_path / "dashboard.png")
            print(f"the dashboard: {tmp_path}")
        assert errors == []


def _use(page: Page, server: Server, folder: Path) -> None:
    """What a person does on the page of the lab; its pictures are in the folder."""
    expect(page.get_by_role("checkbox", name="Choose client2")).to_be_visible()
    seen = page.get_by_role("region", name="Who sees whom").get_by_role("cell", name=re.compile(r"\d fps"))
    expect(seen).to_have_count(len(NAMES) * (len(NAMES) - 1), timeout=20_000)
    page.get_by_role("region", name="Participants").get_by_role("button", name="client1").click()
    loss = page.get_by_label("All traffic Download loss", exact=True)
    loss.focus()
    page.keyboard.press("ArrowRight")
    client1 = "/v1/labs/call/clients/client1"
    until(lambda: server.ask("GET", client1)["conditions"].get("ingress") == {"loss": "0.1%"}, 10)
    expect(page.get_by_text("↓ loss 0.1%").first).to_be_visible()
    page.screenshot(path=folder / "control.png")
    page.get_by_role("button", name="Screen", exact=True).click()
    expect(page.get_by_role("group", name="Screen of client1").locator("canvas")).to_be_visible(timeout=20_000)
    page.screenshot(path=folder / "screen.png")
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_role("log", name="Log of client1")).to_be_visible()
    server.ask("DELETE", "/v1/labs/call/conditions", {})


def _problem(entry: ConsoleMessage) -> list[str]:
    return [entry.text] if entry.type == "error" else []
