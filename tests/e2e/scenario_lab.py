"""A real lab of two light clients for scenarios."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .labs import lab_up, synthlab
from .pair import STACK, Pair

LAB = "e2e-scenario"
PORT, LOSSY = 7000, 7100
"""The stack drops a fifth of what client2 sends to the second port."""


@contextmanager
def played_lab(folder: Path) -> Iterator[Path]:
    """Bring the lab up; its stack file, written to the folder."""
    stack = folder / "pair.yaml"
    lossy = f"client2: {{image: syntheticnet, network: {{flows: {{'*:udp:{LOSSY}': {{egress: {{loss: 20%}}}}}}}}}}"
    stack.write_text(STACK.format(name=LAB, ip="ipv4").replace("client2: {image: syntheticnet}", lossy))
    with lab_up(LAB, stack, "--ttl", "15min"):
        yield stack


def scenario(lab: Path, steps: str, top: str = "") -> str:
    """The path of a scenario file next to the stack file."""
    file = lab.with_name("scenario.yaml")
    file.write_text(f"stack: {lab.name}\n{top}steps:\n{steps}")
    return str(file)


def run(lab: Path, steps: str, *options: str, status: int | None) -> dict[str, Any]:
    """The output of `scenario run --json` for one run, and its exit status."""
    kept = ["--evidence", str(lab.with_name("evidence"))] if "--report" not in options else []
    result = synthlab("scenario", "run", scenario(lab, steps), "--lab", LAB, "--json", *kept, *options, status=status)
    (record,) = json.loads(result.stdout)["records"]
    return {**record, "exit": result.returncode}


def egress() -> dict[str, Any]:
    """The conditions in force on client2's egress link."""
    return dict(Pair(LAB).state()["conditions"].get("egress", {}))
