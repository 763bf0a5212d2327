"""Measure what the participants of a call cost: CPU and memory of a browser, of bots and of the media server.

`python -m benchmarks.call_cost --bots 1,3,5` prints a row for each size; docs/scale.md has the model that was fitted to
such rows. Run it on a machine with nothing else at work.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from docker import APIClient

from tests.e2e.labs import SYNTHLAB

LAB = "bench-call"
SETTLE_S, MEASURE_S = 10.0, 20.0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--bots", default="1,3,5", help="numbers of bots beside one browser, such as 1,3,5")
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        for bots in map(int, options.bots.split(",")):
            _measure(Path(folder), bots)
    return 0


def _measure(folder: Path, bots: int) -> None:
    file = folder / "call.yaml"
    clients = {"browser": {"app": "chrome"}, "bot": {"app": "bot", "count": bots}}
    file.write_text(json.dumps({"name": LAB, "sfu": {"app": "janus"}, "clients": clients}))
    subprocess.run([SYNTHLAB, "up", str(file), "--wait-media"], check=True, capture_output=True)
    try:
        time.sleep(SETTLE_S)
        before, start = _usage(), time.monotonic()
        time.sleep(MEASURE_S)
        after, seconds = _usage(), time.monotonic() - start
    finally:
        subprocess.run([SYNTHLAB, "down", LAB], check=True, capture_output=True)
    for name, (cpu_s, octets) in sorted(after.items()):
        print(
            f"{bots + 1} participants: {name}: {(cpu_s - before[name][0]) / seconds:.3f} cores, {octets / 1e6:.0f} MB"
        )


def _usage() -> dict[str, tuple[float, int]]:
    """CPU seconds and bytes of memory of each container, as the engine counts them."""
    engine = APIClient()
    try:
        found = engine.containers(filters={"label": f"synthlab.lab={LAB}"})
        stats = {one["Names"][0]: engine.stats(one["Id"], stream=False, one_shot=True) for one in found}
    finally:
        engine.close()
    return {
        name: (one["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9, one["memory_stats"]["usage"])
        for name, one in stats.items()
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
