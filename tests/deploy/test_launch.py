"""Bringing up: all, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from synthlab.deploy import claim
from synthlab.deploy import launch as launching
from synthlab.deploy.host_ports import choose_ports
from synthlab.deploy.launch import launch
from synthlab.engine.compose import PortTaken
from synthlab.engine.containers import Container
from synthlab.errors import SynthlabError
from synthlab.stack import read_stack
from synthlab.testing import FakeClock, FakeEngine, fake_container

HEALTHY = [
    replace(fake_container("call", ""), id="sfu", role="sfu"),
    *(fake_container("call", name) for name in ("client1", "client2", "bot-1", "bot-2")),
]


def broken(**changes: object) -> list[Container]:
    return [*HEALTHY[:-1], replace(HEALTHY[-1], **changes)]  # type: ignore[arg-type]


def made_by(rendered: str, containers: list[Container]) -> list[Container]:
    """The containers, marked as the rendered file marks them."""
    marks = set(re.findall(r'"synthlab.made-by": "(\w{16})"', rendered))
    (mark,) = marks
    return [replace(container, made_by=mark) for container in containers]


@pytest.fixture
def bring_up(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeEngine]:
    """Launch the bundled call on an engine on which Compose makes just the given containers."""
    monkeypatch.setattr(launching, "ensure_images", lambda stack, engine, tell: None)

    def bring_up(containers: list[Container], fails: BaseException | None = None) -> FakeEngine:
        engine = FakeEngine()

        def compose_up(project: str, rendered: str, on_line: Callable[[str], None]) -> None:
            assert project == "synthlab-call"
            assert rendered.startswith("# The lab 'call'")
            engine.present = made_by(rendered, containers)
            on_line("Container synthlab-call-client1-1  Started")
            if fails:
                raise fails

        monkeypatch.setattr(launching, "compose_up", compose_up)
        try:
            launch(read_stack("call"), engine, told.append, timeout_s=0.3, clock=FakeClock())
        finally:
            left.append(len(engine.present))
        return engine

    told.clear()
    left.clear()
    return bring_up


told: list[str] = []
left: list[int] = []


def test_all(bring_up: Callable[..., FakeEngine]) -> None:
    """Launching ends when everything is healthy, and tells on the way how far it is."""
    bring_up(HEALTHY)
    assert left == [5]
    assert told == ["containers: 0/5 started", "containers: 1/5 started", "healthy: 5/5"]


@pytest.mark.parametrize(
    ("containers", "fails", "message", "details"),
    [
        (
            broken(state="exited", status="Exited (1) 1 second ago", health=""),
            None,
            "bot-2 did not come up (Exited (1) 1 second ago); its last lines:",
            ("last line of synthlab-call-bot-2-1",),
        ),
        (
            broken(status="Up 1 second (health: starting)", health="starting"),
            None,
            "bot-2 is not healthy after 0.3 s; its health check and its last lines:",
            ("health check of synthlab-call-bot-2-1", "last line of synthlab-call-bot-2-1"),
        ),
        (
            broken(status="Up 52 seconds (unhealthy)", health="unhealthy"),
            SynthlabError("docker compose could not start the lab"),
            "bot-2 did not come up (Up 52 seconds (unhealthy)); its health check and its last lines:",
            ("health check of synthlab-call-bot-2-1", "last line of synthlab-call-bot-2-1"),
        ),
        (
            broken(state="created", status="Created", health=""),
            None,
            "bot-2 is not healthy after 0.3 s; its last lines:",
            ("last line of synthlab-call-bot-2-1",),
        ),
        (
            broken(state="created", health=""),
            SynthlabError("docker compose could not start the lab", ["port is already allocated"]),
            "docker compose could not start the lab",
            ("port is already allocated",),
        ),
        (
            broken(state="exited", status="Exited (2)", health=""),
            SynthlabError("docker compose could not start the lab"),
            "bot-2 did not come up (Exited (2)); its last lines:",
            ("last line of synthlab-call-bot-2-1",),
        ),
    ],
)
def test_nothing(
    containers: list[Container],
    fails: SynthlabError | None,
    message: str,
    details: tuple[str, ...],
    bring_up: Callable[..., FakeEngine],
) -> None:
    """A failure names the container with its last lines, and leaves nothing behind."""
    with pytest.raises(SynthlabError) as caught:
        bring_up(containers, fails)
    assert (caught.value.message, caught.value.details) == (message, details)
    assert left == [0]


def test_interrupted(bring_up: Callable[..., FakeEngine]) -> None:
    """Ctrl-C while the containers start leaves nothing behind."""
    with pytest.raises(KeyboardInterrupt):
        bring_up(HEALTHY, KeyboardInterrupt())
    assert left == [0]
    assert told[-1] == "removing what was made of call"


def test_port_taken_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """When somebody takes a usual port between our look and the start, Docker draws another: the lab comes up."""
    engine = FakeEngine()
    files: list[str] = []

    def compose_up(_project: str, rendered: str, _on_line: Callable[[str], None]) -> None:
        files.append(rendered)
        if len(files) == 1:
            raise PortTaken("docker compose could not start the lab")
        engine.present = made_by(rendered, HEALTHY)

    monkeypatch.setattr(launching, "ensure_images", lambda stack, engine, tell: None)
    monkeypatch.setattr(launching, "compose_up", compose_up)
    monkeypatch.setattr(launching, "choose_ports", lambda stack, free: choose_ports(stack, free=lambda port: True))
    launch(read_stack("call"), engine, lambda text: None, timeout_s=1, clock=FakeClock())
    assert ['published: "3000"' in file for file in files] == [True, False]


def test_a_bounded_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a time to live, every container is told and marked with the end; it counts from their start."""
    files: list[str] = []
    engine = FakeEngine()

    def compose_up(_project: str, rendered: str, _on_line: Callable[[str], None]) -> None:
        files.append(rendered)
        engine.present = made_by(rendered, HEALTHY)

    monkeypatch.setattr(launching, "compose_up", compose_up)
    monkeypatch.setattr(launching, "ensure_images", lambda stack, engine, tell: None)
    launch(read_stack("call"), engine, lambda text: None, timeout_s=1, ttl_s=60, clock=FakeClock(epoch_s=1000.5))
    assert files[0].count('"synthlab.expires": "1061"') == 6  # the network, the media server, four clients
    assert files[0].count('"SYNTHLAB_EXPIRES": "1061"') == 5


