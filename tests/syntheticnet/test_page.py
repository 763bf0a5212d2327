"""The words of the control page, which Node can run: their tests are in page/, one promise a name."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).with_name("page")


@pytest.mark.parametrize("file", sorted(TESTS.glob("*.mjs")), ids=lambda file: file.name)
def test_page(file: Path) -> None:
    """Every promise in the file holds."""
    assert shutil.which("node"), "the page's tests need Node: install nodejs, or leave them out with --deselect"
    run = subprocess.run(["node", "--test", str(file)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
