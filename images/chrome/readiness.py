"""Tells the container's health check that this client can be used."""

from collections.abc import Mapping
from pathlib import Path

VARIABLE = "SYNTHLAB_READY"


def mark_ready(environ: Mapping[str, str], process: Path = Path("/proc/1/stat")) -> None:
    """Write the file that the check looks for, where it looks for one.

    It holds the start of PID 1: what was told before a restart of the container is not believed.
    """
    if file := environ.get(VARIABLE):
        Path(file).write_text(process.read_text().split()[21])