@pytest.mark.issue(10)
def test_one_at_a_time(bring_up: Callable[..., FakeEngine]) -> None:
    """Who finds that somebody else is bringing the lab up is told so, and removes nothing of it."""
    engine = FakeEngine(HEALTHY)
    engine.locked.add("call")
    with pytest.raises(SynthlabError, match=r"^the lab 'call' is being brought up: wait until it is up, end that"):
        launch(read_stack("call"), engine, lambda text: None, timeout_s=1, clock=FakeClock())
    assert (engine.present, engine.locked) == (HEALTHY, {"call"})
    assert not bring_up(HEALTHY).locked  # who is done has given it back


@pytest.mark.issue(10)
def test_only_what_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where bringing up fails, a container of the same lab that somebody else has made stays."""
    engine, foreign = FakeEngine(), replace(HEALTHY[0], id="foreign", made_by="somebody")

    def compose_up(_project: str, rendered: str, _on_line: Callable[[str], None]) -> None:
        engine.present = [foreign, *made_by(rendered, HEALTHY)]
        raise SynthlabError("docker compose could not start the lab")

    monkeypatch.setattr(launching, "ensure_images", lambda stack, engine, tell: None)
    monkeypatch.setattr(launching, "compose_up", compose_up)
    with pytest.raises(SynthlabError):
        launch(read_stack("call"), engine, lambda text: None, timeout_s=1, clock=FakeClock())
    assert engine.present == [foreign]


@pytest.mark.issue(10)
@pytest.mark.parametrize("phase", ["images", "containers", "healthy"])
def test_taken_down_meanwhile(phase: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`down` of a lab that is being brought up ends that, in whatever phase it is, and nothing of it stays."""
    engine, lines = FakeEngine(), list[str]()

    def taken_down(now: str) -> None:
        if now == phase:
            claim.take_down("call", engine, FakeClock())

    def compose_up(_project: str, rendered: str, on_line: Callable[[str], None]) -> None:
        engine.present = made_by(rendered, HEALTHY)
        taken_down("containers")
        on_line("Container synthlab-call-client1-1  Started")
        taken_down("healthy")

    monkeypatch.setattr(launching, "ensure_images", lambda stack, engine, tell: taken_down("images"))
    monkeypatch.setattr(launching, "compose_up", compose_up)
    with pytest.raises(SynthlabError, match=r"^the lab 'call' was taken down while it was being brought up"):
        launch(read_stack("call"), engine, lines.append, timeout_s=1, clock=FakeClock())
    assert (engine.present, engine.locked) == ([], set())


@pytest.mark.issue(10)
def test_a_lock_that_never_began(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that was made and never runs, for whoever did so was killed half-way, is removed after a while."""
    monkeypatch.setattr(FakeEngine, "locks", lambda engine: dict.fromkeys(engine.locked, "created"))
    engine = FakeEngine()
    engine.locked.add("call")
    with claim.claimed("call", "debian", engine, FakeClock()) as held:
        held.check()
    assert not engine.locked


@pytest.mark.issue(10)
def test_containers_that_are_removed(bring_up: Callable[..., FakeEngine]) -> None:
    """A lab of which somebody has removed containers meanwhile is not up."""
    with pytest.raises(SynthlabError, match=r"^2 of the 5 containers of 'call' have been removed$"):
        bring_up(HEALTHY[:3])


@pytest.mark.issue(10)
def test_replacing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab that is replaced stays until the images are there: where those fail, it is as it was."""
    engine = FakeEngine(HEALTHY)

    def ensure_images(*_: object) -> None:
        assert engine.present == HEALTHY
        if fails:
            raise SynthlabError("the image could not be built")

    def compose_up(_project: str, rendered: str, _on_line: Callable[[str], None]) -> None:
        assert engine.present == []
        engine.present = made_by(rendered, HEALTHY)

    monkeypatch.setattr(launching, "ensure_images", ensure_images)
    monkeypatch.setattr(launching, "compose_up", compose_up)
    fails = True
    with pytest.raises(SynthlabError, match="could not be built"):
        launch(read_stack("call"), engine, lambda text: None, timeout_s=1, replacing=True, clock=FakeClock())
    assert engine.present == HEALTHY
    fails = False
    made = launch(read_stack("call"), engine, lambda text: None, timeout_s=1, replacing=True, clock=FakeClock())
    assert {one.made_by for one in engine.present} == {made.made_by}
