"""Tells how busy the machine is on which this container runs: what the kernel counts, as it writes it."""

import contextlib
from pathlib import Path

for file in ("/proc/stat", "/proc/pressure/cpu"):
    with contextlib.suppress(OSError):
        print(Path(file).read_text(encoding="ascii").partition("\n")[0])
