"""The plan of `up`, and that `up` carries out exactly that."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from synthlab.contract import BASE
from synthlab.deploy.image_steps import stack_steps
from synthlab.deploy.images import needed_images, plan_images
from synthlab.deploy.launch import launch
from synthlab.deploy.plan import UpPlan, plan_up, refuse_other_stack
from synthlab.deploy.plan_text import plan_lines, rights_lines
from synthlab.engine.containers import Container
from synthlab.engine.images import LocalImage
from synthlab.errors import SynthlabError, WrongUse
from synthlab.stack import Stack, read_stack
from synthlab.testing import FakeEngine, fake_container

from ..stack.compose_projects import project

pytestmark = pytest.mark.issue(11)

GOLDEN = Path(__file__).parents[1] / "golden"
OWN = """\
name: own
ip: dual
sfu: {compose: compose.yaml, service: server, url: 'http://{sfu}/{lab}', metrics: 'http://sfu:9090/metrics'}
turn: {app: coturn}
clients:
  one: {build: ./app, media: {video: FOLDER/../talking.y4m}, env: {TOKEN: '${TOKEN}'}}
  two: {image: acme/app, ports: {api: 4000}, headless: true}
  bot: {app: bot, count: 2}
"""
COMPOSE = {
    "name": "synthlab-compose",
    "services": {
        "server": {
            "image": "acme/server:2",
            "ports": [{"target": 8443, "published": "8443", "host_ip": "127.0.0.1", "protocol": "tcp"}],
            "volumes": [{"type": "bind", "source": "/srv", "target": "/srv"}],
        },
        "database": {"build": {"context": "/db"}},
    },
    "volumes": {"data": {"name": "synthlab-compose_data"}, "theirs": {"name": "theirs", "external": True}},
}


def current(stack: Stack) -> dict[str, LocalImage]:
    """Images with exactly the content that a build would have now."""
    has = {BASE: LocalImage("base", None)}
    made = plan_images(needed_images(stack), has.get)
    return has | {one.image.tag: LocalImage(one.image.tag, one.content) for one in made}


def text(plan: UpPlan, folder: Path = Path("/nowhere")) -> str:
    """The lines without the parts that differ between machines."""
    lines = "".join(f"{line}\n" for line in (*plan_lines(plan), *rights_lines(plan)))
    return re.sub(r"(synthlab/own-one):\w+", r"\1:FOLDER", lines.replace(str(folder), "FOLDER"))


def own_stack(folder: Path) -> Stack:
    folder = folder / "stack"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "Dockerfile").write_text("FROM syntheticnet\n")
    (folder / "compose.yaml").write_text("services: {}\n")
    (folder.parent / "talking.y4m").touch()
    file = folder / "own.yaml"
    file.write_text(OWN.replace("FOLDER", str(folder)))
    return read_stack(str(file), environment={"TOKEN": "secret"}, compose=lambda *_: (json.dumps(COMPOSE), ()))


def test_an_empty_engine() -> None:
    """Everything is pulled or built before the containers start; planning changes nothing."""
    engine = FakeEngine(images={})
    assert text(plan_up(read_stack("call"), engine, 120)) == (GOLDEN / "up-call-empty.txt").read_text()
    assert (engine.calls, engine.tagged, engine.locked) == ([], [], set())


def test_a_usual_day() -> None:
    """Current images are used, edited ones are rebuilt, and the running lab is removed only after that."""
    stack = read_stack("call")
    engine = FakeEngine([fake_container("call", "client1")], images=current(stack))
    engine.images["synthlab/chrome:latest"] = LocalImage("old", "0")
    engine.taken = {5901}
    plan = plan_up(stack, engine, 60, ttl_s=7200, replacing=True)
    assert text(plan) == (GOLDEN / "up-call-replace.txt").read_text()


def test_a_stack_with_everything(tmp_path: Path) -> None:
    """A Compose file, a TURN server, own images, fixed ports, both IP versions, and all acts with the user's rights."""
    stack = own_stack(tmp_path)
    images = {tag: image for tag, image in current(stack).items() if "own-one" not in tag}
    plan = plan_up(stack, FakeEngine(images=images), 120)
    assert text(plan, tmp_path) == (GOLDEN / "up-own.txt").read_text()


