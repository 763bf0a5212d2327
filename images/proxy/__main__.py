"""Entry point of the image: runs the proxy and a TURN server until one of them ends."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from . import turn
from .server import PORT, listen

CONFIGURATION = Path("/tmp/turnserver.conf")
POLL_S = 0.05
LOOK_S = 2.0
"""How often to look whether this container still has the addresses that the TURN server relays from."""


async def main() -> int:
    """Run until a signal (status 0), or until the TURN server ends, which is always a failure."""
    async with await listen(PORT):
        relaying = asyncio.create_task(_relay(os.environ["SYNTHLAB_RELAY"]))
        ready = asyncio.create_task(_report_readiness())
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, relaying.cancel)
        try:
            status = await relaying
        except asyncio.CancelledError:
            return 0
        finally:
            ready.cancel()
    print(f"proxy: the TURN server exited with status {status}", file=sys.stderr)
    return status or 1


async def _relay(user: str) -> int:
    """Run the TURN server, again whenever this container has got other addresses; returns its status if it ends."""
    while True:
        own = turn.own_addresses()
        CONFIGURATION.touch(mode=0o600)
        CONFIGURATION.write_text(turn.configuration(user, own))
        server = await asyncio.create_subprocess_exec("turnserver", "-c", str(CONFIGURATION))
        try:
            while turn.own_addresses() in (own, []):  # none: Docker has taken the network away for a while
                with suppress(TimeoutError):
                    return await asyncio.wait_for(server.wait(), LOOK_S)
        finally:
            with suppress(ProcessLookupError):
                server.terminate()
            await server.wait()


async def _report_readiness() -> None:
    """Write the file that the health check waits for, once the TURN server answers.

    The content is the start time of PID 1, so that a file from before a container restart does not count.
    """
    while not await _answers(turn.PORT):
        await asyncio.sleep(POLL_S)
    if file := os.environ.get("SYNTHLAB_READY"):
        Path(file).write_text(Path("/proc/1/stat").read_text().split()[21])


async def _answers(port: int) -> bool:
    with suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True
    return False


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
