"""Measure what a scenario costs while it is played: CPU time of each program in each container, and of the player.

`python -m benchmarks.run_cost dog.yaml --stack call.yaml` brings a lab up, plays the scenario `--runs` times on it, and
prints a row for each program, as a share of a core. The engine must run on this machine, with nothing else at work.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from docker import APIClient

from tests.e2e.footprint import cpu_seconds, processes
from tests.e2e.labs import SYNTHLAB

LAB = "bench-run"
SETTLE_S = 10.0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--stack", required=True, help="the scenario's stack file")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(arguments)
    _synthlab("up", options.stack, "--lab", LAB, "--wait-media")
    try:
        time.sleep(SETTLE_S)
        before, start = _usage(), time.monotonic()
        verdicts = [_verdict(options.scenario) for _ in range(options.runs)]
        seconds, after = time.monotonic() - start, _usage()
    finally:
        _synthlab("down", LAB)
    print(f"{options.runs} runs, {seconds / options.runs:.1f} s each: {', '.join(verdicts)}")
    used = {name: (cpu_s - before[name]) / seconds for name, cpu_s in after.items() if name in before}
    for name, share in sorted(used.items(), key=lambda one: -one[1]):
        print(f"{name[0]:20} {name[1]:40} {share:7.3f} cores")
    total = sum(share for name, share in used.items() if name[1] == "all" or name[0] == "player")
    print(f"{'all':61} {total:7.3f} cores")
    return 0


def _synthlab(*arguments: str) -> str:
    return subprocess.run([SYNTHLAB, *arguments], check=True, capture_output=True, text=True).stdout


def _verdict(scenario: Path) -> str:
    command = [SYNTHLAB, "scenario", "run", str(scenario), "--lab", LAB, "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return str(json.loads(done.stdout)["records"][0]["verdict"])


def _usage() -> dict[tuple[str, str], float]:
    """CPU seconds of each program by container and name, of each container, and of the player."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = defaultdict[tuple[str, str], float](float)
    used["player", "synthlab"] = children.ru_utime + children.ru_stime
    engine = APIClient()
    try:
        for one in engine.containers(filters={"label": f"synthlab.lab={LAB}"}):
            name = one["Names"][0].removeprefix(f"/synthlab-{LAB}-")
            stats = engine.stats(one["Id"], stream=False, one_shot=True)
            used[name, "all"] = stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
            for program, cpu_s in _programs(one["Id"]):
                used[name, program] += cpu_s
    finally:
        engine.close()
    return used


def _programs(container: str) -> Iterator[tuple[str, float]]:
    """The programs that run in a container, and the CPU seconds of each process."""
    for pid in processes(container):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ").split()
        kind = next((word.removeprefix("--") for word in words if word.startswith(("--type=", "--utility-sub"))), "")
        module = next((after for word, after in pairwise(words) if word == "-m"), "")
        yield f"{Path(words[0]).name if words else pid} {kind or module}".strip(), cpu_seconds([pid])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
