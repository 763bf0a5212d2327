"""The bundled call with a real media server, Chromium and bots: stats, pictures and capabilities."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncvnc
import httpx
import numpy
import pytest
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from .labs import lab_up, synthlab, until
from .pair import Pair
from .viewer import viewer

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600), pytest.mark.usefixtures("call")]

LAB = "e2e-call"
CLIENTS = ("client1", "client2", "bot-1", "bot-2")
HEAD_PIXELS = 132  # browser bars and page title; below are two rows of two pictures
NET_ADMIN = 1 << 12
NET_CAPABILITIES = NET_ADMIN | 1 << 13  # NET_RAW


@pytest.fixture(scope="module")
def call() -> Iterator[None]:
    """The bundled call, once every client sees every other's video."""
    with lab_up(LAB, Path("call.yaml"), "--wait-media"):
        yield


def test_all_see_all() -> None:
    """Each of the four receives the others' video, with the stats of a good call."""
    until(_all_see_all, 40)


def _all_see_all() -> bool:
    """Stale values are left out of the stats."""
    shown = json.loads(synthlab("stats", *CLIENTS, "--json", "--lab", LAB).stdout)
    seen = {client: shown[client]["webrtc"]["video"] for client in CLIENTS}
    return all(
        set(videos) == set(CLIENTS) - {client} and all(picture["frames"] > 0 for picture in videos.values())
        for client, videos in seen.items()
    )


@pytest.mark.issue(10)
@pytest.mark.soak
def test_a_bots_picture_passes_the_least_mtu_of_ipv6() -> None:
    """An MTU of 1280 bytes drops no packet of a bot or of Chrome: both videos continue."""
    pair = Pair(LAB)
    senders = ("bot-1", "client2")
    try:
        synthlab("set", *senders, "--egress", "--mtu", "1280b", "--lab", LAB)
        time.sleep(2.5)
        states = {name: pair.state(name)["links"]["egress"] for name in senders}
        assert all(state["packets_in"] > 0 and "mtu" not in state["dropped"] for state in states.values())
        until(lambda: all(_stats("client1")["video"][name]["fps"] > 3 for name in senders), 10)
    finally:
        synthlab("reset", *senders, "--lab", LAB)


@pytest.mark.soak
def test_a_limited_uplink_shows_and_recovers() -> None:
    """Limited to 100 kbit/s, client2's video reaches client1 at a lower rate; after `reset` it recovers.

    The dog's scenario covers this and more.
    """
    before = _settled(lambda kbps: kbps > 130)
    synthlab("set", "client2", "--egress", "--rate", "100kbit", "--lab", LAB)
    during = _settled(lambda kbps: kbps < 0.6 * before)
    synthlab("reset", "client2", "--lab", LAB)
    after = _settled(lambda kbps: kbps > 0.8 * before)
    assert during < before < after / 0.8


