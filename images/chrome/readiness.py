"""Reports to the container's health check that this client is usable."""

from collections.abc import Mapping
from pathlib import Path

VARIABLE = "SYNTHLAB_READY"


def mark_ready(environ: Mapping[str, str], process: Path = Path("/proc/1/stat")) -> None:
    """Write the file the health check waits for, if it waits for one.

    The content is the start time of PID 1, so that a file from before a container restart does not count.
    """
    if file := environ.get(VARIABLE):
        Path(file).write_text(process.read_text().split()[21])
