"""Building Chromium's command line."""

from __future__ import annotations

import pytest

from chrome.client import BrowserSettings
from chrome.flags import command, insecure_origin, merged


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://sfu:8080/?name=a", "http://sfu:8080"),
        ("http://user:pw@sfu/", "http://sfu"),
        ("http://[fd00::5]:8080/", "http://[fd00::5]:8080"),
        ("http://localhost:8080/", None),
        ("http://127.0.0.1/", None),
        ("https://app.example/room", None),
        ("about:blank", None),
    ],
)
def test_insecure_origin(url: str, origin: str | None) -> None:
    """Only a plain HTTP page from another host needs an exception to use the camera."""
    assert insecure_origin(url) == origin


def test_lists_of_features_are_merged() -> None:
    """A user's list of features is merged with ours: Chromium uses only the last occurrence of a switch."""
    flags = command(BrowserSettings(flags=("--disable-features=Mine", "--lang=de")))
    (features,) = (flag for flag in flags if flag.startswith("--disable-features="))
    assert "WebRtcHideLocalIpsWithMdns" in features.partition("=")[2].split(",")
    assert features.endswith(",Mine")


def test_every_insecure_page_may_use_a_camera() -> None:
    """The origins of all tabs may use the camera, each once, in addition to the user's."""
    tabs = ("http://a/2", "http://b/", "https://c/")
    mine = "--unsafely-treat-insecure-origin-as-secure=http://mine"
    flags = command(BrowserSettings(url="http://a/1", tabs=tabs, flags=(mine,)))
    assert "--unsafely-treat-insecure-origin-as-secure=http://a,http://b,http://mine" in flags


def test_permissions_take_the_place_of_leave_for_all() -> None:
    """Every page gets camera and microphone unless the stack sets permissions."""
    everybody = "--use-fake-ui-for-media-stream"
    assert everybody in command(BrowserSettings())
    assert everybody not in command(BrowserSettings(permissions={}))


def test_users_flags_come_last() -> None:
    """User flags come last, so that they override ours."""
    assert merged(["--lang=en", "--lang=de"]) == ["--lang=en", "--lang=de"]
    flags = command(BrowserSettings(flags=("--remote-debugging-port=1",)))
    assert flags.index("--remote-debugging-port=9223") < flags.index("--remote-debugging-port=1")


def test_page_is_left_to_the_collector() -> None:
    """Chromium starts empty: the collector must be attached before the page's first connection."""
    assert command(BrowserSettings(url="http://sfu:8080/"))[-1] == "about:blank"


def test_screen_or_headless() -> None:
    """With a screen the window is maximized; without one Chromium runs headless."""
    assert "--start-maximized" in command(BrowserSettings())
    assert "--headless=new" in command(BrowserSettings(screen=None))


def test_media_files() -> None:
    """The user's files replace test picture and beeps; without files there are no such switches."""
    flags = command(BrowserSettings(video="/media/a.y4m", audio="/media/a.wav"))
    assert "--use-file-for-fake-video-capture=/media/a.y4m" in flags
    assert "--use-file-for-fake-audio-capture=/media/a.wav" in flags
    assert not [flag for flag in command(BrowserSettings()) if flag.startswith("--use-file")]
