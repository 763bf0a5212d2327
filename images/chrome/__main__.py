"""The image's application: a screen, Chromium on it, and the collector beside it."""

import asyncio
import os
import pwd
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import ca_certs, flags, screen
from .children import Children, Program
from .client import Client

_BANNER = r"|DevTools listening on .*|ERR: Display.*"  # the last where there is no screen: it draws without


def main() -> int:
    environment = _environment(os.environ)
    try:
        client = Client.from_environ(os.environ)
        ca_certs.install(sorted(ca_certs.FOLDER.glob("*.pem")), Path(environment["HOME"]))
    except ValueError as error:
        print(f"chrome: {error}", file=sys.stderr)
        return 2
    screen.clean()
    shutil.rmtree(flags.PROFILE, ignore_errors=True)
    return asyncio.run(_run(client, environment))


async def _run(client: Client, environment: Mapping[str, str]) -> int:
    """Run until a program ends, which is a failure, or until a signal asks for the end, which is none."""
    children = Children(environment)
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
    return end.status or 1  # even a program that ended well leaves the client incomplete


def _programs(client: Client) -> Iterator[Program]:
    if client.screen:
        yield from screen.programs(client.name, client.screen)
    yield Program("Chromium", flags.command(client), hushed=_BANNER)
    for name in ("collector", "proxy"):
        yield Program(name, [sys.executable, "-m", f"chrome.{name}"])


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Ours, with the home of the user that we run as: we were started as root's child."""
    return {**environ, **screen.ENVIRONMENT, "HOME": pwd.getpwuid(os.getuid()).pw_dir}


if __name__ == "__main__":
    sys.exit(main())
