"""The bot's test picture: its name and a moving ball, so that every frame differs from the one before."""

import asyncio
import colorsys
import math
import time
import zlib
from fractions import Fraction

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame
from PIL import Image, ImageDraw, ImageFont

from .client import VideoFormat

_CLOCK_HZ = 90_000  # of RTP video


class PictureTrack(MediaStreamTrack):  # type: ignore[misc, unused-ignore]
    """Draws the frames of one round in advance, so that sending costs no drawing."""

    kind = "video"

    def __init__(self, name: str, video: VideoFormat) -> None:
        super().__init__()
        self.sent = 0
        self._video = video
        self._frames = _round(name, video)
        self._start = time.monotonic()
        self._next = 0

    async def recv(self) -> VideoFrame:
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.sleep(self._start + self._next / self._video.fps - time.monotonic())
        frame = self._frames[self._next % len(self._frames)]
        frame.pts = self._next * _CLOCK_HZ // self._video.fps
        frame.time_base = Fraction(1, _CLOCK_HZ)
        self._next += 1
        self.sent += 1
        return frame


def _round(name: str, video: VideoFormat) -> list[VideoFrame]:
    """Two seconds of frames, fewer if they would take over 64 MB."""
    count = max(2, min(2 * video.fps, 64_000_000 // (video.width * video.height * 3 // 2)))
    ground = _ground(name, video)
    return [_frame(ground, step / count) for step in range(count)]


def _ground(name: str, video: VideoFormat) -> Image.Image:
    image = Image.new("RGB", (video.width, video.height), _color(name, 0.30))
    draw = ImageDraw.Draw(image)
    middle = (video.width / 2, video.height / 2)
    draw.text(middle, name, "white", ImageFont.load_default(video.height / 7), anchor="mm")
    return image


def _frame(ground: Image.Image, turn: float) -> VideoFrame:
    """`turn` is the ball's position on its round, 0 to 1."""
    image = ground.copy()
    x = image.width * (0.5 + 0.40 * math.cos(math.tau * turn))
    y = image.height * (0.5 + 0.34 * math.sin(math.tau * turn))
    ImageDraw.Draw(image).circle((x, y), image.height / 12, "#ffd43b")
    return VideoFrame.from_image(image).reformat(format="yuv420p")


def _color(name: str, value: float) -> tuple[int, int, int]:
    """A hue derived from the name, the same in every run."""
    red, green, blue = colorsys.hsv_to_rgb(zlib.crc32(name.encode()) % 360 / 360, 0.55, value)
    return round(red * 255), round(green * 255), round(blue * 255)
