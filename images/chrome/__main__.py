"""Entry point of the image: starts the screen, Chromium, the collector and the DevTools proxy."""

import asyncio
import os
import pwd
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import ca_certs, flags, screen
from .children import Program, ProgramGroup
from .client import BrowserSettings

_BANNER = r"|DevTools listening on .*|ERR: Display.*"  # headless Chromium logs the last one and runs anyway


def main() -> int:
    environment = _environment(os.environ)
    try:
        client = BrowserSettings.from_environ(os.environ)
        ca_certs.install(sorted(ca_certs.FOLDER.glob("*.pem")), Path(environment["HOME"]))
    except ValueError as error:
        print(f"chrome: {error}", file=sys.stderr)
        return 2
    screen.clean()
    shutil.rmtree(flags.PROFILE, ignore_errors=True)
    return asyncio.run(_run(client, environment))


async def _run(client: BrowserSettings, environment: Mapping[str, str]) -> int:
    """Run until a signal (status 0) or until a program exits, which is always a failure."""
    children = ProgramGroup(environment)
    running = asyncio.create_task(children.run(_programs(client)))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        end = await running
    except asyncio.CancelledError:
        return 0
    finally:
        await children.stop()
    print(f"chrome: {end}", file=sys.stderr)
    return end.status or 1  # a clean exit of one program still leaves the client incomplete


def _programs(client: BrowserSettings) -> Iterator[Program]:
    if client.screen:
        yield from screen.programs(client.name, client.screen)
    yield Program("Chromium", flags.command(client), hushed=_BANNER)
    for name in ("collector", "proxy"):
        yield Program(name, [sys.executable, "-m", f"chrome.{name}"])


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Our environment with the right HOME: PID 1 runs as root and passes on root's."""
    return {**environ, **screen.ENVIRONMENT, "HOME": pwd.getpwuid(os.getuid()).pw_dir}


if __name__ == "__main__":
    sys.exit(main())
