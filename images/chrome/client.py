"""What this client is to be: read once from the environment that the lab gives it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Client:
    name: str = "chrome"
    url: str = "about:blank"
    flags: tuple[str, ...] = ()
    video: str | None = None
    """Path of a .y4m or .mjpeg file to show instead of Chromium's own test picture."""
    audio: str | None = None
    """Path of a .wav file to play instead of Chromium's own beeps."""
    screen: str | None = "1024x768"
    """Geometry of the VNC screen; None is headless."""
    api: str = "http://127.0.0.1:80"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Client":
        name = environ.get("SYNTHLAB_NAME") or cls.name
        return cls(
            name=name,
            url=environ.get("SYNTHLAB_URL") or _demo_page(environ.get("SYNTHLAB_SFU"), name) or cls.url,
            flags=_flags(environ.get("SYNTHLAB_FLAGS") or "[]"),
            video=environ.get("SYNTHLAB_MEDIA_VIDEO") or None,
            audio=environ.get("SYNTHLAB_MEDIA_AUDIO") or None,
            screen=(environ.get("SYNTHLAB_SCREEN") or cls.screen) if _yes(environ, "USE_VNC") else None,
            api=environ.get("SYNTHLAB_API") or cls.api,
        )


def _demo_page(sfu: str | None, name: str) -> str | None:
    """The page of a bundled SFU, which is known by its host name; an external one is a URL already."""
    if not sfu:
        return None
    return sfu if "://" in sfu else f"http://{sfu}:8080/?name={quote(name)}"


def _flags(text: str) -> tuple[str, ...]:
    try:
        flags = json.loads(text)
    except ValueError:
        flags = None
    if not isinstance(flags, list) or not all(isinstance(flag, str) for flag in flags):
        raise ValueError(f"SYNTHLAB_FLAGS: {text!r} is not a JSON list of strings")
    return tuple(flags)


def _yes(environ: Mapping[str, str], variable: str) -> bool:
    value = environ.get(variable, "1")
    if value not in ("0", "1"):
        raise ValueError(f"{variable}: {value!r} is neither 0 nor 1")
    return value == "1"
