"""This bot's configuration, read once from the environment variables the lab sets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class VideoFormat:
    width: int = 320
    height: int = 240
    fps: int = 15

    @classmethod
    def parse(cls, text: str) -> Self:
        """`320x240@15`"""
        parts = re.fullmatch(r"(\d+)x(\d+)@(\d+)", text)
        if not parts:
            raise ValueError(f"SYNTHLAB_VIDEO: {text!r} is not of the form 320x240@15")
        width, height, fps = map(int, parts.groups())
        if width % 2 or height % 2 or not (16 <= width <= 1920 and 16 <= height <= 1080 and 1 <= fps <= 60):
            raise ValueError(f"SYNTHLAB_VIDEO: {text!r}: expected an even width and height, 16x16@1 to 1920x1080@60")
        return cls(width, height, fps)


@dataclass(frozen=True)
class BotSettings:
    name: str = "bot"
    server: str = "ws://sfu:8188"
    """URL of Janus's WebSocket transport."""
    room: int = 1234
    video: VideoFormat = VideoFormat()
    api: str = "http://127.0.0.1:80"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        return cls(
            name=environ.get("SYNTHLAB_NAME") or cls.name,
            server=_server(environ.get("SYNTHLAB_SFU") or "sfu"),
            video=VideoFormat.parse(environ.get("SYNTHLAB_VIDEO") or "320x240@15"),
            api=environ.get("SYNTHLAB_API") or cls.api,
        )


def _server(sfu: str) -> str:
    if sfu.startswith(("ws://", "wss://")):
        return sfu
    if "://" in sfu:
        raise ValueError(f"SYNTHLAB_SFU: {sfu!r} is not a host name or a ws:// or wss:// URL of Janus")
    return f"ws://{sfu}:8188"
