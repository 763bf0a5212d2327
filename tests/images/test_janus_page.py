"""The demo page's logic, which Node can run: its tests are in page/, one promise a name."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).with_name("page")


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node")
@pytest.mark.parametrize("file", sorted(TESTS.glob("*.mjs")), ids=lambda file: file.name)
def test_page(file: Path) -> None:
    """Every promise in the file holds."""
    run = subprocess.run(["node", "--test", str(file)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
