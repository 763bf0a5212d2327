"""The evidence collected from a fake lab."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from synthlab.control.backend import Backend
from synthlab.control.state import ClientState
from synthlab.errors import SynthlabError
from synthlab.runner.evidence import Evidence
from synthlab.runner.evidence.for_report import ForReport, Written
from synthlab.runner.evidence.items import pictures_of
from synthlab.runner.evidence.screenshots import Screenshot, has_browser, read_picture
from synthlab.testing import FakeClientApi, FakeEngine, fake_backend, fake_container

from .stub import SILENT, Runner


@pytest.fixture
def evidence() -> Iterator[Evidence]:
    backend, apis = fake_backend("call")
    apis["call/client1"].change({"egress": {"loss": "1%"}})
    apis["call/client2"].answered_stats = {"values": {"video": {"client1": {"fps": 15}}}, "age_s": {"video": 1}}
    evidence = Evidence(backend, "call", Runner())
    yield evidence
    evidence.close()


def collect_all(evidence: Evidence, folder: Path) -> dict[str, str]:
    """Collect until the captures, which start in the background, are included."""
    deadline = time.monotonic() + 10
    while True:
        files = evidence.collect(folder)
        if "missing evidence" not in files or time.monotonic() > deadline:
            return files
        (folder / "problems.txt").unlink()


def test_what_the_report_shows() -> None:
    """Thumbnails, and the lines since the run began, in seconds since then; errors of consoles and logs stand out."""
    started = datetime(2026, 1, 1, 12, tzinfo=UTC)
    lines = [
        Written("2026-01-01T11:59:59.9Z", "client1", "console", "info: early"),
        Written("2026-01-01T12:00:02.5Z", "client1", "console", "exception: no camera"),
        Written("2026-01-01T12:00:03.123456789Z", "sfu", "log", "ERROR: no keyframe"),
        Written("2026-01-01T12:00:04Z", "sfu", "log", "terrors"),
    ]
    fields = ForReport(started + timedelta(seconds=9), {"screenshot 1 of client1": "/9j/"}, lines).since(started)
    assert (fields["collected_s"], fields["thumbnails"]) == (9.0, {"screenshot 1 of client1": "/9j/"})
    assert [(line.at_s, line.writer, line.bad) for line in fields["lines"]] == [
        (2.5, "client1", True),
        (3.123, "sfu", True),
        (4.0, "sfu", False),
    ]


def test_all_that_is_kept(evidence: Evidence, tmp_path: Path) -> None:
    """Logs with times, conditions, numbers, containers, and the packets of watched clients."""
    evidence.watch(["client2"])
    evidence.watch(["client2"])
    evidence.mark("client2: egress rate 100kbit")
    files = collect_all(evidence, tmp_path / "evidence")
    assert files == {
        "packets of client2": "captures/client2.pcapng",
        "conditions of all clients": "conditions.json",
        "stats of all clients": "stats.json",
        "containers": "containers.json",
        "log of client1": "logs/client1.log",
        "log of client2": "logs/client2.log",
    }
    folder = tmp_path / "evidence"
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*.*")) == sorted(files.values())
    assert (folder / "captures/client2.pcapng").read_bytes() == (
        b"ring of call/client2\nmark client2: egress rate 100kbit\n"
    )
    assert (folder / "logs/client1.log").read_text().startswith("2026-01-01T00:00:01Z line 1 of client1\n")
    conditions = json.loads((folder / "conditions.json").read_text())
    assert conditions["client1"]["conditions"]["egress"] == {"loss": "1%"}
    assert json.loads((folder / "stats.json").read_text())["client2"]["video"] == {"client1": {"fps": 15}}
    assert json.loads((folder / "containers.json").read_text())["client1"]["state"] == "running"


class Unreachable(FakeClientApi):
    """A client whose API does not answer."""

    def state(self) -> ClientState:
        raise SynthlabError(f"{self.name}: its API does not answer")


def test_one_that_fails_prevents_nothing(tmp_path: Path) -> None:
    """A client that does not answer, one that is missing, and an exited browser are reported; the rest is kept."""
    backend, apis = fake_backend("call")
    apis["call/client2"] = Unreachable("client2")
    apis["call/web"] = FakeClientApi("web")
    ended = replace(fake_container("call", "web"), app="chrome", state="exited", status="Exited (1) 3 seconds ago")
    backend = Backend(FakeEngine([*backend.engine.containers(), ended]), lambda container: apis[container.id])
    evidence = Evidence(backend, "call", Runner())
    evidence.watch(["cleint1", "web"])
    time.sleep(0.2)
    files = evidence.collect(tmp_path)
    evidence.close()
    assert {"conditions of all clients", "log of web", "stats of all clients"} <= files.keys()
    conditions = json.loads((tmp_path / "conditions.json").read_text())
    assert conditions["client2"] == {"error": "client2: its API does not answer"}
    assert conditions["client1"]["name"] == "client1"
    assert (tmp_path / files["missing evidence"]).read_text().splitlines() == [
        "packets of cleint1: no client 'cleint1' in lab 'call'; did you mean client1?",
        "packets of web: web is not running (Exited (1) 3 seconds ago): start it with `synthlab restart web`",
        "screenshots of web: not running (Exited (1) 3 seconds ago)",
    ]


def test_a_paused_client_is_not_asked(tmp_path: Path) -> None:
    """It could not answer: its packets, conditions and stats are missing, and nothing waits for them."""
    backend, apis = fake_backend("call")
    apis["call/client2"] = Unreachable("client2")
    client1, client2 = backend.engine.containers()
    paused = replace(client2, state="paused", status="Up 3 seconds (Paused)")
    backend = Backend(FakeEngine([client1, paused]), lambda container: apis[container.id])
    evidence = Evidence(backend, "call", Runner(SILENT))
    evidence.watch(["client2"])
    time.sleep(0.2)
    began = time.monotonic()
    files = evidence.collect(tmp_path)
    assert time.monotonic() - began < 4  # a capture that does not answer is read for 8 s
    evidence.close()
    assert (tmp_path / files["missing evidence"]).read_text() == "packets of client2: it is paused\n"
    for name in ("conditions.json", "stats.json"):
        assert json.loads((tmp_path / name).read_text())["client2"] == {"error": "it is paused"}


def test_pictures() -> None:
    """Each page has its own picture; a crashed page is reported."""
    web = replace(fake_container("call", "web"), app="chrome")
    lines = ['{"url": "http://a", "png": "cG5n"}', '{"url": "http://b", "error": "no picture within 5 s"}']
    taken = [*map(read_picture, lines), Screenshot("http://c", b"other")]
    found = pictures_of(FakeEngine(), web, lambda engine, container: taken)
    assert [(one.shows, one.path, one.content) for one in found.artifacts] == [
        ("screenshot 1 of web", "screenshots/web-1.png", b"png"),
        ("screenshot 3 of web", "screenshots/web-3.png", b"other"),
    ]
    assert found.problems == ["screenshots of web: http://b: no picture within 5 s"]


def test_who_has_a_browser() -> None:
    """The bundled browser, and any image that publishes a debugging port."""
    bot = fake_container("call", "bot")
    assert not has_browser(bot)
    assert has_browser(replace(bot, app="chrome"))
    assert has_browser(replace(bot, ports={9222: 32000}))


def test_nobody_watched_nothing_running(tmp_path: Path) -> None:
    """For a lab that is gone there is one line, and no error."""
    backend, _ = fake_backend()
    evidence = Evidence(backend, "call")
    assert evidence.collect(tmp_path) == {"missing evidence": "problems.txt"}
    assert (tmp_path / "problems.txt").read_text() == "no lab 'call' is up; there are: none\n"
    evidence.mark("nobody hears it")
    evidence.close()


def test_a_folder_that_cannot_be_written(evidence: Evidence, tmp_path: Path) -> None:
    """A folder that cannot be written is the only error."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SynthlabError, match="evidence cannot be written to"):
        evidence.collect(tmp_path / "file" / "in")