def test_the_screen_shows_a_call_that_moves(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two screenshots of client1 a second apart show four videos below the page's title, all of them moving."""
    (row,) = [row for row in _rows() if row["client"] == "client1"]
    host, _, port = row["vnc"].rpartition(":")
    folder = tmp_path_factory.mktemp("screens")
    for _ in range(8):  # one of them may happen to pause
        first, second = asyncio.run(_two_screenshots(host, int(port)))
        for name, picture in (("first", first), ("second", second)):
            Image.fromarray(picture).save(folder / f"{name}.png")
        if all(0.001 < share < 0.5 for share in _moved(first, second)):
            return
    pytest.fail(f"see {folder}")


def _moved(first: Any, second: Any) -> list[float]:
    """The share of pixels that differ in each of the four videos."""
    moved = numpy.abs(first.astype(int) - second.astype(int)).max(axis=2)[HEAD_PIXELS:] > 30
    halves = numpy.array_split(moved, 2)
    return [float(quarter.mean()) for half in halves for quarter in numpy.array_split(half, 2, axis=1)]


def test_browsers_send_pictures_while_somebody_looks() -> None:
    """client1 takes one of each other in turn, cheaply, and those of the bots are not mixed up."""
    url = f"http://127.0.0.1:{Pair(LAB).port('client1')}/v1/pictures"
    shown: dict[str, Any] = {}

    def all_shown() -> bool:
        shown.update(httpx.get(url).json())
        return set(shown["pictures"]) == set(CLIENTS) - {"client1"} and shown["cpu_percent"] is not None

    until(all_shown, 20)
    assert shown["cpu_percent"] < 5
    pictures = {name: base64.b64decode(one["jpeg"]) for name, one in shown["pictures"].items()}
    assert all(len(jpeg) < 16_000 for jpeg in pictures.values())
    first, second = (numpy.asarray(Image.open(io.BytesIO(pictures[bot]))).astype(int) for bot in ("bot-1", "bot-2"))
    assert first.shape == (90, 160, 3)
    assert numpy.abs(numpy.median(first, (0, 1)) - numpy.median(second, (0, 1))).max() > 15


def test_browsers_send_no_pictures_while_they_are_judged() -> None:
    """None is taken from half a second after such a reading on; five seconds after the last they come back."""
    url = f"http://127.0.0.1:{Pair(LAB).port('client1')}/v1"

    def count() -> int:
        return int(httpx.get(f"{url}/pictures").json()["count"])

    before = count()
    until(lambda: count() > before, 20)
    httpx.get(f"{url}/stats?judged=true")
    time.sleep(0.5)
    held = count()
    time.sleep(2.5)
    assert count() == held
    until(lambda: count() > held, 10)


@pytest.mark.issue(12)
def test_a_hand_breaks_only_the_video_that_a_client_sends() -> None:
    """From client2's control page in three actions, and a fourth restores it: its picture stops, its voice goes on."""
    port = Pair(LAB).port("client2")
    with sync_playwright() as playwright, viewer("e2e-call-viewer", playwright) as browser:
        page = browser.contexts[0].new_page()
        page.goto(f"http://127.0.0.1:{port}/ui/")
        video = page.locator(".row-button").filter(has_text="Upload").filter(has_text="video")
        table = page.get_by_role("region", name="Live traffic")
        until(lambda: video.count() > 0, 40, table.inner_text)
        video.first.click(timeout=10_000)
        page.get_by_role("button", name="Make a panel").click()
        expect(page.get_by_role("slider", name="Upload rate").last).to_be_focused()
        page.keyboard.press("Home")
        seen = _Seen("client1", "client2")
        until(lambda: seen.frames(1) == 0, 8)
        assert seen.frames(1) == 0
        assert seen.values("audio")["kbps"] > 5
        page.get_by_role("button", name="Undo", exact=True).click()
        until(lambda: seen.frames(0.5) > 2, 20)


class _Seen:
    """What one client receives of another, asked from its API."""

    def __init__(self, client: str, sender: str) -> None:
        self._url = f"http://127.0.0.1:{Pair(LAB).port(client)}/v1/stats"
        self._sender = sender

    def values(self, kind: str) -> dict[str, float]:
        values: dict[str, float] = httpx.get(self._url).json()["values"][kind][self._sender]
        return values

    def frames(self, seconds: float) -> float:
        """Frames decoded within this time."""
        before = self.values("video")["frames"]
        time.sleep(seconds)
        return self.values("video")["frames"] - before


def test_applications_have_no_network_capabilities() -> None:
    """In every client only PID 1 has NET_ADMIN, no process has NET_RAW, and ordinary users have no capability."""
    for client in CLIENTS:
        (_, first), *rows = _capabilities(f"synthlab-{LAB}-{client}-1")
        assert first & NET_CAPABILITIES == NET_ADMIN
        assert rows
        assert not any(capabilities & NET_CAPABILITIES for _, capabilities in rows)
        assert all(capabilities == 0 for uid, capabilities in rows if uid)


def _capabilities(container: str) -> list[tuple[int, int]]:
    """Uid and permitted capabilities of the container's PID 1, then of each of its descendants."""
    pids = subprocess.run(["docker", "top", container, "-eo", "pid"], capture_output=True, text=True, check=True)
    rows = []
    for pid in pids.stdout.split()[1:]:
        status = Path(f"/proc/{pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        if "healthy.sh" not in Path(f"/proc/{pid}/cmdline").read_text() and fields["Name"].strip() != "sleep":
            rows.append((int(fields["Uid"].split()[0]), int(fields["CapPrm"], 16)))
    return rows


def _settled(reached: Callable[[float], bool], seconds: float = 60) -> float:
    """client1's kbit/s from client2, averaged over 3 s, once it is in range; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        samples = []
        for _ in range(6):
            time.sleep(0.5)
            samples.append(_stats("client1")["video"]["client2"]["kbps"])
        mean = float(sum(samples) / len(samples))
        if reached(mean):
            return mean
    pytest.fail(f"client1 gets {mean:.0f} kbit/s of client2, {seconds:.0f} s later")


def _stats(client: str) -> dict[str, Any]:
    shown = json.loads(synthlab("stats", client, "--json", "--lab", LAB).stdout)
    numbers: dict[str, Any] = shown[client]["webrtc"]
    return numbers


def _rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(synthlab("ps", "--json", "--lab", LAB).stdout)
    return rows


async def _two_screenshots(host: str, port: int) -> tuple[Any, Any]:
    async with asyncvnc.connect(host, port) as screen:
        first = await screen.screenshot()
        await asyncio.sleep(1)
        return first, await screen.screenshot()
