"""Chromium's command line: what a lab needs of it, then what the user asks for."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from .client import Client

DEBUG_PORT = 9223

PROFILE = "/tmp/profile"

_ALWAYS = (
    # media without a camera or a click
    "--use-fake-device-for-media-stream=fps=15",
    "--autoplay-policy=no-user-gesture-required",
    # candidates with addresses: nothing in the lab resolves the .local names that hide them
    "--disable-features=WebRtcHideLocalIpsWithMdns,Translate,MediaRouter,OptimizationHints",
    # what a container has not: user namespaces, a GPU, a large /dev/shm, a keyring, a sound card
    "--no-sandbox",
    "--test-type",  # no warning across the page about --no-sandbox
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--password-store=basic",
    "--disable-audio-output",  # sound is played all the same, to nobody
    # full speed, though nobody looks at the window
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-background-timer-throttling",
    # no traffic of its own, and no questions
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-session-crashed-bubble",
    "--log-level=3",
    f"--remote-debugging-port={DEBUG_PORT}",
    f"--user-data-dir={PROFILE}",
)

# Chromium heeds only the last occurrence of a switch: these hold lists, which have to be merged.
_LISTS = (
    "--disable-features",
    "--enable-features",
    "--disable-blink-features",
    "--enable-blink-features",
    "--unsafely-treat-insecure-origin-as-secure",
)


def command(client: Client) -> list[str]:
    """How to start the browser. The page is empty: the collector opens the client's own, to see all of it."""
    return ["browser", *merged([*_ALWAYS, *_for(client), *client.flags]), "about:blank"]


def _for(client: Client) -> Iterable[str]:
    yield "--start-maximized" if client.screen else "--headless=new"
    if client.permissions is None:
        yield "--use-fake-ui-for-media-stream"  # every page is let use camera and microphone
    if client.video:
        yield f"--use-file-for-fake-video-capture={client.video}"
    if client.audio:
        yield f"--use-file-for-fake-audio-capture={client.audio}"
    for origin in dict.fromkeys(map(insecure_origin, (client.url, *client.tabs))):
        if origin:
            yield f"--unsafely-treat-insecure-origin-as-secure={origin}"


def insecure_origin(url: str) -> str | None:
    """The origin of a page that may not use a camera because it came over plain HTTP, or None if it may."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname in (None, "localhost", "127.0.0.1", "::1"):
        return None
    return f"http://{parts.netloc.rpartition('@')[2]}"


def merged(flags: Iterable[str]) -> list[str]:
    """The flags with each list-valued switch once, holding the values of all its occurrences.

    >>> merged(["--disable-features=A", "--mute-audio", "--disable-features=B"])
    ['--mute-audio', '--disable-features=A,B']
    """
    single: list[str] = []
    lists: dict[str, list[str]] = {}
    for flag in flags:
        switch, _, value = flag.partition("=")
        if switch in _LISTS:
            lists.setdefault(switch, []).append(value)
        else:
            single.append(flag)
    return single + [f"{switch}={','.join(values)}" for switch, values in lists.items()]
