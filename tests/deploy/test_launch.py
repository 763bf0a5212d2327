"""Bringing a lab up, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from synthlab.contract import BASE
from synthlab.deploy import claim
from synthlab.deploy.images import needed_images, plan_images
from synthlab.deploy.launch import launch, launched
from synthlab.engine.api import OnLine
from synthlab.engine.compose import PortTaken
from synthlab.engine.containers import Container
from synthlab.engine.images import ImageBuild, LocalImage
from synthlab.engine.process import Finished
from synthlab.errors import SynthlabError
from synthlab.stack import read_stack
from synthlab.testing import FakeClock, FakeEngine, fake_container

BASES = {BASE: LocalImage("base", None)}
CURRENT = BASES | {
    planned.image.tag: LocalImage(planned.image.tag, planned.content)
    for planned in plan_images(needed_images(read_stack("call")), BASES.get)
}
HEALTHY = [
    replace(fake_container("call", ""), id="sfu", role="sfu"),
    *(fake_container("call", name) for name in ("client1", "client2", "bot-1", "bot-2")),
]


def broken(**changes: object) -> list[Container]:
    return [*HEALTHY[:-1], replace(HEALTHY[-1], **changes)]  # type: ignore[arg-type]


class CallEngine(FakeEngine):
    """An engine with current images, on which Compose creates the given containers, and fails if told to."""

    def __init__(
        self, makes: list[Container], fails: BaseException | None = None, has: Iterable[Container] = ()
    ) -> None:
        super().__init__(has, images=CURRENT)
        self.makes, self.fails = makes, fails

    def made_of(self, rendered: str) -> list[Container]:
        """The containers, labelled as in the file."""
        (mark,) = {made.made_by for made in super().made_of(rendered)}
        return [replace(container, made_by=mark) for container in self.makes]

    def compose_up(self, project: str, rendered: str, progress: OnLine) -> None:
        super().compose_up(project, rendered, progress)
        if self.fails:
            raise self.fails


def up(
    engine: FakeEngine, replacing: bool = False, ttl_s: float | None = None, clock: FakeClock | None = None
) -> list[str]:
    """Launch the bundled call; the lines of progress."""
    result: list[str] = []
    launch(read_stack("call"), engine, result.append, 0.3, ttl_s, replacing, clock or FakeClock())
    return result


def test_all() -> None:
    """Launching ends once everything is healthy, and reports progress."""
    engine = CallEngine(HEALTHY)
    started = [f"containers: {count}/5 started" for count in range(6)]
    assert up(engine) == [*started, "healthy: 5/5"]
    assert engine.calls == ["up synthlab-call"]
    assert engine.composed[0].startswith("# The lab 'call'")


@pytest.mark.issue(11)
def test_what_compose_makes() -> None:
    """The fake engine creates the containers of the rendered file, with roles, names and ports."""
    engine = FakeEngine(images=CURRENT)
    up(engine)
    assert [(one.role, one.client, one.app) for one in engine.present][:2] == [
        ("sfu", "", "janus"),
        ("client", "client1", "chrome"),
    ]
    assert engine.present[1].ports == {80: 3000, 5901: 5901, 9222: 9222}


@pytest.mark.issue(11)
def test_images_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty engine gets the base, then each image after its bases, and then the containers."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine = FakeEngine(images={})
    result = up(engine)
    built = [image.tag for image in needed_images(read_stack("call"))]
    assert engine.calls == [f"pull {BASE}", *(f"build {tag}" for tag in built), "up synthlab-call"]
    assert result[: len(built) + 1] == [f"pulling {BASE}", *(f"building {tag}" for tag in built)]


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
) -> None:
    """A failure names the container with its last lines, and leaves nothing behind."""
    engine = CallEngine(containers, fails)
    with pytest.raises(SynthlabError) as caught:
        up(engine)
    assert (caught.value.message, caught.value.details) == (message, details)
    assert engine.present == []


def test_interrupted() -> None:
    """Ctrl-C while the containers start leaves nothing behind."""
    engine, result = CallEngine(HEALTHY, KeyboardInterrupt()), list[str]()
    with pytest.raises(KeyboardInterrupt):
        launch(read_stack("call"), engine, result.append, timeout_s=0.3, clock=FakeClock())
    assert engine.present == []
    assert result[-1] == "removing what was created of call"


def test_the_word_for_the_end() -> None:
    """A lab that is removed at the end, or replaced, is said to be removed."""
    engine, result = CallEngine(HEALTHY), list[str]()
    with launched(read_stack("call"), engine, result.append, timeout_s=0.3):
        pass
    assert result[-1] == "removing call"
    assert engine.present == []


@pytest.mark.issue(14)
def test_nobody_reads_the_end() -> None:
    """A lab is also removed if whoever read the progress has gone."""

    def gone(text: str) -> None:
        if text == "removing call":
            raise BrokenPipeError

    engine = CallEngine(HEALTHY)
    with pytest.raises(BrokenPipeError), launched(read_stack("call"), engine, gone, timeout_s=0.3):
        pass
    assert engine.present == []


def test_port_taken_meanwhile() -> None:
    """If a default port is taken between our check and the start, Docker picks another and the lab comes up."""

    class Racing(CallEngine):
        def compose_up(self, project: str, rendered: str, progress: OnLine) -> None:
            if not self.composed:
                self.composed.append(rendered)
                raise PortTaken("docker compose could not start the lab")
            super().compose_up(project, rendered, progress)

    engine = Racing(HEALTHY)
    up(engine)
    assert ['published: "3000"' in file for file in engine.composed] == [True, False]


def test_a_bounded_life() -> None:
    """With a time to live, every container has the expiry as variable and label, counted from the start."""
    engine = CallEngine(HEALTHY)
    up(engine, ttl_s=60, clock=FakeClock(epoch_s=1000.5))
    (file,) = engine.composed
    assert file.count('"synthlab.expires": "1061"') == 6  # the network, the media server, four clients
    assert file.count('"SYNTHLAB_EXPIRES": "1061"') == 5


@pytest.mark.issue(10)
def test_one_at_a_time() -> None:
    """An `up` that finds another in progress says so, and removes nothing of it."""
    engine = FakeEngine(HEALTHY)
    engine.locked.add("call")
    with pytest.raises(SynthlabError, match=r"^the lab 'call' is being brought up: wait until it is up, stop that"):
        up(engine)
    assert (engine.present, engine.locked, engine.calls) == (HEALTHY, {"call"}, [])
    free = CallEngine(HEALTHY)
    up(free)
    assert not free.locked  # who is done has given it back


@pytest.mark.issue(10)
def test_only_what_is_ours() -> None:
    """If bringing up fails, containers of the same lab created by somebody else stay."""
    foreign = replace(HEALTHY[0], id="foreign", made_by="somebody")

    class Shared(CallEngine):
        def made_of(self, rendered: str) -> list[Container]:
            return [foreign, *super().made_of(rendered)]

    engine = Shared(HEALTHY, SynthlabError("docker compose could not start the lab"))
    with pytest.raises(SynthlabError):
        up(engine)
    assert engine.present == [foreign]


@pytest.mark.issue(10)
@pytest.mark.parametrize("phase", ["images", "containers", "healthy"])
def test_taken_down_meanwhile(phase: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`down` stops an `up` in progress, in whatever phase, and leaves nothing of the lab."""

    class Contested(CallEngine):
        def build_image(self, build: ImageBuild, on_line: OnLine) -> Finished:
            self.taken_down("images")
            return super().build_image(build, on_line)

        def compose_up(self, project: str, rendered: str, progress: OnLine) -> None:
            self.present = self.made_of(rendered)
            self.taken_down("containers")
            progress("Container synthlab-call-client1-1  Started")
            self.taken_down("healthy")

        def taken_down(self, now: str) -> None:
            if now == phase:
                claim.take_down("call", self, FakeClock())

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine = Contested(HEALTHY)
    del engine.images["synthlab/chrome:latest"]
    with pytest.raises(SynthlabError, match=r"^the lab 'call' was taken down while it was being brought up"):
        up(engine)
    assert (engine.present, engine.locked) == ([], set())


