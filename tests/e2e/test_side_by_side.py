"""Two labs of one stack at the same time: ports, names and commands do not collide."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from .labs import SYNTHLAB, synthlab

pytestmark = pytest.mark.docker

NAMES = ("e2e-left", "e2e-right")
STACK = """\
clients:
  client1: {image: syntheticnet, command: sleep 600, headless: false}
  client2: {image: syntheticnet, command: sleep 600}
"""


def test_two_labs_of_one_stack(tmp_path: Path) -> None:
    """Brought up at the same moment under two names, both come up on separate ports and change independently."""
    stack = tmp_path / "same.yaml"
    stack.write_text(STACK)
    commands = [[SYNTHLAB, "up", str(stack), "--lab", name, "--json"] for name in NAMES]
    try:
        started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
        listed = [json.loads(process.communicate(timeout=200)[0]) for process in started]
        ports = [row[kind] for rows in listed for row in rows for kind in ("api", "vnc") if row[kind]]
        assert len(ports) == len(set(ports)) == 6
        synthlab("set", "client2", "--loss", "3%", "--lab", NAMES[0])
        shown = [json.loads(synthlab("show", "client2", "--json", "--lab", name).stdout) for name in NAMES]
        assert [each["client2"]["conditions"].get("egress") for each in shown] == [{"loss": "3%"}, None]
        assert "several labs are up" in synthlab("show", status=2).stderr
    finally:
        for name in NAMES:
            synthlab("down", "--lab", name, status=None)