@pytest.mark.parametrize("has", [{}, {BASE: LocalImage("base", None)}])
def test_plan_and_deed(has: dict[str, LocalImage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine is asked to do to images is exactly the plan, in its order; the ports are the plan's too."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    stack, engine = read_stack("call"), FakeEngine(images=has)
    engine.taken = {3000}
    plan = plan_up(stack, engine, 1)
    launch(stack, engine, lambda line: None, 1)
    planned = [f"{step.action} {step.tag}" for step in plan.images if step.action != "use"]
    assert engine.calls == [*planned, "up synthlab-call"]
    (first,) = [one for one in engine.present if one.client == "client1"]
    assert {port for port in first.ports.values() if port < 32768} == plan.host_ports == {5901, 9222}
    assert len(engine.present) == plan.size


def test_a_lab_that_is_up() -> None:
    """A running lab is an error, as for `up`, unless it is replaced: then its ports count as free."""
    stack = read_stack("call")
    there = replace(fake_container("call", "client1"), ports={80: 3000, 5901: 5901, 9222: 9222})

    class Running(FakeEngine):
        def is_free(self, port: int) -> bool:
            return port not in there.ports.values()

    engine = Running([there], images=current(stack))
    with pytest.raises(SynthlabError, match=r"^the lab 'call' is up already: take it down"):
        plan_up(stack, engine, 1)
    plan = plan_up(stack, engine, 1, replacing=True)
    assert (plan.removes, plan.host_ports) == (True, {3000, 5901, 9222})


PAIR = "name: pair\nclients: {one: {app: bot}, two: {app: bot}}\nsfu: {app: janus}\n"


def stack_of(folder: Path, text: str, name: str = "pair.yaml") -> Stack:
    (folder / name).write_text(text)
    return read_stack(str(folder / name))


@pytest.mark.issue(16)
def test_a_running_lab_of_the_same_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be used, also if the file lies elsewhere; so may one that nothing is known of."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    stack = stack_of(tmp_path, PAIR)
    engine = FakeEngine(images=current(stack))
    refuse_other_stack(stack, engine)
    launch(stack, engine, lambda line: None, 1, ttl_s=60)
    assert {one.digest for one in engine.present} != {""}
    refuse_other_stack(stack, engine)
    (tmp_path / "elsewhere").mkdir()
    refuse_other_stack(stack_of(tmp_path / "elsewhere", PAIR), engine)
    refuse_other_stack(stack, FakeEngine([fake_container("pair", "one")]))


@pytest.mark.issue(16)
@pytest.mark.parametrize(
    ("text", "name", "difference"),
    [
        (PAIR.replace("two: ", "three: "), "other.yaml", "was started from pair.yaml, not other.yaml"),
        (PAIR.replace("two: ", "three: "), "pair.yaml", "has no three, which pair.yaml has"),
        (PAIR.replace(", two: {app: bot}", ""), "pair.yaml", "has two, which pair.yaml does not have"),
        (
            PAIR.replace("two: {", "two: {network: {egress: {loss: 1%}}, "),
            "pair.yaml",
            "pair.yaml has changed since, or it was started with other options",
        ),
    ],
)
def test_a_running_lab_of_another_stack(
    text: str, name: str, difference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused on one line with what differs, and what to do."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine = FakeEngine(images=current(stack_of(tmp_path, PAIR)))
    launch(stack_of(tmp_path, PAIR), engine, lambda line: None, 1)
    with pytest.raises(WrongUse) as caught:
        refuse_other_stack(stack_of(tmp_path, text, name), engine)
    assert caught.value.message == (
        f"the lab 'pair' is up, but {difference}: take it down with `synthlab down pair`, or use it all the same with "
        "--lab pair"
    )


def test_what_cannot_be(tmp_path: Path) -> None:
    """A fixed port that is taken and an unsuitable image are found before anything is built."""
    stack = own_stack(tmp_path)
    engine = FakeEngine(images=current(stack) | {"acme/app": LocalImage("theirs", None)})
    with pytest.raises(SynthlabError, match=r"^two: image acme/app is not FROM syntheticnet"):
        plan_up(stack, engine, 1)
    engine.images["acme/app"] = LocalImage("ours", "0")
    engine.taken = {4000}
    with pytest.raises(SynthlabError, match=r"ports\.api: port 4000 of 127\.0\.0\.1 is taken"):
        plan_up(stack, engine, 1)


def test_a_port_taken_during_the_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a default port of the plan is taken during the builds, Docker picks another, and that is reported."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    class Racing(FakeEngine):
        def remove_lab(self, lab: str, made_by: str = "") -> int:
            self.taken.add(3000)
            return super().remove_lab(lab, made_by)

    stack = read_stack("call")
    engine, result = Racing([fake_container("call", "client1")], images=current(stack)), list[str]()
    launch(stack, engine, result.append, 1, replacing=True)
    assert result[:2] == ["removing call", "a default port was just taken: Docker picks another"]
    published: list[Container] = [one for one in engine.present if one.client == "client1"]
    assert 3000 not in published[0].ports.values()


@pytest.mark.issue(13)
def test_a_wrapped_project() -> None:
    """The plan says whose network a service shares, and what its companion publishes for it."""
    web = {"image": "nginx", "networks": {"default": None}, "ports": [{"target": 80, "published": "8080"}]}
    stack = project({"web": web, "db": {"image": "postgres", "networks": {"default": None}}}, "web")
    lines = text(plan_up(stack, FakeEngine(images=current(stack)), 120)).splitlines()
    assert "start web: nginx, which Compose pulls, in the network of web-network" in lines
    assert "start db: postgres, which Compose pulls" in lines
    (companion,) = [line for line in lines if line.startswith("start web-network:")]
    assert (
        companion == "start web-network: syntheticnet:latest, port 80 on 0.0.0.0:8080, API on a port picked by Docker"
    )


def test_a_base_from_which_nothing_is_built(tmp_path: Path) -> None:
    """An engine that got current images from a file needs no base of ours; one with a stale image does."""
    (tmp_path / "bots.yaml").write_text("clients: {bot: {app: bot, url: 'http://example.test/'}}\n")
    stack = read_stack(str(tmp_path / "bots.yaml"))
    loaded = {tag: image for tag, image in current(stack).items() if tag != "syntheticnet:base"}
    steps = {step.tag: step.action for step in stack_steps(stack, FakeEngine(images=loaded))}
    assert (steps["synthlab/bot:latest"], "syntheticnet:base" in steps) == ("use", False)
    stale = loaded | {"synthlab/bot:latest": LocalImage("old", "old")}
    steps = {step.tag: step.action for step in stack_steps(stack, FakeEngine(images=stale))}
    assert (steps["synthlab/bot:latest"], steps["syntheticnet:base"]) == ("build", "build")