@pytest.mark.issue(10)
def test_a_lock_that_never_began() -> None:
    """A stale lock that never started running, as its owner was killed, is removed after a while."""

    class Created(FakeEngine):
        def locks(self) -> dict[str, str]:
            return dict.fromkeys(self.locked, "created")

    engine = Created()
    engine.locked.add("call")
    with claim.claimed("call", "debian", engine, FakeClock()) as held:
        held.check()
    assert not engine.locked


@pytest.mark.issue(10)
def test_containers_that_are_removed() -> None:
    """A lab that loses containers while coming up is not up."""
    with pytest.raises(SynthlabError, match=r"^2 of the 5 containers of 'call' have been removed$"):
        up(CallEngine(HEALTHY[:3]))


@pytest.mark.issue(10)
def test_replacing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab being replaced stays until the new images are ready: if they fail, it is untouched."""

    class Building(CallEngine):
        status = 1

        def build_image(self, build: ImageBuild, on_line: OnLine) -> Finished:
            super().build_image(build, on_line)
            assert self.present == HEALTHY
            return Finished(self.status, ())

        def made_of(self, rendered: str) -> list[Container]:
            assert self.present == []
            return super().made_of(rendered)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine = Building(HEALTHY, has=HEALTHY)
    del engine.images["synthlab/chrome:latest"]
    with pytest.raises(SynthlabError, match="could not be built"):
        up(engine, replacing=True)
    assert engine.present == HEALTHY
    engine.status = 0
    del engine.images["synthlab/chrome:latest"]
    made = launch(read_stack("call"), engine, lambda text: None, timeout_s=1, replacing=True, clock=FakeClock())
    assert {one.made_by for one in engine.present} == {made.made_by}


@pytest.mark.issue(16)
def test_made_by() -> None:
    """A stack that has a mark keeps it; another gets a random one."""
    engine = CallEngine(HEALTHY)
    stack = replace(read_stack("call"), made_by="mine")
    assert launch(stack, engine, lambda text: None, timeout_s=1, clock=FakeClock()).made_by == "mine"
    assert {one.made_by for one in engine.present} == {"mine"}
    other = CallEngine(HEALTHY)
    made = launch(read_stack("call"), other, lambda text: None, timeout_s=1, clock=FakeClock())
    assert made.made_by not in ("mine", None)


@pytest.mark.issue(16)
def test_a_lock_that_was_just_released() -> None:
    """It does not count; one that is held is an error."""

    class Releasing(FakeEngine):
        looks = 0

        def locks(self) -> dict[str, str]:
            self.looks += 1
            return {"call": "running"} if self.looks < 4 else {}

    claim.refuse_claimed("call", Releasing(), FakeClock())
    engine = FakeEngine()
    engine.locked.add("call")
    with pytest.raises(SynthlabError, match=r"^the lab 'call' is being brought up: "):
        claim.refuse_claimed("call", engine, FakeClock())
