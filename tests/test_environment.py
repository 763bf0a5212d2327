"""That the tests judge alike wherever they run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DISTURBED = {"FORCE_COLOR": "1", "COLUMNS": "40", "TZ": "Asia/Kathmandu", "SYNTHLAB_LAB": "another", "LC_ALL": "C"}


@pytest.mark.issue(10)
def test_the_environment_changes_no_verdict(tmp_path: Path) -> None:
    """What commands print is the same where a CI system wants colours, on a narrow terminal, and from any folder."""
    chosen = ["cli/test_console.py", "cli/test_usage.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*command, "--rootdir", str(ROOT), *(str(ROOT / "tests" / name) for name in chosen)],
        cwd=tmp_path,
        env=os.environ | DISTURBED,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
