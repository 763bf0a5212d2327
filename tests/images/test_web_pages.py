"""The logic of the demo page and of the control page, which Node runs: its tests are in page/, one promise a name."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent


@pytest.mark.parametrize("file", sorted(TESTS.glob("*/page/*.mjs")), ids=lambda file: file.name)
def test_page(file: Path) -> None:
    """Every promise in the file holds."""
    assert shutil.which("node"), "the page's tests need Node: install nodejs, or leave them out with --deselect"
    run = subprocess.run(["node", "--test", str(file)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
