"""This client's configuration, read once from the environment variables the lab sets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class BrowserSettings:
    name: str = "chrome"
    url: str = "about:blank"
    tabs: tuple[str, ...] = ()
    """URLs of further pages, one tab each."""
    flags: tuple[str, ...] = ()
    permissions: Mapping[str, tuple[str, ...]] | None = None
    """Permissions granted by origin (`*`: all). None: camera and microphone for every page."""
    video: str | None = None
    """Path of a .y4m or .mjpeg file that replaces Chromium's test picture."""
    audio: str | None = None
    """Path of a .wav file that replaces Chromium's beeps."""
    screen: str | None = "1024x768"
    """Geometry of the VNC screen; None: headless."""
    api: str = "http://127.0.0.1:80"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "BrowserSettings":
        name = environ.get("SYNTHLAB_NAME") or cls.name
        control_page, api = _api(environ.get("SYNTHLAB_API_PORT") or "80")
        return cls(
            name=name,
            url=environ.get("SYNTHLAB_URL") or _demo_page(environ.get("SYNTHLAB_SFU"), name) or control_page or cls.url,
            tabs=_words(environ, "SYNTHLAB_TABS"),
            flags=_words(environ, "SYNTHLAB_FLAGS"),
            permissions=_permissions(environ, "SYNTHLAB_PERMISSIONS"),
            video=environ.get("SYNTHLAB_MEDIA_VIDEO") or None,
            audio=environ.get("SYNTHLAB_MEDIA_AUDIO") or None,
            screen=(environ.get("SYNTHLAB_SCREEN") or cls.screen) if _yes(environ, "USE_VNC") else None,
            api=environ.get("SYNTHLAB_API") or api or cls.api,
        )


def _api(port: str) -> tuple[str | None, str | None]:
    """The control page, which greets whoever starts the browser without a page to open, and the API; None if off."""
    if port == "off":
        return None, None
    return f"http://localhost{'' if port == '80' else f':{port}'}/ui/", f"http://127.0.0.1:{port}"


def _demo_page(sfu: str | None, name: str) -> str | None:
    """URL of the SFU's page; a bundled SFU is given as a host name, an external one as a URL."""
    if not sfu:
        return None
    return sfu if "://" in sfu else f"http://{sfu}:8080/?name={quote(name)}"


def _words(environ: Mapping[str, str], variable: str) -> tuple[str, ...]:
    text = environ.get(variable) or "[]"
    words = _json(text)
    if not _are_words(words):
        raise ValueError(f"{variable}: {text!r} is not a JSON list of strings")
    return tuple(words)


def _permissions(environ: Mapping[str, str], variable: str) -> dict[str, tuple[str, ...]] | None:
    text = environ.get(variable)
    if not text:
        return None
    permissions = _json(text)
    if not isinstance(permissions, dict) or not all(map(_are_words, permissions.values())):
        raise ValueError(f"{variable}: {text!r} is not a JSON object from origins to lists of strings")
    return {origin: tuple(names) for origin, names in permissions.items()}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _yes(environ: Mapping[str, str], variable: str) -> bool:
    value = environ.get(variable, "1")
    if value not in ("0", "1"):
        raise ValueError(f"{variable}: {value!r} is not 0 or 1")
    return value == "1"
