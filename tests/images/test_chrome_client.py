"""Reading a browser client's configuration from the environment."""

from __future__ import annotations

import pytest

from chrome.client import BrowserSettings


def test_nothing_is_said() -> None:
    """Without variables a client greets with its control page, on a screen."""
    greeting = "http://localhost/ui/"
    assert BrowserSettings.from_environ({}) == BrowserSettings(name="chrome", url=greeting, screen="1024x768")


def test_port_of_the_api() -> None:
    """Control page and API are found at another port; without an API the page is empty."""
    moved = BrowserSettings.from_environ({"SYNTHLAB_API_PORT": "8100"})
    assert (moved.url, moved.api) == ("http://localhost:8100/ui/", "http://127.0.0.1:8100")
    assert BrowserSettings.from_environ({"SYNTHLAB_API_PORT": "off"}).url == "about:blank"


def test_everything_is_said() -> None:
    """Each variable sets its field."""
    environ = {
        "SYNTHLAB_NAME": "client1",
        "SYNTHLAB_SFU": "sfu",
        "SYNTHLAB_URL": "https://app.example/",
        "SYNTHLAB_TABS": '["https://app.example/two"]',
        "SYNTHLAB_FLAGS": '["--lang=de"]',
        "SYNTHLAB_PERMISSIONS": '{"https://app.example": ["camera"]}',
        "SYNTHLAB_MEDIA_VIDEO": "/media/a.y4m",
        "SYNTHLAB_MEDIA_AUDIO": "/media/a.wav",
        "SYNTHLAB_API": "http://127.0.0.1:8000",
        "USE_VNC": "0",
    }
    assert BrowserSettings.from_environ(environ) == BrowserSettings(
        name="client1",
        url="https://app.example/",
        tabs=("https://app.example/two",),
        flags=("--lang=de",),
        permissions={"https://app.example": ("camera",)},
        video="/media/a.y4m",
        audio="/media/a.wav",
        screen=None,
        api="http://127.0.0.1:8000",
    )


@pytest.mark.parametrize(
    ("sfu", "url"),
    [("sfu", "http://sfu:8080/?name=a%26b"), ("https://staging.example/x", "https://staging.example/x")],
)
def test_page_of_the_sfu(sfu: str, url: str) -> None:
    """Without a URL a client opens the SFU's page under its name."""
    assert BrowserSettings.from_environ({"SYNTHLAB_NAME": "a&b", "SYNTHLAB_SFU": sfu}).url == url


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"SYNTHLAB_FLAGS": "--lang=de"}, "SYNTHLAB_FLAGS: '--lang=de' is not a JSON list of strings"),
        ({"SYNTHLAB_FLAGS": "[1]"}, "SYNTHLAB_FLAGS: '[1]' is not a JSON list of strings"),
        ({"SYNTHLAB_TABS": "{}"}, "SYNTHLAB_TABS: '{}' is not a JSON list of strings"),
        (
            {"SYNTHLAB_PERMISSIONS": '["camera"]'},
            "SYNTHLAB_PERMISSIONS: '[\"camera\"]' is not a JSON object from origins to lists of strings",
        ),
        ({"USE_VNC": "yes"}, "USE_VNC: 'yes' is not 0 or 1"),
    ],
)
def test_refusals(environ: dict[str, str], message: str) -> None:
    """An invalid value is rejected with the variable's name and what is allowed."""
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole text is compared
        BrowserSettings.from_environ(environ)
    assert str(refusal.value) == message
