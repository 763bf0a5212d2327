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


async def main() -> int:
    """Run until a signal (status 0), or until the TURN server ends, which is always a failure."""
    CONFIGURATION.touch(mode=0o600)
    CONFIGURATION.write_text(turn.configuration(os.environ["SYNTHLAB_RELAY"], turn.own_networks()))
    async with await listen(PORT):
        server = await asyncio.create_subprocess_exec("turnserver", "-c", str(CONFIGURATION))
        running = asyncio.create_task(_run(server))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        with suppress(asyncio.CancelledError):
            status = await running
            print(f"proxy: the TURN server exited with status {status}", file=sys.stderr)
            return status or 1
        with suppress(ProcessLookupError):
            server.terminate()
        await server.wait()
        return 0


async def _run(server: asyncio.subprocess.Process) -> int:
    ready = asyncio.create_task(_report_readiness())
    try:
        return await server.wait()
    finally:
        ready.cancel()


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
