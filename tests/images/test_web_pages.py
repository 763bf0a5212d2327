"""Runs the tests of the demo page's and control page's logic, in page/, with Node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent


@pytest.mark.parametrize("file", sorted(TESTS.glob("*/page/*.mjs")), ids=lambda file: file.name)
def test_page(file: Path) -> None:
    """Every test in the file passes."""
    assert shutil.which("node"), "the page's tests need Node: install nodejs, or leave them out with --deselect"
    run = subprocess.run(["node", "--test", str(file)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
