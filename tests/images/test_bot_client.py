"""Reading a bot's configuration from the environment."""

from __future__ import annotations

import pytest

from bot.client import BotSettings, VideoFormat


def test_nothing_is_said() -> None:
    """Without variables a bot joins the bundled server."""
    assert BotSettings.from_environ({}) == BotSettings("bot", "ws://sfu:8188", 1234, VideoFormat(320, 240, 15))


def test_everything_is_said() -> None:
    """Each variable sets its field; a server may be a URL."""
    environ = {
        "SYNTHLAB_NAME": "bot-2",
        "SYNTHLAB_SFU": "wss://janus.example/ws",
        "SYNTHLAB_VIDEO": "640x360@30",
    }
    assert BotSettings.from_environ(environ) == BotSettings(
        "bot-2", "wss://janus.example/ws", video=VideoFormat(640, 360, 30)
    )


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"SYNTHLAB_VIDEO": "big"}, "SYNTHLAB_VIDEO: 'big' is not of the form 320x240@15"),
        ({"SYNTHLAB_VIDEO": "321x240@15"}, "SYNTHLAB_VIDEO: '321x240@15': expected an even width and height"),
        ({"SYNTHLAB_VIDEO": "320x240@0"}, "SYNTHLAB_VIDEO: '320x240@0': expected an even width and height, 16x16@1"),
        ({"SYNTHLAB_SFU": "https://a.example"}, "SYNTHLAB_SFU: 'https://a.example' is not a host name"),
    ],
)
def test_refusals(environ: dict[str, str], message: str) -> None:
    """An invalid value is rejected with the variable's name and what is allowed."""
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the text is compared
        BotSettings.from_environ(environ)
    assert str(refusal.value).startswith(message)
