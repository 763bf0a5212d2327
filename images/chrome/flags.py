"""Builds Chromium's command line: the lab's flags, then the user's."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from .client import BrowserSettings

DEBUG_PORT = 9223

PROFILE = "/tmp/profile"

_ALWAYS = (
    # media without a camera or a click
    "--use-fake-device-for-media-stream=fps=15",
    "--autoplay-policy=no-user-gesture-required",
    # candidates with addresses: nothing in the lab resolves the .local names that hide them
    "--disable-features=WebRtcHideLocalIpsWithMdns,Translate,MediaRouter,OptimizationHints",
    # a container has no user namespaces, GPU, large /dev/shm, keyring or sound card
    "--no-sandbox",
    "--test-type",  # no warning across the page about --no-sandbox
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--password-store=basic",
    "--disable-audio-output",  # audio is still decoded and rendered
    # full speed even when the window is hidden
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-background-timer-throttling",
    # no background traffic, no prompts
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

# Chromium uses only the last occurrence of a switch, so list-valued ones must be merged.
_LISTS = (
    "--disable-features",
    "--enable-features",
    "--disable-blink-features",
    "--enable-blink-features",
    "--unsafely-treat-insecure-origin-as-secure",
)


def command(client: BrowserSettings) -> list[str]:
    """The browser's command line. It starts empty: the collector opens the client's page once it is attached."""
    return ["browser", *merged([*_ALWAYS, *_for(client), *client.flags]), "about:blank"]


def _for(client: BrowserSettings) -> Iterable[str]:
    yield "--start-maximized" if client.screen else "--headless=new"
    if client.permissions is None:
        yield "--use-fake-ui-for-media-stream"  # grants camera and microphone to every page
    if client.video:
        yield f"--use-file-for-fake-video-capture={client.video}"
    if client.audio:
        yield f"--use-file-for-fake-audio-capture={client.audio}"
    for origin in dict.fromkeys(map(insecure_origin, (client.url, *client.tabs))):
        if origin:
            yield f"--unsafely-treat-insecure-origin-as-secure={origin}"


def insecure_origin(url: str) -> str | None:
    """The page's origin if plain HTTP denies it the camera, else None."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname in (None, "localhost", "127.0.0.1", "::1"):
        return None
    return f"http://{parts.netloc.rpartition('@')[2]}"


def merged(flags: Iterable[str]) -> list[str]:
    """Merge all occurrences of each list-valued switch into one.

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
